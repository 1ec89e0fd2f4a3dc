"""What was used against what was bought: plans a day or a month, and seats."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.usage.trend import Trend, Values

SEAT_DAYS = 28
RECENT_DAYS = 7
MIN_OVERAGE = 0.02
MIN_UNUSED_SHARE = 0.1
MIN_UNUSED = 2
MAX_WEEKS_AHEAD = 13


@dataclass(frozen=True, slots=True)
class Entitlement:
    """`amount` of the series' unit; `kind` is cap, seats or plan; `period` is day or month (seats have none)."""

    amount: float
    kind: str = "plan"
    period: str = "day"

    def per_day(self, day: date) -> float:
        """The amount as a line on a daily chart: a month's plan is spread over the days of that month."""
        if self.kind == "seats" or self.period != "month":
            return self.amount
        return self.amount / calendar.monthrange(day.year, day.month)[1]


@dataclass(frozen=True, slots=True)
class Overage:
    """`value` was used of `plan` since `since`; `excess` is the share above the plan."""

    value: float
    plan: float
    excess: float
    since: date


@dataclass(frozen=True, slots=True)
class UnusedSeats:
    """At most `used` of `seats` were in use on one day since `since`."""

    seats: int
    used: int
    since: date

    @property
    def unused(self) -> int:
        return self.seats - self.used


def overage(values: Values, last_day: date, entitlement: Entitlement) -> Overage | None:
    """How far use is above what was bought, None when it is not or when it is not known.

    `values` are daily, shape (n,), NaN where none came, ending on `last_day`. A plan a day is judged by the mean of the
    known days of the last week (at least four), a plan a month by the sum of the month so far, seats by the most in use on
    one of the last 28 days.
    """
    if entitlement.amount <= 0:
        return None
    if entitlement.kind == "seats":
        used, since = _peak(values), last_day - timedelta(days=SEAT_DAYS - 1)
    elif entitlement.period == "month":
        since = last_day.replace(day=1)
        used = _sum(values[-last_day.day :])
    else:
        since = last_day - timedelta(days=RECENT_DAYS - 1)
        used = _mean(values[-RECENT_DAYS:])
    if used is None or used / entitlement.amount - 1.0 < MIN_OVERAGE:
        return None
    return Overage(used, entitlement.amount, used / entitlement.amount - 1.0, since)


def unused_seats(values: Values, last_day: date, entitlement: Entitlement) -> UnusedSeats | None:
    """Seats that nobody used on any of the last 28 days; None unless at least two and a tenth are, or too little is known.

    At least 14 of the days must be known: a quiet fortnight is not a proof, a missing one is none at all.
    """
    recent = values[-SEAT_DAYS:]
    peak = _peak(values)
    if entitlement.kind != "seats" or peak is None or int(np.sum(~np.isnan(recent))) < SEAT_DAYS // 2:
        return None
    seats, used = int(entitlement.amount), int(np.ceil(peak))
    if seats - used < max(MIN_UNUSED, MIN_UNUSED_SHARE * seats):
        return None
    return UnusedSeats(seats, used, last_day - timedelta(days=SEAT_DAYS - 1))


def weeks_to_plan(judged: Trend, entitlement: Entitlement, day: date) -> int | None:
    """Whole weeks until a steadily rising series crosses its plan a day, at the slope of the last six weeks.

    None when it does not rise for certain, is above the plan already, or would take more than a quarter.
    """
    plan = entitlement.per_day(day)
    if judged.level is None or judged.slope <= 0 or judged.level >= plan:
        return None
    weeks = int((plan - judged.level) / judged.slope // 7)
    return weeks if weeks <= MAX_WEEKS_AHEAD else None


def _peak(values: Values) -> float | None:
    recent = values[-SEAT_DAYS:]
    return None if np.isnan(recent).all() else float(np.nanmax(recent))


def _sum(values: Values) -> float | None:
    return None if np.isnan(values).all() else float(np.nansum(values))


def _mean(values: Values) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size >= 4 else None
