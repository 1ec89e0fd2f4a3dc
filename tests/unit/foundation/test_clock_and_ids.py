"""The clock that tests set, and ids that sort by time."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.foundation import clock
from app.foundation.ids import is_id, new_id


def test_a_fixed_clock_stands_still_and_is_released() -> None:
    moment = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    with clock.fixed(moment):
        assert clock.now() == moment == clock.now()
        assert clock.today("Europe/Stockholm") == date(2026, 3, 29)
        assert clock.today("America/Chicago") == date(2026, 3, 28)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_clock_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.fixed(datetime(2026, 3, 29)):
        pass


def test_a_shifted_clock_runs_on() -> None:
    with clock.shifted(timedelta(days=1)):
        assert clock.now() - datetime.now(UTC) > timedelta(hours=23)


def test_ids_are_canonical_unique_and_in_order_of_making() -> None:
    ids = [new_id() for _ in range(2000)]
    assert all(is_id(one) for one in ids)
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert not is_id(ids[0].upper()) and not is_id(ids[0][:-1])
