"""When briefings are composed: after a change under an account, and once a day at every account's early morning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing import service
from app.briefing.tables import StoredBriefing
from app.customers.signals import accounts_by_zone
from app.foundation import changes, clock, outbox
from app.foundation.db import Database, table_of
from app.foundation.outbox import ClaimedJob, NewJob, Tick

REBUILD = "briefing.rebuild"
REFRESH = "briefing.refresh"
MORNING = time(4)
CHUNK = 25
_ASKED = "briefings asked for"
TICKS = (Tick(REFRESH, timedelta(hours=1)),)
BRIEFINGS = table_of(StoredBriefing)


def connect() -> None:
    """Have every change under an account ask for its briefing to be composed anew."""
    changes.subscribe(request_rebuild)


def request_rebuild(session: Session, org_id: str, account_ids: Iterable[str]) -> None:
    """Ask, in the caller's transaction, for these accounts' briefings; at most one job waits for each account.

    The jobs are written when the transaction commits, all at once and in order of account: a key that is written early
    makes every other change of that account wait, for as long as a long import takes.
    """
    asked: set[tuple[str, str]] = session.info.setdefault(_ASKED, set())
    if not asked:
        sa.event.listen(session, "before_commit", _enqueue_asked, once=True)
    asked.update((org_id, account_id) for account_id in account_ids)


def _enqueue_asked(session: Session) -> None:
    asked: set[tuple[str, str]] = session.info.pop(_ASKED, set())
    jobs = [
        NewJob(REBUILD, {"account_ids": [account_id]}, org_id, f"briefing:{account_id}")
        for org_id, account_id in sorted(asked)
    ]
    outbox.enqueue(session, jobs)


@outbox.task(REBUILD)
def rebuild(database: Database, job: ClaimedJob) -> None:
    """Compose the briefings of some accounts; doing it twice stores the same bytes once."""
    if job.org_id is None:
        raise ValueError("a briefing is rebuilt for an organisation")
    with database.write() as session:
        service.compose_and_store(session, job.org_id, job.payload["account_ids"], clock.now())


@outbox.task(REFRESH)
def refresh(database: Database, _job: ClaimedJob) -> None:
    """Ask for every briefing that was last composed before this morning at its account.

    Days pass without any row changing: promises fall due, news grows old, a visit comes within the week. A server that was
    off at four in the morning catches up at its next tick. Many accounts in one job cost a sixth of one by one.
    """
    now = clock.now()
    with database.write() as session:
        for org_id, zone, account_ids in accounts_by_zone(session):
            morning = latest_morning(now, zone)
            query = sa.select(BRIEFINGS.c.account_id).where(
                BRIEFINGS.c.org_id == org_id, BRIEFINGS.c.visit_id.is_(None), BRIEFINGS.c.composed_at >= morning
            )
            fresh = set(session.scalars(query))
            stale = [account for account in account_ids if account not in fresh]
            chunks = [stale[start : start + CHUNK] for start in range(0, len(stale), CHUNK)]
            outbox.enqueue(session, [NewJob(REBUILD, {"account_ids": chunk}, org_id) for chunk in chunks])


def latest_morning(now: datetime, zone: str) -> datetime:
    """The last instant at which it was four in the morning in an IANA time zone."""
    local = now.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), MORNING, ZoneInfo(zone))
    return (today if today <= local else today - timedelta(days=1)).astimezone(UTC)
