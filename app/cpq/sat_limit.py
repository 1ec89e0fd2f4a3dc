"""How long SAT may think. A question is asked in portions of conflicts, and between two portions the clock is looked at.

The solver is Minisat 2.2 because it can stop after so many conflicts and go on later with what it has learned; the versions of
CaDiCaL at hand cannot, and CaDiCaL was seen to hang for minutes on small models with budgets. Glucose 4 takes as long, but forgets
where it was told to begin (phases) once it had conflicts. Measured on the two public models above the gate (2,513 and 771
features, random prices, one core): the cheapest configuration is proven in 0.4 s and 0.1 s. SECONDS is thus ten times what real
models need, and what a person still waits for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pysat.solvers import Solver

SOLVER = "minisat22"
SECONDS = 5.0
# What SAT has for checking one product, when nobody waits for it; naming the rules of what was found may take as long again.
CHECK_SECONDS = 30.0
_PORTION = 500

Clock = Callable[[], float]


class OutOfTime(Exception):
    """The time is over and the answer is not known."""


class Deadline:
    """A point in time; by the clock in seconds, a monotonic one."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the point has passed."""
        return self._clock() >= self._end

    def check(self) -> None:
        """Raise OutOfTime when the point has passed."""
        if self.is_over:
            raise OutOfTime


def solved(solver: Solver, assumptions: Sequence[int], deadline: Deadline, most: int | None = None) -> bool:
    """Whether there is a solution under assumptions; OutOfTime when that is not known in time, or in `most` conflicts.

    Other threads run meanwhile; the solver itself is one thread's at a time.
    """
    portions = count() if most is None else range(-(-most // _PORTION))
    for _ in portions:
        deadline.check()
        found = tried(solver, assumptions, _PORTION)
        if found is not None:
            return found
    raise OutOfTime


def tried(solver: Solver, assumptions: Sequence[int], conflicts: int) -> bool | None:
    """As `solved`, within so many conflicts; None when that was not enough."""
    solver.conf_budget(conflicts)
    found: bool | None = solver.solve_limited(assumptions=list(assumptions), expect_interrupt=True)
    return found
