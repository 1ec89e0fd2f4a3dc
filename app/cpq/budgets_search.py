"""The lightest configuration of a diagram under all bounds: the search that `budgets.py` specifies, node by node."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.cpq.model_graph import Graph

Slots = Sequence[int]
"""One integer for each literal, by slot: `2·(variable − 1)`, plus one when positive."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of a budget: the sum of `weights` over the literals that hold is at most `limit`."""

    budget: int
    weights: tuple[int, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Found:
    """The public literals of a configuration, or None; `proven` is False where the node limit ended the search."""

    literals: tuple[int, ...] | None
    proven: bool


class Tail:
    """The least sum of some weights from each node to true, taking no forbidden literal."""

    def __init__(self, graph: Graph, weights: Slots, forbidden: Collection[int]) -> None:
        self.graph = graph
        span = sum(abs(weight) for weight in weights)
        self.most = 2 * span
        nothing = 4 * span + 4
        self.literals = [nothing if slot in forbidden else weight for slot, weight in enumerate(weights)]
        self.above = [0]
        for variable in graph.order:
            low, high = self.literals[2 * variable - 2], self.literals[2 * variable - 1]
            self.above.append(self.above[-1] + (low if low <= high else high))
        self.least = self._nodes(nothing)

    def _nodes(self, nothing: int) -> list[int]:
        graph, above, literals, levels, order = (
            self.graph,
            self.above,
            self.literals,
            self.graph.levels,
            self.graph.order,
        )
        least = [nothing, 0]
        shifted = [nothing, above[graph.public]]
        for node in range(2, graph.root + 1):
            level = levels[node]
            slot = 2 * order[level] - 2
            low = literals[slot] + shifted[graph.lows[node]]
            high = literals[slot + 1] + shifted[graph.highs[node]]
            own = (low if low <= high else high) - above[level + 1]
            least.append(own)
            shifted.append(own + above[level])
        return least

    def of(self, level: int, node: int) -> int:
        """The least sum from a level to true, by a node at that level or further down; more than `most` for no way."""
        return self.above[self.graph.levels[node]] - self.above[level] + self.least[node]


def lightest(
    graph: Graph, weights: Slots, forbidden: Collection[int], bounds: Sequence[Bound], node_limit: int
) -> Found:
    """The configuration of least weight that takes no forbidden literal (slots) and keeps all bounds."""
    tail = Tail(graph, weights, forbidden)
    if tail.of(0, graph.root) > tail.most:
        return Found(None, True)
    if not bounds:
        return Found(_trace(graph, tail), True)
    return _Search(graph, tail, forbidden, bounds, node_limit).run(first_will_do=not any(weights))


def within(graph: Graph, forbidden: Collection[int], bounds: Sequence[Bound], node_limit: int) -> Found:
    """Any configuration that takes no forbidden literal and keeps all bounds."""
    return lightest(graph, [0] * (2 * graph.public), forbidden, bounds, node_limit)


def _children(graph: Graph, level: int, node: int) -> tuple[int, int]:
    return (graph.lows[node], graph.highs[node]) if graph.levels[node] == level else (node, node)


def _trace(graph: Graph, tail: Tail) -> tuple[int, ...]:
    node, taken = graph.root, []
    for level, variable in enumerate(graph.order):
        low, high = _children(graph, level, node)
        by_low = tail.literals[2 * variable - 2] + tail.of(level + 1, low)
        by_high = tail.literals[2 * variable - 1] + tail.of(level + 1, high)
        node, literal = (low, -variable) if by_low <= by_high else (high, variable)
        taken.append(literal)
    return tuple(taken)


@dataclass(slots=True)
class _Visit:
    level: int
    node: int
    weight: int
    sums: tuple[int, ...]
    literal: int


class _Search:
    """Depth first, best branch first, with what is still to come as a lower estimate of each sum."""

    def __init__(
        self, graph: Graph, tail: Tail, forbidden: Collection[int], bounds: Sequence[Bound], node_limit: int
    ) -> None:
        self.graph, self.tail, self.bounds, self.node_limit = graph, tail, bounds, node_limit
        self.tails = [Tail(graph, bound.weights, forbidden) for bound in bounds]
        self.visited: dict[tuple[int, int], list[tuple[int, ...]]] = {}
        self.best: tuple[int, ...] | None = None
        self.best_weight = 0

    def run(self, first_will_do: bool) -> Found:
        graph = self.graph
        stack = [_Visit(0, graph.root, 0, (0,) * len(self.bounds), 0)]
        path = [0] * graph.public
        visits = 0
        while stack:
            visit = stack.pop()
            visits += 1
            if visits > self.node_limit:
                return Found(self.best, False)
            if visit.level:
                path[visit.level - 1] = visit.literal
            if self._ends(visit):
                continue
            if visit.level == graph.public:
                self.best, self.best_weight = tuple(path), visit.weight
                if first_will_do:
                    break
                continue
            stack += self._branches(visit)
        return Found(self.best, True)

    def _ends(self, visit: _Visit) -> bool:
        level, node = visit.level, visit.node
        to_come = self.tail.of(level, node)
        if to_come > self.tail.most or (self.best is not None and visit.weight + to_come >= self.best_weight):
            return True
        for tail, bound, own in zip(self.tails, self.bounds, visit.sums, strict=True):
            if own + tail.of(level, node) > bound.limit:
                return True
        state = (visit.weight, *visit.sums)
        seen = self.visited.setdefault((level, node), [])
        if any(all(a <= b for a, b in zip(earlier, state, strict=True)) for earlier in seen):
            return True
        seen.append(state)
        return False

    def _branches(self, visit: _Visit) -> list[_Visit]:
        """The branches to try, the first to try last."""
        level, tail = visit.level, self.tail
        variable = self.graph.order[level]
        branches = []
        for child, literal in zip(_children(self.graph, level, visit.node), (-variable, variable), strict=True):
            slot = 2 * variable - (1 if literal > 0 else 2)
            to_come = tail.literals[slot] + tail.of(level + 1, child)
            if to_come <= tail.most:
                sums = tuple(own + bound.weights[slot] for own, bound in zip(visit.sums, self.bounds, strict=True))
                weight = visit.weight + tail.literals[slot]
                branches.append((to_come, _Visit(level + 1, child, weight, sums, literal)))
        branches.sort(key=lambda branch: branch[0])
        return [branch for _, branch in reversed(branches)]
