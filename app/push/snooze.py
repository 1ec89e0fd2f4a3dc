"""A notice again in ten minutes, because whoever read it on the lock screen asked for that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import Database, upsert
from app.foundation.ids import new_id
from app.foundation.outbox import NewJob, Retry, enqueue
from app.foundation.principal import principal_of
from app.foundation.problems import Problem, not_found
from app.push import message
from app.push.facts import DEVICES, NOTICES, Found, Planned, Row, gather
from app.push.keys import vapid_keys
from app.push.sending import Office, noted, push_to
from app.push.web_push import Envelope, Fate, topic_of

SNOOZED = "notice.snoozed"
AFTER = timedelta(minutes=10)


def snooze(session: Session, notice_id: str) -> datetime:
    """Have a notice shown again on the device that it was on; when that will be.

    Problem 404 when it is no notice of the caller's devices, 409 when the visit begins before. Asked twice, it comes once.
    """
    principal = principal_of(session)
    mine = (NOTICES.c.org_id == principal.org_id, NOTICES.c.user_id == principal.user_id)
    devices = set(session.scalars(sa.select(DEVICES.c.id).where(DEVICES.c.user_id == principal.user_id)))
    shown = (NOTICES.c.state.in_(("sending", "sent")), NOTICES.c.channel.in_(devices))
    row = session.execute(sa.select(NOTICES).where(NOTICES.c.id == notice_id, *mine, *shown)).mappings().first()
    if row is None:
        raise not_found("notice")
    at = clock.now() + AFTER
    if at >= datetime.fromisoformat(row["told"]["starts_at"]):
        detail = "In ten minutes the visit will have begun. The notice stays where it is."
        raise Problem(409, "notice-too-late", "Too late to be told again", detail)
    payload = {"notice_id": row["id"], "id": new_id()}
    enqueue(session, [NewJob(SNOOZED, payload, principal.org_id, f"{SNOOZED}:{row['id']}", at)])
    return at


def send_again(database: Database, office: Office, org_id: str, notice_id: str, again_id: str) -> None:
    """Send a notice once more to its device, as things are now, if there is still something to be told.

    Sent twice after a fault it has the same id, and a phone shows an id once. Raises Retry when the push service is busy.
    """
    now = clock.now()
    with database.read() as session:
        query = sa.select(NOTICES).where(NOTICES.c.id == notice_id, NOTICES.c.org_id == org_id)
        stored = session.execute(query).mappings().first()
        row: Row | None = dict(stored) if stored is not None else None
        found = _found(session, org_id, row, now) if row is not None else None
    visit = found.case.visit if found is not None and found.case.may_see else None
    device = next((one for one in found.to.devices if row and one["id"] == row["channel"]), None) if found else None
    if row is None or found is None or visit is None or device is None:
        return
    if visit.status != "planned" or visit.starts_at <= now:
        return
    case = found.case
    notice = message.Notice(again_id, visit, case.briefing, now, message.Change(), case.wanted, found.to.user_id)
    envelope = Envelope(topic_of(visit.id), "high", int((visit.starts_at - now).total_seconds()))
    outcome = push_to(office, vapid_keys(database), device, notice, envelope)
    with database.write() as session:
        session.execute(noted(device["id"], outcome))
        if outcome.fate is Fate.ACCEPTED:
            _keep(session, row, again_id, now)
    if outcome.fate is Fate.LATER:
        raise Retry(outcome.retry_after or timedelta(seconds=30), "the push service is busy")


def _found(session: Session, org_id: str, row: Row, now: datetime) -> Found | None:
    planned = Planned(row["visit_id"], row["slot"], row["user_id"])
    return gather(session, org_id, [planned], now).get((planned.visit_id, planned.slot))


def _keep(session: Session, row: Row, again_id: str, now: datetime) -> None:
    """A row of its own, so that it can be put off again; its reader knows what they knew."""
    said: dict[str, Any] = {**row, "id": again_id, "slot": f"snooze:{now:%Y%m%dT%H%M%S}"}
    values = {**said, "due_at": now, "created_at": now, "sent_at": now, "state": "sent", "retry_at": None, "fence": 1}
    insert = upsert(session, NOTICES).values(values)
    session.execute(insert.on_conflict_do_nothing())
