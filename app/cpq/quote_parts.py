"""How long a charge runs: the parts of a line that are priced one by one.

A part is a stretch of whole periods at one price, or a piece of a period that is charged once. A ramp has a part for each
of its steps.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from app.cpq.quote_dates import Partial, Span, day, iso, span_back
from app.cpq.quote_deal import Deal, named
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import HUNDRED, ZERO, number, plain, whole
from app.cpq.quote_types import QuoteLine

MONTHS = {"month": 1, "year": 12}
MOST_MONTHS = 600
MOST_UNITS = Decimal(10**9)


@dataclass(frozen=True, slots=True)
class Part:
    """One priced stretch: `periods` whole periods (0: a piece of one period, `share` of it, charged once).

    `start` and `length` are in months from the beginning of the term and say where a part of a term lies; a part that
    is reckoned in days has none. A `later` part is not due in the first period.
    """

    suffix: str
    periods: int | None
    share: tuple[int, int] | None = None
    reason: str = ""
    start: int | None = None
    length: int = 0
    ramp: dict[str, Any] | None = None
    later: bool = False


def term_of(deal: Deal, line: QuoteLine, pointer: str) -> dict[str, Any] | None:
    """The line's term, or the first of the catalogue that is for its product; None when there is none."""
    if line.get("term") is None:
        return next((term for term in deal.terms.values() if applies(term, line["sku"])), None)
    term = deal.terms.get(line["term"])
    if term is None:
        raise QuoteError(f"{pointer}/term", f'the catalogue has no term "{line["term"]}"')
    if not applies(term, line["sku"]):
        raise QuoteError(f"{pointer}/term", f'term "{named(term)}" is not for {line["sku"]}')
    return term


def applies(item: Any, sku: str) -> bool:
    """Whether a term or clause is for a product: it names it, or names none."""
    return not item.get("applies_to") or sku in item["applies_to"]


def parts_of(
    line: QuoteLine,
    entry: dict[str, Any],
    term: dict[str, Any] | None,
    pointer: str,
    horizon: int,
    begins: int,
) -> list[Part]:
    """The parts of a new or renewed line's charge, in order of time; a ramp goes on to `horizon` when its term is shorter.

    A line that ends on a day begins on its own first day, or else on the day `begins`.
    """
    if entry["charge"] == "one_time":
        return [Part("", None)]
    months = MONTHS[entry.get("period") or "month"]
    if line.get("ends_on"):
        if line.get("ramp"):
            raise QuoteError(f"{pointer}/ramp", "a ramp needs a term of its own; leave out the day on which it ends")
        return by_days(_days(line, months, begins, pointer))
    length = months if term is None else whole(term["months"], "", 1, MOST_MONTHS)
    if not line.get("ramp"):
        return _by_months(0, length, months, "", None)
    return [part for step in _ramp(line, max(length, horizon), pointer) for part in _ramp_parts(step, months)]


def _days(line: QuoteLine, months: int, begins: int, pointer: str) -> Span:
    first = day(line["starts_on"], f"{pointer}/starts_on") if line.get("starts_on") else begins
    last = day(line["ends_on"], f"{pointer}/ends_on")
    if last < first:
        raise QuoteError(f"{pointer}/ends_on", f"the line would end before it starts on {iso(first)}")
    if last - first > 31 * MOST_MONTHS:
        raise QuoteError(f"{pointer}/ends_on", f"is more than {MOST_MONTHS} months after the start")
    return span_back(first, last + 1, months)


def by_days(span: Span, suffix: str = "", later: bool = False) -> list[Part]:
    """The piece of a period, then the whole periods (the other way round when `later`)."""
    parts = []
    if span.partial is not None:
        name = f"{suffix}.partial" if span.whole else suffix
        parts.append(
            Part(
                name,
                0,
                (span.partial.days, span.partial.of),
                days_in_words(span.partial),
                later=later and span.whole > 0,
            )
        )
    if span.whole:
        parts.insert(len(parts) if not later else 0, Part(suffix, span.whole))
    return parts


def days_in_words(partial: Partial) -> str:
    """`From 2026-03-10 to 2026-03-31: 22 of 31 days`."""
    return f"From {iso(partial.first)} to {iso(partial.last)}: {partial.days} of {partial.of} days"


def _by_months(start: int, length: int, months: int, suffix: str, ramp: dict[str, Any] | None) -> list[Part]:
    periods, rest = divmod(length, months)
    parts = []
    if periods:
        parts.append(Part(suffix, periods, None, "", start, periods * months, ramp, start > 0))
    if rest:
        name = f"{suffix}.partial" if periods else suffix
        words = f"{rest} of {months} months"
        first = start + periods * months
        parts.append(Part(name, 0, (rest, months), words, first, rest, ramp, first > 0))
    return parts


def _ramp(line: QuoteLine, length: int, pointer: str) -> list[tuple[dict[str, Any], int, int]]:
    """The steps of a ramp with first month and length; they begin at 0 and rise."""
    steps: list[Any] = list(line.get("ramp") or ())
    starts = [
        whole(step["from_month"], f"{pointer}/ramp/{i}/from_month", 0, length - 1) for i, step in enumerate(steps)
    ]
    if starts[0] != 0:
        raise QuoteError(f"{pointer}/ramp/0/from_month", "the first step of a ramp begins in month 0")
    for index, step in enumerate(steps):
        _check_step(step, f"{pointer}/ramp/{index}")
    for index, (before, after) in enumerate(pairwise(starts)):
        if after <= before:
            raise QuoteError(
                f"{pointer}/ramp/{index + 1}/from_month", "each step of a ramp begins after the one before"
            )
    ends = [*starts[1:], length]
    return [(step, start, end - start) for step, start, end in zip(steps, starts, ends, strict=True)]


def _check_step(step: dict[str, Any], pointer: str) -> None:
    for name, most in (("quantity", MOST_UNITS), ("discount_percent", HUNDRED)):
        if step.get(name) and number(step[name], f"{pointer}/{name}", ZERO) > most:
            raise QuoteError(f"{pointer}/{name}", f"must not be above {plain(most)}")


def _ramp_parts(step: tuple[dict[str, Any], int, int], months: int) -> list[Part]:
    ramp, start, length = step
    parts = _by_months(start, length, months, f".m{start}" if start else "", ramp)
    words = f"Months {start + 1} to {start + length}"
    return [replace(part, reason=f"{words}: {part.reason}" if part.reason else words) for part in parts]
