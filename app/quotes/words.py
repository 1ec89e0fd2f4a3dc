"""A quote's figures and terms in plain words, the same on the page and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_DURATION = {"M": "minutes", "H": "hours", "D": "days"}
_METRICS = {"first_response": "First answer", "resolution": "Repair", "availability": "Available"}


def money_text(amount: str, currency: str) -> str:
    """`18476.20` EUR → `€ 18,476.20`, with spaces that do not break."""
    sign = "−\u00a0" if amount.startswith("-") else ""
    whole, point, places = amount.lstrip("-").partition(".")
    return f"{sign}{_SIGNS.get(currency, currency)}\u00a0{int(whole or '0'):,}{point}{places}"


def count(number: Any, one: str) -> str:
    """`1 month`, `24 months`."""
    return f"{number} {one}" if str(number) == "1" else f"{number} {one}s"


def term_text(term: Mapping[str, Any], currency: str) -> str:
    """A term of a line: what a month costs, how long, what notice, what leaving costs."""
    parts = [f"{money_text(term['monthly'], currency)} a month."] if term.get("monthly") else []
    if int(term.get("months") or 0) > 1:
        parts.append(f"Runs {count(term['months'], 'month')}.")
    if term.get("notice_months"):
        parts.append(f"Notice: {count(term['notice_months'], 'month')}.")
    parts.append((term.get("leave") or {}).get("text", ""))
    return " ".join(part for part in parts if part)


def leave_text(at: Mapping[str, Any], currency: str) -> str:
    """What it comes to when a term is left at a month."""
    return (
        f"Left after {count(at['month'], 'month')}: {money_text(at['paid'], currency)} paid, "
        f"{money_text(at['leave'], currency)} to leave."
    )


def duration_text(iso: str) -> str:
    """`PT4H` → `4 hours`; what is not a plain ISO 8601 duration is left as it is."""
    body = iso.removeprefix("P").removeprefix("T")
    unit = _DURATION.get(body[-1:])
    if not iso.startswith("P") or unit is None or not body[:-1].isdigit() or (body[-1] == "M" and "T" not in iso):
        return iso
    return f"{body[:-1]} {unit if body[:-1] != '1' else unit[:-1]}"


def promise_text(clause: Mapping[str, Any]) -> str:
    """The service level of a clause and the credit that is due when it is missed."""
    level: Mapping[str, Any] = clause.get("service_level") or {}
    credit: Mapping[str, Any] = clause.get("credit") or {}
    parts = []
    if level:
        name = _METRICS.get(level.get("metric", ""), str(level.get("metric", "")).replace("_", " ").capitalize())
        target = str(level.get("target", ""))
        within = f" within {duration_text(target)}" if target.startswith("P") else (f" {target}" if target else "")
        kept = f", in {level['percent']} % of cases" if level.get("percent") else ""
        parts.append(f"{name}{within}{kept}.")
    if credit.get("percent"):
        cap = f", at most {credit['cap_percent']} %" if credit.get("cap_percent") else ""
        parts.append(f"When missed, {credit['percent']} % of the {credit.get('per', 'month')} comes back{cap}.")
    return " ".join(parts)
