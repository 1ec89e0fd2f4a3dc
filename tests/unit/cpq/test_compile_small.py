"""Small random models: the diagram, the clauses and brute force agree on every configuration."""

import sys
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from app.cpq import diagram_build_worker
from app.cpq.artefact import Nodes
from app.cpq.clauses import And, Constraint, Count, Formula, Or, clauses_of, negate
from app.cpq.compile import compile_dimacs
from app.cpq.diagram_build import Contradiction, Gate, _diagram, _wire, build_diagram, count_solutions
from app.cpq.reading import ModelError

PUBLIC = 6
LITERALS = st.integers(1, PUBLIC).flatmap(lambda variable: st.sampled_from((variable, -variable)))


def _counts(parts: st.SearchStrategy[tuple[Formula, ...]]) -> st.SearchStrategy[Formula]:
    return st.builds(Count, st.integers(0, 3), st.integers(0, 5), parts)


FORMULAS = st.recursive(
    LITERALS,
    lambda inner: (
        st.builds(And, st.lists(inner, max_size=4).map(tuple))
        | st.builds(Or, st.lists(inner, max_size=4).map(tuple))
        | _counts(st.lists(inner, max_size=5).map(tuple))
    ),
    max_leaves=12,
)
PROBLEMS = st.lists(st.builds(Constraint, st.just(1), FORMULAS), max_size=4)


def holds(formula: Formula, chosen: dict[int, bool]) -> bool:
    """By definition."""
    if isinstance(formula, int):
        return chosen[abs(formula)] == (formula > 0)
    held = [holds(part, chosen) for part in formula.parts]
    if isinstance(formula, And):
        return all(held)
    return any(held) if isinstance(formula, Or) else formula.least <= sum(held) <= formula.most


def configurations(constraints: list[Constraint]) -> set[tuple[bool, ...]]:
    """By trying each."""
    return {
        bits
        for bits in product((False, True), repeat=PUBLIC)
        if all(holds(one.formula, dict(enumerate(bits, start=1))) for one in constraints)
    }


def by_clauses(constraints: list[Constraint]) -> set[tuple[bool, ...]]:
    """By asking SAT for each assignment of the public variables."""
    clauses, _ = clauses_of(constraints, PUBLIC)
    with Solver(name="cadical153", bootstrap_with=[list(clause.literals) for clause in clauses]) as solver:
        return {
            bits
            for bits in product((False, True), repeat=PUBLIC)
            if solver.solve(assumptions=[at if bit else -at for at, bit in enumerate(bits, start=1)])
        }


def by_diagram(nodes: Nodes, order: tuple[int, ...]) -> set[tuple[bool, ...]]:
    """By walking down from the root for each assignment."""
    found = set()
    for bits in product((False, True), repeat=PUBLIC):
        own = len(nodes) + 1
        while own > 1:
            chosen = bits[order[nodes.levels[own - 2]] - 1]
            own = nodes.highs[own - 2] if chosen else nodes.lows[own - 2]
        if own == 1:
            found.add(bits)
    return found


def built(constraints: list[Constraint]) -> tuple[Nodes, tuple[int, ...]] | None:
    """The diagram, built in this process; None for a contradiction."""
    wire = [_wire(one.formula) for one in constraints]
    try:
        diagram = _diagram(diagram_build_worker.build({"variables": PUBLIC, "constraints": wire, "nodes": 1000}))
    except Contradiction:
        return None
    assert diagram is not None
    return diagram.nodes, diagram.order


def _agree(constraints: list[Constraint]) -> None:
    expected = configurations(constraints)
    assert by_clauses(constraints) == expected
    found = built(constraints)
    if found is None:
        assert not expected
        return
    nodes, order = found
    assert by_diagram(nodes, order) == expected
    assert count_solutions(nodes, PUBLIC) == len(expected)


@given(PROBLEMS)
@settings(max_examples=60, deadline=None)
def test_diagram_clauses_and_brute_force_agree(constraints: list[Constraint]) -> None:
    _agree(constraints)


@given(PROBLEMS)
@settings(max_examples=25, deadline=None)
def test_they_agree_where_cudd_is_missing(constraints: list[Constraint]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "dd.cudd", None)
        patch.delattr("dd.cudd", raising=False)
        _agree(constraints)


@given(FORMULAS)
@settings(max_examples=60, deadline=None)
def test_a_negation_holds_exactly_when_the_formula_does_not(formula: Formula) -> None:
    for bits in product((False, True), repeat=PUBLIC):
        chosen = dict(enumerate(bits, start=1))
        assert holds(negate(formula), chosen) is not holds(formula, chosen)


def test_the_child_process_gives_what_this_process_gives() -> None:
    constraints = [Constraint(1, Count(2, 3, (1, 2, 3, 4))), Constraint(2, Or((-1, And((5, -6)))))]
    diagram = build_diagram(constraints, PUBLIC, Gate())
    assert diagram is not None
    assert (diagram.nodes, diagram.order) == built(constraints)


def test_a_diagram_beyond_the_gate_is_left_to_sat() -> None:
    clauses = [f"{a} {b} {c} 0" for a, b, c in [(1, -2, 3), (2, 4, -5), (-1, 5, 6), (3, -4, 6), (-3, -6, 2)]]
    compiled = compile_dimacs("\n".join(["p cnf 6 5", *clauses]), "small", Gate(nodes=3))
    assert compiled.summary() | {"bytes": 0, "seconds": 0} == {
        "name": "small",
        "features": 6,
        "rules": 5,
        "nodes": None,
        "solutions": None,
        "bytes": 0,
        "seconds": 0,
        "engine": "sat",
    }


def test_a_conjunction_is_read_as_its_parts() -> None:
    links = [Or((-variable, variable + 1)) for variable in range(1, 60)]
    apart = build_diagram([Constraint(1, link) for link in links], 60, Gate())

    assert build_diagram([Constraint(1, And((And(tuple(links[:30])), *links[30:])))], 60, Gate()) == apart


def test_what_the_builder_cannot_hold_is_beyond_the_gate() -> None:
    deep: object = 1
    for _ in range(sys.getrecursionlimit()):
        deep = ["or", -1, ["and", 1, deep]]

    assert diagram_build_worker.build({"variables": 1, "constraints": [deep], "nodes": 10}).keys() == {"beyond"}


def test_rules_that_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cpq.clauses.MAX_CLAUSES", 100)

    with pytest.raises(ModelError, match=r"more than 100 things .* rule 7"):
        clauses_of([Constraint(7, Count(3, 20, tuple(range(1, 41))))], 40)


def test_building_that_takes_too_long_is_cut_off() -> None:
    assert build_diagram([Constraint(1, Or((1, 2)))], 2, Gate(seconds=0.001)) is None


@pytest.mark.parametrize("gate", [Gate(), Gate(seconds=0.001)], ids=["diagram", "sat"])
def test_a_contradiction_names_its_rules(gate: Gate) -> None:
    text = "c 1 motor\nc 2 seal\np cnf 3 4\n1 0\n-1 2 0\n3 0\n-2 0\n"
    with pytest.raises(ModelError) as caught:
        compile_dimacs(text, "pump", gate)
    assert "c1 (motor is needed.); c2 (motor requires seal.); c4 (seal is excluded.)" in caught.value.detail
