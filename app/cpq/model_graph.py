"""The decision diagram as arrays: nodes for walks one by one, and strips of levels for passes over all of it at once.

A pass level by level spends its time in calls for a handful of nodes each. So consecutive levels are joined to *strips*: every path through
a strip, from a node that is entered from above it to the first node below it, is one edge with the literals that it takes. Strips are
as thick as they can be without many more literals on their edges than the diagram has edges. A pass over the strips gives
exactly what a pass over the levels gives.

A *code* says what an edge does at one level: the slot of a literal (`2·(variable − 1)` + 1 when positive), `2·P + variable − 1`
for "either" (the level is skipped), or `3·P` for nothing (the edge begins further down). P is the number of public variables.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from app.cpq.artefact import Artefact

Ints = npt.NDArray[np.int64]
# An edge table may hold this many literals for each edge of the diagram within the strip, or FLOOR, whichever is more.
THICK, FLOOR = 4, 512
# Beyond so many literals it is quicker to look at all edges.
_MANY = 60


@dataclass(frozen=True, slots=True)
class Strip:
    """Edges `begin:end` of the graph, sorted by source. `sources[i]` has the edges from `starts[i]` (counted within the strip)."""

    begin: int
    end: int
    sources: Ints
    starts: Ints
    source_of: Ints  # index into `sources`, by edge
    by_target: Ints
    targets: Ints
    target_starts: Ints
    target_of: Ints  # index into `targets`, by position in `by_target`


class Graph:
    """Nodes have ids 2…n+1, children before parents; 0 is false, 1 is true. All arrays are read only by convention."""

    def __init__(self, artefact: Artefact) -> None:
        """`nodes` of the reduced diagram; edges over one in which no path skips a variable that a budget weighs."""
        nodes = artefact.nodes
        if nodes is None:
            raise ValueError("the model has no diagram")
        self.public = artefact.public
        self.order = list(artefact.order)
        self.levels = [self.public, self.public, *nodes.levels]
        self.lows = [0, 1, *nodes.lows]
        self.highs = [0, 1, *nodes.highs]
        self.root = len(self.levels) - 1
        self.either = 2 * self.public + np.asarray(self.order, np.int64) - 1
        weighed = {abs(literal) for budget in artefact.budgets for literal, _ in budget.weights}
        _Strips(self, _spelled_out(self, weighed)).build()

    # Filled by _Strips: one row an edge.
    top: int  # where edges begin; `top_level` is its level
    top_level: int
    edges_of: dict[int, tuple[int, int]]  # by entered node, its edges from and to
    source: Ints
    target: Ints
    bottom: Ints  # the first level below the edge's strip
    target_level: Ints
    codes: Ints  # flat, grouped by edge
    code_starts: Ints
    strips: tuple[Strip, ...]
    strip_ends: tuple[tuple[int, int, Ints, Ints], ...]  # of each strip: begin, end, sources and targets of its edges
    strip_ends_upwards: tuple[tuple[int, int, Ints, Ints], ...]
    incident: Ints  # edges that have a code, grouped by code
    incident_code: Ints  # and the code of each
    incident_codes: Ints  # the codes that any edge has
    incident_starts: Ints
    skipping: Ints  # edges that skip levels below their strip, grouped by the levels they skip
    skipping_starts: Ints
    skipped: Ints  # (from level, to level) of each group
    _first_incident: list[int]  # by code, where its edges begin in `incident`
    skippable: list[bool]  # by variable − 1: whether any path skips its level

    def edges_with(self, code: int) -> Ints:
        """The edges that have a code."""
        return self.incident[self._first_incident[code] : self._first_incident[code + 1]]

    def penalty(self, slots: Sequence[int], amounts: Sequence[int]) -> Ints:
        """Of each edge the sum of amounts of the given literals that it takes."""
        if len(slots) > _MANY:
            weights = np.zeros(3 * self.public + 1, np.int64)
            weights[list(slots)] = amounts
            return self.edge_weights(weights)
        total = np.zeros(len(self.source), np.int64)
        for number, amount in zip(slots, amounts, strict=True):
            total[self.edges_with(number)] += amount
        return total

    def edge_weights(self, weights: Ints) -> Ints:
        """The weight of every edge, (edges, …), from weights by code, (3P + 1, …)."""
        if not len(self.source):
            return np.zeros((0, *weights.shape[1:]), weights.dtype)
        total: Ints = np.add.reduceat(weights[self.codes], self.code_starts, axis=0)
        if len(self.skipping):
            below = self._below(weights)
            total += below[self.target_level] - below[self.bottom]
        return total

    def _below(self, weights: Ints) -> Ints:
        sums = np.zeros((self.public + 1, *weights.shape[1:]), weights.dtype)
        np.cumsum(weights[self.either], axis=0, out=sums[1:])
        return sums

    def above_top(self, weights: Ints) -> Ints:
        """The weight of the levels above the first node."""
        skipped: Ints = weights[self.either[: self.top_level]].sum(axis=0)
        return skipped

    def upwards(self, edges: Ints, nothing: int) -> Ints:
        """Least weight from each entered node to true by the weights of edges (of one sum); `nothing` for no way."""
        least = np.full(self.top + 1, nothing, np.int64)
        least[1] = 0
        for strip, (begin, end, _, target) in zip(reversed(self.strips), self.strip_ends_upwards, strict=True):
            ways = least[target]
            ways += edges[begin:end]
            least[strip.sources] = np.minimum.reduceat(ways, strip.starts)
        return least

    def downwards(self, edges: Ints, nothing: int) -> Ints:
        """Least weight from the top to each entered node; the levels above the top count for nothing."""
        least = np.full(self.top + 1, nothing, np.int64)
        least[self.top] = 0
        for begin, end, source, target in self.strip_ends:
            ways = least[source]
            ways += edges[begin:end]
            np.minimum.at(least, target, ways)
        return least


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A diagram in which chosen levels are never skipped: children before parents, 0 is false, 1 is true."""

    levels: list[int]
    lows: list[int]
    highs: list[int]


def _spelled_out(graph: Graph, weighed: Collection[int]) -> _Spelled:
    """The same diagram with a node of two equal children wherever a path skips the level of a weighed variable."""
    public = graph.public
    shown = [level for level, variable in enumerate(graph.order) if variable in weighed]
    below = [bisect_left(shown, level) for level in range(public + 1)]
    made = _Spelled([public, public], [0, 1], [0, 1])
    own = [0, 1]
    between: dict[tuple[int, int], int] = {}

    def entered(node: int, level: int) -> int:
        """The node to enter from `level` − 1 in order to reach `node`."""
        at = own[node]
        for index in range(below[graph.levels[node]] - 1, below[level] - 1, -1):
            if node == 0:
                break
            key = (node, shown[index])
            if key not in between:
                between[key] = _append(made, shown[index], at, at)
            at = between[key]
        return at

    for node in range(2, graph.root + 1):
        level = graph.levels[node]
        low, high = entered(graph.lows[node], level + 1), entered(graph.highs[node], level + 1)
        own.append(_append(made, level, low, high))
    top = entered(graph.root, 0)
    # The top is the last: what is above it in the list is not reached by any path from it.
    if top != len(made.levels) - 1:
        raise AssertionError("the top of a diagram is made last")
    return made


def _append(made: _Spelled, level: int, low: int, high: int) -> int:
    made.levels.append(level)
    made.lows.append(low)
    made.highs.append(high)
    return len(made.levels) - 1


class _Strips:
    """Cuts the levels of a graph into strips and lists the edges through each."""

    def __init__(self, graph: Graph, spelled: _Spelled) -> None:
        self.graph, self.spelled = graph, spelled
        self.level = np.asarray(spelled.levels, np.int64)
        self.low = np.asarray(spelled.lows, np.int64)
        self.high = np.asarray(spelled.highs, np.int64)
        graph.top = len(spelled.levels) - 1
        graph.top_level = spelled.levels[-1]
        # The highest level from which a node is entered; the root from above all.
        self.entered = np.full(len(self.level), graph.public, np.int64)
        for child in (self.low[2:], self.high[2:]):
            np.minimum.at(self.entered, child, self.level[2:])
        self.entered[graph.top] = -1
        self.by_level: list[list[int]] = [[] for _ in range(graph.public)]
        for node in range(2, graph.top + 1):
            self.by_level[spelled.levels[node]].append(node)

    def build(self) -> None:
        """Fill the arrays of the graph."""
        source, target, bottom, codes, lengths, strips = [], [], [], [], [], []
        count = 0
        for top, end in pairwise(self._cuts()):
            edges = self._edges(top, end)
            if not len(edges[0]):
                continue
            order = np.argsort(edges[0], kind="stable")
            own_source, own_target, matrix = edges[0][order], edges[1][order], edges[2][order]
            strips.append(_strip(count, own_source, own_target))
            count += len(own_source)
            source.append(own_source)
            target.append(own_target)
            bottom.append(np.full(len(own_source), end))
            taken = matrix != 3 * self.graph.public
            codes.append(matrix[taken])
            lengths.append(taken.sum(axis=1))
        self._store(_joined(source), _joined(target), _joined(bottom), _joined(codes), _joined(lengths))
        self.graph.strips = tuple(strips)
        self.graph.strip_ends = tuple(
            (
                strip.begin,
                strip.end,
                self.graph.source[strip.begin : strip.end],
                self.graph.target[strip.begin : strip.end],
            )
            for strip in strips
        )
        self.graph.strip_ends_upwards = self.graph.strip_ends[::-1]

    def _cuts(self) -> Sequence[int]:
        """Levels at which strips begin, and the last level."""
        cuts, top = [0], 0
        while top < self.graph.public:
            top = self._thickest(top)
            cuts.append(top)
        return cuts

    def _thickest(self, top: int) -> int:
        arrived: dict[int, int] = {}
        ways = edges = 0
        for level in range(top, self.graph.public):
            for node in self.by_level[level]:
                from_inside = arrived.pop(node, 0)
                here = from_inside + (1 if self.entered[node] < top else 0)
                ways -= from_inside
                for child in (self.spelled.lows[node], self.spelled.highs[node]):
                    if child:
                        arrived[child] = arrived.get(child, 0) + here
                        ways += here
                        edges += 1
            if level > top and ways * (level + 1 - top) > max(FLOOR, THICK * edges):
                return level
        return self.graph.public

    def _edges(self, top: int, end: int) -> tuple[Ints, Ints, Ints]:
        """Source, target and codes, one row a path through levels top…end−1."""
        nothing = 3 * self.graph.public
        source, at = np.empty(0, np.int64), np.empty(0, np.int64)
        codes = np.empty((0, end - top), np.int64)
        for level in range(top, end):
            entries = np.array([node for node in self.by_level[level] if self.entered[node] < top], np.int64)
            source, at = np.concatenate([source, entries]), np.concatenate([at, entries])
            codes = np.concatenate([codes, np.full((len(entries), end - top), nothing)])
            slot = 2 * (self.graph.order[level] - 1)
            here = self.level[at] == level
            codes[~here, level - top] = self.graph.either[level]
            low, high = self.low[at[here]], self.high[at[here]]
            low_codes, high_codes = codes[here], codes[here].copy()
            low_codes[:, level - top], high_codes[:, level - top] = slot, slot + 1
            source = np.concatenate([source[~here], source[here][low > 0], source[here][high > 0]])
            at = np.concatenate([at[~here], low[low > 0], high[high > 0]])
            codes = np.concatenate([codes[~here], low_codes[low > 0], high_codes[high > 0]])
        return source, at, codes

    def _store(self, source: Ints, target: Ints, bottom: Ints, codes: Ints, lengths: Ints) -> None:
        graph = self.graph
        graph.source, graph.target, graph.bottom, graph.codes = source, target, bottom, codes
        graph.target_level = self.level[target]
        graph.code_starts = np.cumsum(lengths) - lengths
        graph.edges_of = _ranges(source)
        edge_of_code = np.repeat(np.arange(len(source)), lengths)
        by_code = np.argsort(codes, kind="stable")
        graph.incident = edge_of_code[by_code]
        graph.incident_code = codes[by_code]
        graph.incident_codes, graph.incident_starts = np.unique(graph.incident_code, return_index=True)
        skipping = np.flatnonzero(graph.target_level > bottom)
        spans = np.stack([bottom[skipping], graph.target_level[skipping]], axis=1)
        graph.skipping = skipping[np.lexsort((spans[:, 1], spans[:, 0]))]
        spans = np.stack([bottom[graph.skipping], graph.target_level[graph.skipping]], axis=1)
        graph.skipped, graph.skipping_starts = np.unique(spans, axis=0, return_index=True)
        graph.skippable = self._skippable()
        graph._first_incident = np.searchsorted(graph.incident_code, np.arange(3 * graph.public + 2)).tolist()

    def _skippable(self) -> list[bool]:
        graph, public = self.graph, self.graph.public
        found = np.zeros(public, bool)
        free = graph.incident_codes[(graph.incident_codes >= 2 * public) & (graph.incident_codes < 3 * public)]
        found[free - 2 * public] = True
        for begin, end in [(0, graph.top_level), *graph.skipped.tolist()]:
            found[graph.either[begin:end] - 2 * public] = True
        skippable: list[bool] = found.tolist()
        return skippable


def _strip(begin: int, source: Ints, target: Ints) -> Strip:
    sources, starts, source_of = np.unique(source, return_index=True, return_inverse=True)
    by_target = np.argsort(target, kind="stable")
    targets, target_starts, target_of = np.unique(target[by_target], return_index=True, return_inverse=True)
    return Strip(begin, begin + len(source), sources, starts, source_of, by_target, targets, target_starts, target_of)


def _ranges(source: Ints) -> dict[int, tuple[int, int]]:
    nodes, starts, counts = np.unique(source, return_index=True, return_counts=True)
    return {
        node: (start, start + count)
        for node, start, count in zip(nodes.tolist(), starts.tolist(), counts.tolist(), strict=True)
    }


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
