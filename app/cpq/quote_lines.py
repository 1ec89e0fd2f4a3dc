"""The lines of a price request: each charge of each quote line, part by part."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.cpq.quote_amend import Running, amended_parts, leaving_step, paid_for_renewal, paid_steps, running
from app.cpq.quote_deal import Deal, change_of, named
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import ZERO, number, plain, ratio, rounded, times
from app.cpq.quote_options import Chosen, chosen, option_steps, unit_cost
from app.cpq.quote_parts import MONTHS, Part, parts_of, term_of
from app.cpq.quote_steps import (
    FROM_PAID,
    Step,
    adjustment_of,
    clause_steps,
    clauses_of,
    discount_steps,
    renewal_steps,
    step,
    term_step,
)
from app.cpq.quote_types import QuoteLine

CHANGES = ("new", "add", "reduce", "renew", "end")
_WORDS = {"one_time": "List price", "month": "List price a month", "year": "List price a year"}


def lines_of(deal: Deal, line: QuoteLine, index: int, horizon: int = 0) -> list[tuple[dict[str, Any], Part]]:
    """The price lines of one quote line, with the part each stands for.

    The first has the quote line's id; another charge of the same product adds `.recurring`, `.usage` or `.one_time`, a
    later part of a ramp `.m12` (its first month), a piece of a period `.partial`, what follows the paid period
    of an amended subscription `.rest`, the price of leaving `.leaving`. A ramp runs on for `horizon` months where its term is shorter.
    """
    pointer = f"/lines/{index}"
    product = deal.products.get(line["sku"])
    if product is None:
        raise QuoteError(f"{pointer}/sku", f'the catalogue has no product "{line["sku"]}"')
    entries = deal.entries.get(line["sku"])
    if not entries:
        raise QuoteError(f"{pointer}/sku", f'price book "{named(deal.book)}" has no price of {line["sku"]}')
    number(line["quantity"], f"{pointer}/quantity", ZERO)
    values = chosen(product, line, pointer)
    change = _change(line, pointer)
    run = running(deal, line, pointer) if line.get("amends") else None
    if run is not None and change in FROM_PAID:
        return _amendment(deal, line, run, product, entries, values, pointer)
    begins = deal.on if run is None else run.change_on
    if line.get("ramp") and all(entry["charge"] == "one_time" for entry in entries):
        raise QuoteError(f"{pointer}/ramp", "a ramp is for what is charged by the month or year")
    found = []
    for place, entry in enumerate(entries):
        term = None if entry["charge"] == "one_time" else term_of(deal, line, pointer)
        suffix = f".{entry['charge']}" if place else ""
        for part in parts_of(line, entry, term, pointer, horizon, begins):
            priced = _priced(deal, line, product, entry, term, part, suffix, values)
            priced["steps"] = _steps(deal, line, entry, term, part, values, run, pointer)
            found.append((priced, part))
    return found


def taken(deal: Deal, line: QuoteLine) -> bool:
    """Whether a line counts: an optional one only when selected, a member of a bundle only with its bundle.

    QuoteError when `bundle` names no earlier line.
    """
    above = [line]
    while above[-1]["id"] not in deal.counted and above[-1].get("bundle") is not None:
        here = deal.lines[above[-1]["id"]]
        parent = deal.lines.get(above[-1]["bundle"])
        if parent is None or parent >= here:
            raise QuoteError(f"/lines/{here}/bundle", "names an earlier line of the quote")
        above.append(deal.content["lines"][parent])
    counts = deal.counted.get(above[-1]["id"], True)
    for one in reversed(above):
        counts = counts and (not one.get("optional") or bool(one.get("selected")))
        deal.counted[one["id"]] = counts
    return counts


def _change(line: QuoteLine, pointer: str) -> str:
    change = change_of(line)
    if change not in CHANGES:
        raise QuoteError(f"{pointer}/amends/change", f"is one of {', '.join(CHANGES[1:])}")
    return change


def _priced(
    deal: Deal,
    line: QuoteLine,
    product: dict[str, Any],
    entry: dict[str, Any],
    term: Any,
    part: Part,
    suffix: str,
    values: Chosen,
) -> dict[str, Any]:
    """A price line without its steps."""
    ramp = part.ramp or {}
    quantity = ramp.get("quantity") or line["quantity"]
    # A piece of a period is paid once.
    charge = entry["charge"] if part.periods else "one_time"
    made: dict[str, Any] = {
        "id": f"{line['id']}{suffix}{part.suffix}",
        "sku": line["sku"],
        "name": product["name"],
        "charge": charge,
        "quantity": quantity,
        "tax_class": product.get("tax_class") or "standard",
        "facts": _facts(deal, line, product, entry, term, quantity, values),
    }
    if part.later:
        made["later"] = True
    if part.periods:
        made["period"] = entry.get("period") or "month"
        made["periods"] = str(part.periods)
    if line.get("bundle") is not None:
        made["bundle"] = line["bundle"]
    if line.get("optional") or not taken(deal, line):
        made["optional"], made["selected"] = True, taken(deal, line)
    if entry["charge"] == "usage":
        made["usage"] = _usage(line, entry, quantity, part, f"/lines/{deal.lines[line['id']]}")
    cost = unit_cost(entry, values)
    if cost is not None:
        # The cost of usage is of each unit used: fewer are used in a piece of a period.
        cost = cost if entry["charge"] == "usage" else _shared(cost, part)
        made["cost"] = plain(rounded(cost, 12, "half_even"))
    return made


def _shared(value: Decimal, part: Part) -> Decimal:
    return ratio(value, *part.share) if part.share else value


def _facts(
    deal: Deal,
    line: QuoteLine,
    product: dict[str, Any],
    entry: dict[str, Any],
    term: Any,
    quantity: str,
    values: Chosen,
) -> dict[str, str]:
    """What `when` may ask of a line."""
    facts = {"sku": line["sku"], "charge": entry["charge"], "quantity": quantity}
    facts["change"] = change_of(line)
    for name in ("family", "kind"):
        if product.get(name):
            facts[name] = product[name]
    if term is not None:
        facts["term"], facts["term_months"] = term["id"], str(term["months"])
    if line.get("bundle") in deal.lines:
        facts["bundle"] = deal.content["lines"][deal.lines[line["bundle"]]]["sku"]
    for feature, value in values:
        facts[f"feature.{feature['id']}"] = value
    return facts


def _usage(line: QuoteLine, entry: dict[str, Any], quantity: str, part: Part, pointer: str) -> dict[str, str]:
    """The line's stated usage for one period, or else the expected usage of each unit; the share of a partial period."""
    given = line.get("usage") or {}
    if given.get("amount") is not None:
        turnover = number(given["amount"], f"{pointer}/usage/amount", ZERO)
        return {"amount": plain(rounded(_shared(turnover, part), 12, "half_even"))}
    stated = given.get("quantity")
    used = _expected(entry, quantity) if stated is None else number(stated, f"{pointer}/usage/quantity", ZERO)
    return {"quantity": plain(rounded(_shared(used, part), 12, "half_even"))}


def _expected(entry: dict[str, Any], quantity: str) -> Decimal:
    return times(number(entry.get("expected") or "0", ""), number(quantity, ""))


def _steps(
    deal: Deal,
    line: QuoteLine,
    entry: dict[str, Any],
    term: Any,
    part: Part,
    values: Chosen,
    run: Running | None,
    pointer: str,
) -> list[Step]:
    """The steps of a new or renewed line's part, phase by phase."""
    steps = [_list_step(deal, line, entry, part), *option_steps(entry, values)]
    if entry["charge"] != "one_time":
        steps += term_step(deal, term)
    steps += clause_steps(deal, clauses_of(deal, line, pointer))
    if run is not None and entry["charge"] == "recurring":
        quantity = (part.ramp or {}).get("quantity") or line["quantity"]
        steps += renewal_steps(deal, paid_for_renewal(run, quantity, entry, pointer))
    if part.share and entry["charge"] != "usage":
        steps.append(_share_step(part))
    return steps + discount_steps(line, part.ramp, part.reason, pointer)


def _share_step(part: Part) -> Step:
    numerator, denominator = part.share or (1, 1)
    share = {"type": "proration", "numerator": str(numerator), "denominator": str(denominator)}
    return step("share", "proration", "line", share, part.reason, None)


def _list_step(deal: Deal, line: QuoteLine, entry: dict[str, Any], part: Part) -> Step:
    """The price of the price book; for usage with the usage that it is reckoned for."""
    source = ("price_book", deal.book["id"], named(deal.book))
    words = _WORDS["one_time" if entry["charge"] == "one_time" else entry.get("period") or "month"]
    if entry["charge"] == "usage":
        words = _usage_words(line, entry, part, f"/lines/{deal.lines[line['id']]}")
    if entry.get("adjustment"):
        return step("list", "list", "line", adjustment_of(deal, entry["adjustment"]), words, source)
    amount = entry.get("amount") or "0"
    return step("list", "list", "unit", {"type": "per_unit", "amount": amount}, words, source)


def _usage_words(line: QuoteLine, entry: dict[str, Any], part: Part, pointer: str) -> str:
    quantity = (part.ramp or {}).get("quantity") or line["quantity"]
    used = _usage(line, entry, quantity, part, pointer)
    given = line.get("usage") or {}
    stated = "stated" if given.get("quantity") is not None or given.get("amount") is not None else "expected"
    unit = f" {entry['unit']}" if entry.get("unit") and "quantity" in used else ""
    when = part.reason if part.share else f"a {entry.get('period') or 'month'}"
    return f"Usage, {used.get('quantity') or used.get('amount')}{unit} {stated} {when}"


def _amendment(
    deal: Deal, line: QuoteLine, run: Running, product: dict[str, Any], entries: list[Any], values: Chosen, pointer: str
) -> list[tuple[dict[str, Any], Part]]:
    """What is added to, or given up of, a running subscription; for `end` also the price of leaving."""
    entry = next((entry for entry in entries if entry["charge"] == "recurring"), None)
    if entry is None:
        raise QuoteError(
            f"{pointer}/amends", f"{line['sku']} is not charged by the month or year: there is nothing to amend"
        )
    if line["amends"]["change"] != "add" and line.get("discount"):
        raise QuoteError(f"{pointer}/discount", "what is given back is what was paid: it takes no discount")
    for name in ("ramp", "clauses"):
        if line.get(name):
            raise QuoteError(f"{pointer}/{name}", "an amendment keeps what was agreed; add a line of its own for this")
    term = None
    if line.get("term"):
        term = term_of(deal, line, pointer)
    parts = amended_parts(run, entry)
    found = []
    for place, part in enumerate(parts):
        part = _named(part, place)
        priced = _priced(deal, line, product, entry, term, part, "", values)
        priced.pop("cost", None)
        if line["amends"]["change"] == "add":
            priced |= _added_cost(run, entry, values, parts[place])
        steps = paid_steps(deal, line, run, entry, parts[place], pointer)
        if part.share:
            steps.append(_share_step(part))
        priced["steps"] = steps + discount_steps(line, None, "", pointer)
        found.append((priced, part))
    leaving = leaving_step(deal, run, term, pointer) if line["amends"]["change"] == "end" else None
    if leaving is not None:
        part = _named(Part(".leaving", None), len(found))
        fee = _priced(deal, line, product, {**entry, "charge": "one_time", "cost": None}, term, part, "", values)
        found.append(({**fee, "quantity": "1", "steps": [leaving]}, part))
    if not found:
        raise QuoteError(f"{pointer}/starts_on", "the subscription ends before the change begins")
    return found


def _added_cost(run: Running, entry: dict[str, Any], values: Chosen, part: Part) -> dict[str, str]:
    """The cost of an added piece: of the periods in the paid stretch, by its days; none when those are not whole months."""
    cost = unit_cost(entry, values)
    if cost is None or (part.suffix == ".paid" and not run.paid_months):
        return {}
    if part.suffix == ".paid":
        cost = ratio(cost, run.paid_months, MONTHS[entry.get("period") or "month"])
    return {"cost": plain(rounded(_shared(cost, part), 12, "half_even"))}


def _named(part: Part, place: int) -> Part:
    """The first price line of a quote line has its id."""
    return part if place else replace(part, suffix="")
