"""The whole price request of a quote, and which price line stands for what."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.cpq.price import PriceError, price_json
from app.cpq.quote_deal import Deal, change_of, named, valid
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import ZERO, number, plain
from app.cpq.quote_lines import lines_of, taken
from app.cpq.quote_parts import Part
from app.cpq.quote_steps import shared_steps

_IN_LINE = re.compile(r"/lines/(\d+)(?:/(quantity|usage)|/steps/(\d+))?")
_HEADER = re.compile(r"/header/(\d+)(/(?:kind|value))?")
_STEP = re.compile(r"/steps/(\d+)")
_HEADER_KINDS = ("percent", "amount", "fixed_total")


@dataclass(frozen=True)
class Assembly:
    """A price request with its trace: for each price line the quote line's id and the part."""

    request: dict[str, Any]
    trace: list[tuple[str, Part]]


def assembled(deal: Deal) -> Assembly:
    """The request of a quote, line by line in the order of the quote."""
    lines: list[dict[str, Any]] = []
    trace: list[tuple[str, Part]] = []
    for index, line in enumerate(deal.content["lines"]):
        for priced, part in lines_of(deal, line, index):
            lines.append(priced)
            trace.append((line["id"], part))
    _check_given_up(deal)
    request = {
        **frame(deal),
        "taxes": _taxes(deal),
        "floors": _floors(deal),
        "header": _header(deal, lines),
        "lines": lines,
    }
    return Assembly(request, trace)


def _check_given_up(deal: Deal) -> None:
    """What the lines of a quote give up of one subscription is never more than what is running."""
    given: dict[str, Decimal] = {}
    for index, line in enumerate(deal.content["lines"]):
        if change_of(line) not in ("reduce", "end") or not taken(deal, line):
            continue
        name = line["amends"]["subscription_id"]
        given[name] = given.get(name, ZERO) + number(line["quantity"], "")
        running = number(deal.subscriptions[name]["quantity"], "")
        if given[name] > running:
            words = f"only {plain(running)} are running, and other lines of the quote give up some of them"
            raise QuoteError(f"/lines/{index}/quantity", words)


def frame(deal: Deal) -> dict[str, Any]:
    """What every request about this deal has: currency, day, policy, facts and shared steps."""
    content = deal.content
    facts = {
        **deal.context["facts"],
        "currency": content["currency"],
        "region": content["region"],
        "on": content["on"],
        "role": deal.context["role"],
    }
    return {
        "currency": content["currency"],
        "on": content["on"],
        "policy": deal.catalogue.get("policy") or {},
        "facts": facts,
        "steps": shared_steps(deal),
    }


def _taxes(deal: Deal) -> list[dict[str, Any]]:
    """The taxes of the customer's region on the day."""
    return [
        {"id": tax["id"], "name": named(tax), "class": tax.get("class") or "standard", "rate": tax["rate"]}
        for tax in deal.catalogue.get("taxes") or ()
        if tax["region"] == deal.content["region"] and valid(tax, deal.on)
    ]


def _floors(deal: Deal) -> list[dict[str, Any]]:
    names = ("id", "families", "skus", "min_margin_percent", "reason")
    return [
        {name: floor[name] for name in names if floor.get(name) is not None}
        for floor in deal.catalogue.get("floors") or ()
    ]


def _header(deal: Deal, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Discounts on the whole; an amount is off what the first period costs, a percentage off every part of a ramp."""
    first = [line["id"] for line in lines if not line.get("later")]
    found = []
    for index, given in enumerate(deal.content.get("discounts") or ()):
        if given["kind"] not in _HEADER_KINDS:
            raise QuoteError(f"/discounts/{index}/kind", f"is one of {', '.join(_HEADER_KINDS)}")
        reason = given.get("reason") or "Discount on the whole quote"
        source = {"type": "discount", "id": given["id"], "name": reason}
        made = {"id": given["id"], "kind": given["kind"], "value": given["value"], "reason": reason, "source": source}
        if given["kind"] != "percent" and len(first) < len(lines):
            made["lines"] = first
        found.append(made)
    return found


def priced(deal: Deal, assembly: Assembly) -> dict[str, Any]:
    """The engine's answer; what it refuses is told at its place in the quote."""
    try:
        return price_json(assembly.request)
    except PriceError as error:
        shared = _STEP.match(error.pointer)
        words = (
            f'step "{assembly.request["steps"][int(shared[1])]["reason"]}": {error.detail}' if shared else error.detail
        )
        raise QuoteError(_place(deal, assembly, error.pointer), words) from error


def _place(deal: Deal, assembly: Assembly, pointer: str) -> str:
    header = _HEADER.match(pointer)
    if header:
        return f"/discounts/{header[1]}{header[2] or ''}"
    found = _IN_LINE.match(pointer)
    if found is None:
        return pointer if pointer in ("/currency", "/on") else ""
    place = f"/lines/{deal.lines[assembly.trace[int(found[1])][0]]}"
    if found[2]:
        return f"{place}/{found[2]}"
    if found[3] is None:
        return place
    steps = assembly.request["lines"][int(found[1])]["steps"]
    name = steps[int(found[3])]["id"] if int(found[3]) < len(steps) else ""
    return f"{place}/{name}" if name in ("discount", "ramp") else place
