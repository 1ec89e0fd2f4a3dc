"""The use cases that all resources share. Each takes a session with a principal and runs in that transaction."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.foundation import audit, changes, clock
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.foundation.problems import Problem, invalid, not_found
from app.foundation.tables import ExternalId
from app.identity.territory import visible
from app.resources import references
from app.resources.conditional import Versions
from app.resources.listing import Stored, list_page, read
from app.resources.resource import Resource, Values

EXTERNAL = table_of(ExternalId)


def create(session: Session, resource: Resource, loaded: Mapping[str, Any]) -> Stored:
    """Add a row. Problem 422 when it refers to what the caller cannot see, 409 when an external id is taken."""
    return read(session, resource, add(session, resource, new_id(), loaded))


def add(session: Session, resource: Resource, row_id: str, loaded: Mapping[str, Any]) -> str:
    """`create` a row of this id, without reading it back; gives the id."""
    principal = principal_of(session)
    values = resource.columns_of(loaded)
    if resource.prepare:
        resource.prepare(principal, values)
    _resolve_references(session, resource, values)
    values = {**references.defaults(resource), **values, "id": row_id, "org_id": principal.org_id}
    if resource.complete:
        resource.complete(session, principal, values)
    check(resource, values)
    if resource.guard:
        resource.guard(session, principal, None, values)
    session.execute(sa.insert(resource.table), values)
    _name_externally(session, resource, values["id"], values["external_ids"])
    if resource.created:
        resource.created(session, principal, values)
    if resource.written:
        resource.written(session, principal, None, values)
    audit.record(session, "create", resource.entity, values["id"])
    changes.touch(session, principal.org_id, [account_of(resource, values)])
    return row_id


def change(session: Session, resource: Resource, row_id: str, expected: Versions, loaded: Mapping[str, Any]) -> Stored:
    """Change the given fields of a row whose version is one of `expected` (None: any); Problem 412 when it is not."""
    alter(session, resource, _current(session, resource, row_id, expected), loaded)
    return read(session, resource, row_id)


def alter(session: Session, resource: Resource, current: Values, loaded: Mapping[str, Any]) -> None:
    """`change` a row that the caller may see and that was just read, without reading it back."""
    principal, row_id = principal_of(session), current["id"]
    values = resource.columns_of(loaded)
    _resolve_references(session, resource, values)
    changed = {name: value for name, value in values.items() if current[name] != value}
    if not changed:
        return
    merged = {**current, **changed}
    check(resource, merged)
    if resource.guard:
        resource.guard(session, principal, current, merged)
    update_row(session, resource, row_id, current["row_version"], changed)
    if "external_ids" in changed:
        _forget_external_names(session, resource, row_id)
        _name_externally(session, resource, row_id, changed["external_ids"])
    if resource.written:
        resource.written(session, principal, current, merged)
    audit.record(session, "change", resource.entity, row_id, {"fields": sorted(changed)})
    changes.touch(session, principal.org_id, [account_of(resource, current), account_of(resource, merged)])


def held(session: Session, resource: Resource, row_id: str) -> Values:
    """A row that the caller can see, held until the transaction ends, so that nobody changes it in between.

    Problem 404 when there is none.
    """
    return _current(session, resource, row_id, None, hold=True)


def update_row(session: Session, resource: Resource, row_id: str, version: int, changed: Values) -> None:
    """Write changed columns and the next version; Problem 412 when somebody else was first."""
    table = resource.table
    done = session.execute(
        sa.update(table)
        .where(table.c.id == row_id, table.c.row_version == version)
        .values(**changed, row_version=version + 1, updated_at=clock.now())
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise _stale(resource)


def delete(session: Session, resource: Resource, row_id: str, expected: Versions) -> None:
    """Remove a row, and what hangs on it; Problem 412 when its version is none of `expected` (None: any)."""
    principal = principal_of(session)
    current = _current(session, resource, row_id, expected)
    if resource.guard:
        resource.guard(session, principal, current, None)
    _forget_external_names(session, resource, row_id)
    try:
        with session.begin_nested():
            session.execute(sa.delete(resource.table).where(resource.table.c.id == row_id))
    except IntegrityError:
        raise Problem(
            409, "in-use", "Still in use", f"Other rows refer to this {resource.entity}; change or delete them first."
        ) from None
    if resource.written:
        resource.written(session, principal, current, None)
    audit.record(session, "delete", resource.entity, row_id)
    if resource.account_column != "id":
        changes.touch(session, principal.org_id, [account_of(resource, current)])


def check(resource: Resource, values: Values) -> None:
    """Problem 422 for what is wrong between the fields of a row."""
    faults = resource.check(values) if resource.check else ()
    if faults:
        raise invalid(faults)


def account_of(resource: Resource, values: Mapping[str, Any]) -> str | None:
    """The account that a row hangs on, if any."""
    return values.get(resource.account_column) if resource.account_column else None


def _current(session: Session, resource: Resource, row_id: str, expected: Versions, *, hold: bool = False) -> Values:
    table = resource.table
    query = sa.select(table).where(table.c.id == row_id, visible(principal_of(session), table, resource.account_column))
    row = session.execute(query.with_for_update(of=table) if hold else query).mappings().first()
    if row is None:
        raise not_found(resource.noun)
    if expected is not None and row["row_version"] not in expected:
        raise _stale(resource)
    return dict(row)


def _stale(resource: Resource) -> Problem:
    return Problem(
        412,
        "stale",
        "Changed meanwhile",
        f"This {resource.entity.replace('_', ' ')} changed since you read it; read it again and repeat your change on that.",
    )


def _resolve_references(session: Session, resource: Resource, values: Values) -> None:
    faults = references.resolve(session, resource, [values])
    if faults[0]:
        raise invalid(faults[0])


def _name_externally(session: Session, resource: Resource, row_id: str, names: Mapping[str, str]) -> None:
    org_id = principal_of(session).org_id
    rows = [
        {"org_id": org_id, "entity": resource.entity, "system": system, "external_id": external, "row_id": row_id}
        for system, external in names.items()
    ]
    if not rows:
        return
    try:
        with session.begin_nested():
            session.execute(sa.insert(EXTERNAL), rows)
    except IntegrityError:
        raise Problem(
            409,
            "external-id-taken",
            "External id taken",
            f"Another {resource.entity} already has one of these external ids; read it with ?external_id=system:id.",
        ) from None


def _forget_external_names(session: Session, resource: Resource, row_id: str) -> None:
    org_id = principal_of(session).org_id
    session.execute(
        sa.delete(EXTERNAL).where(
            EXTERNAL.c.org_id == org_id, EXTERNAL.c.entity == resource.entity, EXTERNAL.c.row_id == row_id
        )
    )


__all__ = ["Stored", "change", "create", "delete", "list_page", "read", "update_row"]
