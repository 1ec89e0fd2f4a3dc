"""The quote that the price benchmarks price: 100 lines of every kind of charge, with taxes, floors and header discounts."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
LINES = 100


def request(lines: int = LINES) -> Json:
    """A request of so many lines: most with a list price, options, a discount schedule and a rep's discount."""
    return {
        "currency": "SEK",
        "on": "2026-11-21",
        "policy": {"stacking": "compound", "rounding": {"mode": "half_up", "point": "line"}, "tax": {"per": "line"}},
        "facts": {"customer.country": "SE", "customer.segment": "industry", "partner": False},
        "steps": _shared(),
        "taxes": [
            {
                "id": "se-25",
                "name": "VAT 25 %",
                "class": "standard",
                "rate": "25",
                "when": _is("customer.country", "SE"),
            },
            {
                "id": "no-25",
                "name": "MVA 25 %",
                "class": "standard",
                "rate": "25",
                "when": _is("customer.country", "NO"),
            },
        ],
        "floors": [{"id": "pumps", "families": ["pumps"], "min_margin_percent": "18", "reason": "Margin of pumps"}],
        "header": [{"id": "loyal", "kind": "percent", "value": "2.5", "reason": "Ten years with us"}],
        "lines": [_line(n) for n in range(lines)],
    }


def _is(fact: str, value: str) -> Json:
    return {"fact": fact, "op": "eq", "value": value}


def _step(name: str, phase: str, scope: str, adjustment: Json, **members: Any) -> Json:
    return {"id": name, "phase": phase, "scope": scope, "adjustment": adjustment, "reason": name, **members}


def _shared() -> list[Json]:
    def schedule(name: str, least: str, most: str, percent: str) -> Json:
        tests = [_is("family", "pumps"), {"fact": "quantity", "op": "between", "value": [least, most]}]
        return _step(name, "schedule", "unit", {"type": "percent_discount", "percent": percent}, when={"all": tests})

    return [
        schedule("5 to 9 pumps", "5", "9", "4"),
        schedule("10 pumps or more", "10", "1000000", "7.5"),
        _step(
            "Freight", "additional", "line", {"type": "surcharge", "percent": "1.25"}, when=_is("charge", "one_time")
        ),
        _step(
            "Partner", "partner", "line", {"type": "percent_discount", "percent": "8"}, when=_is("segment", "partner")
        ),
    ]


TIERS = [{"upto": "10", "unit": "12.50"}, {"upto": "100", "unit": "9.75"}, {"upto": None, "unit": "7.20"}]


def _line(n: int) -> Json:
    common: Json = {"id": f"line-{n}", "sku": f"P{n % 12}", "name": f"Product {n}", "quantity": str(n % 13 + 1)}
    if n % 10 == 8:
        usage = {"type": "graduated", "tiers": TIERS}
        steps = [_step("Usage", "list", "line", usage)]
        return {**common, "charge": "usage", "period": "month", "usage": {"quantity": f"{n * 7}.5"}, "steps": steps}
    if n % 10 == 9:
        steps = [_step("List", "list", "unit", {"type": "per_unit", "amount": "129.00"})]
        steps.append(_step("Two years", "contracted", "unit", {"type": "percent_discount", "percent": "15"}))
        steps.append(
            _step("From the 12th", "proration", "line", {"type": "proration", "numerator": "19", "denominator": "30"})
        )
        return {**common, "charge": "recurring", "period": "month", "periods": "24", "steps": steps}
    source = {"type": "price_book", "id": "nordics", "name": "Nordics 2026-2"}
    options = ("-6200", "7400.50", "3100", "1800")
    steps = [_step("List", "list", "unit", {"type": "per_unit", "amount": f"{21900 + n * 37}.25"}, source=source)]
    steps += [
        _step(f"Option {k}", "list", "unit", {"type": "surcharge", "amount": amount}, source=source)
        for k, amount in enumerate(options)
    ]
    steps.append(_step("Agreement", "contracted", "unit", {"type": "percent_discount", "percent": "3"}))
    steps.append(_step("Asked for", "additional", "unit", {"type": "percent_discount", "percent": str(n % 6)}))
    return {**common, "cost": "13100", "facts": {"family": "pumps", "feature.motor": "kw55"}, "steps": steps}
