"""Reading rows: one by id, and lists in pages. Statements are built once for each shape of question."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import table_of
from app.foundation.fields import Moment
from app.foundation.prepared import Prepared
from app.foundation.principal import Role, principal_of
from app.foundation.problems import FieldError, invalid, not_found
from app.foundation.tables import ExternalId
from app.identity.territory import sight, visible_to_role
from app.resources import wire
from app.resources.resource import CURSOR, Resource, resource_of

EXTERNAL = table_of(ExternalId)
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_MOMENT = Moment()


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as it is answered: its id, its version (the ETag) and its JSON bytes."""

    id: str
    row_version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Shape:
    """What distinguishes the statements of a list, apart from the values in it."""

    entity: str
    dialect: str
    role: Role
    by_change: bool
    after_cursor: bool
    external_id: bool
    filters: tuple[str, ...]


@cache
def _encoder(entity: str) -> wire.Encoder:
    return wire.encoder(resource_of(entity))


@cache
def _one(entity: str, dialect: str, role: Role) -> Prepared:
    resource = resource_of(entity)
    table = resource.table
    seen = visible_to_role(role, table, resource.account_column)
    return Prepared(sa.select(*wire.columns(resource, dialect)).where(table.c.id == sa.bindparam("row_id"), seen))


def read(session: Session, resource: Resource, row_id: str) -> Stored:
    """One row that the caller can see; Problem 404 otherwise."""
    principal, connection = principal_of(session), session.connection()
    question = _one(resource.entity, connection.dialect.name, principal.role)
    row = question.first(connection, {"row_id": row_id, **sight(principal)})
    if row is None:
        raise not_found(resource.noun)
    members = _encoder(resource.entity)(row)
    return Stored(members["id"], members["row_version"], wire.dumps(members))


def list_page(session: Session, resource: Resource, query: Mapping[str, Any]) -> bytes:
    """One page as JSON bytes: in order of id, or of change when `updated_since` is given."""
    principal, connection = principal_of(session), session.connection()
    used = tuple(sorted(name for name in resource.filters if name in query))
    by_change = "updated_since" in query
    shape = _Shape(
        entity=resource.entity,
        dialect=connection.dialect.name,
        role=principal.role,
        by_change=by_change,
        after_cursor="cursor" in query,
        external_id="external_id" in query,
        filters=tuple(name for name in used if resource.filters[name].prepared),
    )
    limit = query["limit"]
    values = {**sight(principal), "page_size": limit + 1, **{f"only_{name}": query[name] for name in shape.filters}}
    if by_change:
        values["since"] = query["updated_since"]
    if shape.after_cursor:
        values["mark_at"], values["mark_id"] = read_cursor(query["cursor"])
    if shape.external_id:
        values["known_system"], _, values["known_id"] = query["external_id"].partition(":")
    others = [
        resource.filters[name].condition(resource.table, query[name]) for name in used if name not in shape.filters
    ]
    question = Prepared(_statement(shape).where(*others)) if others else _many(shape)
    rows = question.all(connection, values)
    encode = _encoder(resource.entity)
    if len(rows) <= limit:
        return wire.page(rows, encode, None)
    last = encode(rows[limit - 1])
    return wire.page(rows[:limit], encode, _cursor(last))


@cache
def _many(shape: _Shape) -> Prepared:
    return Prepared(_statement(shape))


@cache
def _statement(shape: _Shape) -> "sa.Select[Any]":
    resource = resource_of(shape.entity)
    table = resource.table
    conditions = [visible_to_role(shape.role, table, resource.account_column)]
    if shape.by_change:
        conditions.append(table.c.updated_at >= sa.bindparam("since"))
    if shape.after_cursor:
        conditions.append(_after_mark(table, by_change=shape.by_change))
    if shape.external_id:
        conditions.append(table.c.id.in_(_rows_known_as(resource)))
    conditions += [resource.filters[name].condition(table, sa.bindparam(f"only_{name}")) for name in shape.filters]
    order = [table.c.updated_at, table.c.id] if shape.by_change else [table.c.id]
    statement = sa.select(*wire.columns(resource, shape.dialect)).where(*conditions).order_by(*order)
    return statement.limit(sa.bindparam("page_size", type_=sa.Integer))


def _after_mark(table: sa.Table, *, by_change: bool) -> sa.ColumnElement[bool]:
    row_id: sa.BindParameter[str] = sa.bindparam("mark_id")
    if not by_change:
        return table.c.id > row_id
    at: sa.BindParameter[datetime] = sa.bindparam("mark_at")
    return sa.or_(table.c.updated_at > at, sa.and_(table.c.updated_at == at, table.c.id > row_id))


def _rows_known_as(resource: Resource) -> "sa.Select[tuple[str]]":
    return sa.select(EXTERNAL.c.row_id).where(
        EXTERNAL.c.org_id == sa.bindparam("seen_org_id"),
        EXTERNAL.c.entity == resource.entity,
        EXTERNAL.c.system == sa.bindparam("known_system"),
        EXTERNAL.c.external_id == sa.bindparam("known_id"),
    )


def _cursor(last: Mapping[str, Any]) -> str:
    """Where a page ended: the change of its last row in microseconds, and its id."""
    changed = last["updated_at"]
    at: datetime = _MOMENT.deserialize(changed) if isinstance(changed, str) else changed
    return cursor_text(at, last["id"])


def cursor_text(at: datetime, row_id: str) -> str:
    """A place in a list that is in order of an instant and of id."""
    return f"{(at - EPOCH) // MICROSECOND}.{row_id}"


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The instant and the id of a place in a list; Problem 422 for what is none."""
    if re.fullmatch(CURSOR, cursor) is None:
        fault = FieldError("/query/cursor", "Not a cursor of a list; start again without one.")
        raise invalid([fault])
    micros, _, row_id = cursor.partition(".")
    return EPOCH + int(micros) * MICROSECOND, row_id
