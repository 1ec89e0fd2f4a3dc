"""Taxes of lines: on top of the price, or included in it; rounded per line, per unit or per total."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.cpq.price.decimals import HUNDRED, ONE, ZERO, allocate, divide, rounded, settle
from app.cpq.price.lines import Priced
from app.cpq.price.model import Policy, Tax
from app.cpq.price.predicates import holds


class Taxed:
    """A line with its taxes. `rate` is the sum of the rates."""

    __slots__ = ("amounts", "gross", "included", "list_net", "net", "priced", "rate", "taxes")

    def __init__(self, priced: Priced, taxes: Sequence[Tax], policy: Policy) -> None:
        self.priced = priced
        self.taxes = taxes
        self.rate = sum((tax.rate for tax in taxes), ZERO)
        own = priced.line.tax_included
        self.included = policy.tax_included if own is None else own
        self.amounts: list[Decimal] = []
        self.net = self.gross = priced.price
        self.list_net = priced.listed


def tax_lines(lines: Sequence[Priced], taxes: Sequence[Tax], policy: Policy, places: int) -> list[Taxed]:
    """The taxes of every line: those of its class whose `when` holds, each on the same net amount."""
    by_class: dict[str, list[Tax]] = {}
    for tax in taxes:
        by_class.setdefault(tax.tax_class, []).append(tax)
    taxed = [_matching(priced, by_class, policy) for priced in lines]
    alone = [one for one in taxed if policy.tax_per != "total" or not one.priced.due]
    for one in alone:
        _tax_line(one, policy, places)
    if len(alone) < len(taxed):
        _tax_total([one for one in taxed if one.priced.due], policy, places)
    for one in taxed:
        if one.taxes:
            _finish(one, policy, places)
    return taxed


def _matching(priced: Priced, by_class: Mapping[str, Sequence[Tax]], policy: Policy) -> Taxed:
    taxes = by_class.get(priced.line.tax_class, ())
    return Taxed(priced, [tax for tax in taxes if tax.when is None or holds(tax.when, priced.facts)], policy)


def _without(amount: Decimal, rate: Decimal) -> Decimal:
    """What is left of an amount when the tax that it includes is taken out."""
    return divide(amount * HUNDRED, HUNDRED + rate)


def _tax_line(one: Taxed, policy: Policy, places: int) -> None:
    if not one.taxes:
        return
    price = one.priced.price
    per = one.priced.count if policy.tax_per == "unit" and one.priced.count else ONE
    unit = price if per == ONE else divide(price, per)
    mode = policy.mode
    if one.included:
        net = rounded(rounded(_without(unit, one.rate), places, mode) * per, places, mode)
        one.amounts = _split(price - net, one.taxes, places)
    else:
        one.amounts = [
            rounded(rounded(divide(unit * tax.rate, HUNDRED), places, mode) * per, places, mode) for tax in one.taxes
        ]


def _split(amount: Decimal, taxes: Sequence[Tax], places: int) -> list[Decimal]:
    """An included tax by its rates."""
    return [amount] if len(taxes) == 1 else allocate(amount, [tax.rate for tax in taxes], places)


def _tax_total(taxed: Sequence[Taxed], policy: Policy, places: int) -> None:
    """Each tax on the sum of what is due together, rounded once; lines get parts that sum to it."""
    groups: dict[object, list[tuple[Taxed, int]]] = {}
    for one in taxed:
        one.amounts = [ZERO] * len(one.taxes)
        for index, tax in enumerate(one.taxes):
            groups.setdefault((one.priced.bucket, tax.id), []).append((one, index))
    for group in groups.values():
        exact = []
        for one, index in group:
            base = _without(one.priced.price, one.rate) if one.included else one.priced.price
            exact.append(divide(base * one.taxes[index].rate, HUNDRED))
        for (one, index), amount in zip(group, settle(exact, places, policy.mode), strict=True):
            one.amounts[index] = amount


def _finish(one: Taxed, policy: Policy, places: int) -> None:
    tax = sum(one.amounts, ZERO)
    priced = one.priced
    if not one.included:
        one.gross = priced.price + tax
        return
    one.net = priced.price - tax
    one.list_net = rounded(_without(priced.listed, one.rate), places, policy.mode)
    names = ", ".join(tax.name or tax.id for tax in one.taxes)
    priced.row("tax-included", "tax", f"Included: {names}", one.net)
