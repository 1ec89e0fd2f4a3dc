"""What comes with a push: mutations read one by one, so that one that cannot be read harms no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from app.foundation.fields import Moment, Text
from app.foundation.ids import CANONICAL
from app.foundation.problems import FieldError
from app.sync.mutation import (
    MUTATION_SCHEMA,
    OLDEST_VERSION,
    Args,
    ArgumentError,
    Mutation,
    load_args,
    mutation_named,
)

MAX_SEQ = 2**31 - 1
MAX_PARENTS = 50
MAX_SKEW_MS = 10**13  # three centuries
_MEMBERS = frozenset({"id", "seq", "name", "version", "made_at", "skew_ms", "args", "depends_on"})
_MOMENT = Moment()
_NAME = Text(40)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry without an id and a number that can be answered to; `id` and `seq` are those that could be read."""

    id: str | None
    seq: int | None
    faults: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A mutation as it came. `faults` say why it cannot be applied; `kind` is None when the name is unknown."""

    id: str
    seq: int
    name: str
    version: int
    made_at: datetime | None
    skew_ms: int | None
    given: Mapping[str, Any]
    depends_on: tuple[str, ...]
    kind: Mutation | None
    args: Args
    faults: tuple[FieldError, ...]

    @property
    def skew(self) -> timedelta:
        """How far the phone took the server's clock to be ahead of its own."""
        return timedelta(milliseconds=self.skew_ms or 0)


def read_entry(entry: Any) -> Sent | Unreadable:
    """One entry of `mutations`, its arguments brought to the newest version and checked."""
    if not isinstance(entry, dict):
        return Unreadable(None, None, (FieldError("", "Not a JSON object."),))
    mutation_id, seq = _id(entry.get("id")), _whole(entry.get("seq"), 1, MAX_SEQ)
    if mutation_id is None or seq is None:
        faults = [FieldError("/id", "Not a UUIDv7.")] if mutation_id is None else []
        faults += [FieldError("/seq", f"Not a whole number from 1 to {MAX_SEQ}.")] if seq is None else []
        return Unreadable(mutation_id, seq, tuple(faults))
    return _read(entry, mutation_id, seq)


def _read(entry: Mapping[str, Any], mutation_id: str, seq: int) -> Sent:
    faults = [FieldError(f"/{name}", "Unknown field.") for name in sorted(set(map(str, entry)) - _MEMBERS)][:20]
    version = _whole(entry.get("version"), OLDEST_VERSION, MUTATION_SCHEMA)
    if version is None:
        faults.append(FieldError("/version", f"Not a version from {OLDEST_VERSION} to {MUTATION_SCHEMA}."))
    name, kind = _name(entry.get("name"), faults)
    made_at = _instant(entry.get("made_at"), faults)
    skew = _skew(entry, faults)
    parents = _parents(entry.get("depends_on", []), faults)
    args: Args = {}
    if kind is not None and version is not None:
        try:
            args = load_args(kind, version, entry.get("args"))
        except ArgumentError as fault:
            faults += fault.faults
    given = entry.get("args")
    given = given if isinstance(given, dict) else {}
    return Sent(mutation_id, seq, name, version or 0, made_at, skew, given, parents, kind, args, tuple(faults))


def _id(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    text = value.lower()
    return text if CANONICAL.fullmatch(text) and text[14] == "7" else None


def _whole(value: Any, least: int, most: int) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most else None


def _name(value: Any, faults: list[FieldError]) -> tuple[str, Mutation | None]:
    try:
        name = str(_NAME.deserialize(value))
    except ValidationError:
        faults.append(FieldError("/name", "Not the name of a mutation."))
        return "", None
    kind = mutation_named(name)
    if kind is None:
        faults.append(FieldError("/name", "There is no mutation of this name."))
    return name, kind


def _instant(value: Any, faults: list[FieldError]) -> datetime | None:
    try:
        moment: datetime = _MOMENT.deserialize(value)
    except ValidationError:
        faults.append(FieldError("/made_at", "Not an instant; write 2026-03-02T08:00:00Z, with an offset."))
        return None
    return moment


def _skew(entry: Mapping[str, Any], faults: list[FieldError]) -> int | None:
    if "skew_ms" not in entry:
        return None
    skew = _whole(entry["skew_ms"], -MAX_SKEW_MS, MAX_SKEW_MS)
    if skew is None:
        faults.append(FieldError("/skew_ms", "Not a whole number of milliseconds."))
    return skew


def _parents(value: Any, faults: list[FieldError]) -> tuple[str, ...]:
    ids = [_id(item) for item in value] if isinstance(value, list) and len(value) <= MAX_PARENTS else [None]
    if None in ids:
        faults.append(FieldError("/depends_on", f"Not a list of at most {MAX_PARENTS} ids of mutations."))
        return ()
    return tuple(item for item in ids if item is not None)


def made_ms(mutation_id: str) -> int:
    """When a UUIDv7 says it was made: milliseconds since 1970, by the clock of the device."""
    return int(mutation_id[:8] + mutation_id[9:13], 16)
