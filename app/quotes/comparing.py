"""What differs between two versions of a quote: lines, configurations, the steps of their prices, totals. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
Side = Mapping[str, Any]
# What is said of a line besides its configuration and its price.
_PLAIN = (
    "sku", "quantity", "term", "clauses", "optional", "selected", "bundle", "open", "discount", "starts_on", "ends_on",
    "ramp", "amends", "usage", "notes",
)  # fmt: skip
_OF_QUOTE = (
    "catalogue",
    "catalogue_version",
    "price_book",
    "currency",
    "region",
    "on",
    "discounts",
    "clauses",
    "notes",
)


def compare(a: Side, b: Side) -> Json:
    """From version `a` to version `b`, each `{"content", "price", "title", "valid_until"}`.

    `lines` holds those that were `added`, `removed` or `changed`, in the order of `b` and then of `a`; of a changed line
    its `fields`, its `configuration` feature by feature, and its `waterfall` step by step. Amounts are decimal strings;
    `change` of an amount is b less a.
    """
    lines_a = {line["id"]: line for line in a["content"]["lines"]}
    lines_b = {line["id"]: line for line in b["content"]["lines"]}
    prices_a, prices_b = _prices(a), _prices(b)
    lines = []
    for line_id in [*lines_b, *(one for one in lines_a if one not in lines_b)]:
        told = _line(line_id, lines_a.get(line_id), lines_b.get(line_id), prices_a, prices_b)
        if told is not None:
            lines.append(told)
    fields = _fields(a, b, ("title", "valid_until")) + _fields(a["content"], b["content"], _OF_QUOTE)
    totals = _amounts(_flat(a["price"].get("totals", {})), _flat(b["price"].get("totals", {})))
    return {"fields": fields, "lines": lines, "totals": totals, "same": not (fields or lines or totals)}


def _prices(side: Side) -> dict[str, list[Json]]:
    """The priced lines of each line of the quote: it may be several, such as the parts of a ramp."""
    parents = side["price"].get("parents", {})
    found: dict[str, list[Json]] = {}
    for priced in side["price"].get("lines", ()):
        found.setdefault(parents.get(priced["id"], priced["id"]), []).append(priced)
    return found


def _line(
    line_id: str, a: Side | None, b: Side | None, prices_a: Mapping[str, list[Json]], prices_b: Mapping[str, list[Json]]
) -> Json | None:
    shown = b or a or {}
    net_a, net_b = _net(prices_a.get(line_id)), _net(prices_b.get(line_id))
    told: Json = {"line": line_id, "sku": shown.get("sku", ""), "net": {"a": net_a, "b": net_b}}
    if a is None or b is None:
        return {**told, "what": "added" if a is None else "removed"}
    fields = _fields(a, b, _PLAIN)
    configuration = _features(a, b)
    waterfall = _waterfall(prices_a.get(line_id, []), prices_b.get(line_id, []))
    if not (fields or configuration or waterfall):
        return None
    return {**told, "what": "changed", "fields": fields, "configuration": configuration, "waterfall": waterfall}


def _net(priced: list[Json] | None) -> str | None:
    if not priced:
        return None
    return format(sum((Decimal(line["net"]) for line in priced), Decimal(0)), "f")


def _fields(a: Side, b: Side, names: tuple[str, ...]) -> list[Json]:
    return [{"field": name, "a": a.get(name), "b": b.get(name)} for name in names if a.get(name) != b.get(name)]


def _features(a: Side, b: Side) -> list[Json]:
    before, now = _configured(a), _configured(b)
    names = [*now, *(name for name in before if name not in now)]
    return [
        {"feature": name, "a": before.get(name), "b": now.get(name)}
        for name in names
        if before.get(name) != now.get(name)
    ]


def _configured(line: Side) -> dict[str, str]:
    configured: dict[str, str] = line.get("configuration") or {
        one["feature"]: one["value"] for one in line.get("choices", ())
    }
    return configured


def _waterfall(a: list[Json], b: list[Json]) -> list[Json]:
    """Steps whose amounts differ, by the price line, the step and its label, in the order of `b` and then of `a`."""
    return _amounts(_steps(a), _steps(b), key="step")


def _steps(lines: list[Json]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        for row in line.get("waterfall", ()):
            name = row.get("label") or row["step"]
            found[name] = format(Decimal(found.get(name, "0")) + Decimal(row["amount"]), "f")
    return found


def _flat(totals: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in totals.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str) and _is_amount(value):
            found[f"{prefix}{name}"] = value
    return found


def _is_amount(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _amounts(a: Mapping[str, str], b: Mapping[str, str], key: str = "total") -> list[Json]:
    told = []
    for name in [*b, *(one for one in a if one not in b)]:
        before, now = a.get(name), b.get(name)
        if before != now:
            change = Decimal(now or "0") - Decimal(before or "0")
            told.append({key: name, "a": before, "b": now, "change": format(change, "f")})
    return told
