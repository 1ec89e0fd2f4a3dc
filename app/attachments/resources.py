"""Attachments as a resource of the API."""

import sqlalchemy as sa
from flask import has_app_context
from sqlalchemy.orm import Session

from app.attachments.schemas import AttachmentSchema
from app.attachments.tables import Attachment
from app.config import Settings
from app.foundation.db import table_of
from app.foundation.principal import Principal
from app.foundation.problems import Problem
from app.identity.access import settings
from app.identity.rules import guard_authorship
from app.resources.resource import Resource, Values, equal_ids, register
from app.visits.authorship import sign

TABLE = table_of(Attachment)


def _within_quota(session: Session, principal: Principal, values: Values) -> None:
    """Sign an attachment; Problem 409 when its author has no room left for it."""
    sign(session, principal, values)
    most = (settings() if has_app_context() else Settings()).attachment_quota_mb
    kept = sa.select(sa.func.coalesce(sa.func.sum(TABLE.c.size), 0)).where(TABLE.c.user_id == values["user_id"])
    if (session.scalar(kept) or 0) + values["size"] > most * 1_000_000:
        raise Problem(
            409,
            "attachment-quota",
            "No room for more attachments",
            f"The attachments of one user may have {most} MB together; delete some that are not needed any more.",
        )


ATTACHMENTS = register(
    Resource(
        name="attachments",
        entity="attachment",
        model=Attachment,
        schema=AttachmentSchema,
        references={"account_id": "account", "visit_id": "visit", "user_id": "user"},
        filters=equal_ids("account_id", "visit_id", "user_id"),
        complete=_within_quota,
        guard=guard_authorship,
        append_only=True,
    )
)
