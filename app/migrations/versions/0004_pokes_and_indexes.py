"""pokes; indexes wide enough for a pull to compare versions without reading rows"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Index: table, columns that it had, columns that it has besides.
WIDER = {
    "ix_account_org_id_id": ("account", ["org_id", "id"], ["row_version"]),
    "ix_person_org_id_account_id": ("person", ["org_id", "account_id"], ["id", "row_version"]),
    "ix_goal_org_id_account_id": ("goal", ["org_id", "account_id"], ["id", "row_version", "person_id"]),
    "ix_promise_org_id_account_id": (
        "promise", ["org_id", "account_id"], ["id", "row_version", "person_id", "user_id", "visit_id"],
    ),
    "ix_subscription_org_id_account_id": ("subscription", ["org_id", "account_id"], ["product_id", "id", "row_version"]),
    "ix_visit_org_id_account_id_status": (
        "visit", ["org_id", "account_id", "status", "starts_at", "id"], ["row_version", "user_id"],
    ),
    "ix_ticket_org_id_account_id_status": (
        "ticket", ["org_id", "account_id", "status", "solved_at"], ["id", "row_version"],
    ),
    "ix_territory_org_id_account_id": ("territory", ["org_id", "account_id"], ["user_id", "starts_on", "ends_on"]),
    "ix_note_org_id_account_id_written_at": (
        "note", ["org_id", "account_id", "written_at"], ["id", "row_version", "visit_id", "user_id"],
    ),
    "ix_message_org_id_account_id_written_at": (
        "message", ["org_id", "account_id", "written_at"], ["id", "row_version", "visit_id", "user_id"],
    ),
    "ix_attachment_org_id_account_id_created_at": (
        "attachment", ["org_id", "account_id", "created_at"], ["id", "row_version", "visit_id", "user_id"],
    ),
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "poke",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poke")),
    )
    for name, (table, columns, more) in WIDER.items():
        op.drop_index(name, table)
        op.create_index(name, table, [*columns, *more])


def downgrade() -> None:
    for name, (table, columns, _more) in WIDER.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns)
    op.drop_table("poke")
