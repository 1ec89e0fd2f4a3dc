"""`price`: lines through the phases, header discounts, taxes, totals, floors."""

import decimal
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

from app.cpq.price.decimals import CONTEXT, HUNDRED, ZERO, TooLarge, divide, plain, rounded, text
from app.cpq.price.errors import PriceError, named
from app.cpq.price.header import apply_header
from app.cpq.price.lines import price_lines
from app.cpq.price.model import (
    Floor,
    FloorViolation,
    Policy,
    PricedLine,
    PriceRequest,
    PriceResult,
    Sum,
    TaxAmount,
    Totals,
)
from app.cpq.price.predicates import holds
from app.cpq.price.reading import checked
from app.cpq.price.taxing import Taxed, tax_lines
from app.foundation.money import MoneyError, exponent

PERCENT_PLACES = 6
MARGIN_PLACES = 2
# Unit prices have so many places more than amounts, when the policy does not say.
UNIT_PLACES = 4
PERIODS_A_YEAR = {"month": Decimal(12), "year": Decimal(1)}


def price(request: PriceRequest) -> PriceResult:
    """Price a request. PriceError names the place of what cannot be priced."""
    with localcontext(CONTEXT):
        try:
            return _Pricing(checked(request)).result()
        except TooLarge:
            raise PriceError("/lines", "an amount is 10^15 or more") from None
        except decimal.InvalidOperation as fault:
            raise PriceError("/lines", f"a figure has more than {CONTEXT.prec} digits") from fault


class _Pricing:
    def __init__(self, request: PriceRequest) -> None:
        self.request = request
        policy = request.policy
        try:
            own = exponent(request.currency)
        except MoneyError as unknown:
            raise PriceError(
                "/currency", f"{named(request.currency)} is not an ISO 4217 currency code in use"
            ) from unknown
        self.places = own if policy.places is None else policy.places
        self.unit_places = min(12, self.places + UNIT_PLACES) if policy.unit_places is None else policy.unit_places
        self.mode = policy.mode
        self.policy: Policy = policy
        self.zero = rounded(ZERO, self.places, self.mode)

    def result(self) -> PriceResult:
        request = self.request
        priced = price_lines(request, self.places)
        header = [apply_header(entry, n, priced, self.places, self.mode) for n, entry in enumerate(request.header)]
        taxed = tax_lines(priced, request.taxes, self.policy, self.places)
        bundles = self._bundles(taxed)
        lines = tuple([self._line(one, bundles.get(one.priced.line.id)) for one in taxed])
        included = [one for one in taxed if one.priced.included]
        now = [one for one in included if one.priced.due]
        return PriceResult(
            request.currency, lines, tuple(header), self._taxes(now), self._totals(now, included), self._floors(taxed)
        )

    # --- lines -----------------------------------------------------------------------------------------------------

    def _line(self, one: Taxed, bundle: Sum | None) -> PricedLine:
        priced, line = one.priced, one.priced.line
        subtotals = priced.subtotals
        net = text(one.net)
        taxes = tuple(
            [
                TaxAmount(tax.id, tax.name, plain(tax.rate), net, text(amount))
                for tax, amount in zip(one.taxes, one.amounts, strict=True)
            ]
        )
        cost = self._cost(one)
        return PricedLine(
            line.id,
            priced.included,
            text(priced.listed),
            text(subtotals["proration"]),
            text(subtotals["additional"]),
            text(subtotals["partner"]),
            net,
            text(one.gross - one.net),
            text(one.gross),
            text(one.list_net),
            text(priced.base - priced.price),
            self._percent(priced.base - priced.price, priced.base, PERCENT_PLACES),
            self._unit(priced.listed, priced.count),
            self._unit(one.net, priced.count),
            tuple(priced.rows),
            taxes,
            None if cost is None else text(cost),
            None if cost is None or one.net <= ZERO else self._margin(one.net, cost),
            bundle,
        )

    def _unit(self, amount: Decimal, count: Decimal) -> str:
        if not count:
            return plain(ZERO, min(self.places, self.unit_places))
        return plain(rounded(divide(amount, count), self.unit_places, self.mode), min(self.places, self.unit_places))

    def _percent(self, part: Decimal, whole: Decimal, places: int) -> str:
        """How much `part` is of `whole`, in percent; zero of nothing."""
        return plain(rounded(divide(part * HUNDRED, whole), places, "half_up")) if whole > ZERO else "0"

    def _margin(self, net: Decimal, cost: Decimal) -> str:
        return text(rounded(divide((net - cost) * HUNDRED, net), MARGIN_PLACES, "half_up"))

    def _cost(self, one: Taxed) -> Decimal | None:
        line = one.priced.line
        return None if line.cost is None else rounded(line.cost * one.priced.count, self.places, self.mode)

    def _bundles(self, taxed: Sequence[Taxed]) -> dict[str, Sum]:
        """For each line that others are bundled with: the sum of it and of all below it that is included."""
        below: dict[str, list[Taxed]] = {}
        for one in reversed(taxed):
            whole = one.priced.line.bundle
            if whole is not None:
                below.setdefault(whole, []).extend([one, *below.get(one.priced.line.id, ())])
        heads = {one.priced.line.id: one for one in taxed if one.priced.line.id in below}
        return {
            name: self._sum([heads[name], *(one for one in parts if one.priced.due)]) for name, parts in below.items()
        }

    # --- the whole -------------------------------------------------------------------------------------------------

    def _sum(self, taxed: Iterable[Taxed]) -> Sum:
        net = gross = self.zero
        for one in taxed:
            net += one.net
            gross += one.gross
        return Sum(*(self._shown(amount) for amount in (net, gross - net, gross)))

    def _shown(self, amount: Decimal) -> str:
        return text(rounded(amount, self.places, self.mode))

    def _taxes(self, included: Sequence[Taxed]) -> tuple[TaxAmount, ...]:
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for one in included:
            for tax, amount in zip(one.taxes, one.amounts, strict=True):
                base, sofar = found.get(tax.id, (self.zero, self.zero))
                found[tax.id] = (base + one.net, sofar + amount)
        return tuple(
            TaxAmount(tax.id, tax.name, plain(tax.rate), *(self._shown(amount) for amount in found[tax.id]))
            for tax in self.request.taxes
            if tax.id in found
        )

    def _totals(self, included: Sequence[Taxed], ever: Sequence[Taxed]) -> Totals:
        by_period: dict[str, dict[str, Sum]] = {"recurring": {}, "usage": {}}
        for charge, sums in by_period.items():
            for period in PERIODS_A_YEAR:
                lines = [one for one in included if one.priced.bucket == (charge, period)]
                if lines:
                    sums[period] = self._sum(lines)
        whole = self._sum(included)
        listed, list_net, base, final = self.zero, self.zero, self.zero, self.zero
        for one in included:
            listed += one.priced.listed
            list_net += one.list_net
            base += one.priced.base
            final += one.priced.price
        cost, margin = self._total_cost(included)
        return Totals(
            self._sum(one for one in included if one.priced.line.charge == "one_time"),
            by_period["recurring"],
            by_period["usage"],
            whole.net,
            whole.tax,
            whole.gross,
            self._shown(listed),
            self._shown(list_net),
            self._shown(base - final),
            self._percent(base - final, base, PERCENT_PLACES),
            *self._contract_values(ever),
            cost,
            margin,
        )

    def _contract_values(self, included: Sequence[Taxed]) -> tuple[str, str, str]:
        """Total contract value, annual contract value, monthly recurring revenue; without tax."""
        total = annual = monthly = self.zero
        for one in included:
            charge, period = one.priced.bucket
            if period is None:
                total += one.net
                continue
            periods = one.priced.line.periods
            total += one.net if periods is None else one.net * periods
            if one.priced.line.later:
                continue
            yearly = one.net * PERIODS_A_YEAR[period]
            annual += yearly
            if charge == "recurring":
                monthly += yearly
        return self._shown(total), self._shown(annual), self._shown(divide(monthly, PERIODS_A_YEAR["month"]))

    def _total_cost(self, included: Sequence[Taxed]) -> tuple[str | None, str | None]:
        """The cost and margin of the whole, when the cost of every line is known."""
        costs = [self._cost(one) for one in included]
        known = [cost for cost in costs if cost is not None]
        if not costs or len(known) < len(costs):
            return None, None
        cost = sum(known, self.zero)
        net = sum((one.net for one in included), self.zero)
        return self._shown(cost), self._margin(net, cost) if net > ZERO else None

    def _floors(self, taxed: Sequence[Taxed]) -> tuple[FloorViolation, ...]:
        found: list[FloorViolation] = []
        for floor in self.request.floors:
            for one in taxed:
                cost = self._cost(one)
                if cost is None or not _is_about(floor, one):
                    continue
                if (one.net - cost) * HUNDRED < floor.min_margin_percent * one.net:
                    margin = self._margin(one.net, cost) if one.net > ZERO else None
                    least = plain(floor.min_margin_percent)
                    found.append(FloorViolation(floor.id, one.priced.line.id, floor.reason, least, margin))
        return tuple(found)


def _is_about(floor: Floor, one: Taxed) -> bool:
    priced = one.priced
    return (
        (floor.skus is None or priced.line.sku in floor.skus)
        and (floor.families is None or priced.facts.get("family") in floor.families)
        and (floor.when is None or holds(floor.when, priced.facts))
    )
