"""The audit log: sign-ins, use of tokens, and writes, in the transaction of what they record.

Entries are only ever added. Reading them is for administrators.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import has_request_context, request
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.logs import request_id
from app.foundation.principal import Principal, principal_of
from app.foundation.tables import AuditEntry

Entry = dict[str, Any]
_ENTRIES = table_of(AuditEntry)
_INSERT = sa.insert(_ENTRIES)
_HELD, _WITH = "audit entries", "audit details"
_WRITES = ("create", "change")
_LOOK_BACK = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts without being a caller yet: somebody who signs in, or tries to. Absent ids are unknown."""

    org_id: str
    user_id: str | None = None
    via: str = "session"
    credential_id: str | None = None


def record(
    session: Session,
    action: str,
    entity: str | None = None,
    row_id: str | None = None,
    details: dict[str, Any] | None = None,
    *,
    principal: Principal | Actor | None = None,
) -> None:
    """Write one entry. `details` holds names of what changed and counts, never values of people's data or secrets."""
    who = principal or principal_of(session)
    entry = {
        "id": new_id(),
        "org_id": who.org_id,
        "at": clock.now(),
        "user_id": who.user_id,
        "via": who.via,
        "credential_id": who.credential_id,
        "action": action,
        "entity": entity,
        "row_id": row_id,
        "address": (request.remote_addr or "")[:45] or None if has_request_context() else None,
        "request_id": request_id(),
        "details": {**(details or {}), **session.info.get(_WITH, {})},
    }
    held: list[Entry] | None = session.info.get(_HELD)
    if held is not None:
        held.append(entry)
    else:
        session.execute(_INSERT, entry)


@contextmanager
def held(session: Session, **details: Any) -> Iterator[None]:
    """Keep back the entries of a block until it ends, add `details` to each, and write them at once; after an error, none.

    A block within another hands over to that one.
    """
    outer: list[Entry] | None = session.info.get(_HELD)
    before = session.info.get(_WITH, {})
    mine: list[Entry] = []
    session.info[_HELD], session.info[_WITH] = mine, {**before, **details}
    try:
        yield
    finally:
        session.info[_HELD], session.info[_WITH] = outer, before
    if outer is not None:
        outer += mine
    elif mine:
        session.execute(_INSERT, mine)


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote something, and when."""

    user_id: str | None
    at: datetime


def last_written(
    session: Session, entity: str, row_id: str, fields: Sequence[str], updated_at: datetime
) -> dict[str, Written]:
    """Who wrote each of these fields of a row last, as far as the log tells; the others are absent.

    A row's creation wrote all of its fields. In whose name a thing was done counts, not who accepted it for them. A row
    that was `updated_at` after the newest entry about it was so by an import, which names no rows: nothing is told then.
    """
    found: dict[str, Written] = {}
    for number, entry in enumerate(_entries_about(session, entity, row_id)):
        if number == 0 and entry["at"] < updated_at:
            break
        details = entry["details"]
        written = fields if entry["action"] == "create" else details.get("fields", ())
        who = Written(details.get("author", entry["user_id"]), entry["at"])
        for name in set(fields).intersection(written) - found.keys():
            found[name] = who
        if len(found) == len(fields):
            break
    return found


def _entries_about(session: Session, entity: str, row_id: str) -> Iterator[Mapping[str, Any]]:
    """Creation and changes of a row, the newest first, those that are kept back among them."""
    org_id = principal_of(session).org_id
    held: list[Entry] = session.info.get(_HELD) or []
    for entry in reversed(held):
        if (entry["entity"], entry["row_id"]) == (entity, row_id) and entry["action"] in _WRITES:
            yield entry
    about = (AuditEntry.org_id == org_id, AuditEntry.entity == entity, AuditEntry.row_id == row_id)
    query = sa.select(_ENTRIES).where(*about, AuditEntry.action.in_(_WRITES)).order_by(AuditEntry.id.desc())
    for row in session.execute(query.limit(_LOOK_BACK)).mappings():
        yield dict(row)


def read(session: Session, *, limit: int, before: str | None = None, **equal: str) -> Sequence[AuditEntry]:
    """Entries of the caller's organisation, the newest first, older than the entry `before`, with these column values."""
    query = sa.select(AuditEntry).where(AuditEntry.org_id == principal_of(session).org_id)
    for column, value in equal.items():
        query = query.where(getattr(AuditEntry, column) == value)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()
