"""What a mutation is: a named write that a phone makes, perhaps offline, and that is applied exactly once when it arrives.

A capability registers its mutations in its `mutations.py`, and `app/sync/catalogue.py` imports that module:

    def add_note(session: Session, args: Args, made: Made) -> Outcome:
        ...                                       # write rows in `made.by`'s name; raise Problem to reject
        return Outcome()                          # or Outcome(conflicts=(…)): what could not be merged

    NOTE_ADD = register(
        Mutation(
            name="note.add",
            schema=NoteAddSchema,                 # marshmallow, arguments of the newest version, limits as in the API
            scope="visits:write",                 # what a caller of the API would need
            account=account_named("account_id"),  # or account_of_row(VISITS): in whose territory it falls
            apply=add_note,
            upgrades={1: Upgrade(renames={"body": "text"})},
        )
    )

Before `apply` runs the engine has brought the arguments to the newest version and validated them, and made sure that the
account is one that the caller sees and that no mutation it depends on was rejected. `apply` runs in a savepoint of the
push's transaction, with the caller bound to the session (`principal_of`). It does not commit, does not keep answers, and
calls `audit.record` and `changes.touch` as the API's services do: both are collected and written once a push.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, field_errors

# Versions of mutations that are taken; what a phone of today writes is the newest.
OLDEST_VERSION, MUTATION_SCHEMA = 1, 3

Args = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """Who made a mutation, and when by the clock of the device, which may be wrong: a fact to keep, not to order by.

    `by` is the user in whose name rows are written; it differs from the caller when a manager accepts a draft. `skew` is
    what the phone took the server's clock to be ahead of its own. `at` is the server's time of applying it. `clashed` says
    that something it was made on top of ended in a conflict: the row is not as the phone showed it.
    """

    id: str
    by: str
    at: datetime
    made_at: datetime | None = None
    skew: timedelta = timedelta()
    clashed: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides changed: `base` is what the phone had seen, `mine` what it wants, `theirs` what is there.

    Values are as on the wire. `by` ({"id", "name"}) and `at` say who wrote `theirs` and when, where that is known. The
    field was left as it is.
    """

    entity: str
    row_id: str
    field: str
    base: Any
    mine: Any
    theirs: Any
    by: Mapping[str, str] | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutation that was not rejected: applied, or in part, with the clashes that are left."""

    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How arguments of one version read in the next: renamed members, and values of members that are new."""

    renames: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


AccountOf = Callable[[Session, Args], str | None]
Apply = Callable[[Session, Args, Made], Outcome]


@dataclass(frozen=True)
class Mutation:
    """One kind of write, as the comment at the top of this file says.

    `account` gives the account that it falls under, or that would be, whether or not the caller still sees it; None when
    there is no such row (then `apply` says so). `upgrades[n]` leads from version n to n + 1; what is absent is the same.
    """

    name: str
    schema: type[Schema]
    scope: str
    account: AccountOf
    apply: Apply
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)


_registry: dict[str, Mutation] = {}


def register(mutation: Mutation) -> Mutation:
    """Make a mutation known to the push; a name is given once."""
    if _registry.setdefault(mutation.name, mutation) is not mutation:
        raise ValueError(f"there are two mutations {mutation.name}")
    return mutation


def mutation_named(name: str) -> Mutation | None:
    """The registered mutation of this name."""
    return _registry.get(name)


def all_mutations() -> tuple[Mutation, ...]:
    """Every registered mutation, by name."""
    return tuple(_registry[name] for name in sorted(_registry))


class ArgumentError(ValueError):
    """Arguments that are not of the schema; `faults` point at members as the phone wrote them, below `/args`."""

    def __init__(self, faults: Sequence[FieldError]) -> None:
        super().__init__("arguments are not valid")
        self.faults = tuple(faults)


def account_named(member: str) -> AccountOf:
    """The account that an argument names."""

    def named(_session: Session, args: Args) -> str | None:
        value = args.get(member)
        return value if isinstance(value, str) else None

    return named


def account_of_row(table: sa.Table, member: str = "id") -> AccountOf:
    """The account of the row that an argument names, within the caller's organisation."""
    column = table.c["id" if table.name == "account" else "account_id"]
    query = sa.select(column).where(table.c.id == sa.bindparam("row"), table.c.org_id == sa.bindparam("org"))

    def found(session: Session, args: Args) -> str | None:
        account: str | None = session.scalar(query, {"row": args[member], "org": principal_of(session).org_id})
        return account

    return found


def load_args(mutation: Mutation, version: int, given: Any) -> Args:
    """Arguments of any version as those of the newest, validated; ArgumentError points at what is wrong."""
    if not isinstance(given, dict):
        raise ArgumentError([FieldError("/args", "Not a JSON object.")])
    args, names = upgraded(mutation, version, given)
    try:
        loaded: Args = _schema(mutation.schema).load(args)
    except ValidationError as fault:
        raise ArgumentError([_as_sent(error, names) for error in field_errors(fault.messages)]) from None
    return loaded


def upgraded(mutation: Mutation, version: int, given: Mapping[str, Any]) -> tuple[Args, dict[str, str]]:
    """Arguments of `version` in the words of the newest, and for each word that changed the one that was sent."""
    args = dict(given)
    sent: dict[str, str] = {}
    for step in range(version, MUTATION_SCHEMA):
        upgrade = mutation.upgrades.get(step)
        if upgrade is None:
            continue
        for old, new in upgrade.renames.items():
            if new in args:
                raise ArgumentError([FieldError(f"/args/{new}", "Unknown field.")])
            if old in args:
                args[new] = args.pop(old)
                sent[new] = sent.pop(old, old)
        args = {**upgrade.defaults, **args}
    return args, sent


_schemas: dict[type[Schema], Schema] = {}


def _schema(kind: type[Schema]) -> Schema:
    made = _schemas.get(kind)
    if made is None:
        made = _schemas[kind] = kind()
    return made


def _as_sent(error: FieldError, sent: Mapping[str, str]) -> FieldError:
    first, slash, rest = error.pointer.removeprefix("/").partition("/")
    return FieldError(f"/args/{sent.get(first, first)}{slash}{rest}".rstrip("/"), error.detail)


__all__ = [
    "MUTATION_SCHEMA",
    "OLDEST_VERSION",
    "Args",
    "ArgumentError",
    "Conflict",
    "Made",
    "Mutation",
    "Outcome",
    "Upgrade",
    "account_named",
    "account_of_row",
    "all_mutations",
    "load_args",
    "mutation_named",
    "register",
    "upgraded",
]
