"""The price of a quote as the server sees it, what keeps it from being sent, and how it differs from what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.cpq.price import PriceError
from app.cpq.quote import QuoteError, price_quote
from app.foundation.problems import FieldError, Problem, invalid
from app.quotes import stock
from app.quotes.configured import configuration_faults
from app.quotes.context import context_of

Json = dict[str, Any]
# Of the totals, what a list and a phone show.
_TOTALS = ("net", "tax", "gross", "list", "discount", "tcv", "acv", "mrr")
# What is only worth a look keeps nobody from sending.
_STOPPING = ("requires", "excludes")
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Priced:
    """A content with its price; `faults` keep it from being sent, with pointers into the content."""

    catalogue: stock.Stocked
    context: Json
    content: Mapping[str, Any]
    price: Json
    faults: tuple[FieldError, ...]

    @property
    def digest(self) -> str:
        """The name of every line of the waterfall that the customer may see."""
        return str(self.price["digest"])

    @property
    def totals(self) -> Json:
        """The amounts that a list shows."""
        return totals_of(self.price)

    @property
    def columns(self) -> Json:
        """What a quote keeps of it."""
        return {
            "currency": self.content["currency"],
            "catalogue": self.content["catalogue"],
            "catalogue_version": self.content["catalogue_version"],
            "content": self.content,
            "price": self.price,
            "totals": self.totals,
            "digest": self.digest,
            "faults": [{"pointer": fault.pointer, "detail": fault.detail} for fault in self.faults],
        }


def totals_of(price: Mapping[str, Any]) -> Json:
    """Of a price, the amounts that a list and a phone show."""
    told = {name: price["totals"][name] for name in _TOTALS if price["totals"].get(name) is not None}
    return {**told, "currency": price["currency"]}


def price_content(
    session: Session, content: Mapping[str, Any], account_id: str, user_id: str | None, pointer: str = "/content"
) -> Priced:
    """Price a content for an account, as this user's; Problem 422 points at what cannot be priced."""
    catalogue = catalogue_for(session, content["catalogue"], content["catalogue_version"], pointer)
    context = context_of(session, account_id, user_id)
    price = priced(catalogue, content, context, pointer)
    return Priced(catalogue, context, content, price, tuple(_faults(session, catalogue, content, price)))


def catalogue_for(session: Session, key: str, version: str, pointer: str = "") -> stock.Stocked:
    """A catalogue that may be quoted from; Problem 422 when there is none, or it was never activated."""
    catalogue = stock.by_name(session, key, version)
    if catalogue is None:
        why = f"There is no catalogue {key} {version} here."
        raise invalid([FieldError(f"{pointer}/catalogue_version", why)])
    if catalogue.status == "draft":
        why = f"The catalogue {key} {version} is not active yet; an administrator activates it."
        raise invalid([FieldError(f"{pointer}/catalogue_version", why)])
    return catalogue


def priced(catalogue: stock.Stocked, content: Any, context: Any, pointer: str) -> Json:
    """The engine's answer; Problem 422 with the engine's pointer below `pointer`."""
    try:
        price: Any = price_quote(dict(catalogue.document), content, context)
    except (QuoteError, PriceError) as fault:
        raise invalid([FieldError(f"{pointer}{fault.pointer}", sentence(fault.detail))]) from None
    return dict(price)


def sentence(text: str) -> str:
    """The engine's words as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _faults(session: Session, catalogue: stock.Stocked, content: Any, price: Json) -> list[FieldError]:
    """What keeps the quote from being sent: configurations that are not whole or break rules, and products at odds."""
    if not content["lines"]:
        return [FieldError("/lines", "There is nothing in the quote yet.")]
    faults: list[FieldError] = []
    for place, line in enumerate(content["lines"]):
        if line["sku"] in catalogue.configurable:
            faults += _configuration(session, catalogue, line, f"/lines/{place}/configuration")
    places = {line["id"]: place for place, line in enumerate(content["lines"])}
    for finding in price.get("findings", ()):
        if finding["kind"] in _STOPPING:
            where = places.get(finding.get("line", ""))
            faults.append(FieldError("/lines" if where is None else f"/lines/{where}", sentence(finding["text"])))
    return faults[:MOST_FAULTS]


def _configuration(session: Session, catalogue: stock.Stocked, line: Any, pointer: str) -> list[FieldError]:
    if (line.get("amends") or {}).get("change") == "end":
        return []
    model = stock.model_of(session, catalogue, line["sku"])
    if model is None:
        return [FieldError(pointer, "The catalogue is not compiled yet; wait a moment.")]
    if "configuration" not in line:
        return [FieldError(pointer, "It is not configured yet.")]
    return configuration_faults(model, line["configuration"], pointer)


def difference(shown: Mapping[str, Any] | None, found: Priced) -> Json | None:
    """What the author's device showed otherwise; None when it showed this price, or said nothing of one."""
    if shown is None or shown["digest"] == found.digest:
        return None
    told = {name: shown[name] for name in ("net", "gross", "currency", "digest")}
    totals = found.totals
    priced_as = {name: totals[name] for name in ("net", "gross", "currency")}
    return {
        "shown": told,
        "priced": {**priced_as, "digest": found.digest},
        "lines": _lines(shown.get("lines") or {}, found),
    }


def _lines(shown: Mapping[str, str], found: Priced) -> list[Json]:
    """The lines whose net was shown otherwise, where the device said what it showed of each."""
    if not shown:
        return []
    return [
        {
            "line": line["id"],
            "name": line.get("name", line["id"]),
            "shown": shown.get(line["id"]),
            "priced": line["net"],
        }
        for line in found.price["lines"]
        if shown.get(line["id"]) != line["net"]
    ]


def price_differs(shown: Mapping[str, Any], found: Priced) -> Problem:
    """The quote is not sent at a price that its author did not see."""
    told = difference(shown, found)
    totals = found.totals
    return Problem(
        409,
        "price-differs",
        "The price is another one now",
        f"You saw {shown['net']} {shown['currency']} and it is {totals['net']} {totals['currency']} now. "
        "Look at what changed, accept it, and send the quote again.",
        members={"difference": told} if told else {},
    )
