"""Drafts: mutations whose account the author lost before they arrived, kept until a manager decides."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.principal import Principal
from app.sync.envelope import Sent
from app.sync.tables import Draft

DRAFTS = table_of(Draft)


def keep(session: Session, principal: Principal, sent: Sent, account_id: str, reason: str, now: datetime) -> str:
    """Keep an undelivered mutation for a manager; returns the draft's id."""
    draft_id = new_id()
    draft = {
        "id": draft_id,
        "org_id": principal.org_id,
        "account_id": account_id,
        "user_id": principal.user_id,
        "mutation_id": sent.id,
        "name": sent.name,
        "version": sent.version,
        "args": dict(sent.given),
        "made_at": sent.made_at or now,
        "reason": reason,
        "depends_on": list(sent.depends_on),
        "status": "open",
        "created_at": now,
        "updated_at": now,
        "external_ids": {},
        "row_version": 1,
    }
    session.execute(sa.insert(DRAFTS), draft)
    audit.record(session, "draft.kept", "draft", draft_id, {"name": sent.name, "mutation": sent.id})
    return draft_id


def standing(session: Session, draft_id: str) -> tuple[str, str] | None:
    """Status and account of a draft."""
    row = session.execute(sa.select(DRAFTS.c.status, DRAFTS.c.account_id).where(DRAFTS.c.id == draft_id)).first()
    return (row.status, row.account_id) if row else None
