"""What is possible under the rules of a problem, and which rules are at fault for what is not."""

from collections.abc import Iterable, Sequence

from pysat.solvers import Solver

from app.cpq.clauses import Problem, clauses_of
from app.cpq.sat_limit import CHECK_SECONDS, SOLVER, Deadline, OutOfTime, solved

# Conflicts after which one question is left unanswered, so that the others get their turn.
_QUESTION = 20_000
# Conflicts after which a question is given up: real models need a few thousand, puzzles such as pigeons and holes never end.
MOST_CONFLICTS = 200_000


class Faults:
    """A SAT solver over the rules, each behind a switch, so that an answer names the rules that it follows from.

    `model` and `possible` raise OutOfTime when the time of the model is over, or a question takes too many conflicts.
    """

    def __init__(self, problem: Problem, most_conflicts: int = MOST_CONFLICTS, seconds: float = CHECK_SECONDS) -> None:
        clauses, variables = clauses_of(problem.constraints, problem.public)
        self._public = problem.public
        self._most_conflicts = most_conflicts
        self._switch = {rule: variables + rule for rule in range(1, len(problem.rules) + 1)}
        self._deadline, self._later = Deadline(seconds), Deadline(2 * seconds)
        self._fast = Solver(name=SOLVER, bootstrap_with=[clause.literals for clause in clauses])
        self._slow = Solver(name="glucose4")
        for clause in clauses:
            switch = (-self._switch[clause.rule],) if clause.rule else ()
            self._slow.add_clause([*clause.literals, *switch])

    def prefer(self, literals: Iterable[int]) -> None:
        """What configurations are to have from now on where they may: so one configuration answers many questions."""
        self._fast.set_phases(list(literals))

    def model(self, literals: Iterable[int]) -> list[int] | None:
        """The public literals of a configuration with all of the given literals; None when there is none."""
        if not solved(self._fast, list(literals), self._deadline, _QUESTION):
            return None
        found: list[int] = self._fast.get_model()[: self._public]
        return found

    def is_void(self) -> bool | None:
        """Whether nothing is possible at all; None when that could not be told in reasonable time."""
        solvable = self._limited(list(self._switch.values()))
        return None if solvable is None else not solvable

    def possible(self, literals: Sequence[int], either: Sequence[Sequence[int]] = ()) -> bool:
        """Whether a configuration has all the literals, and one of each group in `either`."""
        marks = self._mark(self._fast, either)
        return solved(self._fast, [*literals, *marks], self._deadline, _QUESTION)

    def rules(self, literals: Sequence[int], either: Sequence[Sequence[int]] = ()) -> tuple[int, ...]:
        """A minimal set of rules (numbers from 1) that makes this impossible; empty when the structure alone does.

        None of them can be left out. They are looked for from the last rule to the first, so earlier rules are kept. Where telling
        takes too long, a rule is kept that may be left out.
        """
        marks = self._mark(self._slow, either)
        fixed = [*literals, *marks]
        core = list(self._switch)
        solvable = self._limited([*fixed, *self._switch.values()])
        if solvable is None:
            return tuple(core)
        if solvable:
            raise ValueError("this is possible")
        used = set(self._slow.get_core() or ())
        core = [rule for rule in core if self._switch[rule] in used]
        for rule in reversed(list(core)):
            rest = [other for other in core if other != rule]
            solvable = self._limited([*fixed, *(self._switch[other] for other in rest)])
            if solvable is None:
                break
            if not solvable:
                core = rest
        return tuple(core)

    def _limited(self, assumptions: list[int]) -> bool | None:
        try:
            return solved(self._slow, assumptions, self._later, self._most_conflicts)
        except OutOfTime:
            return None

    def _mark(self, solver: Solver, either: Sequence[Sequence[int]]) -> list[int]:
        """A new variable for each group, which implies one of it."""
        marks = []
        for group in either:
            if len(group) == 1:
                marks.append(group[0])
                continue
            top = max(solver.nof_vars(), self._public + len(self._switch), *self._switch.values(), 0)
            solver.add_clause([-(top + 1), *group])
            marks.append(top + 1)
        return marks
