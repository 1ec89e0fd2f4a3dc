"""What is done with quotes: one transaction each, for the API, phones and commands alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, changes, clock
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, Problem, invalid
from app.identity.rules import guard_own_work
from app.quotes import approving, sending
from app.quotes.lifecycle import UNSENT, Event, Status, TransitionError, after, words
from app.quotes.pricing import Priced, difference, price_content, price_differs
from app.quotes.resources import QUOTES, needed
from app.resources import service as rows
from app.resources.conditional import Versions
from app.resources.resource import Values

Fields = Mapping[str, Any]
Shown = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that somebody else changed since the revision that a change was based on; it was left as it is."""

    quote: Values
    field: str
    mine: Any
    theirs: Any


def create(session: Session, quote_id: str, given: Fields, by: str) -> str:
    """Make a quote in this user's name; Problem 422 points at what cannot be priced."""
    return rows.add(session, QUOTES, quote_id, {**given, "user_id": by})


def create_new(session: Session, quote_id: str, given: Fields, by: str) -> str:
    """`create` a quote; Problem 409 when another one has this id."""
    if session.scalar(sa.select(QUOTES.table.c.id).where(QUOTES.table.c.id == quote_id)) is not None:
        raise Problem(409, "id-taken", "Id taken", "Another quote has this id; make a new one.")
    return create(session, quote_id, given, by)


def change(session: Session, quote_id: str, revision: int | None, given: Fields, shown: Shown) -> tuple[Clash, ...]:
    """Change a quote that was not sent. With another revision than the quote's nothing is written: the clashes say what differs.

    An empty change with `shown` accepts the server's price.
    """
    quote = _held(session, quote_id)
    if quote["status"] not in UNSENT:
        raise _sent(quote)
    if quote["revision"] != revision:
        return tuple(
            Clash(quote, name, mine, quote[name]) for name, mine in given.items() if not _same(quote[name], mine)
        )
    _write_change(session, quote, given, shown)
    return ()


def change_expecting(session: Session, quote_id: str, expected: Versions, given: Fields, shown: Shown) -> None:
    """`change` a quote whose row version is one of `expected`; Problem 412 when it is not."""
    quote = _held(session, quote_id, expected)
    if quote["status"] not in UNSENT:
        raise _sent(quote)
    _write_change(session, quote, given, shown)


def _write_change(session: Session, quote: Values, given: Fields, shown: Shown) -> None:
    found = price_content(session, given.get("content", quote["content"]), quote["account_id"], quote["user_id"])
    changed: dict[str, Any] = {**given, "revision": quote["revision"] + 1}
    if shown is not None:
        changed |= {"shown": shown, "difference": difference(shown, found)}
    elif "content" in given:
        # Nothing was said of what the new content was shown to cost, so there is nothing to differ from.
        changed["difference"] = None
    if found.digest != quote["digest"] or found.content != quote["content"]:
        changed |= found.columns
        changed["approvals"] = needed(found.price)
        changed["status"] = after(quote["status"], Event.REWRITE).value
        approving.void(session, quote["id"])
    rows.alter(session, QUOTES, quote, changed)


def submit(session: Session, quote_id: str, revision: int, reason: str) -> None:
    """Ask for the approvals that a quote needs; Problem 409 when it needs none, is not whole, or costs something else now."""
    quote = _at_revision(session, quote_id, revision)
    status = _after(quote, Event.SUBMIT)
    found = _as_shown(session, quote, None)
    _refuse_faults(found)
    if not found.price.get("approvals"):
        raise Problem(409, "no-approval-needed", "No approval needed", "This quote needs nobody's approval; send it.")
    asked = approving.ask(session, quote, found, reason)
    _write(session, quote, "quote.submitted", status=status.value, approvals=asked)


def decide(session: Session, quote_id: str, revision: int, decision: str, reason: str | None) -> None:
    """`approve` a quote, as far as it is the caller's to approve, or `refuse` to.

    Problem 403 when none of the approvals that it waits for is the caller's to give.
    """
    quote = _at_revision(session, quote_id, revision, own=False)
    event = Event.APPROVE if decision == "approve" else Event.REFUSE
    status = _after(quote, event)
    if event is Event.REFUSE and not reason:
        raise invalid([FieldError("/reason", "Say why, so that the author knows what to change.")])
    waiting = approving.decide(session, quote, decision, reason)
    if event is Event.APPROVE and waiting:
        status = Status(quote["status"])
    _write(
        session,
        quote,
        f"quote.{'approved' if event is Event.APPROVE else 'refused'}",
        status=status.value,
        approvals=approving.shown(session, quote["id"]),
    )


def send(session: Session, quote_id: str, revision: int, shown: Shown) -> None:
    """Send a quote: this version stays as it is from then on, and the customer gets a link.

    Problem 409 when it costs something else than its author saw, lacks an approval or is not whole; 422 when it is over
    before it begins.
    """
    quote = _at_revision(session, quote_id, revision)
    status = _after_approval(quote)
    found = _as_shown(session, quote, shown)
    sending.refuse_outdated(quote, found)
    _refuse_faults(found)
    approving.require(session, quote, found)
    now = clock.now()
    sending.keep_version(session, quote, found, now)
    _write(
        session, quote, "quote.sent", **{**found.columns, "status": status.value, "sent_at": now, "difference": None}
    )
    sending.make_link(session, quote_id)


def revise(session: Session, quote_id: str, revision: int, given: Fields, shown: Shown) -> None:
    """Begin the next version of a quote that was sent: what was sent stays, and says that there is a newer one."""
    quote = _at_revision(session, quote_id, revision)
    status = _after(quote, Event.REVISE)
    found = price_content(session, given.get("content", quote["content"]), quote["account_id"], quote["user_id"])
    sending.supersede(session, quote, "superseded")
    over = dict.fromkeys(("sent_at", "viewed_at", "decided_at", "decided_by", "decision_reason"))
    changed = {
        **given, **found.columns, **over, "status": status.value, "version": quote["version"] + 1,
        "revision": quote["revision"] + 1, "approvals": needed(found.price), "difference": difference(shown, found),
    }  # fmt: skip
    if shown is not None:
        changed["shown"] = shown
    approving.void(session, quote_id)
    _write(session, quote, "quote.revised", **changed)


def withdraw(session: Session, quote_id: str, reason: str) -> None:
    """Take back what the customer has."""
    quote = _held(session, quote_id)
    status = _after(quote, Event.WITHDRAW)
    sending.supersede(session, quote, "withdrawn")
    by = approving.name_of(session, principal_of(session).user_id)
    _write(
        session,
        quote,
        "quote.withdrawn",
        status=status.value,
        decided_at=clock.now(),
        decided_by=by,
        decision_reason=reason,
    )


def copy(session: Session, quote_id: str, given: Fields) -> str:
    """A new quote of the caller's with what is in this one, for the same account or another; gives its id."""
    source = rows.held(session, QUOTES, quote_id)
    content = {**source["content"], "on": clock.today().isoformat()}
    values: dict[str, Any] = {
        "account_id": source["account_id"], "title": source["title"], "valid_until": source["valid_until"],
        "notes": source["notes"], "content": content, "copied_from": quote_id, **given,
    }  # fmt: skip
    if source["account_id"] == values["account_id"]:
        values.setdefault("person_id", source["person_id"])
    return create(session, new_id(), values, principal_of(session).user_id)


def _held(session: Session, quote_id: str, expected: Versions = None, *, own: bool = True) -> Values:
    """A quote that the caller can see, held; Problem 403 when it is not theirs or their team's to write."""
    quote = rows.held(session, QUOTES, quote_id)
    if expected is not None and quote["row_version"] not in expected:
        raise Problem(412, "stale", "Changed meanwhile", "This quote changed since you read it; read it again first.")
    if own:
        guard_own_work(session, principal_of(session), quote, quote)
    return quote


def _at_revision(session: Session, quote_id: str, revision: int, *, own: bool = True) -> Values:
    quote = _held(session, quote_id, own=own)
    if quote["revision"] != revision:
        raise Problem(
            409,
            "quote-changed",
            "The quote was changed meanwhile",
            f"It is at revision {quote['revision']} and you saw revision {revision}. Look at it, then decide again.",
        )
    return quote


def _after(quote: Values, event: Event) -> Status:
    try:
        return after(quote["status"], event)
    except TransitionError as fault:
        raise Problem(409, "quote-status", "Not at this point", str(fault)) from None


def _after_approval(quote: Values) -> Status:
    if quote["status"] in ("in_approval", "refused"):
        raise Problem(
            409,
            "approval-missing",
            "Approval is missing",
            f"This quote is {words(quote['status'])}; it is sent when it was approved.",
        )
    if quote["status"] not in UNSENT:
        raise _sent(quote)
    return _after(quote, Event.SEND)


def _sent(quote: Values) -> Problem:
    return Problem(
        409,
        "quote-sent",
        "It was sent",
        f"Version {quote['version']} was sent and stays as it is (it is {words(quote['status'])}); "
        "revise the quote to make the next version, or copy it.",
    )


def _as_shown(session: Session, quote: Values, shown: Shown) -> Priced:
    """The quote priced now; Problem 409 when that is not what its author last saw."""
    found = price_content(session, quote["content"], quote["account_id"], quote["user_id"])
    seen = shown if shown is not None else _last_seen(quote)
    if seen["digest"] != found.digest:
        raise price_differs(seen, found)
    if shown is None and quote["difference"] is not None:
        raise price_differs(quote["difference"]["shown"], found)
    return found


def _last_seen(quote: Values) -> Mapping[str, Any]:
    return {
        **{name: quote["totals"].get(name, "0") for name in ("net", "gross", "currency")},
        "digest": quote["digest"],
    }


def _refuse_faults(found: Priced) -> None:
    if found.faults:
        raise Problem(
            409,
            "quote-incomplete",
            "Not ready",
            "The quote is not whole yet; see errors.",
            tuple(FieldError(f"/content{fault.pointer}", fault.detail) for fault in found.faults),
        )


def _write(session: Session, quote: Values, action: str, **changed: Any) -> None:
    """Write columns of a quote that was held, say so in the audit log, and to phones."""
    rows.update_row(session, QUOTES, quote["id"], quote["row_version"], changed)
    audit.record(session, action, "quote", quote["id"], {"version": changed.get("version", quote["version"])})
    changes.touch(session, quote["org_id"], [quote["account_id"]])


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one in (None, "") and other in (None, ""))
