"""Figures as decimal strings: read with their place, written without an exponent, 28 digits in between."""

from collections.abc import Mapping
from decimal import Decimal

from app.cpq.price.decimals import CONTEXT, HUNDRED, ZERO, TooLarge, plain, read, text
from app.cpq.price.decimals import rounded as _rounded
from app.cpq.quote_errors import QuoteError
from app.foundation.money import CURRENCIES, exponent

__all__ = [
    "HUNDRED",
    "ZERO",
    "amount",
    "in_currency",
    "known_currency",
    "number",
    "plain",
    "ratio",
    "rounded",
    "text",
    "times",
    "whole",
]


def number(value: object, pointer: str, least: Decimal | None = None) -> Decimal:
    """A decimal string (15 digits before the point, 12 after) or a whole number; QuoteError for anything else."""
    given = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = read(given) if isinstance(given, str) else None
    if found is None:
        raise QuoteError(pointer, "write a number as a decimal string, like 12.50")
    if least is not None and found < least:
        raise QuoteError(pointer, f"must not be below {plain(least)}")
    return found


def whole(value: object, pointer: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`, given as one or as its digits."""
    found = number(value, pointer)
    if found != found.to_integral_value() or not least <= found <= most:
        raise QuoteError(pointer, f"must be a whole number from {least} to {most}")
    return int(found)


def times(*factors: Decimal) -> Decimal:
    """The product, at 28 digits, from left to right."""
    product = factors[0]
    for factor in factors[1:]:
        product = CONTEXT.multiply(product, factor)
    return product


def ratio(value: Decimal, numerator: Decimal | int, denominator: Decimal | int) -> Decimal:
    """`value · numerator / denominator` at 28 digits: multiplied first."""
    return CONTEXT.divide(CONTEXT.multiply(value, Decimal(numerator)), Decimal(denominator))


def rounded(value: Decimal, places: int, mode: str = "half_up") -> Decimal:
    """To `places` decimals; QuoteError from 10^15."""
    try:
        return _rounded(value, places, mode)
    except TooLarge:
        raise QuoteError("", "an amount of 10^15 or more comes out; check quantities and prices") from None


def amount(value: Decimal, currency: str, mode: str = "half_up") -> str:
    """An amount in the currency's places: `1250.50`; zero has no sign."""
    return text(rounded(value, exponent(currency), mode))


def in_currency(value: object, currency: str, pointer: str) -> str:
    """An amount that may be one for each currency: the one of `currency`."""
    if isinstance(value, Mapping):
        if currency not in value:
            raise QuoteError(pointer, f"there is no amount in {currency}; add one to the catalogue")
        value = value[currency]
    number(value, pointer)
    return str(value)


def known_currency(code: object, pointer: str) -> str:
    """An ISO 4217 code in use."""
    if not isinstance(code, str) or code not in CURRENCIES:
        raise QuoteError(pointer, f'"{code}" is not an ISO 4217 currency code in use')
    return code
