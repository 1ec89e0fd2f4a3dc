"""Requests for prices that hypothesis makes: every adjustment, phase, flag and charge, most of them valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
PHASES = ("list", "contracted", "schedule", "proration", "additional", "partner")
MODES = ("half_up", "half_down", "half_even", "up", "down", "ceiling", "floor")
CURRENCIES = ("SEK", "EUR", "JPY", "KWD", "CLF")
FACTS = ("quantity", "units", "charge", "sku", "segment", "partner", "months", "on", "missing")


def decimals(low: int, high: int, places: int = 4) -> st.SearchStrategy[str]:
    """Decimal strings between two whole numbers, with up to so many places, zeros at the end included."""

    def written(number: int, point: int) -> str:
        digits = f"{abs(number):0{point + 1}d}"
        text = f"{digits[:-point]}.{digits[-point:]}" if point else digits
        return f"-{text}" if number < 0 else text

    def at(point: int) -> st.SearchStrategy[str]:
        scale = 10**point
        return st.integers(low * scale, high * scale).map(lambda number: written(number, point))

    return st.integers(0, places).flatmap(at)


AMOUNTS = st.one_of(decimals(-2_000, 300_000), decimals(0, 99, 8), st.just("0"), st.just("-0.00"))
POSITIVE = st.one_of(decimals(0, 50_000), decimals(0, 20, 6))
PERCENTS = st.one_of(decimals(0, 100), st.sampled_from(["0", "100", "7.5", "33.333333"]))
QUANTITIES = st.one_of(st.integers(0, 40).map(str), decimals(0, 3_000, 3), st.just("0"))
BOOLEANS = st.booleans()


@st.composite
def tiers(draw: st.DrawFn, price: str) -> Json:
    """Tiers without gaps: whole ones or continuous ones, with or without `from`."""
    whole = draw(BOOLEANS)
    ends: list[int] = sorted(draw(st.sets(st.integers(1, 60), max_size=4)))
    scale = 1 if whole else draw(st.sampled_from([1, 10]))
    rows: list[Json] = []
    below: str | None = None
    for end in [*ends, None]:
        upto = None if end is None else str(end) if scale == 1 else f"{end // 10}.{end % 10}"
        row: Json = {"upto": upto, price: draw(AMOUNTS)}
        if draw(BOOLEANS):
            row["flat"] = draw(AMOUNTS)
        if draw(BOOLEANS):
            row["from"] = "0" if below is None else str(int(below) + 1) if whole else below
        rows.append(row)
        below = upto
    members: Json = {"tiers": rows, "bounds": "whole" if whole else "continuous"}
    return {**members, "flat_at_zero": draw(BOOLEANS)} if draw(BOOLEANS) else members


def _of(kind: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"type": st.just(kind), **members})


def _tiered(kind: str, price: str = "unit") -> st.SearchStrategy[Json]:
    return tiers(price).map(lambda members: {"type": kind, **members})


DISCOUNTS = st.one_of(
    _of("percent_discount", percent=PERCENTS),
    _of("amount_discount", amount=POSITIVE),
    _of("amount_discount", amount=POSITIVE, used=POSITIVE),
)
CHARGES = st.one_of(
    _of("per_unit", amount=AMOUNTS),
    _tiered("graduated"),
    _tiered("volume"),
    _of("package", size=st.integers(1, 30).map(str), amount=AMOUNTS, free=QUANTITIES),
    _of("flat_fee", amount=AMOUNTS, flat_at_zero=BOOLEANS),
)
USAGE_CHARGES = st.one_of(
    _of("percentage", rate=PERCENTS, fixed=POSITIVE, free_events=st.integers(0, 4).map(str), free_amount=POSITIVE),
    _of("percentage", rate=PERCENTS, free_events=st.integers(0, 3).map(str), min=decimals(0, 9), max=decimals(10, 99)),
    _of("percentage", rate=PERCENTS),
    _tiered("graduated_percentage", "rate"),
)
CHANGES = st.one_of(
    _of("fixed_price", amount=POSITIVE),
    _of("markup", percent=PERCENTS),
    _of("surcharge", percent=PERCENTS),
    _of("surcharge", amount=AMOUNTS),
    _of("floor", amount=AMOUNTS, above=st.sampled_from([None, "list"])),
    _of("cap", amount=POSITIVE, above=st.sampled_from([None, "list"])),
    _of("proration", numerator=QUANTITIES, denominator=st.integers(1, 366).map(str)),
)
ROUNDINGS = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries({"mode": st.sampled_from(MODES), "places": st.integers(0, 5)}),
    st.fixed_dictionaries({"mode": st.sampled_from(MODES), "to": st.sampled_from(["0.05", "10", "0.3", "7"])}),
)
LEAVES = st.one_of(
    st.fixed_dictionaries(
        {
            "fact": st.sampled_from(FACTS),
            "op": st.sampled_from(["eq", "ne"]),
            "value": st.sampled_from(["usage", "A", "industry", True, False, "3"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "fact": st.sampled_from(FACTS),
            "op": st.sampled_from(["in", "not_in"]),
            "value": st.lists(st.sampled_from(["A", "B", "recurring", "12", True]), max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "fact": st.sampled_from(FACTS),
            "op": st.sampled_from(["lt", "le", "gt", "ge"]),
            "value": st.one_of(QUANTITIES, st.sampled_from(["2026-07-01", "2026-11-21"])),
        }
    ),
    st.fixed_dictionaries(
        {
            "fact": st.sampled_from(FACTS),
            "op": st.just("between"),
            "value": st.sampled_from([["1", "12"], ["2.50", "30"], ["2026-01-01", "2026-12-31"]]),
        }
    ),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)
WHEN = st.one_of(st.none(), st.none(), st.none(), PREDICATES)


def steps(
    adjustments: st.SearchStrategy[Json], phases: tuple[str, ...] = PHASES, most: int = 4
) -> st.SearchStrategy[list[Json]]:
    """Steps of these adjustments in these phases."""
    step = st.fixed_dictionaries(
        {
            "phase": st.sampled_from(phases),
            "scope": st.sampled_from(["unit", "line"]),
            "adjustment": adjustments,
            "rounding": ROUNDINGS,
            "when": WHEN,
            "reason": st.sampled_from(["List", "Agreed", "För stora köp"]),
        }
    )
    return st.lists(step, max_size=most).map(lambda found: [{**one, "id": f"s{n}"} for n, one in enumerate(found)])


@st.composite
def lines(draw: st.DrawFn, name: str, before: list[str]) -> Json:
    """A line of any charge; bundled with an earlier one at times."""
    charge = draw(st.sampled_from(["one_time", "one_time", "recurring", "usage"]))
    line: Json = {"id": name, "quantity": draw(QUANTITIES), "charge": charge, "sku": draw(st.sampled_from("ABC"))}
    kinds = [CHARGES, CHANGES, DISCOUNTS]
    if charge == "usage":
        line["usage"] = draw(usages())
        kinds += [USAGE_CHARGES] if line["usage"].keys() >= {"amount", "events"} else []
    elif draw(BOOLEANS):
        line["factor"] = draw(st.sampled_from(["0.001", "5", "2.5", "1"]))
    if charge != "one_time":
        line["period"] = draw(st.sampled_from(["month", "year"]))
        line["periods"] = draw(st.one_of(st.none(), st.integers(0, 60).map(str), decimals(0, 40, 2)))
        line["later"] = draw(st.sampled_from([False, False, True]))
    first = {"id": "first", "phase": "list", "scope": "unit", "adjustment": draw(CHARGES), "reason": "List"}
    line["steps"] = [first, *draw(steps(st.one_of(*kinds)))]
    line["tax_class"] = draw(st.sampled_from(["standard", "standard", "reduced", "none"]))
    line["tax_included"] = draw(st.sampled_from([None, None, True, False]))
    line["cost"] = draw(st.one_of(st.none(), POSITIVE))
    line["facts"] = draw(st.sampled_from([{}, {"family": "pumps", "months": "24"}, {"segment": "A", "partner": True}]))
    if draw(BOOLEANS):
        line |= {"optional": True, "selected": draw(BOOLEANS)}
    if before and draw(BOOLEANS):
        line[draw(st.sampled_from(["bundle", "parent"]))] = draw(st.sampled_from(before))
    return line


@st.composite
def usages(draw: st.DrawFn) -> Json:
    """What was used: units, prorated units, an amount with its events, or units that come and go."""
    kind = draw(st.sampled_from(["quantity", "prorated_quantity", "amount", "prorated_events"]))
    if kind == "quantity":
        return {"quantity": draw(QUANTITIES)}
    if kind == "prorated_quantity":
        return {"quantity": draw(QUANTITIES), "prorated_quantity": draw(QUANTITIES)}
    if kind == "amount":
        usage: Json = {"amount": draw(POSITIVE), "events": draw(st.lists(POSITIVE, max_size=4))}
        running = draw(st.one_of(st.none(), st.lists(POSITIVE, max_size=4)))
        count = draw(st.one_of(st.none(), st.integers(0, 6).map(str)))
        return {**usage, "running_totals": running, "event_count": count}
    events = draw(st.lists(decimals(-40, 60, 1), max_size=5))
    return {"events": events, "prorated_events": [draw(decimals(-20, 30, 3)) for _ in events]}


HEADERS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("percent"), "value": PERCENTS}),
    st.fixed_dictionaries({"kind": st.just("amount"), "value": AMOUNTS}),
    st.fixed_dictionaries({"kind": st.just("fixed_total"), "value": POSITIVE}),
)
TAXES: list[Json] = [
    {"id": "vat", "name": "VAT 25 %", "class": "standard", "rate": "25"},
    {"id": "low", "name": "VAT 12.5 %", "class": "reduced", "rate": "12.50"},
    {"id": "city", "name": "City 4.225 %", "class": "standard", "rate": "4.225"},
    {"id": "some", "class": "reduced", "rate": "3", "when": {"fact": "sku", "op": "in", "value": ["A", "B"]}},
]
POLICIES = st.fixed_dictionaries(
    {
        "stacking": st.sampled_from(["compound", "additive"]),
        "rounding": st.fixed_dictionaries(
            {
                "mode": st.sampled_from(MODES),
                "point": st.sampled_from(["unit", "line", "total"]),
                "places": st.one_of(st.none(), st.none(), st.integers(0, 12)),
                "unit_places": st.one_of(st.none(), st.integers(0, 12)),
            }
        ),
        "tax": st.fixed_dictionaries({"per": st.sampled_from(["line", "unit", "total"]), "included": BOOLEANS}),
    }
)


@st.composite
def requests(draw: st.DrawFn) -> Json:
    """A whole request of up to five lines."""
    found: list[Json] = []
    for n in range(draw(st.integers(0, 5))):
        found.append(draw(lines(f"l{n}", [line["id"] for line in found])))
    header = []
    for n, entry in enumerate(draw(st.lists(HEADERS, max_size=2))):
        of = draw(st.sampled_from([None, None, "one_time", "recurring"]))
        header.append({**entry, "id": f"h{n}", "reason": "Whole", "charge": of})
    return {
        "currency": draw(st.sampled_from(CURRENCIES)),
        "on": "2026-11-21",
        "policy": draw(POLICIES),
        "facts": {"segment": "industry", "partner": False, "months": "12"},
        "steps": draw(steps(st.one_of(DISCOUNTS, CHANGES), most=2)),
        "taxes": TAXES[: draw(st.integers(0, len(TAXES)))],
        "floors": [{"id": "f", "min_margin_percent": "18", "reason": "Margin"}] if draw(BOOLEANS) else [],
        "header": header,
        "lines": found,
    }
