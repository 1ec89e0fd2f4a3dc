"""Quotes of the sample catalogue, in each of its price books, on both sides."""

from pathlib import Path
from typing import Any

import pytest

from app.cpq.catalogue import read_catalogue
from tests.differential.check import answer, compare, first_difference
from tests.differential.door import Door

SAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "catalogue" / "rosvall-pumps.yaml"
BOOKS = (("eur-2026-2", "EUR", "DE"), ("sek-2026-2", "SEK", "SE"), ("nok-2026-2", "NOK", "NO"))


@pytest.fixture(scope="module")
def catalogue() -> Any:
    return read_catalogue(SAMPLE.read_text(encoding="utf-8")).document


def quote(catalogue: Any, book: str, currency: str, region: str, many: int = 1) -> dict[str, Any]:
    """A pump with options, monitoring, usage, service and an amendment; `many` times."""
    lines: list[dict[str, Any]] = []
    for number in range(many):
        pump = f"pump{number}"
        lines += [
            {
                "id": pump,
                "sku": "PX",
                "quantity": "6",
                "choices": [{"feature": "stages", "value": "3"}, {"feature": "motor", "value": "kw11"}],
                "clauses": ["power"],
                "discount": {"kind": "percent", "value": "7", "reason": "First order"},
            },
            {"id": f"kit{number}", "sku": "SK-11", "quantity": "6", "bundle": pump},
            {"id": f"watch{number}", "sku": "WATCH-S", "quantity": "6", "term": "two_years"},
            {"id": f"data{number}", "sku": "WATCH-DATA", "quantity": "1"},
            {"id": f"care{number}", "sku": "CARE-P", "quantity": "6", "term": "three_years", "clauses": ["answer4"]},
        ]
    seats = {"from_month": 0, "quantity": "10"}, {"from_month": 12, "quantity": "30", "discount_percent": "2.5"}
    paid = {"amount": "3480.00", "from": "2026-07-01", "to": "2027-06-30", "quantity": "10"}
    lines += [
        {"id": "seats", "sku": "WATCH-SEAT", "quantity": "10", "term": "two_years", "ramp": list(seats)},
        {
            "id": "more",
            "sku": "WATCH-S",
            "quantity": "2",
            "amends": {"subscription_id": "s", "change": "add", "paid": paid},
        },
    ]
    running = {"id": "s", "sku": "WATCH-S", "quantity": 10, "starts_on": "2026-07-01", "ends_on": "2028-06-30"}
    content = {
        "catalogue": catalogue["id"],
        "catalogue_version": catalogue["version"],
        "price_book": book,
        "currency": currency,
        "region": region,
        "on": "2026-11-22",
        "lines": lines,
        "discounts": [{"id": "h", "kind": "amount", "value": "333.33", "reason": "Round"}],
        "clauses": ["delivery"],
    }
    context = {"role": "rep", "facts": {"customer.segment": "public", "partner": "no"}, "subscriptions": [running]}
    return {"catalogue": catalogue, "content": content, "context": context}


@pytest.mark.parametrize(("book", "currency", "region"), BOOKS)
def test_a_quote_of_the_sample_catalogue_costs_the_same_on_both_sides(
    catalogue: Any, book: str, currency: str, region: str
) -> None:
    with Door("quote") as door:
        assert compare(door, quote(catalogue, book, currency, region)) == "priced"


def test_a_hundred_lines_cost_the_same_on_both_sides(catalogue: Any) -> None:
    with Door("quote") as door:
        assert compare(door, quote(catalogue, "sek-2026-2", "SEK", "SE", many=20)) == "priced"


def test_a_pump_as_reckoned_by_hand(catalogue: Any) -> None:
    """6,900 + 2 x 1,450 (3 stages, 1 included) + 890 (11 kW) = 10,690; six are 64,140. The clause adds 1 %: 641.40.

    5 to 9 pumps: 3 % of 64,781.40 is 1,943.44 (1,943.442), 62,837.96; public: 2 % of 62,837.958 is 1,256.76, 61,581.20.
    """
    asked = quote(catalogue, "eur-2026-2", "EUR", "DE")
    asked["content"]["discounts"] = []
    del asked["content"]["lines"][0]["discount"]
    pump = answer(asked)["result"]["lines"][0]
    rows = [(row["step"], row["running"]) for row in pump["waterfall"]]
    assert rows == [
        ("list", "41400.00"),
        ("option.stages", "58800.00"),
        ("option.motor", "64140.00"),
        ("clause.power", "64781.40"),
        ("pumps-5", "62837.96"),
        ("public", "61581.20"),
    ]
    assert first_difference(pump["net"], "61581.20") is None


def test_a_set_costs_what_is_in_it_a_tenth_less(catalogue: Any) -> None:
    """Two seal kits at 310, a tenth less: 558; the set itself has no price and adds none."""
    asked = quote(catalogue, "eur-2026-2", "EUR", "DE")
    kit = {"id": "kits", "sku": "SK-22", "quantity": "2", "bundle": "set"}
    impeller = {
        "id": "impeller", "sku": "SP-IMP", "quantity": "1", "bundle": "set", "optional": True, "selected": False,
    }  # fmt: skip
    asked["content"] |= {
        "lines": [{"id": "set", "sku": "PX-SPARES", "quantity": "1"}, kit, impeller],
        "discounts": [],
        "clauses": [],
    }
    asked["context"]["facts"] = {}
    price = answer(asked)["result"]
    head, kits, _ = price["lines"]
    assert (head["net"], kits["net"], head["bundle"]["net"]) == ("0.00", "558.00", "558.00")
    assert (price["totals"]["net"], price["totals"]["margin_percent"] is not None) == ("558.00", True)
    with Door("quote") as door:
        assert compare(door, asked) == "priced"


@pytest.mark.parametrize(
    ("adjustment", "words"),
    [
        ({"type": "percent_discount", "percent": "2"}, "Discount, 2 %"),
        ({"type": "amount_discount", "amount": "2"}, "Discount"),
        ({"type": "flat_fee", "amount": "15"}, "Flat fee"),
        ({"type": "markup", "percent": "1.5"}, "Markup, 1.5 %"),
        ({"type": "surcharge", "amount": "9"}, "Surcharge"),
        ({"type": "floor", "amount": "999999"}, "Lowest price"),
    ],
)
def test_a_step_without_a_reason_says_its_kind_and_never_its_id(
    catalogue: Any, adjustment: dict[str, str], words: str
) -> None:
    asked = quote(catalogue, "eur-2026-2", "EUR", "DE")
    step = {"id": "x-7-internal", "phase": "schedule", "scope": "line", "adjustment": adjustment}
    asked["catalogue"] = {**catalogue, "price_steps": [step]}
    agreed = {"id": "a1", "number": "FA-88", "name": "Frame", "valid_from": "2026-01-01", "steps": [step]}
    asked["context"]["agreements"] = [agreed]
    labels = [row["label"] for row in answer(asked)["result"]["lines"][0]["waterfall"]]
    assert {words, f"{words} (agreement FA-88)"} <= set(labels)
    assert not any("x-7-internal" in label for label in labels)
    with Door("quote") as door:
        assert compare(door, asked) == "priced"
