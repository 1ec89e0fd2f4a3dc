"""The decision diagram of a problem, built in a child process that is cut off at the gate."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cpq.artefact import Nodes
from app.cpq.clauses import And, Constraint, Count, Formula, Or

_WORKER = Path(__file__).with_name("diagram_build_worker.py")
_KILLED_FOR_MEMORY_OR_TIME = range(-64, 0)


@dataclass(frozen=True, slots=True)
class Gate:
    """How large a diagram may become, and how long its building may take, before SAT serves the model."""

    nodes: int = 100_000
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes and the variable of each level, from the top."""

    order: tuple[int, ...]
    nodes: Nodes


class Contradiction(Exception):
    """No configuration satisfies the rules."""


def build_diagram(constraints: Sequence[Constraint], public: int, gate: Gate) -> Diagram | None:
    """The diagram of all constraints over variables 1…`public`; None beyond the gate; Contradiction when it is false.

    The same constraints give the same diagram, unless the gate's time cuts it off.
    """
    request = {
        "variables": public,
        "constraints": [_wire(constraint.formula) for constraint in constraints],
        "nodes": gate.nodes,
        "seconds": gate.seconds,
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own script, our own interpreter
            [sys.executable, "-P", str(_WORKER)],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=gate.seconds,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode in _KILLED_FOR_MEMORY_OR_TIME:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"The diagram builder failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return _diagram(json.loads(done.stdout))


def _diagram(answer: dict[str, Any]) -> Diagram | None:
    if answer.get("beyond") == "contradiction":
        raise Contradiction
    if "beyond" in answer:
        return None
    nodes = Nodes(tuple(answer["levels"]), tuple(answer["lows"]), tuple(answer["highs"]))
    return Diagram(tuple(answer["order"]), nodes)


def _wire(formula: Formula) -> Any:
    if isinstance(formula, int):
        return formula
    parts = [_wire(part) for part in formula.parts]
    if isinstance(formula, And):
        return ["and", *parts]
    if isinstance(formula, Or):
        return ["or", *parts]
    assert isinstance(formula, Count)
    return ["count", formula.least, formula.most, *parts]


def count_solutions(nodes: Nodes, public: int) -> int:
    """How many assignments of the `public` variables lead to true, exactly: one pass, deepest level first."""
    deep = [public, public, *nodes.levels]
    ways = [0, 1]
    for own, (low, high) in enumerate(zip(nodes.lows, nodes.highs, strict=True), start=2):
        below = deep[own] + 1
        ways.append((ways[low] << (deep[low] - below)) + (ways[high] << (deep[high] - below)))
    return ways[-1] << (deep[-1] if len(nodes) else public)
