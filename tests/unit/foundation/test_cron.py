"""When periodic work is due: slots in order, one for each moment, whatever the clocks of a place do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from cronsim import CronSimError
from hypothesis import example, given
from hypothesis import strategies as st

from app.foundation.outbox import Cron, Schedule, Tick

ZONES = ("UTC", "Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
EXPRESSIONS = ("*/5 * * * *", "30 2 * * *", "0 3 * * MON", "15 * * * *", "30 1-3 * * *", "0 18 L * *", "*/10 * * * * *")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
SUMMER, WINTER = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
around_a_change = st.builds(
    lambda change, by: change + by,
    st.sampled_from((SUMMER, WINTER)),
    st.timedeltas(-timedelta(days=1), timedelta(days=1)),
)
moments = around_a_change | st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
schedules = st.one_of(
    st.builds(Cron, st.just("k"), st.sampled_from(EXPRESSIONS), st.sampled_from(ZONES)),
    st.integers(1, 700_000).map(lambda seconds: Tick("k", timedelta(seconds=seconds))),
)


@given(schedules, moments)
@example(Cron("k", "30 1-3 * * *", "Europe/Stockholm"), WINTER + timedelta(minutes=14))
def test_the_next_slot_begins_where_this_one_ends(schedule: Schedule, now: datetime) -> None:
    after = schedule.after(now)
    assert after > now
    assert schedule.slot(now) == schedule.slot(after - timedelta(microseconds=1)) < schedule.slot(after)


@given(schedules, moments, st.timedeltas(timedelta(), timedelta(days=2)))
def test_slots_never_go_back(schedule: Schedule, now: datetime, later: timedelta) -> None:
    assert schedule.slot(now) <= schedule.slot(now + later)


def days(cron: Cron, first: datetime, count: int) -> list[str]:
    """The next due moments, in local time."""
    found = []
    for _ in range(count):
        first = cron.after(first)
        found.append(first.astimezone(ZoneInfo(cron.time_zone)).strftime("%d %H:%M%z"))
    return found


def test_work_at_an_hour_that_does_not_exist_or_comes_twice_runs_once_that_day() -> None:
    cron = Cron("k", "30 2 * * *", "Europe/Stockholm")
    assert days(cron, datetime(2026, 3, 27, 12, tzinfo=UTC), 3) == ["28 02:30+0100", "29 03:00+0200", "30 02:30+0200"]
    assert days(cron, datetime(2026, 10, 23, 12, tzinfo=UTC), 3) == ["24 02:30+0200", "25 02:30+0200", "26 02:30+0100"]


def test_work_at_an_hour_of_the_day_follows_the_place_not_utc() -> None:
    cron = Cron("k", "0 18 * * *", "Europe/Stockholm")
    assert cron.after(datetime(2026, 1, 5, tzinfo=UTC)) == datetime(2026, 1, 5, 17, tzinfo=UTC)
    assert cron.after(datetime(2026, 7, 5, tzinfo=UTC)) == datetime(2026, 7, 5, 16, tzinfo=UTC)


def test_what_is_no_expression_or_no_zone_is_refused_when_it_is_written() -> None:
    with pytest.raises(CronSimError):
        Cron("k", "61 * * * *")
    with pytest.raises(CronSimError):
        Cron("k", "every minute")
    with pytest.raises(ZoneInfoNotFoundError):
        Cron("k", "* * * * *", "Europe/Atlantis")
