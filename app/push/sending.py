"""Sending notices: every fact is read again, once, for as many as are due together."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database, table_of
from app.push import message
from app.push.keys import vapid_keys
from app.push.tables import PushDevice
from app.push.web_push import Envelope, Fate, Outcome, Sender, Subscription

DEVICES = table_of(PushDevice)
TEST_TTL = 600


@dataclass(frozen=True)
class Office:
    """What notices are sent with."""

    sender: Sender
    public_url: str


def send_test(database: Database, office: Office, device_id: str, notice_id: str) -> None:
    """Send a test message; what comes of it is kept with the device."""
    with database.read() as session:
        device = session.execute(sa.select(DEVICES).where(DEVICES.c.id == device_id)).mappings().first()
    if device is None:
        return
    to = Subscription(device["endpoint"], device["p256dh"], device["auth"])
    plain = message.encode_test(notice_id, office.public_url, clock.now())
    outcome = office.sender.send(vapid_keys(database), to, plain, Envelope(None, "high", TEST_TTL), clock.now())
    with database.write() as session:
        session.execute(noted(device_id, outcome))


def noted(device_id: str, outcome: Outcome) -> sa.UpdateBase:
    """Keep with a device what came of a message; one that takes no more goes."""
    mine = DEVICES.c.id == device_id
    if outcome.fate is Fate.GONE:
        return sa.delete(DEVICES).where(mine)
    if outcome.fate is Fate.ACCEPTED:
        return sa.update(DEVICES).where(mine).values(last_sent_at=clock.now(), problem=None)
    problem = outcome.problem.as_dict() if outcome.problem else None
    return sa.update(DEVICES).where(mine).values(problem=problem)
