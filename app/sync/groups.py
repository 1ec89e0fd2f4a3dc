"""Client groups: one for each installation of the app, with its user, its name and how far its queue was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import table_of, upsert
from app.foundation.principal import Principal
from app.foundation.problems import Problem
from app.identity.access import device_revoked
from app.sync.tables import ClientGroup, ClientView

GROUPS, VIEWS = table_of(ClientGroup), table_of(ClientView)
# Of a user: client groups whose rows are known, and those whose number in the queue is.
MAX_GROUPS, MAX_KNOWN = 20, 200


def own(principal: Principal) -> sa.ColumnElement[bool]:
    """The caller's client groups."""
    return sa.and_(GROUPS.c.org_id == principal.org_id, GROUPS.c.user_id == principal.user_id)


def refuse_stranger(group: Any, principal: Principal) -> None:
    """Problem 403 for a client group of somebody else, 401 for one that was revoked."""
    if group.org_id != principal.org_id or group.user_id != principal.user_id:
        raise _anothers()
    if group.revoked_at is not None:
        raise device_revoked()


def _anothers() -> Problem:
    return Problem(
        403,
        "client-group-of-another",
        "Not your client group",
        "Another user's data is kept under this client group. Clear the phone and start with a new client group.",
    )


def hold(session: Session, principal: Principal, client_group: str, now: datetime, **seen: Any) -> Any:
    """Make or find a client group, note what was `seen` of it, and keep others from it until the transaction ends.

    Returns its row. Problems as in `refuse_stranger`.
    """
    values = {
        "id": client_group,
        "org_id": principal.org_id,
        "user_id": principal.user_id,
        "created_at": now,
        "last_pulled_at": now,
        "last_seq": 0,
        **seen,
    }
    insert = upsert(session, GROUPS).values(values)
    # On a conflict the row is locked, but changed only when it is ours.
    noted = {name: insert.excluded[name] for name in ("last_pulled_at", *seen)}
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=noted, where=own(principal)))
    group = session.execute(sa.select(GROUPS).where(GROUPS.c.id == client_group)).one_or_none()
    if group is None:  # PostgreSQL does not show it: it is another organisation's
        raise _anothers()
    refuse_stranger(group, principal)
    return group


def forget_oldest(session: Session, principal: Principal) -> None:
    """Keep the client groups that came last; one whose rows are forgotten is sent everything when it comes back.

    How far its queue was done is remembered much longer: it then need not number what it has to send anew.
    """
    order = (GROUPS.c.last_pulled_at.desc(), GROUPS.c.id.desc())
    mine = sa.select(GROUPS.c.id).where(own(principal)).order_by(*order)
    beyond = session.scalars(mine.offset(MAX_GROUPS)).all()
    if beyond:
        session.execute(sa.delete(VIEWS).where(VIEWS.c.client_group_id.in_(beyond)))
        gone = beyond[MAX_KNOWN - MAX_GROUPS :]
        if gone:
            session.execute(sa.delete(GROUPS).where(GROUPS.c.id.in_(gone)))
