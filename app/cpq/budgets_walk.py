"""One witness by walking the strips: a path within all bounds, by what the passes say is still to come.

All bounds are kept as one more, their *blend*: it is broken where each alone could still be kept, and it says what to try first.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from app.cpq.budgets_pass import NOTHING, hard
from app.cpq.domains_reach import Flags
from app.cpq.model_graph import Graph, Ints

# Sums of the blend stay below this on both sides, and its factors below that.
_LARGEST_BLEND, _LARGEST_FACTOR = 2**49, 2**20


@dataclass(frozen=True, slots=True)
class Bounded:
    """Bounds by edge, (bounds, edges): what each edge adds, what a path may have at most, and the largest sum on either side."""

    edges: Ints
    limits: Ints
    spans: Ints

    def only(self, numbers: Sequence[int]) -> "Bounded":
        """Some of the bounds."""
        picked = list(numbers)
        return Bounded(self.edges[picked], self.limits[picked], self.spans[picked])

    def factors(self, left: Ints) -> Ints:
        """How much the bounds count in their blend: the less one has left, the more; whole numbers, so that sums stay exact."""
        room = min(_LARGEST_FACTOR, _LARGEST_BLEND // max(1, int(self.spans.sum())))
        if room < 1:
            return np.zeros(len(left), np.int64)
        shares = room * (left.min() + 1) / (left + 1)
        factors: Ints = np.maximum(1, np.round(shares)).astype(np.int64)
        return factors


@dataclass(frozen=True, slots=True)
class Walked:
    """Literals (2P flags) of a configuration, or None; `proven` is False where the limit ended the walk. `entered`: nodes."""

    literals: Flags | None
    proven: bool
    entered: int


def walk(graph: Graph, bounded: Bounded, forbidden: Collection[int], most: int) -> Walked:
    """A configuration that takes no forbidden literal (slots) and keeps all bounds; at most `most` nodes are entered."""
    numbers = list(forbidden)
    penalty = graph.penalty(numbers, [1] * len(numbers))
    rows = list(hard(bounded.edges, penalty))
    below = [graph.upwards(row, NOTHING) for row in rows]
    left = bounded.limits - np.array([least[graph.top] for least in below], np.int64)
    if (left < 0).any():
        return Walked(None, True, 0)
    factors = bounded.factors(left)
    rows.append(hard(factors @ bounded.edges, penalty))
    below.append(graph.upwards(rows[-1], NOTHING))
    limits = np.append(bounded.limits, factors @ bounded.limits)
    to_come, kept = np.array(below).T, np.array(rows).T
    stack = [(graph.top, np.zeros(len(limits), np.int64), -1, 0)]
    failed: dict[int, list[Ints]] = {}
    path: list[int] = []
    entered = 0
    while stack:
        node, sums, by, depth = stack.pop()
        path[depth:] = [by]
        if node == 1:
            return Walked(_configuration(graph, path[1:], forbidden), True, entered)
        if any((earlier <= sums).all() for earlier in failed.get(node, ())):
            continue
        entered += 1
        if entered > most:
            return Walked(None, False, entered)
        failed.setdefault(node, []).append(sums)
        begin, end = graph.edges_of[node]
        least = sums + kept[begin:end] + to_come[graph.target[begin:end]]
        ways = np.flatnonzero((least <= limits).all(axis=1))
        # The best is tried first, thus put on the stack last.
        stack += [
            (int(graph.target[begin + edge]), sums + kept[begin + edge], begin + edge, depth + 1)
            for edge in ways[np.argsort(-least[ways, -1], kind="stable")].tolist()
        ]
    return Walked(None, True, entered)


def _configuration(graph: Graph, path: list[int], forbidden: Collection[int]) -> Flags:
    public = graph.public
    found = np.zeros(2 * public, bool)
    for edge in path:
        begin = graph.code_starts[edge]
        end = graph.code_starts[edge + 1] if edge + 1 < len(graph.code_starts) else len(graph.codes)
        codes = graph.codes[begin:end]
        found[codes[codes < 2 * public]] = True
    for variable in np.flatnonzero(~(found[0::2] | found[1::2])).tolist():
        found[2 * variable + (2 * variable in forbidden)] = True
    return found


class Pool:
    """Configurations within all budgets that were found before; each may be a witness again."""

    def __init__(self, public: int, most: int) -> None:
        self._rows = np.zeros((0, 2 * public), bool)
        self._most = most

    def add(self, configuration: Flags) -> None:
        """Keep one more, and forget the oldest beyond the most that are kept."""
        self._rows = np.concatenate([self._rows, configuration[None]])[-self._most :]

    def witnessed(self, slots: list[int], amounts: list[int], replaceable: list[int]) -> Flags:
        """Literals that some of them has which takes no left-out literal, or only the literal itself, left out by a single choice."""
        rows = self._rows
        penalty = rows[:, slots] @ np.asarray(amounts, np.int64) if slots else np.zeros(len(rows), np.int64)
        found: Flags = rows[penalty == 0].any(axis=0)
        if replaceable:
            found[replaceable] = rows[penalty == 1][:, replaceable].any(axis=0)
        return found
