"""Which stored event is which event of the calendar as it is now. Pure.

An event keeps its name (UID and RECURRENCE-ID) when it moves alone. When a whole series moves, every name in it changes:
then the stored event of the same series at the same time, or else of the same day, is the one meant. So a visit moves and
is not cancelled and planned anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Key = tuple[str, str]


@dataclass(frozen=True)
class Named:
    """An event by its name and when it starts (aware UTC)."""

    uid: str
    recurrence_id: str
    starts_at: datetime

    @property
    def key(self) -> Key:
        """What names it."""
        return self.uid, self.recurrence_id


@dataclass(frozen=True)
class Pairs:
    """For each new event the stored one that it is, and the stored ones that are none any more."""

    stored_of: dict[Key, Named]
    vanished: tuple[Named, ...]


def pair(stored: Iterable[Named], present: Sequence[Named]) -> Pairs:
    """Pair events; each stored one is at most one present one."""
    left = {one.key: one for one in stored}
    found: dict[Key, Named] = {}
    for one in present:
        if one.key in left:
            found[one.key] = left.pop(one.key)
    rules: tuple[Callable[[Named], Hashable], ...] = (
        lambda one: (one.uid, one.starts_at),
        lambda one: (one.uid, one.starts_at.date()),
    )
    for sign in rules:
        waiting: dict[Hashable, list[Named]] = defaultdict(list)
        for one in sorted(left.values(), key=lambda one: (one.starts_at, one.recurrence_id)):
            waiting[sign(one)].append(one)
        for one in present:
            if one.key not in found and waiting[sign(one)]:
                taken = waiting[sign(one)].pop(0)
                found[one.key] = left.pop(taken.key)
    return Pairs(found, tuple(left.values()))
