"""The rules at fault, by SAT over the clauses: a minimal set, the same whatever solver answers."""

import threading
import time
from collections.abc import Sequence

from pysat.solvers import Solver

from app.cpq.artefact import Artefact
from app.cpq.budgets_search import Bound
from app.cpq.sat_clauses import at_most_sum
from app.cpq.sat_limit import SECONDS, SOLVER, Clock, Deadline, OutOfTime, solved
from app.cpq.sat_sums import Variables


class Faults:
    """The clauses of a model, each rule behind a selector; one solver, asked by one thread at a time.

    With bounds, the rules are found that are at fault beside these, which are kept in any case.
    """

    def __init__(
        self,
        artefact: Artefact,
        bounds: Sequence[Bound] = (),
        seconds: float = SECONDS,
        clock: Clock = time.monotonic,
    ) -> None:
        self._rules = [rule.id for rule in artefact.rules]
        self._first = artefact.variables
        self._lock = threading.Lock()
        self._seconds, self._clock = seconds, clock
        self._solver = Solver(name=SOLVER)
        for clause in artefact.clauses:
            off = [-(self._first + clause.rule)] if clause.rule else []
            self._solver.add_clause([*clause.literals, *off])
        variables = Variables(artefact.variables + len(artefact.rules))
        for bound in bounds:
            self._solver.add_clause([at_most_sum(bound, variables, self._solver.add_clause)])

    def of(self, literals: Sequence[int]) -> tuple[str, ...] | None:
        """A minimal set of rules that exclude literals together, in the order of the header, earlier rules preferred.

        None when no rules exclude them; empty when the structure alone does (a feature with two values). When the time is over
        rules may be named that could be left out; none is when it is not even known whether they exclude the literals.
        """
        with self._lock:
            deadline = Deadline(self._seconds, self._clock)
            enough: set[int] = set()
            try:
                if self._solvable(literals, [], len(self._rules), deadline):
                    return None
                enough = self._core()
                found = self._smallest(literals, deadline)
            except OutOfTime:
                found = enough
        return tuple(self._rules[number - 1] for number in sorted(found))

    def _smallest(self, literals: Sequence[int], deadline: Deadline) -> set[int]:
        found: list[int] = []
        last = self._last_in_core(found)
        while self._solvable(literals, found, 0, deadline):
            last = self._shortest(literals, found, last, deadline)
            found.append(last)
            self._solvable(literals, found, last - 1, deadline)
            last = self._last_in_core(found)
        return set(found)

    def _solvable(self, literals: Sequence[int], found: Sequence[int], first: int, deadline: Deadline) -> bool:
        chosen = [*found, *range(1, first + 1)]
        return solved(self._solver, [*literals, *(self._first + number for number in chosen)], deadline)

    def _core(self) -> set[int]:
        core = (literal - self._first for literal in self._solver.get_core() or ())
        return {number for number in core if number > 0}

    def _last_in_core(self, found: Sequence[int]) -> int:
        """The last rule, besides those found, that the solver needed to see that there is no solution."""
        return max((number for number in self._core() if number not in found), default=0)

    def _shortest(self, literals: Sequence[int], found: Sequence[int], last: int, deadline: Deadline) -> int:
        """The smallest k such that the first k rules, with what was found, exclude the literals; the first `last` do."""
        low, high = 1, last
        while low < high:
            middle = (low + high) // 2
            if self._solvable(literals, found, middle, deadline):
                low = middle + 1
            else:
                # The rules up to the last in the core suffice; so it is not a matter of which core the solver finds.
                high = max(low, min(middle, self._last_in_core(found)))
        return low
