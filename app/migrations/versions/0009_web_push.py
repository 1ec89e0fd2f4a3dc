"""devices, preferences and notices of Web Push"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Id, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _owned(table: str, column: str = "org_id", owner: str = "organisation") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "vapid_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("private_key", sa.String(length=43), nullable=False),
        sa.Column("public_key", sa.String(length=87), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_vapid_key_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vapid_key")),
    )
    op.create_table(
        "push_device",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("client_group_id", Id(), nullable=True),
        sa.Column("endpoint", sa.String(length=1000), nullable=False),
        sa.Column("p256dh", sa.String(length=87), nullable=False),
        sa.Column("auth", sa.String(length=22), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("renewed_at", Instant(), nullable=False),
        sa.Column("last_sent_at", Instant(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        _owned("push_device", "user_id", "user_account"),
        _owned("push_device", "client_group_id", "client_group"),
        _owned("push_device"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_device")),
        sa.UniqueConstraint("org_id", "endpoint", name=op.f("uq_push_device_org_id_endpoint")),
    )
    op.create_index("ix_push_device_user_id", "push_device", ["user_id"])
    op.create_index("ix_push_device_client_group_id", "push_device", ["client_group_id"])
    op.create_table(
        "notice_preference",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("evening_before", sa.Boolean(), nullable=False),
        sa.Column("evening_at", sa.String(length=5), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=False),
        sa.Column("quiet_to", sa.String(length=5), nullable=False),
        sa.Column("working_days", sa.JSON(), nullable=False),
        sa.Column("only_if_new", sa.Boolean(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=True),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        _owned("notice_preference", "user_id", "user_account"),
        _owned("notice_preference"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_preference")),
        sa.UniqueConstraint("user_id", name=op.f("uq_notice_preference_user_id")),
    )
    op.create_table(
        "planned_notice",
        sa.Column("visit_id", Id(), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        _owned("planned_notice", "user_id", "user_account"),
        _owned("planned_notice"),
        sa.PrimaryKeyConstraint("visit_id", "slot", name=op.f("pk_planned_notice")),
    )
    op.create_index("ix_planned_notice_org_id_bucket_due_at", "planned_notice", ["org_id", "bucket", "due_at"])
    op.create_index("ix_planned_notice_user_id", "planned_notice", ["user_id"])
    op.create_table(
        "notice",
        sa.Column("visit_id", Id(), nullable=False),
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("channel", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("digest", sa.String(length=32), nullable=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint("state IN ('sending', 'sent', 'skipped', 'failed')", name=op.f("ck_notice_state")),
        _owned("notice", "account_id", "account"),
        _owned("notice", "user_id", "user_account"),
        _owned("notice"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("visit_id", "channel", "slot", name=op.f("uq_notice_visit_id_channel_slot")),
    )
    op.create_index("ix_notice_org_id_account_id_due_at", "notice", ["org_id", "account_id", "due_at"])
    op.create_index("ix_notice_user_id_sent_at", "notice", ["user_id", "sent_at"])
    op.create_index("ix_notice_due_at", "notice", ["due_at"])


def downgrade() -> None:
    for table in ("notice", "planned_notice", "notice_preference", "push_device", "vapid_key"):
        op.drop_table(table)
