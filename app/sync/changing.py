"""Changes that phones make to rows which others change too: merged field by field, clashes told with who and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.foundation import audit
from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.foundation.problems import Problem
from app.identity.tables import User
from app.resources import service
from app.resources.resource import Resource, Values
from app.sync.merge import Clash, Rules, merge, same
from app.sync.mutation import Args, Conflict, Made, Outcome

USERS = table_of(User)


def change_fields(session: Session, resource: Resource, args: Args, rules: Rules | None = None) -> Outcome:
    """Merge `args["fields"]` into the row `args["id"]`, given `args["base"]`; the clashes are the outcome's conflicts.

    Problem 404 when there is no such row that the caller can see, and what the API answers to such a change.
    """
    row = service.held(session, resource, args["id"])
    names = {*args["fields"], *(name for group in (rules or Rules()).together for name in group)}
    base = {name: _loaded(resource, name, value) for name, value in args["base"].items() if name in names}
    merged = merge(base, args["fields"], row, rules)
    if merged.write:
        service.alter(session, resource, row, merged.write)
    return Outcome(_conflicts(session, resource, row, merged.clashes))


def change_status(session: Session, resource: Resource, row: Values, base: str, wanted: str, **with_it: Any) -> Outcome:
    """Give a held row another status, and the columns that go `with_it`, unless somebody gave it a third one meanwhile."""
    if row["status"] == wanted:
        return Outcome()
    if row["status"] == base:
        service.alter(session, resource, row, {"status": wanted, **with_it})
        return Outcome()
    return Outcome(_conflicts(session, resource, row, [Clash("status", base, wanted, row["status"])]))


def add_once(session: Session, resource: Resource, args: Args) -> Outcome:
    """Add the row `args`, whose id the phone gave; a row that is there already, from the same hand, is left alone.

    Problem 409 when the id names another row.
    """
    values = {name: value for name, value in args.items() if name != "id" and value is not None}
    if not is_there(session, resource, args["id"], values):
        try:
            service.add(session, resource, args["id"], values)
        except IntegrityError as fault:
            # Of another organisation's rows PostgreSQL shows nothing but that the key is taken.
            if _violated(fault) != f"pk_{resource.table.name}":
                raise
            raise _id_taken(resource) from fault
    return Outcome()


def _violated(fault: IntegrityError) -> str | None:
    return getattr(getattr(fault.orig, "diag", None), "constraint_name", None)


def _id_taken(resource: Resource) -> Problem:
    return Problem(409, "id-taken", "Id taken", f"Another {resource.noun} has this id; make a new one.")


def is_there(session: Session, resource: Resource, row_id: str, values: Mapping[str, Any]) -> bool:
    """Whether a row that was made of these values exists; Problem 409 when the id names another one."""
    table = resource.table
    row = session.execute(sa.select(table).where(table.c.id == row_id)).mappings().first()
    if row is None:
        return False
    hand = [name for name in ("account_id", "user_id") if name in values]
    if row["org_id"] != principal_of(session).org_id or any(row[name] != values[name] for name in hand):
        raise _id_taken(resource)
    return True


def until_arrival(made: Made, moment: datetime) -> datetime:
    """A moment in a mutation's arguments, which the phone took by our clock as far as it knows it, and not after it arrived.

    `made_at` alone is by the device's clock; its estimate of the difference is in the arguments already.
    """
    return min(moment, made.at)


def _loaded(resource: Resource, name: str, value: Any) -> Any:
    """A value as the phone showed it, as columns have it; one that would not be taken today is compared as it is."""
    if value is None:
        return None
    try:
        return _schema(resource.schema).fields[name].deserialize(value)
    except (KeyError, ValidationError):
        return value


@cache
def _schema(kind: type[Schema]) -> Schema:
    return kind()


def _conflicts(session: Session, resource: Resource, row: Values, clashes: Sequence[Clash]) -> tuple[Conflict, ...]:
    if not clashes:
        return ()
    columns = sorted({clash.field.partition(".")[0] for clash in clashes})
    written = audit.last_written(session, resource.entity, row["id"], columns, row["updated_at"])
    names = names_of(session, {who.user_id for who in written.values() if who.user_id})
    found = []
    for clash in clashes:
        who = written.get(clash.field.partition(".")[0])
        by = {"id": who.user_id, "name": names[who.user_id]} if who and who.user_id and who.user_id in names else None
        base, mine, theirs = (_dumped(resource, clash.field, value) for value in (clash.base, clash.mine, clash.theirs))
        at = who.at if who else row["updated_at"]
        found.append(Conflict(resource.entity, row["id"], clash.field, base, mine, theirs, by, at))
    return tuple(found)


def names_of(session: Session, user_ids: Iterable[str]) -> dict[str, str]:
    """Names of these users of the organisation, by id; of those that there are."""
    org_id = principal_of(session).org_id
    query = sa.select(USERS.c.id, USERS.c.name).where(USERS.c.org_id == org_id, USERS.c.id.in_(sorted(user_ids)))
    return {row.id: row.name for row in session.execute(query)}


def _dumped(resource: Resource, name: str, value: Any) -> Any:
    """A value as on the wire; a member of an object, and what never was a value of the field, are so already."""
    if same(value, None):
        return None
    if "." in name or isinstance(value, str):
        return value
    try:
        return _schema(resource.schema).dump({name: value})[name]
    except (AttributeError, TypeError, ValueError):
        return value
