"""Trends on series whose truth is known: what is found, how near, and how often nothing is taken for something."""

import csv
import gzip
from collections import Counter, defaultdict
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.usage.trend import Direction, Trend, daily_grid, deseasonalised, trend
from tests.conftest import shared_data

FIRST = date(2026, 5, 26)


def series(
    seed: int, days: int = 180, noise: float = 0.05, weekend: float = 0.3, carried: float = 0.0, missing: float = 0.03,
    shift: tuple[int, float] | None = None, odd_days: int = 0,
) -> np.ndarray:  # fmt: skip
    """A level of 100 with a weekly pattern; `noise` is relative and may carry over to the next day."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=days)
    for day in range(1, days):
        shocks[day] = carried * shocks[day - 1] + np.sqrt(1 - carried**2) * shocks[day]
    level = np.full(days, 100.0)
    if shift:
        level[shift[0] :] *= 1 + shift[1]
    weekday = (np.arange(days) + FIRST.weekday()) % 7
    values = np.maximum(level * np.where(weekday >= 5, weekend, 1.0) * (1 + noise * shocks), 0.0)
    values[rng.choice(days, odd_days, replace=False)] *= 3
    values[rng.random(days) < missing] = np.nan
    return values


def claims(judged: Trend) -> bool:
    return judged.direction in (Direction.FALLING, Direction.RISING)


@pytest.mark.parametrize(("change", "at_least"), [(-0.28, 96), (-0.15, 88), (0.25, 95)])
@pytest.mark.parametrize("weekend", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("odd_days", [0, 5])
def test_a_shift_twelve_days_ago_is_found_within_two_days(
    change: float, at_least: int, weekend: float, odd_days: int
) -> None:
    """Of a hundred series with 5 % noise; the harder the shift is to see, the more may be missed."""
    worlds = (series(seed, weekend=weekend, odd_days=odd_days, shift=(168, change)) for seed in range(100))
    right = [judged for judged in (trend(world, FIRST) for world in worlds) if claims(judged)]
    assert all((judged.direction is Direction.FALLING) == (change < 0) for judged in right)
    assert sum(abs((judged.since - FIRST).days - 168) <= 2 for judged in right) >= at_least
    assert np.quantile([abs(judged.change - change) for judged in right], 0.9) <= 0.06
    assert all(judged.certainty >= 0.7 for judged in right)


@pytest.mark.parametrize(
    "world",
    [
        {},
        {"noise": 0.3},
        {"noise": 0.2, "odd_days": 5},
        {"weekend": 0.0},
        {"noise": 0.1, "carried": 0.5},
        {"noise": 0.15, "days": 60},
        {"noise": 0.15, "days": 28},
        {"missing": 0.3},
    ],
    ids=str,
)
def test_noise_is_taken_for_a_shift_in_at_most_two_of_a_hundred_series(world: dict) -> None:
    assert sum(claims(trend(series(seed, **world), FIRST)) for seed in range(300)) <= 6


def test_a_weekend_at_the_end_is_no_fall() -> None:
    values = series(1, weekend=0.1, missing=0.0)
    while (FIRST + timedelta(days=values.size - 1)).weekday() != 6:
        values = values[:-1]
    assert trend(values, FIRST).direction is Direction.STEADY


def test_the_weekly_pattern_is_taken_out_and_idle_days_say_nothing() -> None:
    flat = deseasonalised(series(2, noise=0.0, missing=0.0, weekend=0.3))
    assert flat == pytest.approx(np.full(180, 80.0), rel=0.001)
    idle = deseasonalised(series(2, noise=0.0, missing=0.0, weekend=0.0))
    assert int(np.isnan(idle).sum()) == sum((FIRST + timedelta(days=d)).weekday() >= 5 for d in range(180))


def test_a_season_that_came_last_year_too_is_no_fall() -> None:
    rng = np.random.default_rng(5)
    days = np.arange(420)
    season = np.where((days % 364) >= 36, 1.0, 0.7)
    values = 100 * season * (1 + 0.03 * rng.normal(size=420))
    values[380:] = 100 * 0.7 * (1 + 0.03 * rng.normal(size=40))
    values[16:56] = 100 * 0.7 * (1 + 0.03 * rng.normal(size=40))
    values[:16], values[56:380] = 100.0, 100.0
    values *= 1 + 0.03 * rng.normal(size=420)
    assert trend(values, FIRST).direction is Direction.STEADY
    without_last_year = values[100:]
    assert trend(without_last_year, FIRST).direction is Direction.FALLING


def test_twenty_days_are_too_short_and_say_so() -> None:
    assert trend(series(3, days=20, missing=0.0, shift=(10, -0.9)), FIRST) == Trend(Direction.SHORT, 20)
    assert trend(np.full(60, np.nan), FIRST) == Trend(Direction.SHORT, 0)
    assert trend(np.array([]), FIRST) == Trend(Direction.SHORT, 0)


def test_days_that_did_not_come_are_silence_and_not_a_fall_to_zero() -> None:
    values = series(4, missing=0.0)
    values[-8:] = np.nan
    judged = trend(values, FIRST)
    assert judged.direction is Direction.SILENT and judged.since == FIRST + timedelta(days=172)
    values[-8:] = 0.0
    stopped = trend(values, FIRST)
    assert stopped.direction is Direction.FALLING and stopped.level == 0.0 and stopped.change == -1.0


def test_deliveries_every_few_days_are_sparse_and_not_judged() -> None:
    values = np.full(180, np.nan)
    values[::4] = 50.0
    assert trend(values, FIRST).direction is Direction.SPARSE


def test_a_shift_long_ago_is_the_level_now() -> None:
    judged = trend(series(6, shift=(60, -0.4)), FIRST)
    assert judged.direction is Direction.STEADY and judged.level == pytest.approx(48, rel=0.05)


def test_a_steady_climb_has_a_slope_and_noise_has_none() -> None:
    climb = series(7, noise=0.02, missing=0.0, weekend=1.0) + 0.5 * np.arange(180)
    assert trend(climb, FIRST).slope == pytest.approx(0.5, rel=0.15)
    assert sum(trend(series(seed), FIRST).slope != 0.0 for seed in range(100)) <= 2


def test_an_infinite_value_is_an_error() -> None:
    values = series(8)
    values[3] = np.inf
    with pytest.raises(ValueError, match="infinite"):
        trend(values, FIRST)


finite = st.floats(-1e9, 1e9) | st.just(float("nan"))


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.float64, st.integers(0, 120), elements=finite))
def test_whatever_comes_the_answer_is_finite_and_the_same(values: np.ndarray) -> None:
    judged = trend(values, FIRST)
    assert judged == trend(values.copy(), FIRST)
    for figure in (judged.level, judged.was, judged.change, judged.certainty, judged.slope):
        assert figure is None or np.isfinite(figure)
    if judged.since is not None:
        assert FIRST <= judged.since <= FIRST + timedelta(days=values.size)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.001, 1e6))
def test_the_unit_of_measure_does_not_matter(seed: int, factor: float) -> None:
    values = series(seed, shift=(168, -0.28))
    one, other = trend(values, FIRST), trend(values * factor, FIRST)
    assert (one.direction, one.since) == (other.direction, other.since)


def test_rows_become_a_grid_with_gaps() -> None:
    grid = daily_grid(
        [date(2026, 1, 2), date(2026, 1, 4), date(2025, 1, 1)], [2.0, 4.0, 9.0], date(2026, 1, 1), date(2026, 1, 5)
    )
    assert np.array_equal(grid, np.array([np.nan, 2.0, np.nan, 4.0, np.nan]), equal_nan=True)


def test_real_purchases_are_judged_without_a_crash_and_mostly_called_sparse() -> None:
    """Invoices are days apart: what nobody delivered on a day is not known to be zero, so almost nothing is claimed."""
    totals: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    with gzip.open(shared_data("territory") / "consumption_events.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            totals[row["account"]][date.fromisoformat(row["InvoiceDate"][:10])] += float(row["Quantity"])
    judged = Counter()
    for by_day in totals.values():
        days = sorted(by_day)
        values = daily_grid(days, [by_day[day] for day in days], days[0], date(2011, 12, 9))
        judged[trend(values, days[0]).direction.value] += 1
    print(dict(judged))
    assert sum(judged.values()) == len(totals) == 85
    assert judged["falling"] + judged["rising"] <= 3
