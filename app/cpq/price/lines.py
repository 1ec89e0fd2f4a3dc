"""Lines through the phases: subtotals and the waterfall of each, up to the price before header discounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.cpq.price.decimals import ZERO, TooLarge, plain, rounded, settle, text
from app.cpq.price.errors import PriceError, named
from app.cpq.price.model import PHASES, Fact, Line, Policy, PriceRequest, Step, WaterfallRow
from app.cpq.price.predicates import holds
from app.cpq.price.running import MissingUsage, Running

Bucket = tuple[str, str | None]


class Priced:
    """A line on its way to its result; amounts are rounded to the places that are shown."""

    __slots__ = (
        "base", "count", "exact", "facts", "included", "line", "listed", "place", "price", "rows", "shown", "subtotals",
    )  # fmt: skip

    def __init__(self, line: Line, place: int, zero: Decimal) -> None:
        self.line = line
        self.place = place
        self.included = True
        self.facts: Mapping[str, Fact] = {}
        self.rows: list[WaterfallRow] = []
        self.subtotals: dict[str, Decimal] = {}
        self.exact = self.base = self.price = self.shown = self.listed = zero
        self.count = ZERO

    @property
    def due(self) -> bool:
        """Whether it is in the totals of one period."""
        return self.included and not self.line.later

    @property
    def bucket(self) -> Bucket:
        """Lines of one bucket are due together."""
        line = self.line
        return (line.charge, None if line.charge == "one_time" else line.period or "month")

    def row(self, step: str, phase: str, label: str, running: Decimal, source: Mapping[str, Any] | None = None) -> None:
        """Add a row that takes the shown amount to `running`."""
        self.rows.append(WaterfallRow(step, phase, label, text(running - self.shown), text(running), None, source))
        self.shown = running


class Phases:
    """The request's own steps by phase, and what every line of it shares."""

    def __init__(self, request: PriceRequest, places: int) -> None:
        self.policy: Policy = request.policy
        self.places = places
        self.shared = {"currency": request.currency, "on": request.on, **request.facts}
        self.steps = _by_phase(request.steps)
        self.zero = rounded(ZERO, places, request.policy.mode)

    def price(self, line: Line, place: int) -> Priced:
        """A line through all phases; nothing is settled between lines yet."""
        priced = Priced(line, place, self.zero)
        running = Running(line, self.policy, self.places)
        priced.count = running.count
        own: dict[str, str | bool] = {
            "sku": line.sku, "charge": line.charge, "tax_class": line.tax_class, "quantity": plain(line.quantity),
            "units": plain(running.units),
        }  # fmt: skip
        if line.charge != "one_time":
            own["period"] = line.period or "month"
        priced.facts = {**own, **self.shared, **line.facts}
        steps = _by_phase(line.steps)
        for phase in PHASES:
            for step in (*steps.get(phase, ()), *self.steps.get(phase, ())):
                if step.when is None or holds(step.when, priced.facts):
                    self._apply(priced, running, step)
            if phase == "list":
                running.listed = running.amount
                priced.listed = priced.shown
            priced.subtotals[phase] = priced.shown
        priced.exact = running.amount
        priced.base = rounded(running.base, self.places, self.policy.mode)
        return priced

    def _apply(self, priced: Priced, running: Running, step: Step) -> None:
        try:
            detail = running.apply(step)
            now = rounded(running.amount, self.places, self.policy.mode)
        except TooLarge:
            raise PriceError(
                f"/lines/{priced.place}", f"step {named(step.id)} makes an amount of 10^15 or more"
            ) from None
        except MissingUsage as missing:
            raise PriceError(f"/lines/{priced.place}/usage", f"step {named(step.id)}: {missing}") from None
        priced.rows.append(
            WaterfallRow(
                step.id, step.phase, step.reason, text(now - priced.shown), text(now), detail or None, step.source
            )
        )
        priced.shown = now


def _by_phase(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.phase, []).append(step)
    return found


def price_lines(request: PriceRequest, places: int) -> list[Priced]:
    """Every line through its phases, and what is in the totals."""
    phases = Phases(request, places)
    lines = [phases.price(line, place) for place, line in enumerate(request.lines)]
    included: dict[str, bool] = {}
    for priced in lines:
        line = priced.line
        above = all(included[other] for other in (line.bundle, line.parent) if other is not None)
        priced.included = included[line.id] = above and (line.selected or not line.optional)
    _settle(lines, request.policy, places)
    return lines


def _settle(lines: Sequence[Priced], policy: Policy, places: int) -> None:
    """The price of every line in the places that are shown; with rounding of the total, in agreement with it."""
    groups: dict[object, list[Priced]] = {}
    for priced in lines:
        alone = policy.point != "total" or not priced.due
        groups.setdefault(priced.place if alone else priced.bucket, []).append(priced)
    for group in groups.values():
        if len(group) == 1:
            group[0].price = group[0].shown
            continue
        prices = settle([priced.exact for priced in group], places, policy.mode)
        for priced, price in zip(group, prices, strict=True):
            if price != priced.shown:
                priced.base += price - priced.shown
                priced.row("rounding", "rounding", "Rounding of the total", price)
            priced.price = price
