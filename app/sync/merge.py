"""Three-way merge of the fields of a row: what the phone had seen, what it wants, and what is there now. Pure.

Values are those of columns or of JSON: scalars, lists, objects. Null, an empty text, list or object are the same: empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]
_EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Clash:
    """A field (or a member of one, `address.city`) that both sides changed, and not to the same."""

    field: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """Fields to write with their new values, and the clashes; a field in neither is as it was wanted, or was not changed."""

    write: dict[str, Any] = field(default_factory=dict)
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How fields merge, where it is not as scalars.

    `sets` are lists whose order says nothing: what either side added is in, what either removed is out. `objects` merge
    member by member; a member that is not mentioned stays as it is. Fields of a group in `together` make sense only with
    each other, such as begin and end: when one of them clashes, none is written.
    """

    sets: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    together: Collection[tuple[str, ...]] = ()


def merge(base: Values, mine: Values, theirs: Values, rules: Rules | None = None) -> Merged:
    """Merge the fields in `mine` into `theirs`, the row as it is, given `base`, the row as it was seen.

    A field that `mine` does not change from `base` is left alone; one that only `mine` changes is written; one that both
    changed to the same is done already; else it is a clash and stays as it is.
    """
    rules = rules or Rules()
    write: dict[str, Any] = {}
    clashes: list[Clash] = []
    for name, wanted in mine.items():
        before, now = base.get(name), theirs.get(name)
        if name in rules.sets:
            found = Merged({name: _sets(before, wanted, now)})
        elif name in rules.objects:
            found = _objects(name, before, wanted, now)
        else:
            found = _scalar(name, before, wanted, now)
        write.update({key: value for key, value in found.write.items() if not same(value, theirs.get(key))})
        clashes += found.clashes
    for group in rules.together:
        clashes += _split(group, base, mine, theirs, write, clashes)
    return Merged(write, tuple(clashes))


def same(one: Any, other: Any) -> bool:
    """Equal, or both empty."""
    return bool(one == other) or (one in _EMPTY and other in _EMPTY)


def _scalar(name: str, base: Any, mine: Any, theirs: Any) -> Merged:
    if same(mine, base) or same(mine, theirs):
        return Merged()
    if same(theirs, base):
        return Merged({name: mine})
    return Merged({}, (Clash(name, base, mine, theirs),))


def _sets(base: Any, mine: Any, theirs: Any) -> list[Any]:
    before, wanted, now = _listed(base), _once(_listed(mine)), _once(_listed(theirs))
    kept = [one for one in now if one in wanted or one not in before]
    return kept + [one for one in wanted if one not in before and one not in kept]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _once(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _objects(name: str, base: Any, mine: Any, theirs: Any) -> Merged:
    before, now = _members(base), _members(theirs)
    wanted = dict.fromkeys([*before, *now]) if mine is None else _members(mine)
    merged = merge(before, wanted, now)
    clashes = tuple(Clash(f"{name}.{c.field}", c.base, c.mine, c.theirs) for c in merged.clashes)
    if not merged.write:
        return Merged({}, clashes)
    whole = {key: value for key, value in {**now, **merged.write}.items() if value not in _EMPTY}
    return Merged({name: whole or None}, clashes)


def _members(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _split(
    group: tuple[str, ...], base: Values, mine: Values, theirs: Values, write: dict[str, Any], known: Iterable[Clash]
) -> Iterator[Clash]:
    """Clashes of fields that could be written, in a group in which the other side changed another one."""
    wanted = [name for name in group if name in write]
    clashing = {clash.field for clash in known}
    others = [name for name in group if name in base and not same(theirs.get(name), base[name])]
    agreed = all(name in mine and same(mine[name], theirs.get(name)) for name in others)
    if not wanted or (agreed and clashing.isdisjoint(group)):
        return
    for name in wanted:
        del write[name]
        yield Clash(name, base.get(name), mine[name], theirs.get(name))
