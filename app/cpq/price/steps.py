"""Steps read from JSON: which adjustments there are, and the members and limits of each."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.cpq.price.decimals import HUNDRED, ONE, ZERO
from app.cpq.price.errors import PriceError, named
from app.cpq.price.members import boolean, identifier, listed, members, number, places, string, word
from app.cpq.price.model import MODES, PHASES, Adjustment, Step, StepRounding, Tier
from app.cpq.price.predicates import validate_predicate

MAX_TIERS = 1_000
MAX_PERCENT = Decimal(10**6)
_STEP = frozenset({"id", "phase", "scope", "when", "adjustment", "rounding", "reason", "source"})
_ROUNDING = frozenset({"mode", "places", "to"})
# By type of adjustment: its figures with their least and greatest (required ones first, then optional ones), and flags.
_ANY = (None, None)
_POSITIVE = (ZERO, None)
_PERCENT = (ZERO, HUNDRED)
_MORE = (ZERO, MAX_PERCENT)
_Bounds = tuple[Decimal | None, Decimal | None]
_FIGURES: dict[str, tuple[dict[str, _Bounds], dict[str, _Bounds], frozenset[str]]] = {
    "per_unit": ({"amount": _ANY}, {}, frozenset()),
    "graduated": ({}, {}, frozenset({"tiers", "bounds", "flat_at_zero"})),
    "volume": ({}, {}, frozenset({"tiers", "bounds", "flat_at_zero"})),
    "graduated_percentage": ({}, {}, frozenset({"tiers", "bounds", "flat_at_zero"})),
    "package": ({"size": _POSITIVE, "amount": _ANY}, {"free": _POSITIVE}, frozenset()),
    "percentage": (
        {"rate": _MORE},
        {"fixed": _ANY, "free_events": _POSITIVE, "free_amount": _POSITIVE, "min": _POSITIVE, "max": _POSITIVE},
        frozenset(),
    ),
    "flat_fee": ({"amount": _ANY}, {}, frozenset({"flat_at_zero"})),
    "percent_discount": ({"percent": _PERCENT}, {}, frozenset()),
    "amount_discount": ({"amount": _POSITIVE}, {"used": _POSITIVE}, frozenset()),
    "fixed_price": ({"amount": _POSITIVE}, {}, frozenset()),
    "markup": ({"percent": _MORE}, {}, frozenset()),
    "surcharge": ({}, {"amount": _ANY, "percent": _MORE}, frozenset()),
    "floor": ({"amount": _ANY}, {}, frozenset({"above"})),
    "cap": ({"amount": _ANY}, {}, frozenset({"above"})),
    "proration": ({"numerator": _POSITIVE, "denominator": _POSITIVE}, {}, frozenset()),
}
ADJUSTMENTS = tuple(_FIGURES)
_KNOWN = {name: frozenset({"type", *first, *second, *flags}) for name, (first, second, flags) in _FIGURES.items()}


def validate_step(step: Any, pointer: str = "") -> Step:
    """A step read from JSON; PriceError with a pointer that begins with `pointer`."""
    members(step, pointer, _STEP)
    when, rounding = step.get("when"), step.get("rounding")
    return Step(
        identifier(step, "id", pointer),
        word(step, "phase", pointer, PHASES, ""),
        word(step, "scope", pointer, ("unit", "line"), "line"),
        _adjustment(step.get("adjustment"), f"{pointer}/adjustment"),
        string(step, "reason", pointer, ""),
        None if when is None else validate_predicate(when, f"{pointer}/when"),
        None if rounding is None else _rounding(rounding, f"{pointer}/rounding"),
        step.get("source"),
    )


def _rounding(rounding: Any, at: str) -> StepRounding:
    members(rounding, at, _ROUNDING)
    mode = word(rounding, "mode", at, MODES, "half_up")
    kept = places(rounding, "places", at)
    to = None if rounding.get("to") is None else number(rounding, "to", at, ZERO, strict=True)
    if (kept is None) is (to is None):
        raise PriceError(at, "either places, or the amount to round to whole multiples of, is needed")
    return StepRounding(mode, kept, to)


def _adjustment(adjustment: Any, at: str) -> Adjustment:
    if not isinstance(adjustment, dict):
        raise PriceError(at, "an object with a type is needed")
    kind = adjustment.get("type")
    if not isinstance(kind, str) or kind not in _FIGURES:
        raise PriceError(f"{at}/type", f"{named(kind)} is not one of {', '.join(ADJUSTMENTS)}")
    members(adjustment, at, _KNOWN[kind])
    required, optional, flags = _FIGURES[kind]
    given: dict[str, Decimal] = {}
    for name, (low, high) in required.items():
        given[name] = number(adjustment, name, at, low, high)
    for name, (low, high) in optional.items():
        if adjustment.get(name) is not None:
            given[name] = number(adjustment, name, at, low, high)
    if not flags:
        _agree(kind, given, at)
        return Adjustment(kind, given)
    tiers = _tiers(adjustment, kind, at) if "tiers" in flags else ()
    at_zero = boolean(adjustment, "flat_at_zero", at, kind == "flat_fee") if "flat_at_zero" in flags else False
    above = adjustment.get("above")
    if above is not None and above != "list":
        raise PriceError(f"{at}/above", "an amount is above nothing, or above the list price: list")
    return Adjustment(kind, given, tiers, at_zero, above == "list")


def _agree(kind: str, given: Mapping[str, Decimal], at: str) -> None:
    """What the figures of one adjustment ask of each other."""
    if kind == "surcharge" and len(given) != 1:
        raise PriceError(at, "a surcharge has an amount or a percent, and not both")
    for name in ("size", "denominator"):
        if name in given and not given[name]:
            raise PriceError(f"{at}/{name}", "more than 0 is needed")
    if "min" in given and "max" in given and given["min"] > given["max"]:
        raise PriceError(f"{at}/max", "the greatest amount of an event is below the least")


def _tiers(adjustment: Mapping[str, Any], kind: str, at: str) -> tuple[Tier, ...]:
    """Tiers that begin at zero, follow each other without gap or overlap, and have no end."""
    bounds = word(adjustment, "bounds", at, ("whole", "continuous"), "continuous")
    rows = listed(adjustment, "tiers", at)
    if not 0 < len(rows) <= MAX_TIERS:
        raise PriceError(f"{at}/tiers", f"1 to {MAX_TIERS} tiers are needed")
    price = "rate" if kind == "graduated_percentage" else "unit"
    known = frozenset({"from", "upto", price, "flat"})
    read_tiers: list[Tier] = []
    below: Decimal | None = None
    for n, row in enumerate(rows):
        place = f"{at}/tiers/{n}"
        members(row, place, known)
        _begin(row, below, bounds, place)
        below = _end(row, below, bounds, place, last=n == len(rows) - 1)
        flat = ZERO if row.get("flat") is None else number(row, "flat", place)
        read_tiers.append(Tier(below, ZERO if row.get(price) is None else number(row, price, place), flat))
    return tuple(read_tiers)


def _begin(row: Mapping[str, Any], below: Decimal | None, bounds: str, at: str) -> None:
    if row.get("from") is None:
        return
    begins = number(row, "from", at)
    if below is None:
        fits = begins == ZERO or (bounds == "whole" and begins == ONE)
        asked = "0 or 1" if bounds == "whole" else "0"
    else:
        expected = below + ONE if bounds == "whole" else below
        fits, asked = begins == expected, f"{expected:f}"
    if not fits:
        raise PriceError(f"{at}/from", f"a gap or an overlap: with {bounds} bounds this tier begins at {asked}")


def _end(row: Mapping[str, Any], below: Decimal | None, bounds: str, at: str, last: bool) -> Decimal | None:
    if row.get("upto") is None:
        if not last:
            raise PriceError(f"{at}/upto", "only the last tier has no end")
        return None
    if last:
        raise PriceError(f"{at}/upto", "the last tier has no end: null is needed")
    upto = number(row, "upto", at, ZERO)
    if below is not None and upto <= below:
        raise PriceError(f"{at}/upto", "an overlap: a tier ends above the tier before")
    if bounds == "whole" and upto != upto.to_integral_value():
        raise PriceError(f"{at}/upto", "with whole bounds a tier ends at a whole number")
    return upto
