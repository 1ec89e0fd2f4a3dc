"""Phone rows: what is sent of each row type, encoded straight from columns; empty members are left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.foundation.money import Money
from app.sync.permission import (
    ACCOUNTS,
    AGREEMENTS,
    ATTACHMENTS,
    BRIEFINGS,
    CATALOGUES,
    DRAFTS,
    GOALS,
    MESSAGES,
    NOTES,
    ORGANISATIONS,
    PEOPLE,
    PRODUCTS,
    PROMISES,
    QUOTES,
    SUBSCRIPTIONS,
    TICKETS,
    USERS,
    VISITS,
)

Row = Mapping[str, Any] | orjson.Fragment
Encode = Callable[[Any], Row]
DECIDERS = USERS.alias("decider")
_EMPTY_JSON = frozenset({"", "[]", "{}", "null"})


@dataclass(frozen=True)
class Shape:
    """How rows of one type are read and sent: columns of `source`, in the order that `encode` expects."""

    table: sa.Table
    columns: Sequence[sa.ColumnElement[Any]]
    encode: Encode
    source: sa.FromClause
    order: sa.ColumnElement[Any]


def fetch(session: Session, row_type: str, ids: Sequence[str]) -> list[Row]:
    """The rows of these ids, which the permission query of the same moment gave."""
    dialect = session.get_bind().dialect.name
    given = orjson.dumps(ids).decode() if dialect == "sqlite" else list(ids)
    encode = SHAPES[row_type].encode
    return [encode(row) for row in session.execute(_statement(row_type, dialect), {"ids": given})]


@cache
def _statement(row_type: str, dialect: str) -> "sa.Select[Any]":
    shape = SHAPES[row_type]
    query = sa.select(*shape.columns).select_from(shape.source)
    # Rows of one account beside each other compress better. One parameter holds all ids, however many they are.
    if dialect == "sqlite":
        chosen = sa.func.json_each(sa.bindparam("ids", type_=sa.Text())).table_valued("value")
        return query.where(shape.table.c.id.in_(sa.select(chosen.c.value))).order_by(shape.order)
    chosen_ids = sa.cast(sa.bindparam("ids", type_=postgresql.ARRAY(sa.Text())), postgresql.ARRAY(sa.Uuid()))
    return query.where(shape.table.c.id == sa.any_(chosen_ids)).order_by(shape.order)


def _plain(table: sa.Table, *names: str) -> Shape:
    """Rows whose members are columns. JSON comes as text, so that it is not parsed only to be written again."""
    json_names = [name for name in names if isinstance(table.c[name].type, sa.JSON)]
    columns = [sa.cast(table.c[name], sa.Text) if name in json_names else table.c[name] for name in names]

    def encode(row: Any) -> Row:
        members = {name: value for name, value in zip(names, row, strict=True) if value is not None and value != ""}
        for name in json_names:
            text = members.get(name)
            if text in _EMPTY_JSON:
                del members[name]
            elif text is not None:
                members[name] = orjson.Fragment(text)
        return members

    return Shape(table, columns, encode, table, table.c.account_id if "account_id" in table.c else table.c.id)


def _people() -> Shape:
    plain = _plain(
        PEOPLE, "id", "account_id", "name", "title", "role", "email", "phone", "mobile", "language", "preferred_channel",
        "preferred_times", "started_on", "left_on", "notes", "consent",
    )  # fmt: skip

    def encode(row: Any) -> Row:
        members = dict(plain.encode(row))
        if "consent" in members:
            members["consent"] = consent_now(orjson.loads(row[-1]))
        return members

    return Shape(plain.table, plain.columns, encode, plain.source, plain.order)


def consent_now(history: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Status by channel: the one recorded last; of two at the same instant, the later in the list."""
    last: dict[str, Mapping[str, str]] = {}
    for entry in history:
        known = last.get(entry["channel"])
        if known is None or entry.get("recorded_at", "") >= known.get("recorded_at", ""):
            last[entry["channel"]] = entry
    return {channel: entry["status"] for channel, entry in last.items()}


def _subscriptions() -> Shape:
    plain = _plain(
        SUBSCRIPTIONS, "id", "account_id", "contract_number", "quantity", "starts_on", "ends_on", "renews_on",
        "term_months", "notice_days", "auto_renew", "status", "notes",
    )  # fmt: skip
    price = (SUBSCRIPTIONS.c.price_minor, SUBSCRIPTIONS.c.price_currency)
    columns = [*plain.columns, PRODUCTS.c.name, PRODUCTS.c.sku, *price]

    def encode(row: Any) -> Row:
        *own, product, sku, minor, currency = row
        members = {**plain.encode(own), "product": product, "sku": sku}  # type: ignore[dict-item]
        if minor is not None and currency is not None:
            members["price"] = Money(minor, currency).as_wire()
        return members

    source = SUBSCRIPTIONS.join(PRODUCTS, PRODUCTS.c.id == SUBSCRIPTIONS.c.product_id)
    return Shape(SUBSCRIPTIONS, columns, encode, source, plain.order)


def _me() -> Shape:
    names = ("id", "name", "email", "role", "time_zone", "locale")

    def encode(row: Any) -> Row:
        return {**dict(zip(names, row[:6], strict=True)), "org": {"id": row[6], "name": row[7]}}

    columns = [*(USERS.c[name] for name in names), ORGANISATIONS.c.id, ORGANISATIONS.c.name]
    source = USERS.join(ORGANISATIONS, ORGANISATIONS.c.id == USERS.c.org_id)
    return Shape(USERS, columns, encode, source, USERS.c.id)


def with_lease(row: Row, days: int) -> Row:
    """The row of the user, with the days after which a phone that was out of touch asks to sign in."""
    return {**cast(Mapping[str, Any], row), "offline_lease_days": days}


def marked_mine(row: Row, user_id: str) -> Row:
    """The row of a draft, with the mark that it is the user's own."""
    members = cast(Mapping[str, Any], row)
    return {**members, "mine": True} if members["user_id"] == user_id else members


def _named(table: sa.Table, source: sa.FromClause, more: Mapping[str, sa.ColumnElement[Any]], *names: str) -> Shape:
    """Rows of `table` with members that are columns of other tables."""
    plain = _plain(table, *names)

    def encode(row: Any) -> Row:
        own = cast(Mapping[str, Any], plain.encode(row[: len(names)]))
        return {**own, **{name: value for name, value in zip(more, row[len(names) :], strict=True) if value}}

    return Shape(table, [*plain.columns, *more.values()], encode, source, plain.order)


def _briefing(row: Any) -> Row:
    return orjson.Fragment(bytes(row[0]))


SHAPES: Mapping[str, Shape] = {
    "me": _me(),
    "account": _plain(
        ACCOUNTS, "id", "name", "industry", "status", "phone", "website", "address", "time_zone", "employees", "aliases",
        "notes",
    ),
    "person": _people(),
    "visit": _plain(
        VISITS, "id", "account_id", "user_id", "starts_at", "ends_at", "time_zone", "place", "purpose", "status", "attendee_ids",
        "notes", "outcome", "next_step", "done_at",
    ),
    "briefing": Shape(BRIEFINGS, [BRIEFINGS.c.body], _briefing, BRIEFINGS, BRIEFINGS.c.account_id),
    "subscription": _subscriptions(),
    "ticket": _plain(
        TICKETS, "id", "account_id", "number", "subject", "status", "priority", "category", "assignee", "opened_at",
        "due_at", "solved_at", "closed_at", "reopened_count", "url",
    ),
    "promise": _plain(
        PROMISES, "id", "account_id", "person_id", "user_id", "text", "made_on", "due_on", "status", "kept_on", "visit_id"
    ),
    "goal": _plain(GOALS, "id", "account_id", "person_id", "title", "target", "due_on", "status"),
    "note": _plain(NOTES, "id", "account_id", "visit_id", "user_id", "author", "text", "written_at"),
    "message": _plain(
        MESSAGES, "id", "account_id", "visit_id", "user_id", "author", "text", "mentions", "attached", "written_at"
    ),
    "attachment": _plain(
        ATTACHMENTS, "id", "account_id", "visit_id", "user_id", "author", "name", "media_type", "size", "taken_at",
        "complete",
    ),
    "catalogue": _plain(CATALOGUES, "id", "key", "version", "name", "hash", "bytes", "valid_from", "valid_to"),
    "agreement": _plain(AGREEMENTS, "id", "account_id", "number", "name", "valid_from", "valid_to", "steps"),
    "quote": _plain(
        QUOTES, "id", "number", "account_id", "person_id", "visit_id", "user_id", "author", "title", "status", "version",
        "revision", "valid_until", "notes", "content", "totals", "digest", "faults", "difference", "approvals", "questions",
        "link", "sent_at", "viewed_at", "decided_at", "decided_by", "decision_reason", "updated_at",
    ),
    "colleague": _plain(USERS, "id", "name", "role"),
    "draft": _named(
        DRAFTS,
        DRAFTS.join(ACCOUNTS, ACCOUNTS.c.id == DRAFTS.c.account_id)
        .join(USERS, USERS.c.id == DRAFTS.c.user_id)
        .outerjoin(DECIDERS, DECIDERS.c.id == DRAFTS.c.decided_by),
        {"account": ACCOUNTS.c.name, "author": USERS.c.name, "state": DRAFTS.c.status, "decided_by": DECIDERS.c.name},
        "id", "account_id", "user_id", "name", "args", "made_at", "reason", "decided_at",
    ),
}  # fmt: skip
