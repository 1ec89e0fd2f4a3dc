"""Whose phones hold what a change of users, territories or accounts takes away or brings."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import pokes
from app.foundation.db import table_of
from app.foundation.principal import Principal
from app.identity.rules import guard_removal, user_was_written
from app.identity.tables import TerritoryAssignment

Row = dict[str, Any]
TERRITORY = table_of(TerritoryAssignment)


def user_written(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """What follows from a user's change, here and on the phones of those who know them.

    When a user goes, their territory goes with them, and it is not known any more who knew them.
    """
    user_was_written(session, principal, before, after)
    rows = [row for row in (before, after) if row]
    named = {row["id"] for row in rows} | {row["manager_id"] for row in rows}
    if before is not None:
        pokes.tell(session, principal.org_id, people=named, everybody=after is None)


def territory_written(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """Poke also those who do not look after the account any more."""
    pokes.tell(session, principal.org_id, users={row["user_id"] for row in (before, after) if row})


def guard_account(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """`guard_removal`; and of an account that goes, remember who looks after it while that is known."""
    guard_removal(session, principal, before, after)
    if before is not None and after is None:
        held = (TERRITORY.c.org_id == principal.org_id, TERRITORY.c.account_id == before["id"])
        users = session.scalars(sa.select(TERRITORY.c.user_id).where(*held).distinct())
        pokes.tell(session, principal.org_id, accounts=[before["id"]], users=users)
