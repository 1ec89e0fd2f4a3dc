"""The steps of a price: what the catalogue, an agreement, a term, a clause and the rep each say, with reason and source."""

from collections.abc import Mapping
from typing import Any

from app.cpq.quote_deal import Deal, change_of, named, valid
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import HUNDRED, amount, in_currency, number, plain, ratio
from app.cpq.quote_parts import applies
from app.cpq.quote_types import QuoteLine

Step = dict[str, Any]
_DISCOUNTS = {
    "percent": ("line", "percent_discount", "percent"),
    "amount": ("line", "amount_discount", "amount"),
    "fixed_price": ("unit", "fixed_price", "amount"),
}
# What a step is called that has no reason of its own: an id is for whoever writes the catalogue.
_KINDS = {
    "per_unit": "Price for each",
    "graduated": "Price by tiers",
    "volume": "Price by volume",
    "package": "Price by package",
    "percentage": "Share of the amount",
    "graduated_percentage": "Share of the amount, by tiers",
    "flat_fee": "Flat fee",
    "surcharge": "Surcharge",
    "markup": "Markup",
    "percent_discount": "Discount",
    "amount_discount": "Discount",
    "fixed_price": "Fixed price",
    "floor": "Lowest price",
    "cap": "Highest price",
    "proration": "Part of the time",
}
# Credits and additions are reckoned from what was paid, which has the catalogue's steps in it already.
FROM_PAID = ("add", "reduce", "end")


def step(
    name: str, phase: str, scope: str, adjustment: dict[str, Any], reason: str, source: tuple[str, str, str] | None
) -> Step:
    """A step as the price engine reads it."""
    made: Step = {"id": name, "phase": phase, "scope": scope, "adjustment": adjustment, "reason": reason}
    if source is not None:
        made["source"] = {"type": source[0], "id": source[1], "name": source[2]}
    return made


def shared_steps(deal: Deal) -> list[Step]:
    """The steps that apply to every line unless their `when` says otherwise: agreements valid on the day, catalogue steps.

    Where a line amends a running subscription they carry that they are not for it: what was paid has them already.
    Steps that speak of a percentage of what was paid belong to renewals and are not here.
    """
    amended = any(change_of(line) in FROM_PAID for line in deal.content["lines"])
    steps = []
    for given, source, phase in _given(deal):
        if "percent_of_paid" in given["adjustment"]:
            continue
        made = _from_data(deal, given, source, phase)
        if amended:
            kept = {"fact": "change", "op": "in", "value": ["new", "renew"]}
            made["when"] = {"all": [kept, made["when"]]} if made.get("when") else kept
        steps.append(made)
    return steps


def renewal_steps(deal: Deal, paid: Mapping[str, Any]) -> list[Step]:
    """Steps relative to what was paid (`percent_of_paid`: 103 is 3 % more), as amounts: an uplift is a `fixed_price`,
    a limit a `cap` or a `floor`. `paid` is what was paid for the renewed quantity and one period."""
    steps = []
    for given, source, phase in _given(deal):
        percent = given["adjustment"].get("percent_of_paid")
        if percent is None:
            continue
        made = _from_data(deal, given, source, phase)
        share = ratio(paid["amount"], number(percent, ""), HUNDRED)
        made["scope"] = "line"
        made["adjustment"] = {"type": given["adjustment"]["type"], "amount": amount(share, deal.currency, deal.mode)}
        made["reason"] += (
            f" ({plain(number(percent, ''))} % of {amount(paid['amount'], deal.currency, deal.mode)} paid)"
        )
        steps.append(made)
    return steps


def _given(deal: Deal) -> list[tuple[dict[str, Any], tuple[str, str, str], str]]:
    """Steps as they are written down, with their source and the phase they have when they name none."""
    found: list[tuple[dict[str, Any], tuple[str, str, str], str]] = []
    for agreement in deal.context.get("agreements") or ():
        if not valid(agreement, deal.on):
            continue
        until = f", until {agreement['valid_to']}" if agreement.get("valid_to") else ""
        for given in agreement["steps"]:
            words = f"{reason_of(given)} (agreement {agreement['number']}{until})"
            data = {
                **given,
                "id": f"agreement.{agreement['id']}.{given['id']}",
                "reason": words,
                "phase": "contracted",
            }
            found.append(
                (data, ("agreement", agreement["id"], f"{agreement['name']} {agreement['number']}"), "contracted")
            )
    catalogue = deal.catalogue.get("price_steps") or ()
    return found + [(given, ("price_step", given["id"], reason_of(given)), "schedule") for given in catalogue]


def _from_data(deal: Deal, given: dict[str, Any], source: tuple[str, str, str], phase: str) -> Step:
    """A step of data as one of the engine: defaults filled in, amounts in the quote's currency."""
    adjustment = adjustment_of(deal, given["adjustment"])
    words = reason_of(given)
    made = step(given["id"], given.get("phase") or phase, given.get("scope") or "line", adjustment, words, source)
    for name in ("when", "rounding"):
        if given.get(name):
            made[name] = given[name]
    return made


def reason_of(given: Mapping[str, Any]) -> str:
    """Why a step of data is there: its reason, or the plain words of its kind, `Discount, 4 %`."""
    if given.get("reason"):
        return str(given["reason"])
    adjustment = given["adjustment"]
    percent = adjustment.get("percent")
    words = _KINDS.get(adjustment["type"], "Adjustment")
    return f"{words}, {percent} %" if isinstance(percent, str) else words


def adjustment_of(deal: Deal, adjustment: dict[str, Any]) -> dict[str, Any]:
    """An adjustment with each amount that is one per currency in the quote's own."""
    return {
        name: in_currency(value, deal.currency, "/currency") if isinstance(value, Mapping) else value
        for name, value in adjustment.items()
    }


def term_step(deal: Deal, term: dict[str, Any] | None) -> list[Step]:
    """The term's own step, when it has one."""
    given = (term or {}).get("step")
    if term is None or not given:
        return []
    reason = given.get("reason") or named(term)
    data = {**given, "id": f"term.{term['id']}", "reason": reason}
    return [_from_data(deal, data, ("term", term["id"], named(term)), "schedule")]


def clauses_of(deal: Deal, line: QuoteLine, pointer: str) -> list[dict[str, Any]]:
    """The clauses of a line: its own, and those of the whole quote that are for its product and priced."""
    found = [named_clause(deal, clause, f"{pointer}/clauses/{i}") for i, clause in enumerate(line.get("clauses") or ())]
    for index, clause in enumerate(found):
        if not applies(clause, line["sku"]):
            raise QuoteError(f"{pointer}/clauses/{index}", f'clause "{clause["title"]}" is not for {line["sku"]}')
    own = {clause["id"] for clause in found}
    for index, name in enumerate(deal.content.get("clauses") or ()):
        clause = named_clause(deal, name, f"/clauses/{index}")
        if clause.get("price") and name not in own and applies(clause, line["sku"]):
            found.append(clause)
    return found


def named_clause(deal: Deal, name: str, pointer: str) -> dict[str, Any]:
    """A clause of the catalogue; QuoteError when there is none of that id."""
    if name not in deal.clauses:
        raise QuoteError(pointer, f'the catalogue has no clause "{name}"')
    return deal.clauses[name]


def clause_steps(deal: Deal, clauses: list[dict[str, Any]]) -> list[Step]:
    """A step for each clause that has a price; it comes after contracted prices and what a term gives."""
    steps = []
    for clause in clauses:
        if clause.get("price"):
            adjustment = adjustment_of(deal, clause["price"]["adjustment"])
            scope = "unit" if adjustment["type"] == "per_unit" else "line"
            source = ("clause", clause["id"], clause["title"])
            steps.append(step(f"clause.{clause['id']}", "schedule", scope, adjustment, clause["title"], source))
    return steps


def discount_steps(line: QuoteLine, ramp: dict[str, Any] | None, words: str, pointer: str) -> list[Step]:
    """The rep's discount on the line, after that of its part of a ramp."""
    steps = []
    if ramp and ramp.get("discount_percent"):
        percent = number(ramp["discount_percent"], f"{pointer}/ramp")
        adjustment = {"type": "percent_discount", "percent": plain(percent)}
        steps.append(
            step(
                "ramp",
                "additional",
                "line",
                adjustment,
                f"{words}: {plain(percent)} % less",
                ("discount", line["id"], "Ramp"),
            )
        )
    given = line.get("discount")
    if given:
        if given["kind"] not in _DISCOUNTS:
            raise QuoteError(f"{pointer}/discount/kind", "a line's discount is percent, amount or fixed_price")
        scope, kind, member = _DISCOUNTS[given["kind"]]
        adjustment = {"type": kind, member: given["value"]}
        reason = given.get("reason") or "Discount"
        steps.append(step("discount", "additional", scope, adjustment, reason, ("discount", line["id"], reason)))
    return steps
