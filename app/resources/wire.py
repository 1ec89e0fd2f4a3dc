"""Rows to JSON bytes without building objects: what marshmallow would dump, straight from the columns.

A test compares both for every resource.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from app.foundation.db import Instant
from app.foundation.money import exponent
from app.resources.resource import Resource

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
Encoder = Callable[[Any], dict[str, Any]]


def columns(resource: Resource, dialect: str) -> list[sa.ColumnElement[Any]]:
    """What to select for `encoder`, in its order, in a form that needs as little work as possible in Python."""
    chosen: list[sa.ColumnElement[Any]] = []
    for name in resource.output_schema().fields:
        if name in resource.money_fields:
            chosen += [resource.table.c[f"{name}_minor"], resource.table.c[f"{name}_currency"]]
        else:
            chosen.append(_as_text(resource.table.c[name], dialect).label(name))
    return chosen


def _as_text(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """JSON as its text, so that it is not parsed only to be written again; on SQLite dates and instants as on the wire.

    SQLite keeps an instant as `2026-03-02 08:00:00.000000`; that conversion costs less there than in Python.
    """
    if isinstance(column.type, sa.JSON):
        return sa.cast(column, sa.Text)
    if dialect != "sqlite":
        return column
    text: sa.ColumnElement[str] = sa.type_coerce(column, sa.String)
    if isinstance(column.type, Instant):
        return sa.func.replace(sa.func.replace(text, " ", "T").concat("Z"), ".000000Z", "Z", type_=sa.String)
    return text if isinstance(column.type, sa.Date) else column


def encoder(resource: Resource) -> Encoder:
    """A function from a selected row to the members of its JSON object."""
    members = [f"        {name!r}: {_expression(resource, name)}," for name in resource.output_schema().fields]
    targets = "    (" + ", ".join(_targets(resource)) + ",) = row"
    source = ["def encode(row):", targets, "    return {", *members, "    }"]
    scope: dict[str, Any] = {"Fragment": orjson.Fragment, "money": _money}
    # The code is built from our own schema's field names alone; a loop over a plan costs three times as much a row.
    exec("\n".join(source), scope)  # noqa: S102
    made: Encoder = scope["encode"]
    return made


def _targets(resource: Resource) -> Iterable[str]:
    for name in resource.output_schema().fields:
        if name in resource.money_fields:
            yield from (f"{name}_minor", f"{name}_currency")
        else:
            yield name


def _expression(resource: Resource, name: str) -> str:
    if name in resource.money_fields:
        return f"money({name}_minor, {name}_currency)"
    column = resource.table.c[name]
    if isinstance(column.type, sa.JSON):
        return f"Fragment({name}) if {name} is not None else None" if column.nullable else f"Fragment({name})"
    return name


def _money(minor: int | None, currency: str | None) -> dict[str, str] | None:
    if minor is None or currency is None:
        return None
    places = exponent(currency)
    if places == 2 and minor >= 0:
        return {"amount": f"{minor // 100}.{minor % 100:02d}", "currency": currency}
    if not places:
        return {"amount": str(minor), "currency": currency}
    digits = str(abs(minor)).rjust(places + 1, "0")
    return {"amount": f"{'-' if minor < 0 else ''}{digits[:-places]}.{digits[-places:]}", "currency": currency}


def dumps(value: Any) -> bytes:
    """JSON bytes, instants in UTC with `Z`."""
    return orjson.dumps(value, option=OPTIONS)


def page(rows: Sequence[Any], encode: Encoder, next_cursor: str | None) -> bytes:
    """The JSON bytes of one page."""
    return dumps({"data": [encode(row) for row in rows], "next_cursor": next_cursor})
