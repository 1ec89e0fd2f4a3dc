"""What a customer is shown of a version of a quote: one document that the page, the PDF and its attached data share.

Pure: JSON in, JSON out. It says everything that makes up the price and nothing of what is the seller's own: costs, margins,
floors and approvals never enter it. Amounts stay decimal strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from app.quotes.words import promise_text, tier_text

Json = dict[str, Any]

# What is shown of a price; whatever else the engine says there is the seller's own. Named, so that a new member of the
# engine's answer is not shown before somebody decided so.
_PRICE = ("currency", "header", "taxes", "totals", "terms", "clauses")
_TOTALS = ("one_time", "recurring", "usage", "net", "tax", "gross", "list", "discount", "discount_percent", "tcv")
_LINE = (
    "id",
    "included",
    "list",
    "regular",
    "customer",
    "net",
    "tax",
    "gross",
    "unit_net",
    "discount_percent",
    "taxes",
)
_STEP = ("step", "phase", "label", "reason", "amount", "running", "source")
_CLAUSE = ("title", "text", "service_level", "credit")
# What a price line is, beside its price.
_REQUEST_LINE = ("name", "charge", "period", "periods", "quantity")


@dataclass(frozen=True)
class Parties:
    """Who offers and who is offered to. `customer` and `author` have `name` and what else is known of them."""

    seller: str
    author: Mapping[str, str]
    customer: Mapping[str, str]


@dataclass(frozen=True)
class Version:
    """A version of a quote as it is stored: what was chosen, what it costs, and the hash that an acceptance binds."""

    number: str
    version: int
    hash: str
    title: str
    issued_on: str
    valid_until: str
    content: Json
    price: Json
    notes: str = ""
    acceptance: Json | None = field(default=None)


def shown_price(price: Mapping[str, Any]) -> Json:
    """The members of a QuotePrice that a customer is shown: no cost, margin, floor, approval or finding."""
    shown: Json = {name: price[name] for name in _PRICE if price.get(name) is not None}
    shown["totals"] = {name: part for name, part in price.get("totals", {}).items() if name in _TOTALS}
    shown["lines"] = [_shown_line(line, price["currency"]) for line in price.get("lines", ())]
    return shown


def _shown_line(line: Mapping[str, Any], currency: str) -> Json:
    steps: list[Json] = []
    for step in line.get("waterfall", ()):
        shown = {name: step[name] for name in _STEP if step.get(name) is not None}
        steps.append({**shown, "tiers": [tier_text(row, currency) for row in step.get("detail") or ()]})
    return {**{name: line[name] for name in _LINE if line.get(name) is not None}, "waterfall": steps}


def quote_document(
    version: Version, parties: Parties, catalogue: Mapping[str, Any], request: Mapping[str, Any] | None = None
) -> Json:
    """The document of a version: parties, lines with configuration, budgets and waterfall, header, totals, terms, clauses.

    `catalogue` is the catalogue document (format 1) that the version was priced from, `request` the PriceRequest that was
    priced: it says what each price line is (`name`, `charge`, `period`).
    """
    products = {product["sku"]: product for product in catalogue.get("products", ())}
    price = shown_price(version.price)
    parts = _parts(price.pop("lines"), version.price.get("parents") or {}, request or {})
    terms = {term["line"]: term for term in price.pop("terms", ())}
    lines = [
        _line(line, products.get(line["sku"], {}), parts.get(line["id"], []), terms.get(line["id"]))
        for line in version.content.get("lines", ())
    ]
    return {
        "number": version.number,
        "version": version.version,
        "hash": version.hash,
        "title": version.title,
        "issued_on": version.issued_on,
        "valid_until": version.valid_until,
        "notes": version.notes or version.content.get("notes", ""),
        "seller": {"name": parties.seller},
        "author": dict(parties.author),
        "customer": dict(parties.customer),
        "catalogue": {"name": catalogue.get("name", ""), "version": catalogue.get("version", "")},
        "price_book": _price_book(catalogue, version.content.get("price_book")),
        "currency": price.get("currency", version.content.get("currency")),
        "lines": lines,
        "header": price.get("header", []),
        "taxes": price.get("taxes", []),
        "totals": price.get("totals", {}),
        "clauses": _clauses(price.get("clauses", ()), catalogue),
        "acceptance": version.acceptance,
    }


def _parts(lines: Iterable[Json], parents: Mapping[str, str], request: Mapping[str, Any]) -> dict[str, list[Json]]:
    """The price lines of each quote line, with what each of them is."""
    known = {line["id"]: line for line in request.get("lines", ())}
    parts: dict[str, list[Json]] = {}
    for line in lines:
        about = known.get(line["id"], {})
        part = {**{name: about[name] for name in _REQUEST_LINE if about.get(name) is not None}, **line}
        parts.setdefault(parents.get(line["id"], line["id"]), []).append(part)
    return parts


def _price_book(catalogue: Mapping[str, Any], book_id: str | None) -> Json:
    book: Mapping[str, Any] = next((book for book in catalogue.get("price_books", ()) if book["id"] == book_id), {})
    return {name: book[name] for name in ("id", "name", "valid_from", "valid_to") if name in book}


def _line(line: Mapping[str, Any], product: Mapping[str, Any], parts: list[Json], term: Json | None) -> Json:
    configuration = line.get("configuration") or chosen(line)
    return {
        "id": line["id"],
        "sku": line["sku"],
        "name": product.get("name", line["sku"]),
        "description": product.get("description", ""),
        "kind": product.get("kind", ""),
        "quantity": line["quantity"],
        "optional": bool(line.get("optional")),
        "selected": line.get("selected", not line.get("optional")) is not False,
        "bundle": line.get("bundle"),
        "notes": line.get("notes", ""),
        "configuration": configuration_of(product, configuration),
        "budgets": budgets_of(product, configuration),
        "open": list(line.get("open", ())),
        "parts": parts,
        "term": term,
    }


def chosen(line: Mapping[str, Any]) -> dict[str, str]:
    """Feature → value of what was chosen, for a line that is not configured to the end."""
    return {
        choice["feature"]: choice["value"] for choice in line.get("choices", ()) if isinstance(choice.get("value"), str)
    }


def configuration_of(product: Mapping[str, Any], configuration: Mapping[str, str]) -> list[Json]:
    """The chosen values by group, in the catalogue's order and words: `[{name, features: [{id, name, value, text}]}]`."""
    groups: dict[str, Json] = {
        group["id"]: {"name": group["name"], "features": []} for group in product.get("groups", ())
    }
    for feature in product.get("features", ()):
        value = configuration.get(feature["id"])
        if value is None:
            continue
        group = groups.setdefault(feature.get("group", ""), {"name": "Configuration", "features": []})
        group["features"].append(
            {
                "id": feature["id"],
                "name": feature.get("name", feature["id"]),
                "value": value,
                "text": value_text(feature, value),
            }
        )
    return [group for group in groups.values() if group["features"]]


def value_text(feature: Mapping[str, Any], value: str) -> str:
    """A value in the catalogue's words: its name, Yes or No, or the number with its unit."""
    kind = feature.get("type", "choice")
    if kind == "boolean":
        return {"yes": "Yes", "no": "No"}.get(value, value)
    if kind == "integer":
        return f"{value} {feature['unit']}" if feature.get("unit") else value
    return next((one.get("name", value) for one in feature.get("values", ()) if one["id"] == value), value)


def budgets_of(product: Mapping[str, Any], configuration: Mapping[str, str]) -> list[Json]:
    """How much of each budget a complete configuration uses: `[{id, name, unit, used, limit, percent}]`; percent ≤ 100.

    A budget whose limit a feature gives has the limit of the value chosen there; one without any limit has none.
    """
    found = []
    features: Sequence[Mapping[str, Any]] = product.get("features", ())
    for budget in product.get("budgets", ()) if configuration else ():
        used = _decimal(budget.get("base", "0"))
        for feature in features:
            used += _weight(feature, configuration.get(feature["id"]), budget["attribute"])
        entry: Json = {"id": budget["id"], "name": budget["name"], "unit": budget.get("unit", ""), "used": _plain(used)}
        limit = _limit(budget.get("max"), configuration)
        if limit is not None:
            entry["limit"] = _plain(limit)
            entry["percent"] = int(min(Decimal(100), used * 100 // limit)) if limit > 0 else 100
        found.append(entry)
    return found


def _weight(feature: Mapping[str, Any], value: str | None, attribute: str) -> Decimal:
    if value is None:
        return Decimal(0)
    kind = feature.get("type", "choice")
    if kind == "integer":
        return _decimal((feature.get("attributes_each") or {}).get(attribute, "0")) * _decimal(value)
    if kind == "boolean":
        return _decimal((feature.get("attributes") or {}).get(attribute, "0")) if value == "yes" else Decimal(0)
    one: Mapping[str, Any] = next((one for one in feature.get("values", ()) if one["id"] == value), {})
    return _decimal((one.get("attributes") or {}).get(attribute, "0"))


def _limit(limit: Any, configuration: Mapping[str, str]) -> Decimal | None:
    if isinstance(limit, Mapping):
        limit = limit["values"].get(configuration.get(limit["feature"], ""))
    return None if limit is None else _decimal(limit)


def _decimal(text: Any) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return Decimal(0)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clauses(priced: Iterable[Mapping[str, Any]], catalogue: Mapping[str, Any]) -> list[Json]:
    known = {clause["id"]: clause for clause in catalogue.get("clauses", ())}
    found: list[Json] = []
    for one in priced:
        clause = {**{name: known.get(one["id"], {}).get(name) for name in _CLAUSE}, **one}
        found.append({**clause, "promise": promise_text(clause)})
    return found
