"""What usage says on a briefing: where it goes, how it stands against what was bought, and what does not come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import Chart, Context, Evidence, Fact, Item, Signal, Subject, at_midnight, source_name
from app.foundation.db import table_of
from app.usage.entitlement import Entitlement, overage, unused_seats, weeks_to_plan
from app.usage.silence import is_silent
from app.usage.tables import UsageDaily, UsageSeries
from app.usage.trend import Direction, Trend, Values, daily_grid, trend

SERIES, DAILY = table_of(UsageSeries), table_of(UsageDaily)
HISTORY = timedelta(days=455)  # a year and a quarter: enough to know last year's season
CHART_DAYS = 28

Row = Mapping[str, Any]


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """Usage series of the accounts asked for, in two queries; each judged up to yesterday, the last whole day."""
    query = sa.select(SERIES).where(SERIES.c.org_id == context.org_id, SERIES.c.account_id.in_(context.account_ids))
    rows = [dict(row) for row in session.execute(query.order_by(SERIES.c.id)).mappings()]
    daily = _daily(session, [row["id"] for row in rows], context.now.date() - HISTORY)
    connected: set[str] = set()
    for row in rows:
        connected.add(row["account_id"])
        yesterday = context.today(row["account_id"]) - timedelta(days=1)
        days = [(day, value) for day, value in daily[row["id"]] if day <= yesterday]
        yield from ((row["account_id"], item) for item in of_series(row, days, yesterday, context.now))
    for account_id, account in context.accounts.items():
        if account_id not in connected:
            evidence = account.evidence
            none = Signal(
                "usage.none_connected", account.subject, {}, (evidence,), 0.15, "nothing is measured", evidence.as_of
            )
            yield account_id, none


def _daily(session: Session, series_ids: list[str], since: date) -> defaultdict[str, list[tuple[date, float]]]:
    days: defaultdict[str, list[tuple[date, float]]] = defaultdict(list)
    if series_ids:
        query = sa.select(DAILY.c.series_id, DAILY.c.day, DAILY.c.value).where(
            DAILY.c.series_id.in_(series_ids), DAILY.c.day >= since
        )
        for series_id, day, value in session.execute(query.order_by(DAILY.c.series_id, DAILY.c.day)):
            days[series_id].append((day, value))
    return days


def of_series(row: Row, days: list[tuple[date, float]], last_day: date, now: datetime) -> Iterator[Item]:
    """What one series says. `row` is the series, `days` its known days in order, up to `last_day`."""
    if not days:
        received = row["last_received_at"]
        if received is None:
            yield _signal(row, "usage.never_received", {}, 0.25, "set up, but silent", row["created_at"])
        elif is_silent(received, row["expected_every_hours"], now):
            yield from _silence(row, received, True, now)
        return
    first_day = days[0][0]
    values = daily_grid([day for day, _ in days], [value for _, value in days], first_day, last_day)
    judged = trend(values, first_day)
    received = row["last_received_at"] or at_midnight(days[-1][0] + timedelta(days=1))
    silent = is_silent(received, row["expected_every_hours"], now)
    said = [*_silence(row, received, silent, now), *_direction(row, judged, silent)]
    said += _against_entitlement(row, values, last_day, judged, silent)
    yield from said
    yield _chart(row, values, last_day, judged, max((signal.weight for signal in said), default=0.0))


def _evidence(row: Row) -> Evidence:
    source = row["source"] or source_name(row["external_ids"])
    return Evidence("usage_series", row["id"], source, row["last_received_at"] or row["updated_at"], row["name"])


def _signal(row: Row, kind: str, facts: dict[str, Fact], weight: float, reason: str, at: datetime) -> Signal:
    subject = Subject("usage_series", row["id"], row["name"])
    return Signal(kind, subject, {"name": row["name"], **facts}, (_evidence(row),), min(weight, 1.0), reason, at)


def _silence(row: Row, received: datetime, silent: bool, now: datetime) -> Iterator[Signal]:
    """A silence of a month is no news any more, but still a gap in what is known."""
    if silent:
        facts: dict[str, Fact] = {"last": received, "every": row["expected_every_hours"] or 0}
        weight = 0.55 if now - received <= timedelta(days=30) else 0.25
        yield _signal(row, "usage.nothing_received", facts, weight, "a source fell silent", received)


def _direction(row: Row, judged: Trend, silent: bool) -> Iterator[Signal]:
    if judged.direction in (Direction.FALLING, Direction.RISING) and judged.since and judged.change is not None:
        at, size = at_midnight(judged.since), abs(judged.change)
        facts: dict[str, Fact] = {"since": judged.since, "was": figure(judged.was), "unit": row["unit"]}
        if judged.level == 0:
            yield _signal(row, "usage.stopped", facts, 0.9, "it stopped", at)
            return
        facts |= {"pct": round(100 * size), "level": figure(judged.level)}
        falls = judged.direction is Direction.FALLING
        weight = 0.55 + min(0.35, 0.8 * size) if falls else 0.4 + min(0.2, 0.3 * size)
        yield _signal(row, f"usage.{judged.direction.value}", facts, weight, f"{judged.change:+.0%}", at)
    elif judged.direction in (Direction.SHORT, Direction.SPARSE):
        yield _signal(row, "usage.too_few", {"days": judged.days}, 0.1, "too little to judge", row["created_at"])
    elif judged.direction is Direction.STEADY and not silent:
        facts = {"level": figure(judged.level), "unit": row["unit"]}
        yield _signal(row, "usage.steady", facts, 0.1, "no change", _evidence(row).as_of)


def _against_entitlement(row: Row, values: Values, last_day: date, judged: Trend, silent: bool) -> Iterator[Signal]:
    bought = _entitlement(row)
    if bought is None or silent:
        return
    over = overage(values, last_day, bought)
    if over is not None:
        facts: dict[str, Fact] = {
            "pct": round(100 * over.excess), "value": figure(over.value), "plan": figure(over.plan), "unit": row["unit"],
            "since": over.since,
        }  # fmt: skip
        weight = 0.6 + min(0.25, over.excess)
        yield _signal(row, "usage.overage", facts, weight, f"{over.excess:+.0%} of the plan", at_midnight(over.since))
        return
    weeks = weeks_to_plan(judged, bought, last_day)
    if weeks is not None:
        plan = figure(bought.per_day(last_day))
        facts = {"weeks": weeks, "level": figure(judged.level), "plan": plan, "unit": row["unit"]}
        yield _signal(row, "usage.near_plan", facts, 0.55, f"{weeks} weeks to its plan", _evidence(row).as_of)
    seats = unused_seats(values, last_day, bought)
    if seats is not None:
        facts = {"unused": seats.unused, "seats": seats.seats, "used": seats.used, "since": seats.since}
        weight = 0.45 + 0.4 * seats.unused / seats.seats
        yield _signal(row, "usage.unused_seats", facts, weight, "paid for and not used", at_midnight(seats.since))


def _entitlement(row: Row) -> Entitlement | None:
    if row["entitlement"] is None:
        return None
    return Entitlement(row["entitlement"], row["entitlement_kind"] or "plan", row["entitlement_period"] or "day")


def _chart(row: Row, values: Values, last_day: date, judged: Trend, weight: float) -> Chart:
    """The last 28 days; a shift is marked where it lies within them."""
    first_shown = last_day - timedelta(days=CHART_DAYS - 1)
    window = np.full(CHART_DAYS, np.nan)
    shown = values[-CHART_DAYS:]
    window[CHART_DAYS - shown.size :] = shown
    moved = judged.direction in (Direction.FALLING, Direction.RISING)
    marked = moved and judged.since is not None and judged.since >= first_shown and judged.change is not None
    bought = _entitlement(row)
    return Chart(
        row["id"], row["name"], row["unit"], first_shown,
        [None if np.isnan(value) else float(value) for value in window],
        _evidence(row),
        plan=bought.per_day(last_day) if bought else None,
        changed_on=judged.since if marked else None,
        change_pct=round(100 * judged.change) if marked and judged.change is not None else None,
        weight=weight,
    )  # fmt: skip


def figure(value: float | None) -> float:
    """A level as a sentence gives it: whole from 100 on, one decimal from 1 on, two significant digits below."""
    if value is None:
        return 0.0
    if abs(value) >= 1:
        return round(value, 0 if abs(value) >= 100 else 1)
    return float(f"{value:.2g}")
