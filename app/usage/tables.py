"""How an account uses what it bought: series, their events and daily rollups."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Id, Instant, Versioned, belongs_to


class UsageSeries(Versioned, Base):
    """One metric of one account (running hours of its pumps, seats in use), with what it is entitled to."""

    __tablename__ = "usage_series"

    account_id: Mapped[str] = belongs_to("account")
    subscription_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("subscription.id", ondelete="SET NULL"))
    product_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("product.id", ondelete="SET NULL"))
    metric: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(200))
    unit: Mapped[str] = mapped_column(sa.String(30))
    aggregation: Mapped[str] = mapped_column(sa.String(10), default="sum")
    entitlement: Mapped[float | None] = mapped_column(sa.Double)
    entitlement_kind: Mapped[str | None] = mapped_column(sa.String(10))
    entitlement_period: Mapped[str | None] = mapped_column(sa.String(10))
    expected_every_hours: Mapped[int | None]
    source: Mapped[str | None] = mapped_column(sa.String(100))
    last_received_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        sa.Index("ix_usage_series_org_id_account_id", "org_id", "account_id", "metric"),
        sa.Index("ix_usage_series_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class UsageDaily(Base):
    """The value of a series for one calendar day of the account; a day without a row was not received."""

    __tablename__ = "usage_daily"

    series_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("usage_series.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    value: Mapped[float] = mapped_column(sa.Double)
    observed_at: Mapped[datetime] = mapped_column(Instant)


class UsageEvent(Base):
    """One consumption event as its source reported it; `external_id` makes receiving it twice harmless."""

    __tablename__ = "usage_event"

    series_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("usage_series.id", ondelete="CASCADE"), primary_key=True)
    external_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    value: Mapped[float] = mapped_column(sa.Double)

    __table_args__ = (sa.Index("ix_usage_event_series_id_at", "series_id", "at"),)
