"""Restore: a backup's rows in place of what the database holds, in one transaction, while everything runs.

A backup of an older version is first brought forward in a database of its own, aside.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.foundation import pokes, tenancy
from app.foundation.db import Database, table_of
from app.foundation.tables import Organisation
from app.operations.backup import backup
from app.operations.backup_file import BackupError, Reader, check
from app.operations.copying import Shape, write_rows
from app.schema import at_head, head, is_known, migrate

ORGANISATIONS = table_of(Organisation)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought: rows by table, and the schema and moment of the backup."""

    schema: str
    made_at: str
    rows: dict[str, int]


def restore(database: Database, path: Path, *, replace: bool = False) -> Restored:
    """Put a backup's rows into a database: into an empty one, or with `replace` in place of all that it holds.

    All of it is one transaction: whoever reads meanwhile sees what was there before, and after a failure so does
    everybody. BackupError says why not: a damaged file, one of a newer version, a database that holds something.
    """
    made, rows = check(path)
    if not is_known(made.schema):
        raise BackupError(f"The backup is of a newer version (schema {made.schema}); restore it with that version.")
    _prepare(database, replace)
    with _brought_forward(path, made.schema) as current:
        loaded = _load(database, current, replace)
    return Restored(made.schema, made.made_at, rows if made.schema == head() else loaded)


def _prepare(database: Database, replace: bool) -> None:
    """See that the database has this version's schema, and holds nothing unless that may go."""
    with tenancy.as_system():
        if not at_head(database):
            with database.engine.connect() as connection:
                some = sa.inspect(connection).get_table_names()
            # On PostgreSQL the tables are made by their owner, who need not be whom we are here.
            if some or not database.is_sqlite:
                raise BackupError("The database has not the schema of this version; run `doorstep migrate` first.")
            migrate(database)
        with database.read() as session:
            _refuse_to_overwrite(session, replace)


def _refuse_to_overwrite(session: Session, replace: bool) -> None:
    if not replace and session.scalar(sa.select(ORGANISATIONS.c.id).limit(1)) is not None:
        raise BackupError("The database is not empty. Add --replace to lose what it holds.")


@contextmanager
def _brought_forward(path: Path, schema: str) -> Iterator[Path]:
    """The backup with this version's schema."""
    if schema == head():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="doorstep-restore-") as folder, tenancy.as_system():
        aside = Database(f"sqlite:///{folder}/aside.db")
        try:
            migrate(aside, schema)
            _load(aside, path, replace=True)
            migrate(aside)
            backup(aside, Path(folder) / "forward")
        finally:
            aside.dispose()
        yield Path(folder) / "forward"


def _load(database: Database, path: Path, replace: bool) -> dict[str, int]:
    """Write a checked backup's rows in one transaction; returns them by table."""
    try:
        with tenancy.as_system(), database.write() as session:
            connection = session.connection()
            shape = Shape(connection)
            _hold_writers(connection, shape)
            _refuse_to_overwrite(session, replace)
            for name in reversed(shape.tables):
                connection.execute(sa.delete(sa.table(name)))
            with path.open("rb") as file:
                reader = Reader(file)
                for table, batches in reader.tables():
                    write_rows(connection, shape, table, batches)
            _check_loaded(connection, reader.counts)
            _poke_everybody(session)
    except (DBAPIError, sqlite3.Error, psycopg.Error) as fault:
        refused = fault.orig if isinstance(fault, DBAPIError) else fault
        raise BackupError(f"The database refused the backup's rows: {type(refused).__name__}.") from fault
    return reader.counts


def _hold_writers(connection: sa.Connection, shape: Shape) -> None:
    if connection.dialect.name == "sqlite":
        # Rows that refer to each other are checked when all are there.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        return
    names = ", ".join(f'"{name}"' for name in shape.tables)
    connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")


def _check_loaded(connection: sa.Connection, counts: dict[str, int]) -> None:
    for name, count in counts.items():
        found = connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
        if found != count:
            raise BackupError(f"{found} of {count} rows of {name} arrived; nothing was changed.")
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise BackupError("Rows of the backup refer to rows that it lacks; nothing was changed.")


def _poke_everybody(session: Session) -> None:
    if "poke" in sa.inspect(session.connection()).get_table_names():
        for org_id in session.scalars(sa.select(ORGANISATIONS.c.id)):
            pokes.tell(session, org_id, everybody=True)
