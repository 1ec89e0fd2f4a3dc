"""Quotes as they are answered: JSON bytes straight from columns, one by id and lists in pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import Id, table_of
from app.foundation.prepared import Prepared
from app.foundation.principal import Role, principal_of
from app.foundation.problems import FieldError, invalid, not_found
from app.identity.territory import sight, visible, visible_to_role
from app.quotes.comparing import compare
from app.quotes.lifecycle import UNSENT
from app.quotes.tables import Quote, QuoteVersion
from app.resources import wire
from app.resources.listing import Stored

Members = dict[str, Any]
QUOTES, VERSIONS = table_of(Quote), table_of(QuoteVersion)
LISTED = (
    "id", "number", "account_id", "person_id", "visit_id", "user_id", "author", "title", "status", "version", "revision",
    "valid_until", "notes", "currency", "catalogue", "catalogue_version", "totals", "digest", "difference", "approvals",
    "link", "copied_from", "sent_at", "viewed_at", "decided_at", "decided_by", "decision_reason", "created_at",
    "updated_at", "row_version",
)  # fmt: skip
READ = (*LISTED, "content", "price", "faults", "shown", "questions")
EQUAL = ("account_id", "person_id", "visit_id", "user_id", "status", "number")
_CURSOR = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _columns(names: tuple[str, ...]) -> list[sa.ColumnElement[Any]]:
    chosen = [QUOTES.c[name] for name in names]
    return [sa.cast(one, sa.Text).label(one.name) if isinstance(one.type, sa.JSON) else one for one in chosen]


def _members(names: tuple[str, ...], row: Any) -> Members:
    told = dict(zip(names, row, strict=True))
    for name in _JSON:
        if isinstance(told.get(name), str):
            told[name] = orjson.Fragment(told[name])
    return told


_JSON = tuple(column.name for column in QUOTES.columns if isinstance(column.type, sa.JSON))


@cache
def _one(role: Role) -> Prepared:
    wanted = QUOTES.c.id == sa.bindparam("quote", type_=Id())
    return Prepared(sa.select(*_columns(READ)).where(wanted, visible_to_role(role, QUOTES, "account_id")))


def read(session: Session, quote_id: str) -> Stored:
    """One quote that the caller can see; Problem 404 otherwise."""
    principal = principal_of(session)
    row = _one(principal.role).first(session.connection(), {"quote": quote_id, **sight(principal)})
    if row is None:
        raise not_found("quote")
    told = _members(READ, row)
    return Stored(told["id"], told["row_version"], wire.dumps(told))


def page(session: Session, query: Mapping[str, Any]) -> bytes:
    """One page, the newest quote first, without contents and prices."""
    principal, limit = principal_of(session), query["limit"]
    here = [visible(principal, QUOTES, "account_id")]
    here += [QUOTES.c[name] == query[name] for name in EQUAL if name in query]
    if "updated_since" in query:
        here.append(QUOTES.c.updated_at >= query["updated_since"])
    if "cursor" in query:
        if _CURSOR.fullmatch(query["cursor"]) is None:
            raise invalid([FieldError("/query/cursor", "Not a cursor of a list; start again without one.")])
        here.append(QUOTES.c.id < query["cursor"])
    question = sa.select(*_columns(LISTED)).where(*here).order_by(QUOTES.c.id.desc()).limit(limit + 1)
    rows = [_members(LISTED, row) for row in session.execute(question)]
    more = len(rows) > limit
    return wire.dumps({"data": rows[:limit], "next_cursor": rows[limit - 1]["id"] if more else None})


def versions(session: Session, quote_id: str) -> Members:
    """Every version of a quote, the newest first; the one that was not sent yet has no hash."""
    quote = _seen(session, quote_id)
    names = ("version", "hash", "title", "valid_until", "currency", "outcome", "sent_at", "author")
    query = sa.select(*(VERSIONS.c[name] for name in names), VERSIONS.c.price).where(VERSIONS.c.quote_id == quote_id)
    sent = session.execute(query.order_by(VERSIONS.c.version.desc())).all()
    told = [{**dict(zip(names, row[:-1], strict=True)), "totals": row[-1].get("totals", {})} for row in sent]
    if quote["status"] in UNSENT:
        told.insert(0, _draft(quote, ("title", "valid_until", "currency", "author", "totals")))
    return {"data": told}


def version(session: Session, quote_id: str, number: int) -> Members:
    """A version with its content and price, as it was sent, or as it stands; Problem 404 when there is none."""
    quote = _seen(session, quote_id)
    here = (VERSIONS.c.quote_id == quote_id, VERSIONS.c.version == number)
    names = ("version", "hash", "title", "valid_until", "currency", "outcome", "sent_at", "author")
    row = session.execute(sa.select(VERSIONS).where(*here)).mappings().first()
    if row is not None:
        more = {name: row[name] for name in ("customer", "content", "price")}
        return {**{name: row[name] for name in names}, "totals": row["price"].get("totals", {}), **more}
    if number != quote["version"] or quote["status"] not in UNSENT:
        raise not_found("version of the quote")
    shown = _draft(quote, ("title", "valid_until", "currency", "author", "totals", "content", "price"))
    return {**shown, "customer": None}


def compared(session: Session, quote_id: str, a: int, b: int) -> Members:
    """What differs between two versions of a quote."""
    one, other = version(session, quote_id, a), version(session, quote_id, b)
    for side in (one, other):
        side["valid_until"] = side["valid_until"].isoformat()
    return {"a": a, "b": b, **compare(one, other)}


def _draft(quote: Mapping[str, Any], names: tuple[str, ...]) -> Members:
    told = {name: quote[name] for name in names}
    return {"version": quote["version"], "hash": None, "outcome": "draft", "sent_at": None, **told}


def _seen(session: Session, quote_id: str) -> Mapping[str, Any]:
    here = (QUOTES.c.id == quote_id, visible(principal_of(session), QUOTES, "account_id"))
    row = session.execute(sa.select(QUOTES).where(*here)).mappings().first()
    if row is None:
        raise not_found("quote")
    return dict(row)
