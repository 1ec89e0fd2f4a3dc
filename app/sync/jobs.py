"""Housekeeping of the push: what was answered to mutations is forgotten when its time is over."""

from datetime import timedelta

from app.foundation import clock
from app.foundation.db import Database
from app.foundation.outbox import ClaimedJob, Tick, task
from app.identity.rules import before_a_user_is_removed
from app.identity.service import when_signed_out
from app.sync import devices, drafts, records

FORGET = "mutations.forget"
TICKS = (Tick(FORGET, timedelta(hours=6)),)


def connect() -> None:
    """Forget a device when its user signs out on it; lose no draft with its author."""
    when_signed_out(devices.signed_out)
    before_a_user_is_removed(drafts.refuse_removal)


@task(FORGET)
def forget(database: Database, _job: ClaimedJob) -> None:
    """Delete mutation records that no phone can need any more."""
    with database.write() as session:
        records.forget(session, clock.now())
