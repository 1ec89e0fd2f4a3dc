"""notes, threads and attachments"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Id, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("visit_id", Id(), nullable=True),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_note_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_note_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_note_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_note_visit_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index("ix_note_org_id_account_id_written_at", "note", ["org_id", "account_id", "written_at"])
    op.create_index("ix_note_org_id_updated_at_id", "note", ["org_id", "updated_at", "id"])
    op.create_index("ix_note_user_id", "note", ["user_id"])
    op.create_index("ix_note_visit_id", "note", ["visit_id"])

    op.create_table(
        "message",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("visit_id", Id(), nullable=True),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mentions", sa.JSON(), nullable=False),
        sa.Column("attached", sa.JSON(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_message_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_message_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_message_visit_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_org_id_account_id_written_at", "message", ["org_id", "account_id", "written_at"])
    op.create_index("ix_message_org_id_updated_at_id", "message", ["org_id", "updated_at", "id"])
    op.create_index("ix_message_user_id", "message", ["user_id"])
    op.create_index("ix_message_visit_id", "message", ["visit_id"])

    op.create_table(
        "attachment",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("visit_id", Id(), nullable=True),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_attachment_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_attachment_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_attachment_user_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_attachment_visit_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_complete_updated_at", "attachment", ["complete", "updated_at"])
    op.create_index("ix_attachment_org_id_account_id_created_at", "attachment", ["org_id", "account_id", "created_at"])
    op.create_index("ix_attachment_org_id_updated_at_id", "attachment", ["org_id", "updated_at", "id"])
    op.create_index("ix_attachment_user_id", "attachment", ["user_id"])
    op.create_index("ix_attachment_visit_id", "attachment", ["visit_id"])

    op.create_table(
        "attachment_chunk",
        sa.Column("attachment_id", Id(), nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_attachment_chunk_attachment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attachment_id", "start", name=op.f("pk_attachment_chunk")),
    )


def downgrade() -> None:
    op.drop_table("attachment_chunk")
    op.drop_table("attachment")
    op.drop_table("message")
    op.drop_table("note")
