"""The clauses of a quote as they are shown: text, service level, credit, and what each costs."""

from decimal import Decimal
from typing import Any

from app.cpq.quote_deal import Deal, change_of
from app.cpq.quote_figures import ZERO, amount
from app.cpq.quote_steps import FROM_PAID, clauses_of, named_clause
from app.cpq.quote_types import QuoteClause


def quote_clauses(deal: Deal, parents: dict[str, str], result: dict[str, Any]) -> list[QuoteClause]:
    """Clauses of the whole quote, then those of each line.

    A clause with a price is a clause of each line it is priced on; `amount` is what its step adds there, for one period
    of a recurring line.
    """
    found: list[QuoteClause] = []
    for index, name in enumerate(deal.content.get("clauses") or ()):
        clause = named_clause(deal, name, f"/clauses/{index}")
        if not clause.get("price"):
            found.append(_shown(clause))
    for index, line in enumerate(deal.content["lines"]):
        if change_of(line) in FROM_PAID:
            continue
        for clause in clauses_of(deal, line, f"/lines/{index}"):
            shown = {**_shown(clause), "line": line["id"]}
            if clause.get("price"):
                shown["amount"] = amount(_added(result, parents, line["id"], clause["id"]), deal.currency, deal.mode)
            found.append(shown)  # type: ignore[arg-type]
    return found


def _shown(clause: dict[str, Any]) -> QuoteClause:
    names = ("id", "title", "text", "service_level", "credit")
    return {name: clause[name] for name in names if clause.get(name) is not None}  # type: ignore[return-value]


def _added(result: dict[str, Any], parents: dict[str, str], line: str, clause: str) -> Decimal:
    """What the clause's step adds on the first price line of the quote line."""
    for priced in result["lines"]:
        if parents[priced["id"]] == line:
            rows = [Decimal(row["amount"]) for row in priced["waterfall"] if row["step"] == f"clause.{clause}"]
            if rows:
                return sum(rows, ZERO)
    return ZERO
