"""Attachments: a description, and the content in the pieces in which it came."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Id, Instant, Versioned, belongs_to


class Attachment(Versioned, Base):
    """A photo or a document at an account or a visit. `received` bytes of `size` are here; `complete` once checked.

    `author` is the name, at that time, of who added it.
    """

    __tablename__ = "attachment"

    account_id: Mapped[str] = belongs_to("account")
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="SET NULL"))
    user_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(60))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    received: Mapped[int] = mapped_column(default=0)
    complete: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        sa.Index(
            "ix_attachment_org_id_account_id_created_at",
            "org_id",
            "account_id",
            "created_at",
            "id",
            "row_version",
            "visit_id",
            "user_id",
        ),
        sa.Index("ix_attachment_visit_id", "visit_id"),
        sa.Index("ix_attachment_user_id", "user_id"),
        sa.Index("ix_attachment_complete_updated_at", "complete", "updated_at"),
        sa.Index("ix_attachment_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Chunk(Base):
    """A piece of an attachment's content: its bytes from `start` on."""

    __tablename__ = "attachment_chunk"

    attachment_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)
