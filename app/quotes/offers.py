"""What a customer does with an offer, and what the seller does with its link: one transaction each.

Nobody is signed in: whoever has the link may do all of this, within the one quote that it is of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.price import PriceError
from app.cpq.quote import QuoteError, digest, price_quote
from app.foundation import audit, changes, clock, tenancy
from app.foundation.principal import bind_principal, principal_of, system_principal
from app.foundation.problems import FieldError, Problem, invalid, not_found
from app.identity.tables import User
from app.quotes import lifecycle, offer_links, offer_options, offer_view
from app.quotes.lifecycle import Event
from app.quotes.offer_changes import ChangeError, Swap, apply_changes
from app.quotes.offer_links import Found
from app.quotes.offer_tables import Acceptance, QuoteEvent, QuoteQuestion
from app.quotes.offer_versions import decide, next_version
from app.quotes.offer_view import Sold
from app.quotes.pdf import quote_pdf
from app.quotes.pricing import sentence
from app.quotes.tables import Quote, QuoteVersion

Json = dict[str, Any]
MOST_UNANSWERED = 20


@dataclass(frozen=True)
class Standing:
    """An offer as it stands: its link, quote, newest sent version and the catalogue of that."""

    found: Found
    version: QuoteVersion
    sold: Sold

    @property
    def quote(self) -> Quote:
        """The quote."""
        return self.found.quote


@dataclass(frozen=True)
class Changed:
    """An offer after a customer's changes, priced; `reasons` is why the seller has to look at it first."""

    content: Json
    price: Json
    swaps: list[Swap]
    reasons: list[str]


def stand(session: Session, token: str, *, lock: bool = False) -> Standing:
    """The offer that a token names. 404 when there is none, 410 when it came to its end.

    `lock` lets nobody else decide on the quote until this transaction has ended.
    """
    found = offer_links.find(session, token)
    tenancy.switch(session, found.link.org_id)
    bind_principal(session, system_principal(found.link.org_id))
    if lock:
        session.refresh(found.quote, with_for_update=True)
        session.refresh(found.link)
    offer_links.check_open(found)
    version = offer_view.newest_version(session, found.quote)
    if version is None:
        raise offer_links.no_such_offer()
    return Standing(found, version, offer_view.catalogue_of(session, version.content))


def read(session: Session, token: str) -> Json:
    """The offer as its page shows it."""
    standing = stand(session, token)
    document = offer_view.document_of(session, standing.quote, standing.version, standing.sold)
    return {**_told(session, standing, document, standing.version.content), "digest": digest(standing.version.price)}


def _told(session: Session, standing: Standing, document: Json, content: Json) -> Json:
    quote = standing.quote
    state = quote.status if quote.status in ("accepted", "declined") else "open"
    return {
        "document": document,
        "state": state,
        "newer": state == "open" and not lifecycle.allowed(quote.status, Event.ACCEPT),
        "controls": offer_view.controls_of(session, standing.sold, document, content) if state == "open" else {},
        "questions": offer_view.questions_of(session, quote),
        "tells_views": standing.found.link.tells_views,
        "swaps": [],
        "reasons": [],
    }


def note_view(session: Session, token: str) -> None:
    """Tell the seller that the page was looked at; only while the customer's switch is on."""
    standing = stand(session, token, lock=True)
    if not standing.found.link.tells_views:
        return
    _event(session, standing, "viewed")
    quote = standing.quote
    quote.viewed_at = clock.now()
    if lifecycle.allowed(quote.status, Event.VIEW):
        quote.status = lifecycle.after(quote.status, Event.VIEW)
    changes.touch(session, quote.org_id, [quote.account_id])


def tell_views(session: Session, token: str, on: bool) -> None:
    """The customer's switch: whether the seller is told when the page is looked at."""
    standing = stand(session, token)
    standing.found.link.tells_views = on
    session.flush()
    if on:
        note_view(session, token)


def evaluate(session: Session, token: str, wanted: Sequence[Mapping[str, Any]]) -> Json:
    """The offer as it would be after the changes: price, what is possible then, and what else moved. Keeps nothing."""
    standing = stand(session, token)
    refuse_decided(standing.quote)
    changed = changed_offer(session, standing, wanted)
    document = offer_view.document_of(
        session, standing.quote, standing.version, standing.sold, (changed.content, changed.price)
    )
    return {
        **_told(session, standing, document, changed.content),
        "digest": changed.price["digest"],
        "swaps": offer_view.swaps_said(standing.sold, changed.content, changed.swaps),
        "reasons": changed.reasons,
    }


def changed_offer(session: Session, standing: Standing, wanted: Sequence[Mapping[str, Any]]) -> Changed:
    """The content with the changes and its price. 422 at the change that cannot be made or priced."""
    sold, version = standing.sold, standing.version

    def completed(
        sku: str, configuration: Mapping[str, str], open_: Sequence[str], feature: str, value: str
    ) -> Mapping[str, str] | None:
        model = sold.model(session, sku)
        if model is None or not offer_options.has_value(model, feature, value):
            return None
        return offer_options.completed(model, configuration, open_, feature, value)

    try:
        content, swaps = apply_changes(version.content, wanted, completed)
        price: Json = dict(price_quote(dict(sold.document), content, version.context))  # type: ignore[arg-type]
    except ChangeError as fault:
        raise invalid([FieldError(fault.pointer, fault.detail)]) from None
    except (QuoteError, PriceError) as fault:
        detail = f"With these changes the offer has no price: {sentence(fault.detail)}"
        raise invalid([FieldError("/changes", detail)]) from None
    return Changed(content, price, swaps, _reasons(version.price, price))


def _reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Why the seller has to look at a changed offer first: an approval or a rule that the sent one did not need."""
    # Word for word: an approval of 8 % is none of 16 %, and its role may be another one.
    granted = list(before.get("approvals", ()))
    # What must be approved and by whom is the seller's own; that somebody must is not.
    confirmed = all(one in granted for one in after.get("approvals", ()))
    found = [] if confirmed else ["The seller has to confirm this price."]
    known = {one["text"] for one in before.get("findings", ())}
    stops = [one["text"] for one in after.get("findings", ()) if one["kind"] in ("requires", "excludes")]
    return [*found, *(text for text in stops if text not in known)]


def ask(session: Session, token: str, line: str | None, text: str) -> Json:
    """Put a question, about a line or the whole, before the seller."""
    standing = stand(session, token, lock=True)
    quote = standing.quote
    if line is not None and all(one["id"] != line for one in standing.version.content["lines"]):
        raise invalid([FieldError("/line", "The offer has no such line.")])
    if sum(question["answer"] is None for question in offer_view.questions_of(session, quote)) >= MOST_UNANSWERED:
        raise Problem(409, "too-many-questions", "Too many questions", "Wait for answers to those that you asked.")
    question = QuoteQuestion(
        org_id=quote.org_id, quote_id=quote.id, link_id=standing.found.link.id, version=standing.version.version,
        line=line, text=text, asked_at=clock.now(),
    )  # fmt: skip
    session.add(question)
    session.flush()
    _event(session, standing, "asked")
    _show_questions(session, quote)
    return offer_view.question_json(question)


def answer(session: Session, question: QuoteQuestion, text: str) -> None:
    """Answer a customer's question, or answer it anew; the caller sees its quote."""
    # The customer may be reading just now: what they do to the quote comes before this, or after it.
    quote = session.get_one(Quote, question.quote_id, with_for_update=True, populate_existing=True)
    user = session.get(User, principal_of(session).user_id)
    question.answer, question.answered_at = text, clock.now()
    question.user_id, question.author = (user.id, user.name) if user else (None, None)
    session.flush()
    audit.record(session, "quote_question.answered", "quote", question.quote_id)
    _show_questions(session, quote)


def _show_questions(session: Session, quote: Quote) -> None:
    """Have phones show the questions beside the quote."""
    quote.questions = offer_view.questions_of(session, quote)
    changes.touch(session, quote.org_id, [quote.account_id])


@dataclass(frozen=True)
class Signed:
    """An acceptance as it was sent: who, when, the hash of the version seen, and with changes the digest of the price seen."""

    name: str
    day: date
    hash: str
    changes: Sequence[Mapping[str, Any]] = ()
    digest: str | None = None


def accept(session: Session, token: str, signed: Signed) -> Json:
    """Accept the version that was seen, with what was changed in it. The same sent again is the same acceptance.

    409 when there is a newer version, when it was decided otherwise, or when the price is not the one that was seen.
    """
    standing = stand(session, token, lock=True)
    quote, version = standing.quote, standing.version
    given = offer_view.acceptance_of(session, quote)
    if given is not None:
        if (given.seen_hash, given.changes) == (signed.hash, [dict(one) for one in signed.changes]):
            return offer_view.accepted_json(given)
        raise _decided(f"{given.name} accepted this offer on {given.accepted_on:%-d %B %Y}.")
    refuse_decided(quote)
    if not lifecycle.allowed(quote.status, Event.ACCEPT) or version.hash != signed.hash:
        raise _newer()
    _check_day(signed.day, version)
    accepted = _with_changes(session, standing, signed) if signed.changes else version
    acceptance = Acceptance(
        org_id=quote.org_id, quote_id=quote.id, link_id=standing.found.link.id, version=accepted.version,
        hash=accepted.hash, seen_hash=signed.hash, name=signed.name, accepted_on=signed.day, accepted_at=clock.now(),
        changes=[dict(one) for one in signed.changes],
    )  # fmt: skip
    session.add(acceptance)
    decide(quote, accepted, Event.ACCEPT, signed.name, None)
    standing.found.link.expires_at = max(
        standing.found.link.expires_at, clock.now() + offer_links.READABLE_AFTER_ACCEPTANCE
    )
    session.flush()
    _event(session, standing, "accepted", accepted.version)
    changes.touch(session, quote.org_id, [quote.account_id])
    return offer_view.accepted_json(acceptance)


def _with_changes(session: Session, standing: Standing, signed: Signed) -> QuoteVersion:
    """The next version: what was sent, with the customer's changes, at the price that they saw."""
    changed = changed_offer(session, standing, signed.changes)
    if changed.reasons:
        raise Problem(
            409, "seller-first", "The seller has to look at this first",
            " ".join([*changed.reasons, "Ask the seller for a new version."]),
        )  # fmt: skip
    if changed.price["digest"] != signed.digest:
        raise Problem(
            409, "price-differs", "Another price",
            "The price of these options is not the one that you saw. Look at it again, then accept.",
        )  # fmt: skip
    return next_version(session, standing.quote, standing.version, changed.content, changed.price)


def decline(session: Session, token: str, name: str | None, reason: str) -> None:
    """Decline the offer, and say why. The same sent again changes nothing."""
    standing = stand(session, token, lock=True)
    quote = standing.quote
    if quote.status == "declined" and quote.decision_reason == reason:
        return
    refuse_decided(quote)
    if not lifecycle.allowed(quote.status, Event.DECLINE):
        raise _newer()
    decide(quote, standing.version, Event.DECLINE, name, reason)
    session.flush()
    _event(session, standing, "declined")
    changes.touch(session, quote.org_id, [quote.account_id])


def refuse_decided(quote: Quote) -> None:
    """409 when the offer was accepted or declined."""
    if quote.status in ("accepted", "declined"):
        who = quote.decided_by or "The customer"
        on = f" on {quote.decided_at:%-d %B %Y}" if quote.decided_at else ""
        raise _decided(f"{who} {quote.status} this offer{on}.")


def _newer() -> Problem:
    return Problem(
        409, "newer-version", "A newer version",
        "The seller is making, or has sent, a newer version of this offer. Read that one, then decide.",
    )  # fmt: skip


def _decided(detail: str) -> Problem:
    return Problem(409, "offer-decided", "Already decided", detail)


def _check_day(day: date, version: QuoteVersion) -> None:
    """The day of an acceptance is today somewhere on earth."""
    today = clock.now().date()
    if abs(day - today) > timedelta(days=1):
        raise invalid([FieldError("/date", f"The day on which you accept; today is {today.isoformat()}.")])


def _event(session: Session, standing: Standing, kind: str, version: int | None = None) -> None:
    quote, link = standing.quote, standing.found.link
    number = version or standing.version.version
    session.add(
        QuoteEvent(org_id=quote.org_id, quote_id=quote.id, link_id=link.id, version=number, kind=kind, at=clock.now())
    )
    actor = audit.Actor(quote.org_id, None, "link", link.id)
    audit.record(session, f"quote.{kind}", "quote", quote.id, {"version": number}, principal=actor)


def pdf(session: Session, token: str) -> tuple[str, bytes]:
    """The PDF of the newest sent version, and a name for the file."""
    standing = stand(session, token)
    return version_pdf(session, standing.quote, standing.version)


def version_pdf(session: Session, quote: Quote, version: QuoteVersion) -> tuple[str, bytes]:
    """The PDF of a sent version, and a name for the file."""
    sold = offer_view.catalogue_of(session, version.content)
    document = offer_view.document_of(session, quote, version, sold)
    data = offer_view.bound_data(quote, version)
    return f"{quote.number}-v{version.version}.pdf", quote_pdf(document, data)


def version_of(session: Session, quote: Quote, number: int) -> QuoteVersion:
    """A sent version of a quote; 404 when there is none of this number."""
    version = session.scalars(
        sa.select(QuoteVersion).where(QuoteVersion.quote_id == quote.id, QuoteVersion.version == number)
    ).one_or_none()
    if version is None:
        raise not_found("version of the quote")
    return version
