"""From the document of a quote to what its pages say: rows, sums and sentences. Pure; layout is the template's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.quotes.words import count, money_text, term_text

Json = dict[str, Any]

MOST_LEAVINGS = 6
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
# A word longer than a line gets places to break, or it would run over the edge of the page.
_LONG = re.compile(r"\S{25}(?=\S)")
_RAMP = re.compile(r"\.m(\d+)")
_PERIODS = {"month": "Monthly", "year": "Yearly"}
_USE = {"month": "Monthly by use, as expected", "year": "Yearly by use, as expected"}


def laid_out(document: Mapping[str, Any]) -> Json:
    """The document with everything worded that the template sets, its text free of what paper cannot show."""
    made: Json = {**document, **{name: document.get(name) for name in ("acceptance",)}}
    currency = document["currency"]
    made["lines"] = [_line(line, document["lines"], currency) for line in document["lines"]]
    made["document_title"] = f"Quote {document['number']}, version {document['version']}: {document['title']}"
    made["sums"] = list(_sums(document["totals"]))
    made["sum_rows"] = list(_sum_rows(document))
    made["terms"] = [_term(line, currency) for line in document["lines"] if line.get("term") and line["selected"]]
    made["clauses"] = [_clause(clause) for clause in document["clauses"]]
    if document.get("acceptance"):
        at = datetime.fromisoformat(document["acceptance"]["accepted_at"])
        made["acceptance"] = {**document["acceptance"], "at_text": f"{at:%Y-%m-%d %H:%M} UTC"}
    legible: Json = _legible(made)
    return legible


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return _LONG.sub("\\g<0>\u200b", _CONTROLS.sub("", value))
    if isinstance(value, Mapping):
        return {name: one if name == "hash" else _legible(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_legible(one) for one in value]
    return value


def _line(line: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], currency: str) -> Json:
    grows = any(begins_in(part) > 1 for part in line["parts"])
    facts = [line["sku"], *([] if grows else [f"quantity {line['quantity']}"])]
    facts.extend(f"part of {one['name']}" for one in lines if one["id"] == line.get("bundle"))
    free = all(Decimal(part["net"]) == 0 for part in line["parts"])
    if free and any(one.get("bundle") == line["id"] for one in lines):
        facts.append("each piece of it below, at its price")
        line = {**line, "parts": []}
    if line["term"]:
        facts.append(line["term"]["name"])
    if line["optional"]:
        facts.append("optional, in the sum" if line["selected"] else "optional, not in the sum")
    parts = [_part(part, line, currency, alone=len(line["parts"]) == 1) for part in line["parts"]]
    return {**line, "facts": facts, "parts": parts}


def _part(part: Mapping[str, Any], line: Mapping[str, Any], currency: str, *, alone: bool) -> Json:
    steps = part.get("waterfall", ())
    facts = []
    quantity = str(part.get("quantity", line["quantity"]))
    if part.get("unit_net") and quantity not in ("1", "0") and part.get("charge", "one_time") == "one_time":
        facts.append(f"{quantity} at {money_text(part['unit_net'], currency)}")
    if any(begins_in(one) > 1 for one in line["parts"]) and part.get("charge") == "recurring":
        facts.append(f"{quantity} from month {begins_in(part)}" if begins_in(part) > 1 else f"{quantity} to begin with")
    return {
        "name": "" if alone else part.get("name", ""),
        "facts": facts,
        "due": due(part),
        "net": part["net"],
        "waterfall": [_step(step, place) for place, step in enumerate(steps)],
    }


def begins_in(part: Mapping[str, Any]) -> int:
    """The month in which a part of a ramp begins; 1 of everything else."""
    found = _RAMP.search(str(part.get("id", "")))
    return int(found[1]) + 1 if found else 1


def due(part: Mapping[str, Any]) -> str:
    """When a price line is due: `a month, for 24 months`; empty when it is due once. Its amounts are of one period."""
    charge, period = part.get("charge"), part.get("period", "month")
    if charge not in ("recurring", "usage"):
        return ""
    periods = str(part.get("periods", ""))
    length = f", for {periods} {period}s" if periods not in ("", "1") else ""
    return f"a {period}{length}" if charge == "recurring" else f"a {period}, by use as expected"


def _step(step: Mapping[str, Any], place: int) -> Json:
    return {
        "label": step["label"],
        "why": why(step),
        "rows": step["tiers"],
        "amount": step["amount"],
        "running": step["running"],
        "first": place == 0,
    }


def why(step: Mapping[str, Any]) -> str:
    """Why a step is there, or the price book that it comes from; not what its label says already."""
    source: Mapping[str, Any] = step.get("source") or {}
    said = step.get("reason") or (source.get("name") if source.get("type") == "price_book" else "") or ""
    return "" if said == step["label"] else str(said)


def _sums(totals: Mapping[str, Any]) -> Iterator[Json]:
    """What is due once, what is due again and again, and what use is expected to cost; never an empty list."""
    found = [{"name": "Once", **totals["one_time"]}] if _has(totals.get("one_time")) else []
    for kind, names in (("recurring", _PERIODS), ("usage", _USE)):
        used = (totals.get(kind) or {}).items()
        found.extend({"name": names.get(period, f"A {period}"), **sums} for period, sums in used if _has(sums))
    yield from found or [{"name": "In all", **{name: totals.get(name, "0") for name in ("net", "tax", "gross")}}]


def _has(sums: Any) -> bool:
    return isinstance(sums, Mapping) and "net" in sums and Decimal(sums["net"]) != 0


def _sum_rows(document: Mapping[str, Any]) -> Iterator[Json]:
    """What stands below the sums: discounts on the whole, the taxes in them, and what the terms come to."""
    totals, currency = document["totals"], document["currency"]
    for step in document["header"]:
        parts = ", ".join(money_text(part["amount"], currency) for part in step.get("parts", ()))
        yield {
            "name": step["label"],
            "why": f"Shared among the lines: {parts}" if parts else "",
            "amount": step["amount"],
        }
    for tax in document["taxes"]:
        why = f"On {money_text(tax['base'], currency)}, in the sums above"
        yield {"name": tax["name"], "why": why, "amount": tax["amount"]}
    if totals.get("tcv") and totals["tcv"] != totals.get("net"):
        why = "What is due once, and what is due again over the terms agreed"
        yield {"name": "Over the whole term, without tax", "why": why, "amount": totals["tcv"]}


def _term(line: Mapping[str, Any], currency: str) -> Json:
    term = line["term"]
    return {
        "title": term.get("name") or term.get("term", ""),
        "line": line["name"],
        "text": term_text(term, currency),
        "at": [
            {
                "after": count(at["month"], "month"),
                "paid": money_text(at["paid"], currency),
                "leave": money_text(at["leave"], currency),
            }
            for at in _leavings(term)
        ],
        "compared": [
            {
                "name": other.get("name") or other.get("term", ""),
                "monthly": money_text(other["monthly"], currency),
                "total": money_text(other["total"], currency) if other.get("total") else "",
                "leave": other["leave"]["text"],
            }
            for other in term.get("compared", ())
            if other["term"] != term.get("term")
        ],
    }


def _leavings(term: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """When leaving is worth a row: within the term, where it costs anything."""
    if (term.get("leave") or {}).get("type", "none") == "none":
        return []
    within = [at for at in term.get("at", ()) if at["month"] <= int(term.get("months") or 0)]
    return within[:MOST_LEAVINGS]


def _clause(clause: Mapping[str, Any]) -> Json:
    return {
        "title": clause.get("title") or clause["id"],
        "text": clause.get("text") or "",
        "price": clause.get("amount"),
        "promise": clause["promise"],
    }
