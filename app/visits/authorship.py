"""What is written once and signed: notes, messages, attachments."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.principal import SYSTEM_USER, Principal
from app.foundation.problems import FieldError, invalid
from app.identity.tables import User
from app.visits.tables import Visit

Values = dict[str, Any]
USERS, VISITS = table_of(User), table_of(Visit)


def sign(session: Session, principal: Principal, values: Values) -> None:
    """Fill in who wrote a row and under what name; Problem 422 when its visit is to another account."""
    if not values["user_id"] and principal.user_id != SYSTEM_USER:
        values["user_id"] = principal.user_id
    name = sa.select(USERS.c.name).where(USERS.c.id == values["user_id"], USERS.c.org_id == principal.org_id)
    values["author"] = session.scalar(name) or "Doorstep"
    if values.get("written_at", clock.now()) is None:
        values["written_at"] = clock.now()
    if values["visit_id"]:
        visited = session.scalar(sa.select(VISITS.c.account_id).where(VISITS.c.id == values["visit_id"]))
        if visited != values["account_id"]:
            raise invalid([FieldError("/visit_id", "This visit is to another account.")])
