"""Composing briefings and keeping them: stored as the bytes that are sent, changed only when they say something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing import compose, sources
from app.briefing.signal import Context, Item, Source
from app.briefing.tables import StoredBriefing
from app.customers.signals import account_refs, hold_accounts
from app.foundation import pokes, traces
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.logs import log
from app.foundation.prepared import Prepared
from app.foundation.principal import Role, principal_of
from app.foundation.problems import not_found
from app.identity.territory import sight, visible_to_role
from app.visits.signals import VISITS, PlannedVisit, planned_visits

BRIEFINGS = table_of(StoredBriefing)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many briefings a rebuild wrote anew, found unchanged, and took away."""

    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def compose_and_store(
    session: Session,
    org_id: str,
    account_ids: Collection[str],
    now: datetime,
    others: Mapping[str, Source] | None = None,
) -> Rebuilt:
    """Compose the briefing of each account, and one for each of its visits in the next seven days.

    A briefing that says the same as before keeps its bytes and its row version. Briefings of visits that are over, far
    away or cancelled are taken away. The accounts are held for the length of the transaction: of two rebuilds at the same
    time the later sees what the earlier wrote.
    """
    held = hold_accounts(session, org_id, sorted(account_ids))
    context = Context(org_id, account_refs(session, org_id, held), now)
    if not context.accounts:
        return Rebuilt()
    items = sources.gather(session, context, others)
    planned = planned_visits(session, context)
    stored = _stored(session, context)
    composed = [
        briefing
        for account_id in context.accounts
        for briefing in _of_account(account_id, items[account_id], planned.get(account_id, ()), stored[account_id], now)
    ]
    return _store(session, org_id, composed, stored, now)


def _stored(session: Session, context: Context) -> defaultdict[str, dict[str | None, Any]]:
    """Id and version of what is stored, by account and visit."""
    query = sa.select(BRIEFINGS.c.id, BRIEFINGS.c.account_id, BRIEFINGS.c.visit_id, BRIEFINGS.c.version).where(
        BRIEFINGS.c.org_id == context.org_id, BRIEFINGS.c.account_id.in_(context.account_ids)
    )
    found: defaultdict[str, dict[str | None, Any]] = defaultdict(dict)
    for row in session.execute(query):
        found[row.account_id][row.visit_id] = row
    return found


def _of_account(
    account_id: str,
    items: Sequence[Item],
    visits: Sequence[PlannedVisit],
    stored: Mapping[str | None, Any],
    now: datetime,
) -> list[compose.Briefing]:
    occasions: list[compose.Visit | None] = [None, *(compose.Visit(v.id, v.attendee_ids) for v in visits)]
    briefings = []
    for visit in occasions:
        known = stored.get(visit.id if visit else None)
        with traces.span("briefing composed", account=account_id, visit=visit.id if visit else None):
            briefings.append(compose.compose(known.id if known else new_id(), account_id, items, now, visit))
    for rejection in briefings[0].rejected:
        log.warning("signal rejected", account=account_id, kind=rejection.kind, reason=rejection.reason)
    return briefings


def _store(
    session: Session,
    org_id: str,
    composed: Sequence[compose.Briefing],
    stored: Mapping[str, Mapping[str | None, Any]],
    now: datetime,
) -> Rebuilt:
    known = {row.id: row.version for rows in stored.values() for row in rows.values()}
    new = [briefing for briefing in composed if briefing.id not in known]
    changed = [briefing for briefing in composed if briefing.id in known and known[briefing.id] != briefing.version]
    gone = sorted(set(known) - {briefing.id for briefing in composed})
    if new:
        session.execute(sa.insert(BRIEFINGS), [_values(briefing, org_id, now) for briefing in new])
    for briefing in changed:
        session.execute(
            sa.update(BRIEFINGS)
            .where(BRIEFINGS.c.id == briefing.id)
            .values(
                body=briefing.content,
                version=briefing.version,
                as_of=briefing.as_of,
                row_version=BRIEFINGS.c.row_version + 1,
            )
        )
    if gone:
        session.execute(sa.delete(BRIEFINGS).where(BRIEFINGS.c.id.in_(gone)))
    shown = {briefing.account_id for briefing in (*new, *changed)}
    if gone:
        shown.update(account_id for account_id, rows in stored.items() if any(row.id in gone for row in rows.values()))
    if shown:
        pokes.tell(session, org_id, accounts=shown)
    kept = [briefing.id for briefing in composed if briefing.id in known]
    if kept:
        session.execute(sa.update(BRIEFINGS).where(BRIEFINGS.c.id.in_(kept)).values(composed_at=now))
    return Rebuilt(len(new) + len(changed), len(composed) - len(new) - len(changed), len(gone))


def _values(briefing: compose.Briefing, org_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": briefing.id,
        "org_id": org_id,
        "account_id": briefing.account_id,
        "visit_id": briefing.visit_id,
        "body": briefing.content,
        "version": briefing.version,
        "row_version": 1,
        "as_of": briefing.as_of,
        "composed_at": now,
    }


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A briefing as it is sent, and its version."""

    version: str
    body: bytes


def read_for_account(session: Session, account_id: str) -> StoredBytes:
    """The briefing of an account in the caller's territory; Problem 404 when there is none."""
    return _read(session, _for_account, account_id)


def read_for_visit(session: Session, visit_id: str) -> StoredBytes:
    """The briefing of a visit; its account's where the visit has none of its own. Problem 404 when it is not to be seen."""
    return _read(session, _for_visit, visit_id)


def _read(session: Session, question: Callable[[Role], Prepared], wanted: str) -> StoredBytes:
    principal = principal_of(session)
    row = question(principal.role).first(session.connection(), {"wanted": wanted, **sight(principal)})
    if row is None:
        raise not_found("briefing")
    version, body = row
    return StoredBytes(version, body)


@cache
def _for_account(role: Role) -> Prepared:
    wanted = BRIEFINGS.c.account_id == sa.bindparam("wanted")
    return Prepared(_stored_bytes(role).where(wanted, BRIEFINGS.c.visit_id.is_(None)))


@cache
def _for_visit(role: Role) -> Prepared:
    wanted = sa.bindparam("wanted", type_=BRIEFINGS.c.visit_id.type)
    account_id = sa.select(VISITS.c.account_id).where(VISITS.c.id == wanted).scalar_subquery()
    own = BRIEFINGS.c.visit_id == wanted
    accounts = sa.and_(BRIEFINGS.c.account_id == account_id, BRIEFINGS.c.visit_id.is_(None))
    return Prepared(_stored_bytes(role).where(sa.or_(own, accounts)).order_by(BRIEFINGS.c.visit_id.is_(None)))


def _stored_bytes(role: Role) -> sa.Select[Any]:
    return sa.select(BRIEFINGS.c.version, BRIEFINGS.c.body).where(visible_to_role(role, BRIEFINGS, "account_id"))
