"""What was chosen on a line, and what each chosen value adds to the list price and to the cost."""

import re
from decimal import Decimal
from typing import Any

from app.cpq.quote_deal import named
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import ZERO, number, plain, times
from app.cpq.quote_types import QuoteLine

_COUNT = re.compile(r"0|-?[1-9][0-9]{0,13}", re.ASCII)
Chosen = list[tuple[dict[str, Any], str]]


def chosen(product: dict[str, Any], line: QuoteLine, pointer: str) -> Chosen:
    """Feature and value, in the product's order: the complete configuration, or else the choices made so far.

    QuoteError for a feature the product does not have and for a value the feature does not have.
    """
    features = {feature["id"]: feature for feature in product.get("features") or ()}
    values: dict[str, str] = {}
    for index, choice in enumerate(line.get("choices") or ()):
        _check_value(features, product, choice["feature"], choice["value"], f"{pointer}/choices/{index}")
        values[choice["feature"]] = choice["value"]
    for feature, value in (line.get("configuration") or {}).items():
        _check_value(features, product, feature, value, f"{pointer}/configuration/{feature}")
        values[feature] = value
    return [(feature, values[name]) for name, feature in features.items() if name in values]


def _check_value(features: dict[str, Any], product: dict[str, Any], name: str, value: str, pointer: str) -> None:
    feature = features.get(name)
    if feature is None:
        raise QuoteError(pointer, f'{product["sku"]} has no feature "{name}"')
    if not _has_value(feature, value):
        raise QuoteError(pointer, f'"{name}" of {product["sku"]} has no value "{value}"')


def _has_value(feature: dict[str, Any], value: str) -> bool:
    kind = feature.get("type", "choice")
    if kind == "boolean":
        return value in ("yes", "no")
    if kind == "choice":
        return any(item["id"] == value for item in feature.get("values") or ())
    if not _COUNT.fullmatch(value):
        return False
    least, most, step = (int(str(feature.get(name, 1))) for name in ("min", "max", "step"))
    return least <= int(value) <= most and (int(value) - least) % step == 0


def option_steps(entry: dict[str, Any], values: Chosen) -> list[dict[str, Any]]:
    """One list-price step for each chosen value that has a price."""
    steps = []
    options = entry.get("options") or {}
    for feature, value in values:
        if feature["id"] not in options:
            continue
        price, reason = _price(feature, value, options[feature["id"]])
        if price:
            source = {"type": "option", "id": f"{feature['id']}={value}", "name": reason}
            steps.append(
                {
                    "id": f"option.{feature['id']}",
                    "phase": "list",
                    "scope": "unit",
                    "adjustment": {"type": "per_unit", "amount": plain(price)},
                    "reason": reason,
                    "source": source,
                }
            )
    return steps


def unit_cost(entry: dict[str, Any], values: Chosen) -> Decimal | None:
    """The entry's cost and those of the chosen values, for one unit; None when the entry has no cost."""
    if entry.get("cost") is None:
        return None
    total = number(entry["cost"], "")
    costs = entry.get("option_costs") or {}
    for feature, value in values:
        if feature["id"] in costs:
            total += _price(feature, value, costs[feature["id"]])[0]
    return total


def _price(feature: dict[str, Any], value: str, prices: Any) -> tuple[Decimal, str]:
    """The price of a value for one unit, and its words."""
    kind = feature.get("type", "choice")
    if kind == "integer":
        return _price_of_count(feature, value, prices)
    if kind == "boolean":
        words = named(feature) if value == "yes" else f"{named(feature)}: no"
    else:
        words = f"{named(feature)}: {next(named(item) for item in feature['values'] if item['id'] == value)}"
    return (number((prices or {}).get(value, "0"), ""), words)


def _price_of_count(feature: dict[str, Any], value: str, prices: Any) -> tuple[Decimal, str]:
    """`{each, included}`: nothing is given back for fewer than included. `{value: amount}` prices single values."""
    words = f"{named(feature)}: {value}" + (f" {feature['unit']}" if feature.get("unit") else "")
    if not prices:
        return ZERO, words
    if "each" not in prices:
        return number(prices.get(value, "0"), ""), words
    included = number(prices.get("included", 0), "")
    above = max(ZERO, Decimal(value) - included)
    if included:
        words += f", {plain(included)} included"
    return times(number(prices["each"], ""), above), words
