"""No float anywhere near money: the syntax trees of what prices and quotes are read, not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Rooms that touch amounts. What writes a file, lays out a page or weighs a signal works with no amount.
ELSEWHERE = {"typescript.py", "pdf.py", "tables.py", "signals.py"}
FILES = [
    path
    for pattern in (
        "app/cpq/price/*.py",
        "app/cpq/quote*.py",
        "app/cpq/terms*.py",
        "app/cpq/approval*.py",
        "app/quotes/*.py",
    )
    for path in sorted(ROOT.glob(pattern))
    if path.name not in ELSEWHERE
]
BUILTINS = {"float", "complex", "round", "pow"}
MODULES = {"math", "cmath", "statistics", "random", "numpy", "fractions"}
OPERATORS = {ast.Div: "/", ast.Pow: "**"}


def floats(source: str) -> Iterator[tuple[int, str]]:
    """Line and words of everything in Python that is, makes or may make a float."""
    tree = ast.parse(source)
    refused = set(_kinds_of_isinstance(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (float, complex)):
            yield node.lineno, f"the literal {node.value!r}"
        elif isinstance(node, ast.Name) and node.id in BUILTINS and node not in refused:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in {"from_float", "__truediv__", "__float__"}:
            yield node.lineno, f".{node.attr}"
        elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATORS:
            operands = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.target, node.value]
            # 10**places is an integer; a path is no number.
            if not (isinstance(node.op, ast.Pow) and isinstance(operands[0], ast.Constant)) and not _is_path(operands):
                yield node.lineno, f"the operator {OPERATORS[type(node.op)]}"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from ((node.lineno, f"import {name}") for name in names if name.split(".")[0] in MODULES)


def _kinds_of_isinstance(tree: ast.AST) -> Iterator[ast.Name]:
    """Names of types that something is asked to be or not to be: that refuses floats and makes none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            yield from (name for name in ast.walk(node.args[1]) if isinstance(name, ast.Name))


def _is_path(operands: list[ast.expr]) -> bool:
    return any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in operands)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_no_float_is_made_where_amounts_are(path: Path) -> None:
    found = [f"line {line}: {words}" for line, words in floats(path.read_text("utf-8"))]
    assert not found, "; ".join(found)


def test_the_rooms_are_there() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert {
        "app/cpq/price/decimals.py",
        "app/cpq/price/engine.py",
        "app/cpq/quote.py",
        "app/quotes/pricing.py",
    } <= names


@pytest.mark.parametrize(
    "source",
    ["a = 0.1", "a = float('1')", "a = b / c", "a /= 2", "a = round(b)", "import math", "a = b ** 2", "a = 1j",
     "from statistics import mean", "map(float, b)", "Decimal.from_float(b)", "a = 1e3"],
)  # fmt: skip
def test_each_way_to_a_float_is_found(source: str) -> None:
    assert list(floats(source))


@pytest.mark.parametrize(
    "source", ["a = b // c", "a = '0.1'", "a = 10**places", "a = folder / 'name'", "isinstance(a, float)"]
)
def test_what_makes_no_float_is_left_alone(source: str) -> None:
    assert not list(floats(source))
