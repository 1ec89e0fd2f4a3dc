"""Worked examples, reckoned by hand: each says in `why` how its figures come about. The phone runs the same ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cpq.quote import QuoteError, price_quote

VECTORS = Path(__file__).resolve().parents[4] / "fixtures" / "vectors"
TOPICS = ("prices", "subscriptions", "terms", "approvals", "refusals")


def _cases() -> list[Any]:
    found = []
    for topic in TOPICS:
        cases = json.loads((VECTORS / f"quote-{topic}.json").read_text(encoding="utf-8"))
        found += [pytest.param(case, id=f"{topic}: {case['name']}") for case in cases]
    return found


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / "quote-catalogue.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("case", _cases())
def test_the_example_comes_out_as_reckoned(case: dict[str, Any], catalogue: dict[str, Any]) -> None:
    try:
        price = view(price_quote(catalogue, case["content"], case["context"]))  # type: ignore[arg-type]
    except QuoteError as error:
        price = {"error": {"pointer": error.pointer, "detail": error.detail}}
    assert case["why"], "an example says how its figures come about"
    check(price, case["expect"], "")


def view(price: Any) -> dict[str, Any]:
    """The price with its lines by id, and their waterfalls as step and amount, and as labels."""
    lines = {
        line["id"]: {
            **line,
            "steps": [[row["step"], row["amount"]] for row in line["waterfall"] if row["phase"] != "header"],
            "labels": [row["label"] for row in line["waterfall"] if row["phase"] != "header"],
        }
        for line in price["lines"]
    }
    return {**price, "lines": lines}


def check(found: Any, expected: Any, at: str) -> None:
    """Every member that is expected is there and equal; a list has as many members as expected."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert name in found, f"{at}/{name} is missing; there are {', '.join(found)}"
            check(found[name], value, f"{at}/{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{at}: {found}"
        for index, value in enumerate(expected):
            check(found[index], value, f"{at}/{index}")
    else:
        assert found == expected, at
