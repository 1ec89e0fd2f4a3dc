"""The shapes of a quote: what the rep entered, what the world knew, and what it costs.

All of them are plain JSON on both sides (the phone's twins have the same names in `pwa/src/cpq/quote/types.ts`). Amounts,
quantities and percentages are decimal strings, dates are ISO days without a time zone, ids are strings.
"""

from typing import Any, Literal, NotRequired, TypedDict

Change = Literal["new", "add", "reduce", "renew", "end"]
Document = dict[str, Any]
"""The normalised catalogue document: what `GET /catalogs/{id}/content` answers as `document`."""


class ChoiceDict(TypedDict):
    """A choice the rep made, in the order made."""

    feature: str
    value: str


class LineDiscount(TypedDict):
    """A rep's discount on a line: a percentage, an amount off the line, or a fixed price of one unit."""

    kind: Literal["percent", "amount", "fixed_price"]
    value: str
    reason: str


class HeaderDiscount(TypedDict):
    """A rep's discount on the whole quote: a percentage, an amount off, or a fixed total."""

    id: str
    kind: Literal["percent", "amount", "fixed_total"]
    value: str
    reason: str


class RampPart(TypedDict):
    """From `from_month` (0 = the start) until the next part: another quantity, another discount, or both."""

    from_month: int
    quantity: NotRequired[str]
    discount_percent: NotRequired[str]


class Amends(TypedDict):
    """What a line does to a running subscription."""

    subscription_id: str
    change: Literal["add", "reduce", "renew", "end"]
    paid: NotRequired[dict[str, str]]


class Usage(TypedDict, total=False):
    """Usage that a line is priced with, for one period of the whole line."""

    quantity: str
    amount: str


class QuoteLine(TypedDict):
    id: str
    sku: str
    quantity: str
    choices: NotRequired[list[ChoiceDict]]
    configuration: NotRequired[dict[str, str]]
    term: NotRequired[str]
    clauses: NotRequired[list[str]]
    optional: NotRequired[bool]
    selected: NotRequired[bool]
    bundle: NotRequired[str]
    open: NotRequired[list[str]]
    discount: NotRequired[LineDiscount]
    starts_on: NotRequired[str]
    ends_on: NotRequired[str]
    ramp: NotRequired[list[RampPart]]
    amends: NotRequired[Amends]
    usage: NotRequired[Usage]
    notes: NotRequired[str]


class QuoteContent(TypedDict):
    """What the rep entered. `catalogue` is the catalogue's id (its slug) and `on` the day whose prices hold."""

    catalogue: str
    catalogue_version: str
    price_book: str
    currency: str
    region: str
    on: str
    lines: list[QuoteLine]
    discounts: NotRequired[list[HeaderDiscount]]
    clauses: NotRequired[list[str]]
    notes: NotRequired[str]


class Agreement(TypedDict):
    """Prices agreed with the customer; steps of it are in the phase `contracted`."""

    id: str
    number: str
    name: str
    valid_from: str
    valid_to: NotRequired[str | None]
    steps: list[dict[str, Any]]


class RunningSubscription(TypedDict):
    """A subscription the customer has. `price` is for the whole term: {"amount", "currency"}."""

    id: str
    sku: str
    quantity: str | int
    starts_on: str
    ends_on: NotRequired[str | None]
    term_months: NotRequired[int | None]
    price: NotRequired[dict[str, str] | None]


class Context(TypedDict):
    """What the world knew: who quotes, facts of the customer, agreements and running subscriptions."""

    role: str
    facts: dict[str, str | bool]
    agreements: NotRequired[list[Agreement]]
    subscriptions: NotRequired[list[RunningSubscription]]


class Approval(TypedDict):
    """Who must approve and why."""

    rule: str
    role: str
    reason: str
    line: NotRequired[str]


class Finding(TypedDict):
    """Something about the quote that is worth a look; `requires` and `excludes` stop it from being sent."""

    kind: Literal["requires", "excludes", "suggests", "bundle", "tax"]
    text: str
    line: NotRequired[str]
    sku: NotRequired[str]


class LeaveAt(TypedDict):
    """Leaving after `month` months: what was paid until then, what leaving costs, and both together."""

    month: int
    paid: str
    leave: str
    total: str


class TermChoice(TypedDict):
    """One term a line may have, priced: beside the others."""

    term: str
    name: str
    months: int
    monthly: str
    total: str
    leave: "LeaveRule"
    at: list[LeaveAt]


class LeaveRule(TypedDict):
    """The rule of leaving early and its words."""

    type: Literal["none", "months", "percent", "amount"]
    value: NotRequired[str]
    text: str


class LineTerm(TypedDict):
    """The term of a recurring line: what a month costs, what the term costs, and what leaving costs."""

    line: str
    term: str
    name: str
    months: int
    notice_months: int
    monthly: str
    yearly: str
    total: str
    leave: LeaveRule
    at: list[LeaveAt]
    compared: list[TermChoice]


class QuoteClause(TypedDict):
    """A clause of the quote; `amount` when it has a price; a service level with the credit when it is missed."""

    id: str
    title: str
    text: str
    line: NotRequired[str]
    amount: NotRequired[str]
    service_level: NotRequired[dict[str, str]]
    credit: NotRequired[dict[str, str]]


class QuotePrice(TypedDict):
    """The priced quote: a PriceResult (see app/cpq/price) and what only a quote has.

    A quote line may be several price lines (a one-time and a recurring charge, parts of a ramp, a partial period); the
    `parents` say which price line belongs to which quote line.
    """

    currency: str
    lines: list[dict[str, Any]]
    header: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    totals: dict[str, Any]
    floors: list[dict[str, Any]]
    parents: dict[str, str]
    terms: list[LineTerm]
    approvals: list[Approval]
    findings: list[Finding]
    clauses: list[QuoteClause]
    digest: str
