"""Which literals some path takes: one pass down and one up that only ask whether there is a way."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.cpq.model_graph import Graph, Ints

Flags = npt.NDArray[np.bool_]


def reachable(graph: Graph, penalty: Ints, replaceable: Sequence[int]) -> Flags | None:
    """Literals (2P) that a path takes which takes no left-out literal; None when there is no such path.

    `penalty` says how many left-out literals each edge takes (2 for one of a narrowed choice); of the `replaceable` slots, left out by
    single choices, it is asked whether a path takes them that takes no other left-out literal.
    """
    clear = penalty == 0
    up, down = _upwards(graph, clear), _downwards(graph, clear)
    if not up[graph.top]:
        return None
    through = down[graph.source] & up[graph.target]
    found = literals(graph, through & clear)
    for number in replaceable:
        edges = graph.edges_with(number)
        found[number] |= bool((through[edges] & (penalty[edges] == 1)).any())
    return found


def _upwards(graph: Graph, clear: Flags) -> Flags:
    way = np.zeros(graph.top + 1, bool)
    way[1] = True
    for begin, end, source, target in graph.strip_ends_upwards:
        open_edges = way[target]
        open_edges &= clear[begin:end]
        way[source[open_edges]] = True
    return way


def _downwards(graph: Graph, clear: Flags) -> Flags:
    way = np.zeros(graph.top + 1, bool)
    way[graph.top] = True
    for begin, end, source, target in graph.strip_ends:
        open_edges = way[source]
        open_edges &= clear[begin:end]
        way[target[open_edges]] = True
    return way


def literals(graph: Graph, taken: Flags) -> Flags:
    """The literals (2P) that some of the edges takes; a skipped level takes both."""
    public = graph.public
    codes = np.zeros(3 * public + 1, bool)
    if len(graph.incident):
        codes[graph.incident_codes] = np.logical_or.reduceat(taken[graph.incident], graph.incident_starts)
    either = codes[2 * public : 3 * public]
    either[graph.either[: graph.top_level] - 2 * public] = bool(taken.any()) or not len(taken)
    if len(graph.skipping):
        groups = np.logical_or.reduceat(taken[graph.skipping], graph.skipping_starts)
        change = np.zeros(public + 1, np.int64)
        np.add.at(change, graph.skipped[groups, 0], 1)
        np.add.at(change, graph.skipped[groups, 1], -1)
        either[graph.either[np.cumsum(change[:-1]) > 0] - 2 * public] = True
    found = codes[: 2 * public]
    found[0::2] |= either
    found[1::2] |= either
    return found
