"""The customer's side of a quote: the link that they follow, what they asked, and their acceptance."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant, belongs_to

_JSON = sa.JSON(none_as_null=True)


class LinkKey(Base):
    """The organisation's key: the secret part of each of its links is an HMAC of the link's id under it."""

    __tablename__ = "quote_link_key"

    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class QuoteLink(Tenant, Base):
    """A link under which a customer finds a quote, without signing in, until it expires or is revoked.

    `tells_views` is the customer's own switch: only then is it noted that the page was looked at, and the seller told.
    """

    __tablename__ = "quote_link"

    quote_id: Mapped[str] = belongs_to("quote")
    created_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    tells_views: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.Index("ix_quote_link_quote_id", "quote_id"), sa.Index("ix_quote_link_org_id", "org_id", "id"))


class QuoteEvent(Tenant, Base):
    """What a customer did on the page of a quote. Views are among it only while the customer's switch is on."""

    __tablename__ = "quote_event"

    quote_id: Mapped[str] = belongs_to("quote")
    link_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("quote_link.id", ondelete="SET NULL"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(12))
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    __table_args__ = (
        sa.CheckConstraint("kind IN ('viewed', 'asked', 'accepted', 'declined')", name="kind"),
        sa.Index("ix_quote_event_quote_id", "quote_id", "at"),
        sa.Index("ix_quote_event_link_id", "link_id"),
    )


class QuoteQuestion(Tenant, Base):
    """A question that a customer asked, about a line or the whole, and what was answered. `author` answered."""

    __tablename__ = "quote_question"

    quote_id: Mapped[str] = belongs_to("quote")
    link_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("quote_link.id", ondelete="SET NULL"))
    version: Mapped[int]
    line: Mapped[str | None] = mapped_column(sa.String(100))
    text: Mapped[str] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    answer: Mapped[str | None] = mapped_column(sa.Text)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    user_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    author: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        sa.Index("ix_quote_question_quote_id", "quote_id", "asked_at"),
        sa.Index("ix_quote_question_link_id", "link_id"),
        sa.Index("ix_quote_question_user_id", "user_id"),
    )


class Acceptance(Tenant, Base):
    """A customer's acceptance of a version, named by its hash. A quote has one at most, whoever sends it how often."""

    __tablename__ = "quote_acceptance"

    quote_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("quote.id", ondelete="CASCADE"), nullable=False)
    link_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("quote_link.id", ondelete="SET NULL"))
    version: Mapped[int]
    hash: Mapped[str] = mapped_column(sa.String(64))
    seen_hash: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(200))
    accepted_on: Mapped[date] = mapped_column(sa.Date)
    accepted_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    changes: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)

    __table_args__ = (sa.UniqueConstraint("quote_id"), sa.Index("ix_quote_acceptance_link_id", "link_id"))
