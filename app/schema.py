"""The database schema: migrations forward, and whether a database has them all."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.foundation.db import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database"] = database
    return config


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the schema forward; on an up-to-date database this does nothing."""
    command.upgrade(_config(database), revision)


def grant(owner: Database, role: str) -> None:
    """Let a role of PostgreSQL read and write every table's rows, as far as row-level security lets it; not the tables.

    Done after each migration, as each may make tables.
    """
    name = owner.engine.dialect.identifier_preparer.quote_identifier(role)
    with owner.engine.connect() as connection:
        for rights in (
            f"USAGE ON SCHEMA public TO {name}",
            f"SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
            f"USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        ):
            connection.exec_driver_sql(f"GRANT {rights}")
        connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}")
        connection.commit()


def goes_around_row_security(database: Database) -> bool:
    """Whether row-level security does not hold the role that this PostgreSQL database is used with."""
    if database.is_sqlite:
        return False
    rights = sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    with database.engine.connect() as connection:
        return bool(connection.scalar(rights))


@cache
def _revisions() -> tuple[str, ...]:
    """Every revision, the newest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return tuple(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())


def head() -> str:
    """The revision of this version."""
    return _revisions()[0]


def is_known(revision: str) -> bool:
    """Whether this version knows how to go on from a revision; a newer version's it does not."""
    return revision in _revisions()


def at_head(database: Database) -> bool:
    """Whether the database answers and has every migration of this version."""
    try:
        with database.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head()
    except sa.exc.DBAPIError:
        return False
