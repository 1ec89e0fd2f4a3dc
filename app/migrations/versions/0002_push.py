"""push: mutation records, drafts, devices"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Id, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mutation_record",
        sa.Column("org_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("client_group_id", Id(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("skew_ms", sa.BigInteger(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_mutation_record_org_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_mutation_record_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("org_id", "user_id", "id", name=op.f("pk_mutation_record")),
    )
    op.create_index("ix_mutation_record_expires_at", "mutation_record", ["expires_at"])

    op.create_table(
        "draft",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("mutation_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("depends_on", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", Id(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'accepted', 'dismissed')", name=op.f("ck_draft_status")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_draft_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_draft_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_draft_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("org_id", "user_id", "mutation_id", name=op.f("uq_draft_org_id_user_id_mutation_id")),
    )
    op.create_index("ix_draft_org_id_status_account_id", "draft", ["org_id", "status", "account_id"])
    op.create_index("ix_draft_user_id", "draft", ["user_id"])

    # The defaults are for the rows that are there; the code always gives a value.
    op.add_column("client_group", sa.Column("name", sa.String(length=100), nullable=True))
    op.add_column("client_group", sa.Column("user_agent", sa.String(length=200), nullable=True))
    op.add_column("client_group", sa.Column("last_seq", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("client_group", sa.Column("revoked_at", Instant(), nullable=True))
    op.add_column("sign_in_session", sa.Column("client_group_id", Id(), nullable=True))
    op.add_column("sign_in_session", sa.Column("revoked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_audit_entry_org_id_entity_row_id", "audit_entry", ["org_id", "entity", "row_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entry_org_id_entity_row_id", "audit_entry")
    # Without the mark, a session that was revoked would let its phone in again.
    op.execute("DELETE FROM sign_in_session WHERE revoked")
    with op.batch_alter_table("sign_in_session") as batch_op:
        batch_op.drop_column("revoked")
        batch_op.drop_column("client_group_id")
    with op.batch_alter_table("client_group") as batch_op:
        batch_op.drop_column("revoked_at")
        batch_op.drop_column("last_seq")
        batch_op.drop_column("user_agent")
        batch_op.drop_column("name")
    op.drop_table("draft")
    op.drop_table("mutation_record")
