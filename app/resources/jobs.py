"""Housekeeping of the shared doors: answers kept for an `Idempotency-Key` are forgotten after a week."""

from datetime import timedelta

import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database
from app.foundation.outbox import ClaimedJob, Tick, task
from app.resources.idempotency import RECORDS

FORGET_AFTER = timedelta(days=7)
PURGE = "idempotency.purge"
TICKS = (Tick(PURGE, timedelta(hours=6)),)


@task(PURGE)
def purge(database: Database, _job: ClaimedJob) -> None:
    """Delete kept answers that nobody will ask for again."""
    with database.write() as session:
        session.execute(sa.delete(RECORDS).where(RECORDS.c.created_at < clock.now() - FORGET_AFTER))
