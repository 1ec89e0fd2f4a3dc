"""Steps by chance: figures, percentages, predicates, and every adjustment in every phase and scope."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

Json = dict[str, Any]
# No decimals, two, three, four.
CURRENCIES = ("SEK", "EUR", "JPY", "KWD", "CLF")
PHASES = ("list", "contracted", "schedule", "proration", "additional", "partner")
MODES = ("half_up", "half_down", "half_even", "up", "down", "ceiling", "floor")


Of = TypeVar("Of")


@cache
def whole(most: int) -> st.SearchStrategy[int]:
    """A whole number from 0. Strategies are made once: making them anew for each draw takes most of the time."""
    return st.integers(0, most)


def pick(draw: st.DrawFn, options: Sequence[Of]) -> Of:
    """One of some; shrinks to the first."""
    return options[draw(whole(len(options) - 1))]


def scaled(number: int, places: int) -> str:
    """A whole number as a decimal string with so many places."""
    digits = str(abs(number)).rjust(places + 1, "0")
    text = f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else digits
    return f"-{text}" if number < 0 else text


@cache
def figure(low: int = 0, high: int = 30_000, places: int = 2) -> st.SearchStrategy[str]:
    """A decimal string between two whole numbers, with up to so many places."""
    found: st.SearchStrategy[str] = st.integers(low * 10**places, high * 10**places).map(
        lambda number: scaled(number, places)
    )
    return found


percents = st.one_of(st.sampled_from(["0", "5", "10", "33.333", "50", "100"]), figure(high=100, places=2))


_ENDS = st.lists(st.integers(1, 400), max_size=3, unique=True)


@cache
@st.composite
def tiers(draw: st.DrawFn, member: str = "unit") -> list[Json]:
    """Tiers without gaps, the last without end."""
    ends = sorted(draw(_ENDS))
    return [
        {
            "upto": None if end is None else str(end),
            member: draw(figure(high=99, places=3)),
            "flat": pick(draw, ["0", "2", "0.55"]),
        }
        for end in (*ends, None)
    ]


def _tiered(kind: str, member: str = "unit") -> st.SearchStrategy[Json]:
    return st.builds(
        lambda rows, flat, bounds: {"type": kind, "tiers": rows, "flat_at_zero": flat, "bounds": bounds},
        tiers(member), st.booleans(), st.sampled_from(["whole", "continuous"]),
    )  # fmt: skip


def _one(kind: str, member: str, value: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    return value.map(lambda text: {"type": kind, member: text})


_PACKAGE = st.builds(
    lambda size, amount, free: {"type": "package", "size": str(size), "amount": amount, "free": str(free)},
    st.integers(1, 50), figure(high=500), st.integers(0, 20),
)  # fmt: skip
_CHARGES = [_tiered("graduated"), _tiered("volume"), _PACKAGE, _one("per_unit", "amount", figure(places=3))]
_LIMITS = st.builds(
    lambda kind, amount, above: {"type": kind, "amount": amount, **({"above": "list"} if above else {})},
    st.sampled_from(["floor", "cap"]), figure(low=-500), st.booleans(),
)  # fmt: skip
_PRORATION = st.builds(
    lambda numerator, denominator: {"type": "proration", "numerator": str(numerator), "denominator": str(denominator)},
    st.integers(0, 31), st.integers(1, 31),
)  # fmt: skip
_CHANGES = [
    _one("percent_discount", "percent", percents),
    st.builds(
        lambda amount, used: {"type": "amount_discount", "amount": amount, "used": used}, figure(), figure(high=50)
    ),
    _one("fixed_price", "amount", figure()),
    _one("markup", "percent", percents),
    _one("surcharge", "percent", percents),
    _one("surcharge", "amount", figure(low=-300)),
    _one("flat_fee", "amount", figure(low=-300)),
    _LIMITS,
    _PRORATION,
]


@cache
def adjustments(charges: bool = False) -> st.SearchStrategy[Json]:
    """Any adjustment that needs no usage; only those that charge."""
    return st.one_of(_CHARGES if charges else [*_CHARGES, *_CHANGES])


@cache
def usage_adjustments() -> st.SearchStrategy[Json]:
    """Those that price usage; a percentage is of an amount, which not every quote states."""
    percentage = st.builds(
        lambda rate, fixed, free: {"type": "percentage", "rate": rate, "fixed": fixed, "free_amount": free},
        percents, figure(high=5), figure(high=900),
    )  # fmt: skip
    return st.one_of(*_CHARGES, percentage, _tiered("graduated_percentage", "rate"))


_TESTS = st.sampled_from(
    [
        {"fact": "family", "op": "eq", "value": "a"},
        {"fact": "sku", "op": "in", "value": ["PUMP", "WATCH"]},
        {"fact": "sku", "op": "not_in", "value": ["PUMP"]},
        {"fact": "quantity", "op": "ge", "value": "10"},
        {"fact": "quantity", "op": "between", "value": ["2", "50.5"]},
        {"fact": "charge", "op": "ne", "value": "usage"},
        {"fact": "term_months", "op": "gt", "value": "6"},
        {"fact": "feature.motor", "op": "eq", "value": "kw75"},
        {"fact": "partner", "op": "eq", "value": "yes"},
        {"fact": "on", "op": "lt", "value": "2026-06-01"},
        {"fact": "bundle", "op": "eq", "value": "PUMP"},
        {"fact": "change", "op": "eq", "value": "renew"},
        {"fact": "net", "op": "gt", "value": "1000"},
        {"fact": "discount_percent", "op": "ge", "value": "10"},
        {"fact": "unknown", "op": "eq", "value": True},
    ]
)


@cache
def predicates() -> st.SearchStrategy[Json]:
    """Tests, and up to two levels of all, any and not."""
    several = st.lists(_TESTS, max_size=2)
    return st.one_of(
        _TESTS,
        several.map(lambda parts: {"all": parts}),
        several.map(lambda parts: {"any": parts}),
        _TESTS.map(lambda part: {"not": part}),
    )


_ROUNDINGS = st.one_of(whole(4).map(lambda places: {"places": places}), st.just({"to": "0.05"}), st.just({"to": "10"}))


@cache
@st.composite
def price_steps(draw: st.DrawFn) -> Json:
    """A step as a catalogue or an agreement has it."""
    step: Json = {
        "id": "step",
        "phase": pick(draw, PHASES),
        "scope": pick(draw, ["unit", "line"]),
        "adjustment": draw(adjustments()),
        "reason": "Because",
    }
    if draw(st.booleans()):
        step["when"] = draw(predicates())
    if draw(whole(3)) == 3:
        step["rounding"] = {"mode": pick(draw, MODES), **draw(_ROUNDINGS)}
    return step
