"""Tickets with their histories, written in bulk: a line of the file is a step, its ticket is what the steps make of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.connectors.bulk import upsert_columns
from app.connectors.counts import Counts
from app.connectors.errors import MISSING
from app.connectors.histories import FOLDED, Line, Shown, latest, line_of, own_word, seed, step
from app.connectors.mapping import ImportMapping
from app.connectors.records import Reject
from app.connectors.rows import Rows
from app.connectors.targets import targets
from app.foundation import audit, changes, clock
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.foundation.tables import ExternalId
from app.resources.references import defaults, lookup
from app.resources.service import update_row
from app.tickets.history import Step, fold, fold_named, in_order, settled
from app.tickets.resources import TICKETS
from app.tickets.tables import TicketEvent

TABLE, EVENTS, EXTERNAL = TICKETS.table, table_of(TicketEvent), table_of(ExternalId)
_at, _name = attrgetter("at"), attrgetter("name")
EVENT_COLUMNS = ("ticket_id", "external_id", "org_id", "at", "kind", "value", "actor", "public")
REQUIRED = ("account_id", "subject")
BEGUN: Mapping[str, Any] = {"status": "new", "solved_at": None, "closed_at": None, "reopened_count": 0}
REMEMBERED = 100_000
CHUNK = 500


@dataclass(slots=True)
class _Ticket:
    """A ticket of this chunk: its stored row and steps, its new lines, and what it shall be."""

    key: str
    lines: list[int] = field(default_factory=list)
    stored: dict[str, Any] | None = None
    events: dict[str, Step] = field(default_factory=dict)
    written: dict[str, Step] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)


class TicketSink:
    """Writes tickets from a log of their steps."""

    loaded: Collection[str] = frozenset(targets("tickets"))

    def __init__(self, mapping: ImportMapping) -> None:
        self._mapping = mapping
        self._fields = [name for name in mapping.fields if name not in FOLDED]
        self._said = [name for name in mapping.fields if name in FOLDED and name != "status"]
        # What the lines so far showed, so that a ticket whose lines are scattered over the file reads as if they were not.
        self._shown: dict[str, Shown] = {}
        self.tickets = Counts()
        self._counted: dict[str, str] = {}

    def write(self, session: Session, rows: Rows, counts: Counts) -> list[Reject]:
        """Write the steps of a chunk and their tickets; returns the lines that cannot be taken."""
        tickets: dict[str, _Ticket] = {}
        for index, key in enumerate(rows.keys):
            tickets.setdefault(key, _Ticket(key)).lines.append(index)
        self._read_stored(session, tickets)
        for ticket in tickets.values():
            if ticket.stored is None:
                ticket.written = ticket.events
        rejects: list[Reject] = []
        taken: list[_Ticket] = []
        lines = _lines(rows)
        for ticket in tickets.values():
            refused = self._apply(rows, ticket, [lines[place] for place in ticket.lines], counts)
            rejects += refused
            if ticket.wanted or ticket.stored is not None:
                taken.append(ticket)
        self._write(session, taken)
        return rejects

    # --- reading what is there ---

    def _read_stored(self, session: Session, tickets: Mapping[str, _Ticket]) -> None:
        system, org_id = self._mapping.system, principal_of(session).org_id
        ids = lookup(session, org_id, TICKETS.entity, [(system, key) for key in tickets])
        by_id = {row_id: tickets[key] for (_, key), row_id in ids.items()}
        ordered = sorted(by_id)
        for start in range(0, len(ordered), CHUNK):
            part = ordered[start : start + CHUNK]
            query = sa.select(TABLE).where(TABLE.c.id.in_(part)).order_by(TABLE.c.id)
            for row in session.execute(query.with_for_update(key_share=True)).mappings():
                by_id[row["id"]].stored = dict(row)
            columns = (EVENTS.c[name] for name in EVENT_COLUMNS if name != "org_id")
            for row_id, name, *event in session.execute(sa.select(*columns).where(EVENTS.c.ticket_id.in_(part))):
                by_id[row_id].events[name] = Step(*event)

    # --- deciding ---

    def _apply(self, rows: Rows, ticket: _Ticket, lines: list[Line], counts: Counts) -> list[Reject]:
        lines = in_order(lines, _at, _name)
        values = latest([*self._fields, *self._said], rows.values, [line.place for line in lines])
        absent = [name for name in REQUIRED if name not in values and ticket.stored is None]
        if absent:
            reason = f"no line of ticket {ticket.key} gives {' and '.join(absent)}"
            return [rows.reject(index, reason) for index in ticket.lines]
        known = dict(ticket.events)
        rejects = self._steps(rows, ticket, lines, counts)
        # The steps of a new ticket are in order, as its lines are.
        after = fold(ticket.events.values()) if ticket.stored is None else fold_named(ticket.events)
        if after is None:
            return rejects
        said = {name: values.pop(name) for name in self._said if name in values}
        if ticket.stored is None:
            first = {"number": ticket.key[:60], "priority": "normal", "opened_at": after.opened_at}
            told = settled(BEGUN, None, after)
            ticket.wanted = {**first, **told, **values, **own_word({**BEGUN, **told}, said)}
            return rejects
        told = settled(ticket.stored, fold_named(known), after) if ticket.written else {}
        # Every line tells the priority, and not each as a step: the steps alone do not know it.
        told = {name: value for name, value in told.items() if name not in self._fields}
        if lines[-1].name == _newest(ticket.events):
            ticket.wanted = {**told, **values, **own_word({**ticket.stored, **told}, said)}
        else:
            ticket.wanted = told | {name: value for name, value in values.items() if ticket.stored[name] is None}
        return rejects

    def _steps(self, rows: Rows, ticket: _Ticket, lines: Sequence[Line], counts: Counts) -> list[Reject]:
        """Add the lines to the ticket's steps; returns lines whose name another line has with other values."""
        rejects: list[Reject] = []
        own: dict[str, Line] = {}
        shown = self._shown.pop(ticket.key, None)
        events, written = ticket.events, ticket.written
        for line in lines:
            twin = own.setdefault(line.name, line)
            if twin is not line:
                if twin[1:] == line[1:]:
                    counts.unchanged += 1
                else:
                    reason = f"event_id: {line.name!r} was on line {rows.lines[twin.place]} already, with other values"
                    rejects.append(rows.reject(line.place, reason))
                continue
            stored = events.get(line.name)
            first = shown is None
            before = (
                seed(ticket.events, ticket.stored, line.at) if first and stored is None and ticket.stored else shown
            )
            event, shown = step(line, before)
            # The first line of a ticket cannot tell a change from what was so before: a stored step knows better.
            if stored is not None and first and stored.kind != "status" and stored.at == event.at:
                event = stored
            if event == stored:
                counts.unchanged += 1
                continue
            events[line.name] = written[line.name] = event
            if stored is None:
                counts.created += 1
            else:
                counts.changed += 1
        self._remember(ticket.key, shown)
        return rejects

    def _remember(self, key: str, shown: Shown | None) -> None:
        if shown is None:
            return
        _keep(self._shown, key, shown)

    # --- writing ---

    def _write(self, session: Session, tickets: Sequence[_Ticket]) -> None:
        principal, now = principal_of(session), clock.now()
        touched: set[str | None] = set()
        added = [ticket for ticket in tickets if ticket.stored is None]
        if added:
            self._add(session, principal.org_id, added)
        for ticket in tickets:
            old = ticket.stored
            status = "created" if old is None else "unchanged"
            if old is not None:
                changed = {name: value for name, value in ticket.wanted.items() if old[name] != value}
                if changed:
                    update_row(session, TICKETS, old["id"], old["row_version"], changed)
                    status = "changed"
            if status != "unchanged" or ticket.written:
                touched |= {
                    ticket.wanted.get("account_id") or (old or {}).get("account_id"),
                    (old or {}).get("account_id"),
                }
            self._count(ticket.key, status)
        written = _event_columns(tickets, principal.org_id)
        upsert_columns(session, EVENTS, EVENT_COLUMNS, written, ("ticket_id", "external_id"))
        if touched:
            details = {"tickets": len(tickets), "events": len(written[0]), "at": now.isoformat()}
            audit.record(session, "import", TICKETS.entity, None, details)
            changes.touch(session, principal.org_id, touched)

    def _add(self, session: Session, org_id: str, tickets: Sequence[_Ticket]) -> None:
        base = {**defaults(TICKETS), "org_id": org_id}
        names = list(base)
        values = itemgetter(*names)
        rows = []
        for ticket in tickets:
            ticket.wanted["id"] = new_id()
            row = {**base, **ticket.wanted, "external_ids": {self._mapping.system: ticket.key}}
            rows.append(values(row))
        upsert_columns(session, TABLE, names, list(zip(*rows, strict=True)), ("id",))
        entity, system = TICKETS.entity, self._mapping.system
        known = [(org_id, entity, system, ticket.key, ticket.wanted["id"]) for ticket in tickets]
        columns = ("org_id", "entity", "system", "external_id", "row_id")
        upsert_columns(session, EXTERNAL, columns, list(zip(*known, strict=True)), columns[:4])

    def _count(self, key: str, status: str) -> None:
        """Count each ticket once, however many chunks its lines are in: created stays created, changed changed."""
        before = self._counted.get(key)
        rank = ("unchanged", "changed", "created")
        if before is not None and rank.index(before) >= rank.index(status):
            return
        if before is not None:
            self.tickets.add(before, -1)
        self.tickets.add(status)
        _keep(self._counted, key, status)


def _keep(memory: dict[str, Any], key: str, value: Any) -> None:
    """Remember the last REMEMBERED tickets."""
    memory[key] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]


def _newest(steps: Mapping[str, Step]) -> str:
    return in_order(steps.items(), lambda item: item[1].at, itemgetter(0))[-1][0]


def _lines(rows: Rows) -> list[Line]:
    count = len(rows.keys)
    silent = [MISSING] * count
    names = ("status", "priority", "assignee", "step.reassignments", "step.comment", "step.actor", "step.public")
    columns = (rows.values.get(name, silent) for name in names)
    return list(map(line_of, zip(range(count), rows.values["step.at"], rows.values["event_id"], *columns, strict=True)))


def _event_columns(tickets: Iterable[_Ticket], org_id: str) -> list[Sequence[Any]]:
    written = [ticket for ticket in tickets if ticket.written]
    owners = [(ticket.stored or ticket.wanted)["id"] for ticket in written]
    ids = [owner for owner, ticket in zip(owners, written, strict=True) for _ in ticket.written]
    names = [name for ticket in written for name in ticket.written]
    events = [event for ticket in written for event in ticket.written.values()]
    return [
        ids,
        names,
        [org_id] * len(ids),
        *(list(map(itemgetter(place), events)) for place in range(len(Step._fields))),
    ]
