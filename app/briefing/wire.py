"""Facts and evidence as they are stored and sent: JSON values that render the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.briefing.signal import Evidence, Fact
from app.foundation.money import Money

MAX_TEXT = 200
MAX_DECIMALS = 3
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_STARS = re.compile(r"\*{2,}")


def wire_text(text: str, limit: int = MAX_TEXT) -> str:
    """One line of plain text.

    Blanks and invisible controls become one space, `**` cannot open a bold figure, and what is longer than `limit`
    characters is cut at a word and ends in `…`.
    """
    line = _STARS.sub("*", _BLANKS.sub(" ", text)).strip()
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    return (head[: head.rfind(" ")] if " " in head[limit // 2 :] else head).rstrip() + "…"


def wire_number(value: float | Decimal) -> int | float:
    """At most three decimals, no negative zero, whole numbers as integers."""
    if isinstance(value, int):
        return value
    rounded = round(float(value), MAX_DECIMALS)
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def wire_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with `Z`, whole seconds: evidence is never dated finer."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wire_fact(fact: Fact) -> Any:
    """A fact as JSON: `{"date": …}`, `{"instant": …}`, `{"money": [amount, currency]}`, or the value itself."""
    if isinstance(fact, bool):
        return fact
    if isinstance(fact, str):
        return wire_text(fact)
    if isinstance(fact, Money):
        return {"money": [fact.amount, fact.currency]}
    if isinstance(fact, datetime):
        return {"instant": wire_instant(fact)}
    if isinstance(fact, date):
        return {"date": fact.isoformat()}
    return wire_number(fact)


def wire_facts(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts by name, in alphabetical order."""
    return {name: wire_fact(facts[name]) for name in sorted(facts)}


def wire_evidence(evidence: Evidence) -> dict[str, str]:
    """A record that a line rests on; `url` only where there is one."""
    entry = {
        "type": evidence.type,
        "id": evidence.id,
        "source": wire_text(evidence.source, 60),
        "as_of": wire_instant(evidence.as_of),
        "label": wire_text(evidence.label, 80),
    }
    if evidence.url:
        entry["url"] = evidence.url
    return entry
