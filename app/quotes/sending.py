"""What it takes to send a quote, and what is kept of a version that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.quote import version_hash
from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, Problem, invalid
from app.quotes import offer_links
from app.quotes.context import customer_of
from app.quotes.offer_versions import bound
from app.quotes.pricing import Priced
from app.quotes.tables import Quote, QuoteVersion

Values = Mapping[str, Any]
VERSIONS = table_of(QuoteVersion)


def refuse_outdated(quote: Values, found: Priced) -> None:
    """Problem when the quote would be over before the customer reads it, or is made of what is not sold any more."""
    today = clock.today()
    if quote["valid_until"] < today:
        why = f"It was valid until {quote['valid_until'].isoformat()}; give it a later date."
        raise invalid([FieldError("/valid_until", why)])
    catalogue = found.catalogue
    if catalogue.status != "active":
        raise Problem(
            409,
            "catalogue-retired",
            "Not sold any more",
            f"The catalogue {catalogue.key} {catalogue.version} was retired; make the quote from the current one.",
            (FieldError("/content/catalogue_version", "This version was retired."),),
        )
    _refuse_ended_agreements(found, today)
    book = _book(catalogue.document, found.content["price_book"])
    ends = _day(book.get("valid_to")) or _day(catalogue.document.get("valid_to"))
    if ends is not None and ends < today:
        raise Problem(
            409,
            "price-book-ended",
            "These prices ended",
            f"The price book {found.content['price_book']} ended on {ends.isoformat()}; make the quote from the current one.",
            (FieldError("/content/price_book", f"It ended on {ends.isoformat()}."),),
        )


def _refuse_ended_agreements(found: Priced, today: date) -> None:
    """Problem 409 for prices of an agreement that is over, however early a day the quote is priced as of."""
    sources = [step.get("source") or {} for line in found.price["lines"] for step in line["waterfall"]]
    used = {source["id"] for source in sources if source.get("type") == "agreement"}
    for agreement in found.context["agreements"]:
        ends = _day(agreement.get("valid_to"))
        if agreement["id"] in used and ends is not None and ends < today:
            raise Problem(
                409,
                "price-book-ended",
                "These prices ended",
                f"The agreement {agreement['number']} ended on {ends.isoformat()}; price the quote as of today.",
                (FieldError("/content/on", f"The agreement {agreement['number']} ended on {ends.isoformat()}."),),
            )


def _book(document: Mapping[str, Any], book_id: str) -> Mapping[str, Any]:
    return next((book for book in document.get("price_books", ()) if book["id"] == book_id), {})


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def keep_version(session: Session, quote: Values, found: Priced, now: datetime) -> None:
    """Write down the version as it is sent, with the hash that an acceptance names."""
    version = QuoteVersion(
        id=new_id(), org_id=quote["org_id"], quote_id=quote["id"], version=quote["version"], hash="",
        title=quote["title"], valid_until=quote["valid_until"], currency=quote["currency"],
        catalogue_hash=found.catalogue.hash, customer=customer_of(session, quote["account_id"], quote["person_id"]),
        content=found.content, price=found.price, context=found.context, digest=found.digest, outcome="open",
        sent_at=now, sent_by=principal_of(session).user_id, author=quote["author"],
    )  # fmt: skip
    version.hash = version_hash(bound(quote["number"], quote["version"], version))
    session.add(version)
    session.flush()


def supersede(session: Session, quote: Values, outcome: str) -> None:
    """Say what became of the version that the customer has, unless they decided about it."""
    here = (VERSIONS.c.quote_id == quote["id"], VERSIONS.c.outcome == "open")
    session.execute(sa.update(VERSIONS).where(*here).values(outcome=outcome))


def make_link(session: Session, quote_id: str) -> None:
    """The customer's link, made when there is none."""
    quote = session.get_one(Quote, quote_id, populate_existing=True)
    offer_links.ensure(session, quote)
    session.flush()
