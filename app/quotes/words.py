"""A quote's figures and terms in plain words, the same on the page and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.foundation.money import exponent

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_DURATION = {"M": "minutes", "H": "hours", "D": "days"}
_METRICS = {"first_response": "First answer", "resolution": "Repair"}


def money_text(amount: str, currency: str) -> str:
    """`18476.20` EUR → `€ 18,476.20`, with spaces that do not break."""
    sign = "−\u00a0" if amount.startswith("-") else ""
    whole, _, places = amount.lstrip("-").partition(".")
    places = places.ljust(exponent(currency), "0")
    return f"{sign}{_SIGNS.get(currency, currency)}\u00a0{int(whole or '0'):,}{'.' if places else ''}{places}"


def tier_text(row: Mapping[str, Any], currency: str) -> str:
    """A row of tiers: `9 at € 1.90, € 17.10`; a flat fee and a rate where there are some."""
    parts = [str(row["units"])] if row.get("units") else []
    if row.get("unit"):
        parts.append(f"at {money_text(str(row['unit']), currency)}")
    if row.get("rate"):
        parts.append(f"at {row['rate']} %")
    if str(row.get("flat", "0")).strip("0.") != "":
        parts.append(f"and {money_text(str(row['flat']), currency)} flat")
    said = " ".join(parts)
    return f"{said}: {money_text(str(row['amount']), currency)}" if "amount" in row else said


def count(number: Any, one: str) -> str:
    """`1 month`, `24 months`."""
    return f"{number} {one}" if str(number) == "1" else f"{number} {one}s"


def term_text(term: Mapping[str, Any], currency: str) -> str:
    """A term of a line: what a month costs, how long it runs, what leaving costs and when to say so."""
    parts = [f"{money_text(term['monthly'], currency)} a month."] if term.get("monthly") else []
    if int(term.get("months") or 0) > 1:
        parts.append(f"Runs {count(term['months'], 'month')}.")
    parts.append((term.get("leave") or {}).get("text", ""))
    return " ".join(part for part in parts if part)


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
    parts = [_level_text(level)] if level else []
    if credit.get("percent"):
        cap = f", up to {credit['cap_percent']} %" if credit.get("cap_percent") else ""
        parts.append(f"When missed, {credit['percent']} % is credited for each {credit.get('per', 'case')}{cap}.")
    return " ".join(parts)


def _level_text(level: Mapping[str, Any]) -> str:
    metric, target, percent = (str(level.get(name, "")) for name in ("metric", "target", "percent"))
    if metric == "availability":
        return f"Available {target} % of the time."
    name = _METRICS.get(metric, metric.replace("_", " ").capitalize())
    within = f" within {duration_text(target)}" if target.startswith("P") else (f": {target}" if target else "")
    kept = f", in {percent} % of cases" if percent not in ("", "100") else ""
    return f"{name}{within}{kept}."
