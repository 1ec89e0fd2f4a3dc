"""What phones do with what customers asked."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.principal import principal_of
from app.quotes import arguments, offers
from app.quotes.offer_sight import seen_question
from app.quotes.offer_tables import QuoteQuestion
from app.quotes.tables import Quote
from app.sync.mutation import Args, Made, Mutation, Outcome, register


def _account(session: Session, args: Args) -> str | None:
    return session.scalars(
        sa.select(Quote.account_id)
        .join(QuoteQuestion, QuoteQuestion.quote_id == Quote.id)
        .where(QuoteQuestion.id == args["id"], Quote.org_id == principal_of(session).org_id)
    ).one_or_none()


def _answer(session: Session, args: Args, _made: Made) -> Outcome:
    offers.answer(session, seen_question(session, args["id"]), args["text"])
    return Outcome()


register(Mutation("quote.answer", arguments.QuoteAnswer, "quotes:write", _account, _answer))
