"""A model that is too large for a diagram, answered by SAT over its clauses (CaDiCaL); the same answers, slower.

Budgets are bounds on binary sums (`sat_sums.py`), each behind a selector. There is one solver a model; threads take turns.
"""

import threading
from collections.abc import Iterable, Sequence

import numpy as np
from pysat.solvers import Solver

from app.cpq.budgets_pass import bounds_of
from app.cpq.budgets_search import Bound
from app.cpq.domains_look import Look, give_up_cost, use_weights
from app.cpq.domains_reach import Flags
from app.cpq.model import Choice, Choices, Model, literal_at, slot
from app.cpq.sat_faults import SOLVER
from app.cpq.sat_hitting import cheapest_hitting
from app.cpq.sat_lightest import lightest_first
from app.cpq.sat_sums import Sum, Variables, add_up, at_most


class Clauses:
    """A solver with the clauses of a model and its bounds."""

    def __init__(self, model: Model, bounds: Sequence[Bound]) -> None:
        self.model = model
        self.solver = Solver(name=SOLVER, bootstrap_with=[clause.literals for clause in model.artefact.clauses])
        self.variables = Variables(model.artefact.variables)
        self._sums: dict[tuple[int, ...], Sum] = {}
        self.bounds = {bound: self._bound(bound) for bound in bounds}

    def sum(self, weights: Sequence[int]) -> Sum:
        """The sum of weights by slot."""
        key = tuple(weights)
        if key not in self._sums:
            weighted = [(literal_at(number), weight) for number, weight in enumerate(weights) if weight]
            self._sums[key] = add_up(weighted, self.variables, self.solver.add_clause)
        return self._sums[key]

    def _bound(self, bound: Bound) -> int:
        return at_most(self.sum(bound.weights), bound.limit, self.variables, self.solver.add_clause)

    def solve(self, assumptions: Iterable[int]) -> list[int] | None:
        """The public literals of a solution, by variable; None when there is none."""
        if not self.solver.solve(assumptions=list(assumptions)):
            return None
        found: list[int] = self.solver.get_model()
        return _padded(found, self.model.artefact.public)

    def least(self, weights: Sequence[int], assumptions: Sequence[int]) -> tuple[int, list[int]] | None:
        """The least sum of weights by slot, and the assumptions under which it is the only one; None for no solution."""
        total = self.sum(weights)
        fixed = list(assumptions)
        if self.solve(fixed) is None:
            return None
        least = total.offset
        for position in range(len(total.bits) - 1, -1, -1):
            bit = total.bits[position]
            if self.solve([*fixed, -bit]) is not None:
                fixed.append(-bit)
            else:
                fixed.append(bit)
                least += 1 << position
        return least, fixed


class Satisfiability:
    """The engine over clauses."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.bounds = bounds_of(model.budgets, model.artefact.public)
        self._lock = threading.Lock()
        self._clauses = Clauses(model, self.bounds)
        self._kept = list(self._clauses.bounds.values())

    def look(self, choices: Choices) -> Look:
        """Domains and ranges after normalised choices."""
        with self._lock:
            if self._clauses.solve([*self._kept, *self._demands(choices)]) is not None:
                return self._look(choices, ())
        given_up = self.conflicts(choices)
        with self._lock:
            if given_up is None:
                nothing = np.zeros(2 * self.model.artefact.public, bool)
                return Look(nothing, nothing, (), lambda: (None,) * len(self.model.budgets), choices)
            return self._look(tuple(choice for choice in choices if choice not in given_up), given_up)

    def _look(self, choices: Choices, given_up: Choices) -> Look:
        possible = self._possible([*self._kept, *self._demands(choices)])
        valid = possible.copy()
        for choice in choices:
            if len(choice.values) > 1:
                continue
            others = [*self._kept, *self._demands(tuple(other for other in choices if other != choice))]
            for literal in self.model.forbidden_by(choice):
                valid[slot(literal)] = self._clauses.solve([*others, literal]) is not None
        return Look(valid, possible, (), lambda: self._uses(choices), given_up)

    def _possible(self, assumptions: list[int]) -> Flags:
        """Every literal of a value that some solution has; each solution speaks for all its literals."""
        seen = np.zeros(2 * self.model.artefact.public, bool)
        clauses = self._clauses
        fixed = set(clauses.solver.propagate(assumptions=assumptions)[1])
        for literal in self.model.owner:
            if seen[slot(literal)] or -literal in fixed:
                continue
            found = clauses.solve([*assumptions, literal])
            if found is not None:
                seen[[slot(one) for one in found]] = True
        return seen

    def _uses(self, choices: Choices) -> tuple[tuple[int, int] | None, ...]:
        found = []
        with self._lock:
            for number, budget in enumerate(self.model.budgets):
                weights = use_weights(self.model, number)
                least = self._clauses.least(weights, self._demands(choices))
                most = self._clauses.least([-weight for weight in weights], self._demands(choices))
                found.append((budget.base + least[0], budget.base - most[0]) if least and most else None)
        return tuple(found)

    def _demands(self, choices: Iterable[Choice]) -> list[int]:
        return [-literal for choice in choices for literal in self.model.forbidden_by(choice)]

    def ways(self, choices: Choices) -> tuple[int | None, bool]:
        """SAT does not count: zero for contradictory choices cannot be told from the answer either."""
        return None, not self.bounds

    def conflicts(self, choices: Choices, kept: Sequence[Choice] = ()) -> Choices | None:
        """The cheapest choices to give up: sets that cannot be kept together are found until what hits them all suffices."""
        costs = [give_up_cost(number, len(choices)) for number in range(len(choices))]
        hard = [*self._kept, *self._demands(kept)]
        together: list[frozenset[int]] = []
        with self._lock:
            if self._clauses.solve(hard) is None:
                return None
            while True:
                given_up = cheapest_hitting(together, costs)
                rest = [number for number in range(len(choices)) if number not in given_up]
                if self._solvable(choices, rest, hard):
                    return tuple(choices[number] for number in sorted(given_up))
                together.append(self._smallest(choices, rest, hard))

    def _solvable(self, choices: Choices, numbers: Iterable[int], hard: Sequence[int]) -> bool:
        return self._clauses.solve([*hard, *self._demands(choices[number] for number in numbers)]) is not None

    def _smallest(self, choices: Choices, numbers: list[int], hard: Sequence[int]) -> frozenset[int]:
        """A minimal set of choices that cannot be kept together."""
        core = set(self._clauses.solver.get_core() or ())
        left = [number for number in numbers if not core.isdisjoint(self._demands([choices[number]]))]
        for number in tuple(left):
            without = [other for other in left if other != number]
            if not self._solvable(choices, without, hard):
                left = without
        return frozenset(left)

    def lightest(self, weights: Sequence[int], choices: Choices) -> dict[str, str] | None:
        """The least sum of weights by MaxSAT; then value by value in the order of features."""
        hard = [list(clause.literals) for clause in self.model.artefact.clauses]
        variables = Variables(self.model.artefact.variables)
        for bound in self.bounds:
            weighted = [(literal_at(number), weight) for number, weight in enumerate(bound.weights) if weight]
            total = add_up(weighted, variables, hard.append)
            hard.append([at_most(total, bound.limit, variables, hard.append)])
        hard += [[demand] for demand in self._demands(choices)]
        holds = lightest_first(
            hard,
            {literal_at(number): weight for number, weight in enumerate(weights) if weight},
            [feature.literals for feature in self.model.features],
        )
        return None if holds is None else self.model.configuration(holds)

    def least_sums(self, choices: Choices) -> tuple[int, ...]:
        """The least sum of each bound over the configurations of the rules that keep the choices; there must be one."""
        with self._lock:
            found = [self._clauses.least(bound.weights, self._demands(choices)) for bound in self.bounds]
        return tuple(least[0] for least in found if least is not None)

    def can_keep(self, choices: Choices, bounds: Sequence[Bound]) -> bool:
        """Whether a configuration of the rules keeps the choices and these bounds."""
        with self._lock:
            selectors = [self._clauses.bounds[bound] for bound in bounds]
            return self._clauses.solve([*selectors, *self._demands(choices)]) is not None


def _padded(found: list[int], public: int) -> list[int]:
    """Literals of variables 1…public; variables beyond those that a clause names are false."""
    return [found[number] if number < len(found) else -(number + 1) for number in range(public)]
