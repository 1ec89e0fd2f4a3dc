"""Housekeeping of attachments: what was announced and never came is removed."""

from datetime import timedelta

from app.attachments.service import forget_abandoned
from app.foundation.db import Database
from app.foundation.outbox import ClaimedJob, Tick, task

FORGET = "attachments.forget"
TICKS = (Tick(FORGET, timedelta(hours=6)),)


@task(FORGET)
def forget(database: Database, _job: ClaimedJob) -> None:
    """Remove uploads that stopped a month ago."""
    with database.write() as session:
        forget_abandoned(session)
