"""Whom a change concerns: users whose phones may hold what changed; and which credentials still let them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.pokes import Told
from app.identity.tables import ApiToken, SignInSession, TerritoryAssignment, User
from app.products.tables import Subscription

TERRITORY, USERS, SUBSCRIPTIONS = table_of(TerritoryAssignment), table_of(User), table_of(Subscription)
SESSIONS, TOKENS = table_of(SignInSession), table_of(ApiToken)
CHUNK = 500


def concerned(session: Session, org_id: str, told: Told) -> tuple[set[str], bool]:
    """Users to poke, and whether those who see the whole organisation are among them.

    Who looks after an account today is concerned by it, and so is their manager.
    """
    accounts = set(told.accounts)
    for some in _chunks(told.products):
        query = sa.select(SUBSCRIPTIONS.c.account_id).where(
            SUBSCRIPTIONS.c.org_id == org_id, SUBSCRIPTIONS.c.product_id.in_(some)
        )
        accounts.update(session.scalars(query))
    for some in _chunks(told.people):
        accounts.update(session.scalars(_today(sa.select(TERRITORY.c.account_id), org_id, TERRITORY.c.user_id, some)))
    found = told.users | told.people
    for some in _chunks(accounts):
        found.update(session.scalars(_today(sa.select(TERRITORY.c.user_id), org_id, TERRITORY.c.account_id, some)))
    managers: set[str] = set()
    for some in _chunks(found):
        query = sa.select(USERS.c.manager_id).where(USERS.c.org_id == org_id, USERS.c.id.in_(some))
        managers.update(manager for manager in session.scalars(query.distinct()) if manager)
    for some in _chunks(told.people):
        team = sa.select(USERS.c.id).where(USERS.c.org_id == org_id, USERS.c.manager_id.in_(some))
        found.update(session.scalars(team))
    return found | managers, bool(accounts or told.people)


def alive_credentials(session: Session, held: Iterable[str], now: datetime, idle: timedelta) -> frozenset[str]:
    """Those among the held sessions and tokens that would still let their user in."""
    alive: set[str] = set()
    for some in _chunks(held):
        by_cookie = (
            sa.select(SESSIONS.c.id)
            .join(USERS, USERS.c.id == SESSIONS.c.user_id)
            .where(SESSIONS.c.id.in_(some), USERS.c.active, SESSIONS.c.revoked.is_(False))
            .where(SESSIONS.c.expires_at > now, SESSIONS.c.last_seen_at > now - idle)
        )
        by_token = (
            sa.select(TOKENS.c.id)
            .join(USERS, USERS.c.id == TOKENS.c.user_id)
            .where(TOKENS.c.id.in_(some), USERS.c.active, TOKENS.c.revoked_at.is_(None), TOKENS.c.expires_at > now)
        )
        alive.update(session.scalars(by_cookie))
        alive.update(session.scalars(by_token))
    return frozenset(alive)


def _today(
    query: sa.Select[tuple[str]], org_id: str, column: sa.ColumnElement[str], some: list[str]
) -> sa.Select[tuple[str]]:
    """Assignments that hold today, by account or by user."""
    today = clock.today()
    ends = sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today)
    return query.where(TERRITORY.c.org_id == org_id, column.in_(some), TERRITORY.c.starts_on <= today, ends).distinct()


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
