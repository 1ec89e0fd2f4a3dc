"""Batch upsert: rows named by external ids (or ours) are created, changed or left alone, each with its own answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.foundation import audit, changes, clock
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, Problem, field_errors
from app.foundation.tables import ExternalId
from app.identity.territory import visible
from app.resources import references
from app.resources.bodies import Unreadable
from app.resources.resource import Resource, Values
from app.resources.service import account_of

EXTERNAL = table_of(ExternalId)
CHUNK = 500


@dataclass(slots=True)
class RowResult:
    """What became of one row: `created`, `changed`, `unchanged` or `rejected` with the faults."""

    index: int
    status: str
    id: str | None = None
    errors: Sequence[FieldError] = ()

    def as_wire(self) -> dict[str, Any]:
        """The members of its answer."""
        members: dict[str, Any] = {"index": self.index, "status": self.status, "id": self.id}
        if self.errors:
            members["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return members


@dataclass(slots=True)
class _Row:
    """A row on its way: the values given, and the stored row that it is meant for."""

    index: int
    given: Values
    state: "_State | None" = None


@dataclass(slots=True)
class _State:
    """A stored or coming row: what is in the database, and what shall be."""

    stored: Values | None
    wanted: Values


def upsert_many(session: Session, resource: Resource, documents: Sequence[Any]) -> list[RowResult]:
    """Apply documents in order. A rejected row leaves nothing behind and stops no other.

    Shapes: each document is what a create takes, with `external_ids` or `id` to name the row; fields of a row that
    exists may be left out and stay as they are.
    """
    results: list[RowResult | None] = [None] * len(documents)
    rows = list(_validated(resource, documents, results))
    for row, found in zip(rows, references.resolve(session, resource, [r.given for r in rows]), strict=True):
        if found:
            results[row.index] = RowResult(row.index, "rejected", None, found)
    states = _States(session, resource, [row.given for row in rows if results[row.index] is None])
    for row in rows:
        if results[row.index] is None:
            results[row.index] = _apply(session, resource, states, row)
    _write(session, resource, rows, results)
    done = [result for result in results if result is not None]
    counts = {status: sum(r.status == status for r in done) for status in ("created", "changed", "rejected")}
    if counts["created"] or counts["changed"]:
        audit.record(session, "batch", resource.entity, None, counts)
        changes.touch(session, principal_of(session).org_id, _touched(resource, rows, done))
    return done


def _validated(resource: Resource, documents: Sequence[Any], results: list[RowResult | None]) -> Iterable[_Row]:
    schema = resource.batch_schema(partial=True)
    for index, document in enumerate(documents):
        if not isinstance(document, dict):
            fault = str(document) if isinstance(document, Unreadable) else "Not a JSON object."
            results[index] = RowResult(index, "rejected", None, [FieldError("", fault)])
            continue
        try:
            loaded: dict[str, Any] = schema.load(document)
        except ValidationError as fault:
            results[index] = RowResult(index, "rejected", None, field_errors(fault.messages))
            continue
        if not loaded.get("external_ids") and "id" not in loaded:
            missing = FieldError(
                "/external_ids", "Give an external id (or our id), so that sending the row again is harmless."
            )
            results[index] = RowResult(index, "rejected", None, [missing])
            continue
        yield _Row(index, resource.columns_of(loaded))


class _States:
    """The stored rows that a batch names, read in bulk, and those that it adds as it goes."""

    def __init__(self, session: Session, resource: Resource, given: Sequence[Values]) -> None:
        principal = principal_of(session)
        names = [(system, ext) for values in given for system, ext in (values.get("external_ids") or {}).items()]
        self.by_name = references.lookup(session, principal.org_id, resource.entity, names)
        ids = sorted({*self.by_name.values(), *(values["id"] for values in given if "id" in values)})
        self.by_id: dict[str, _State] = {}
        table = resource.table
        seen = visible(principal, table, resource.account_column)
        for start in range(0, len(ids), CHUNK):
            for stored in session.execute(
                sa.select(table).where(table.c.id.in_(ids[start : start + CHUNK]), seen)
            ).mappings():
                self.by_id[stored["id"]] = _State(dict(stored), dict(stored))

    def find(self, given: Values) -> "_State | FieldError | None":
        """The row that these values name: known, new (None), or a fault."""
        ids = {self.by_name[name] for name in (given.get("external_ids") or {}).items() if name in self.by_name}
        if "id" in given:
            ids.add(given["id"])
        if len(ids) > 1:
            return FieldError("/external_ids", "These ids name different rows; send each row on its own.")
        for row_id in ids:
            state = self.by_id.get(row_id)
            return state or FieldError(
                "/id" if "id" in given else "/external_ids", "There is no such row that you can see."
            )
        return None

    def add(self, values: Values) -> _State:
        """Remember a row that the batch creates, so that later rows of the batch find it."""
        state = self.by_id[values["id"]] = _State(None, values)
        return state

    def name(self, state: _State) -> None:
        """Remember the external ids of a row."""
        self.by_name.update(dict.fromkeys(state.wanted["external_ids"].items(), state.wanted["id"]))


def _apply(session: Session, resource: Resource, states: _States, row: _Row) -> RowResult:
    principal = principal_of(session)
    found = states.find(row.given)
    if isinstance(found, FieldError):
        return RowResult(row.index, "rejected", None, [found])
    try:
        if found is None:
            return _apply_new(session, resource, states, row)
        names = {**found.wanted["external_ids"], **row.given.get("external_ids", {})}
        wanted = {**found.wanted, **row.given, "external_ids": names}
        if resource.guard:
            resource.guard(session, principal, found.wanted, wanted)
    except Problem as problem:
        return RowResult(row.index, "rejected", None, problem.errors or [FieldError("", problem.detail)])
    faults = resource.check(wanted) if resource.check else ()
    if faults:
        return RowResult(row.index, "rejected", found.wanted["id"], faults)
    status = "changed" if wanted != found.wanted else "unchanged"
    found.wanted, row.state = wanted, found
    states.name(found)
    return RowResult(row.index, status, wanted["id"])


def _apply_new(session: Session, resource: Resource, states: _States, row: _Row) -> RowResult:
    principal = principal_of(session)
    required = [name for name, item in resource.schema._declared_fields.items() if item.required]
    absent = [name for name in required if name not in row.given and f"{name}_minor" not in row.given]
    if absent:
        faults = [FieldError(f"/{name}", "Missing data for required field.") for name in absent]
        return RowResult(row.index, "rejected", None, faults)
    values = dict(row.given)
    if resource.prepare:
        resource.prepare(principal, values)
    wanted = {**references.defaults(resource), **values, "id": new_id(), "org_id": principal.org_id}
    if resource.complete:
        resource.complete(session, principal, wanted)
    if resource.guard:
        resource.guard(session, principal, None, wanted)
    faults = list(resource.check(wanted)) if resource.check else []
    if faults:
        return RowResult(row.index, "rejected", None, faults)
    row.state = states.add(wanted)
    states.name(row.state)
    return RowResult(row.index, "created", wanted["id"])


def _write(session: Session, resource: Resource, rows: Sequence[_Row], results: list[RowResult | None]) -> None:
    states = {id(row.state): row.state for row in rows if row.state is not None}
    pending = list(states.values())
    try:
        with session.begin_nested():
            _write_states(session, resource, pending)
    except IntegrityError:
        _write_one_by_one(session, resource, rows, results)


def _write_one_by_one(
    session: Session, resource: Resource, rows: Sequence[_Row], results: list[RowResult | None]
) -> None:
    refused: set[int] = set()
    seen: set[int] = set()
    for row in rows:
        if row.state is None:
            continue
        if id(row.state) not in seen:
            seen.add(id(row.state))
            try:
                with session.begin_nested():
                    _write_states(session, resource, [row.state])
            except IntegrityError:
                refused.add(id(row.state))
        if id(row.state) in refused:
            clash = FieldError(
                "", f"Another {resource.entity} has the same unique value (an external id, or a number)."
            )
            results[row.index] = RowResult(row.index, "rejected", None, [clash])


def _write_states(session: Session, resource: Resource, states: Sequence[_State]) -> None:
    principal = principal_of(session)
    table = resource.table
    now = clock.now()
    added = [state.wanted for state in states if state.stored is None]
    if added:
        session.execute(sa.insert(table), added)
    names: list[Values] = []
    for state in states:
        old = state.stored["external_ids"] if state.stored else {}
        for system, external in state.wanted["external_ids"].items():
            if old.get(system) != external:
                names.append(_name(principal.org_id, resource, system, external, state.wanted["id"]))
        if state.stored is not None and state.wanted != state.stored:
            _change(session, resource, state, now)
    if names:
        session.execute(sa.insert(EXTERNAL), names)
    if resource.created:
        for values in added:
            resource.created(session, principal, values)
    if resource.written:
        for state in states:
            if state.wanted != state.stored:
                resource.written(session, principal, state.stored, state.wanted)


def _name(org_id: str, resource: Resource, system: str, external: str, row_id: str) -> Values:
    return {"org_id": org_id, "entity": resource.entity, "system": system, "external_id": external, "row_id": row_id}


def _change(session: Session, resource: Resource, state: _State, now: Any) -> None:
    stored = state.stored or {}
    table = resource.table
    changed = {name: value for name, value in state.wanted.items() if stored[name] != value}
    for system, external in stored["external_ids"].items():
        if state.wanted["external_ids"].get(system) != external:
            session.execute(
                sa.delete(EXTERNAL).where(
                    EXTERNAL.c.org_id == stored["org_id"],
                    EXTERNAL.c.entity == resource.entity,
                    EXTERNAL.c.system == system,
                    EXTERNAL.c.external_id == external,
                )
            )
    session.execute(
        sa.update(table)
        .where(table.c.id == stored["id"])
        .values(**changed, row_version=stored["row_version"] + 1, updated_at=now)
    )


def _touched(resource: Resource, rows: Sequence[_Row], results: Sequence[RowResult]) -> Iterable[str | None]:
    for row in rows:
        if row.state is not None and results[row.index].status in ("created", "changed"):
            yield account_of(resource, row.state.wanted)
            yield account_of(resource, row.state.stored or {})
