"""What accounts, people, promises, goals and deals say on a briefing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import (
    AccountRef,
    Context,
    Evidence,
    Fact,
    Item,
    Person,
    Signal,
    Subject,
    at_midnight,
    source_name,
)
from app.customers import consent
from app.customers.tables import Account, Goal, Opportunity, Promise
from app.customers.tables import Person as PersonRow
from app.foundation.db import table_of
from app.foundation.money import Money
from app.identity.tables import User
from app.visits.signals import visit_evidence

ACCOUNTS, PEOPLE, PROMISES, GOALS, DEALS = map(table_of, (Account, PersonRow, Promise, Goal, Opportunity))
USERS = table_of(User)

NEW_DAYS = 120
LEFT_DAYS = 120
KEPT_DAYS = 60
GOAL_AHEAD_DAYS = 30
DEAL_DAYS = 90
NO_CHANNEL = {
    "phone": "person.no_calls",
    "email": "person.no_emails",
    "sms": "person.no_messages",
    "visit": "person.no_visits",
}


def account_refs(session: Session, org_id: str, account_ids: Sequence[str]) -> dict[str, AccountRef]:
    """The accounts of this organisation among `account_ids`, each with its own record as evidence."""
    columns = (
        ACCOUNTS.c.id, ACCOUNTS.c.name, ACCOUNTS.c.time_zone, ACCOUNTS.c.external_ids, ACCOUNTS.c.created_at,
    )  # fmt: skip
    rows = session.execute(sa.select(*columns).where(ACCOUNTS.c.org_id == org_id, ACCOUNTS.c.id.in_(account_ids)))
    return {
        row.id: AccountRef(
            row.id,
            row.name,
            row.time_zone,
            # Creation, not the last change: that something is missing has been so since then, whatever was edited.
            Evidence("account", row.id, source_name(row.external_ids), row.created_at, row.name),
        )
        for row in rows
    }


def hold_accounts(session: Session, org_id: str, account_ids: Sequence[str]) -> list[str]:
    """Which of these accounts there are, each held against other holders until the transaction ends, in order of id."""
    query = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.org_id == org_id, ACCOUNTS.c.id.in_(account_ids))
    return list(session.scalars(query.order_by(ACCOUNTS.c.id).with_for_update(key_share=True)))


def accounts_by_zone(session: Session) -> Iterator[tuple[str, str, list[str]]]:
    """Every organisation's accounts as (organisation, time zone, account ids)."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for org_id, zone, account_id in session.execute(
        sa.select(ACCOUNTS.c.org_id, ACCOUNTS.c.time_zone, ACCOUNTS.c.id).order_by(ACCOUNTS.c.id)
    ):
        grouped[org_id, zone].append(account_id)
    for (org_id, zone), account_ids in sorted(grouped.items()):
        yield org_id, zone, account_ids


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """People, promises, goals and deals of the accounts asked for."""
    names: dict[str, str] = {}
    known: set[str] = set()
    for row in _rows(session, context, PEOPLE):
        names[row["id"]] = row["name"]
        known.add(row["account_id"])
        yield from ((row["account_id"], item) for item in _person(row, context.today(row["account_id"])))
    for account_id, account in context.accounts.items():
        if account_id not in known:
            yield account_id, _nobody(account)
    yield from _promises(session, context, names)
    for row in _rows(session, context, GOALS, GOALS.c.status == "open"):
        yield row["account_id"], _goal(row, context.today(row["account_id"]))
    yield from _deals(session, context)


def _rows(
    session: Session, context: Context, table: sa.Table, *conditions: sa.ColumnElement[bool]
) -> list[dict[str, Any]]:
    query = sa.select(table).where(
        table.c.org_id == context.org_id, table.c.account_id.in_(context.account_ids), *conditions
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _evidence(kind: str, row: Mapping[str, Any], label: str) -> Evidence:
    return Evidence(kind, row["id"], source_name(row["external_ids"]), row["updated_at"], label)


# --- people --------------------------------------------------------------------------------------------------------


def _nobody(account: AccountRef) -> Signal:
    return Signal(
        "person.none_known", account.subject, {}, (account.evidence,), 0.2, "nobody to ask for", account.evidence.as_of
    )


def _person(row: Mapping[str, Any], today: date) -> Iterator[Item]:
    """The person for the people card while they are there, and what is new or to be minded about them."""
    started, left = row["started_on"], row["left_on"]
    if left is not None and left <= today:
        if today - left <= timedelta(days=LEFT_DAYS):
            yield _about(row, "person.left", 0.55 + _decides(row), {"left": left}, at_midnight(left), titled=True)
        return
    withdrawn = consent.withdrawn_channels(row["consent"] or ())
    avoids_contact = row["preferred_channel"] == "none"
    yield Person(
        row["id"],
        row["name"],
        row["title"] or "",
        row["role"],
        row["phone"] or row["mobile"] or "",
        row["email"] or "",
        row["preferred_channel"] or "",
        row["preferred_times"] or "",
        withdrawn | ({"phone", "email", "sms"} if avoids_contact else frozenset()),
    )
    for channel in sorted(withdrawn & set(NO_CHANNEL)):
        yield _about(row, NO_CHANNEL[channel], 0.4, {}, row["updated_at"])
    if avoids_contact:
        yield _about(row, "person.no_contact", 0.4, {}, row["updated_at"])
    if started is not None and timedelta() <= today - started <= timedelta(days=NEW_DAYS):
        weight = 0.5 if today - started <= timedelta(days=30) else 0.4
        yield _about(row, "person.new", weight + _decides(row), {"started": started}, at_midnight(started), titled=True)


def _decides(row: Mapping[str, Any]) -> float:
    return 0.1 if row["role"] == "decision_maker" else 0.0


def _about(
    row: Mapping[str, Any], kind: str, weight: float, facts: dict[str, Fact], observed_at: Any, *, titled: bool = False
) -> Signal:
    title: dict[str, Fact] = {"title": row["title"] or "title not known"} if titled else {}
    subject = Subject("person", row["id"], row["name"])
    evidence = (_evidence("person", row, row["name"]),)
    return Signal(kind, subject, {"name": row["name"], **title, **facts}, evidence, weight, "a person", observed_at)


# --- promises and goals --------------------------------------------------------------------------------------------


def _promises(session: Session, context: Context, names: Mapping[str, str]) -> Iterator[tuple[str, Signal]]:
    rows = _rows(session, context, PROMISES, PROMISES.c.status.in_(("open", "kept")))
    user_ids = {row["user_id"] for row in rows if row["user_id"]}
    query = sa.select(USERS.c.id, USERS.c.name).where(USERS.c.org_id == context.org_id, USERS.c.id.in_(user_ids))
    users = {row.id: row.name for row in session.execute(query)} if user_ids else {}
    visits = visit_evidence(session, context.org_id, {row["visit_id"] for row in rows if row["visit_id"]})
    for row in rows:
        account = context.accounts[row["account_id"]]
        to = names.get(row["person_id"] or "", account.name)
        by = users.get(row["user_id"] or "", "a colleague")
        signal = _promise(row, to, by, visits.get(row["visit_id"] or ""), context.today(account.id))
        if signal is not None:
            yield account.id, signal


def _promise(row: Mapping[str, Any], to: str, by: str, visit: Evidence | None, today: date) -> Signal | None:
    due, kept = row["due_on"], row["kept_on"]
    subject = Subject("promise", row["id"], row["text"])
    evidence = (_evidence("promise", row, f"Promise to {to}"), *([visit] if visit else []))
    if row["status"] == "kept":
        if kept is None or not timedelta() <= today - kept <= timedelta(days=KEPT_DAYS):
            return None
        facts: dict[str, Fact] = {"to": to, "text": row["text"], "kept": kept}
        return Signal("promise.kept", subject, facts, evidence, 0.25, "kept", at_midnight(kept))
    facts = {"to": to, "text": row["text"], "due": due, "by": by, "made": row["made_on"]}
    days = (due - today).days
    if days < 0:
        weight = min(0.95, 0.85 - 0.01 * days)
        return Signal("promise.overdue", subject, facts, evidence, weight, f"{-days} days late", at_midnight(due))
    weight = 0.85 if days == 0 else 0.7 if days <= 3 else 0.5 if days <= 14 else 0.3
    return Signal("promise.due", subject, facts, evidence, weight, f"due in {days} days", at_midnight(row["made_on"]))


def _goal(row: Mapping[str, Any], today: date) -> Signal:
    due = row["due_on"]
    facts: dict[str, Fact] = {"title": row["title"], "target": row["target"] or "not stated"}
    subject, evidence = Subject("goal", row["id"], row["title"]), (_evidence("goal", row, "Goal"),)
    observed = row["created_at"]
    if due is None:
        return Signal("goal.open", subject, facts, evidence, 0.25, "a goal", observed)
    facts["due"] = due
    if due < today:
        return Signal("goal.overdue", subject, facts, evidence, 0.4, "its date has passed", at_midnight(due))
    weight = 0.35 if due - today <= timedelta(days=GOAL_AHEAD_DAYS) else 0.25
    return Signal("goal.due", subject, facts, evidence, weight, "a goal with a date", observed)


# --- deals ---------------------------------------------------------------------------------------------------------


def _deals(session: Session, context: Context) -> Iterator[tuple[str, Signal]]:
    """Deals that are open, and those won or lost in the last quarter; the newest three of each an account."""
    recent = context.now.date() - timedelta(days=DEAL_DAYS)
    relevant = sa.or_(DEALS.c.stage.in_(("prospecting", "engaging")), DEALS.c.closed_on >= recent)
    shown: dict[tuple[str, str], int] = defaultdict(int)
    rows = _rows(session, context, DEALS, relevant)
    for row in sorted(rows, key=lambda r: (r["closed_on"] or r["opened_on"] or date.min, r["id"]), reverse=True):
        signal = _deal(row, context.today(row["account_id"]))
        if signal is not None and shown[row["account_id"], signal.kind] < 3:
            shown[row["account_id"], signal.kind] += 1
            yield row["account_id"], signal


def _deal(row: Mapping[str, Any], today: date) -> Signal | None:
    subject, evidence = Subject("opportunity", row["id"], row["name"]), (_evidence("opportunity", row, row["name"]),)
    known = row["value_minor"] is not None and row["value_currency"]
    value: Fact = Money(row["value_minor"], row["value_currency"]) if known else "value not known"
    closed, opened = row["closed_on"], row["opened_on"]
    facts: dict[str, Fact] = {"name": row["name"]}
    if row["stage"] == "won" and closed and closed <= today:
        facts |= {"closed": closed, "value": value}
        return Signal("opportunity.won", subject, facts, evidence, 0.3, "bought lately", at_midnight(closed))
    if row["stage"] == "lost" and closed and closed <= today:
        return Signal(
            "opportunity.lost", subject, {**facts, "closed": closed}, evidence, 0.2, "lost", at_midnight(closed)
        )
    if row["stage"] in ("prospecting", "engaging") and opened and opened <= today:
        facts |= {"value": value, "stage": row["stage"], "opened": opened}
        return Signal("opportunity.open", subject, facts, evidence, 0.3, "an open deal", at_midnight(opened))
    return None
