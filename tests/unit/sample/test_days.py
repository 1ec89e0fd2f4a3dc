"""Days of the sample territory, counted from days that calendars make difficult."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.sample.days import DayError, Days, working_day

STOCKHOLM = "Europe/Stockholm"


def days_from(text: str, home: str = STOCKHOLM) -> Days:
    return Days(datetime.fromisoformat(text).replace(tzinfo=UTC), home)


def test_the_day_of_loading_is_the_one_on_the_organisations_calendar() -> None:
    assert days_from("2026-11-21T22:59").anchor == date(2026, 11, 21)
    assert days_from("2026-11-21T23:00").anchor == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D0", date(2026, 11, 22)),
        ("D-3", date(2026, 11, 19)),
        ("D+9", date(2026, 12, 1)),
        ("W0", date(2026, 11, 22)),  # a Sunday: the demo has visits today, whatever day it is
        ("W+1", date(2026, 11, 23)),
        ("W+5", date(2026, 11, 27)),
        ("W+6", date(2026, 11, 30)),
        ("W-1", date(2026, 11, 20)),
        ("W-6", date(2026, 11, 13)),
    ],
)
def test_working_days_pass_over_the_weekend(text: str, expected: date) -> None:
    assert days_from("2026-11-22T09:00").day(text) == expected


def test_a_year_after_the_29th_of_february_has_no_29th_of_february() -> None:
    leap = days_from("2028-02-29T08:00")
    assert leap.day("D+1") == date(2028, 3, 1)
    assert leap.day("D-365") == date(2027, 3, 1)
    assert leap.day("D+366") == date(2029, 3, 1)


def test_nine_in_the_morning_stays_nine_in_the_morning_over_the_change_to_summer_time() -> None:
    change = days_from("2026-03-29T00:30")
    assert change.instant("D-1 09:00", STOCKHOLM) == datetime(2026, 3, 28, 8, tzinfo=UTC)
    assert change.instant("D0 09:00", STOCKHOLM) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert change.instant("W+1 09:00", "America/Chicago") == datetime(2026, 3, 30, 14, tzinfo=UTC)


def test_what_has_happened_is_never_in_the_future() -> None:
    early = days_from("2026-11-21T05:00")
    assert early.past_instant("D0 09:00", STOCKHOLM) == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert early.past_instant("D-1 09:00", STOCKHOLM) == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "D", "D3", "W", "X-1", "D-3 9", "D-3 25:00", "W+1T09:00"])
def test_text_that_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(DayError):
        days_from("2026-11-21T05:00").instant(text if " " in text else f"{text} 09:00", STOCKHOLM)


@pytest.mark.parametrize("start", [date(2026, 11, 16) + timedelta(days=offset) for offset in range(7)])
def test_working_days_there_and_back_meet(start: date) -> None:
    for distance in range(1, 30):
        there = working_day(start, distance)
        assert there.weekday() < 5
        assert working_day(there, -distance) == (start if start.weekday() < 5 else working_day(start, -1))
