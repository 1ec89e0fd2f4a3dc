"""Who must approve a quote, and why: discounts beyond the role's authority, what a line says was paid, margins below a
floor, rules of the catalogue."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from app.cpq.price import PriceError, validate_predicate
from app.cpq.price.predicates import holds
from app.cpq.quote_amend import rates, running
from app.cpq.quote_assembly import Assembly
from app.cpq.quote_deal import RANKS, Deal, change_of
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import HUNDRED, ZERO, number, plain, ratio, rounded, times
from app.cpq.quote_lines import taken
from app.cpq.quote_parts import Part
from app.cpq.quote_steps import FROM_PAID
from app.cpq.quote_types import Approval

_GIVEN = ("additional", "header")


def approvals(deal: Deal, assembly: Assembly, result: dict[str, Any]) -> list[Approval]:
    """Approvals that are needed: discounts of lines, of the whole, what was paid, floors, rules of the catalogue."""
    return [
        *_discounts(deal, assembly.trace, result),
        *_stated(deal),
        *_floors(deal, assembly.trace, result),
        *_rules(deal, assembly, result),
    ]


def _rank(role: str) -> int:
    return RANKS.index(role) if role in RANKS else -1


def _most(deal: Deal, role: str) -> Decimal | None:
    """The most percent a role may give; None when the catalogue limits nobody, 0 for a role it does not name."""
    rows = deal.catalogue.get("authority") or ()
    if not rows:
        return None
    return next((number(row["max_discount_percent"], "") for row in rows if row["role"] == role), ZERO)


def _discounts(deal: Deal, trace: Sequence[tuple[str, Part]], result: dict[str, Any]) -> list[Approval]:
    """What the rep gives beyond the regular price: per quote line, and of the whole quote."""
    most = _most(deal, deal.context["role"])
    if most is None:
        return []
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for (name, part), line in zip(trace, result["lines"], strict=True):
        regular, given = Decimal(line["regular"]), _given(line)
        if line["included"] and regular > 0:
            periods = Decimal(part.periods or 1)
            before = sums.get(name, (ZERO, ZERO))
            sums[name] = (before[0] + times(regular, periods), before[1] + times(given, periods))
    found = []
    for name, (regular, given) in sums.items():
        if _beyond(regular, given, most):
            title = deal.products[deal.content["lines"][deal.lines[name]]["sku"]]["name"]
            found.append(_discount_approval(deal, title, regular, given, most, name))
    regular = sum((pair[0] for pair in sums.values()), ZERO)
    given = sum((pair[1] for pair in sums.values()), ZERO)
    if _beyond(regular, given, most):
        found.append(_discount_approval(deal, "The whole quote", regular, given, most, None))
    return found


def _given(line: dict[str, Any]) -> Decimal:
    """How far the rep's own steps (additional and header) bring a line below its regular price."""
    return -sum((Decimal(row["amount"]) for row in line["waterfall"] if row["phase"] in _GIVEN), ZERO)


def _beyond(regular: Decimal, given: Decimal, most: Decimal) -> bool:
    return regular > 0 and times(given, HUNDRED) > times(most, regular)


def _stated(deal: Deal) -> list[Approval]:
    """What a line says was paid, where that is further from the price of the running subscription than the role may give:
    less for what is added, more for what is given back."""
    most = _most(deal, deal.context["role"])
    if most is None or most >= HUNDRED:
        return []
    found = []
    for index, line in enumerate(deal.content["lines"]):
        change = change_of(line)
        if change not in FROM_PAID or not line["amends"].get("paid") or not taken(deal, line):
            continue
        known, stated = rates(deal, running(deal, line, f"/lines/{index}"))
        given = known - stated if change == "add" else stated - known
        measure = known or stated
        if _beyond(measure, given, most):
            title = deal.products[line["sku"]]["name"]
            where = f"{'below' if change == 'add' else 'above'} the price of the running subscription"
            made = _discount_approval(deal, title, measure, given, most, line["id"], where)
            found.append(cast(Approval, {**made, "rule": "paid"}))
    return found


def _discount_approval(
    deal: Deal,
    title: str,
    regular: Decimal,
    given: Decimal,
    most: Decimal,
    line: str | None,
    where: str = "below the regular price",
) -> Approval:
    rows = sorted(deal.catalogue["authority"], key=lambda row: number(row["max_discount_percent"], ""))
    fit = [row for row in rows if not _beyond(regular, given, number(row["max_discount_percent"], ""))]
    percent = plain(rounded(ratio(given, HUNDRED, regular), 2))
    words = f"{title}: {percent} % {where}; {_article(deal.context['role'])} may give {plain(most)} %"
    found: Approval = {"rule": "discount", "role": (fit or rows[-1:])[0]["role"], "reason": words}
    if line is not None:
        found["line"] = line
    return found


def _article(role: str) -> str:
    return f"{'an' if role[:1] in 'aeiou' else 'a'} {role}"


def _floors(deal: Deal, trace: Sequence[tuple[str, Part]], result: dict[str, Any]) -> list[Approval]:
    """A margin below a floor is approved by the highest role, unless that one quotes."""
    places = {line["id"]: name for (name, _), line in zip(trace, result["lines"], strict=True)}
    role = max((row["role"] for row in deal.catalogue.get("authority") or ()), key=_rank, default=RANKS[-1])
    if _rank(deal.context["role"]) >= _rank(role):
        return []
    found: dict[tuple[str, str], Approval] = {}
    included = {line["id"] for line in result["lines"] if line["included"]}
    for broken in result["floors"]:
        if broken["line"] not in included:
            continue
        name = places[broken["line"]]
        words = broken["reason"] or f"The margin is to be {broken['minimum']} % or more."
        if broken.get("margin"):
            words += f" This line has {broken['margin']} %."
        found.setdefault((broken["id"], name), {"rule": broken["id"], "role": role, "reason": words, "line": name})
    return list(found.values())


def _rules(deal: Deal, assembly: Assembly, result: dict[str, Any]) -> list[Approval]:
    """The catalogue's rules: asked of the whole quote, and if it is not true of that, of each line with its facts."""
    facts = _facts(assembly, result)
    found: list[Approval] = []
    for rule in deal.catalogue.get("approvals") or ():
        if _rank(deal.context["role"]) >= _rank(rule["role"]):
            continue
        try:
            when = validate_predicate(rule["when"])
        except PriceError as error:
            raise QuoteError("/catalogue", f'approval rule "{rule["id"]}": {error.detail}') from error
        made: Approval = {"rule": rule["id"], "role": rule["role"], "reason": rule["reason"]}
        if holds(when, facts):
            found.append(made)
            continue
        named: set[str] = set()
        for (name, _), asked, line in zip(assembly.trace, assembly.request["lines"], result["lines"], strict=True):
            if line["included"] and name not in named and holds(when, {**asked["facts"], **facts}):
                named.add(name)
                found.append({**made, "line": name})
    return found


def _facts(assembly: Assembly, result: dict[str, Any]) -> dict[str, Any]:
    """What a rule may ask of the quote: the deal's facts, its totals, and how many lines it has."""
    totals = result["totals"]
    names = ("net", "tax", "gross", "list", "discount", "discount_percent", "tcv", "acv", "mrr", "margin_percent")
    facts = {**assembly.request["facts"], **{name: totals[name] for name in names if totals.get(name) is not None}}
    facts["one_time"] = totals["one_time"]["net"]
    facts["lines"] = str(len({name for name, _ in assembly.trace}))
    return facts
