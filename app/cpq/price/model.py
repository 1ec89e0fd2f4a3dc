"""What is priced and what comes out; the members are specified in `app.cpq.price`. Inside, figures are `Decimal`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

Fact = str | bool | Decimal
Facts = Mapping[str, Fact]
Phase = Literal["list", "contracted", "schedule", "proration", "additional", "partner"]
Scope = Literal["unit", "line"]
Charge = Literal["one_time", "recurring", "usage"]
Period = Literal["month", "year"]

PHASES: tuple[Phase, ...] = ("list", "contracted", "schedule", "proration", "additional", "partner")
MODES = ("half_up", "half_down", "half_even", "up", "down", "ceiling", "floor")


@dataclass(frozen=True, slots=True)
class Test:
    """A fact compared with a value: a leaf of a predicate."""

    fact: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Combined:
    """`all`, `any` or `not` of predicates; `not` has one part."""

    kind: Literal["all", "any", "not"]
    parts: tuple["Predicate", ...]


Predicate = Test | Combined


@dataclass(frozen=True, slots=True)
class Tier:
    """Units (or an amount) above the tier before, up to and including `upto`; None is without end."""

    upto: Decimal | None
    price: Decimal
    flat: Decimal


class Adjustment(NamedTuple):
    """One way to change a running amount; `given` holds its figures by member name."""

    type: str
    given: Mapping[str, Decimal]
    tiers: tuple[Tier, ...] = ()
    flat_at_zero: bool = False
    above_list: bool = False


@dataclass(frozen=True, slots=True)
class StepRounding:
    """Rounding to `places`, or to whole multiples of `to`."""

    mode: str
    places: int | None
    to: Decimal | None


class Step(NamedTuple):
    """One line of a waterfall to be."""

    id: str
    phase: Phase
    scope: Scope
    adjustment: Adjustment
    reason: str
    when: Predicate | None = None
    rounding: StepRounding | None = None
    source: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What systems disagree on, decided."""

    stacking: Literal["compound", "additive"] = "compound"
    mode: str = "half_up"
    point: Literal["unit", "line", "total"] = "line"
    places: int | None = None
    unit_places: int | None = None
    tax_per: Literal["line", "unit", "total"] = "line"
    tax_included: bool = False


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on lines of its class."""

    id: str
    name: str
    tax_class: str
    rate: Decimal
    when: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """The least margin of lines that it is about."""

    id: str
    min_margin_percent: Decimal
    reason: str
    when: Predicate | None = None
    skus: frozenset[str] | None = None
    families: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """A discount on the whole, allocated to lines."""

    id: str
    kind: Literal["percent", "amount", "fixed_total"]
    value: Decimal
    reason: str
    charge: Charge | None = None
    lines: frozenset[str] | None = None
    weights: Mapping[str, Decimal] | None = None
    source: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used, or is expected to be."""

    quantity: Decimal | None = None
    prorated_quantity: Decimal | None = None
    amount: Decimal | None = None
    event_count: Decimal | None = None
    events: tuple[Decimal, ...] | None = None
    prorated_events: tuple[Decimal, ...] | None = None
    running_totals: tuple[Decimal, ...] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line to price."""

    id: str
    quantity: Decimal
    sku: str = ""
    name: str = ""
    charge: Charge = "one_time"
    factor: Decimal | None = None
    period: Period | None = None
    periods: Decimal | None = None
    optional: bool = False
    selected: bool = True
    later: bool = False
    bundle: str | None = None
    parent: str | None = None
    tax_class: str = "standard"
    tax_included: bool | None = None
    cost: Decimal | None = None
    facts: Facts = field(default_factory=dict)
    usage: Usage | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """Everything that a price depends on."""

    currency: str
    lines: tuple[Line, ...]
    on: str = ""
    policy: Policy = Policy()
    facts: Facts = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    taxes: tuple[Tax, ...] = ()
    floors: tuple[Floor, ...] = ()
    header: tuple[Header, ...] = ()


class WaterfallRow(NamedTuple):
    """One step as it is shown; `amount` is the difference of two shown `running` amounts."""

    step: str
    phase: str
    label: str
    amount: str
    running: str
    detail: tuple[Mapping[str, str], ...] | None = None
    source: Mapping[str, Any] | None = None


class TaxAmount(NamedTuple):
    """One tax of a line, or of the whole."""

    id: str
    name: str
    rate: str
    base: str
    amount: str


class HeaderPart(NamedTuple):
    """A line's part of a header discount."""

    line: str
    amount: str


class HeaderResult(NamedTuple):
    """A header discount and its parts, which sum to it."""

    id: str
    label: str
    amount: str
    parts: tuple[HeaderPart, ...]


class Sum(NamedTuple):
    """Net, tax and gross of several lines."""

    net: str
    tax: str
    gross: str


class FloorViolation(NamedTuple):
    """A line below the least margin; percentages."""

    id: str
    line: str
    reason: str
    minimum: str
    margin: str | None = None


class PricedLine(NamedTuple):
    """One line priced; amounts are decimal strings in the currency's places."""

    id: str
    included: bool
    list: str
    regular: str
    customer: str
    partner: str
    net: str
    tax: str
    gross: str
    list_net: str
    discount: str
    discount_percent: str
    unit_list: str
    unit_net: str
    waterfall: tuple[WaterfallRow, ...]
    taxes: tuple[TaxAmount, ...]
    cost: str | None = None
    margin_percent: str | None = None
    bundle: Sum | None = None


class Totals(NamedTuple):
    """Sums over the lines that are included."""

    one_time: Sum
    recurring: Mapping[str, Sum]
    usage: Mapping[str, Sum]
    net: str
    tax: str
    gross: str
    list: str
    list_net: str
    discount: str
    discount_percent: str
    tcv: str
    acv: str
    mrr: str
    cost: str | None = None
    margin_percent: str | None = None


class PriceResult(NamedTuple):
    """The answer to a request."""

    currency: str
    lines: tuple[PricedLine, ...]
    header: tuple[HeaderResult, ...]
    taxes: tuple[TaxAmount, ...]
    totals: Totals
    floors: tuple[FloorViolation, ...]
