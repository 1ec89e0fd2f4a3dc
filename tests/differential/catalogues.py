"""Catalogues by chance: every charge, option, policy, tax, term and clause, in currencies with 0, 2, 3 and 4 decimals."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.differential.steps import (
    CURRENCIES,
    adjustments,
    figure,
    percents,
    pick,
    predicates,
    price_steps,
    usage_adjustments,
    whole,
)

Json = dict[str, Any]
SKUS = ("PUMP", "PART", "WATCH", "CARE", "DATA", "PLUS")
FEATURES = [
    {
        "id": "motor",
        "name": "Motor",
        "type": "choice",
        "values": [{"id": f"kw{n}", "name": f"{n} kW"} for n in (4, 55, 75)],
    },
    {"id": "soft", "name": "Soft start", "type": "boolean"},
    {"id": "stages", "name": "Stages", "type": "integer", "min": 1, "max": 12, "step": 1, "unit": "pcs"},
]

_STEPS = st.lists(price_steps(), max_size=5)
_RATES = st.lists(st.sampled_from(["25", "12", "6", "8.875", "0"]), max_size=3)
_LENGTHS = st.lists(st.sampled_from([6, 12, 18, 24, 36]), min_size=1, max_size=2, unique=True)


@cache
@st.composite
def catalogues(draw: st.DrawFn) -> Json:
    """A catalogue with one price book in one of several currencies."""
    currency = pick(draw, CURRENCIES)
    found: Json = {
        "format": 1,
        "id": "made",
        "version": "1",
        "name": "Made",
        "products": _products(draw),
        "price_books": [
            {
                "id": "book",
                "name": "Book",
                "currency": currency,
                "regions": pick(draw, [[], ["SE"], ["SE", "NO"]]),
                "valid_from": "2026-01-01",
                "valid_to": pick(draw, [None, "2026-12-31", "2026-02-28"]) if seldom(draw) else None,
                "entries": _entries(draw, currency),
            }
        ],
        "price_steps": draw(_STEPS),
        "policy": draw(policies()),
        "taxes": _taxes(draw),
        "terms": _terms(draw, currency),
        "clauses": _clauses(draw, currency),
    }
    if draw(st.booleans()):
        found["authority"] = [
            {"role": role, "max_discount_percent": most}
            for role, most in (("rep", "5"), ("manager", "12.5"), ("administrator", "100"))
        ]
        found["floors"] = [{"id": "floor", "families": ["a"], "min_margin_percent": draw(percents), "reason": "Low."}]
        found["approvals"] = draw(_RULES)
    for number, step in enumerate(found["price_steps"]):
        step["id"] = f"s{number}"
    return found


def seldom(draw: st.DrawFn) -> bool:
    """Once in sixteen."""
    return draw(whole(15)) == 15


def _products(draw: st.DrawFn) -> list[Json]:
    products: list[Json] = []
    for sku in SKUS:
        product: Json = {"sku": sku, "name": f"The {sku}", "family": pick(draw, "ab"), "kind": "device"}
        if sku == "PUMP":
            product["features"] = FEATURES
            product["bundle"] = [{"sku": "PART", "quantity": "1", "optional": draw(st.booleans())}]
            product["suggests"], product["excludes"] = ["CARE"], ["PLUS"]
        if sku == "CARE":
            product["requires"] = ["PUMP"]
        if draw(st.booleans()):
            product["tax_class"] = "reduced"
        products.append(product)
    return products


def _entries(draw: st.DrawFn, currency: str) -> list[Json]:
    pump: Json = {"sku": "PUMP", "charge": "one_time", "amount": draw(figure()), "options": _options(draw)}
    if draw(st.booleans()):
        pump["cost"], pump["option_costs"] = draw(figure()), _options(draw)
    watch: Json = {"sku": "WATCH", "charge": "recurring", "period": "month", "amount": draw(figure(places=2))}
    care: Json = {
        "sku": "CARE",
        "charge": "recurring",
        "period": pick(draw, ("month", "year")),
        "amount": draw(figure()),
        "cost": draw(figure()),
    }
    if draw(st.booleans()):
        watch = {**watch, "adjustment": draw(adjustments(charges=True))}
    data: Json = {"sku": "DATA", "charge": "usage", "unit": "GB", "expected": draw(figure(low=0, high=3000, places=1))}
    data["adjustment"] = draw(usage_adjustments())
    if draw(st.booleans()):
        data["period"] = pick(draw, ("month", "year"))
    plus = [
        {"sku": "PLUS", "charge": "one_time", "amount": {currency: "1"}[currency]},
        {"sku": "PLUS", "charge": "recurring", "period": pick(draw, ("month", "year")), "amount": draw(figure())},
    ]
    return [
        pump,
        {"sku": "PART", "charge": "one_time", "amount": draw(figure()), "cost": "3.5"},
        watch,
        care,
        data,
        *plus,
    ]


def _options(draw: st.DrawFn) -> Json:
    found: Json = {"motor": {"kw4": draw(figure(low=-5000)), "kw75": draw(figure())}, "soft": {"yes": draw(figure())}}
    found["stages"] = {"each": draw(figure(places=3)), "included": draw(whole(4))}
    return found


@cache
@st.composite
def policies(draw: st.DrawFn) -> Json:
    """Every flag on which systems disagree."""
    modes = ["half_up", "half_down", "half_even", "up", "down", "ceiling", "floor"]
    return {
        "stacking": pick(draw, ["compound", "additive"]),
        "rounding": {"mode": pick(draw, modes), "point": pick(draw, ["line", "unit", "total"])},
        "tax": {"per": pick(draw, ["line", "unit", "total"]), "included": draw(st.booleans())},
    }


def _taxes(draw: st.DrawFn) -> list[Json]:
    rates = draw(_RATES)
    return [
        {
            "id": f"t{n}",
            "name": f"Tax {rate} %",
            "region": pick(draw, ["SE", "SE", "NO"]),
            "class": pick(draw, ["standard", "standard", "reduced"]),
            "rate": rate,
            "valid_from": pick(draw, [None, "2026-01-01", "2026-06-01"]),
        }
        for n, rate in enumerate(rates)
    ]


@cache
def _leave(currency: str) -> st.SearchStrategy[Json]:
    return st.one_of(
        st.just({"type": "none"}),
        st.builds(lambda count: {"type": "months", "count": count}, st.integers(0, 8)),
        st.builds(lambda percent: {"type": "percent", "percent": percent}, percents),
        st.builds(lambda amount: {"type": "amount", "amount": {currency: amount}}, figure(places=2)),
    )


def _terms(draw: st.DrawFn, currency: str) -> list[Json]:
    terms: list[Json] = [
        {
            "id": "monthly",
            "name": "Month to month",
            "applies_to": ["WATCH", "DATA"],
            "months": 1,
            "leave": {"type": "none"},
        }
    ]
    for months in draw(_LENGTHS):
        term: Json = {"id": f"m{months}", "name": f"{months} months", "months": months, "leave": draw(_leave(currency))}
        if draw(st.booleans()):
            term["step"] = {"adjustment": {"type": "percent_discount", "percent": draw(percents)}, "reason": "Longer"}
            term["notice_months"] = draw(whole(3))
        terms.append(term)
    return terms


def _clauses(draw: st.DrawFn, currency: str) -> list[Json]:
    amount = {"type": "per_unit", "amount": {currency: draw(figure(places=2)), "USD": "1"}}
    credit = {"percent": "5", "per": "month", "cap_percent": "100"}
    return [
        {"id": "level", "title": "Answer in 4 hours", "text": "…", "applies_to": ["CARE", "WATCH"], "credit": credit,
         "price": {"adjustment": amount}},
        {"id": "power", "title": "Power", "text": "…", "applies_to": ["PUMP"],
         "price": {"adjustment": {"type": "surcharge", "percent": "1.5"}}},
        {"id": "words", "title": "Words", "text": "…"},
    ]  # fmt: skip


@st.composite
def approval_rules(draw: st.DrawFn) -> Json:
    """A rule over facts of the quote or of a line."""
    name = pick(draw, ["r1", "r2", "r3"])
    return {
        "id": name,
        "when": draw(predicates()),
        "role": pick(draw, ["manager", "administrator"]),
        "reason": name,
    }


_RULES = st.lists(approval_rules(), max_size=2, unique_by=lambda rule: rule["id"])
