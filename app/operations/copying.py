"""Rows of a table out of and into either kind of database, in values that both understand.

PostgreSQL sends and takes them by COPY. Rows come in through a table of this transaction's own: COPY does not go where
row-level security is forced, and an INSERT does.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.operations.backup_file import BackupError, Column, Row, Table

BATCH = 500
# Pokes are word for listeners of the moment; the revision stands in the head of the file.
LEFT_OUT = frozenset({"alembic_version", "poke"})
# Every kind: how PostgreSQL sends it (`{}` is the column), and as what it crosses the line.
_OUT = {
    "text": ("{}::text", "text"),
    "json": ("{}::text", "text"),
    "int": ("{}::int8", "int8"),
    "float": ("{}::float8", "float8"),
    "bool": ("{}", "bool"),
    "bytes": ("{}", "bytea"),
    "date": ("to_char({}, 'YYYY-MM-DD')", "text"),
    "instant": ("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "text"),
}
_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.Boolean, "bool"),
    (sa.Integer, "int"),
    (sa.Float, "float"),
    (sa.DateTime, "instant"),
    (sa.Date, "date"),
    (sa.JSON, "json"),
    (sa.LargeBinary, "bytes"),
    (sa.Uuid, "text"),
    (sa.String, "text"),
)


class Shape:
    """The tables of a database as they are: whatever revision it has, and in an order in which rows can be written."""

    def __init__(self, connection: Connection) -> None:
        found = sa.MetaData()
        found.reflect(connection)
        self._found = {str(table.name): table for table in found.sorted_tables if table.name not in LEFT_OUT}
        self.tables = {
            name: Table(name, tuple(Column(str(column.name), _kind(column)) for column in table.columns))
            for name, table in self._found.items()
        }

    def type_of(self, connection: Connection, table: str, column: str) -> str:
        """A column's type as the database spells it."""
        return self._found[table].columns[column].type.compile(connection.dialect)


def _kind(column: "sa.Column[Any]") -> str:
    for type_, kind in _KINDS:
        if isinstance(column.type, type_):
            return kind
    raise BackupError(f"{column.table.name}.{column.name} is of a type that backups do not know: {column.type!r}.")


def rows_of(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """A table's rows as this transaction sees them, in batches."""
    if connection.dialect.name == "sqlite":
        yield from _from_sqlite(connection, table)
    else:
        yield from _from_postgresql(connection, table)


def _from_sqlite(connection: Connection, table: Table) -> Iterator[list[Row]]:
    driver: Any = connection.connection.driver_connection
    booleans = [place for place, column in enumerate(table.columns) if column.kind == "bool"]
    with closing(driver.cursor()) as cursor:
        cursor.execute(f"SELECT {_names(table.columns)} FROM {_quoted(table.name)}")  # noqa: S608
        while rows := cursor.fetchmany(BATCH):
            yield [_with_booleans(row, booleans) for row in rows] if booleans else rows


def _with_booleans(row: Row, places: Sequence[int]) -> Row:
    values = list(row)
    for place in places:
        values[place] = None if values[place] is None else bool(values[place])
    return values


def _from_postgresql(connection: Connection, table: Table) -> Iterator[list[Row]]:
    driver: Any = connection.connection.driver_connection
    wanted = ", ".join(_OUT[column.kind][0].format(_quoted(column.name)) for column in table.columns)
    question = f"COPY (SELECT {wanted} FROM {_quoted(table.name)}) TO STDOUT (FORMAT BINARY)"  # noqa: S608
    with driver.cursor() as cursor, cursor.copy(question) as copy:
        copy.set_types([_OUT[column.kind][1] for column in table.columns])
        rows: list[Row] = []
        for row in copy.rows():
            rows.append(row)
            if len(rows) == BATCH:
                yield rows
                rows = []
        if rows:
            yield rows


def write_rows(connection: Connection, shape: Shape, table: Table, batches: Iterable[Sequence[Row]]) -> None:
    """Write rows into a table; its columns may stand in another order there."""
    here = shape.tables.get(table.name)
    if here is None or set(here.columns) != set(table.columns):
        raise BackupError(f"The table {table.name} of the backup is not as this database has it.")
    if connection.dialect.name == "sqlite":
        _into_sqlite(connection, table, batches)
    else:
        _into_postgresql(connection, shape, table, batches)


def _into_sqlite(connection: Connection, table: Table, batches: Iterable[Sequence[Row]]) -> None:
    driver: Any = connection.connection.driver_connection
    marks = ", ".join("?" * len(table.columns))
    insert = f"INSERT INTO {_quoted(table.name)} ({_names(table.columns)}) VALUES ({marks})"  # noqa: S608
    for rows in batches:
        driver.executemany(insert, rows)


def _into_postgresql(connection: Connection, shape: Shape, table: Table, batches: Iterable[Sequence[Row]]) -> None:
    driver: Any = connection.connection.driver_connection
    types = [_OUT[column.kind][1] for column in table.columns]
    names = _names(table.columns)
    coming = ", ".join(f"{_quoted(column.name)} {type_}" for column, type_ in zip(table.columns, types, strict=True))
    with driver.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE coming ({coming}) ON COMMIT DROP")
        with cursor.copy(f"COPY coming ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for rows in batches:
                for row in rows:
                    copy.write_row(row)
        wanted = ", ".join(
            _as_kept(column, shape.type_of(connection, table.name, column.name)) for column in table.columns
        )
        cursor.execute(f"INSERT INTO {_quoted(table.name)} ({names}) SELECT {wanted} FROM coming")  # noqa: S608
        cursor.execute("DROP TABLE coming")


def _as_kept(column: Column, type_: str) -> str:
    if column.kind == "instant":
        return f"{_quoted(column.name)}::timestamp AT TIME ZONE 'UTC'"
    return f"{_quoted(column.name)}::{type_}"


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(_quoted(column.name) for column in columns)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
