"""What a caller may see: rows of their organisation, and of it only the accounts in their territory."""

from typing import Any

import sqlalchemy as sa

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
    if principal.sees_whole_organisation:
        return None
    today = clock.today()
    query = sa.select(TERRITORY.c.account_id).where(
        TERRITORY.c.starts_on <= today,
        sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today),
    )
    if principal.role is Role.MANAGER:
        team = sa.select(USERS.c.id).where(USERS.c.org_id == principal.org_id, USERS.c.manager_id == principal.user_id)
        return query.where(
            TERRITORY.c.org_id == principal.org_id,
            sa.or_(TERRITORY.c.user_id == principal.user_id, TERRITORY.c.user_id.in_(team)),
        )
    return query.where(TERRITORY.c.user_id == principal.user_id)


def visible(principal: Principal, table: sa.FromClause, account_column: str | None) -> sa.ColumnElement[bool]:
    """The condition under which a row of `table` may be seen; `account_column` is None for organisation-wide rows.

    Rows without an account are seen only by those who see the whole organisation.
    """
    own: sa.ColumnElement[bool] = table.c.org_id == principal.org_id
    accounts = visible_accounts(principal) if account_column else None
    if accounts is None or account_column is None:
        return own
    column: sa.ColumnElement[Any] = table.c[account_column]
    return sa.and_(own, column.in_(accounts))
