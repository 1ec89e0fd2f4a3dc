"""One witness by walking the strips: a path within all bounds, by what the passes say is still to come."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from app.cpq.budgets_pass import NOTHING, hard
from app.cpq.budgets_witness import Reals
from app.cpq.domains_reach import Flags
from app.cpq.model_graph import Graph, Ints


@dataclass(frozen=True, slots=True)
class Walked:
    """Literals (2P flags) of a configuration, or None; `proven` is False where the limit ended the walk. `entered`: nodes."""

    literals: Flags | None
    proven: bool
    entered: int


def walk(graph: Graph, edges: Ints, forbidden: Collection[int], limits: Ints, blend: Reals, most: int) -> Walked:
    """A configuration that takes no forbidden literal (slots) and keeps all bounds; at most `most` nodes are entered."""
    numbers = list(forbidden)
    kept = hard(edges, graph.penalty(numbers, [1] * len(numbers)))
    to_come = np.array([graph.upwards(row, NOTHING) for row in kept]).T
    kept = kept.T
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
        left = np.flatnonzero((least <= limits).all(axis=1))
        # The best is tried first, thus put on the stack last.
        stack += [
            (int(graph.target[begin + edge]), sums + kept[begin + edge], begin + edge, depth + 1)
            for edge in left[np.argsort(-(least[left] @ blend), kind="stable")].tolist()
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
