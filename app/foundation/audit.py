"""The audit log: sign-ins, use of tokens, and writes, in the transaction of what they record.

Entries are only ever added. Reading them is for administrators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import has_request_context, request
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.ids import new_id
from app.foundation.logs import request_id
from app.foundation.principal import Principal, principal_of
from app.foundation.tables import AuditEntry


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
    session.execute(
        sa.insert(AuditEntry),
        {
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
            "details": details or {},
        },
    )


def read(session: Session, *, limit: int, before: str | None = None, **equal: str) -> Sequence[AuditEntry]:
    """Entries of the caller's organisation, the newest first, older than the entry `before`, with these column values."""
    query = sa.select(AuditEntry).where(AuditEntry.org_id == principal_of(session).org_id)
    for column, value in equal.items():
        query = query.where(getattr(AuditEntry, column) == value)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()
