"""The requests of `fixtures/vectors/price-*.json`: `python -m tests.support.price_vectors` writes them with their answers.

Both languages must give these answers. What they should be is argued in `tests/unit/cpq/price/test_price_semantics.py`.
"""

from __future__ import annotations

import json
from typing import Any

from app.cpq.price import PriceError, price_json
from tests.benchmarks.price_request import request as quote_of
from tests.conftest import ROOT

Json = dict[str, Any]
FOLDER = ROOT / "fixtures" / "vectors"
ANSWERS = FOLDER / "price-answers.json"
REFUSALS = FOLDER / "price-refusals.json"
TIERS = [
    {"upto": "10", "unit": "10", "flat": "2"},
    {"upto": "20", "unit": "5", "flat": "3"},
    {"upto": None, "unit": "4"},
]
VAT = {"id": "vat", "name": "VAT 25 %", "class": "standard", "rate": "25"}
CITY = {"id": "city", "name": "City 4.5 %", "class": "standard", "rate": "4.5"}


def step(kind: str, phase: str = "list", scope: str = "unit", **members: Any) -> Json:
    """A step; `own_…` members are the step's, others the adjustment's."""
    own = {name.removeprefix("own_"): members.pop(name) for name in [*members] if name.startswith("own_")}
    adjustment = {"type": kind, **members}
    return {"id": own.pop("id", kind), "phase": phase, "scope": scope, "adjustment": adjustment, "reason": kind, **own}


def line(*steps: Json, name: str = "a", quantity: str = "1", **members: Any) -> Json:
    """A line."""
    return {"id": name, "quantity": quantity, "steps": list(steps), **members}


def listed(amount: str) -> Json:
    """A list price."""
    return step("per_unit", amount=amount)


def request(*lines: Json, **members: Any) -> Json:
    """A request in euros."""
    return {"currency": "EUR", "lines": list(lines), **members}


def policy(
    point: str = "line", stacking: str = "compound", per: str = "line", included: bool = False, **rounding: Any
) -> Json:
    """A policy."""
    return {"stacking": stacking, "rounding": {"point": point, **rounding}, "tax": {"per": per, "included": included}}


def header(kind: str, value: str, **members: Any) -> Json:
    """A header discount."""
    return {"id": "whole", "kind": kind, "value": value, "reason": "Whole", **members}


def answers() -> dict[str, Json]:
    """Requests that are priced, by what they are about."""
    phases = [
        listed("100"),
        step("percent_discount", "contracted", percent="10"),
        step("percent_discount", "schedule", percent="5"),
        step("proration", "proration", "line", numerator="19", denominator="30"),
        step("amount_discount", "additional", "line", amount="7.77"),
        step("percent_discount", "partner", percent="12.5"),
    ]
    thirds = [line(listed("33.335"), name=name, quantity="1") for name in "abc"]
    usage = {"type": "graduated", "tiers": TIERS, "bounds": "continuous"}
    tiered = {**step("per_unit"), "adjustment": usage}
    zero = {"type": "graduated", "tiers": [{"upto": "0", "unit": "9", "flat": "5"}, {"upto": None, "unit": "2"}]}
    everything = line(*phases, quantity="3", cost="40", facts={"family": "pumps"})
    ramp = {"charge": "recurring", "period": "month"}
    return {
        "every phase, compound": request(everything, taxes=[VAT]),
        "every phase, additive": request(everything, policy=policy(stacking="additive")),
        "every phase, unit prices rounded": request(everything, policy=policy("unit", mode="half_even")),
        "thirds that sum to the total": request(*thirds, policy=policy("total"), taxes=[VAT]),
        "tax of the total": request(*thirds, policy=policy("total", per="total"), taxes=[VAT, CITY]),
        "two taxes included": request(*thirds, policy=policy(included=True), taxes=[VAT, CITY]),
        "included tax of a unit": request(
            line(listed("3.25"), quantity="7"), policy=policy(per="unit", included=True), taxes=[VAT]
        ),
        "one line with tax included": request(
            line(listed("100"), tax_included=True), line(listed("100"), name="b"), taxes=[VAT]
        ),
        "yen have no places": request(line(listed("333.5"), quantity="3"), taxes=[VAT], currency="JPY"),
        "dinars have three": request(line(listed("333.33333"), quantity="3"), taxes=[VAT], currency="KWD"),
        "fixed total": request(*thirds, header=[header("fixed_total", "95")]),
        "fixed total that raises": request(*thirds, header=[header("fixed_total", "101")]),
        "two header discounts": request(
            *thirds, header=[header("percent", "7"), header("amount", "1", id="coupon", charge="one_time")]
        ),
        "more off than there is": request(*thirds, header=[header("amount", "1000")]),
        "added to lines that cost nothing": request(
            line(name="a"), line(name="b"), line(name="c"), header=[header("amount", "-10")]
        ),
        "discounts stop at nothing": request(
            line(
                listed("10"),
                step("amount_discount", "additional", amount="7"),
                step("amount_discount", "additional", amount="7", own_id="again"),
            )
        ),
        "a credit is discounted towards nothing": request(
            line(listed("-100"), step("percent_discount", "additional", percent="10"))
        ),
        "usage by tiers": request(line(tiered, quantity="1", charge="usage", usage={"quantity": "20.5"}, periods="12")),
        "usage above a tier that ends at zero": request(
            *(
                line(
                    {**step("per_unit"), "adjustment": {**zero, "flat_at_zero": at_zero}},
                    name=name,
                    usage={"quantity": "3"},
                )
                for name, at_zero in (("a", False), ("b", True))
            )
        ),
        "usage of none": request(line(tiered, charge="usage", usage={"quantity": "0"})),
        "bundle, optional lines and lines below them": request(
            line(listed("100")),
            line(listed("20"), name="b", bundle="a"),
            line(listed("5"), name="c", bundle="b", optional=True),
            line(listed("7"), name="d", parent="c"),
            line(listed("9"), name="e", optional=True, selected=True),
            taxes=[VAT],
        ),
        "contract values": request(
            line(listed("1000")),
            line(listed("12.50"), name="b", quantity="4", periods="24", **ramp),
            line(listed("120"), name="c", charge="recurring", period="year", periods="3"),
            line(listed("80"), name="d", periods="12", later=True, **ramp),
        ),
        "margins and floors": request(
            line(listed("100"), cost="90", facts={"family": "pumps"}),
            line(listed("0"), name="b", cost="1"),
            line(listed("5"), name="c"),
            floors=[
                {"id": "f", "min_margin_percent": "18", "reason": "Pumps", "families": ["pumps"]},
                {"id": "all", "min_margin_percent": "0", "reason": "All"},
            ],
        ),
        "limits above the list price": request(
            line(
                listed("100"),
                step("percent_discount", "schedule", percent="50"),
                step("floor", "schedule", amount="-20", above="list"),
            ),
            line(
                listed("100"),
                step("markup", "schedule", percent="50"),
                step("cap", "schedule", amount="25", above="list"),
                name="b",
            ),
        ),
        "rounded to whole tens": request(
            line(
                listed("184.99"),
                step("percent_discount", "schedule", percent="7", own_rounding={"to": "10"}),
                quantity="3",
            )
        ),
        "when": request(
            line(listed("10"), quantity="5", sku="P1", facts={"segment": "industry", "partner": False}),
            line(listed("10"), name="b", quantity="12", sku="P2", facts={"segment": "farm", "partner": True}),
            on="2026-11-21",
            steps=[
                step(
                    "percent_discount",
                    "schedule",
                    percent="1",
                    own_id="from ten",
                    own_when={"fact": "quantity", "op": "ge", "value": "10"},
                ),
                step(
                    "percent_discount",
                    "schedule",
                    percent="2",
                    own_id="industry",
                    own_when={"fact": "segment", "op": "in", "value": ["industry"]},
                ),
                step(
                    "percent_discount",
                    "schedule",
                    percent="3",
                    own_id="this autumn",
                    own_when={"fact": "on", "op": "between", "value": ["2026-09-01", "2026-11-30"]},
                ),
                step(
                    "percent_discount",
                    "schedule",
                    percent="4",
                    own_id="nobody",
                    own_when={"fact": "unknown", "op": "ne", "value": "x"},
                ),
                step(
                    "percent_discount",
                    "schedule",
                    percent="5",
                    own_id="no partner",
                    own_when={"not": {"fact": "partner", "op": "eq", "value": True}},
                ),
            ],
        ),
        "a quote of 20 lines": quote_of(20),
    }


def _changed(path: str, value: Any) -> Json:
    """A good request with one member changed; a value of `...` takes it away."""
    good = request(
        line(listed("100"), step("percent_discount", "additional", percent="5"), cost="1", facts={"a": "b"}),
        line(
            {**step("graduated"), "adjustment": {"type": "graduated", "tiers": [dict(one) for one in TIERS]}},
            name="b",
            charge="usage",
            usage={"quantity": "3"},
        ),
        taxes=[dict(VAT)],
        header=[header("percent", "5")],
        policy=policy(),
        steps=[step("flat_fee", amount="1")],
        floors=[{"id": "f", "min_margin_percent": "1", "reason": ""}],
    )
    place: Any = good
    *parents, last = path.strip("/").split("/")
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    key: Any = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return good


def refusals() -> dict[str, Json]:
    """Requests that are refused, by what is wrong with them."""
    tier = "/lines/1/steps/0/adjustment/tiers"
    figure = "/lines/0/steps/0/adjustment/amount"
    whole = {"type": "graduated", "bounds": "whole"}
    when = "/steps/0/when"
    return {
        "NaN": _changed(figure, "NaN"),
        "infinity": _changed(figure, "Infinity"),
        "an exponent": _changed(figure, "1e999"),
        "a number that is no text": _changed(figure, 5),
        "a plus sign": _changed(figure, "+5"),
        "digits of another script": _changed(figure, "१२"),
        "a line break": _changed(figure, "5\n"),
        "no figure": _changed(figure, ...),
        "too many digits": _changed(figure, "1234567890123456"),
        "too many places": _changed(figure, "0.1234567890123"),
        "an unknown currency": _changed("/currency", "XYZ"),
        "a currency that is a property": _changed("/currency", "constructor"),
        "no currency": _changed("/currency", ...),
        "a negative quantity": _changed("/lines/0/quantity", "-1"),
        "more than a billion units": _changed("/lines/0/quantity", "1000000001"),
        "no quantity": _changed("/lines/0/quantity", ...),
        "an amount of 10^15": request(line(listed("999999999999999"), quantity="1000000000")),
        "a gap between tiers": _changed(f"{tier}/1/from", "12"),
        "an overlap of tiers": _changed(f"{tier}/1/from", "9"),
        "tiers that go down": _changed(f"{tier}/1/upto", "10"),
        "a last tier with an end": _changed(f"{tier}/2/upto", "30"),
        "an earlier tier without end": _changed(f"{tier}/0/upto", None),
        "no tiers": _changed(tier, []),
        "whole tiers with a part of a unit": _changed(
            "/lines/1/steps/0/adjustment", {**whole, "tiers": [{"upto": "1.5"}, {"upto": None}]}
        ),
        "whole tiers that touch": _changed(
            "/lines/1/steps/0/adjustment", {**whole, "tiers": [{"upto": "5"}, {"from": "5", "upto": None}]}
        ),
        "a rate in a tier of units": _changed(f"{tier}/0/rate", "5"),
        "an unknown adjustment": _changed("/lines/0/steps/0/adjustment/type", "free_lunch"),
        "an adjustment that is a property": _changed("/lines/0/steps/0/adjustment/type", "toString"),
        "an unknown member of an adjustment": _changed("/lines/0/steps/0/adjustment/note", "x"),
        "an unknown phase": _changed("/lines/0/steps/0/phase", "later"),
        "an unknown scope": _changed("/lines/0/steps/0/scope", "order"),
        "no id of a step": _changed("/lines/0/steps/0/id", ""),
        "a discount of more than everything": _changed("/lines/0/steps/1/adjustment/percent", "100.01"),
        "a discount of less than nothing": _changed("/lines/0/steps/1/adjustment/percent", "-1"),
        "a surcharge of two kinds": _changed(
            "/steps/0/adjustment", {"type": "surcharge", "amount": "1", "percent": "1"}
        ),
        "packages of nothing": _changed("/steps/0/adjustment", {"type": "package", "size": "0", "amount": "1"}),
        "proration by nothing": _changed(
            "/steps/0/adjustment", {"type": "proration", "numerator": "1", "denominator": "0.00"}
        ),
        "least above greatest": _changed(
            "/steps/0/adjustment", {"type": "percentage", "rate": "1", "min": "2", "max": "1"}
        ),
        "rounding of two kinds": _changed("/steps/0/rounding", {"places": 2, "to": "5"}),
        "rounding to nothing": _changed("/steps/0/rounding", {"to": "0"}),
        "rounding to thirteen places": _changed("/steps/0/rounding", {"places": 13}),
        "an unknown mode": _changed("/policy/rounding/mode", "bankers"),
        "an unknown member of the policy": _changed("/policy/taxes", {}),
        "an unknown op": _changed(when, {"fact": "a", "op": "like", "value": "b"}),
        "an op of a wrong type": _changed(when, {"fact": "a", "op": "lt", "value": "many"}),
        "a range of a day and a number": _changed(when, {"fact": "a", "op": "between", "value": ["1", "2026-01-01"]}),
        "an unknown predicate": _changed(when, {"none": []}),
        "a predicate that is a list": _changed(when, {"all": [[]]}),
        "a fact that is a number": _changed("/lines/0/facts/a", 5),
        "the same id twice": _changed("/lines/1/id", "a"),
        "a bundle of nothing": _changed("/lines/1/bundle", "z"),
        "a bundle of itself": _changed("/lines/1/bundle", "b"),
        "a bundle of a later line": _changed("/lines/0/bundle", "b"),
        "a header discount of more than everything": _changed("/header/0/value", "101"),
        "a header discount of unknown lines": _changed("/header/0/lines", ["z"]),
        "weights that take a line below nothing": request(
            line(listed("5")), line(listed("5"), name="b"), header=[header("amount", "6", weights={"a": "1"})]
        ),
        "the same tax twice": _changed("/taxes", [VAT, VAT]),
        "usage that is not told": _changed("/lines/0/steps/0/adjustment", {"type": "percentage", "rate": "1"}),
        "events without their prorated ones": _changed("/lines/1/usage", {"events": ["1"], "prorated_events": []}),
        "an unknown member": _changed("/discount", "5"),
        "an unknown member with a slash": _changed("/lines/0/facts", {"a/b~c": 5}),
        "an unknown member of a line": _changed("/lines/0/price", "5"),
        "lines that are no list": _changed("/lines", {}),
        "a line that is none": _changed("/lines/0", None),
    }


def answer(asked: Any) -> Json:
    """What the engine says, as both languages say it."""
    try:
        return {"result": price_json(asked)}
    except PriceError as refused:
        return {"error": {"pointer": refused.pointer, "detail": refused.detail}}


def vectors(requests: dict[str, Json]) -> list[Json]:
    """Each request with its answer."""
    return [{"name": name, "request": asked, **answer(asked)} for name, asked in requests.items()]


def main() -> None:
    """Write both files."""
    for path, found in ((ANSWERS, vectors(answers())), (REFUSALS, vectors(refusals()))):
        rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in found)
        path.write_text(f"[\n{rows}\n]\n", "utf-8")


if __name__ == "__main__":
    main()
