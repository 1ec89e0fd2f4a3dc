"""Quotes expire when their last day is over where the customer is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.customers.tables import Account
from app.foundation import audit, changes, clock
from app.foundation.db import Database, table_of
from app.foundation.principal import bind_principal, system_principal
from app.quotes.lifecycle import OPEN, Event, after
from app.quotes.tables import Quote, QuoteVersion

QUOTES, VERSIONS, ACCOUNTS = table_of(Quote), table_of(QuoteVersion), table_of(Account)
BATCH = 500


def expire(database: Database) -> int:
    """Give quotes that are over the status `expired`; how many there were."""
    now, total = clock.now(), 0
    with database.read() as session:
        rows = [dict(row) for row in session.execute(_candidates(now)).mappings()]
    due = [row for row in rows if is_over(row, now)]
    for start in range(0, len(due), BATCH):
        with database.write() as session:
            total += sum([_expire(session, row, now) for row in due[start : start + BATCH]])
    return total


def is_over(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether the last day of a quote is over in the account's time zone."""
    return bool(row["valid_until"] < now.astimezone(ZoneInfo(row["time_zone"])).date())


def _candidates(now: datetime) -> sa.Select[Any]:
    # Somewhere it is tomorrow already.
    latest = now.date() + timedelta(days=1)
    columns = [QUOTES.c[name] for name in ("id", "org_id", "account_id", "status", "valid_until", "row_version")]
    query = sa.select(*columns, ACCOUNTS.c.time_zone).join(ACCOUNTS, ACCOUNTS.c.id == QUOTES.c.account_id)
    return query.where(QUOTES.c.status.in_(sorted(OPEN)), QUOTES.c.valid_until < latest)


def _expire(session: Session, row: Mapping[str, Any], now: datetime) -> int:
    """Nothing when somebody decided meanwhile."""
    here = (QUOTES.c.id == row["id"], QUOTES.c.row_version == row["row_version"])
    status = after(row["status"], Event.EXPIRE).value
    told = {"status": status, "decided_at": now, "updated_at": now, "row_version": row["row_version"] + 1}
    done = session.execute(sa.update(QUOTES).where(*here).values(told))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return 0
    mine = (VERSIONS.c.quote_id == row["id"], VERSIONS.c.outcome == "open")
    session.execute(sa.update(VERSIONS).where(*mine).values(outcome="expired"))
    bind_principal(session, system_principal(row["org_id"]))
    audit.record(session, "quote.expired", "quote", row["id"])
    changes.touch(session, row["org_id"], [row["account_id"]])
    return 1
