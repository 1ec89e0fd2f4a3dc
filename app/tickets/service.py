"""Histories of tickets: taking them in, and having the tickets follow."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Annotated

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
from app.tickets.history import STATUSES, Step, fold_named, in_order, settled
from app.tickets.schemas import EVENT_KINDS, PRIORITIES
from app.tickets.tables import Ticket, TicketEvent

TICKETS, EVENTS = table_of(Ticket), table_of(TicketEvent)
CHUNK = 500
Written = tuple[Values, Values | None]


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
    steps = session.execute(sa.select(EVENTS).where(EVENTS.c.ticket_id == ticket_id)).mappings().all()
    return in_order(steps, itemgetter("at"), itemgetter("external_id"))


def follow(session: Session, written: Sequence[Written]) -> None:
    """Have the tickets of these steps follow their histories; each step comes with what it was before (None: new)."""
    earlier: dict[str, dict[str, Values | None]] = defaultdict(dict)
    for values, before in written:
        earlier[values["ticket_id"]][values["external_id"]] = before
    ordered = sorted(earlier)
    for start in range(0, len(ordered), CHUNK):
        _follow(session, {ticket_id: earlier[ticket_id] for ticket_id in ordered[start : start + CHUNK]})


def _follow(session: Session, earlier: Mapping[str, Mapping[str, Values | None]]) -> None:
    # Held until the end: of two who write to a history at once, the second sees both.
    query = sa.select(TICKETS).where(TICKETS.c.id.in_(earlier)).order_by(TICKETS.c.id)
    tickets = session.execute(query.with_for_update(key_share=True)).mappings().all()
    histories = _histories(session, earlier)
    now = clock.now()
    updates = []
    for ticket in tickets:
        steps = histories[ticket["id"]]
        told = settled(dict(ticket), fold_named(_past(steps, earlier[ticket["id"]])), fold_named(steps))
        if any(ticket[name] != value for name, value in told.items()):
            row = {name: told.get(name, ticket[name]) for name in FOLDED}
            updates.append({**row, "b_id": ticket["id"], "row_version": ticket["row_version"] + 1, "updated_at": now})
    if updates:
        session.connection().execute(sa.update(TICKETS).where(TICKETS.c.id == sa.bindparam("b_id")), updates)


def _histories(session: Session, ticket_ids: Collection[str]) -> dict[str, dict[str, Step]]:
    found: dict[str, dict[str, Step]] = defaultdict(dict)
    columns = (EVENTS.c[name] for name in ("ticket_id", "external_id", *Step._fields))
    for ticket_id, name, *step in session.execute(sa.select(*columns).where(EVENTS.c.ticket_id.in_(ticket_ids))):
        found[ticket_id][name] = Step(*step)
    return found


def _past(steps: Mapping[str, Step], earlier: Mapping[str, Values | None]) -> dict[str, Step]:
    """The history before some of its steps were written."""
    past = {name: step for name, step in steps.items() if name not in earlier}
    was = {name: Step(*(row[column] for column in Step._fields)) for name, row in earlier.items() if row is not None}
    return past | was


FOLDED = ("status", "priority", "solved_at", "closed_at", "reopened_count")

ROWS = Rows(EventRow, _faults)
HISTORY = Children(
    entity="ticket_event",
    table=EVENTS,
    parent="ticket",
    parent_column="ticket_id",
    field="ticket",
    key="external_id",
    written=follow,
)
