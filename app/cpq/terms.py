"""The terms of recurring lines: what a month and the whole term cost, what leaving costs, and the other terms beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from app.cpq.quote_assembly import Assembly, frame, priced
from app.cpq.quote_deal import Deal, change_of, named
from app.cpq.quote_figures import HUNDRED, ZERO, amount, in_currency, number, plain, ratio, rounded, text, times, whole
from app.cpq.quote_lines import lines_of
from app.cpq.quote_parts import MOST_MONTHS, Part, applies, term_of
from app.cpq.quote_types import LeaveAt, LeaveRule, LineTerm, QuoteLine, TermChoice
from app.foundation.money import exponent

AT_ONCE = 1_000
_NOT_COMPARED = ("optional", "selected", "bundle", "cost")
GRID = (1, 3, 6, 12, 24, 36, 48, 60)


@dataclass(frozen=True, slots=True)
class Stretch:
    """`value` is charged over `length` months from month `start`, evenly."""

    start: int
    length: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class Course:
    """A term and what is charged over it."""

    term: dict[str, Any]
    months: int
    stretches: tuple[Stretch, ...]

    def value(self, first: int, end: int) -> Decimal:
        """What is charged from month `first` up to month `end`; after what is known the last month's price goes on."""
        total = ZERO
        for stretch in self.stretches:
            overlap = min(end, stretch.start + stretch.length) - max(first, stretch.start)
            if overlap > 0:
                total += ratio(stretch.value, overlap, stretch.length)
        known = max(part.start + part.length for part in self.stretches)
        beyond = end - max(first, known)
        if beyond > 0:
            total += times(self.value(known - 1, known), Decimal(beyond))
        return total


def line_terms(deal: Deal, assembly: Assembly, result: dict[str, Any]) -> list[LineTerm]:
    """The terms of every line that is charged by the month or year for a term of its own, in the order of the quote."""
    lines = [line for line in deal.content["lines"] if _has_term(deal, line)]
    if not lines:
        return []
    others = _others(deal, lines)
    own = _stretches(assembly.trace, result)
    found = []
    for line in lines:
        term = term_of(deal, line, f"/lines/{deal.lines[line['id']]}")
        stretches = own.get(line["id"])
        if term is None or not stretches:
            continue
        course = _course(term, stretches)
        courses = [
            _course(deal.terms[name], others[f"{line['id']}~{name}"]) for name in _alternatives(deal, line, term)
        ]
        months = _grid([course, *courses])
        found.append(_line_term(deal, line, course, courses, months))
    return found


def _has_term(deal: Deal, line: QuoteLine) -> bool:
    charged = any(entry["charge"] != "one_time" for entry in deal.entries[line["sku"]])
    return charged and not line.get("ends_on") and change_of(line) in ("new", "renew")


def _alternatives(deal: Deal, line: QuoteLine, own: dict[str, Any]) -> list[str]:
    return [term["id"] for term in deal.terms.values() if term["id"] != own["id"] and applies(term, line["sku"])]


def _others(deal: Deal, lines: Sequence[QuoteLine]) -> dict[str, list[Stretch]]:
    """Each line priced with each other term it may have, a ramp as long as its own; percentages off the whole quote apply.

    They are priced `AT_ONCE` at most: the engine takes only so many lines.
    """
    asked = [found for line in lines for found in _asked(deal, line)]
    discounts = [
        {"id": given["id"], "kind": "percent", "value": given["value"], "reason": ""}
        for given in deal.content.get("discounts") or ()
        if given["kind"] == "percent"
    ]
    shared = {**frame(deal), "taxes": [], "floors": [], "header": discounts} if asked else {}
    found: dict[str, list[Stretch]] = {}
    for first in range(0, len(asked), AT_ONCE):
        some = asked[first : first + AT_ONCE]
        request = {**shared, "lines": [made for _, _, made, _ in some]}
        result = priced(deal, Assembly(request, [(line, part) for _, line, _, part in some]))
        for name, stretches in _stretches([(key, part) for key, _, _, part in some], result).items():
            found.setdefault(name, []).extend(stretches)
    return found


def _asked(deal: Deal, line: QuoteLine) -> list[tuple[str, str, dict[str, Any], Part]]:
    """A line with each other term: key, line id, price line and part."""
    index = deal.lines[line["id"]]
    own = term_of(deal, line, f"/lines/{index}")
    found = []
    for name in _alternatives(deal, line, own) if own else ():
        other = cast(QuoteLine, {**line, "term": name})
        for made, part in lines_of(deal, other, index, whole(own["months"], "", 1, MOST_MONTHS) if own else 0):
            if part.start is not None:
                kept = {key: value for key, value in made.items() if key not in _NOT_COMPARED}
                found.append((f"{line['id']}~{name}", line["id"], {**kept, "id": f"{name}~{made['id']}"}, part))
    return found


def _stretches(trace: Sequence[tuple[str, Part]], result: dict[str, Any]) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for (name, part), line in zip(trace, result["lines"], strict=True):
        if part.start is not None:
            value = times(Decimal(line["net"]), Decimal(part.periods or 1))
            found.setdefault(name, []).append(Stretch(part.start, part.length, value))
    return found


def _course(term: dict[str, Any], stretches: list[Stretch]) -> Course:
    return Course(term, whole(term["months"], "", 1, MOST_MONTHS), tuple(stretches))


def _grid(courses: Sequence[Course]) -> list[int]:
    """The months at which leaving is compared: 1, 3, 6 and whole years, and the end of each term."""
    ends = {course.months for course in courses}
    return sorted(ends | {month for month in GRID if month <= max(ends)})


def _line_term(deal: Deal, line: QuoteLine, course: Course, courses: list[Course], months: list[int]) -> LineTerm:
    year = course.value(0, 12) if course.months >= 12 else ratio(course.value(0, course.months), 12, course.months)
    choice = _choice(deal, course, months)
    return {
        "line": line["id"],
        "term": choice["term"],
        "name": choice["name"],
        "months": choice["months"],
        "notice_months": whole(course.term.get("notice_months") or 0, "", 0, 600),
        "monthly": choice["monthly"],
        "yearly": amount(year, deal.currency, deal.mode),
        "total": choice["total"],
        "leave": choice["leave"],
        "at": choice["at"],
        "compared": [_choice(deal, other, months) for other in courses],
    }


def _choice(deal: Deal, course: Course, months: list[int]) -> TermChoice:
    places = exponent(deal.currency)

    def shown(value: Decimal) -> str:
        return text(rounded(value, places, deal.mode))

    at: list[LeaveAt] = []
    for month in months:
        paid = rounded(course.value(0, month), places, deal.mode)
        leave = rounded(leave_price(deal, course, month), places, deal.mode)
        at.append({"month": month, "paid": text(paid), "leave": text(leave), "total": text(paid + leave)})
    return {
        "term": course.term["id"],
        "name": named(course.term),
        "months": course.months,
        "monthly": shown(course.value(0, 1)),
        "total": shown(course.value(0, course.months)),
        "leave": leave_rule(deal, course.term),
        "at": at,
    }


def leave_price(deal: Deal, course: Course, month: int) -> Decimal:
    """What leaving after `month` months costs: never more than what is left of the term, unless the amount is fixed."""
    rule = course.term.get("leave") or {"type": "none"}
    if month >= course.months or rule["type"] == "none":
        return ZERO
    if rule["type"] == "months":
        return course.value(month, min(course.months, month + whole(rule.get("count"), "", 0, 600)))
    if rule["type"] == "percent":
        return ratio(course.value(month, course.months), number(rule.get("percent"), ""), HUNDRED)
    return number(in_currency(rule.get("amount"), deal.currency, "/currency"), "")


def leave_rule(deal: Deal, term: dict[str, Any]) -> LeaveRule:
    """The rule of leaving, in words."""
    rule = term.get("leave") or {"type": "none"}
    notice = whole(term.get("notice_months") or 0, "", 0, 600)
    tail = f" Notice: {_months(notice)}." if notice else ""
    if rule["type"] == "none":
        return {"type": "none", "text": f"Leaving costs nothing.{tail}"}
    if rule["type"] == "months":
        count = whole(rule.get("count"), "", 0, 600)
        text = f"Leaving early costs the price of {_months(count)}, at most what is left.{tail}"
        return {"type": "months", "value": str(count), "text": text}
    if rule["type"] == "percent":
        percent = plain(number(rule.get("percent"), ""))
        return {"type": "percent", "value": percent, "text": f"Leaving early costs {percent} % of what is left.{tail}"}
    fixed = amount(number(in_currency(rule.get("amount"), deal.currency, "/currency"), ""), deal.currency)
    return {"type": "amount", "value": fixed, "text": f"Leaving early costs {fixed} {deal.currency}.{tail}"}


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"
