"""Backup while everything runs: one moment of the database, in one file.

A reader sees one moment on both kinds of database (WAL on SQLite, REPEATABLE READ on PostgreSQL) and keeps nobody from
writing meanwhile.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from app.foundation import clock, tenancy
from app.foundation.db import Database
from app.foundation.fields import instant_text
from app.operations.backup_file import BackupError, Head, Writer, check, whole_file
from app.operations.copying import Shape, rows_of


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: its rows by table and its size in bytes."""

    schema: str
    rows: dict[str, int]
    size: int


def backup(database: Database, path: Path) -> Made:
    """Write every row as of one moment to `path`, and read the file back; a file of that name is replaced at the end.

    BackupError when the database has no schema or is damaged, or the file cannot be written; then there is no file.
    """
    with tenancy.as_system(), database.read() as session, whole_file(path) as file:
        connection = session.connection()
        _check_source(connection)
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            raise BackupError("The database is empty: there is nothing to back up.")
        made_at = instant_text(clock.now())
        writer = Writer(file, Head(revision, made_at, connection.dialect.name, version("doorstep")))
        for table in Shape(connection).tables.values():
            writer.table(table, rows_of(connection, table))
        writer.end()
        file.flush()
        head, rows = check(Path(file.name))
    return Made(head.schema, rows, path.stat().st_size)


def _check_source(connection: sa.Connection) -> None:
    """A damaged SQLite file is found now, not on the day the backup is needed. PostgreSQL checks its pages as it reads."""
    if connection.dialect.name != "sqlite":
        return
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise BackupError(f"The database is damaged: {found}.")
