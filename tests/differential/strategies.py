"""Quotes by chance, of catalogues by chance: every way a line can be made, discounted, run and amended.

Most quotes can be priced; some have a fault on purpose, so that refusals are compared too.
"""

from typing import Any

from hypothesis import strategies as st

from tests.differential.catalogues import SKUS, catalogues, seldom
from tests.differential.steps import figure, percents, pick, price_steps, whole

Json = dict[str, Any]
ON = "2026-03-17"
DAYS = (
    "2025-12-31", "2026-01-01", "2026-01-31", "2026-02-28", "2026-03-01", "2026-03-16", ON, "2026-03-31", "2026-04-30",
    "2026-12-31", "2027-01-30", "2027-03-16", "2028-02-29",
)  # fmt: skip
PAID = (
    ("2026-03-01", "2026-03-31"),
    ("2025-04-01", "2026-03-31"),
    ("2026-03-10", "2026-04-09"),
    ("2026-03-05", "2026-03-20"),
)
_AGREED = st.lists(price_steps(), max_size=2)
_MONTHS = st.lists(st.integers(1, 5), max_size=2, unique=True)
_KINDS = st.lists(st.sampled_from(["percent", "amount", "fixed_total"]), max_size=2)
_COUNTS = st.integers(1, 12)


@st.composite
def quotes(draw: st.DrawFn) -> Json:
    """`{catalogue, content, context}`."""
    catalogue = draw(catalogues())
    currency = catalogue["price_books"][0]["currency"]
    terms = [term["id"] for term in catalogue["terms"]]
    subscriptions = [_subscription(draw, sku, currency) for sku in ("WATCH", "CARE")] if draw(st.booleans()) else []
    lines: list[Json] = []
    for number in range(1 + draw(whole(3))):
        lines.append(_line(draw, f"l{number}", lines, terms, subscriptions))
    _state_amounts(draw, catalogue, lines)
    content: Json = {
        "catalogue": "made",
        "catalogue_version": "1",
        "price_book": "book",
        "currency": currency,
        "region": "NO" if seldom(draw) else "SE",
        "on": ON,
        "lines": lines,
        "discounts": _header(draw),
        "clauses": pick(draw, [[], [], ["words"], ["power", "words"], ["level"]]),
    }
    if seldom(draw):
        _spoil(draw, content)
    context: Json = {
        "role": pick(draw, ["rep", "manager", "customer"]),
        "facts": {"partner": pick(draw, ["yes", "no"]), "customer.segment": "public"},
        "agreements": _agreements(draw),
        "subscriptions": subscriptions,
    }
    return {"catalogue": catalogue, "content": content, "context": context}


def _state_amounts(draw: st.DrawFn, catalogue: Json, lines: list[Json]) -> None:
    """A percentage is of an amount, which the line states; without it the line is refused."""
    data = next(entry for entry in catalogue["price_books"][0]["entries"] if entry["sku"] == "DATA")
    for line in lines:
        if line["sku"] == "DATA" and "percentage" in data["adjustment"]["type"] and not seldom(draw):
            line["usage"] = {"amount": draw(figure(low=0, high=5000))}


def _line(draw: st.DrawFn, name: str, before: list[Json], terms: list[str], subscriptions: list[Json]) -> Json:
    if subscriptions and draw(st.booleans()):
        return _amendment(draw, name, pick(draw, subscriptions), terms)
    sku = pick(draw, SKUS)
    line: Json = {"id": name, "sku": sku, "quantity": draw(figure(low=0, high=400, places=1))}
    if sku == "PUMP":
        line["configuration"] = {
            "motor": pick(draw, ["kw4", "kw55", "kw75"]),
            "soft": pick(draw, ["yes", "no"]),
            "stages": str(draw(_COUNTS)),
        }
    if before and sku in ("PART", "CARE") and draw(st.booleans()):
        line["bundle"] = pick(draw, before)["id"]
    if draw(st.booleans()):
        line["optional"], line["selected"] = True, draw(st.booleans())
    if sku == "CARE" and draw(st.booleans()):
        line["clauses"] = ["level"]
    if sku == "DATA" and draw(st.booleans()):
        kind = pick(draw, ["quantity", "amount"])
        line["usage"] = {kind: draw(figure(low=0, high=5000))}
    if draw(st.booleans()):
        line["discount"] = _discount(draw)
    _run(draw, line, terms)
    return line


def _run(draw: st.DrawFn, line: Json, terms: list[str]) -> None:
    """How long a line runs: the first term, a named one, a ramp, or to a day."""
    choice = draw(whole(5)) if line["sku"] in ("WATCH", "CARE", "DATA", "PLUS") else 0
    if choice in (1, 2, 3):
        line["term"] = pick(draw, terms[1:])
    if choice in (2, 3):
        starts = draw(_MONTHS)
        line["ramp"] = [_ramp_part(draw, month) for month in (0, *sorted(starts))]
    if choice == 4:
        line["ends_on"] = pick(draw, DAYS[6:])
        if draw(st.booleans()):
            line["starts_on"] = pick(draw, DAYS[1:7])


def _ramp_part(draw: st.DrawFn, month: int) -> Json:
    part: Json = {"from_month": month}
    if draw(st.booleans()):
        part["quantity"] = draw(figure(low=0, high=90, places=0))
    if draw(st.booleans()):
        part["discount_percent"] = draw(percents)
    return part


def _discount(draw: st.DrawFn) -> Json:
    kind = pick(draw, ["percent", "amount", "fixed_price"])
    return {"kind": kind, "value": draw(percents if kind == "percent" else figure(places=2)), "reason": "Agreed"}


def _header(draw: st.DrawFn) -> list[Json]:
    kinds = draw(_KINDS)
    return [
        {"id": f"h{n}", "kind": kind, "value": draw(percents if kind == "percent" else figure(places=2)), "reason": ""}
        for n, kind in enumerate(kinds)
    ]


def _subscription(draw: st.DrawFn, sku: str, currency: str) -> Json:
    found: Json = {
        "id": f"sub-{sku}",
        "sku": sku,
        "quantity": draw(_COUNTS),
        "starts_on": pick(draw, DAYS[1:5]),
    }
    if draw(st.booleans()):
        found["ends_on"] = pick(draw, DAYS[8:])
    else:
        found["term_months"] = pick(draw, [6, 12, 24])
    if draw(st.booleans()):
        found["price"] = {"amount": draw(figure(places=2)), "currency": currency}
    return found


def _amendment(draw: st.DrawFn, name: str, running: Json, terms: list[str]) -> Json:
    change = pick(draw, ["add", "reduce", "renew", "end"])
    every = str(running["quantity"])
    quantity = every if change == "end" else str(1 + draw(whole(running["quantity"] - 1)))
    amends: Json = {"subscription_id": running["id"], "change": change}
    if "price" not in running or draw(st.booleans()):
        first, last = pick(draw, PAID)
        amends["paid"] = {"amount": draw(figure(places=2)), "from": first, "to": last, "quantity": every}
    line: Json = {"id": name, "sku": running["sku"], "quantity": quantity, "amends": amends}
    if draw(st.booleans()):
        line["term"] = pick(draw, terms[1:])
    if change in ("add", "renew") and draw(st.booleans()):
        line["discount"] = _discount(draw)
    return line


def _agreements(draw: st.DrawFn) -> list[Json]:
    steps = draw(_AGREED)
    for number, step in enumerate(steps):
        step["id"] = f"a{number}"
        if draw(st.booleans()):
            kind = pick(draw, ["cap", "floor", "fixed_price"])
            step["adjustment"] = {"type": kind, "percent_of_paid": pick(draw, ["103", "105.5", "98"])}
    until = pick(draw, [None, "2026-12-31", "2026-01-31"])
    agreement = {
        "id": "ag",
        "number": "A-7",
        "name": "Frame",
        "valid_from": "2025-07-01",
        "valid_to": until,
        "steps": steps,
    }
    return [agreement] if steps else []


def _spoil(draw: st.DrawFn, content: Json) -> None:
    """One fault: both sides must refuse it at the same place with the same words."""
    line = content["lines"][0]
    fault = draw(whole(11))
    if fault == 0:
        content["on"] = pick(draw, ["2025-01-01", "2026-02-30", "today", "2026-1-1"])
    elif fault == 1:
        line["quantity"] = draw(
            st.sampled_from(["1e999", "NaN", "-3", "", "Infinity", "1.0000000000001", "10000000000"])
        )
    elif fault == 2:
        line["sku"] = "NONE"
    elif fault == 3:
        content["currency"] = pick(draw, ["XXX", "USD"])
    elif fault == 4:
        content["region"] = "DK"
    elif fault == 5:
        line["term"] = pick(draw, ["none", "monthly"])
    elif fault == 6:
        line["configuration"] = draw(
            st.sampled_from([{"motor": "kw1"}, {"colour": "red"}, {"stages": "13"}, {"stages": "01"}])
        )
    elif fault == 7:
        line["ramp"] = draw(
            st.sampled_from([[{"from_month": 1}], [{"from_month": 0}, {"from_month": 0}], [{"from_month": 900}]])
        )
    elif fault == 8:
        line["discount"] = draw(
            st.sampled_from([{"kind": "gift", "value": "1"}, {"kind": "percent", "value": "101"}, {"kind": "amount"}])
        )
    elif fault == 9:
        content["lines"].append(dict(line))
    elif fault == 10:
        line["bundle"] = "nothing"
    else:
        content["discounts"] = [{"id": "h", "kind": "percent", "value": "1e2"}]
