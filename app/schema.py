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


@cache
def _head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def at_head(database: Database) -> bool:
    """Whether the database answers and has every migration of this version."""
    try:
        with database.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == _head()
    except sa.exc.DBAPIError:
        return False
