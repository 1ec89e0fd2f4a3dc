"""Devices that take Web Push, how each rep wants to be told, and every notice that left or was left out."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant

ENDPOINT = 1000
_JSON = sa.JSON(none_as_null=True)


class VapidKey(Base):
    """The key by which push services know this installation (RFC 8292): one for all processes, made at first need.

    Both halves are base64url without padding: the private number (32 bytes) and the uncompressed public point (65).
    """

    __tablename__ = "vapid_key"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    private_key: Mapped[str] = mapped_column(sa.String(43))
    public_key: Mapped[str] = mapped_column(sa.String(87))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)


class PushDevice(Tenant, Base):
    """A browser that takes Web Push for a user: where to send, and the keys to encrypt for it (RFC 8291).

    It goes with the client group of its phone, so that a device that signed out or was revoked is told nothing more.
    `problem` says why the last message did not arrive.
    """

    __tablename__ = "push_device"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    client_group_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("client_group.id", ondelete="CASCADE"))
    endpoint: Mapped[str] = mapped_column(sa.String(ENDPOINT))
    p256dh: Mapped[str] = mapped_column(sa.String(87))
    auth: Mapped[str] = mapped_column(sa.String(22))
    name: Mapped[str | None] = mapped_column(sa.String(100))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    renewed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_sent_at: Mapped[datetime | None] = mapped_column(Instant)
    problem: Mapped[dict[str, Any] | None] = mapped_column(_JSON)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "endpoint"),
        sa.Index("ix_push_device_user_id", "user_id"),
        sa.Index("ix_push_device_client_group_id", "client_group_id"),
    )


class NoticePreference(Tenant, Base):
    """When and about what a user wants to be told; times of day are `HH:MM` in the user's time zone."""

    __tablename__ = "notice_preference"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), unique=True)
    lead_minutes: Mapped[int] = mapped_column(default=60)
    evening_before: Mapped[bool] = mapped_column(default=True)
    evening_at: Mapped[str] = mapped_column(sa.String(5), default="18:00")
    quiet_from: Mapped[str] = mapped_column(sa.String(5), default="21:00")
    quiet_to: Mapped[str] = mapped_column(sa.String(5), default="07:00")
    working_days: Mapped[list[Any]] = mapped_column(sa.JSON, default=lambda: [1, 2, 3, 4, 5])
    only_if_new: Mapped[bool] = mapped_column(default=False)
    kinds: Mapped[list[Any] | None] = mapped_column(_JSON)
    email: Mapped[bool] = mapped_column(default=True)


class PlannedNotice(Base):
    """What a user is to be told about a visit, and when: written as visits and preferences change, gone once it was done.

    Notices of one organisation, minute and `bucket` are sent together, by one job.
    """

    __tablename__ = "planned_notice"

    visit_id: Mapped[str] = mapped_column(Id, primary_key=True)
    slot: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(Instant)
    bucket: Mapped[int]

    __table_args__ = (
        sa.Index("ix_planned_notice_org_id_bucket_due_at", "org_id", "bucket", "due_at"),
        sa.Index("ix_planned_notice_user_id", "user_id"),
    )


class Notice(Tenant, Base):
    """What a user was told about a visit, by which channel and why; `(visit_id, channel, slot)` happens once.

    `channel` is a push device's id, or `email:` or `none:` (what was left out) and its user in 22 characters. `slot` names
    the occasion and the start that it speaks of. A visit that was deleted keeps its notices, so that its rep can be told.
    `told` is what the reader knows by it: start, digest of the lines, open urgent tickets, news that matters.
    """

    __tablename__ = "notice"

    visit_id: Mapped[str] = mapped_column(Id)
    account_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(sa.String(36))
    slot: Mapped[str] = mapped_column(sa.String(40))
    due_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(sa.String(10), default="sending")
    fence: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(sa.String(300))
    digest: Mapped[str | None] = mapped_column(sa.String(32))
    told: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        sa.UniqueConstraint("visit_id", "channel", "slot"),
        sa.CheckConstraint("state IN ('sending', 'sent', 'skipped', 'failed')", name="state"),
        sa.Index("ix_notice_org_id_account_id_due_at", "org_id", "account_id", "due_at"),
        sa.Index("ix_notice_user_id_sent_at", "user_id", "sent_at"),
        sa.Index("ix_notice_due_at", "due_at"),
    )
