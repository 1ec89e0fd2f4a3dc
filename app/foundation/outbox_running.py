"""Doing claimed jobs one after the other, and writing the jobs of periodic work."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock, tenancy, traces
from app.foundation.db import Database, upsert
from app.foundation.ids import new_id
from app.foundation.logs import log
from app.foundation.metrics import metrics
from app.foundation.outbox_queue import JOBS, NewJob, claim, enqueue, fail, finish
from app.foundation.outbox_schedules import Schedule
from app.foundation.outbox_tasks import ClaimedJob, GiveUp, Retry, run

MARKERS_KEPT = timedelta(days=1)


class Result(Enum):
    """What became of a try."""

    DONE = "done"
    RETRIED = "retried"
    PARKED = "parked"


def attempt(database: Database, job: ClaimedJob) -> Result:
    """`_attempt`, counted and timed for /metrics."""
    started = time.perf_counter()
    result = _attempt(database, job)
    metrics.job(job.kind, result.value, time.perf_counter() - started)
    return result


def _attempt(database: Database, job: ClaimedJob) -> Result:
    """Do a claimed job in the name of its organisation; a failure is written down. DONE jobs are left to be finished.

    Raises only what the database raises when the failure cannot be written; the job then waits for its lease to end.
    """
    try:
        with tenancy.of(job.org_id), traces.continued(job.trace, f"job {job.kind}", job=job.id, attempt=job.attempts):
            run(database, job)
    except GiveUp as reason:
        log.warning("job given up", kind=job.kind, job=job.id, attempt=job.attempts, reason=str(reason))
        parked = fail(database, job, str(reason) or "GiveUp", park=True)
    except Retry as reason:
        log.info("job put off", kind=job.kind, job=job.id, attempt=job.attempts, reason=str(reason))
        parked = fail(database, job, str(reason), after=reason.after)
    except Exception as error:
        log.warning("job failed", kind=job.kind, job=job.id, attempt=job.attempts, exc_info=True)
        parked = fail(database, job, f"{type(error).__name__}: {error}")
    else:
        return Result.DONE
    return Result.PARKED if parked else Result.RETRIED


def run_due(database: Database, limit: int = 16, lane: str | None = None) -> int:
    """Claim and run one batch; returns how many jobs were taken. A failing job never stops the others."""
    jobs = claim(database, limit, lane)
    done = [job for job in jobs if attempt(database, job) is Result.DONE]
    if done:
        finish(database, done)
    return len(jobs)


def drain(database: Database, most: int = 100_000) -> int:
    """Run due jobs until none is left; for commands and tests."""
    total = 0
    while total < most and (taken := run_due(database, 64)):
        total += taken
    return total


_last_slots: dict[tuple[str, Schedule], int] = {}


def forget_ticks() -> None:
    """Look again for every tick; for tests that stand for several processes."""
    _last_slots.clear()


def write_ticks(database: Database, ticks: Iterable[Schedule]) -> datetime | None:
    """Enqueue the job of each tick's current slot once, however many processes ask; when the next slot is due.

    The key `tick:{kind}:{slot}` is remembered as a done row. A slot whose like of before still waits needs no other job:
    where nobody does any for a day, not a day's worth of them is done afterwards.
    """
    now = clock.now()
    ticks = tuple(ticks)
    for tick in ticks:
        slot, known = tick.slot(now), (str(database.url), tick)
        if _last_slots.get(known) == slot:
            continue
        with tenancy.as_system(), database.write() as session:
            _take_slot(session, tick, slot, now)
        _last_slots[known] = slot
    return min((tick.after(now) for tick in ticks), default=None)


def _take_slot(session: Session, tick: Schedule, slot: int, now: datetime) -> None:
    prefix = f"tick:{tick.kind}:"
    marker = f"{prefix}{slot}"
    taken = session.execute(
        upsert(session, JOBS).on_conflict_do_nothing(index_elements=["dedup_key"]).returning(JOBS.c.id),
        [
            {
                "id": new_id(),
                "kind": "tick",
                "payload": {},
                "dedup_key": marker,
                "run_at": now,
                "fence": 0,
                "attempts": 0,
                "state": "done",
                "created_at": now,
            }
        ],
    ).all()
    if not taken:
        return
    enqueue(session, [NewJob(tick.kind, {"slot": slot}, dedup_key=f"periodic:{tick.kind}")])
    session.execute(
        sa.delete(JOBS).where(
            JOBS.c.state == "done",
            JOBS.c.dedup_key.startswith(prefix, autoescape=True),
            JOBS.c.dedup_key != marker,
            JOBS.c.created_at < now - MARKERS_KEPT,
        )
    )
