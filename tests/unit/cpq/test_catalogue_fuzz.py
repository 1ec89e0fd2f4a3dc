"""Damaged files: whatever is cut, doubled or swapped in them, a reader answers with a model or with a ModelError."""

import json
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cpq.catalogue import read_catalogue
from app.cpq.check import check_problem
from app.cpq.dimacs import parse_dimacs
from app.cpq.reading import ModelError, read_yaml
from app.cpq.uvl import parse_uvl
from tests.unit.cpq.test_catalogue_document import SMALL
from tests.unit.cpq.test_uvl_reading import PUMP

T = TypeVar("T")
DIMACS = "c 1 a\nc 2 b\np cnf 3 3\n1 -2 0\n2 3 0\n-1 -3 0\n"
AS_JSON = json.dumps(read_yaml(SMALL).value)
PIECES = [
    "",
    "0",
    "-1",
    "1e999",
    "NaN",
    ".inf",
    "~",
    "{",
    "}",
    "[]",
    '"',
    "'",
    ": ",
    "\n",
    "\t",
    "&a",
    "*a",
    "yes",
    "null",
    "é",
    "\x00",
]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """One to three cuts, each with a piece put in its place, or a word of the same file."""
    words = sorted(set(text.split()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        upto = at + draw(st.integers(0, 12))
        text = text[:at] + draw(st.sampled_from(PIECES) | st.sampled_from(words)) + text[upto:]
    return text


def _answer(read: Callable[[], T]) -> T | None:
    """What was read, or None for a ModelError that says something."""
    told = None
    try:
        return read()
    except ModelError as fault:
        told = fault.detail
    assert told
    return None


@given(damaged(SMALL))
@settings(max_examples=40, deadline=None)
def test_a_damaged_yaml_catalogue(text: str) -> None:
    catalogue = _answer(lambda: read_catalogue(text))
    assert catalogue is None or catalogue.products


@given(damaged(AS_JSON))
@settings(max_examples=40, deadline=None)
def test_a_damaged_json_catalogue(text: str) -> None:
    catalogue = _answer(lambda: read_catalogue(text, json_text=True))
    assert catalogue is None or catalogue.products


@pytest.mark.parametrize("parse", [parse_uvl, parse_dimacs], ids=["uvl", "dimacs"])
def test_a_damaged_feature_model(parse: object) -> None:
    reader = parse_uvl if parse is parse_uvl else parse_dimacs

    @given(damaged(PUMP if reader is parse_uvl else DIMACS))
    @settings(max_examples=40, deadline=None)
    def run(text: str) -> None:
        problem = _answer(lambda: reader(text, "x"))
        assert problem is None or check_problem(problem) is not None

    run()
