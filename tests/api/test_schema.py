"""Migrations make the schema that the code declares, on both databases, and readiness tells."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from app.foundation.db import Database
from app.schema import at_head, migrate
from app.tables import metadata
from tests.conftest import make_application


def test_migrations_make_exactly_the_declared_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)
    assert at_head(database)


def test_a_database_without_the_schema_is_not_ready(tmp_path: Any) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    client = make_application(empty).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    migrate(empty)
    assert client.get("/readyz").status_code == 200
    empty.dispose()
