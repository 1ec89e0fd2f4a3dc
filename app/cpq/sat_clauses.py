"""A solver with the clauses of a model and its bounds, and one with its rules alone."""

from collections.abc import Iterable, Sequence

import numpy as np
from pysat.solvers import Solver

from app.cpq.budgets_search import Bound
from app.cpq.model import Model, literal_at, slot
from app.cpq.sat_lightest import lightest
from app.cpq.sat_limit import SOLVER, Deadline, OutOfTime, solved, tried
from app.cpq.sat_sums import AddClause, Variables, add_up, at_most

# What the weights of one bound are parts of, when bounds are counted together.
_PARTS = 1_000_000
# Conflicts after which a configuration is not seen at once.
_AT_ONCE = 500


class Clauses:
    """The clauses of a model and its bounds.

    Sums tell a solver little until nearly everything is set; so the rules have a solver of their own, asked for configurations that
    leave bounds much room, and whether they are kept is counted.
    """

    def __init__(self, model: Model, bounds: Sequence[Bound]) -> None:
        self.model = model
        self.solver = Solver(name=SOLVER, bootstrap_with=[clause.literals for clause in model.artefact.clauses])
        self.variables = Variables(model.artefact.variables)
        self.bounds = {bound: at_most_sum(bound, self.variables, self.solver.add_clause) for bound in bounds}
        self._blend = blend(bounds)
        self._weights = np.array([bound.weights for bound in bounds], np.int64).reshape(
            len(bounds), 2 * model.artefact.public
        )
        self._limits = np.array([bound.limit for bound in bounds], np.int64)
        self._ruled = Solver(name=SOLVER, bootstrap_with=self.rules())
        self._ruled.set_phases([-literal if weight > 0 else literal for literal, weight in self._blend.items()])

    def head_start(self, demands: Sequence[int], deadline: Deadline) -> None:
        """Let the solvers begin at a configuration within all bounds, where it is not seen at once that there is one.

        The one of the rules that is lightest by all bounds together is quickly found; what is asked next is mostly a small step from it.
        """
        assumptions = [*self.bounds.values(), *demands]
        if not self.bounds or tried(self.solver, assumptions, _AT_ONCE) is not None:
            return
        near = lightest(self.rules(demands), self._blend, deadline)
        self._ruled.set_phases(near)
        if near and tried(self.solver, [*assumptions, *near], _AT_ONCE):
            self.solver.set_phases(self.solver.get_model())

    def rules(self, demands: Sequence[int] = ()) -> list[Sequence[int]]:
        """The clauses of the rules and of what is demanded, for a solver of their own."""
        return [*(clause.literals for clause in self.model.artefact.clauses), *([demand] for demand in demands)]

    def by_rules(self, literals: Sequence[int]) -> tuple[bool, list[int] | None]:
        """Whether the rules may have the literals; and the public literals of a configuration that also keeps all bounds, if seen."""
        found = tried(self._ruled, literals, _AT_ONCE)
        if not found:
            return found is None, None
        model = _padded(self._ruled.get_model(), self.model.artefact.public)
        flags = np.zeros(2 * self.model.artefact.public, bool)
        flags[[slot(one) for one in model]] = True
        return True, model if (self._weights @ flags <= self._limits).all() else None

    def solve(self, assumptions: Iterable[int], deadline: Deadline) -> list[int] | None:
        """The public literals of a solution, by variable; None when there is none; OutOfTime when neither is known."""
        return self._model() if solved(self.solver, list(assumptions), deadline) else None

    def solve_at_once(self, assumptions: Iterable[int], deadline: Deadline) -> list[int] | None:
        """As `solve`, and OutOfTime also when it takes more than a few conflicts."""
        deadline.check()
        found = tried(self.solver, list(assumptions), _AT_ONCE)
        if found is None:
            raise OutOfTime
        return self._model() if found else None

    def _model(self) -> list[int]:
        found: list[int] = self.solver.get_model()
        return _padded(found, self.model.artefact.public)


def at_most_sum(bound: Bound, variables: Variables, add: AddClause) -> int:
    """A literal under which a bound is kept."""
    return at_most(add_up(weighted(bound.weights).items(), variables, add), bound.limit, variables, add)


def blend(bounds: Sequence[Bound]) -> dict[int, int]:
    """Weights by literal that count every bound alike: the less they sum up to, the more room bounds have."""
    blended: dict[int, int] = {}
    for bound in bounds:
        span = sum(abs(weight) for weight in bound.weights) or 1
        for literal, weight in weighted(bound.weights).items():
            blended[literal] = blended.get(literal, 0) + weight * _PARTS // span
    return blended


def weighted(weights: Sequence[int]) -> dict[int, int]:
    """Weights other than 0 by literal."""
    return {literal_at(number): weight for number, weight in enumerate(weights) if weight}


def _padded(found: list[int], public: int) -> list[int]:
    """Literals of variables 1…public; variables beyond those that a clause names are false."""
    return [found[number] if number < len(found) else -(number + 1) for number in range(public)]
