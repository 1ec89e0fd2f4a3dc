"""PostgreSQL's row-level security: what a migration that makes a table calls for it.

A row is seen and written by a transaction that said it works for the row's organisation, or for the whole installation
(`app/foundation/tenancy.py`). FORCE holds the tables' owner to that too; only a superuser, or a role with BYPASSRLS, goes
around it.
"""

from alembic import op

POLICY = "of_the_organisation"
# Sub-selects are worked out once a query, not once a row.
_SAID = "(SELECT current_setting('doorstep.org', true))"
_OURS = "(SELECT nullif(nullif(current_setting('doorstep.org', true), ''), '*')::uuid)"


def secure(table: str, org_column: str = "org_id") -> None:
    """Have the rows of a table seen and written only for their organisation."""
    _secure(table, f"{org_column} = {_OURS} OR {_SAID} = '*'")


def secure_through(table: str, column: str, owner: str) -> None:
    """Have the rows of a table without an organisation of its own seen and written as the row they belong to is."""
    _secure(table, f"EXISTS (SELECT 1 FROM {owner} WHERE {owner}.id = {table}.{column})")  # noqa: S608


def _secure(table: str, condition: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({condition})")


def free(table: str) -> None:
    """Undo `secure` or `secure_through`."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"DROP POLICY {POLICY} ON {table}")
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
