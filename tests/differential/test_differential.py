"""Quotes made by chance cost the same on the phone as on the server, in every line of the waterfall."""

import os
import secrets
from typing import Any

import pytest

from tests.differential.check import Difference, compare, first_difference, run
from tests.differential.door import Door

RUNS = 2_000


def test_two_thousand_quotes_cost_the_same_on_both_sides() -> None:
    number = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    print(f"SEED={number}")
    with Door("quote") as door:
        counts = run(door, RUNS, number)
    assert counts["priced"] >= RUNS * 0.7, f"too few quotes can be priced: {counts}"
    assert counts["refused"] > 0, "no quote was refused: refusals are not compared"


class Lying:
    """A door whose phone is a cent off in one row."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def ask(self, question: Any) -> dict[str, Any]:
        answer = self._door.ask(question)
        if "result" in answer and answer["result"]["lines"]:
            answer["result"]["lines"][0]["waterfall"][0]["amount"] += "1"
        return answer


def test_a_difference_in_one_row_is_found_and_shown_with_its_quote() -> None:
    with Door("quote") as door, pytest.raises(Difference, match=r"/result/lines/0/waterfall/0/amount"):
        run(Lying(door), 50, 1)  # type: ignore[arg-type]


def test_a_row_that_is_missing_is_a_difference() -> None:
    assert first_difference({"lines": [1, 2]}, {"lines": [1]}) == "/lines has 2 members in Python, 1 in TypeScript"
    assert first_difference({"a": "1"}, {"a": 1}) is not None


def test_a_refusal_is_compared_with_its_place_and_words() -> None:
    with Door("quote") as door:
        quote: dict[str, Any] = {"catalogue": {"id": "a", "version": "1"}, "content": {"catalogue": 1}, "context": {}}
        assert compare(door, quote) == "refused"
