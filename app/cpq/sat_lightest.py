"""The lightest solution of clauses by MaxSAT, and of equally light ones the first by given literals; the best known when time is over.

Every weight becomes the price of a *wish* (a literal that should hold). Wishes of great weight are asked for first (stratification).
When some of them cannot be had together (a core), their least weight is paid for good, and of what is left over new wishes
are made, so that none is paid for twice (Narodytska and Bacchus, "Maximum Satisfiability Using Core-Guided MaxSAT Resolution", 2014).
Every solution met on the way costs at least as much as the lightest: a wish dearer than the difference between the best solution and what
is paid must hold, and is added as a fact (Ansótegui and others, "Improving SAT-Based Weighted MaxSAT Solvers", 2012). Wishes of
which at most one can hold are paid for at once (Ignatiev and others, "RC2: an Efficient MaxSAT Solver", 2019).
The phone's twin is `pwa/src/cpq/config/lightest.ts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pysat.solvers import Solver

from app.cpq.sat_limit import SOLVER, Deadline, OutOfTime, solved, tried

# Conflicts that making one core smaller, or one solution better, may take; the size up to which cores are made minimal.
_CORE_CONFLICTS, _BETTER_CONFLICTS, _SMALL_CORE = 1_000, 200, 40
# A step from one stratum to the next divides the least weight asked for.
_STEP = 4


@dataclass(frozen=True, slots=True)
class Lightest:
    """The literals of a solution by variable (None: none is known), and whether nothing is lighter or comes before it."""

    holds: tuple[int, ...] | None
    proven: bool


@dataclass(frozen=True, slots=True)
class Least:
    """The least sum of some weights; when it is not proven, no sum is less."""

    sum: int
    proven: bool


def least_sum(hard: Iterable[Sequence[int]], weights: Mapping[int, int], deadline: Deadline) -> Least | None:
    """The least sum of weights over the solutions; None when there is none."""
    with Solver(name=SOLVER, bootstrap_with=hard) as solver:
        search = _Search(solver, weights, max(map(abs, weights), default=0))
        try:
            if not search.starts(deadline):
                return None
            search.run(deadline)
        except OutOfTime:
            return Least(search.at_least, False)
        return Least(search.at_least, True)


def lightest(hard: Iterable[Sequence[int]], weights: Mapping[int, int], deadline: Deadline) -> tuple[int, ...]:
    """The literals with a weight as they are in a solution, light if not lightest; empty when none is known."""
    with Solver(name=SOLVER, bootstrap_with=hard) as solver:
        search = _Search(solver, weights, max(map(abs, weights), default=0))
        with suppress(OutOfTime):
            if search.starts(deadline):
                search.run(deadline)
    return search.best or ()


def lightest_first(
    hard: Iterable[Sequence[int]],
    weights: Mapping[int, int],
    groups: Sequence[Sequence[int]],
    deadline: Deadline,
    later: Deadline,
    near: Sequence[int] = (),
) -> Lightest:
    """A solution of least weight.

    Of those, going through the groups (each has exactly one literal that holds), the one whose literal comes first in each. `near` are
    literals that may well be a solution, tried first. When the deadline is over, the lightest that is known is made as light
    as small steps make it until `later`.
    """
    variables = max((abs(literal) for group in groups for literal in group), default=0)
    with Solver(name=SOLVER, bootstrap_with=hard) as solver:
        search = _Search(solver, weights, variables)
        try:
            if not search.starts(deadline, near):
                return Lightest(None, True)
            search.run(deadline)
            search.first_by(groups, deadline)
        except OutOfTime:
            search.better(later)
            return Lightest(search.best, False)
    return Lightest(search.best, True)


class _Search:
    """One question. `_wishes` is what is still asked for by weight, `_paid` what every solution costs at least."""

    best: tuple[int, ...] | None = None

    def __init__(self, solver: Solver, weights: Mapping[int, int], variables: int) -> None:
        self._solver = solver
        self._wishes, self._free = _wishes_of(weights)
        self._asked = dict(self._wishes)
        self._paid = 0
        self._cost = 0
        self._named = variables
        self._last: int = max(variables, solver.nof_vars(), *map(abs, self._wishes), 0)

    @property
    def at_least(self) -> int:
        """What no solution's sum of weights is less than."""
        return self._free + self._paid

    def starts(self, deadline: Deadline, near: Sequence[int] = ()) -> bool:
        """Whether there is a solution at all."""
        self._solver.set_phases(list(self._asked))
        if not (near and tried(self._solver, near, _BETTER_CONFLICTS)) and not solved(self._solver, (), deadline):
            return False
        self._took()
        return True

    def run(self, deadline: Deadline) -> None:
        """Search until every solution left is a lightest one."""
        self._pay_for_rivals(deadline)
        least = max(self._wishes.values(), default=0)
        while True:
            wanted = self._by_weight(wish for wish, weight in self._wishes.items() if weight >= least)
            if not solved(self._solver, wanted, deadline):
                self._relax(self._smaller(self._core(), deadline))
                self._settle()
                continue
            self._took()
            lighter = [weight for weight in self._wishes.values() if weight < least]
            if not lighter:
                return
            least = min(max(lighter), max(least // _STEP, min(lighter)))

    def first_by(self, groups: Sequence[Sequence[int]], deadline: Deadline) -> None:
        """Of the solutions that are left, the first by the groups' literals."""
        fixed = list(self._wishes)
        current = set(self.best or ())
        for group in groups:
            for literal in group:
                if literal not in current:
                    if not solved(self._solver, [*fixed, literal], deadline):
                        continue
                    self.best = self._model()
                    current = set(self.best)
                fixed.append(literal)
                break

    def better(self, deadline: Deadline) -> None:
        """One wish more, and one more, for which only such are given up as weigh less together; the dearest first."""
        before = -1
        with suppress(OutOfTime):
            while self.best is not None and self._cost != before:
                before = self._cost
                for wish in sorted(self._asked, key=lambda one: -self._asked[one]):
                    self._swap_for(wish, deadline)

    def _swap_for(self, wish: int, deadline: Deadline) -> None:
        """All else stays as in the best solution, but for what the wish rules out: first what nobody wished for."""
        fixed = {one: self._asked.get(one, 0) for one in self.best or () if one != -wish}
        room = 0 if wish in fixed else self._asked[wish]
        while room > 0:
            deadline.check()
            found = tried(self._solver, [wish, *fixed], _BETTER_CONFLICTS)
            if found:
                self._took()
            rivals = [one for one in self._core() if one in fixed] if found is False else []
            if not rivals:
                return
            cheapest = min(fixed[one] for one in rivals)
            for one in [one for one in rivals if fixed[one] == cheapest][: None if cheapest == 0 else 1]:
                del fixed[one]
            room -= cheapest

    def _took(self) -> None:
        """The solver has a solution; it is kept when it is the lightest so far."""
        found = self._model()
        held = set(found)
        cost = sum(weight for wish, weight in self._asked.items() if wish not in held)
        if self.best is None or cost < self._cost:
            self.best, self._cost = found, cost
            self._settle()

    def _model(self) -> tuple[int, ...]:
        """Variables that no clause names do not hold, unless that is wished for."""
        found = self._solver.get_model() or []
        open_ = range(len(found) + 1, self._named + 1)
        return (*found[: self._named], *(one if one in self._asked else -one for one in open_))

    def _settle(self) -> None:
        """A wish that no solution as light as the best can miss must hold."""
        most = self._cost - self._paid
        for wish in [wish for wish, weight in self._wishes.items() if weight > most]:
            self._solver.add_clause([wish])
            del self._wishes[wish]

    def _pay_for_rivals(self, deadline: Deadline) -> None:
        """Wishes of which at most one can hold: all but one are paid for."""
        rivals = self._rivals(deadline)
        used: set[int] = set()
        for wish in self._by_weight(rivals):
            if wish in used:
                continue
            group = [wish]
            for other in sorted(rivals[wish], key=lambda one: (len(rivals[one]), one)):
                if other not in used and all(other in rivals[one] for one in group):
                    group.append(other)
            used.update(group)
            self._pay_all_but_one(group)
        self._settle()

    def _rivals(self, deadline: Deadline) -> dict[int, set[int]]:
        rivals: dict[int, set[int]] = {wish: set() for wish in self._wishes}
        for wish in self._wishes:
            deadline.check()
            possible, implied = self._solver.propagate(assumptions=[wish])
            for literal in implied if possible else ():
                if -literal in rivals and -literal != wish:
                    rivals[wish].add(-literal)
                    rivals[-literal].add(wish)
        return rivals

    def _pay_all_but_one(self, group: list[int]) -> None:
        while len(group) > 1:
            weight = min(self._wishes[wish] for wish in group)
            self._pay(group, weight, len(group) - 1)
            one = self._fresh()
            self._solver.add_clause([-one, *group])
            self._wishes[one] = weight
            group = [wish for wish in group if wish in self._wishes]

    def _relax(self, core: Sequence[int]) -> None:
        """Not all of the core can hold: pay for one that does not, and wish that no second one fails."""
        weight = min(self._wishes[wish] for wish in core)
        self._pay(core, weight, 1)
        self._solver.add_clause([-wish for wish in core])
        *front, last = core
        failed = -last  # implied when some wish after the one looked at fails
        for place, wish in enumerate(reversed(front), start=1):
            alone = self._fresh()
            for clause in ([-alone, wish, -failed], [alone, -wish], [alone, failed]):
                self._solver.add_clause(clause)
            self._wishes[alone] = weight
            if place == len(front):
                return
            some = self._fresh()
            self._solver.add_clause([some, wish])
            self._solver.add_clause([some, -failed])
            failed = some

    def _pay(self, wishes: Iterable[int], weight: int, times: int) -> None:
        self._paid += weight * times
        for wish in wishes:
            self._wishes[wish] -= weight
            if not self._wishes[wish]:
                del self._wishes[wish]

    def _smaller(self, core: list[int], deadline: Deadline) -> list[int]:
        """A core without what it can easily do without, the lightest first: a large one costs more later."""
        before = len(core) + 1
        while 1 < len(core) < before:
            deadline.check()
            before = len(core)
            core = self._core_of(self._by_weight(core)[::-1]) or core
        if len(core) > _SMALL_CORE:
            return core
        for wish in self._by_weight(core)[::-1]:
            deadline.check()
            if wish in core and len(core) > 1:
                core = self._core_of([one for one in core if one != wish]) or core
        return core

    def _core_of(self, wishes: Sequence[int]) -> list[int]:
        return self._core() if tried(self._solver, wishes, _CORE_CONFLICTS) is False else []

    def _core(self) -> list[int]:
        return list(self._solver.get_core() or ())

    def _by_weight(self, wishes: Iterable[int]) -> list[int]:
        return sorted(wishes, key=lambda wish: (-self._wishes[wish], wish))

    def _fresh(self) -> int:
        self._last += 1
        return self._last


def _wishes_of(weights: Mapping[int, int]) -> tuple[dict[int, int], int]:
    """Literals that should hold with what it costs when they do not, and the sum of weights when all of them hold.

    Of a literal and its opposite one always holds: the lesser weight counts in any case, the difference is wished away.
    """
    wishes, free = {}, 0
    for literal, weight in weights.items():
        if literal < 0 and -literal in weights:
            continue
        other = weights.get(-literal, 0)
        free += min(weight, other)
        if weight != other:
            wishes[-literal if weight > other else literal] = abs(weight - other)
    return wishes, free
