"""Rows without an id of ours, named within the row that they hang on: steps of a ticket, days and events of a series."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, changes
from app.foundation.db import upsert
from app.foundation.fields import ExternalRef
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError
from app.resources import references
from app.resources.batch import RowResult
from app.resources.resource import Values, resource_of

CHUNK = 500
Key = tuple[str, Any]


@dataclass(frozen=True)
class Children:
    """One kind of child row: its table, the row that it hangs on, and the column that names it there.

    `field` is what a batch calls the parent. `written` runs in the transaction with the rows that were new or changed,
    each with the values that it had before (None: it is new).
    """

    entity: str
    table: sa.Table
    parent: str
    parent_column: str
    field: str
    key: str
    written: Callable[[Session, Sequence[tuple[Values, Values | None]]], None]


Given = tuple[str | ExternalRef, Values] | Sequence[FieldError]


def upsert_children(session: Session, kind: Children, given: Sequence[Given]) -> list[RowResult]:
    """Apply rows in order; each is the reference to its parent and its values, or what is wrong with it already.

    A rejected row stops no other.
    """
    parents = _parents(session, kind, given)
    results: list[RowResult] = []
    wanted: dict[Key, Values] = {}
    before = Stored(session, kind, [key for _, key in _keys(kind, given, parents)])
    for index, row in enumerate(given):
        if not isinstance(row, tuple):
            results.append(RowResult(index, "rejected", None, row))
            continue
        parent = parents.get(row[0])
        if parent is None:
            missing = FieldError(f"/{kind.field}", references.missing(row[0], kind.parent))
            results.append(RowResult(index, "rejected", None, [missing]))
            continue
        values = {**row[1], kind.parent_column: parent}
        key = (parent, values[kind.key])
        results.append(RowResult(index, _status(wanted.get(key) or before.rows.get(key), values)))
        wanted[key] = values
    _write(session, kind, before.rows, wanted)
    _note(session, kind, results)
    return results


def write_children(session: Session, kind: Children, rows: Iterable[Values]) -> dict[str, int]:
    """Apply rows whose parents are resolved and checked by the caller; counts of created, changed and unchanged."""
    wanted = {(row[kind.parent_column], row[kind.key]): row for row in rows}
    before = Stored(session, kind, list(wanted))
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    for key, values in wanted.items():
        counts[_status(before.rows.get(key), values)] += 1
    _write(session, kind, before.rows, wanted)
    return counts


class Stored:
    """The rows of these keys that are there already."""

    def __init__(self, session: Session, kind: Children, keys: Sequence[Key]) -> None:
        table = kind.table
        parent, key = table.c[kind.parent_column], table.c[kind.key]
        query = sa.select(table).where(parent == sa.bindparam("parent"), key.in_(sa.bindparam("names", expanding=True)))
        self.rows: dict[Key, Values] = {}
        by_parent: dict[str, set[Any]] = defaultdict(set)
        for parent_id, name in keys:
            by_parent[parent_id].add(name)
        # One question for each parent: a list of pairs would have SQLite read the whole table.
        for parent_id, names in by_parent.items():
            ordered = sorted(names)
            for start in range(0, len(ordered), CHUNK):
                chunk = {"parent": parent_id, "names": ordered[start : start + CHUNK]}
                for row in session.execute(query, chunk).mappings():
                    self.rows[(parent_id, row[key])] = dict(row)


def _keys(
    kind: Children, given: Sequence[Given], parents: Mapping[str | ExternalRef, str]
) -> Iterable[tuple[int, Key]]:
    for index, row in enumerate(given):
        if isinstance(row, tuple) and row[0] in parents:
            yield index, (parents[row[0]], row[1][kind.key])


def _parents(session: Session, kind: Children, given: Sequence[Given]) -> dict[str | ExternalRef, str]:
    return references.visible_ids(session, kind.parent, {row[0] for row in given if isinstance(row, tuple)})


def _status(stored: Values | None, values: Values) -> str:
    if stored is None:
        return "created"
    return "unchanged" if all(stored[name] == value for name, value in values.items()) else "changed"


def _write(session: Session, kind: Children, before: Mapping[Key, Values], wanted: Mapping[Key, Values]) -> None:
    org_id = principal_of(session).org_id
    written = [
        ({"org_id": org_id, **values}, before.get(key))
        for key, values in wanted.items()
        if _status(before.get(key), values) != "unchanged"
    ]
    if not written:
        return
    insert = upsert(session, kind.table)
    columns = [name for name in written[0][0] if name not in (kind.parent_column, kind.key, "org_id")]
    replace = insert.on_conflict_do_update(
        index_elements=[kind.parent_column, kind.key], set_={name: insert.excluded[name] for name in columns}
    )
    session.execute(replace, [values for values, _ in written])
    kind.written(session, written)
    touch_accounts(session, kind, {values[kind.parent_column] for values, _ in written})


def touch_accounts(session: Session, kind: Children, parent_ids: Iterable[str]) -> None:
    """Say that something changed under the accounts of these parents."""
    table = resource_of(kind.parent).table
    ordered = sorted(parent_ids)
    accounts: set[str] = set()
    for start in range(0, len(ordered), CHUNK):
        query = sa.select(table.c.account_id).where(table.c.id.in_(ordered[start : start + CHUNK]))
        accounts.update(session.scalars(query))
    changes.touch(session, principal_of(session).org_id, accounts)


def _note(session: Session, kind: Children, results: Sequence[RowResult]) -> None:
    counts = {status: sum(r.status == status for r in results) for status in ("created", "changed", "rejected")}
    if counts["created"] or counts["changed"]:
        audit.record(session, "batch", kind.entity, None, counts)
