"""What a caller may see: rows of their organisation, and of it only the accounts in their territory."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.principal import Principal, Role
from app.identity.tables import TerritoryAssignment, User

TERRITORY = table_of(TerritoryAssignment)
USERS = table_of(User)


def visible_accounts(principal: Principal) -> "sa.Select[tuple[str]] | None":
    """Ids of the accounts that this caller looks after today; None when they see the whole organisation.

    A manager sees the accounts of the people who report to them, besides their own.
    """
    return _accounts(principal.role, principal.org_id, principal.user_id, clock.today())


def visible(principal: Principal, table: sa.FromClause, account_column: str | None) -> sa.ColumnElement[bool]:
    """The condition under which a row of `table` may be seen; `account_column` is None for organisation-wide rows.

    Rows without an account are seen only by those who see the whole organisation.
    """
    accounts = visible_accounts(principal) if account_column else None
    return _within(table, account_column, principal.org_id, accounts)


def visible_to_role(role: Role, table: sa.FromClause, account_column: str | None) -> sa.ColumnElement[bool]:
    """`visible` for any caller of this role, to be built once: its parameters are those of `sight`."""
    org_id: sa.BindParameter[str] = sa.bindparam("seen_org_id")
    user_id: sa.BindParameter[str] = sa.bindparam("seen_user_id")
    accounts = _accounts(role, org_id, user_id, sa.bindparam("seen_today")) if account_column else None
    return _within(table, account_column, org_id, accounts)


def sight(principal: Principal) -> dict[str, Any]:
    """The values of the parameters of `visible_to_role`."""
    return {"seen_org_id": principal.org_id, "seen_user_id": principal.user_id, "seen_today": clock.today()}


def who_sees(session: Session, org_id: str, account_id: str, user_ids: Collection[str]) -> set[str]:
    """Those of these users who are active people of the organisation and see the account today."""
    if not user_ids:
        return set()
    query = sa.select(USERS.c.id).where(
        USERS.c.org_id == org_id,
        USERS.c.id.in_(sorted(user_ids)),
        person_sees(org_id, account_id),
    )
    return set(session.scalars(query))


def person_sees(org_id: Any, account_id: Any) -> sa.ColumnElement[bool]:
    """The condition under which the user of a row of `USERS` is an active person who sees an account today.

    Both ids may be columns of the query around it.
    """
    reports = USERS.alias("reports")
    team = sa.select(reports.c.id).where(reports.c.manager_id == USERS.c.id).correlate(USERS)
    looks_after = sa.or_(
        TERRITORY.c.user_id == USERS.c.id,
        sa.and_(USERS.c.role == Role.MANAGER.value, TERRITORY.c.user_id.in_(team)),
    )
    today = clock.today()
    assigned = sa.exists().where(
        TERRITORY.c.org_id == org_id,
        TERRITORY.c.account_id == account_id,
        TERRITORY.c.starts_on <= today,
        sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today),
        looks_after,
    )
    return sa.and_(
        USERS.c.active,
        USERS.c.role != Role.INTEGRATION.value,
        sa.or_(USERS.c.role == Role.ADMINISTRATOR.value, assigned.correlate_except(TERRITORY)),
    )


def _within(
    table: sa.FromClause, account_column: str | None, org_id: Any, accounts: "sa.Select[tuple[str]] | None"
) -> sa.ColumnElement[bool]:
    own: sa.ColumnElement[bool] = table.c.org_id == org_id
    if accounts is None or account_column is None:
        return own
    return sa.and_(own, table.c[account_column].in_(accounts))


def _accounts(role: Role, org_id: Any, user_id: Any, today: Any) -> "sa.Select[tuple[str]] | None":
    if role in (Role.ADMINISTRATOR, Role.INTEGRATION):
        return None
    query = sa.select(TERRITORY.c.account_id).where(
        TERRITORY.c.starts_on <= today,
        sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today),
    )
    if role is Role.MANAGER:
        team = sa.select(USERS.c.id).where(USERS.c.org_id == org_id, USERS.c.manager_id == user_id)
        return query.where(
            TERRITORY.c.org_id == org_id,
            sa.or_(TERRITORY.c.user_id == user_id, TERRITORY.c.user_id.in_(team)),
        )
    return query.where(TERRITORY.c.user_id == user_id)
