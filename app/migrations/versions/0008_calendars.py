"""calendars of reps, their events, answers and feeds"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Id, Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("last_modified", sa.String(length=100), nullable=True),
        sa.Column("next_poll_at", Instant(), nullable=True),
        sa.Column("last_polled_at", Instant(), nullable=True),
        sa.Column("expanded_at", Instant(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint("kind IN ('file', 'url', 'caldav')", name=op.f("ck_calendar_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_calendar_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_calendar_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
    )
    op.create_index("ix_calendar_org_id", "calendar", ["org_id", "id"])
    op.create_index("ix_calendar_next_poll_at", "calendar", ["next_poll_at"])
    op.create_index("ix_calendar_user_id", "calendar", ["user_id", "id"])
    op.create_table(
        "calendar_event",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("calendar_id", Id(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("recurrence_id", sa.String(length=20), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("attendees", sa.JSON(), nullable=False),
        sa.Column("person_ids", sa.JSON(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", Id(), nullable=True),
        sa.Column("visit_id", Id(), nullable=True),
        sa.Column("match", sa.String(length=10), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.CheckConstraint("match IN ('matched', 'asked', 'dismissed', 'none')", name=op.f("ck_calendar_event_match")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_event_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_calendar_event_visit_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_calendar_event_org_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_calendar_event_account_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar.id"], name=op.f("fk_calendar_event_calendar_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_event")),
        sa.UniqueConstraint(
            "calendar_id", "uid", "recurrence_id", name=op.f("uq_calendar_event_calendar_id_uid_recurrence_id")
        ),
    )
    op.create_index("ix_calendar_event_account_id", "calendar_event", ["account_id"])
    op.create_index("ix_calendar_event_visit_id", "calendar_event", ["visit_id"])
    op.create_index("ix_calendar_event_user_id_match", "calendar_event", ["user_id", "match", "starts_at"])
    op.create_index("ix_calendar_event_org_id", "calendar_event", ["org_id", "id"])
    op.create_table(
        "calendar_answer",
        sa.Column("calendar_id", Id(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.Column("account_id", Id(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_calendar_answer_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar.id"], name=op.f("fk_calendar_answer_calendar_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_calendar_answer_org_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("calendar_id", "uid", name=op.f("pk_calendar_answer")),
    )
    op.create_index("ix_calendar_answer_account_id", "calendar_answer", ["account_id"])
    op.create_table(
        "calendar_feed",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_read_at", Instant(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("org_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_calendar_feed_org_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_calendar_feed_secret_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feed_user_id")),
    )
    op.create_index("ix_calendar_feed_org_id", "calendar_feed", ["org_id"])


def downgrade() -> None:
    for table in ("calendar_feed", "calendar_answer", "calendar_event", "calendar"):
        op.drop_table(table)
