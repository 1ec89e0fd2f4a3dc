"""Which choices to give up: sets that cannot be kept together are found until what hits them all at least cost suffices."""

from collections.abc import Iterable, Sequence

from pysat.solvers import Solver

from app.cpq.sat_hitting import cheapest_hitting
from app.cpq.sat_limit import Deadline, solved


class Conflicts:
    """One question; choices by number, `demands` the literals of each. `best` is the cheapest set that is known to suffice."""

    best: frozenset[int] | None = None

    def __init__(
        self,
        solver: Solver,
        hard: Sequence[int],
        demands: Sequence[Sequence[int]],
        costs: Sequence[int],
        deadline: Deadline,
    ) -> None:
        self._solver, self._hard, self._demands, self._costs = solver, hard, demands, costs
        self._deadline = deadline

    def cheapest(self) -> frozenset[int] | None:
        """The cheapest set; None when there is no solution even without all choices; OutOfTime."""
        if not self._solvable(()):
            return None
        together: list[frozenset[int]] = []
        while True:
            given_up = cheapest_hitting(together, self._costs)
            rest = [number for number in range(len(self._demands)) if number not in given_up]
            if self._solvable(rest):
                return given_up
            together.append(self._smallest(rest))

    def _solvable(self, numbers: Iterable[int]) -> bool:
        demanded = [literal for number in numbers for literal in self._demands[number]]
        if not solved(self._solver, [*self._hard, *demanded], self._deadline):
            return False
        held = set(self._solver.get_model() or ())
        left = (number for number, own in enumerate(self._demands) if not held.issuperset(own))
        self.best = min(self.best, frozenset(left), key=self._cost) if self.best is not None else frozenset(left)
        return True

    def _cost(self, numbers: frozenset[int]) -> int:
        return sum(self._costs[number] for number in numbers)

    def _smallest(self, numbers: list[int]) -> frozenset[int]:
        """A minimal set of choices that cannot be kept together."""
        core = set(self._solver.get_core() or ())
        left = [number for number in numbers if not core.isdisjoint(self._demands[number])]
        for number in tuple(left):
            without = [other for other in left if other != number]
            if not self._solvable(without):
                left = without
        return frozenset(left)
