"""Long quotes: their terms are compared in portions, and there is an end to what one quote holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cpq.quote import QuoteError, price_quote

VECTORS = Path(__file__).resolve().parents[4] / "fixtures" / "vectors"
CATALOGUE: dict[str, Any] = json.loads((VECTORS / "quote-catalogue.json").read_text(encoding="utf-8"))


def content(lines: int) -> Any:
    """As many lines of five pieces, for a year."""
    case = json.loads((VECTORS / "quote-terms.json").read_text(encoding="utf-8"))[0]
    [line] = case["content"]["lines"]
    return {**case["content"], "lines": [{**line, "id": f"l{n}"} for n in range(lines)]}


def test_six_hundred_lines_are_each_compared_with_their_other_terms() -> None:
    price = price_quote(CATALOGUE, content(600), {"role": "rep", "facts": {}})
    assert len(price["terms"]) == 600
    first = {name: part for name, part in price["terms"][0].items() if name != "line"}
    assert all({name: part for name, part in term.items() if name != "line"} == first for term in price["terms"])
    assert [choice["term"] for choice in price["terms"][599]["compared"]] == ["monthly", "two"]


def test_more_lines_than_a_quote_holds_are_refused() -> None:
    with pytest.raises(QuoteError) as refused:
        price_quote(CATALOGUE, content(2001), {"role": "rep", "facts": {}})
    assert (refused.value.pointer, refused.value.detail) == ("/lines", "has more than 2000 members")


def test_a_line_that_hangs_on_a_long_chain_of_bundles_counts_with_its_head() -> None:
    chain = content(1500)
    for n, line in enumerate(chain["lines"]):
        line |= {"bundle": f"l{n - 1}"} if n else {"optional": True, "selected": False}
    price = price_quote(CATALOGUE, chain, {"role": "rep", "facts": {}})
    assert (price["totals"]["net"], len(price["lines"])) == ("0.00", 1500)
