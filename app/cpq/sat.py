"""A model that is too large for a diagram, answered by SAT over its clauses; the same answers, slower.

Budgets are bounds on binary sums (`sat_sums.py`), each behind a selector. There is one solver a model; threads take turns. Every
question has a limit of time (`sat_limit.py`). What is not decided by then is said as possible and named as unproven; of choices to give
up the best set known is given; a range of use is then an outer one.
"""

import threading
import time
from collections.abc import Iterable, Sequence

import numpy as np

from app.cpq.budgets_pass import bounds_of
from app.cpq.budgets_search import Bound, Found
from app.cpq.domains_look import GivenUp, Look, Use, give_up_cost, use_weights
from app.cpq.domains_reach import Flags
from app.cpq.model import Choice, Choices, ConfigurationError, Model, slot
from app.cpq.sat_clauses import Clauses, at_most_sum, blend, weighted
from app.cpq.sat_conflicts import Conflicts
from app.cpq.sat_lightest import Least, least_sum, lightest, lightest_first
from app.cpq.sat_limit import SECONDS, Clock, Deadline, OutOfTime
from app.cpq.sat_sums import Variables

# How much of the time the search for the lightest may take; in the rest the best solution known is made better.
_SEARCHING = 0.8


class Satisfiability:
    """The engine over clauses. Each of its questions ends after so many seconds by the clock, and little more."""

    def __init__(self, model: Model, seconds: float = SECONDS, clock: Clock = time.monotonic) -> None:
        self.model = model
        self.bounds = bounds_of(model.budgets, model.artefact.public)
        self._lock = threading.Lock()
        self._clauses = Clauses(model, self.bounds)
        self._kept = list(self._clauses.bounds.values())
        self._seconds, self._clock = seconds, clock

    def begin(self) -> Deadline:
        """The time of one question, from now."""
        return self._deadline()

    def _deadline(self, share: float = 1.0) -> Deadline:
        return Deadline(self._seconds * share, self._clock)

    def look(self, choices: Choices) -> Look:
        """Domains and ranges after normalised choices."""
        with self._lock:
            deadline = self._deadline()
            self._clauses.head_start(self._demands(choices), deadline)
            if self._may_hold([*self._kept, *self._demands(choices)], deadline)[0]:
                return self._look(choices, (), deadline)
        try:
            given_up = self.conflicts(choices)
        except ConfigurationError:
            given_up = None
        with self._lock:
            if given_up is None:
                nothing = np.zeros(2 * self.model.artefact.public, bool)
                return Look(nothing, nothing, (), lambda: (None,) * len(self.model.budgets), choices)
            effective = tuple(choice for choice in choices if choice not in given_up.choices)
            return self._look(effective, given_up.choices, self._deadline())

    def _look(self, choices: Choices, given_up: Choices, deadline: Deadline) -> Look:
        possible, unproven = self._possible(self._demands(choices), deadline)
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

    def _possible(self, demands: list[int], deadline: Deadline) -> tuple[Flags, list[int]]:
        """Every literal of a value that some solution has, each solution speaks for all its literals; and the unproven ones."""
        seen = np.zeros(2 * self.model.artefact.public, bool)
        fixed = set(self._clauses.solver.propagate(assumptions=[*self._kept, *demands])[1])
        left = [literal for literal in self.model.owner if -literal not in fixed]
        for easily in (self._by_rules, self._at_once, self._decided):
            late = []
            for literal in left:
                if seen[slot(literal)]:
                    continue
                try:
                    found = easily([*demands, literal], deadline)
                except OutOfTime:
                    late.append(literal)
                    continue
                if found is not None:
                    seen[[slot(one) for one in found]] = True
            left = late
        unproven = [slot(literal) for literal in left if not seen[slot(literal)]]
        seen[unproven] = True
        return seen, unproven

    def _by_rules(self, demands: list[int], deadline: Deadline) -> list[int] | None:
        deadline.check()
        may_hold, found = self._clauses.by_rules(demands)
        if may_hold and found is None:
            raise OutOfTime
        return found

    def _at_once(self, demands: list[int], deadline: Deadline) -> list[int] | None:
        return self._clauses.solve_at_once([*self._kept, *demands], deadline)

    def _decided(self, demands: list[int], deadline: Deadline) -> list[int] | None:
        return self._clauses.solve([*self._kept, *demands], deadline)

    def _uses(self, choices: Choices) -> tuple[Use | None, ...]:
        found: list[Use | None] = []
        deadline = self._deadline()
        for number, budget in enumerate(self.model.budgets):
            weights = use_weights(self.model, number)
            least = self._least(weights, choices, deadline)
            most = self._least([-weight for weight in weights], choices, deadline)
            if least is None or most is None:
                found.append(None)
            else:
                found.append(Use(budget.base + least.sum, budget.base - most.sum, least.proven and most.proven))
        return tuple(found)

    def _least(self, weights: Sequence[int], choices: Choices, deadline: Deadline) -> Least | None:
        """The least sum of weights by slot over the configurations of the rules that keep the choices."""
        return least_sum(self._clauses.rules(self._demands(choices)), weighted(weights), deadline)

    def _demands(self, choices: Iterable[Choice]) -> list[int]:
        return [-literal for choice in choices for literal in self.model.forbidden_by(choice)]

    def ways(self, choices: Choices) -> tuple[int | None, bool]:
        """SAT does not count: zero for contradictory choices cannot be told from the answer either."""
        return None, not self.bounds

    def conflicts(self, choices: Choices, kept: Sequence[Choice] = ()) -> GivenUp | None:
        """The cheapest choices to give up; None when there is no configuration. In too little time, some that suffice."""
        costs = [give_up_cost(number, len(choices)) for number in range(len(choices))]
        demands = [self._demands([choice]) for choice in choices]
        with self._lock:
            deadline = self._deadline()
            self._clauses.head_start(self._demands(kept), deadline)
            hard = [*self._kept, *self._demands(kept)]
            proven = True
            search = Conflicts(self._clauses.solver, hard, demands, costs, deadline)
            try:
                given_up = search.cheapest()
            except OutOfTime:
                if search.best is None:
                    raise ConfigurationError("No configuration was found within the limit of the search.") from None
                given_up, proven = search.best, not search.best
        return None if given_up is None else GivenUp(tuple(choices[one] for one in sorted(given_up)), proven)

    def lightest(self, weights: Sequence[int], choices: Choices) -> Found:
        """The least sum of weights by MaxSAT; then value by value in the order of features. The best known when not proven."""
        hard = self._clauses.rules(self._demands(choices))
        variables = Variables(self.model.artefact.variables)
        hard += [[at_most_sum(bound, variables, hard.append)] for bound in self.bounds]
        first, whole = self._deadline(_SEARCHING), self._deadline()
        near = lightest(self._clauses.rules(self._demands(choices)), blend(self.bounds), first) if self.bounds else ()
        found = lightest_first(
            hard, weighted(weights), [feature.literals for feature in self.model.features], first, whole, near
        )
        return Found(found.holds, found.proven)

    def least_sums(self, choices: Choices) -> tuple[int, ...]:
        """The least sum of each bound over the configurations of the rules that keep the choices; there must be one.

        When the time is over a sum that none is less than.
        """
        deadline = self._deadline()
        found = [self._least(bound.weights, choices, deadline) for bound in self.bounds]
        return tuple(least.sum for least in found if least is not None)

    def can_keep(self, choices: Choices, bounds: Sequence[Bound]) -> bool:
        """Whether a configuration of the rules keeps the choices and these bounds; yes when the time is over."""
        with self._lock:
            selectors = [self._clauses.bounds[bound] for bound in bounds]
            return self._may_hold([*selectors, *self._demands(choices)], self._deadline())[0]
