"""Usage events from lines, and the series that they belong to."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.connectors.counts import Counts
from app.connectors.mapping import ImportMapping
from app.connectors.records import Reject
from app.connectors.rows import Rows
from app.foundation import audit
from app.resources.batch import upsert_many
from app.usage.resources import SERIES
from app.usage.service import Event, ingest_events

Moment = tuple[datetime, float]


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
        named: dict[str, dict[str, tuple[int, Moment]]] = defaultdict(dict)
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
        self._events(session, named, counts)
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

    def _events(self, session: Session, named: Mapping[str, Mapping[str, tuple[int, Moment]]], counts: Counts) -> None:
        events = (
            Event(series_id, name, *moment) for series_id, found in named.items() for name, (_, moment) in found.items()
        )
        done = ingest_events(session, events)
        for status, times in done.items():
            counts.add(status, times)
        written = done["created"] + done["changed"]
        if written:
            audit.record(session, "import", SERIES.entity, None, {"series": len(named), "events": written})
