"""Many rows in one statement: parameters go to the driver as they are stored, past the ORM and past per-row SQL.

SQLite takes executemany of tuples; PostgreSQL one array a column (`unnest`), which is one round trip however many rows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from app.connectors.memo import Memo
from app.foundation.db import Instant

Column = Sequence[Any]


def upsert_columns(
    session: Session, table: sa.Table, names: Sequence[str], columns: Sequence[Column], keys: Sequence[str]
) -> None:
    """Insert rows given as columns; a row that has the `keys` already gets the other values."""
    if not columns or not columns[0]:
        return
    dialect = session.get_bind().dialect
    stored = [
        _stored(column, _binder(table.c[name].type, dialect)) for name, column in zip(names, columns, strict=True)
    ]
    statement = _statement(table, tuple(names), tuple(keys), dialect)
    connection = session.connection()
    if dialect.name == "postgresql":
        connection.exec_driver_sql(statement, tuple(list(column) for column in stored))
    else:
        connection.exec_driver_sql(statement, list(zip(*stored, strict=True)))


def _stored(column: Column, binder: Memo[Any, Any] | None) -> Column:
    if binder is None:
        return column
    try:
        return list(map(binder.__getitem__, column))
    except TypeError:  # JSON values are not hashable
        return list(map(binder.make, column))


@cache
def _binder(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Memo[Any, Any] | None:
    """How values become what the driver takes, remembered: the same instants come again and again."""
    if isinstance(kind, Instant) and dialect.name == "sqlite":
        return Memo(_sqlite_instant)
    found = kind.dialect_impl(dialect).bind_processor(dialect)
    return None if found is None else Memo(found)


def _sqlite_instant(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it, in a third of the time."""
    return None if value is None else value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


@cache
def _statement(table: sa.Table, names: tuple[str, ...], keys: tuple[str, ...], dialect: Dialect) -> str:
    # Every name comes from our own tables.
    quote = dialect.identifier_preparer.quote
    listed = ", ".join(quote(name) for name in names)
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in names if name not in keys)
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    head = f"INSERT INTO {quote(table.name)} ({listed})"
    tail = f"ON CONFLICT ({', '.join(quote(key) for key in keys)}) DO {action}"
    if dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_array_type(table.c[name], dialect)}[]" for name in names)
        return f"{head} SELECT {_casts(table, names, dialect)} FROM unnest({arrays}) AS t ({listed}) {tail}"  # noqa: S608
    return f"{head} VALUES ({', '.join('?' * len(names))}) {tail}"


def _array_type(column: "sa.Column[Any]", dialect: Dialect) -> str:
    return "text" if isinstance(column.type, sa.JSON) else str(column.type.compile(dialect))


def _casts(table: sa.Table, names: Sequence[str], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    return ", ".join(
        f"{quote(name)}::json" if isinstance(table.c[name].type, sa.JSON) else quote(name) for name in names
    )
