"""Service tickets and the history of each."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Id, Instant, Versioned, belongs_to


class Ticket(Versioned, Base):
    """A service ticket as the desk knows it. `due_at` is what was promised."""

    __tablename__ = "ticket"

    account_id: Mapped[str] = belongs_to("account")
    number: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(300))
    description: Mapped[str | None] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.String(10), default="new")
    priority: Mapped[str] = mapped_column(sa.String(10), default="normal")
    category: Mapped[str | None] = mapped_column(sa.String(100))
    product_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("product.id", ondelete="SET NULL"))
    requester_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("person.id", ondelete="SET NULL"))
    assignee: Mapped[str | None] = mapped_column(sa.String(200))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    solved_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    reopened_count: Mapped[int] = mapped_column(default=0)
    url: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        sa.Index(
            "ix_ticket_org_id_account_id_status", "org_id", "account_id", "status", "solved_at", "id", "row_version"
        ),
        sa.Index("ix_ticket_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class TicketEvent(Base):
    """One step in a ticket's history: a change of status, priority or assignment, or a comment."""

    __tablename__ = "ticket_event"

    ticket_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    external_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(sa.String(20))
    value: Mapped[str | None] = mapped_column(sa.Text)
    actor: Mapped[str | None] = mapped_column(sa.String(200))
    public: Mapped[bool] = mapped_column(default=False)
