"""Every literal's least sum of every bound in one pass each way, and witnesses for all bounds together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.cpq.artefact import Budget
from app.cpq.budgets_search import Bound
from app.cpq.domains_reach import Flags, literals
from app.cpq.model import slot
from app.cpq.model_graph import Graph, Ints

# Beyond every sum (LARGEST_SUM in model.py); a sum of as many of these as there are strips still fits 64 bits.
NOTHING = 2**51


def weights_of(budget: Budget, public: int) -> list[int]:
    """The weights of a budget by slot."""
    weights = [0] * (2 * public)
    for literal, weight in budget.weights:
        weights[slot(literal)] += weight
    return weights


def bounds_of(budgets: Sequence[Budget], public: int) -> tuple[Bound, ...]:
    """The bounds of budgets in their order, of each the maximum first."""
    bounds = []
    for number, budget in enumerate(budgets):
        weights = weights_of(budget, public)
        if budget.maximum is not None:
            bounds.append(Bound(number, tuple(weights), budget.maximum - budget.base))
        if budget.minimum is not None:
            bounds.append(Bound(number, tuple(-weight for weight in weights), budget.base - budget.minimum))
    return tuple(bounds)


def edge_sums(graph: Graph, columns: Sequence[Sequence[int]]) -> Ints:
    """Each sum (weights by slot) over every edge, (sums, edges); no weighed level is ever skipped."""
    codes = np.zeros((3 * graph.public + 1, len(columns)), np.int64)
    codes[: 2 * graph.public] = np.asarray(columns, np.int64).reshape(len(columns), 2 * graph.public).T
    sums: Ints = np.ascontiguousarray(graph.edge_weights(codes).T)
    return sums


def hard(edges: Ints, penalty: Ints) -> Ints:
    """Sums by edge, beyond every sum where the edge takes a left-out literal."""
    kept: Ints = edges + NOTHING * np.minimum(penalty, 1)
    return kept


def least_sums(graph: Graph, edges: Ints, penalty: Ints) -> Ints:
    """The least of each sum over the paths that take no left-out literal."""
    kept = hard(edges, penalty)
    return np.array([graph.upwards(row, NOTHING)[graph.top] for row in kept], np.int64)


@dataclass(frozen=True, slots=True)
class Pass:
    """Least sums of every bound through every edge, (bounds, edges), and of all; only the edge itself may take left-out literals."""

    graph: Graph
    edges: Ints
    penalty: Ints
    total: Ints
    through: Ints

    def fitting(self, limits: Ints, replaceable: Sequence[int]) -> Flags:
        """Literals (2P) that some path takes within each bound, each bound by itself."""
        graph, clear = self.graph, self.penalty == 0
        alone = [(number, _alone(graph, self.penalty, number)) for number in replaceable]
        fits = np.ones(2 * graph.public, bool)
        for through, limit in zip(self.through, limits, strict=True):
            within = through <= limit
            found = literals(graph, clear & within)
            for number, edges in alone:
                found[number] |= within[edges].any()
            fits &= found
        return fits


def _alone(graph: Graph, penalty: Ints, number: int) -> Ints:
    """The edges that take a left-out literal and no other."""
    edges = graph.edges_with(number)
    alone: Ints = edges[penalty[edges] == 1]
    return alone


def passed(graph: Graph, edges: Ints, penalty: Ints) -> Pass:
    """One pass up and one down."""
    total, through = [], []
    for row, kept in zip(edges, hard(edges, penalty), strict=True):
        up, down = graph.upwards(kept, NOTHING), graph.downwards(kept, NOTHING)
        sums = down[graph.source]
        sums += row
        sums += up[graph.target]
        total.append(up[graph.top])
        through.append(sums)
    return Pass(graph, edges, penalty, np.array(total, np.int64), np.array(through))
