"""Witnesses by the thousand: through every edge one lightest path, with its sum of every bound carried along."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.cpq.budgets_pass import Pass
from app.cpq.domains_reach import Flags, literals
from app.cpq.model_graph import Ints

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Carried:
    """For each entered node: the weight of the path taken, and its sums, (bounds, nodes)."""

    weight: Reals
    sums: Ints


def witnessed(looked: Pass, limits: Ints, blend: Reals, replaceable: Sequence[int]) -> Flags:
    """Literals (2P) that a configuration was seen to have which keeps every bound; the others may still have one.

    The paths looked at are the lightest by `blend`, a factor for each bound.
    """
    graph, edges = looked.graph, looked.edges
    weights = blend @ edges
    weights[looked.penalty > 0] = np.inf
    up, down = _upwards(looked, weights), _downwards(looked, weights)
    kept: Flags = np.isfinite(down.weight[graph.source] + up.weight[graph.target])
    for own, above, below, limit in zip(edges, down.sums, up.sums, limits, strict=True):
        kept &= above[graph.source] + own + below[graph.target] <= limit
    found = literals(graph, kept & (looked.penalty == 0))
    for number in replaceable:
        through = graph.edges_with(number)
        found[number] |= bool((kept[through] & (looked.penalty[through] == 1)).any())
    return found


def _upwards(looked: Pass, weights: Reals) -> _Carried:
    graph = looked.graph
    carried = _empty(looked, 1)
    for strip in reversed(graph.strips):
        target = graph.target[strip.begin : strip.end]
        ways = weights[strip.begin : strip.end] + carried.weight[target]
        best = np.minimum.reduceat(ways, strip.starts)
        pick = _first(ways == best[strip.source_of], strip.starts)
        carried.weight[strip.sources] = best
        _carry(carried, strip.sources, looked.edges, strip.begin + pick, target[pick])
    return carried


def _downwards(looked: Pass, weights: Reals) -> _Carried:
    graph = looked.graph
    carried = _empty(looked, graph.top)
    for strip in graph.strips:
        edge = strip.begin + strip.by_target
        source = graph.source[edge]
        ways = weights[edge] + carried.weight[source]
        best = np.minimum.reduceat(ways, strip.target_starts)
        pick = _first(ways == best[strip.target_of], strip.target_starts)
        better = best < carried.weight[strip.targets]
        node, pick = strip.targets[better], pick[better]
        carried.weight[node] = best[better]
        _carry(carried, node, looked.edges, edge[pick], source[pick])
    return carried


def _carry(carried: _Carried, nodes: Ints, edges: Ints, by: Ints, source: Ints) -> None:
    for sums, own in zip(carried.sums, edges, strict=True):
        sums[nodes] = own[by] + sums[source]


def _empty(looked: Pass, start: int) -> _Carried:
    nodes = looked.graph.top + 1
    carried = _Carried(np.full(nodes, np.inf), np.zeros((len(looked.edges), nodes), np.int64))
    carried.weight[start] = 0.0
    return carried


def _first(hits: Flags, starts: Ints) -> Ints:
    """The first hit at or after each start."""
    where = np.flatnonzero(hits)
    first: Ints = where[np.searchsorted(where, starts)]
    return first
