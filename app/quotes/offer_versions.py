"""What becomes of a quote and its versions by a customer's decision."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.cpq.quote import digest, public_price, version_hash
from app.foundation import clock
from app.quotes import lifecycle
from app.quotes.lifecycle import Event
from app.quotes.pricing import totals_of
from app.quotes.tables import Quote, QuoteVersion

Json = dict[str, Any]


def bound(number: str, version: int, sent: QuoteVersion) -> Json:
    """What the customer is bound by when they accept a version, and what its hash is of."""
    price = public_price(sent.price)
    return {
        "number": number,
        "version": version,
        "title": sent.title,
        "content": sent.content,
        "price": price,
        "clauses": price["clauses"],
        "valid_until": sent.valid_until.isoformat(),
        "customer": sent.customer,
    }


def decide(quote: Quote, version: QuoteVersion, event: Event, by: str | None, reason: str | None) -> None:
    """The customer accepted or declined a version."""
    quote.status = version.outcome = lifecycle.after(quote.status, event)
    quote.decided_at, quote.decided_by, quote.decision_reason = clock.now(), by, reason


def next_version(session: Session, quote: Quote, before: QuoteVersion, content: Json, price: Json) -> QuoteVersion:
    """A version that a customer made out of one that was sent; the quote stands at it from now on."""
    number = before.version + 1
    version = QuoteVersion(
        org_id=quote.org_id, quote_id=quote.id, version=number, hash="", title=before.title,
        valid_until=before.valid_until, currency=before.currency, catalogue_hash=before.catalogue_hash,
        customer=before.customer, content=content, price=price, context=before.context, digest=digest(price),
        outcome="open", sent_at=clock.now(), sent_by=None, author=before.author,
    )  # fmt: skip
    version.hash = version_hash(bound(quote.number, number, version))
    session.add(version)
    before.outcome = "superseded"
    quote.version, quote.content, quote.price = number, content, price
    quote.totals, quote.digest = totals_of(price), version.digest
    quote.revision += 1
    session.flush()
    return version
