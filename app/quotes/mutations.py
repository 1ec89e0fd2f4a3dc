"""What phones do to quotes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from app.foundation import audit
from app.foundation.problems import Problem
from app.quotes import arguments, service
from app.quotes.resources import QUOTES
from app.sync.changing import is_there, names_of
from app.sync.mutation import Args, Conflict, Made, Mutation, Outcome, account_named, account_of_row, register

SCOPE = "quotes:write"
_OF_QUOTE = account_of_row(QUOTES.table)


def _create(session: Session, args: Args, made: Made) -> Outcome:
    values = {name: value for name, value in args.items() if name != "id" and value is not None}
    hand = {"account_id": args["account_id"], "user_id": made.by}
    if not is_there(session, QUOTES, args["id"], hand):
        service.create(session, args["id"], values, made.by)
    return Outcome()


def _change(session: Session, args: Args, made: Made) -> Outcome:
    # Made on top of a change that was not written: a revision of that number is somebody else's.
    revision = None if made.clashed else args["revision"]
    clashes = service.change(session, args["id"], revision, args["fields"], args.get("shown"))
    return Outcome(_conflicts(session, clashes))


def _conflicts(session: Session, clashes: Sequence[service.Clash]) -> tuple[Conflict, ...]:
    """Fields that somebody else changed, with who and when; of the price and what else follows from them nothing is said."""
    if not clashes:
        return ()
    quote = clashes[0].quote
    written = audit.last_written(session, "quote", quote["id"], [one.field for one in clashes], quote["updated_at"])
    names = names_of(session, {who.user_id for who in written.values() if who.user_id})
    found = []
    for clash in clashes:
        who = written.get(clash.field)
        by = {"id": who.user_id, "name": names[who.user_id]} if who and who.user_id in names else None
        mine, theirs = (one.isoformat() if isinstance(one, date) else one for one in (clash.mine, clash.theirs))
        at = who.at if who else quote["updated_at"]
        found.append(Conflict("quote", quote["id"], clash.field, None, mine, theirs, by, at))
    return tuple(found)


def _refuse_clashed(made: Made) -> None:
    """Problem 409 for what was decided about a quote that looked otherwise: a change before it clashed with another's."""
    if made.clashed:
        raise Problem(
            409,
            "quote-changed",
            "The quote was changed meanwhile",
            "What you changed before this clashed with somebody else's change. Settle that, look at the quote, "
            "then decide again.",
        )


def _submit(session: Session, args: Args, made: Made) -> Outcome:
    _refuse_clashed(made)
    service.submit(session, args["id"], args["revision"], args["reason"])
    return Outcome()


def _decide(session: Session, args: Args, _made: Made) -> Outcome:
    service.decide(session, args["id"], args["revision"], args["decision"], args.get("reason"))
    return Outcome()


def _send(session: Session, args: Args, made: Made) -> Outcome:
    _refuse_clashed(made)
    service.send(session, args["id"], args["revision"], args.get("shown"))
    return Outcome()


def _revise(session: Session, args: Args, made: Made) -> Outcome:
    _refuse_clashed(made)
    fields: Args = {name: args[name] for name in ("content", "valid_until") if name in args}
    service.revise(session, args["id"], args["revision"], fields, args.get("shown"))
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
