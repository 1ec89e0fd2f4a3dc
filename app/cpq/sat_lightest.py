"""The lightest solution of clauses by MaxSAT (RC2, core-guided), and of equally light ones the first by given literals."""

from collections.abc import Mapping, Sequence

from pysat.examples.rc2 import RC2
from pysat.formula import WCNF

_ORACLE = "cadical153"


def lightest_first(
    hard: Sequence[Sequence[int]], weights: Mapping[int, int], groups: Sequence[Sequence[int]]
) -> set[int] | None:
    """The literals of a solution of least weight; None when there is no solution.

    Of those, going through the groups (each has exactly one literal that holds), the one whose literal comes first in each.
    """
    formula = WCNF()
    formula.extend(hard)
    for literal, weight in weights.items():
        # Avoiding a literal of negative weight costs what taking it would save.
        formula.append([-literal if weight > 0 else literal], weight=abs(weight))
    # Variables that no clause names are the problem's too: RC2 counts its own from the first that it does not know.
    formula.nv = max([formula.nv, *(abs(literal) for group in groups for literal in group)])
    with RC2(formula, solver=_ORACLE, adapt=True) as solver:
        model = solver.compute()
        if model is None:
            return None
        # Under these assumptions every solution has the least weight.
        optimal = [*solver.sels, *solver.sums]
        current = set(model)
        fixed: list[int] = []
        for group in groups:
            for literal in group:
                if literal not in current:
                    if not solver.oracle.solve(assumptions=[*optimal, *fixed, literal]):
                        continue
                    current = set(solver.oracle.get_model())
                fixed.append(literal)
                break
    return current
