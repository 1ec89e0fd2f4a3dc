"""Every literal's least sum of every bound in one pass each way, and witnesses for all bounds together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.cpq.artefact import Budget
from app.cpq.budgets_search import Bound
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


class Columns:
    """Weights of some sums by code, and of every edge of a graph; what holds without any choice is computed once."""

    def __init__(self, graph: Graph, slots: Sequence[Sequence[int]]) -> None:
        self.graph = graph
        self.slots = np.asarray(slots, np.int64).reshape(len(slots), 2 * graph.public).T
        self.free = self._by_code(self.slots)

    def _by_code(self, literals: Ints) -> Ints:
        public = self.graph.public
        codes = np.zeros((3 * public + 1, literals.shape[1]), np.int64)
        codes[: 2 * public] = self.slots
        codes[2 * public : 3 * public] = np.minimum(literals[0::2], literals[1::2])
        return codes

    @cached_property
    def free_edges(self) -> Ints:
        """Weights of the edges when nothing is forbidden."""
        return self.graph.edge_weights(self.free)

    def under(self, forbidden: Collection[int]) -> tuple[Ints, Ints]:
        """Weights by code and by edge when a skipped level may not take forbidden literals (slots)."""
        touched = [number for number in forbidden if self.graph.skippable[number // 2]]
        if not touched:
            return self.free, self.free_edges
        literals = self.slots.copy()
        literals[touched] = NOTHING
        codes = self._by_code(literals)
        return codes, self.graph.edge_weights(codes)


@dataclass(frozen=True, slots=True)
class Pass:
    """Sums of some columns through every edge; `penalty` is how many left-out literals the edge takes."""

    graph: Graph
    codes: Ints
    edges: Ints
    penalty: Ints
    forbidden: list[int]
    up: Ints
    down: Ints

    def by_literal(self, columns: slice, own: Ints) -> Ints:
        """Least sums through each literal (2P, columns), where an edge may take as many left-out literals as the literal is `own`."""
        graph, public = self.graph, self.graph.public
        through = self.down[graph.source, columns] + self.edges[:, columns] + self.up[graph.target, columns]
        spread = through[graph.incident]
        spread[self.penalty[graph.incident] > own[graph.incident_code]] += NOTHING
        skipping = through[graph.skipping]
        skipping[self.penalty[graph.skipping] > 0] += NOTHING
        least = graph.least_of_incident(spread, skipping, self.up[graph.root, columns], NOTHING)
        least += graph.above_root(self.codes[:, columns])
        either, literal = least[2 * public : 3 * public], self.codes[: 2 * public, columns]
        spare = either - self.codes[2 * public : 3 * public, columns]
        found = least[: 2 * public].copy()
        found[0::2] = np.minimum(found[0::2], spare + literal[0::2])
        found[1::2] = np.minimum(found[1::2], spare + literal[1::2])
        return found


def passed(graph: Graph, codes: Ints, edges: Ints, penalty: Ints, forbidden: list[int], columns: slice) -> Pass:
    """Up with all columns, down with some of them, both without any left-out literal."""
    hard = edges + (NOTHING * np.minimum(penalty, 1))[:, None]
    up = graph.upwards(hard, NOTHING)
    down = graph.downwards(np.ascontiguousarray(hard[:, columns]), NOTHING)
    return Pass(graph, codes, edges, penalty, forbidden, up, down)
