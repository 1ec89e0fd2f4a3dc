"""The choices of least cost to give up, by asking which choices can be kept together: quick where the search for the lightest is slow.

Choices that cannot all be kept, and of which any but one could be, are a *core*: one of them is given up in any case. The cheapest choices
that hit every core known are tried; when the others can be kept, nothing cheaper can be given up, else they have another core.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from app.cpq.budgets_walk import Walked
from app.cpq.sat_hitting import cheapest_hitting

# A walk's passes take as long as so many nodes do.
_PASSES = 40

Walk = Callable[[frozenset[int], int], Walked]
"""A configuration that keeps choices (by number), found with so many nodes entered at most."""


class Swap:
    """One question: choices by number, what giving up each costs, and the literals (slots) that each leaves out."""

    def __init__(self, costs: Sequence[int], left_out: Sequence[Sequence[int]], walk: Walk, most: int) -> None:
        self.costs, self.left_out, self.walk = costs, left_out, walk
        self.allowed = most
        self.proven = True
        self._kept: list[frozenset[int]] = []
        self._cores: list[frozenset[int]] = []

    def fewest(self) -> frozenset[int] | None:
        """The choices to give up; None when there is no configuration even so. When not `proven`: those of the best one known."""
        every = frozenset(range(len(self.costs)))
        if not self._can_keep(frozenset()):
            return None
        while self.proven:
            given_up = cheapest_hitting(self._cores, self.costs)
            if self._can_keep(every - given_up):
                return given_up
            if self.proven:
                self._cores.append(self._core(every - given_up))
        return min((every - kept for kept in self._kept), key=self._cost, default=None)

    def _cost(self, given_up: frozenset[int]) -> int:
        return sum(self.costs[number] for number in given_up)

    def _can_keep(self, numbers: frozenset[int]) -> bool:
        """Whether some configuration keeps these choices; no, and not `proven`, when the walks came to their limit."""
        if any(numbers <= kept for kept in self._kept):
            return True
        found = self.walk(numbers, self.allowed)
        self.allowed -= _PASSES + found.entered
        if found.literals is None:
            self.proven &= found.proven and self.allowed > 0
            return False
        self.know(np.flatnonzero(found.literals).tolist())
        return True

    def know(self, configuration: Iterable[int]) -> None:
        """A configuration (slots) that is known: what it keeps can be kept."""
        holds = set(configuration)
        self._kept.append(frozenset(n for n, slots in enumerate(self.left_out) if holds.isdisjoint(slots)))

    def _core(self, numbers: frozenset[int]) -> frozenset[int]:
        """Of choices that cannot all be kept, some that cannot be either; those that are cheap to give up stay longest."""
        core = numbers
        for number in sorted(numbers, key=lambda one: self.costs[one], reverse=True):
            fewer = core - {number}
            if not self._can_keep(fewer) and self.proven:
                core = fewer
            if not self.proven:
                break
        return core
