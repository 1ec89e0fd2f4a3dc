"""docs/security.md answers every level 1 and level 2 requirement of OWASP ASVS, and what it names exists."""

import ast
import csv
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT, shared_data

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([^|]*) \| (.*) \|$", re.MULTILINE)
WORDS = {"met", "not applicable", "open"}
NAMED = re.compile(r"`([\w./-]+\.(?:py|tsx?|md|json|lock))(::?)([\w.-]+)`")


def answers() -> list[tuple[str, str, str]]:
    """(id, status, text) of each row, in order."""
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def required() -> list[str]:
    """Ids of levels 1 and 2, from ASVS_CSV or the public data."""
    given = os.environ.get("ASVS_CSV")
    path = Path(given) if given else shared_data("security") / "asvs-5.0.0.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["req_id"] for row in csv.DictReader(file) if row["L"] in ("1", "2")]


def test_every_requirement_is_answered_once() -> None:
    ids = [row_id for row_id, _, _ in answers()]
    assert [row_id for row_id, count in Counter(ids).items() if count > 1] == [], "answered twice"
    assert [row_id for row_id in required() if row_id not in ids] == [], "not answered in docs/security.md"


def test_nothing_is_answered_that_is_not_required() -> None:
    assert sorted({row_id for row_id, _, _ in answers()} - set(required())) == []


def test_every_answer_is_one_of_three_words_with_a_reason() -> None:
    for row_id, status, text in answers():
        assert status in WORDS, f"{row_id}: {status!r}"
        assert text.strip(), f"{row_id} gives no reason"
        if status == "met":
            assert NAMED.search(text), f"{row_id} is met, but names no test and no place"


@pytest.mark.parametrize("name", sorted({"".join(found) for _, _, text in answers() for found in NAMED.findall(text)}))
def test_what_is_named_exists(name: str) -> None:
    path, colons, symbol = NAMED.fullmatch(f"`{name}`").groups()  # type: ignore[union-attr]
    assert (ROOT / path).is_file(), f"{path} does not exist"
    if path.startswith("tests/"):
        assert colons == "::" and symbol.startswith("test_")
    assert symbol in symbols(path) if path.endswith(".py") else symbol in text_of(path), f"{path} has no {symbol}"


def test_nothing_in_code_marks_is_overlooked() -> None:
    """A name in a form that the checks do not understand would never be checked."""
    for row_id, _, text in answers():
        for marked in re.findall(r"`([^`]+)`", text):
            if "/" in marked or "::" in marked:
                assert NAMED.fullmatch(f"`{marked}`"), f"{row_id}: {marked}"


def test_the_page_is_our_own_words() -> None:
    """The requirements' text has a licence of its own and is not copied."""
    given = os.environ.get("ASVS_CSV")
    path = Path(given) if given else shared_data("security") / "asvs-5.0.0.csv"
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            words = row["req_description"].split()
            for start in range(0, max(1, len(words) - 9)):
                assert " ".join(words[start : start + 10]) not in page, row["req_id"]


@cache
def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def symbols(path: str) -> frozenset[str]:
    """Names that a module defines at the top or imports, and `Class.member`."""
    found = set()
    for node in ast.parse(text_of(path)).body:
        found |= _names(node)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for item in node.body for name in _names(item)}
    return frozenset(found)


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    return set()
