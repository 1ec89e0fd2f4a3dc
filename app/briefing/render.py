"""Text of a line, from its kind and its facts, by the Fluent catalogue that the phone reads too.

Fluent's own DATETIME and NUMBER options differ between implementations, so nothing here depends on them: dates and
money are put into words by the rules below, and numbers reach a message with at most three decimals already. The rules,
which `fixtures/vectors/briefing-text.json` holds both sides to:

- *today* is the calendar day of `now` in `time_zone`; an instant fact is first turned into its local day there.
- a day is `yesterday`, `today`, `tomorrow`; a `weekday` from 2 to 6 days away; a `day` and month within 183 days or
  the same year; else with its year.
- a distance of n days is counted in days up to 20, in weeks (n // 7) up to 83, in months (n // 30) up to 729,
  else in years (n // 365).
- money is the symbol of EUR, GBP and USD or the ISO code, a no-break space, and the amount grouped by commas;
  U+2212 before a negative.
- yes and no are the words "yes" and "no"; text and numbers are themselves; numbers are grouped by commas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from app.briefing.signal import Fact

CARD_ORDER = ("before", "people", "since", "usage", "service", "news", "promises", "quotes", "offer")
MESSAGES = Path(__file__).parent / "messages"
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"


class UnknownKindError(LookupError):
    """A kind that the catalogue has no message for."""


@dataclass(frozen=True, slots=True)
class KindSpec:
    """How a kind appears: its card, its sign (bad, warn, good, info) and its icon.

    `missing` kinds say that data is not there; `since` kinds are events that belong under *Since you last met*;
    `meeting` kinds date the last meeting.
    """

    card: str
    sign: str
    icon: str
    missing: bool = False
    since: bool = False
    meeting: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A claim and, where the catalogue has one, the sentence after it. Figures stand between `**`."""

    claim: str
    why: str | None


@cache
def kinds() -> Mapping[str, KindSpec]:
    """Every kind that a briefing can show."""
    entries = json.loads((MESSAGES / "kinds.json").read_text("utf-8"))
    return {kind: KindSpec(**entry) for kind, entry in entries.items()}


def message_id(kind: str) -> str:
    """The Fluent message of a kind: `ticket.overdue` → `ticket-overdue`."""
    return kind.replace(".", "-")


DAY_SUFFIXES = ("_on", "_span", "_in", "_when")


class _Variables(Visitor):
    """Collects the names of the variables in a message."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:
        self.names.add(node.id.name)


@cache
def _variables() -> Mapping[str, frozenset[str]]:
    """Variables of every message of the English catalogue, by kind."""
    found: dict[str, frozenset[str]] = {}
    for entry in FluentParser().parse((MESSAGES / "en.ftl").read_text("utf-8")).body:
        if isinstance(entry, ast.Message):
            collector = _Variables()
            collector.visit(entry)
            found[entry.id.name] = frozenset(collector.names)
    return {kind: found[message_id(kind)] for kind in kinds() if message_id(kind) in found}


def missing_facts(kind: str, facts: Mapping[str, Fact]) -> set[str]:
    """Variables that the message of a known kind needs and that the facts do not give."""
    given = set(facts)
    for name, fact in facts.items():
        if isinstance(fact, date):
            given.update(name + suffix for suffix in DAY_SUFFIXES)
        if isinstance(fact, datetime):
            given.add(f"{name}_time")
    return set(_variables()[kind] - given)


class Renderer:
    """Renders lines in one language. Raises UnknownKindError for a kind without a message."""

    def __init__(self, language: str = "en", locale: str = "en-GB") -> None:
        self._bundle = FluentBundle([locale], use_isolating=False)
        self._bundle.add_resource(FluentResource((MESSAGES / f"{language}.ftl").read_text("utf-8")))

    def line(self, kind: str, facts: Mapping[str, Any], now: datetime, time_zone: str) -> Text:
        """Text of a line whose facts are in their wire form, as read at `now` by somebody in `time_zone`."""
        identifier = message_id(kind)
        if not self._bundle.has_message(identifier):
            raise UnknownKindError(kind)
        message = self._bundle.get_message(identifier)
        arguments = self.arguments(facts, now, time_zone)
        why = message.attributes.get("why")
        return Text(
            self._format(kind, message.value, arguments), None if why is None else self._format(kind, why, arguments)
        )

    def arguments(self, facts: Mapping[str, Any], now: datetime, time_zone: str) -> dict[str, Any]:
        """Message variables for wire facts: the rules of this module."""
        zone = ZoneInfo(time_zone)
        today = now.astimezone(zone).date()
        arguments: dict[str, Any] = {}
        for name, fact in facts.items():
            if isinstance(fact, bool):
                arguments[name] = "yes" if fact else "no"
            elif not isinstance(fact, Mapping):
                arguments[name] = fact
            elif "money" in fact:
                arguments[name] = money_text(*fact["money"])
            elif "date" in fact:
                arguments |= self._day(name, date.fromisoformat(fact["date"]), today)
            else:
                local = datetime.fromisoformat(fact["instant"]).astimezone(zone)
                arguments |= self._day(name, local.date(), today)
                arguments[f"{name}_time"] = f"{local:%H:%M}"
        return arguments

    def _day(self, name: str, day: date, today: date) -> dict[str, Any]:
        days = (day - today).days
        n, unit = _span(abs(days))
        variables = {
            "form": _form(days, day.year == today.year),
            "when": "today" if days == 0 else "future" if days > 0 else "past",
            "weekday": day.isoweekday(),
            "day": str(day.day),
            "month": day.month,
            "year": str(day.year),
            "n": n,
            "unit": unit,
        }
        words = {"": "date-word", "_on": "date-on", "_span": "date-span", "_in": "date-in"}  # see DAY_SUFFIXES
        spoken = {
            name + suffix: self._format(identifier, self._bundle.get_message(identifier).value, variables)
            for suffix, identifier in words.items()
        }
        return {**spoken, f"{name}_when": variables["when"]}

    def _format(self, kind: str, pattern: Any, arguments: dict[str, Any]) -> str:
        text, errors = self._bundle.format_pattern(pattern, arguments)
        if errors:
            raise ValueError(f"{kind}: {errors[0]}")
        return str(text)


def _form(days: int, same_year: bool) -> str:
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    if days in near:
        return near[days]
    if abs(days) <= 6:
        return "weekday"
    return "day" if same_year or abs(days) <= 183 else "year"


def _span(days: int) -> tuple[int, str]:
    if days <= 20:
        return days, "day"
    if days <= 83:
        return days // 7, "week"
    if days <= 729:
        return days // 30, "month"
    return days // 365, "year"


def money_text(amount: str, currency: str) -> str:
    """`("1131.61", "EUR")` → `€ 1,131.61`; a currency without a common symbol keeps its ISO code."""
    digits = amount.removeprefix("-")
    whole, dot, fraction = digits.partition(".")
    sign = MINUS if amount.startswith("-") else ""
    return f"{sign}{SYMBOLS.get(currency, currency)}{NO_BREAK_SPACE}{int(whole):,}{dot}{fraction}"
