"""Events to daily values: which calendar day an event falls on, and what a day's events amount to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

GAP = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class DayValue:
    """What a day's events amount to, and the instant of the last of them."""

    day: date
    value: float
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of instants, UTC."""

    start: datetime
    end: datetime


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant (aware) where the account is."""
    return at.astimezone(zone).date()


def spans(days: Iterable[date], zone: ZoneInfo) -> list[Span]:
    """The instants of these days, in as few ranges as leave no gap of more than a fortnight inside one."""
    ordered = sorted(set(days))
    groups: list[list[date]] = []
    for day in ordered:
        if groups and day - groups[-1][-1] <= GAP:
            groups[-1].append(day)
        else:
            groups.append([day])
    return [Span(_midnight(group[0], zone), _midnight(group[-1] + timedelta(days=1), zone)) for group in groups]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def roll_up(
    events: Iterable[tuple[datetime, float]], aggregation: str, zone: ZoneInfo, days: frozenset[date]
) -> Mapping[date, DayValue]:
    """The values of `days` from events in order of time; a day without an event is left out: nothing was received.

    `aggregation` is sum (exact, then rounded once, so that the order of events cannot show), max or last.
    """
    by_day: dict[date, list[tuple[datetime, float]]] = defaultdict(list)
    for at, value in events:
        day = local_day(at, zone)
        if day in days:
            by_day[day].append((at, value))
    return {day: DayValue(day, _value(found, aggregation), found[-1][0]) for day, found in by_day.items()}


def _value(events: list[tuple[datetime, float]], aggregation: str) -> float:
    values = [value for _, value in events]
    if aggregation == "max":
        return max(values)
    return values[-1] if aggregation == "last" else math.fsum(values)
