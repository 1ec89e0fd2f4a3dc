"""A model that is too large for a diagram, answered by SAT over its clauses; the same answers, slower.

Budgets are bounds on binary sums (`sat_sums.py`), each behind a selector. There is one solver a model; threads take turns. Every
question has a limit of time (`sat_limit.py`). What is not decided by then is said as possible and named as unproven; of choices to give
up the best set known is given; a range of use is then an outer one.
"""

import threading
import time
from collections.abc import Iterable, Sequence

import numpy as np
from pysat.solvers import Solver

from app.cpq.budgets_pass import bounds_of
from app.cpq.budgets_search import Bound, Found
from app.cpq.domains_look import Look, Use, give_up_cost, use_weights
from app.cpq.domains_reach import Flags
from app.cpq.model import Choice, Choices, ConfigurationError, Model, literal_at, slot
from app.cpq.sat_conflicts import Conflicts
from app.cpq.sat_lightest import lightest_first
from app.cpq.sat_limit import SECONDS, SOLVER, Clock, Deadline, OutOfTime, solved
from app.cpq.sat_sums import Sum, Variables, add_up, at_most

# How much of the time the search for the lightest may take; in the rest the best solution known is made better.
_SEARCHING = 0.8


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

    def solve(self, assumptions: Iterable[int], deadline: Deadline) -> list[int] | None:
        """The public literals of a solution, by variable; None when there is none; OutOfTime when neither is known."""
        if not solved(self.solver, list(assumptions), deadline):
            return None
        found: list[int] = self.solver.get_model()
        return _padded(found, self.model.artefact.public)

    def least(self, weights: Sequence[int], assumptions: Sequence[int], deadline: Deadline) -> tuple[int, bool] | None:
        """The least sum of weights by slot, and whether it is proven; else no sum is less. None for no solution."""
        total = self.sum(weights)
        fixed = list(assumptions)
        least = total.offset
        try:
            if self.solve(fixed, deadline) is None:
                return None
            for position in range(len(total.bits) - 1, -1, -1):
                bit = total.bits[position]
                if self.solve([*fixed, -bit], deadline) is not None:
                    fixed.append(-bit)
                else:
                    fixed.append(bit)
                    least += 1 << position
        except OutOfTime:
            return least, False
        return least, True


class Satisfiability:
    """The engine over clauses. Each of its questions ends after so many seconds by the clock, and little more."""

    def __init__(self, model: Model, seconds: float = SECONDS, clock: Clock = time.monotonic) -> None:
        self.model = model
        self.bounds = bounds_of(model.budgets, model.artefact.public)
        self._lock = threading.Lock()
        self._clauses = Clauses(model, self.bounds)
        self._kept = list(self._clauses.bounds.values())
        self._seconds, self._clock = seconds, clock

    def _deadline(self, share: float = 1.0) -> Deadline:
        return Deadline(self._seconds * share, self._clock)

    def look(self, choices: Choices) -> Look:
        """Domains and ranges after normalised choices."""
        with self._lock:
            deadline = self._deadline()
            if self._may_hold([*self._kept, *self._demands(choices)], deadline)[0]:
                return self._look(choices, (), deadline)
        given_up = self.conflicts(choices)
        with self._lock:
            if given_up is None:
                nothing = np.zeros(2 * self.model.artefact.public, bool)
                return Look(nothing, nothing, (), lambda: (None,) * len(self.model.budgets), choices)
            effective = tuple(choice for choice in choices if choice not in given_up)
            return self._look(effective, given_up, self._deadline())

    def _look(self, choices: Choices, given_up: Choices, deadline: Deadline) -> Look:
        possible, unproven = self._possible([*self._kept, *self._demands(choices)], deadline)
        valid = possible.copy()
        for choice in choices:
            if len(choice.values) > 1:
                continue
            others = [*self._kept, *self._demands(tuple(other for other in choices if other != choice))]
            for literal in self.model.forbidden_by(choice):
                valid[slot(literal)], proven = self._may_hold([*others, literal], deadline)
                if not proven:
                    unproven.append(slot(literal))
        return Look(valid, possible, tuple(unproven), lambda: self._uses(choices), given_up)

    def _may_hold(self, assumptions: list[int], deadline: Deadline) -> tuple[bool, bool]:
        """Whether there is a solution, taken for granted when the time is over; and whether that is proven."""
        try:
            return self._clauses.solve(assumptions, deadline) is not None, True
        except OutOfTime:
            return True, False

    def _possible(self, assumptions: list[int], deadline: Deadline) -> tuple[Flags, list[int]]:
        """Every literal of a value that some solution has, each solution speaks for all its literals; and the unproven ones."""
        seen = np.zeros(2 * self.model.artefact.public, bool)
        unproven = []
        clauses = self._clauses
        fixed = set(clauses.solver.propagate(assumptions=assumptions)[1])
        for literal in self.model.owner:
            if seen[slot(literal)] or -literal in fixed:
                continue
            try:
                found = clauses.solve([*assumptions, literal], deadline)
            except OutOfTime:
                unproven.append(slot(literal))
                continue
            if found is not None:
                seen[[slot(one) for one in found]] = True
        seen[unproven] = True
        return seen, unproven

    def _uses(self, choices: Choices) -> tuple[Use | None, ...]:
        found = []
        with self._lock:
            demands, deadline = self._demands(choices), self._deadline()
            for number, budget in enumerate(self.model.budgets):
                weights = use_weights(self.model, number)
                least = self._clauses.least(weights, demands, deadline)
                most = self._clauses.least([-weight for weight in weights], demands, deadline)
                ends = least and most and Use(budget.base + least[0], budget.base - most[0], least[1] and most[1])
                found.append(ends)
        return tuple(found)

    def _demands(self, choices: Iterable[Choice]) -> list[int]:
        return [-literal for choice in choices for literal in self.model.forbidden_by(choice)]

    def ways(self, choices: Choices) -> tuple[int | None, bool]:
        """SAT does not count: zero for contradictory choices cannot be told from the answer either."""
        return None, not self.bounds

    def conflicts(self, choices: Choices, kept: Sequence[Choice] = ()) -> Choices | None:
        """The cheapest choices to give up; None when there is no configuration. In too little time, some that suffice."""
        costs = [give_up_cost(number, len(choices)) for number in range(len(choices))]
        demands = [self._demands([choice]) for choice in choices]
        with self._lock:
            hard = [*self._kept, *self._demands(kept)]
            search = Conflicts(self._clauses.solver, hard, demands, costs, self._deadline())
            try:
                given_up = search.cheapest()
            except OutOfTime:
                if search.best is None:
                    raise ConfigurationError("No configuration was found within the limit of the search.") from None
                given_up = search.best
        return None if given_up is None else tuple(choices[number] for number in sorted(given_up))

    def lightest(self, weights: Sequence[int], choices: Choices) -> Found:
        """The least sum of weights by MaxSAT; then value by value in the order of features. The best known when not proven."""
        hard = [list(clause.literals) for clause in self.model.artefact.clauses]
        variables = Variables(self.model.artefact.variables)
        for bound in self.bounds:
            weighted = [(literal_at(number), weight) for number, weight in enumerate(bound.weights) if weight]
            total = add_up(weighted, variables, hard.append)
            hard.append([at_most(total, bound.limit, variables, hard.append)])
        hard += [[demand] for demand in self._demands(choices)]
        found = lightest_first(
            hard,
            {literal_at(number): weight for number, weight in enumerate(weights) if weight},
            [feature.literals for feature in self.model.features],
            self._deadline(_SEARCHING),
            self._deadline(),
        )
        return Found(found.holds, found.proven)

    def least_sums(self, choices: Choices) -> tuple[int, ...]:
        """The least sum of each bound over the configurations of the rules that keep the choices; there must be one."""
        with self._lock:
            demands, deadline = self._demands(choices), self._deadline()
            found = [self._clauses.least(bound.weights, demands, deadline) for bound in self.bounds]
        return tuple(least[0] for least in found if least is not None)

    def can_keep(self, choices: Choices, bounds: Sequence[Bound]) -> bool:
        """Whether a configuration of the rules keeps the choices and these bounds; yes when the time is over."""
        with self._lock:
            selectors = [self._clauses.bounds[bound] for bound in bounds]
            return self._may_hold([*selectors, *self._demands(choices)], self._deadline())[0]


def _padded(found: list[int], public: int) -> list[int]:
    """Literals of variables 1…public; variables beyond those that a clause names are false."""
    return [found[number] if number < len(found) else -(number + 1) for number in range(public)]
