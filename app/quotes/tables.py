"""Catalogues that are sold from, what was agreed with accounts, and quotes with their versions and approvals."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Id, Instant, Tenant, Versioned, belongs_to

# A quote's `link` and `questions` are told to phones; null is SQL's own, so that an empty one is empty.
_JSON = sa.JSON(none_as_null=True)


class Catalogue(Versioned, Base):
    """One version of a catalogue. Its document never changes; `status` says whether it is sold from.

    `document` is gzip of the canonical JSON, `hash` the SHA-256 of that JSON, and `content` what a phone downloads
    (document and compiled models, gzip JSON), absent until it is compiled. `problem` says why it could not be.
    """

    __tablename__ = "catalogue"

    key: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(200))
    format: Mapped[int]
    valid_from: Mapped[date | None] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    hash: Mapped[str] = mapped_column(sa.String(64))
    document: Mapped[bytes]
    content: Mapped[bytes | None]
    bytes: Mapped[int] = mapped_column(default=0)
    products: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(sa.String(10), default="draft")
    compilation: Mapped[str] = mapped_column(sa.String(10), default="compiling")
    problem: Mapped[dict[str, Any] | None] = mapped_column(_JSON)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "key", "version"),
        sa.CheckConstraint("status IN ('draft', 'active', 'retired')", name="status"),
        sa.CheckConstraint("compilation IN ('compiling', 'ready', 'failed')", name="compilation"),
        sa.Index("ix_catalogue_org_id_status", "org_id", "status", "id", "row_version"),
        sa.Index("ix_catalogue_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class CatalogueModel(Tenant, Base):
    """The compiled configuration model of one product of a catalogue version."""

    __tablename__ = "catalogue_model"

    catalogue_id: Mapped[str] = belongs_to("catalogue")
    sku: Mapped[str] = mapped_column(sa.String(100))
    artefact: Mapped[bytes]
    hash: Mapped[str] = mapped_column(sa.String(64))
    engine: Mapped[str] = mapped_column(sa.String(10))
    nodes: Mapped[int | None]
    solutions: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("catalogue_id", "sku"),)


class Agreement(Versioned, Base):
    """Prices agreed with an account: price steps that its quotes follow from `valid_from` to `valid_to` (inclusive)."""

    __tablename__ = "agreement"

    account_id: Mapped[str] = belongs_to("account")
    number: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(200))
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    steps: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "number"),
        sa.Index("ix_agreement_org_id_account_id", "org_id", "account_id", "id", "row_version"),
        sa.Index("ix_agreement_org_id_updated_at_id", "org_id", "updated_at", "id"),
    )


class Quote(Versioned, Base):
    """A quote as it stands: its newest version, sent or still a draft.

    `revision` counts what was entered (title, dates, content) and is what a change is based on; `row_version` grows with
    everything, such as a customer's look at it. `price` is the server's own and `digest` its name; `shown` is what the
    author's device showed, and `difference` what is between the two until the author accepts it. `approvals`,
    `questions` and `link` are what other tables hold, as it is shown beside the quote.
    """

    __tablename__ = "quote"

    account_id: Mapped[str] = belongs_to("account")
    person_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("person.id", ondelete="SET NULL"))
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="SET NULL"))
    user_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(sa.String(200))
    number: Mapped[str] = mapped_column(sa.String(20))
    title: Mapped[str] = mapped_column(sa.String(200))
    status: Mapped[str] = mapped_column(sa.String(12), default="draft")
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    valid_until: Mapped[date] = mapped_column(sa.Date)
    notes: Mapped[str | None] = mapped_column(sa.Text)
    currency: Mapped[str] = mapped_column(sa.String(3))
    catalogue: Mapped[str] = mapped_column(sa.String(80))
    catalogue_version: Mapped[str] = mapped_column(sa.String(40))
    content: Mapped[dict[str, Any]]
    price: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    totals: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    digest: Mapped[str | None] = mapped_column(sa.String(64))
    faults: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    shown: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    difference: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    approvals: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    questions: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    link: Mapped[str | None] = mapped_column(sa.Text)
    copied_from: Mapped[str | None] = mapped_column(Id)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    viewed_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(sa.String(200))
    decision_reason: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "number"),
        sa.CheckConstraint(
            "status IN ('draft', 'in_approval', 'approved', 'refused', 'sent', 'viewed', 'accepted', 'declined', "
            "'expired', 'withdrawn')",
            name="status",
        ),
        sa.Index(
            "ix_quote_org_id_account_id_updated_at",
            "org_id",
            "account_id",
            "updated_at",
            "id",
            "row_version",
            "person_id",
            "visit_id",
            "user_id",
        ),
        sa.Index("ix_quote_org_id_updated_at_id", "org_id", "updated_at", "id"),
        sa.Index("ix_quote_status_valid_until", "status", "valid_until"),
        sa.Index("ix_quote_person_id", "person_id"),
        sa.Index("ix_quote_visit_id", "visit_id"),
        sa.Index("ix_quote_user_id", "user_id"),
    )


class QuoteVersion(Tenant, Base):
    """A version as it was sent: it never changes, but for `outcome`, which says what became of it.

    `hash` is the SHA-256 of the canonical JSON of what the customer is bound by, and what an acceptance names.
    """

    __tablename__ = "quote_version"

    quote_id: Mapped[str] = belongs_to("quote")
    version: Mapped[int]
    hash: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str] = mapped_column(sa.String(200))
    valid_until: Mapped[date] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3))
    catalogue_hash: Mapped[str] = mapped_column(sa.String(64))
    customer: Mapped[dict[str, Any]]
    content: Mapped[dict[str, Any]]
    price: Mapped[dict[str, Any]]
    context: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(sa.String(64))
    outcome: Mapped[str] = mapped_column(sa.String(12), default="open")
    sent_at: Mapped[datetime] = mapped_column(Instant)
    sent_by: Mapped[str | None] = mapped_column(Id)
    author: Mapped[str] = mapped_column(sa.String(200))

    __table_args__ = (
        sa.UniqueConstraint("quote_id", "version"),
        sa.CheckConstraint(
            "outcome IN ('open', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded')", name="outcome"
        ),
    )


class QuoteApproval(Tenant, Base):
    """An approval that a version of a quote needs: by which rule and role, why it was asked for, who decided what."""

    __tablename__ = "quote_approval"

    quote_id: Mapped[str] = belongs_to("quote")
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    rule: Mapped[str] = mapped_column(sa.String(100))
    role: Mapped[str] = mapped_column(sa.String(20))
    line: Mapped[str | None] = mapped_column(sa.String(64))
    why: Mapped[str] = mapped_column(sa.Text)
    asked_by: Mapped[str | None] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_why: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("status IN ('waiting', 'approved', 'refused', 'void')", name="status"),
        sa.Index("ix_quote_approval_quote_id", "quote_id", "status"),
    )
