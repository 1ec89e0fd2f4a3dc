"""Discounts on the whole, allocated to lines so that the parts always sum."""

from collections.abc import Sequence
from decimal import Decimal

from app.cpq.price.decimals import HUNDRED, ZERO, allocate, divide, rounded, text
from app.cpq.price.errors import PriceError, named
from app.cpq.price.lines import Priced
from app.cpq.price.model import Header, HeaderPart, HeaderResult


def apply_header(entry: Header, place: int, lines: Sequence[Priced], places: int, mode: str) -> HeaderResult:
    """Take a header discount from the lines that it is about, in the order of the lines."""
    about = [priced for priced in lines if _is_about(entry, priced)]
    amount = _amount(entry, about, places, mode)
    if entry.weights is None:
        weights = [max(ZERO, priced.price) for priced in about]
    else:
        weights = [entry.weights.get(priced.line.id, ZERO) for priced in about]
    parts = allocate(amount, weights, places)
    for priced, part in zip(about, parts, strict=True):
        price = priced.price + part
        if part < ZERO and price < ZERO:
            raise PriceError(f"/header/{place}/weights", f"line {named(priced.line.id)} would be below zero")
        priced.price = price
        priced.row(entry.id, "header", entry.reason, price, entry.source)
    shown = tuple(HeaderPart(priced.line.id, text(part)) for priced, part in zip(about, parts, strict=True))
    return HeaderResult(entry.id, entry.reason, text(amount if about else rounded(ZERO, places, mode)), shown)


def _is_about(entry: Header, priced: Priced) -> bool:
    return (
        (priced.included if entry.kind == "percent" else priced.due)
        and (entry.charge is None or entry.charge == priced.line.charge)
        and (entry.lines is None or priced.line.id in entry.lines)
    )


def _amount(entry: Header, about: Sequence[Priced], places: int, mode: str) -> Decimal:
    """What is added to the whole: below zero for a discount, which never takes more than there is."""
    whole = sum((priced.price for priced in about), ZERO)
    positive = sum((priced.price for priced in about if priced.price > ZERO), ZERO)
    if entry.kind == "percent":
        amount = -rounded(divide(positive * entry.value, HUNDRED), places, mode)
    elif entry.kind == "amount":
        amount = -rounded(entry.value, places, mode)
    else:
        amount = rounded(entry.value, places, mode) - whole
    return rounded(max(amount, -positive), places, mode)
