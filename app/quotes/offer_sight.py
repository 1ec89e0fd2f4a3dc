"""Quotes and questions that a signed-in caller can see: those of accounts in their territory."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.foundation.problems import not_found
from app.identity.rules import guard_own_work
from app.identity.territory import visible
from app.quotes.offer_tables import QuoteQuestion
from app.quotes.tables import Quote


def seen_quote(session: Session, quote_id: str) -> Quote:
    """A quote that the caller can see; 404 otherwise."""
    seen = visible(principal_of(session), table_of(Quote), "account_id")
    quote = session.scalars(sa.select(Quote).where(Quote.id == quote_id, seen)).one_or_none()
    if quote is None:
        raise not_found("quote")
    return quote


def held_quote(session: Session, quote_id: str) -> Quote:
    """A quote that the caller can see, held until the transaction ends; 403 when it is not theirs or their team's to write."""
    quote = seen_quote(session, quote_id)
    session.refresh(quote, with_for_update=True)
    written = {"user_id": quote.user_id}
    guard_own_work(session, principal_of(session), written, written)
    return quote


def seen_question(session: Session, question_id: str, quote_id: str | None = None) -> QuoteQuestion:
    """A question on a quote (this one, when it is named) that the caller can see; 404 otherwise."""
    question = session.get(QuoteQuestion, question_id)
    if question is None or quote_id not in (None, question.quote_id):
        raise not_found("question")
    seen_quote(session, question.quote_id)
    return question
