"""Usage events, written in bulk, with the daily values that follow from them."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.connectors.bulk import upsert_columns
from app.connectors.counts import Counts
from app.connectors.mapping import ImportMapping
from app.connectors.records import Reject
from app.connectors.rows import Rows
from app.customers.tables import Account
from app.foundation import audit, changes
from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.resources.batch import upsert_many
from app.usage.resources import SERIES
from app.usage.tables import UsageDaily, UsageEvent

TABLE, EVENTS, DAILY, ACCOUNTS = SERIES.table, table_of(UsageEvent), table_of(UsageDaily), table_of(Account)
CHUNK = 500
Event = tuple[datetime, float]


class UsageSink:
    """Writes usage events; the series that they belong to come from the same lines."""

    loaded: Collection[str] = frozenset({"at", "value"})

    def __init__(self, mapping: ImportMapping) -> None:
        self._mapping = mapping
        self._fields = [name for name in mapping.fields if name not in ("at", "value")]
        # What the first line of a series said of it, and its id.
        self._known: dict[str, tuple[tuple[Any, ...], int, str]] = {}
        self.series = Counts()

    def write(self, session: Session, rows: Rows, counts: Counts) -> list[Reject]:
        """Write the events of a chunk; returns the lines that cannot be taken."""
        rejects: list[Reject] = []
        told = list(zip(*(rows.values[name] for name in self._fields), strict=True)) or [()] * len(rows.keys)
        refused = self._series(session, rows, told)
        named: dict[str, dict[str, tuple[int, Event]]] = defaultdict(dict)
        for index, key in enumerate(rows.keys):
            reason = refused.get(key) or self._contradiction(key, told[index])
            if reason is not None:
                rejects.append(rows.reject(index, reason))
                continue
            event = (rows.values["at"][index], rows.values["value"][index])
            name = rows.values["event_id"][index]
            line, other = named[self._known[key][2]].setdefault(name, (rows.lines[index], event))
            if line != rows.lines[index]:
                if other == event:
                    counts.unchanged += 1
                else:
                    reason = f"event_id: {name!r} was on line {line} already, with other values"
                    rejects.append(rows.reject(index, reason))
        self._events(
            session, {row_id: {n: e for n, (_, e) in found.items()} for row_id, found in named.items()}, counts
        )
        return rejects

    def _series(self, session: Session, rows: Rows, told: Sequence[tuple[Any, ...]]) -> dict[str, str]:
        """Make the series that this chunk names first; returns why some cannot be made."""
        fresh: dict[str, int] = {}
        for index, key in enumerate(rows.keys):
            if key not in self._known:
                fresh.setdefault(key, index)
        if not fresh:
            return {}
        system = self._mapping.system
        own = set(self._fields)
        documents = [
            {name: value for name, value in rows.row(index).items() if name in own} | {"external_ids": {system: key}}
            for key, index in fresh.items()
        ]
        refused = {}
        for (key, index), result in zip(fresh.items(), upsert_many(session, SERIES, documents), strict=True):
            if result.id is None or result.status == "rejected":
                refused[key] = "; ".join(f"{fault.pointer.lstrip('/')}: {fault.detail}" for fault in result.errors)
            else:
                self._known[key] = (told[index], rows.lines[index], result.id)
                self.series.add(result.status)
        return refused

    def _contradiction(self, key: str, told: tuple[Any, ...]) -> str | None:
        before, line, _ = self._known[key]
        return None if before == told else f"line {line} says something else of the series {key!r}"

    def _events(self, session: Session, named: Mapping[str, Mapping[str, Event]], counts: Counts) -> None:
        org_id = principal_of(session).org_id
        written: list[tuple[Any, ...]] = []
        days: dict[str, set[date]] = defaultdict(set)
        about = _about(session, named)
        for series_id, events in named.items():
            stored = _stored(session, series_id, events)
            zone = about[series_id].zone
            for name, event in events.items():
                old = stored.get(name)
                counts.add("created" if old is None else "unchanged" if old == event else "changed")
                if old != event:
                    written.append((series_id, name, org_id, *event))
                    days[series_id] |= {moment.astimezone(zone).date() for moment, _ in (event, old or event)}
        if not written:
            return
        columns = ("series_id", "external_id", "org_id", "at", "value")
        upsert_columns(session, EVENTS, columns, [list(c) for c in zip(*written, strict=True)], columns[:2])
        for series_id, changed in days.items():
            _roll_up(session, org_id, about[series_id], changed)
        audit.record(session, "import", SERIES.entity, None, {"series": len(days), "events": len(written)})
        changes.touch(session, org_id, {about[series_id].account_id for series_id in days})


class _Series:
    """What the daily values of a series depend on."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.id: str = row["id"]
        self.account_id: str = row["account_id"]
        self.aggregation: str = row["aggregation"]
        self.zone = ZoneInfo(row["time_zone"])


def _about(session: Session, ids: Iterable[str]) -> dict[str, _Series]:
    ordered, found = sorted(ids), {}
    for start in range(0, len(ordered), CHUNK):
        query = (
            sa.select(TABLE.c.id, TABLE.c.account_id, TABLE.c.aggregation, ACCOUNTS.c.time_zone)
            .join(ACCOUNTS, ACCOUNTS.c.id == TABLE.c.account_id)
            .where(TABLE.c.id.in_(ordered[start : start + CHUNK]))
        )
        found.update({row["id"]: _Series(dict(row)) for row in session.execute(query).mappings()})
    return found


def _stored(session: Session, series_id: str, events: Iterable[str]) -> dict[str, Event]:
    names, found = sorted(events), {}
    for start in range(0, len(names), CHUNK):
        query = sa.select(EVENTS.c.external_id, EVENTS.c.at, EVENTS.c.value).where(
            EVENTS.c.series_id == series_id, EVENTS.c.external_id.in_(names[start : start + CHUNK])
        )
        found.update({name: (moment, value) for name, moment, value in session.execute(query)})
    return found


def _roll_up(session: Session, org_id: str, series: _Series, days: set[date]) -> None:
    """Make the values of these days of the account's calendar anew from all their events."""
    first = datetime.combine(min(days), datetime.min.time(), series.zone)
    last = datetime.combine(max(days) + timedelta(days=1), datetime.min.time(), series.zone)
    query = (
        sa.select(EVENTS.c.at, EVENTS.c.value)
        .where(EVENTS.c.series_id == series.id, EVENTS.c.at >= first, EVENTS.c.at < last)
        .order_by(EVENTS.c.at, EVENTS.c.external_id)
    )
    found: dict[date, list[Event]] = {day: [] for day in days}
    for moment, value in session.execute(query):
        day = moment.astimezone(series.zone).date()
        if day in found:
            found[day].append((moment, value))
    empty = [day for day, events in found.items() if not events]
    if empty:
        session.execute(sa.delete(DAILY).where(DAILY.c.series_id == series.id, DAILY.c.day.in_(empty)))
    rows = [
        (series.id, day, org_id, aggregate(series.aggregation, [value for _, value in events]), events[-1][0])
        for day, events in sorted(found.items())
        if events
    ]
    names = ("series_id", "day", "org_id", "value", "observed_at")
    upsert_columns(session, DAILY, names, [list(column) for column in zip(*rows, strict=True)], names[:2])
    _received(session, series, max((events[-1][0] for events in found.values() if events), default=None))


def aggregate(how: str, values: Sequence[float]) -> float:
    """The value of a day from its events, in order of time: their sum, their greatest, or their last."""
    if how == "max":
        return max(values)
    return values[-1] if how == "last" else math.fsum(values)


def _received(session: Session, series: _Series, moment: datetime | None) -> None:
    if moment is None:
        return
    earlier = sa.or_(TABLE.c.last_received_at.is_(None), TABLE.c.last_received_at < moment)
    session.execute(sa.update(TABLE).where(TABLE.c.id == series.id, earlier).values(last_received_at=moment))
