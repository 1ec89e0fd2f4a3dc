"""References between rows: external ids made ours, and every id checked to be one that the caller can see."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.fields import ExternalRef
from app.foundation.principal import Principal, principal_of
from app.foundation.problems import FieldError, invalid
from app.foundation.tables import ExternalId
from app.identity.territory import visible
from app.resources.resource import Guard, Resource, Values, resource_of

EXTERNAL = table_of(ExternalId)
CHUNK = 500
_KEPT = "known references"


def defaults(resource: Resource) -> Values:
    """A row of a resource with nothing given."""
    now = clock.now()
    return {**defaults_of(resource.table), "created_at": now, "updated_at": now, "row_version": 1}


def defaults_of(table: sa.Table) -> Values:
    """A row with nothing given: column defaults, and None elsewhere."""
    values: Values = {}
    for column in table.columns:
        default = column.default
        if default is None:
            values[column.name] = None
        elif default.is_callable:
            values[column.name] = default.arg(None)  # type: ignore[attr-defined]
        else:
            values[column.name] = default.arg  # type: ignore[attr-defined]
    return values


def resolve(session: Session, resource: Resource, rows: Sequence[Values]) -> list[list[FieldError]]:
    """Replace external references by our ids in place; for each row, what it refers to in vain."""
    principal = principal_of(session)
    faults: list[list[FieldError]] = [[] for _ in rows]
    for name, entity in resource.references.items():
        _translate(session, principal, entity, name, rows, faults)
        wanted = {value for row in rows for value in _ids(row.get(name)) if isinstance(value, str)}
        known = _known(session, principal, entity, wanted)
        for row, found in zip(rows, faults, strict=True):
            if any(isinstance(value, str) and value not in known for value in _ids(row.get(name))):
                found.append(FieldError(f"/{name}", missing("", entity)))
    return faults


def _ids(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _translate(
    session: Session,
    principal: Principal,
    entity: str,
    name: str,
    rows: Sequence[Values],
    faults: list[list[FieldError]],
) -> None:
    refs = {value for row in rows for value in _ids(row.get(name)) if isinstance(value, ExternalRef)}
    if not refs:
        return
    ours = lookup(session, principal.org_id, entity, [(ref.system, ref.id) for ref in refs])
    for row, found in zip(rows, faults, strict=True):
        value = row.get(name)
        if isinstance(value, list):
            row[name] = [_one(ref, entity, f"/{name}", ours, found) for ref in value]
        elif isinstance(value, ExternalRef):
            row[name] = _one(value, entity, f"/{name}", ours, found)


def _one(value: Any, entity: str, pointer: str, ours: dict[tuple[str, str], str], found: list[FieldError]) -> Any:
    if not isinstance(value, ExternalRef):
        return value
    row_id = ours.get((value.system, value.id))
    if row_id is None:
        found.append(FieldError(pointer, missing(value, entity)))
    return row_id


def lookup(session: Session, org_id: str, entity: str, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Our ids of the rows that these `(system, external id)` pairs name."""
    by_system: dict[str, list[str]] = defaultdict(list)
    for system, external in names:
        by_system[system].append(external)
    found: dict[tuple[str, str], str] = {}
    for system, externals in by_system.items():
        for start in range(0, len(externals), CHUNK):
            query = sa.select(EXTERNAL.c.external_id, EXTERNAL.c.row_id).where(
                EXTERNAL.c.org_id == org_id,
                EXTERNAL.c.entity == entity,
                EXTERNAL.c.system == system,
                EXTERNAL.c.external_id.in_(externals[start : start + CHUNK]),
            )
            found.update({(system, external): row_id for external, row_id in session.execute(query)})
    return found


def visible_ids(session: Session, entity: str, refs: Collection[str | ExternalRef]) -> dict[str | ExternalRef, str]:
    """Our id of each reference that names a row which the caller can see; the others are left out."""
    principal = principal_of(session)
    external = [ref for ref in refs if isinstance(ref, ExternalRef)]
    names = lookup(session, principal.org_id, entity, [(ref.system, ref.id) for ref in external])
    ours: dict[str | ExternalRef, str] = {ref: ref for ref in refs if isinstance(ref, str)}
    ours |= {ref: names[ref.system, ref.id] for ref in external if (ref.system, ref.id) in names}
    known = _known(session, principal, entity, set(ours.values()))
    return {ref: row_id for ref, row_id in ours.items() if row_id in known}


def missing(ref: str | ExternalRef, entity: str) -> str:
    """The sentence about a reference that names nothing the caller can see."""
    noun = entity.replace("_", " ")
    if isinstance(ref, ExternalRef):
        return f"No {noun} is known as {ref.id} in {ref.system}."
    return f"There is no such {noun} that you can see."


def of_same_account(**entities: str) -> Guard:
    """A guard: Problem 422 when a field, named with the entity it refers to, names a row of another account than the row's.

    What a row said before it may go on saying: a person who moved to another account leaves what was promised them.
    """

    def guard(session: Session, _principal: Principal, before: Values | None, after: Values | None) -> None:
        faults = [] if after is None else [_elsewhere(session, *named, before, after) for named in entities.items()]
        if any(faults):
            raise invalid([fault for fault in faults if fault])

    return guard


def _elsewhere(session: Session, name: str, entity: str, before: Values | None, after: Values) -> FieldError | None:
    same = before is not None and all(before[one] == after[one] for one in (name, "account_id"))
    if same or not after[name]:
        return None
    table = resource_of(entity).table
    account = session.scalar(sa.select(table.c.account_id).where(table.c.id == after[name]))
    if account == after["account_id"]:
        return None
    return FieldError(f"/{name}", f"This {entity.replace('_', ' ')} is of another account.")


@contextmanager
def remembered(session: Session) -> Iterator[dict[str, set[str]]]:
    """For a block that deletes nothing and takes nothing from the caller's sight: ask for each id that is found once.

    Gives what is remembered, by entity; ids of rows that are known to be in sight may be added.
    """
    kept: dict[str, set[str]] = session.info.setdefault(_KEPT, defaultdict(set))
    try:
        yield kept
    finally:
        session.info.pop(_KEPT, None)


def _known(session: Session, principal: Principal, entity: str, ids: set[str]) -> set[str]:
    kept: dict[str, set[str]] | None = session.info.get(_KEPT)
    if kept is None:
        return _found(session, principal, entity, ids)
    kept[entity] |= _found(session, principal, entity, ids - kept[entity])
    return ids & kept[entity]


def _found(session: Session, principal: Principal, entity: str, ids: set[str]) -> set[str]:
    target = resource_of(entity)
    ordered = sorted(ids)
    known: set[str] = set()
    for start in range(0, len(ordered), CHUNK):
        query = sa.select(target.table.c.id).where(
            target.table.c.id.in_(ordered[start : start + CHUNK]),
            visible(principal, target.table, target.account_column),
        )
        known.update(session.scalars(query))
    return known
