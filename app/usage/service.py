"""Usage coming in: daily values, and events that are rolled up into them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Session

from app.customers.tables import Account
from app.foundation import clock
from app.foundation.db import table_of, upsert
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, not_found
from app.identity.territory import visible
from app.resources.batch import RowResult
from app.resources.children import Children, Given, upsert_children, write_children
from app.resources.resource import Values
from app.resources.rows import ExternalKey, Figure, Ref, Rows, as_reference, text_faults, year_faults
from app.usage.rollup import local_day, roll_up, spans
from app.usage.tables import UsageDaily, UsageEvent, UsageSeries

SERIES, DAILY, EVENTS, ACCOUNTS = table_of(UsageSeries), table_of(UsageDaily), table_of(UsageEvent), table_of(Account)
CHUNK = 300


class DayRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A day's value as a batch brings it."""

    series: Ref
    day: date
    value: Figure
    observed_at: Annotated[datetime, Meta(tz=True)] | None = None


class EventRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An event as a batch brings it."""

    series: Ref
    external_id: ExternalKey
    at: Annotated[datetime, Meta(tz=True)]
    value: Figure


class Event(NamedTuple):
    """An event whose series is known and checked by the caller; `at` is aware."""

    series_id: str
    external_id: str
    at: datetime
    value: float


class SeriesZone(NamedTuple):
    """How the events of a series become days."""

    aggregation: str
    zone: ZoneInfo


def receive_days(session: Session) -> list[RowResult]:
    """Take in the daily values of the running request. Without `observed_at` a value was read now."""
    now = clock.now()
    given: list[Given] = [_day(row, now) if isinstance(row, DayRow) else row for row in DAY_ROWS.of_request()]
    return upsert_children(session, DAYS, given)


def _day(row: DayRow, now: datetime) -> Given:
    values: Values = {"day": row.day, "value": row.value, "observed_at": row.observed_at or now}
    return as_reference(row.series), values


def receive_events(session: Session) -> list[RowResult]:
    """Take in the events of the running request, and roll up the days that they fall on."""
    given: list[Given] = [
        (as_reference(row.series), {"external_id": row.external_id, "at": row.at, "value": row.value})
        if isinstance(row, EventRow)
        else row
        for row in EVENT_ROWS.of_request()
    ]
    return upsert_children(session, EVENTS_OF_SERIES, given)


def ingest_events(session: Session, rows: Iterable[Event]) -> dict[str, int]:
    """Take in any number of events and roll up the days that they fall on: counts of created, changed and unchanged.

    Receiving an event twice, by (series, external id), changes nothing. The caller has resolved the series and may see
    them. One transaction with the caller's.
    """
    return write_children(session, EVENTS_OF_SERIES, (row._asdict() for row in rows))


def daily(session: Session, series_id: str, first: date | None, last: date | None) -> Sequence[sa.RowMapping]:
    """The values of a series that the caller can see, by day, both ends included; Problem 404 otherwise."""
    seen = visible(principal_of(session), SERIES, "account_id")
    if session.scalar(sa.select(SERIES.c.id).where(SERIES.c.id == series_id, seen)) is None:
        raise not_found("usage series")
    query = sa.select(DAILY.c.day, DAILY.c.value, DAILY.c.observed_at).where(DAILY.c.series_id == series_id)
    if first is not None:
        query = query.where(DAILY.c.day >= first)
    if last is not None:
        query = query.where(DAILY.c.day <= last)
    return session.execute(query.order_by(DAILY.c.day)).mappings().all()


def _days_written(session: Session, rows: Sequence[tuple[Values, Values | None]]) -> None:
    latest: dict[str, datetime] = {}
    for values, _ in rows:
        known = latest.setdefault(values["series_id"], values["observed_at"])
        latest[values["series_id"]] = max(known, values["observed_at"])
    _note_received(session, latest)


def _events_written(session: Session, rows: Sequence[tuple[Values, Values | None]]) -> None:
    by_series: dict[str, list[datetime]] = defaultdict(list)
    for values, before in rows:
        by_series[values["series_id"]] += [values["at"], *([before["at"]] if before else [])]
    zones = _zones(session, by_series)
    for series_id, moments in by_series.items():
        days = frozenset(local_day(at, zones[series_id].zone) for at in moments)
        _roll_up_days(session, series_id, zones[series_id], days)
    _note_received(session, {series_id: max(moments) for series_id, moments in by_series.items()})


def _zones(session: Session, series_ids: Iterable[str]) -> dict[str, SeriesZone]:
    """How each series becomes days. It is held until the end: of two who write to it at once, the second sees both."""
    ordered = sorted(series_ids)
    found: dict[str, SeriesZone] = {}
    for start in range(0, len(ordered), CHUNK):
        query = (
            sa.select(SERIES.c.id, SERIES.c.aggregation, ACCOUNTS.c.time_zone)
            .join(ACCOUNTS, ACCOUNTS.c.id == SERIES.c.account_id)
            .where(SERIES.c.id.in_(ordered[start : start + CHUNK]))
            .order_by(SERIES.c.id)
            .with_for_update(of=SERIES, key_share=True)
        )
        found |= {row.id: SeriesZone(row.aggregation, ZoneInfo(row.time_zone)) for row in session.execute(query)}
    return found


def _roll_up_days(session: Session, series_id: str, how: SeriesZone, days: frozenset[date]) -> None:
    """Compute these days of a series anew from its events; a day that has lost its last event goes."""
    events: list[tuple[datetime, float]] = []
    for span in spans(days, how.zone):
        within = sa.and_(EVENTS.c.series_id == series_id, EVENTS.c.at >= span.start, EVENTS.c.at < span.end)
        # Sorted here: databases differ in how they sort names.
        found = sorted(session.execute(sa.select(EVENTS.c.at, EVENTS.c.external_id, EVENTS.c.value).where(within)))
        events += [(at, value) for at, _, value in found]
    rolled = roll_up(events, how.aggregation, how.zone, days)
    empty = sorted(days - rolled.keys())
    if empty:
        session.execute(sa.delete(DAILY).where(DAILY.c.series_id == series_id, DAILY.c.day.in_(empty)))
    if rolled:
        org_id = principal_of(session).org_id
        insert = upsert(session, DAILY)
        replace = insert.on_conflict_do_update(
            index_elements=["series_id", "day"],
            set_={"value": insert.excluded.value, "observed_at": insert.excluded.observed_at},
        )
        rows = [
            {"series_id": series_id, "org_id": org_id, "day": d.day, "value": d.value, "observed_at": d.observed_at}
            for d in rolled.values()
        ]
        session.execute(replace, rows)


def _note_received(session: Session, latest: dict[str, datetime]) -> None:
    """Keep when each series was last heard of; no word of an older moment takes that back."""
    series_id: sa.BindParameter[str] = sa.bindparam("b_series_id")
    at: sa.BindParameter[datetime] = sa.bindparam("b_at")
    newer = sa.or_(SERIES.c.last_received_at.is_(None), SERIES.c.last_received_at < at)
    update = sa.update(SERIES).where(SERIES.c.id == series_id, newer).values(last_received_at=at)
    values: list[dict[str, Any]] = [{"b_series_id": key, "b_at": moment} for key, moment in sorted(latest.items())]
    session.connection().execute(update, values)


def _day_faults(row: DayRow) -> list[FieldError]:
    faults = year_faults("day", row.day.year)
    return faults + (year_faults("observed_at", row.observed_at.year) if row.observed_at else [])


def _event_faults(row: EventRow) -> list[FieldError]:
    return text_faults(external_id=row.external_id) + year_faults("at", row.at.year)


DAY_ROWS, EVENT_ROWS = Rows(DayRow, _day_faults), Rows(EventRow, _event_faults)
_OF_SERIES = {"parent": "usage_series", "parent_column": "series_id", "field": "series"}
DAYS = Children(entity="usage_daily", table=DAILY, key="day", written=_days_written, **_OF_SERIES)
EVENTS_OF_SERIES = Children(
    entity="usage_event", table=EVENTS, key="external_id", written=_events_written, **_OF_SERIES
)
