"""Days and months without a time zone. A day is an ISO string outside and a day number inside.

Months are added to a day by moving the month and keeping the day; where the month is shorter, its last day is taken:
31 January + 1 month = 28 (29) February. Several months are always added at once from the same day, never one by one,
so that 31 January + 2 months = 31 March. The phone has the same rules in `pwa/src/cpq/quote/dates.ts`.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from app.cpq.quote_errors import QuoteError

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def day(text: object, pointer: str) -> int:
    """The number of an ISO day (days since a fixed day). QuoteError for what is no day of the years 1900 to 2999."""
    match = _ISO.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    if match is not None:
        year, month, number = (int(part) for part in match.groups())
        if 1900 <= year <= 2999 and 1 <= month <= 12 and 1 <= number <= monthrange(year, month)[1]:
            return date(year, month, number).toordinal()
    raise QuoteError(pointer, "write a day as 2026-12-31")


def iso(number: int) -> str:
    """The ISO day of a day number."""
    return date.fromordinal(number).isoformat()


def add_months(number: int, months: int) -> int:
    """The day `months` later (earlier when negative); the last day of the month where it is shorter."""
    start = date.fromordinal(number)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).toordinal()


def whole_months(first: int, end: int) -> int:
    """Whole months from the day `first` up to the day before `end`: the most that do not pass `end`."""
    start, stop = date.fromordinal(first), date.fromordinal(end)
    months = (stop.year - start.year) * 12 + stop.month - start.month
    return months if add_months(first, months) <= end else months - 1


@dataclass(frozen=True, slots=True)
class Partial:
    """Days `first` to `last` of a period that has `of` days; `days` of them are meant."""

    first: int
    last: int
    days: int
    of: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in periods: whole ones, and a part of one before or after them."""

    whole: int
    partial: Partial | None


def span_back(first: int, end: int, months: int) -> Span:
    """Periods of `months` counted back from `end` (the day after the last one): the part is the first period.

    10 March to the end of the year, monthly: 10 to 31 March are 22 of 31 days, then nine whole months.
    """
    whole = 0
    while add_months(end, -(whole + 1) * months) >= first:
        whole += 1
    boundary = add_months(end, -whole * months)
    if boundary == first:
        return Span(whole, None)
    before = add_months(end, -(whole + 1) * months)
    return Span(whole, Partial(first, boundary - 1, boundary - first, boundary - before))


def span_forward(first: int, end: int, months: int) -> Span:
    """Periods of `months` counted from `first`; the part is the last period."""
    whole = whole_months(first, end) // months
    boundary = add_months(first, whole * months)
    if boundary == end:
        return Span(whole, None)
    after = add_months(first, (whole + 1) * months)
    return Span(whole, Partial(boundary, end - 1, end - boundary, after - boundary))
