"""Tables of the ground floor: the organisation, external ids, jobs, the audit log, idempotency records."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Tenant
from app.foundation.ids import new_id


class Organisation(Base):
    """The company that runs Doorstep; every other row belongs to one."""

    __tablename__ = "organisation"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}


class ExternalId(Base):
    """What a connected system calls one of our rows: unique per organisation, kind of row and system."""

    __tablename__ = "external_id"

    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True)
    entity: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    system: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    external_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    row_id: Mapped[str] = mapped_column(Id, index=True)


class Job(Base):
    """A piece of background work, written in the caller's transaction (transactional outbox)."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    org_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(60))
    # What waits in one lane never waits behind what is in another.
    lane: Mapped[str] = mapped_column(sa.String(8), default="quick", server_default="quick")
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    dedup_key: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    run_at: Mapped[datetime] = mapped_column(default=clock.now)
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(10), default="queued")
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    # The W3C `traceparent` of the transaction that wrote it.
    trace: Mapped[str | None] = mapped_column(sa.String(64))
    # A relay gave the id to the broker, and gives it again when nobody has claimed the job until then.
    sent_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'parked')", name="state"),
        sa.Index("ix_job_lane_state_run_at_id", "lane", "state", "run_at", "id"),
    )


class AuditEntry(Tenant, Base):
    """Who did what, when and from where. Rows are only ever added."""

    __tablename__ = "audit_entry"

    at: Mapped[datetime] = mapped_column(default=clock.now)
    user_id: Mapped[str | None] = mapped_column(Id)
    via: Mapped[str] = mapped_column(sa.String(10))
    credential_id: Mapped[str | None] = mapped_column(Id)
    action: Mapped[str] = mapped_column(sa.String(60))
    entity: Mapped[str | None] = mapped_column(sa.String(40))
    row_id: Mapped[str | None] = mapped_column(Id)
    address: Mapped[str | None] = mapped_column(sa.String(45))
    request_id: Mapped[str | None] = mapped_column(sa.String(64))
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    __table_args__ = (
        sa.Index("ix_audit_entry_org_id_at", "org_id", "at"),
        # Who wrote a row last.
        sa.Index("ix_audit_entry_org_id_entity_row_id", "org_id", "entity", "row_id", "id"),
    )


class IdempotencyRecord(Base):
    """The answer given to an `Idempotency-Key`, kept to be given again."""

    __tablename__ = "idempotency_record"

    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    body: Mapped[bytes]
    headers: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
