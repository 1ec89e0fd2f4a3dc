"""Exact figures: reading, rounding, writing and sharing out, the same as in `pwa/src/cpq/price/decimals.ts`.

Arithmetic is decimal with 28 significant digits, half to even beyond them. NaN, infinity, overflow and division by zero
are errors of this package; `divide` is the only division, so that what cannot be exact is easy to find.
"""

import re
from collections.abc import Sequence
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
)
from functools import lru_cache

DIGITS = 28
# The most decimal places that are read or shown, and the least amount that is too large to be kept.
MAX_PLACES = 12
LIMIT = Decimal(10**15)
_LEAST = -LIMIT
CONTEXT = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation],
)
ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
ROUNDINGS = {
    "half_up": ROUND_HALF_UP,
    "half_down": ROUND_HALF_DOWN,
    "half_even": ROUND_HALF_EVEN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
    "ceiling": ROUND_CEILING,
    "floor": ROUND_FLOOR,
}
_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?", re.ASCII)
_LONGEST = len("-123456789012345.123456789012")
_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(MAX_PLACES + 1))
_MINOR = tuple(10**places for places in range(MAX_PLACES + 1))


class TooLarge(ArithmeticError):
    """An amount of 10^15 or more."""


def read(text: str) -> Decimal | None:
    """A plain decimal string (at most 15 digits before the point and 12 after it, no exponent); None when it is none."""
    # Longer texts are no figures, and would be kept by the cache.
    return _read(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _read(text: str) -> Decimal | None:
    if _PLAIN.fullmatch(text) is None:
        return None
    value = Decimal(text)
    return value if value else ZERO


def divide(value: Decimal, by: Decimal) -> Decimal:
    """The quotient to 28 digits, half to even."""
    return CONTEXT.divide(value, by)


def rounded(value: Decimal, places: int, mode: str) -> Decimal:
    """`value` with exactly `places` decimal places; `mode` is a name in `ROUNDINGS`. TooLarge from 10^15."""
    if not _LEAST < value < LIMIT:
        raise TooLarge
    return value.quantize(_UNITS[places], ROUNDINGS[mode], CONTEXT)


def rounded_to(value: Decimal, multiple: Decimal, mode: str) -> Decimal:
    """The whole multiple of `multiple` that `mode` gives."""
    if not _LEAST < value < LIMIT:
        raise TooLarge
    return divide(value, multiple).quantize(ONE, ROUNDINGS[mode], CONTEXT) * multiple


def text(value: Decimal) -> str:
    """A value as it is, plain: no exponent, and no sign before zero. The places that it has are shown."""
    if not value:
        value = abs(value)
    shown = str(value)
    return f"{value:f}" if "E" in shown else shown


def plain(value: Decimal, least: int = 0) -> str:
    """A value without trailing zeros beyond `least` places."""
    shown = text(value)
    whole, _, places = shown.partition(".")
    kept = places.rstrip("0").ljust(least, "0")
    return f"{whole}.{kept}" if kept else whole


def minor(value: Decimal, places: int) -> int:
    """A value with at most `places` decimal places, in units of the last."""
    return int(value.scaleb(places, CONTEXT))


def from_minor(units: int, places: int) -> Decimal:
    """The value of `units` of the last of `places` decimal places."""
    return CONTEXT.scaleb(Decimal(units), -places)


def _whole(values: Sequence[Decimal]) -> list[int]:
    """The values as integers in the same proportion, exactly."""
    exponents = [int(value.as_tuple().exponent) for value in values]
    least = min([0, *exponents])
    return [int(value.scaleb(-least)) for value in values] if least else [int(value) for value in values]


def allocate(total: Decimal, weights: Sequence[Decimal], places: int) -> list[Decimal]:
    """Parts of `total` in proportion to `weights`, each with `places` decimal places; their sum is `total`, always.

    Largest remainder: each part is cut to the last place, and what is left goes, a unit each, to those that lost most;
    of equals the first. A negative total gives the negated parts of the positive one. Weights are not negative; when
    all are zero they count as equal. `total` has at most `places` places.
    """
    if not weights:
        return []
    shares = _whole(weights)
    whole = sum(shares)
    if not whole:
        shares, whole = [1] * len(shares), len(shares)
    units = minor(total, places)
    size = abs(units)
    parts = [size * share // whole for share in shares]
    order = sorted(range(len(shares)), key=lambda index: (-(size * shares[index] % whole), index))
    for index in order[: size - sum(parts)]:
        parts[index] += 1
    return [from_minor(-part if units < 0 else part, places) for part in parts]


def settle(values: Sequence[Decimal], places: int, mode: str) -> list[Decimal]:
    """The values with `places` decimal places each, so that they sum to their rounded sum.

    Each is cut down to the last place (towards minus infinity), and the units that are left go to those that lost most;
    of equals the first.
    """
    exact = ZERO
    for value in values:
        exact += value
    cut = [rounded(value, places, "floor") for value in values]
    left = minor(rounded(exact, places, mode), places) - sum(minor(value, places) for value in cut)
    order = sorted(range(len(cut)), key=lambda index: (cut[index] - values[index], index))
    unit = _UNITS[places]
    for index in order[: max(0, left)]:
        cut[index] += unit
    return cut
