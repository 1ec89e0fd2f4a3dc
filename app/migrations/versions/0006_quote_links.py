"""the customer's side of quotes: links, what was done there, questions, acceptances"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Id, Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _tenant(table: str) -> list[sa.schema.SchemaItem]:
    organisation = sa.ForeignKeyConstraint(
        ["org_id"], ["organisation.id"], name=op.f(f"fk_{table}_org_id"), ondelete="CASCADE"
    )
    key = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
    return [sa.Column("id", Id(), nullable=False), sa.Column("org_id", Id(), nullable=False), organisation, key]


def _refers(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "quote_link_key",
        sa.Column("org_id", Id(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        _refers("quote_link_key", "org_id", "organisation", "CASCADE"),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_quote_link_key")),
    )
    op.create_table(
        "quote_link",
        *_tenant("quote_link"),
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("tells_views", sa.Boolean(), nullable=False),
        _refers("quote_link", "quote_id", "quote", "CASCADE"),
    )
    op.create_index("ix_quote_link_quote_id", "quote_link", ["quote_id"])
    op.create_index("ix_quote_link_org_id", "quote_link", ["org_id", "id"])
    op.create_table(
        "quote_event",
        *_tenant("quote_event"),
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('viewed', 'asked', 'accepted', 'declined')", name=op.f("ck_quote_event_kind")),
        _refers("quote_event", "quote_id", "quote", "CASCADE"),
        _refers("quote_event", "link_id", "quote_link", "SET NULL"),
    )
    op.create_index("ix_quote_event_quote_id", "quote_event", ["quote_id", "at"])
    op.create_index("ix_quote_event_link_id", "quote_event", ["link_id"])
    op.create_table(
        "quote_question",
        *_tenant("quote_question"),
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=100), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=True),
        _refers("quote_question", "quote_id", "quote", "CASCADE"),
        _refers("quote_question", "link_id", "quote_link", "SET NULL"),
        _refers("quote_question", "user_id", "user_account", "SET NULL"),
    )
    op.create_index("ix_quote_question_quote_id", "quote_question", ["quote_id", "asked_at"])
    op.create_index("ix_quote_question_link_id", "quote_question", ["link_id"])
    op.create_index("ix_quote_question_user_id", "quote_question", ["user_id"])
    op.create_table(
        "quote_acceptance",
        *_tenant("quote_acceptance"),
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seen_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        _refers("quote_acceptance", "quote_id", "quote", "CASCADE"),
        _refers("quote_acceptance", "link_id", "quote_link", "SET NULL"),
        sa.UniqueConstraint("quote_id", name=op.f("uq_quote_acceptance_quote_id")),
    )
    op.create_index("ix_quote_acceptance_link_id", "quote_acceptance", ["link_id"])


def downgrade() -> None:
    for table in ("quote_acceptance", "quote_question", "quote_event", "quote_link", "quote_link_key"):
        op.drop_table(table)
