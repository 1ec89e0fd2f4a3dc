"""What each phone has been sent and has sent: client view records, mutation records, drafts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant, Versioned, belongs_to


class ClientGroup(Tenant, Base):
    """One installation of the phone app; `id` is the client group id that the phone made.

    `last_seq` is the number of the last mutation of its queue that was done. A revoked one is never served again.
    """

    __tablename__ = "client_group"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_pulled_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    name: Mapped[str | None] = mapped_column(sa.String(100))
    user_agent: Mapped[str | None] = mapped_column(sa.String(200))
    last_seq: Mapped[int] = mapped_column(default=0)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class ClientView(Base):
    """The rows, by type, id and version, that a phone holds after it applied the answer with this cookie.

    `order` grows within a client group and is never given twice, not even after the group was forgotten or the database
    restored: it starts from the clock (milliseconds). `digest` names the content of `rows`.
    """

    __tablename__ = "client_view"

    client_group_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("client_group.id", ondelete="CASCADE"), primary_key=True
    )
    order: Mapped[int] = mapped_column("view_order", sa.BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    rows: Mapped[bytes]


class MutationRecord(Base):
    """What was answered to a mutation, written in the transaction of its effect; its id is known for good by this.

    `made_at` and `skew_ms` are what the device said of its clock; `at` is ours. `answer` has the members `problem`,
    `draft` and `conflicts` as they were sent.
    """

    __tablename__ = "mutation_record"

    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_group_id: Mapped[str] = mapped_column(Id)
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    made_at: Mapped[datetime | None] = mapped_column(Instant)
    skew_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    result: Mapped[str] = mapped_column(sa.String(10))
    answer: Mapped[dict[str, Any]]


class Draft(Versioned, Base):
    """A mutation whose account its author lost meanwhile, kept for a manager to accept or dismiss."""

    __tablename__ = "draft"

    account_id: Mapped[str] = belongs_to("account")
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    mutation_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    args: Mapped[dict[str, Any]]
    made_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(sa.String(40))
    depends_on: Mapped[list[str]]
    status: Mapped[str] = mapped_column(sa.String(10), default="open")
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "user_id", "mutation_id"),
        sa.CheckConstraint("status IN ('open', 'accepted', 'dismissed')", name="status"),
        sa.Index("ix_draft_org_id_status_account_id", "org_id", "status", "account_id"),
        sa.Index("ix_draft_user_id", "user_id"),
    )
