"""Briefings as they were last composed: bytes with a version."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant


class StoredBriefing(Tenant, Base):
    """The briefing for an account, or for one of its planned visits, as the JSON bytes that are sent.

    `version` is the hash of the content and the ETag; `row_version` grows only when the content changed.
    """

    __tablename__ = "briefing"

    account_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"))
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="CASCADE"), unique=True)
    body: Mapped[bytes]
    version: Mapped[str] = mapped_column(sa.String(32))
    row_version: Mapped[int] = mapped_column(default=1)
    as_of: Mapped[datetime] = mapped_column(Instant)
    composed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    # Wide enough for a pull to compare versions without reading past the bodies.
    __table_args__ = (
        sa.Index("ix_briefing_org_id_account_id", "org_id", "account_id", "visit_id", "id", "row_version"),
    )
