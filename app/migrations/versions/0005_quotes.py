"""catalogues, agreements, quotes with their versions and approvals"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Id, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("products", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("compilation", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'active', 'retired')", name=op.f("ck_catalogue_status")),
        sa.CheckConstraint("compilation IN ('compiling', 'ready', 'failed')", name=op.f("ck_catalogue_compilation")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_catalogue_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue")),
        sa.UniqueConstraint("org_id", "key", "version", name=op.f("uq_catalogue_org_id_key_version")),
    )
    op.create_index("ix_catalogue_org_id_status", "catalogue", ["org_id", "status", "id", "row_version"])
    op.create_index("ix_catalogue_org_id_updated_at_id", "catalogue", ["org_id", "updated_at", "id"])

    op.create_table(
        "catalogue_model",
        sa.Column("catalogue_id", Id(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("artefact", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("engine", sa.String(length=10), nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=True),
        sa.Column("solutions", sa.Text(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_catalogue_model_catalogue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_catalogue_model_org_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_model")),
        sa.UniqueConstraint("catalogue_id", "sku", name=op.f("uq_catalogue_model_catalogue_id_sku")),
    )

    op.create_table(
        "agreement",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_agreement_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_agreement_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_agreement_org_id_number")),
    )
    op.create_index("ix_agreement_org_id_account_id", "agreement", ["org_id", "account_id", "id", "row_version"])
    op.create_index("ix_agreement_org_id_updated_at_id", "agreement", ["org_id", "updated_at", "id"])

    op.create_table(
        "quote",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=True),
        sa.Column("visit_id", Id(), nullable=True),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("catalogue", sa.String(length=80), nullable=False),
        sa.Column("catalogue_version", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("price", sa.JSON(), nullable=True),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=True),
        sa.Column("difference", sa.JSON(), nullable=True),
        sa.Column("approvals", sa.JSON(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("copied_from", Id(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("viewed_at", Instant(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'in_approval', 'approved', 'refused', 'sent', 'viewed', 'accepted', 'declined', 'expired', 'withdrawn')",
            name=op.f("ck_quote_status"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_quote_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_quote_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quote_person_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_quote_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_quote_visit_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_quote_org_id_number")),
    )
    op.create_index(
        "ix_quote_org_id_account_id_updated_at",
        "quote",
        ["org_id", "account_id", "updated_at", "id", "row_version", "person_id", "visit_id", "user_id"],
    )
    op.create_index("ix_quote_org_id_updated_at_id", "quote", ["org_id", "updated_at", "id"])
    op.create_index("ix_quote_person_id", "quote", ["person_id"])
    op.create_index("ix_quote_status_valid_until", "quote", ["status", "valid_until"])
    op.create_index("ix_quote_user_id", "quote", ["user_id"])
    op.create_index("ix_quote_visit_id", "quote", ["visit_id"])

    op.create_table(
        "quote_version",
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("catalogue_hash", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.JSON(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("price", sa.JSON(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("sent_by", Id(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('open', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded')",
            name=op.f("ck_quote_version_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_quote_version_org_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_version_quote_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_version")),
        sa.UniqueConstraint("quote_id", "version", name=op.f("uq_quote_version_quote_id_version")),
    )

    op.create_table(
        "quote_approval",
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_by", Id(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("asked_why", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", Id(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'approved', 'refused', 'void')", name=op.f("ck_quote_approval_status")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_quote_approval_org_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_quote_approval_quote_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_approval")),
    )
    op.create_index("ix_quote_approval_quote_id", "quote_approval", ["quote_id", "status"])


def downgrade() -> None:
    op.drop_table("quote_approval")
    op.drop_table("quote_version")
    op.drop_table("quote")
    op.drop_table("agreement")
    op.drop_table("catalogue_model")
    op.drop_table("catalogue")
