"""lanes, traces and schedules of background work"""

import sqlalchemy as sa
from alembic import op

from app.foundation.db import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Kinds that waited for other systems, or took long, before there were lanes.
SLOW = ("news.poll", "catalogue.compile")


def upgrade() -> None:
    """Every new column has a default, so that the version before goes on writing jobs."""
    op.add_column("job", sa.Column("lane", sa.String(8), server_default="quick", nullable=False))
    op.add_column("job", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("job", sa.Column("trace", sa.String(64), nullable=True))
    op.add_column("job", sa.Column("sent_until", Instant(), nullable=True))
    job = sa.table("job", sa.column("kind"), sa.column("lane"))
    op.execute(job.update().where(job.c.kind.in_(SLOW)).values(lane="slow"))
    op.drop_index("ix_job_state_run_at", "job")
    op.create_index("ix_job_lane_state_run_at_id", "job", ["lane", "state", "run_at", "id"])


def downgrade() -> None:
    """Jobs stay; which lane they waited in is forgotten."""
    op.drop_index("ix_job_lane_state_run_at_id", "job")
    op.create_index("ix_job_state_run_at", "job", ["state", "run_at"])
    for name in ("sent_until", "trace", "version", "lane"):
        op.drop_column("job", name)
