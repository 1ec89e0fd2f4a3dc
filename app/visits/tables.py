"""Visits: planned, done and cancelled; and notes, which are written once and stay as they are."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Id, Instant, Versioned, belongs_to


class Visit(Versioned, Base):
    """A rep's visit to an account: when, where, whom to meet, and afterwards what was said."""

    __tablename__ = "visit"

    account_id: Mapped[str] = belongs_to("account")
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    time_zone: Mapped[str] = mapped_column(sa.String(64))
    place: Mapped[str | None] = mapped_column(sa.String(300))
    purpose: Mapped[str | None] = mapped_column(sa.String(300))
    status: Mapped[str] = mapped_column(sa.String(10), default="planned")
    attendee_ids: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    outcome: Mapped[str | None] = mapped_column(sa.String(300))
    notes: Mapped[str | None] = mapped_column(sa.Text)
    next_step: Mapped[str | None] = mapped_column(sa.String(300))
    done_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        sa.CheckConstraint("ends_at >= starts_at", name="times"),
        sa.Index("ix_visit_org_id_account_id_starts_at", "org_id", "account_id", "starts_at"),
        sa.Index(
            "ix_visit_org_id_account_id_status",
            "org_id",
            "account_id",
            "status",
            "starts_at",
            "id",
            "row_version",
            "user_id",
        ),
        sa.Index("ix_visit_user_id_starts_at", "user_id", "starts_at"),
        sa.Index("ix_visit_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Note(Versioned, Base):
    """What somebody wrote down about an account, or at a visit to it. `author` is the writer's name at that time."""

    __tablename__ = "note"

    account_id: Mapped[str] = belongs_to("account")
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="SET NULL"))
    user_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    written_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        sa.Index(
            "ix_note_org_id_account_id_written_at",
            "org_id",
            "account_id",
            "written_at",
            "id",
            "row_version",
            "visit_id",
            "user_id",
        ),
        sa.Index("ix_note_visit_id", "visit_id"),
        sa.Index("ix_note_user_id", "user_id"),
        sa.Index("ix_note_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )
