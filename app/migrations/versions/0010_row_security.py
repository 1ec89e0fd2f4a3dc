"""row-level security on PostgreSQL"""

import sqlalchemy as sa
from alembic import op

from app.migrations.row_security import free, secure, secure_through

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# What belongs to an organisation through another row: (table, column, owner).
THROUGH = (("client_view", "client_group_id", "client_group"), ("attachment_chunk", "attachment_id", "attachment"))


def upgrade() -> None:
    """Go forward."""
    if op.get_bind().dialect.name != "postgresql":
        return
    secure("organisation", "id")
    for table in _of_organisations():
        secure(table)
    for table, column, owner in THROUGH:
        secure_through(table, column, owner)


def downgrade() -> None:
    """Go back."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, _column, _owner in THROUGH:
        free(table)
    for table in _of_organisations():
        free(table)
    free("organisation")


def _of_organisations() -> list[str]:
    """Every table that there is at this revision and that has an `org_id`."""
    inspector = sa.inspect(op.get_bind())
    return [
        name
        for name in sorted(inspector.get_table_names())
        if any(column["name"] == "org_id" for column in inspector.get_columns(name))
    ]
