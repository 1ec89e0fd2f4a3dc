"""What quotes say on a briefing: what the customer has in hand, what they looked at and asked, and what they decided lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import Context, Evidence, Fact, Item, Signal, Subject, source_name
from app.foundation.db import table_of
from app.foundation.money import Money, MoneyError
from app.quotes.lifecycle import OPEN
from app.quotes.tables import Quote

QUOTES = table_of(Quote)
SOON = timedelta(days=7)
DECIDED_BACK = timedelta(days=60)
MAX_QUOTES = 3
_COLUMNS = [
    QUOTES.c[name]
    for name in (
        "id", "account_id", "number", "title", "status", "valid_until", "totals", "questions", "sent_at", "viewed_at",
        "decided_at", "decided_by", "decision_reason", "updated_at", "external_ids",
    )
]  # fmt: skip


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """Of each account the newest quotes that are open or were decided lately, at most three."""
    shown: dict[str, int] = defaultdict(int)
    lately = sa.and_(
        QUOTES.c.status.in_(("accepted", "declined", "expired")), QUOTES.c.decided_at >= context.now - DECIDED_BACK
    )
    query = sa.select(*_COLUMNS).where(
        QUOTES.c.org_id == context.org_id,
        QUOTES.c.account_id.in_(context.account_ids),
        sa.or_(QUOTES.c.status.in_(sorted(OPEN)), lately),
    )
    for row in session.execute(query.order_by(QUOTES.c.sent_at.desc(), QUOTES.c.id)).mappings():
        if shown[row["account_id"]] < MAX_QUOTES:
            shown[row["account_id"]] += 1
            yield from ((row["account_id"], signal) for signal in _said(dict(row), context))


def _said(row: Mapping[str, Any], context: Context) -> Iterator[Signal]:
    facts: dict[str, Fact] = {"title": row["title"], "number": row["number"], "amount": _amount(row["totals"])}
    if row["status"] in OPEN:
        yield from _open(row, facts, context)
        yield from _asked(row, context)
    elif row["decided_at"] is not None:
        decided: dict[str, Fact] = {**facts, "decided": row["decided_at"]}
        if row["status"] == "accepted":
            decided["by"] = row["decided_by"] or "the customer"
            yield _signal(row, "quote.accepted", decided, 0.45, "they bought")
        elif row["status"] == "declined":
            decided["reason"] = row["decision_reason"] or "no reason given"
            yield _signal(row, "quote.declined", decided, 0.5, "they declined")
        else:
            yield _signal(row, "quote.expired", decided, 0.4, "it ran out unanswered")


def _open(row: Mapping[str, Any], facts: dict[str, Fact], context: Context) -> Iterator[Signal]:
    until = row["valid_until"]
    facts = {**facts, "until": until, "sent": row["sent_at"]}
    if until - context.today(row["account_id"]) <= SOON:
        yield _signal(row, "quote.expiring", facts, 0.6, "it ends within a week")
    elif row["viewed_at"] is not None:
        yield _signal(row, "quote.viewed", {**facts, "viewed": row["viewed_at"]}, 0.5, "they looked at it")
    else:
        yield _signal(row, "quote.sent", facts, 0.35, "they have it")


def _asked(row: Mapping[str, Any], context: Context) -> Iterator[Signal]:
    waiting = [one for one in row["questions"] or () if not one.get("answer")]
    if waiting:
        facts: dict[str, Fact] = {"title": row["title"], "questions": len(waiting), "text": waiting[0]["text"][:280]}
        yield _signal(row, "quote.question", facts, 0.65, "they wait for an answer")


def _signal(row: Mapping[str, Any], kind: str, facts: dict[str, Fact], weight: float, reason: str) -> Signal:
    at = row["decided_at"] or row["viewed_at"] or row["sent_at"] or row["updated_at"]
    label = f"Quote {row['number']}"
    evidence = Evidence("quote", row["id"], source_name(row["external_ids"]), at, label)
    return Signal(kind, Subject("quote", row["id"], row["title"]), facts, (evidence,), weight, reason, at)


def _amount(totals: Mapping[str, Any]) -> Fact:
    try:
        return Money.parse(totals["net"], totals["currency"])
    except (KeyError, MoneyError):
        return "amount not known"
