"""Products, and subscriptions: what an account bought, how much of it, and until when."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, composite, mapped_column

from app.foundation.db import Base, Id, Versioned, belongs_to
from app.foundation.money import Money


class Product(Versioned, Base):
    """Something that the organisation sells."""

    __tablename__ = "product"

    sku: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(200))
    family: Mapped[str | None] = mapped_column(sa.String(100))
    description: Mapped[str | None] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.String(20), default="device")
    unit: Mapped[str | None] = mapped_column(sa.String(30))
    list_price_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    list_price_currency: Mapped[str | None] = mapped_column(sa.String(3))
    list_price: Mapped[Money | None] = composite("list_price_minor", "list_price_currency")
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "sku"),
        sa.Index("ix_product_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Subscription(Versioned, Base):
    """A sold product with its term: quantity, start, end, renewal."""

    __tablename__ = "subscription"

    account_id: Mapped[str] = belongs_to("account")
    product_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("product.id", ondelete="RESTRICT"))
    contract_number: Mapped[str | None] = mapped_column(sa.String(100))
    quantity: Mapped[int] = mapped_column(default=1)
    starts_on: Mapped[date] = mapped_column(sa.Date)
    ends_on: Mapped[date | None] = mapped_column(sa.Date)
    renews_on: Mapped[date | None] = mapped_column(sa.Date)
    term_months: Mapped[int | None]
    notice_days: Mapped[int | None]
    auto_renew: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(sa.String(10), default="active")
    price_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    price_currency: Mapped[str | None] = mapped_column(sa.String(3))
    price: Mapped[Money | None] = composite("price_minor", "price_currency")
    notes: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_subscription_org_id_account_id", "org_id", "account_id", "product_id", "id", "row_version"),
        sa.Index("ix_subscription_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )
