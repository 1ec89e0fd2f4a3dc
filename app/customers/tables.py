"""Accounts, the people there, and what was agreed with them: goals, promises, past opportunities."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, composite, mapped_column

from app.foundation.db import Base, Id, Versioned, belongs_to
from app.foundation.money import Money


class Account(Versioned, Base):
    """A customer, a prospect or a former customer."""

    __tablename__ = "account"

    name: Mapped[str] = mapped_column(sa.String(200))
    aliases: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    industry: Mapped[str | None] = mapped_column(sa.String(100))
    status: Mapped[str] = mapped_column(sa.String(20), default="customer")
    employees: Mapped[int | None]
    revenue_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    revenue_currency: Mapped[str | None] = mapped_column(sa.String(3))
    revenue: Mapped[Money | None] = composite("revenue_minor", "revenue_currency")
    website: Mapped[str | None] = mapped_column(sa.String(500))
    phone: Mapped[str | None] = mapped_column(sa.String(50))
    address: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    latitude: Mapped[float | None] = mapped_column(sa.Double)
    longitude: Mapped[float | None] = mapped_column(sa.Double)
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    parent_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="SET NULL"))
    competitors: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    notes: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        # Wide enough for a pull to compare versions without reading rows.
        sa.Index("ix_account_org_id_id", "org_id", "id", "row_version"),
        sa.Index("ix_account_org_id_updated_at_id", "org_id", "updated_at", "id"),
        sa.Index("ix_account_org_id_name", "org_id", "name"),
    )


class Person(Versioned, Base):
    """Someone at an account: what they decide, how they want to be reached, and what they allowed."""

    __tablename__ = "person"

    account_id: Mapped[str] = belongs_to("account")
    name: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str | None] = mapped_column(sa.String(200))
    role: Mapped[str] = mapped_column(sa.String(20), default="other")
    email: Mapped[str | None] = mapped_column(sa.String(254))
    phone: Mapped[str | None] = mapped_column(sa.String(50))
    mobile: Mapped[str | None] = mapped_column(sa.String(50))
    language: Mapped[str | None] = mapped_column(sa.String(35))
    preferred_channel: Mapped[str | None] = mapped_column(sa.String(10))
    preferred_times: Mapped[str | None] = mapped_column(sa.String(200))
    consent: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    started_on: Mapped[date | None] = mapped_column(sa.Date)
    left_on: Mapped[date | None] = mapped_column(sa.Date)
    notes: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_person_org_id_account_id", "org_id", "account_id", "id", "row_version"),
        sa.Index("ix_person_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Goal(Versioned, Base):
    """What the customer wants to reach, in its own words, with a target and a date."""

    __tablename__ = "goal"

    account_id: Mapped[str] = belongs_to("account")
    person_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("person.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(sa.String(300))
    target: Mapped[str | None] = mapped_column(sa.String(300))
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    status: Mapped[str] = mapped_column(sa.String(10), default="open")

    __table_args__ = (
        sa.Index("ix_goal_org_id_account_id", "org_id", "account_id", "id", "row_version", "person_id"),
        sa.Index("ix_goal_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Promise(Versioned, Base):
    """What a colleague promised someone at the account, and by when."""

    __tablename__ = "promise"

    account_id: Mapped[str] = belongs_to("account")
    person_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("person.id", ondelete="SET NULL"))
    user_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(sa.String(500))
    made_on: Mapped[date] = mapped_column(sa.Date)
    due_on: Mapped[date] = mapped_column(sa.Date)
    status: Mapped[str] = mapped_column(sa.String(10), default="open")
    kept_on: Mapped[date | None] = mapped_column(sa.Date)

    __table_args__ = (
        sa.Index(
            "ix_promise_org_id_account_id",
            "org_id",
            "account_id",
            "id",
            "row_version",
            "person_id",
            "user_id",
            "visit_id",
        ),
        sa.Index("ix_promise_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Opportunity(Versioned, Base):
    """A past or running deal as another system knows it; some come without an account."""

    __tablename__ = "opportunity"

    account_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"))
    product_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("product.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(sa.String(200))
    stage: Mapped[str] = mapped_column(sa.String(20))
    value_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    value_currency: Mapped[str | None] = mapped_column(sa.String(3))
    value: Mapped[Money | None] = composite("value_minor", "value_currency")
    opened_on: Mapped[date | None] = mapped_column(sa.Date)
    closed_on: Mapped[date | None] = mapped_column(sa.Date)
    owner_name: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        sa.Index("ix_opportunity_org_id_account_id", "org_id", "account_id"),
        sa.Index("ix_opportunity_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )
