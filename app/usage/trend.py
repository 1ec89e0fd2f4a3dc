"""Where a daily usage series is going: level, shift and slope, robust to weekends, gaps and odd days.

Method: values are divided by their weekday's usual share of the week (median of value / surrounding week's mean), the
noise is the median absolute deviation of day-to-day differences, and level shifts are found by penalised least squares
(`ruptures.KernelCPD`, linear kernel: C. Truong et al., "Selective review of offline change point detection methods",
2020). A shift is claimed only where it is large, lasts, holds on most days after it, and did not also happen at this
time last year. A missing day is NaN and stays unknown; it is never counted as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

MIN_DAYS = 21
WEEK = 7
BASELINE_DAYS = 28
SLOPE_DAYS = 42
QUARTER_DAYS = 91
YEAR = 364  # whole weeks, so that weekdays meet
NORMAL_MAD = 1.4826
IDLE_SHARE = 0.1


class Direction(StrEnum):
    """What a series does. `sparse` and `short` say that there is too little to claim anything."""

    FALLING = "falling"
    RISING = "rising"
    STEADY = "steady"
    SILENT = "silent"
    SPARSE = "sparse"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class TrendPolicy:
    """When a shift is worth a sentence.

    `penalty` multiplies log(n) in units of the noise variance; `min_change` is a share of the old level; `min_days` is how
    long the new level has lasted; `max_age_days` is how long a shift stays news; `min_certainty` is the share of days
    after the shift that lie nearer to the new level than to the old.
    """

    penalty: float = 5.0
    min_change: float = 0.10
    min_days: int = 5
    max_age_days: int = 60
    min_certainty: float = 0.7
    min_effect: float = 4.0
    min_coverage: float = 0.5


DEFAULT_POLICY = TrendPolicy()


@dataclass(frozen=True, slots=True)
class Trend:
    """`level` and `was` are values a day, averaged over the week; `change` is a share of `was` (−0.28 is 28 % less).

    `since` is the first day of the new level, or for `silent` the day after the last value. `days` counts the days with
    a value. `slope` is the robust change a day over the last six weeks, 0 when no drift is certain.
    """

    direction: Direction
    days: int
    level: float | None = None
    was: float | None = None
    change: float | None = None
    since: date | None = None
    certainty: float | None = None
    slope: float = 0.0


def trend(values: Values, first_day: date, policy: TrendPolicy = DEFAULT_POLICY) -> Trend:
    """Judge a daily series. `values` has shape (n,), one entry a calendar day from `first_day` on, NaN where none came.

    Raises ValueError for an infinite value: a source that sends one is broken, and a median would hide it.
    """
    if np.isinf(values).any():
        raise ValueError("a usage series holds an infinite value")
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return Trend(Direction.SHORT, 0)
    if _is_silent(known, values.size):
        last = first_day + timedelta(days=int(known[-1]))
        return Trend(Direction.SILENT, int(known.size), _median(values[known][-WEEK:]), since=last + timedelta(days=1))
    if known.size < MIN_DAYS:
        return Trend(Direction.SHORT, int(known.size))
    if known.size < policy.min_coverage * (values.size - known[0]):
        return Trend(Direction.SPARSE, int(known.size), _median(values[known]))
    return _judge(deseasonalised(values), first_day, int(known.size), policy)


def _is_silent(known: NDArray[np.intp], length: int) -> bool:
    """The gap at the end is longer than three days and twice what has been usual."""
    gap = length - 1 - int(known[-1])
    usual = float(np.sort(np.diff(known))[int(0.95 * (known.size - 1)) - 1]) if known.size > WEEK else 1.0
    return gap >= max(3.0, 2.0 * usual)


def deseasonalised(values: Values) -> Values:
    """Values over their weekday's usual share of the week, shape (n,); days that are usually idle become NaN.

    A series with negative values keeps them as they are: a share of the week means nothing there.
    """
    if np.nanmin(values) < 0:
        return values.copy()
    week_mean = _centred_mean(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(week_mean > 0, values / week_mean, np.nan)
    factor = _weekday_medians(share)
    factor[factor < IDLE_SHARE] = np.nan
    if np.isnan(factor).all():
        return values.copy()
    return np.asarray(values / np.resize(factor, values.size), dtype=np.float64)


def _weekday_medians(share: Values) -> Values:
    """Median of every seventh value, shape (7,), beginning with the first; 1 where fewer than three are known."""
    weeks = np.full(-(-share.size // WEEK) * WEEK, np.nan)
    weeks[: share.size] = share
    ordered = np.sort(weeks.reshape(-1, WEEK), axis=0)  # NaN sorts last
    known = np.sum(~np.isnan(ordered), axis=0)
    days = np.arange(WEEK)
    low, high = ordered[np.maximum(known - 1, 0) // 2, days], ordered[known // 2 % ordered.shape[0], days]
    return np.where(known >= 3, (low + high) / 2.0, 1.0)


def _centred_mean(values: Values) -> Values:
    """Mean of the seven days around each day, over the days that are known; NaN where fewer than four are."""
    known = ~np.isnan(values)
    window = np.ones(WEEK)
    total = np.convolve(np.where(known, values, 0.0), window, mode="same")[: values.size]
    count = np.convolve(known.astype(np.float64), window, mode="same")[: values.size]
    return np.where(count >= 4, total / np.maximum(count, 1.0), np.nan)


def _judge(level_values: Values, first_day: date, days: int, policy: TrendPolicy) -> Trend:
    index = np.flatnonzero(~np.isnan(level_values))
    series = level_values[index]
    noise = _noise(series)
    slope = _slope(series[-SLOPE_DAYS:], index[-SLOPE_DAYS:])
    steady = Trend(Direction.STEADY, days, _median(series[-BASELINE_DAYS:]), slope=slope)
    for start in reversed(_shifts(series, noise, policy)):
        after, before = series[start:], series[max(0, start - BASELINE_DAYS) : start]
        level, was = _median(after), _median(before)
        age = int(level_values.size - index[start])
        if was <= 0 or age > policy.max_age_days:
            continue
        effect = abs(level - was) / max(_standard_error(series, start, noise), 1e-12)
        certainty = float(np.mean(np.abs(after - level) < np.abs(after - was)))
        change = _beyond_last_year(level / was, level_values, int(index[start])) - 1.0
        if abs(change) < policy.min_change or effect < policy.min_effect or certainty < policy.min_certainty:
            continue
        direction = Direction.FALLING if change < 0 else Direction.RISING
        since = first_day + timedelta(days=int(index[start]))
        return Trend(direction, days, level, was, level / was - 1.0, since, certainty, slope)
    return steady


def _standard_error(series: Values, start: int, noise: float) -> float:
    """Of the difference between the levels after and before `start`.

    Noise that carries over from day to day (first autocorrelation, over the quarter before the shift) leaves fewer
    independent days to judge by.
    """
    after, before = series[start:], series[max(0, start - BASELINE_DAYS) : start]
    spread = max(noise, _mad(after), _mad(before))
    quarter = series[max(0, start - QUARTER_DAYS) : start]
    residuals = np.clip(quarter - _median(quarter), -4 * spread, 4 * spread)
    energy = float(residuals @ residuals)
    carried = float(residuals[1:] @ residuals[:-1]) / energy if energy > 0 else 0.0
    carried = min(max(carried, 0.0), 0.95)
    return float(spread * np.sqrt((1 / after.size + 1 / before.size) * (1 + carried) / (1 - carried)))


def _shifts(series: Values, noise: float, policy: TrendPolicy) -> list[int]:
    """Indices at which a new level begins, ascending."""
    negligible = 1e-9 * float(np.max(np.abs(series)))
    unit = noise if noise > negligible else max(_mad(series), float(np.std(series)))
    if series.size < 2 * policy.min_days or unit <= negligible:
        return []
    scaled = (series - _median(series)) / unit
    penalty = policy.penalty * float(np.log(series.size))
    found = _kernel_cpd(policy.min_days).fit(_without_odd_days(scaled).reshape(-1, 1)).predict(pen=penalty)
    return [int(end) for end in found[:-1]]


def _without_odd_days(scaled: Values) -> Values:
    """Values kept within four standard deviations of the median of their week, so that one odd day is no new level."""
    padded = np.pad(scaled, WEEK // 2, mode="edge")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, WEEK), axis=1)
    return np.asarray(np.clip(np.clip(scaled, local - 4.0, local + 4.0), -50.0, 50.0), dtype=np.float64)


@cache
def _kernel_cpd(min_size: int) -> Any:
    import ruptures  # 0.4 s of imports that only who judges a trend should pay

    return ruptures.KernelCPD(kernel="linear", min_size=min_size)


def _beyond_last_year(ratio: float, level_values: Values, start: int) -> float:
    """The change that remains when the same weeks of last year changed too: 1.0 is none.

    A season takes off only as much as it explains; where last year is not known, the ratio stays as it is.
    """
    year_ago = start - YEAR
    before = level_values[max(0, year_ago - BASELINE_DAYS) : max(0, year_ago)]
    after = level_values[max(0, year_ago) : max(0, level_values.size - YEAR)]
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    if before.size < WEEK or after.size < 5 or np.median(before) <= 0 or np.median(after) <= 0:
        return ratio
    seasonal = _median(after) / _median(before)
    if (ratio - 1.0) * (seasonal - 1.0) <= 0:
        return ratio
    remaining = ratio / seasonal
    return remaining if (ratio - 1.0) * (remaining - 1.0) > 0 else 1.0


def _noise(series: Values) -> float:
    """Standard deviation of the day-to-day noise, which a level shift does not raise."""
    return _mad(np.diff(series)) / float(np.sqrt(2.0))


def _mad(values: Values) -> float:
    return NORMAL_MAD * _median(np.abs(values - _median(values))) if values.size else 0.0


def _median(values: Values) -> float:
    """As np.median, a third of its time on series of this length."""
    ordered = np.sort(values)
    middle = ordered.size // 2
    return float(ordered[middle]) if ordered.size % 2 else float(ordered[middle - 1] + ordered[middle]) / 2.0


def _slope(series: Values, index: NDArray[np.intp]) -> float:
    """Median of all pairwise slopes (Theil–Sen), 0 unless Mann–Kendall's z is beyond 3."""
    if series.size < MIN_DAYS:
        return 0.0
    i, j = _pairs(series.size)
    rise = series[j] - series[i]
    n = series.size
    z = float(np.sign(rise).sum()) / float(np.sqrt(n * (n - 1) * (2 * n + 5) / 18.0))
    return _median(rise / (index[j] - index[i])) if abs(z) > 3.0 else 0.0


@cache
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    i, j = np.triu_indices(n, 1)
    return i, j


def daily_grid(days: list[date], values: list[float], first_day: date, last_day: date) -> Values:
    """Rows of (day, value) as one value a calendar day, shape (last − first + 1,); NaN where there is no row."""
    grid = np.full((last_day - first_day).days + 1, np.nan)
    for day, value in zip(days, values, strict=True):
        offset = (day - first_day).days
        if 0 <= offset < grid.size:
            grid[offset] = value
    return grid
