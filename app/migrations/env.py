"""Alembic's entry: runs the migrations on the database that the caller opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from app.foundation import tenancy
from app.foundation.db import Database, Id, Instant
from app.tables import metadata

database: Database = context.config.attributes["database"]


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types by their own names in new migrations."""
    if kind == "type" and isinstance(item, Id | Instant):
        return f"{type(item).__name__}()"
    return False


with tenancy.as_system(), database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=database.is_sqlite,
        render_item=render,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()
