"""Witnesses by the thousand: through every edge one lightest path, with its sum of every bound carried along."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.cpq.budgets_pass import Pass
from app.cpq.model_graph import Ints

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Carried:
    """For each entered node: the weight of the path taken, and its sums."""

    weight: Reals
    sums: Ints


def witnessed(looked: Pass, columns: Sequence[int], limits: Ints, blend: Reals, own: Ints) -> Flags:
    """Literals (2P) that a configuration was seen to have which keeps every bound; the others may still have one.

    The paths looked at are the lightest by `blend`, a factor for each bound. `columns` are those of the bounds.
    """
    graph, public = looked.graph, looked.graph.public
    edges, codes = _resolved(looked, columns, blend)
    weights = edges @ blend
    weights[looked.penalty > 0] = np.inf
    up, down = _upwards(looked, weights, edges), _downwards(looked, weights, edges)
    sums = down.sums[graph.source] + edges + up.sums[graph.target] + graph.above_root(codes)
    reached: Flags = np.isfinite(down.weight[graph.source] + up.weight[graph.target])
    shift = codes[: 2 * public] - np.repeat(codes[2 * public : 3 * public], 2, axis=0)
    found = np.zeros(2 * public, bool)
    allowed = reached[graph.incident] & (looked.penalty[graph.incident] <= own[graph.incident_code])
    edge, code = graph.incident[allowed], graph.incident_code[allowed]
    taken = code < 2 * public
    found[code[taken][(sums[edge[taken]] <= limits).all(axis=1)]] = True
    free = ~taken
    for side in (0, 1):
        literal = 2 * (code[free] - 2 * public) + side
        found[literal[(sums[edge[free]] + shift[literal] <= limits).all(axis=1)]] = True
    _skipped(looked, _all(reached, looked.penalty == 0, np.asarray((sums <= limits).all(axis=1))), shift, found)
    return found


def _resolved(looked: Pass, columns: Sequence[int], blend: Reals) -> tuple[Ints, Ints]:
    """Weights by edge and by code where a skipped level takes one literal for all bounds, the lightest by `blend`."""
    graph, codes = looked.graph, looked.codes[:, columns]
    if not any(graph.skippable):
        return looked.edges[:, columns], codes
    blended = codes[: 2 * graph.public] @ blend
    blended[looked.forbidden] = np.inf
    lightest = 2 * np.arange(graph.public) + (blended[1::2] < blended[0::2])
    codes[2 * graph.public : 3 * graph.public] = codes[lightest]
    return graph.edge_weights(codes), codes


def _skipped(looked: Pass, kept: Flags, shift: Ints, found: Flags) -> None:
    graph = looked.graph
    begins, ends = [0], [graph.levels[graph.root]]
    if not kept.any():
        return
    if len(graph.skipping):
        groups: Flags = np.logical_or.reduceat(kept[graph.skipping], graph.skipping_starts)
        begins += graph.skipped[groups, 0].tolist()
        ends += graph.skipped[groups, 1].tolist()
    no_heavier: Flags = np.all(shift <= 0, axis=1)
    for begin, end in zip(begins, ends, strict=True):
        variable = graph.either[begin:end] - 2 * graph.public
        for literal in (2 * variable, 2 * variable + 1):
            found[literal[no_heavier[literal]]] = True


def _upwards(looked: Pass, weights: Reals, edges: Ints) -> _Carried:
    graph = looked.graph
    carried = _empty(looked, edges, 1)
    for strip in reversed(graph.strips):
        target = graph.target[strip.begin : strip.end]
        ways = weights[strip.begin : strip.end] + carried.weight[target]
        best = np.minimum.reduceat(ways, strip.starts)
        pick = _first(ways == best[strip.source_of], strip.starts)
        carried.weight[strip.sources] = best
        carried.sums[strip.sources] = edges[strip.begin + pick] + carried.sums[target[pick]]
    return carried


def _downwards(looked: Pass, weights: Reals, edges: Ints) -> _Carried:
    graph = looked.graph
    carried = _empty(looked, edges, graph.root)
    for strip in graph.strips:
        edge = strip.begin + strip.by_target
        source = graph.source[edge]
        ways = weights[edge] + carried.weight[source]
        best = np.minimum.reduceat(ways, strip.target_starts)
        pick = _first(ways == best[strip.target_of], strip.target_starts)
        better = best < carried.weight[strip.targets]
        node, pick = strip.targets[better], pick[better]
        carried.weight[node] = best[better]
        carried.sums[node] = edges[edge[pick]] + carried.sums[source[pick]]
    return carried


def _empty(looked: Pass, edges: Ints, start: int) -> _Carried:
    nodes = looked.graph.root + 1
    carried = _Carried(np.full(nodes, np.inf), np.zeros((nodes, edges.shape[1]), np.int64))
    carried.weight[start] = 0.0
    return carried


def _all(*flags: Flags) -> Flags:
    return np.logical_and.reduce(flags)  # type: ignore[no-any-return]


def _first(hits: Flags, starts: Ints) -> Ints:
    """The first hit at or after each start."""
    where = np.flatnonzero(hits)
    first: Ints = where[np.searchsorted(where, starts)]
    return first
