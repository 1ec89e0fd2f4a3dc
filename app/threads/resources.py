"""Messages as a resource of the API."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attachments.service import known_at
from app.foundation.db import table_of
from app.foundation.principal import Principal
from app.foundation.problems import FieldError, invalid
from app.identity.rules import guard_authorship
from app.identity.tables import User
from app.identity.territory import who_sees
from app.resources.resource import Resource, Values, equal_ids, register
from app.threads.schemas import MessageSchema
from app.threads.tables import Message
from app.visits.authorship import sign

USERS = table_of(User)


def _address(session: Session, principal: Principal, values: Values) -> None:
    """Sign a message; Problem 422 when it mentions somebody who cannot read it, or attaches what is not there."""
    sign(session, principal, values)
    values["mentions"] = list(dict.fromkeys(values["mentions"]))
    faults = [*_mention_faults(session, principal, values), *_attached_faults(session, values)]
    if faults:
        raise invalid(faults)


def _mention_faults(session: Session, principal: Principal, values: Values) -> list[FieldError]:
    mentions = values["mentions"]
    readers = who_sees(session, principal.org_id, values["account_id"], mentions)
    if readers.issuperset(mentions):
        return []
    people = sa.select(USERS.c.id, USERS.c.name).where(USERS.c.org_id == principal.org_id, USERS.c.id.in_(mentions))
    names = {row.id: row.name for row in session.execute(people)}
    return [
        FieldError(
            f"/mentions/{place}",
            f"{names.get(user_id, 'Somebody unknown')} does not see this account; mention somebody who does.",
        )
        for place, user_id in enumerate(mentions)
        if user_id not in readers
    ]


def _attached_faults(session: Session, values: Values) -> list[FieldError]:
    attached: list[dict[str, Any]] = values["attached"]
    wanted = {item["id"] for item in attached if item["kind"] == "attachment"}
    known = known_at(session, values["account_id"], wanted)
    return [
        FieldError(f"/attached/{place}/id", "There is no such attachment at this account.")
        for place, item in enumerate(attached)
        if item["kind"] == "attachment" and item["id"] not in known
    ]


MESSAGES = register(
    Resource(
        name="messages",
        entity="message",
        model=Message,
        schema=MessageSchema,
        references={"account_id": "account", "visit_id": "visit", "user_id": "user"},
        filters=equal_ids("account_id", "visit_id", "user_id"),
        complete=_address,
        guard=guard_authorship,
        append_only=True,
    )
)
