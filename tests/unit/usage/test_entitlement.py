"""Use against what was bought."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from app.usage.entitlement import Entitlement, overage, unused_seats, weeks_to_plan
from app.usage.silence import is_silent
from app.usage.trend import Direction, Trend

LAST = date(2026, 11, 21)
NAN = float("nan")


def days(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_a_week_above_the_plan_a_day_is_over_it() -> None:
    over = overage(np.full(30, 470.0), LAST, Entitlement(420.0))
    assert over is not None and over.excess == pytest.approx(0.119, abs=0.001) and over.since == date(2026, 11, 15)
    assert overage(np.full(30, 424.0), LAST, Entitlement(420.0)) is None


def test_a_week_of_which_three_days_are_known_proves_no_overage() -> None:
    assert overage(days(NAN, NAN, NAN, NAN, 900, 900, 900), LAST, Entitlement(420.0)) is None
    assert overage(days(NAN, NAN, NAN, 900, 900, 900, 900), LAST, Entitlement(420.0)) is not None


def test_a_plan_a_month_counts_from_the_first_of_the_month() -> None:
    values = np.concatenate((np.full(60, 9999.0), np.full(21, 50.0)))
    assert overage(values, LAST, Entitlement(1000.0, period="month")).value == 1050.0
    assert overage(values, LAST, Entitlement(1100.0, period="month")) is None


def test_seats_that_nobody_used_in_four_weeks_are_unused() -> None:
    values = np.full(60, 40.0)
    values[-28:] = 28.0
    seats = unused_seats(values, LAST, Entitlement(40.0, "seats"))
    assert (seats.unused, seats.used, seats.since) == (12, 28, date(2026, 10, 25))
    values[-3] = 39.0
    assert unused_seats(values, LAST, Entitlement(40.0, "seats")) is None


def test_more_in_use_than_seats_bought_is_over() -> None:
    assert overage(np.full(30, 44.0), LAST, Entitlement(40.0, "seats")).value == 44.0


def test_seats_of_which_too_little_is_known_are_not_called_unused() -> None:
    values = np.full(28, NAN)
    values[:13] = 1.0
    assert unused_seats(values, LAST, Entitlement(40.0, "seats")) is None
    assert unused_seats(np.full(28, NAN), LAST, Entitlement(40.0, "seats")) is None
    assert overage(np.full(28, NAN), LAST, Entitlement(40.0, "seats")) is None


def test_a_climb_says_when_it_crosses_the_plan() -> None:
    rising = Trend(Direction.STEADY, 180, level=398.0, slope=1.0)
    assert weeks_to_plan(rising, Entitlement(420.0), LAST) == 3
    assert weeks_to_plan(rising, Entitlement(398.0), LAST) is None
    assert weeks_to_plan(Trend(Direction.STEADY, 180, level=398.0), Entitlement(420.0), LAST) is None
    assert weeks_to_plan(rising, Entitlement(2000.0), LAST) is None


def test_a_plan_a_month_is_spread_over_its_days_on_the_chart() -> None:
    assert Entitlement(300.0, period="month").per_day(LAST) == 10.0
    assert Entitlement(300.0, period="month").per_day(date(2026, 2, 1)) == pytest.approx(10.71, abs=0.01)
    assert Entitlement(40.0, "seats").per_day(LAST) == 40.0


@pytest.mark.parametrize(
    ("hours", "expected", "silent"),
    [(47, 24, False), (49, 24, True), (23, 1, False), (25, 1, True), (71, None, False), (73, None, True)],
)
def test_one_late_delivery_is_not_silence(hours: int, expected: int | None, silent: bool) -> None:
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert is_silent(now - timedelta(hours=hours), expected, now) is silent
