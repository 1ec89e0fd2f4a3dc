"""When a calendar that is empty all at once is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.calendars.doubt import BELIEVED_AFTER, is_believed, is_doubtful, problem

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lost", "upcoming", "any_event", "doubtful"),
    [
        ([], 0, False, False),  # an empty calendar that never had a visit ahead
        (["a"], 0, False, True),
        (["a"], 0, True, False),  # one that was removed, and others of the past are there
        (["a", "a", "a"], 0, True, False),  # a whole series that was removed
        (["a", "b"], 0, True, True),
        (["a", "b"], 1, True, False),
    ],
)
def test_what_is_doubtful(lost: list[str], upcoming: int, any_event: bool, doubtful: bool) -> None:
    assert is_doubtful(lost, upcoming, any_event=any_event) is doubtful


def test_it_is_believed_after_a_while_and_not_by_asking_often() -> None:
    assert not is_believed(None, NOW)
    assert not is_believed(NOW - BELIEVED_AFTER + timedelta(seconds=1), NOW)
    assert is_believed(NOW - BELIEVED_AFTER, NOW)


def test_the_rep_is_told_how_many_visits_stay() -> None:
    assert "a visit to come" in problem(1).detail and "It stays planned" in problem(1).detail
    assert "12 visits to come" in problem(12).detail and "They stay planned" in problem(12).detail
