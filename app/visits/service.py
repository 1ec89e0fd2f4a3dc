"""Visits that follow from something else than a person's own hand, such as a calendar: planned, moved and cancelled.

Every change goes the way of any change to a visit: references checked, row version, audit, word to phones and briefings.
The session's principal is the rep in whose name it happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import traces
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.resources import service
from app.resources.references import visible_ids
from app.resources.resource import Values
from app.visits.resources import VISITS

TABLE = VISITS.table
TIMES = ("starts_at", "ends_at", "time_zone")


@dataclass(frozen=True)
class Appointment:
    """What somebody else says of a visit: when, where, what for, and whom of the account one meets."""

    account_id: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str | None = None
    purpose: str | None = None
    attendee_ids: tuple[str, ...] = field(default=())


def plan(session: Session, appointment: Appointment, external_ids: Mapping[str, str]) -> str:
    """Plan a visit of the session's rep; its id."""
    values = {
        "account_id": appointment.account_id,
        "user_id": principal_of(session).user_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
        "time_zone": appointment.time_zone,
        "place": appointment.place,
        "purpose": appointment.purpose,
        "attendee_ids": list(appointment.attendee_ids),
        "external_ids": dict(external_ids),
    }
    visit_id = new_id()
    with traces.span("visit planned", visit=visit_id):
        return service.add(session, VISITS, visit_id, values)


def follow(session: Session, visit_id: str, before: Appointment, after: Appointment) -> None:
    """Change a planned visit by what changed in its appointment. What the rep changed by hand stays.

    A time that moved moves the visit, whatever its time was: the calendar has the newer word. Place and purpose follow
    only where they still are what the appointment had said. People are added and taken away one by one.
    """
    visit = find(session, visit_id)
    if visit is None or visit["status"] != "planned":
        return
    changed: Values = {}
    if any(getattr(before, name) != getattr(after, name) for name in TIMES):
        changed |= {name: getattr(after, name) for name in TIMES}
    for name in ("place", "purpose"):
        said, says = getattr(before, name), getattr(after, name)
        if said != says and visit[name] == said:
            changed[name] = says
    gone, new = set(before.attendee_ids) - set(after.attendee_ids), set(after.attendee_ids) - set(before.attendee_ids)
    if after.account_id != visit["account_id"]:
        changed["account_id"] = after.account_id
        changed["attendee_ids"] = list(after.attendee_ids)
    elif gone or new:
        kept = [one for one in visit["attendee_ids"] if one not in gone]
        there = visible_ids(session, "person", kept)  # who was deleted meanwhile cannot be referred to any more
        changed["attendee_ids"] = [one for one in kept if one in there] + sorted(new.difference(kept))
    if changed:
        with traces.span("visit moved" if "starts_at" in changed else "visit changed", visit=visit_id):
            service.alter(session, VISITS, visit, changed)


def cancel(session: Session, visit_id: str) -> None:
    """Cancel a visit that is planned; one that took place, or was cancelled, stays as it is."""
    _give_status(session, visit_id, "planned", "cancelled")


def restore(session: Session, visit_id: str, appointment: Appointment) -> None:
    """Plan a visit again that was cancelled, at the time that its appointment has by now."""
    times = {name: getattr(appointment, name) for name in TIMES}
    _give_status(session, visit_id, "cancelled", "planned", **times)


def find(session: Session, visit_id: str) -> Values | None:
    """The rep's own visit as it is stored, held until the transaction ends; None when there is none."""
    mine = sa.select(TABLE).where(TABLE.c.id == visit_id, TABLE.c.user_id == principal_of(session).user_id)
    row = session.execute(mine.with_for_update()).mappings().first()
    return None if row is None else dict(row)


def planned_at(session: Session, account_id: str, starts_at: datetime) -> list[str]:
    """The visits that the rep has planned to an account at exactly this time, by id."""
    query = sa.select(TABLE.c.id).where(
        TABLE.c.user_id == principal_of(session).user_id,
        TABLE.c.account_id == account_id,
        TABLE.c.starts_at == starts_at,
        TABLE.c.status == "planned",
    )
    return list(session.scalars(query.order_by(TABLE.c.id)))


def _give_status(session: Session, visit_id: str, expected: str, status: str, **with_it: Any) -> None:
    visit = find(session, visit_id)
    if visit is not None and visit["status"] == expected:
        with traces.span(f"visit {status}", visit=visit_id):
            service.alter(session, VISITS, visit, {"status": status, **with_it})
