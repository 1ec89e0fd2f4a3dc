"""Questions that are asked all day: compiled once, and on SQLite put to the driver itself.

A signed-in read is two such questions. Through SQLAlchemy's execution each costs four times what SQLite needs to answer
it; here it costs about as much as by hand, with the same types in and out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import visitors

Row = Sequence[Any]
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Text for the driver, the names of its parameters in order, constants among them, and conversions by position."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    conversions: tuple[tuple[int, Convert], ...]


class Prepared:
    """A SELECT with bound parameters, to be run many times; rows come as tuples in the order of its columns."""

    def __init__(self, statement: "sa.Select[Any] | sa.CompoundSelect[Any]") -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    def all(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Row]:
        """Every row for these values of the parameters."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, dict(values)).all()
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = _compile(self._statement, connection.dialect)
        given = {**compiled.constants, **values}
        parameters = [_for_sqlite(given[name]) for name in compiled.names]
        rows = _ask(connection, compiled.text, parameters)
        return [_convert(row, compiled.conversions) for row in rows] if compiled.conversions else rows

    def first(self, connection: sa.Connection, values: Mapping[str, Any]) -> Row | None:
        """The first row, if any."""
        rows = self.all(connection, values)
        return rows[0] if rows else None


def _compile(statement: "sa.Select[Any] | sa.CompoundSelect[Any]", dialect: Dialect) -> _Compiled:
    for part in visitors.iterate(statement):
        if isinstance(part, sa.BindParameter):
            part.required = False  # the values come when the question is put
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    conversions = []
    for place, column in enumerate(statement.selected_columns):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            conversions.append((place, convert))
    names = tuple(compiled.positiontup or ())
    return _Compiled(str(compiled), names, constants, tuple(conversions))


def _for_sqlite(value: Any) -> Any:
    """A parameter as SQLAlchemy keeps it in SQLite: instants as naive UTC text with microseconds, dates as ISO text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _ask(connection: sa.Connection, text: str, parameters: Sequence[Any]) -> Sequence[Row]:
    driver = connection.dialect.loaded_dbapi
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, parameters)
        return cursor.fetchall()
    except driver.Error as error:
        dialect = connection.dialect
        raise sa.exc.DBAPIError.instance(
            text, list(parameters), error, driver.Error, hide_parameters=True, dialect=dialect
        ) from error
    finally:
        cursor.close()


def _convert(row: Row, conversions: Sequence[tuple[int, Convert]]) -> Row:
    converted = list(row)
    for place, convert in conversions:
        converted[place] = convert(converted[place])
    return converted
