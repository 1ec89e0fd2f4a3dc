"""What each value of something that is left open would move the price of an offer by, before the customer takes it.

Exactly so: each value is taken, with all that it takes along, and the whole offer is priced with it. Nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from app.cpq.quote import digest
from app.foundation.problems import FieldError, Problem, invalid
from app.quotes import offer_options, offers
from app.quotes.offer_changes import open_features
from app.quotes.offers import Standing

Json = dict[str, Any]
FEATURE = "feature:"
# What one request may cost: so many values looked at, of them so many priced, and so many lines priced for them all.
MOST_LOOKED_AT = 200
MOST_VALUES = 40
MOST_LINES = 1_500


def read(session: Session, token: str, wanted: Sequence[Mapping[str, Any]], line: str, choice: str) -> Json:
    """By how much the sums of the offer with the changes `wanted` would move with each other value of `choice` of a line.

    `choice` is what the line leaves open: `quantity`, `term`, `selected` or `feature:<id>`. Values that cannot be had, have
    no price, or are too many to be priced at once are left out. `digest` names the price from which it moves.
    """
    standing = offers.stand(session, token)
    offers.refuse_decided(standing.quote)
    now = offers.changed_offer(session, standing, wanted)
    shown = next((one for one in now.content["lines"] if one["id"] == line), None)
    if shown is None:
        raise invalid([FieldError("/line", "The offer has no such line.")])
    if choice not in shown.get("open", ()):
        raise invalid([FieldError("/choice", "The seller did not leave this open. Ask them about it.")])
    others = [dict(change) for change in wanted if not _is_about(change, line, choice)]
    most = max(2, min(MOST_VALUES, MOST_LINES // len(now.content["lines"])))
    found: list[Json] = []
    for value, change in islice(_changes(session, standing, shown, now.price, choice), MOST_LOOKED_AT):
        if len(found) == most:
            break
        try:
            taken = offers.changed_offer(session, standing, [*others, {"line": line, **change}])
        except Problem:
            continue  # nothing that can be taken
        confirm = bool(taken.reasons) and not now.reasons
        found.append({"value": value, "moves": _moves(now.price["totals"], taken.price["totals"]), "confirm": confirm})
    return {"digest": now.price.get("digest") or digest(now.price), "values": found}


def _is_about(change: Mapping[str, Any], line: str, choice: str) -> bool:
    """Whether a change is of the same thing, which the one that is asked for replaces."""
    kind = f"{FEATURE}{change['feature']}" if "feature" in change else choice if choice in change else ""
    return bool(change["line"] == line and kind == choice)


def _changes(
    session: Session, standing: Standing, line: Mapping[str, Any], price: Mapping[str, Any], choice: str
) -> Iterator[tuple[str, Json]]:
    """The values that are not chosen, each with the change that takes it."""
    if choice == "selected":
        wanted = not line.get("selected", False)
        yield str(wanted).lower(), {"selected": wanted}
    elif choice == "quantity":
        many = int(Decimal(line["quantity"]))
        for quantity in (many - 1, many + 1):
            yield str(quantity), {"quantity": str(quantity)}
    elif choice == "term":
        terms = [one for one in price.get("terms", ()) if one["line"] == line["id"]]
        for other in (other for one in terms for other in one["compared"] if other["term"] != one["term"]):
            yield other["term"], {"term": other["term"]}
    else:
        feature, configuration = choice.removeprefix(FEATURE), line.get("configuration", {})
        model = standing.sold.model(session, line["sku"])
        for value in offer_options.reachable(model, configuration, open_features(line), feature) if model else ():
            if value != configuration.get(feature):
                yield value, {"feature": feature, "value": value}


def _moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    """The sums that differ, by when they are due, each with the difference."""
    was, becomes = _sums(before), _sums(after)
    moves = []
    for due in dict.fromkeys((*was, *becomes)):
        by = becomes.get(due, Decimal(0)) - was.get(due, Decimal(0))
        if by:
            charge, period = due
            moves.append({"charge": charge, "period": period, "net": format(by, "f")})
    return moves


def _sums(totals: Mapping[str, Any]) -> dict[tuple[str, str | None], Decimal]:
    once: dict[tuple[str, str | None], Decimal] = {("one_time", None): Decimal(totals["one_time"]["net"])}
    again = {
        (charge, period): Decimal(part["net"])
        for charge in ("recurring", "usage")
        for period, part in totals.get(charge, {}).items()
    }
    return once | again
