"""Histories of tickets: taking them in, and having the tickets follow."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, not_found
from app.identity.territory import visible
from app.resources.batch import RowResult
from app.resources.children import Children, Given, upsert_children
from app.resources.resource import Values
from app.resources.rows import ExternalKey, Ref, Rows, as_reference, text_faults, year_faults
from app.tickets.history import STATUSES, Step, TicketState, fold
from app.tickets.schemas import EVENT_KINDS, PRIORITIES
from app.tickets.tables import Ticket, TicketEvent

TICKETS, EVENTS = table_of(Ticket), table_of(TicketEvent)
CHUNK = 500
# Steps of one instant in the order of their names, where 4568/10 comes after 4568/9.
IN_ORDER = (EVENTS.c.at, sa.func.length(EVENTS.c.external_id), EVENTS.c.external_id)


class EventRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One step of a history as a batch brings it."""

    ticket: Ref
    external_id: ExternalKey
    at: Annotated[datetime, Meta(tz=True)]
    kind: Annotated[str, Meta(pattern=f"^({'|'.join(EVENT_KINDS)})$")]
    value: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    actor: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    public: bool = False


def _faults(row: EventRow) -> list[FieldError]:
    faults = text_faults(external_id=row.external_id, value=row.value, actor=row.actor) + year_faults("at", row.at.year)
    words = {"status": sorted(STATUSES), "priority": PRIORITIES}.get(row.kind)
    if words and row.value not in words:
        faults.append(FieldError("/value", f"Not a {row.kind}; use one of {', '.join(words)}."))
    return faults


def receive_events(session: Session) -> list[RowResult]:
    """Take in the steps of the running request; the tickets follow."""
    given: list[Given] = [
        (as_reference(row.ticket), _values(row)) if isinstance(row, EventRow) else row for row in ROWS.of_request()
    ]
    return upsert_children(session, HISTORY, given)


def _values(row: EventRow) -> Values:
    values: Values = {name: getattr(row, name) for name in ("external_id", "at", "kind", "value", "actor", "public")}
    return values


def history(session: Session, ticket_id: str) -> Sequence[sa.RowMapping]:
    """The steps of a ticket that the caller can see, oldest first; Problem 404 otherwise."""
    seen = visible(principal_of(session), TICKETS, "account_id")
    if session.scalar(sa.select(TICKETS.c.id).where(TICKETS.c.id == ticket_id, seen)) is None:
        raise not_found("ticket")
    return (
        session.execute(sa.select(EVENTS).where(EVENTS.c.ticket_id == ticket_id).order_by(*IN_ORDER)).mappings().all()
    )


def follow(session: Session, ticket_ids: Iterable[str]) -> int:
    """Fold the histories of these tickets into their status, priority and times; how many tickets changed.

    A history without a step of status says nothing about the status, and one without a priority nothing about that.
    """
    ordered = sorted(set(ticket_ids))
    changed = 0
    for start in range(0, len(ordered), CHUNK):
        changed += _follow(session, ordered[start : start + CHUNK])
    return changed


def _follow(session: Session, ids: Sequence[str]) -> int:
    steps: dict[str, list[Step]] = defaultdict(list)
    query = sa.select(EVENTS.c.ticket_id, EVENTS.c.at, EVENTS.c.kind, EVENTS.c.value).where(EVENTS.c.ticket_id.in_(ids))
    for ticket_id, at, kind, value in session.execute(query.order_by(EVENTS.c.ticket_id, *IN_ORDER)):
        steps[ticket_id].append(Step(at, kind, value))
    stored = session.execute(sa.select(TICKETS).where(TICKETS.c.id.in_(sorted(steps)))).mappings()
    now = clock.now()
    updates = []
    for ticket in stored:
        told = _told(fold(steps[ticket["id"]], ticket["opened_at"]), {step.kind for step in steps[ticket["id"]]})
        if any(ticket[name] != value for name, value in told.items()):
            row = {name: told.get(name, ticket[name]) for name in FOLDED}
            updates.append({**row, "b_id": ticket["id"], "row_version": ticket["row_version"] + 1, "updated_at": now})
    if updates:
        session.connection().execute(sa.update(TICKETS).where(TICKETS.c.id == sa.bindparam("b_id")), updates)
    return len(updates)


FOLDED = ("status", "priority", "solved_at", "closed_at", "reopened_count")


def _told(state: TicketState | None, kinds: set[str]) -> dict[str, Any]:
    if state is None:
        return {}
    told: dict[str, Any] = {"priority": state.priority} if "priority" in kinds else {}
    if "status" in kinds:
        told |= {name: getattr(state, name) for name in ("status", "solved_at", "closed_at", "reopened_count")}
    return told


def _written(session: Session, rows: Sequence[tuple[Values, Values | None]]) -> None:
    follow(session, {values["ticket_id"] for values, _ in rows})


ROWS = Rows(EventRow, _faults)
HISTORY = Children(
    entity="ticket_event",
    table=EVENTS,
    parent="ticket",
    parent_column="ticket_id",
    field="ticket",
    key="external_id",
    written=_written,
)
