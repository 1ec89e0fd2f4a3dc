"""Build a decision diagram in a process of its own, which whoever started it can cut off: stdin JSON → stdout JSON.

In: `{"variables": n, "constraints": [formula…], "nodes": gate}`. A formula is a literal, `["and", …]`, `["or", …]` or
`["count", least, most, …]`. Out: `{"order", "levels", "lows", "highs"}`, or `{"beyond": reason}` when the gate is passed.

The order of variables comes from FORCE (Aloul, Markov, Sakallah 2003), constraints are joined from the bottom of the order
upwards, and sifting comes at the end, until it gains little. This file imports nothing of ours: it runs as a script, and starts in no time.
"""

import json
import random
import sys
from typing import Any

MEMORY_BYTES = 2 * 2**30
MOST_STARTS = 8
FORCE_WORK = 60_000
MOST_SIFTS = 8
LITTLE_GAIN = 0.99


class BeyondError(Exception):
    """The diagram does not fit the gate."""


def variables_of(formula: Any) -> set[int]:
    """The variables that a formula speaks of."""
    if isinstance(formula, int):
        return {abs(formula)}
    parts = formula[3:] if formula[0] == "count" else formula[1:]
    return set().union(*map(variables_of, parts)) if parts else set()


def pieces(formulas: list[Any]) -> list[Any]:
    """The formulas, each conjunction as its parts: the order of variables comes from what belongs together."""
    found = []
    waiting = formulas[::-1]
    while waiting:
        formula = waiting.pop()
        if isinstance(formula, list) and formula[0] == "and":
            waiting += formula[:0:-1]
        else:
            found.append(formula)
    return found


def force_order(count: int, edges: list[list[int]]) -> list[int]:
    """Variables 1…count in the order of least total span that a few runs of FORCE find; the same every time."""
    edges = [edge for edge in edges if len(edge) > 1]
    touching: list[list[int]] = [[] for _ in range(count + 1)]
    for index, edge in enumerate(edges):
        for variable in edge:
            touching[variable].append(index)
    chance = random.Random(1)  # noqa: S311 - starts of a search, the same every time
    # Fewer starts for large models: each takes longer. Never by the clock, for the same model is to give the same bytes.
    starts = max(2, min(MOST_STARTS, FORCE_WORK // (sum(map(len, edges)) + 1)))
    best = _settle(list(range(1, count + 1)), edges, touching)
    for _ in range(starts - 1):
        start = list(range(1, count + 1))
        chance.shuffle(start)
        best = min(best, _settle(start, edges, touching), key=lambda found: found[0])
    return best[1]


def _settle(order: list[int], edges: list[list[int]], touching: list[list[int]]) -> tuple[int, list[int]]:
    """Move every variable to the mean of its edges' centres until the total span no longer shrinks."""
    place = [0] * (len(order) + 1)
    best: tuple[int, list[int]] | None = None
    stale = 0
    for _ in range(200):
        for at, variable in enumerate(order):
            place[variable] = at
        span = 0
        centres = []
        for edge in edges:
            places = [place[variable] for variable in edge]
            span += max(places) - min(places)
            centres.append(sum(places) / len(places))
        stale = 0 if best is None or span < best[0] else stale + 1
        if best is None or span < best[0]:
            best = (span, order)
        if stale > 8:
            break
        pull = [float(at) for at in place]
        for variable in order:
            mine = touching[variable]
            if mine:
                pull[variable] = sum(centres[index] for index in mine) / len(mine)
        order = sorted(order, key=lambda variable: (pull[variable], place[variable]))
    assert best is not None
    return best


class Builder:
    """Formulas to functions of one diagram manager."""

    def __init__(self, order: list[int], gate: int) -> None:
        self.gate, self.threshold = gate, 2 * gate
        try:
            from dd import cudd as library

            self.bdd = library.BDD(memory_estimate=MEMORY_BYTES // 2)
            self.bdd.configure(reordering=False)
        except ImportError:
            from dd import autoref as library

            self.bdd = library.BDD()
            self.bdd.configure(reordering=False)
        self.library = library
        self.bdd.declare(*(f"v{variable}" for variable in order))
        self.level = {variable: at for at, variable in enumerate(order)}
        self.literals: dict[int, Any] = {}
        for variable in order:
            positive = self.bdd.var(f"v{variable}")
            self.literals[variable], self.literals[-variable] = positive, ~positive

    def top(self, formula: Any) -> int:
        """The level of the topmost variable of a formula; beyond the last level for a constant."""
        return min((self.level[variable] for variable in variables_of(formula)), default=len(self.level))

    def build(self, formula: Any) -> Any:
        """The function of a formula; parts are joined from the bottom upwards, so that each step is short."""
        if isinstance(formula, int):
            return self.literals[formula]
        if formula[0] == "count":
            return self._count(formula[1], formula[2], formula[3:])
        if formula[0] == "or" and all(isinstance(part, int) for part in formula[1:]):
            return self._clause(formula[1:])
        parts = [self.build(part) for part in sorted(formula[1:], key=self.top, reverse=True)]
        return self.join(parts, conjunction=formula[0] == "and")

    def join(self, parts: list[Any], conjunction: bool) -> Any:
        """Neighbours pairwise, until one is left; sifts when the diagram grows, and gives up when that does not help."""
        if not parts:
            return self.bdd.true if conjunction else self.bdd.false
        while len(parts) > 1:
            joined = []
            for at in range(0, len(parts) - 1, 2):
                joined.append(parts[at] & parts[at + 1] if conjunction else parts[at] | parts[at + 1])
                parts[at] = parts[at + 1] = None
                # Asking for the size takes as long as a small join.
                if (len(parts) < 512 or at % 64 == 0) and len(self.bdd) > self.threshold:
                    self._sift()
            parts = joined + parts[len(parts) & ~1 :]
        return parts[0]

    def _sift(self) -> None:
        self.library.reorder(self.bdd)
        if len(self.bdd) > self.gate:
            raise BeyondError(f"more than {self.gate:,} nodes while it was built")
        self.threshold = max(self.threshold, 2 * len(self.bdd))

    def settle(self, root: Any) -> None:
        """Sift until that gains little: on the public models and the sample the second and third rounds still halve some."""
        size = len(root)
        for _ in range(MOST_SIFTS):
            self.library.reorder(self.bdd)
            before, size = size, len(root)
            if size > before * LITTLE_GAIN:
                break

    def _clause(self, literals: list[int]) -> Any:
        function = self.bdd.false
        for literal in sorted(literals, key=self.top, reverse=True):
            function |= self.literals[literal]
        return function

    def _count(self, least: int, most: int, formulas: list[Any]) -> Any:
        """At least `least` and at most `most` of the formulas hold: one layer a formula, one function a count so far."""
        parts = [self.build(part) for part in sorted(formulas, key=self.top, reverse=True)]
        true, false = self.bdd.true, self.bdd.false
        layer = [true if least <= held <= most else false for held in range(len(parts) + 1)]
        for part in parts:
            layer = [self.bdd.ite(part, layer[held + 1], layer[held]) for held in range(len(layer) - 1)]
        return layer[0]

    def columns(self, root: Any) -> dict[str, list[int]]:
        """The plain reduced diagram under `root`, deepest level first, children before parents."""
        order = [int(self.bdd.var_at_level(level)[1:]) for level in range(len(self.level))]
        if root == self.bdd.false:
            raise BeyondError("contradiction")
        found: dict[tuple[int, bool], tuple[int, Any, Any]] = {}
        stack = [] if root == self.bdd.true else [root]
        while stack:
            function = stack.pop()
            key = _key(function)
            if key in found:
                continue
            level, low, high = self.bdd.succ(function)
            if function.negated:
                low, high = ~low, ~high
            found[key] = (level, low, high)
            if len(found) > self.gate:
                raise BeyondError(f"more than {self.gate:,} nodes")
            stack += [child for child in (low, high) if child.var is not None]
        ids: dict[tuple[int, bool], int] = {}
        if found:
            _number(_key(root), found, ids, self.bdd.true)
        return {"order": order, **_columns(found, ids, self.bdd.true)}


def _key(function: Any) -> tuple[int, bool]:
    return (abs(int(function)), bool(function.negated))


def _number(root: tuple[int, bool], found: dict[Any, Any], ids: dict[Any, int], true: Any) -> None:
    """Number nodes from 2: deepest level first; within a level as a walk from the root meets them, low before high."""
    met: dict[tuple[int, bool], int] = {}
    stack = [root]
    while stack:
        key = stack.pop()
        if key in met:
            continue
        met[key] = len(met)
        _, low, high = found[key]
        stack += [_key(child) for child in (high, low) if child.var is not None]
    # Nodes met late are numbered first, so that children stay close to their parents and the differences are small.
    ranked = sorted(found, key=lambda key: (-found[key][0], -met[key]))
    ids.update({key: at for at, key in enumerate(ranked, start=2)})


def _columns(found: dict[Any, Any], ids: dict[Any, int], true: Any) -> dict[str, list[int]]:
    def own(child: Any) -> int:
        if child.var is None:
            return 1 if child == true else 0
        return ids[_key(child)]

    rows = [found[key] for key in ids]
    return {
        "levels": [row[0] for row in rows],
        "lows": [own(row[1]) for row in rows],
        "highs": [own(row[2]) for row in rows],
    }


def build(task: dict[str, Any]) -> dict[str, Any]:
    """The answer to one task."""
    try:
        constraints = pieces(task["constraints"])
        order = force_order(task["variables"], [sorted(variables_of(formula)) for formula in constraints])
        builder = Builder(order, task["nodes"])
        parts = [builder.build(formula) for formula in sorted(constraints, key=builder.top, reverse=True)]
        root = builder.join(parts, conjunction=True)
        parts.clear()
        builder.settle(root)
        return builder.columns(root)
    except (BeyondError, MemoryError, RecursionError) as fault:
        return {"beyond": str(fault) or "out of memory"}


def limit(seconds: int) -> None:
    """Have the system stop this process when it takes more memory or time than it may, whatever became of the parent.

    A limit that is lower already stays. Where the system knows no limits, there are the gate's nodes and the parent's clock.
    """
    try:
        import resource
    except ImportError:
        return
    for kind, own in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, seconds)):
        most = resource.getrlimit(kind)[1]
        least = own if most == resource.RLIM_INFINITY else min(own, most)
        resource.setrlimit(kind, (least, least))


if __name__ == "__main__":
    request = json.load(sys.stdin)
    limit(int(request["seconds"]) + 5)
    json.dump(build(request), sys.stdout, separators=(",", ":"))
