"""Members of JSON objects, read with their limits; PriceError names the place of what is none."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from app.cpq.price.decimals import MAX_PLACES, ZERO, read
from app.cpq.price.errors import PriceError, member, named

MAX_UNITS = Decimal(10**9)


def members(document: Any, at: str, known: Collection[str] | None) -> Mapping[str, Any]:
    """The object, when it is one and has no member but those known."""
    if not isinstance(document, dict):
        raise PriceError(at, "an object is needed")
    if known is not None and not document.keys() <= known:  # type: ignore[operator]
        first = next(name for name in document if name not in known)
        raise PriceError(f"{at}/{member(first)}", f"there is no such member; there are {', '.join(sorted(known))}")
    return document


def listed(document: Mapping[str, Any], name: str, at: str) -> list[Any]:
    """A member that is a list; absent is empty."""
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise PriceError(f"{at}/{name}", "a list is needed")
    return value


def string(document: Mapping[str, Any], name: str, at: str, default: str) -> str:
    """A text of at most 1,000 characters."""
    value = document.get(name, default)
    if not isinstance(value, str) or len(value) > 1000:
        raise PriceError(f"{at}/{name}", "a text of at most 1,000 characters is needed")
    return value


def identifier(document: Mapping[str, Any], name: str, at: str) -> str:
    """A text that is not empty, of at most 200 characters."""
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise PriceError(f"{at}/{name}", "a text of 1 to 200 characters is needed")
    return value


def word(document: Mapping[str, Any], name: str, at: str, words: Collection[str], default: str) -> Any:
    """One of some words."""
    value = document.get(name, default)
    if not isinstance(value, str) or value not in words:
        raise PriceError(f"{at}/{name}", f"{named(value)} is not one of {', '.join(words)}")
    return value


def boolean(document: Mapping[str, Any], name: str, at: str, default: bool) -> bool:
    """True or false."""
    value = document.get(name, default)
    if value is not True and value is not False:
        raise PriceError(f"{at}/{name}", "true or false is needed")
    return value


def places(document: Mapping[str, Any], name: str, at: str) -> int | None:
    """A number of decimal places; absent is None."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_PLACES:
        raise PriceError(f"{at}/{name}", f"a whole number from 0 to {MAX_PLACES} is needed")
    return value


def figure_of(value: Any, pointer: str) -> Decimal:
    if isinstance(value, str):
        figure = read(value)
        if figure is not None:
            return figure
    raise PriceError(
        pointer, 'a decimal string such as "12.50" is needed: at most 15 digits, 12 decimal places, and no exponent'
    )


def number(
    document: Mapping[str, Any],
    name: str,
    at: str,
    low: Decimal | None = None,
    high: Decimal | None = None,
    strict: bool = False,
) -> Decimal:
    """A decimal string from `low` (above it when `strict`) to `high`."""
    value = document.get(name)
    figure = read(value) if isinstance(value, str) else None
    if figure is None:
        figure = figure_of(value, f"{at}/{name}")
    if low is not None and (figure < low or (strict and figure == low)):
        raise PriceError(f"{at}/{name}", f"{value} is too small: it is {'more than' if strict else 'at least'} {low:f}")
    if high is not None and figure > high:
        raise PriceError(f"{at}/{name}", f"{value} is too large: it is at most {high:f}")
    return figure


def quantity(document: Mapping[str, Any], name: str, at: str) -> Decimal:
    """A number of units: from 0 to 10^9."""
    return number(document, name, at, ZERO, MAX_UNITS)


def words(document: Mapping[str, Any], name: str, at: str) -> frozenset[str] | None:
    if document.get(name) is None:
        return None
    values = listed(document, name, at)
    for n, value in enumerate(values):
        if not isinstance(value, str):
            raise PriceError(f"{at}/{name}/{n}", "a text is needed")
    return frozenset(values)
