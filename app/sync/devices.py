"""Devices: the phones on which somebody uses the app, each a client group; they name them, and take their access away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, clock, pokes
from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.foundation.problems import not_found
from app.identity.tables import SignInSession
from app.sync.groups import GROUPS, VIEWS, own

SESSIONS = table_of(SignInSession)


def list_devices(session: Session) -> Sequence[sa.RowMapping]:
    """The caller's devices that were not revoked, the last seen first; `signed_in` ones need no password to pull."""
    query = _shown(session).where(GROUPS.c.revoked_at.is_(None))
    return session.execute(query.order_by(GROUPS.c.last_pulled_at.desc(), GROUPS.c.id.desc())).mappings().all()


def read(session: Session, device_id: str) -> sa.RowMapping:
    """One of the caller's devices; Problem 404 when there is no such one."""
    query = _shown(session).where(GROUPS.c.id == device_id, GROUPS.c.revoked_at.is_(None))
    row = session.execute(query).mappings().first()
    if row is None:
        raise not_found("device")
    return row


def rename(session: Session, device_id: str, name: str | None) -> sa.RowMapping:
    """Give a device a name, or none."""
    read(session, device_id)
    session.execute(sa.update(GROUPS).where(GROUPS.c.id == device_id).values(name=name))
    audit.record(session, "device.named", "device", device_id)
    return read(session, device_id)


def revoke(session: Session, device_id: str) -> None:
    """Take a device's access away for good: it hears so at its next contact, and wipes itself. Problem 404 as in `read`."""
    read(session, device_id)
    session.execute(sa.update(GROUPS).where(GROUPS.c.id == device_id).values(revoked_at=clock.now()))
    session.execute(sa.delete(VIEWS).where(VIEWS.c.client_group_id == device_id))
    ended = session.execute(
        sa.update(SESSIONS)
        .where(SESSIONS.c.user_id == principal_of(session).user_id, SESSIONS.c.client_group_id == device_id)
        .values(revoked=True)
    )
    audit.record(session, "device.revoked", "device", device_id, {"sessions": ended.rowcount})  # type: ignore[attr-defined]
    pokes.tell(session, principal_of(session).org_id, users={principal_of(session).user_id})


def signed_out(session: Session, client_group: str) -> None:
    """Forget a device whose user signed out on it: it wiped itself."""
    mine = sa.and_(own(principal_of(session)), GROUPS.c.revoked_at.is_(None))
    session.execute(sa.delete(GROUPS).where(GROUPS.c.id == client_group, mine))


def _shown(session: Session) -> sa.Select[Any]:
    principal = principal_of(session)
    tied = sa.select(SESSIONS.c.id).where(
        SESSIONS.c.client_group_id == GROUPS.c.id,
        SESSIONS.c.user_id == principal.user_id,
        SESSIONS.c.expires_at > clock.now(),
        ~SESSIONS.c.revoked,
    )
    asking = sa.exists(tied.where(SESSIONS.c.id == principal.credential_id).correlate(GROUPS))
    return sa.select(
        GROUPS.c.id,
        GROUPS.c.name,
        GROUPS.c.user_agent,
        GROUPS.c.created_at,
        GROUPS.c.last_pulled_at.label("last_seen_at"),
        sa.exists(tied.correlate(GROUPS)).label("signed_in"),
        asking.label("current"),
    ).where(own(principal))
