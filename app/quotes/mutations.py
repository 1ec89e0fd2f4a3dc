"""What phones do to quotes."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.foundation.db import table_of
from app.quotes import arguments, service
from app.quotes.tables import Quote
from app.sync.mutation import Args, Made, Mutation, Outcome, account_named, account_of_row, register

SCOPE = "quotes:write"
_OF_QUOTE = account_of_row(table_of(Quote))


def _create(session: Session, args: Args, made: Made) -> Outcome:
    service.create(session, args, made.by)
    return Outcome()


def _change(session: Session, args: Args, made: Made) -> Outcome:
    return Outcome(service.change(session, args["id"], args["revision"], args["fields"], args.get("shown"), made.by))


def _submit(session: Session, args: Args, made: Made) -> Outcome:
    service.submit(session, args["id"], args["revision"], args["reason"], made.by)
    return Outcome()


def _decide(session: Session, args: Args, _made: Made) -> Outcome:
    service.decide(session, args["id"], args["revision"], args["decision"], args.get("reason"))
    return Outcome()


def _send(session: Session, args: Args, made: Made) -> Outcome:
    service.send(session, args["id"], args["revision"], args.get("shown"), made.by)
    return Outcome()


def _revise(session: Session, args: Args, made: Made) -> Outcome:
    fields: Args = {name: args[name] for name in ("content", "valid_until") if name in args}
    service.revise(session, args["id"], args["revision"], fields, args.get("shown"), made.by)
    return Outcome()


def _withdraw(session: Session, args: Args, _made: Made) -> Outcome:
    service.withdraw(session, args["id"], args["reason"])
    return Outcome()


register(Mutation("quote.create", arguments.QuoteCreate, SCOPE, account_named("account_id"), _create))
register(Mutation("quote.change", arguments.QuoteChange, SCOPE, _OF_QUOTE, _change))
register(Mutation("quote.submit", arguments.QuoteSubmit, SCOPE, _OF_QUOTE, _submit))
register(Mutation("quote.decide", arguments.QuoteDecide, SCOPE, _OF_QUOTE, _decide))
register(Mutation("quote.send", arguments.QuoteSend, SCOPE, _OF_QUOTE, _send))
register(Mutation("quote.revise", arguments.QuoteRevise, SCOPE, _OF_QUOTE, _revise))
register(Mutation("quote.withdraw", arguments.QuoteWithdraw, SCOPE, _OF_QUOTE, _withdraw))
