"""From JSON to a request: every member is checked here, and what is wrong is told with its place."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.cpq.price.decimals import HUNDRED, ZERO
from app.cpq.price.errors import PriceError, member, named
from app.cpq.price.members import (
    boolean,
    figure_of,
    identifier,
    listed,
    members,
    number,
    places,
    quantity,
    string,
    word,
    words,
)
from app.cpq.price.model import (
    MODES,
    Facts,
    Floor,
    Header,
    Line,
    Policy,
    PriceRequest,
    Tax,
    Usage,
)
from app.cpq.price.predicates import validate_predicate
from app.cpq.price.steps import validate_step
from app.foundation.money import CURRENCIES

MAX_LINES = 2_000
CHARGES = ("one_time", "recurring", "usage")
PERIODS = ("month", "year")
KINDS = ("percent", "amount", "fixed_total")
_REQUEST = frozenset({"currency", "on", "policy", "facts", "steps", "taxes", "floors", "header", "lines"})
_LINE = frozenset(
    {
        "id", "sku", "name", "charge", "quantity", "factor", "period", "periods", "optional", "selected", "later", "bundle",
        "parent", "tax_class", "tax_included", "cost", "facts", "usage", "steps",
    }
)  # fmt: skip
_USAGE = frozenset(
    {"quantity", "prorated_quantity", "amount", "event_count", "events", "prorated_events", "running_totals"}
)
_TAX = frozenset({"id", "name", "class", "rate", "when"})
_FLOOR = frozenset({"id", "min_margin_percent", "reason", "when", "skus", "families"})
_HEADER = frozenset({"id", "kind", "value", "reason", "charge", "lines", "weights", "source"})
_POLICY = frozenset({"stacking", "rounding", "tax"})
_ROUNDING = frozenset({"mode", "point", "places", "unit_places"})
_TAXING = frozenset({"per", "included"})


def read_request(document: Any) -> PriceRequest:
    """The request that a JSON document is; PriceError at the first member that is none."""
    members(document, "", _REQUEST)
    currency = document.get("currency")
    if not isinstance(currency, str) or currency not in CURRENCIES:
        raise PriceError("/currency", f"{named(currency)} is not an ISO 4217 currency code in use")
    lines = listed(document, "lines", "")
    if len(lines) > MAX_LINES:
        raise PriceError("/lines", f"more than {MAX_LINES} lines")
    request = PriceRequest(
        currency,
        tuple([_line(line, f"/lines/{n}") for n, line in enumerate(lines)]),
        string(document, "on", "", ""),
        validate_policy(document.get("policy", {}), "/policy"),
        _facts(document, ""),
        tuple([validate_step(step, f"/steps/{n}") for n, step in enumerate(listed(document, "steps", ""))]),
        tuple([_tax(tax, f"/taxes/{n}") for n, tax in enumerate(listed(document, "taxes", ""))]),
        tuple([_floor(floor, f"/floors/{n}") for n, floor in enumerate(listed(document, "floors", ""))]),
        tuple([_header(entry, f"/header/{n}") for n, entry in enumerate(listed(document, "header", ""))]),
    )
    return checked(request)


def checked(request: PriceRequest) -> PriceRequest:
    """The request, when its references hold together: ids are unique, and lines that are referred to are there."""
    places: dict[str, int] = {}
    for n, line in enumerate(request.lines):
        if places.setdefault(line.id, n) != n:
            raise PriceError(f"/lines/{n}/id", f"{named(line.id)} is the id of an earlier line")
    for n, line in enumerate(request.lines):
        for name, other in (("bundle", line.bundle), ("parent", line.parent)):
            if other is not None and places.get(other, n) >= n:
                raise PriceError(f"/lines/{n}/{name}", f"{named(other)} is not the id of an earlier line")
    for n, entry in enumerate(request.header):
        for name, ids in (("lines", entry.lines), ("weights", entry.weights)):
            for other in ids or ():
                if other not in places:
                    raise PriceError(f"/header/{n}/{name}", f"{named(other)} is not the id of a line")
    seen: set[str] = set()
    for n, tax in enumerate(request.taxes):
        if tax.id in seen:
            raise PriceError(f"/taxes/{n}/id", f"{named(tax.id)} is the id of an earlier tax")
        seen.add(tax.id)
    return request


def validate_policy(policy: Any, pointer: str = "") -> Policy:
    """A policy read from JSON; PriceError with a pointer that begins with `pointer`."""
    members(policy, pointer, _POLICY)
    rounding = members(policy.get("rounding", {}), f"{pointer}/rounding", _ROUNDING)
    tax = members(policy.get("tax", {}), f"{pointer}/tax", _TAXING)
    at = f"{pointer}/rounding"
    return Policy(
        word(policy, "stacking", pointer, ("compound", "additive"), "compound"),
        word(rounding, "mode", at, MODES, "half_up"),
        word(rounding, "point", at, ("unit", "line", "total"), "line"),
        places(rounding, "places", at),
        places(rounding, "unit_places", at),
        word(tax, "per", f"{pointer}/tax", ("line", "unit", "total"), "line"),
        boolean(tax, "included", f"{pointer}/tax", False),
    )


def _line(line: Any, at: str) -> Line:
    members(line, at, _LINE)
    get = line.get
    bundle, parent = get("bundle"), get("parent")
    included = get("tax_included")
    return Line(
        identifier(line, "id", at),
        quantity(line, "quantity", at),
        string(line, "sku", at, ""),
        string(line, "name", at, ""),
        word(line, "charge", at, CHARGES, "one_time"),
        None if get("factor") is None else number(line, "factor", at, ZERO, strict=True),
        None if get("period") is None else word(line, "period", at, PERIODS, "month"),
        None if get("periods") is None else number(line, "periods", at, ZERO),
        boolean(line, "optional", at, False),
        boolean(line, "selected", at, not get("optional", False)),
        boolean(line, "later", at, False),
        None if bundle is None else identifier(line, "bundle", at),
        None if parent is None else identifier(line, "parent", at),
        string(line, "tax_class", at, "standard"),
        None if included is None else boolean(line, "tax_included", at, False),
        None if get("cost") is None else number(line, "cost", at),
        _facts(line, at),
        None if get("usage") is None else _usage(line["usage"], f"{at}/usage"),
        tuple([validate_step(step, f"{at}/steps/{n}") for n, step in enumerate(listed(line, "steps", at))]),
    )


def _usage(usage: Any, at: str) -> Usage:
    members(usage, at, _USAGE)

    def units(name: str) -> Decimal | None:
        return None if usage.get(name) is None else quantity(usage, name, at)

    def several(name: str) -> tuple[Decimal, ...] | None:
        if usage.get(name) is None:
            return None
        return tuple(figure_of(item, f"{at}/{name}/{n}") for n, item in enumerate(listed(usage, name, at)))

    amount = None if usage.get("amount") is None else number(usage, "amount", at, ZERO)
    read_usage = Usage(
        units("quantity"), units("prorated_quantity"), amount, units("event_count"),
        several("events"), several("prorated_events"), several("running_totals"),
    )  # fmt: skip
    events, prorated = read_usage.events, read_usage.prorated_events
    if prorated is not None and (events is None or len(events) != len(prorated)):
        raise PriceError(f"{at}/prorated_events", "there are as many prorated events as events")
    return read_usage


def _tax(tax: Any, at: str) -> Tax:
    members(tax, at, _TAX)
    when = None if tax.get("when") is None else validate_predicate(tax["when"], f"{at}/when")
    rate = number(tax, "rate", at, ZERO, HUNDRED * 10)
    return Tax(identifier(tax, "id", at), string(tax, "name", at, ""), string(tax, "class", at, "standard"), rate, when)


def _floor(floor: Any, at: str) -> Floor:
    members(floor, at, _FLOOR)
    when = None if floor.get("when") is None else validate_predicate(floor["when"], f"{at}/when")
    return Floor(
        identifier(floor, "id", at),
        number(floor, "min_margin_percent", at, -HUNDRED * 10, HUNDRED),
        string(floor, "reason", at, ""),
        when,
        words(floor, "skus", at),
        words(floor, "families", at),
    )


def _header(entry: Any, at: str) -> Header:
    members(entry, at, _HEADER)
    kind = word(entry, "kind", at, KINDS, "")
    low, high = (None, None) if kind == "amount" else (ZERO, HUNDRED if kind == "percent" else None)
    charge = None if entry.get("charge") is None else word(entry, "charge", at, CHARGES, "one_time")
    weights = entry.get("weights")
    if weights is not None:
        members(weights, f"{at}/weights", None)
        weights = {name: number(weights, name, f"{at}/weights", ZERO) for name in weights}
    return Header(
        identifier(entry, "id", at), kind, number(entry, "value", at, low, high),
        string(entry, "reason", at, ""), charge, words(entry, "lines", at), weights, entry.get("source"),
    )  # fmt: skip


def _facts(document: Mapping[str, Any], at: str) -> Facts:
    facts = document.get("facts")
    if facts is None:
        return {}
    members(facts, f"{at}/facts", None)
    for name, value in facts.items():
        if not isinstance(value, (str, bool)):
            raise PriceError(
                f"{at}/facts/{member(name)}", "a fact is a text or a boolean; numbers are written as texts"
            )
    return facts  # type: ignore[no-any-return]
