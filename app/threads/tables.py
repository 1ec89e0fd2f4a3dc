"""The thread on an account or a visit, in which colleagues talk."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Id, Instant, Versioned, belongs_to


class Message(Versioned, Base):
    """One message, written once. `mentions` are ids of users; `attached` are briefing lines and attachments.

    `author` is the writer's name at that time. An element of `attached` is `{"kind": "line", "line": {kind, facts},
    "label"}` or `{"kind": "attachment", "id"}`.
    """

    __tablename__ = "message"

    account_id: Mapped[str] = belongs_to("account")
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="SET NULL"))
    user_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    mentions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    attached: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    written_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        sa.Index(
            "ix_message_org_id_account_id_written_at",
            "org_id",
            "account_id",
            "written_at",
            "id",
            "row_version",
            "visit_id",
            "user_id",
        ),
        sa.Index("ix_message_visit_id", "visit_id"),
        sa.Index("ix_message_user_id", "user_id"),
        sa.Index("ix_message_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )
