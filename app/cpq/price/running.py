"""A line while its steps are applied, one after another."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from app.cpq.price import charges
from app.cpq.price.decimals import HUNDRED, ZERO, divide, rounded, rounded_to
from app.cpq.price.model import Adjustment, Line, Policy, Step, Usage

LATE = frozenset({"additional", "partner"})
NO_USAGE = Usage()


class MissingUsage(Exception):
    """A step charges what the line does not say was used."""


class Running:
    """Exact amounts of a line: `amount` now, `base` as if no discount had been given, `listed` the list price.

    `units` are price units, `count` what unit prices are shown for.
    """

    __slots__ = (
        "additive",
        "amount",
        "base",
        "count",
        "late",
        "listed",
        "mode",
        "places",
        "units",
        "unitwise",
        "usage",
    )

    def __init__(self, line: Line, policy: Policy, places: int) -> None:
        self.amount = self.base = self.listed = ZERO
        self.usage = line.usage or NO_USAGE
        self.units = units_of(line)
        self.count = line.quantity if line.usage is None else self.units
        self.additive = policy.stacking == "additive"
        self.unitwise = policy.point == "unit"
        self.mode = policy.mode
        self.places = places
        self.late = False

    def apply(self, step: Step) -> charges.Detail:
        """Apply a step; the rows that explain it, if it has any."""
        adjustment = step.adjustment
        unitary = step.scope == "unit"
        self.late = step.phase in LATE
        detail = ADJUST[adjustment.type](self, adjustment, unitary)
        if step.rounding is not None or (self.unitwise and unitary):
            self._round(step, unitary)
        return detail

    def _round(self, step: Step, unitary: bool) -> None:
        units = self.units if unitary else Decimal(1)
        if not units:
            return
        value = divide(self.amount, units) if unitary else self.amount
        rule = step.rounding
        if rule is None:
            value = rounded(value, self.places, self.mode)
        elif rule.to is not None:
            value = rounded_to(value, rule.to, rule.mode)
        else:
            value = rounded(value, rule.places or 0, rule.mode)
        value *= units
        if self.base == self.amount:
            self.base = value
        self.amount = value

    def charge(self, amount: Decimal) -> None:
        """Add to the amount and to what it would be without discounts."""
        self.amount += amount
        self.base += amount

    def set(self, amount: Decimal) -> None:
        """Replace the amount. Late in the waterfall that is a discount when it is less."""
        self.amount = amount
        self.base = max(self.base, amount) if self.late else amount


def units_of(line: Line) -> Decimal:
    """Price units of a line: used, or sold times the factor from sales units."""
    usage = line.usage
    if usage is not None:
        if usage.quantity is not None:
            return usage.quantity
        if usage.prorated_events is not None:
            return max(ZERO, sum(usage.events or (), ZERO))
        if usage.amount is not None:
            return usage.amount
        if usage.events is not None:
            return max(ZERO, sum(usage.events, ZERO))
    return line.quantity if line.factor is None else line.quantity * line.factor


def _per(running: Running, amount: Decimal, unitary: bool) -> Decimal:
    return amount * running.units if unitary else amount


def _per_unit(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    running.charge(adjustment.given["amount"] * running.units)
    return ()


def _graduated(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    usage = running.usage
    if usage.prorated_events is not None:
        amount, detail = charges.graduated_prorated(adjustment, usage.events or (), usage.prorated_events)
    else:
        amount, detail = charges.graduated(adjustment, running.units)
    running.charge(amount)
    return detail


def _volume(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    prorated = running.usage.prorated_quantity
    amount, detail = charges.volume(adjustment, running.units, running.units if prorated is None else prorated)
    running.charge(amount)
    return detail


def _package(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    amount, detail = charges.package(adjustment, running.units)
    running.charge(amount)
    return detail


def _percentage(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    usage = running.usage
    if usage.events is None and ("min" in adjustment.given or "max" in adjustment.given):
        raise MissingUsage("a least or greatest amount of an event needs usage/events")
    if usage.amount is None:
        if usage.events is None:
            raise MissingUsage("a percentage needs usage/amount or usage/events")
        usage = Usage(amount=sum(usage.events, ZERO), events=usage.events, event_count=usage.event_count)
    amount, detail = charges.percentage(adjustment, usage)
    running.charge(amount)
    return detail


def _graduated_percentage(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    if running.usage.amount is None:
        raise MissingUsage("a graduated percentage needs usage/amount")
    amount, detail = charges.graduated(adjustment, running.usage.amount, percent=True)
    running.charge(amount)
    return detail


def _flat_fee(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    if running.units or adjustment.flat_at_zero:
        running.charge(adjustment.given["amount"])
    return ()


def _percent_discount(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    amount = running.amount
    left = amount - divide((running.base if running.additive else amount) * adjustment.given["percent"], HUNDRED)
    # A discount stops at nothing, from above and (of a credit) from below.
    running.amount = max(ZERO, left) if amount > ZERO else min(ZERO, left) if amount < ZERO else ZERO
    return ()


def _amount_discount(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    given = adjustment.given
    left = max(ZERO, given["amount"] - given.get("used", ZERO))
    if running.amount > ZERO:
        running.amount = max(ZERO, running.amount - _per(running, left, unitary))
    return ()


def _fixed_price(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    running.set(_per(running, adjustment.given["amount"], unitary))
    return ()


def _markup(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    of = running.base if running.additive else running.amount
    running.charge(divide(of * adjustment.given["percent"], HUNDRED))
    return ()


def _surcharge(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    if "percent" in adjustment.given:
        return _markup(running, adjustment, unitary)
    running.charge(_per(running, adjustment.given["amount"], unitary))
    return ()


def _limit(running: Running, adjustment: Adjustment, unitary: bool) -> Decimal:
    above = running.listed if adjustment.above_list else ZERO
    return above + _per(running, adjustment.given["amount"], unitary)


def _floor(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    limit = _limit(running, adjustment, unitary)
    running.amount = max(running.amount, limit)
    running.base = max(running.base, limit)
    return ()


def _cap(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    limit = _limit(running, adjustment, unitary)
    running.amount = min(running.amount, limit)
    if not running.late:
        running.base = min(running.base, limit)
    return ()


def _proration(running: Running, adjustment: Adjustment, unitary: bool) -> charges.Detail:
    numerator, denominator = adjustment.given["numerator"], adjustment.given["denominator"]
    running.amount = divide(running.amount * numerator, denominator)
    running.base = divide(running.base * numerator, denominator)
    running.listed = divide(running.listed * numerator, denominator)
    return ()


ADJUST: Mapping[str, Callable[[Running, Adjustment, bool], charges.Detail]] = {
    "per_unit": _per_unit,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "percentage": _percentage,
    "graduated_percentage": _graduated_percentage,
    "flat_fee": _flat_fee,
    "percent_discount": _percent_discount,
    "amount_discount": _amount_discount,
    "fixed_price": _fixed_price,
    "markup": _markup,
    "surcharge": _surcharge,
    "floor": _floor,
    "cap": _cap,
    "proration": _proration,
}
