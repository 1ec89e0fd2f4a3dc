"""An offer as its page shows it: the document of the newest sent version, what is open in it, questions and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.model import Model
from app.cpq.quote import assemble, canonical
from app.foundation.fields import instant_text
from app.foundation.tables import Organisation
from app.identity.tables import User
from app.quotes import offer_options, stock
from app.quotes.document import Parties, Version, quote_document, value_text
from app.quotes.offer_changes import Swap, open_features
from app.quotes.offer_tables import Acceptance, QuoteQuestion
from app.quotes.offer_versions import bound
from app.quotes.tables import Quote, QuoteVersion

Json = dict[str, Any]


@dataclass(frozen=True)
class Sold:
    """The catalogue that a version was priced from."""

    stocked: stock.Stocked

    @property
    def document(self) -> Mapping[str, Any]:
        """The catalogue document."""
        return self.stocked.document

    def product(self, sku: str) -> Json:
        """A product of the catalogue; empty when there is none."""
        return next((product for product in self.document.get("products", ()) if product["sku"] == sku), {})

    def model(self, session: Session, sku: str) -> Model | None:
        """The compiled model of a configurable product."""
        return stock.model_of(session, self.stocked, sku)


def catalogue_of(session: Session, content: Mapping[str, Any]) -> Sold:
    """The catalogue that the content of a sent version names: it is never deleted, at most retired."""
    stocked = stock.by_name(session, content["catalogue"], content["catalogue_version"])
    if stocked is None:
        raise LookupError(f"catalogue {content['catalogue']} {content['catalogue_version']} of a sent quote is missing")
    return Sold(stocked)


def newest_version(session: Session, quote: Quote) -> QuoteVersion | None:
    """The newest version that was sent."""
    return session.scalars(
        sa.select(QuoteVersion).where(QuoteVersion.quote_id == quote.id).order_by(QuoteVersion.version.desc()).limit(1)
    ).first()


def acceptance_of(session: Session, quote: Quote) -> Acceptance | None:
    """The acceptance of a quote, when there is one."""
    return session.scalars(sa.select(Acceptance).where(Acceptance.quote_id == quote.id)).one_or_none()


def bound_data(quote: Quote, version: QuoteVersion) -> bytes:
    """What an acceptance binds, as canonical JSON: its SHA-256 is the version's hash."""
    return canonical(bound(quote.number, version.version, version)).encode()


def document_of(
    session: Session, quote: Quote, version: QuoteVersion, sold: Sold, changed: tuple[Json, Json] | None = None
) -> Json:
    """The document of a sent version; with `changed` (content, price) what it would be after a customer's changes."""
    content, price = changed or (version.content, version.price)
    accepted = acceptance_of(session, quote)
    stored = Version(
        number=quote.number,
        version=version.version,
        hash=version.hash,
        title=version.title,
        issued_on=version.sent_at.date().isoformat(),
        valid_until=version.valid_until.isoformat(),
        content=content,
        price=price,
        notes=content.get("notes", ""),
        acceptance=accepted_json(accepted) if accepted and accepted.version == version.version else None,
    )
    parties = Parties(
        session.get_one(Organisation, quote.org_id).name,
        _author(session, quote, version),
        customer_said(version.customer),
    )
    return quote_document(stored, parties, sold.document, assemble(dict(sold.document), content, version.context))  # type: ignore[arg-type]


def customer_said(customer: Mapping[str, Any]) -> Json:
    """The customer as the document names them: `name`, `person`, `address` in one line."""
    address: Mapping[str, Any] = customer.get("address") or {}
    place = " ".join(part for part in (address.get("postal_code"), address.get("city")) if part)
    lines = [part for part in (address.get("street"), place, address.get("country")) if part]
    said = {"name": customer.get("name"), "person": customer.get("contact"), "address": ", ".join(lines)}
    return {name: text for name, text in said.items() if text}


def _author(session: Session, quote: Quote, version: QuoteVersion) -> Json:
    user = session.get(User, quote.user_id) if quote.user_id else None
    return {"name": version.author, **({"email": user.email} if user else {})}


def accepted_json(accepted: Acceptance) -> Json:
    """An acceptance as the page and the PDF tell it."""
    return {
        "name": accepted.name,
        "date": accepted.accepted_on.isoformat(),
        "accepted_at": instant_text(accepted.accepted_at),
        "version": accepted.version,
        "hash": accepted.hash,
    }


def controls_of(session: Session, sold: Sold, document: Mapping[str, Any], content: Mapping[str, Any]) -> Json:
    """What is open, line by line: `quantity`, `selected`, the terms, and the open features with their values."""
    controls: Json = {}
    for line, shown in zip(content["lines"], document["lines"], strict=True):
        names = set(line.get("open", ()))
        if not names:
            continue
        entry: Json = {"quantity": "quantity" in names, "selected": "selected" in names, "terms": [], "features": []}
        if "term" in names and shown["term"]:
            entry["terms"] = _terms(sold, shown["term"])
        open_ = open_features(line)
        model = sold.model(session, line["sku"]) if open_ else None
        if model is not None and line.get("configuration"):
            entry["features"] = offer_options.feature_options(
                model, sold.product(line["sku"]), line["configuration"], open_
            )
        controls[line["id"]] = entry
    return controls


def _terms(sold: Sold, term: Mapping[str, Any]) -> list[Json]:
    """The terms to choose from, the present one among them, in the catalogue's order."""
    names = ("term", "name", "months", "monthly", "total", "leave")
    choices = {other["term"]: other for other in (*term.get("compared", ()), term)}
    order = [one["id"] for one in sold.document.get("terms", ()) if one["id"] in choices]
    return [{name: choices[one][name] for name in names} for one in order]


def swaps_said(sold: Sold, content: Mapping[str, Any], swaps: list[Swap]) -> list[Json]:
    """Swaps in the catalogue's words."""
    skus = {line["id"]: line["sku"] for line in content["lines"]}
    said = []
    for swap in swaps:
        features = {feature["id"]: feature for feature in sold.product(skus[swap.line]).get("features", ())}
        feature = features.get(swap.feature, {"id": swap.feature})
        texts = [value_text(feature, value) for value in (swap.before, swap.after)]
        said.append(
            {"line": swap.line, "feature": feature.get("name", swap.feature), "before": texts[0], "after": texts[1]}
        )
    return said


def questions_of(session: Session, quote: Quote) -> list[Json]:
    """What was asked and answered, in that order."""
    rows = session.scalars(
        sa.select(QuoteQuestion).where(QuoteQuestion.quote_id == quote.id).order_by(QuoteQuestion.id)
    )
    return [question_json(row) for row in rows]


def question_json(row: QuoteQuestion) -> Json:
    """A question as the page, the API and phones tell it."""
    return {
        "id": row.id,
        "line": row.line,
        "text": row.text,
        "asked_at": instant_text(row.asked_at),
        "answer": row.answer,
        "answered_at": instant_text(row.answered_at) if row.answered_at else None,
        "author": row.author,
    }
