"""pokes; indexes wide enough for a pull to compare versions without reading rows"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "poke",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poke")),
    )


def downgrade() -> None:
    op.drop_table("poke")
