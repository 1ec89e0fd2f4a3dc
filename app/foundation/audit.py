"""The audit log: sign-ins, use of tokens, and writes, in the transaction of what they record."""

from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context, request
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.ids import new_id
from app.foundation.principal import Principal, principal_of
from app.foundation.tables import AuditEntry


def record(
    session: Session,
    action: str,
    entity: str | None = None,
    row_id: str | None = None,
    details: dict[str, Any] | None = None,
    *,
    principal: Principal | None = None,
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
            "address": request.remote_addr if has_request_context() else None,
            "request_id": g.get("request_id") if has_request_context() else None,
            "details": details or {},
        },
    )
