"""Background work as rows: written in the caller's transaction, run at least once, with an effect that happens once.

Task functions register under a kind and take `(database, job)`. A runner claims due rows under a lease with a fence
token, so that two runners never finish the same claim; failures back off with jitter and are parked after the last try.
"""

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import Database, table_of, upsert
from app.foundation.ids import new_id
from app.foundation.logs import log
from app.foundation.tables import Job

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
JOBS = table_of(Job)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this runner holds until its lease ends; `fence` proves the claim."""

    id: str
    org_id: str | None
    kind: str
    payload: dict[str, Any]
    fence: int
    attempts: int


class Task(Protocol):
    """A task function; it opens its own transactions and must be safe to run twice."""

    def __call__(self, database: Database, job: ClaimedJob, /) -> None: ...


QUICK, SLOW = "quick", "slow"
_tasks: dict[str, Task] = {}
_lanes: dict[str, str] = {}


class _Waker:
    """Tells every runner of this process that there is new work; none misses a call that came while it was busy."""

    def __init__(self) -> None:
        self.generation = 0
        self._changed = threading.Condition()

    def wake(self) -> None:
        """Say that there is work."""
        with self._changed:
            self.generation += 1
            self._changed.notify_all()

    def wait_past(self, seen: int, timeout: float) -> None:
        """Wait until somebody woke us after generation `seen`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.generation > seen, timeout)


_waker = _Waker()


def task(kind: str, lane: str = QUICK) -> Callable[[Task], Task]:
    """Register the function that does jobs of this kind; what waits for other systems belongs in the SLOW lane."""

    def register(function: Task) -> Task:
        _tasks[kind] = function
        _lanes[kind] = lane
        return function

    return register


@dataclass(frozen=True, slots=True)
class NewJob:
    """What to enqueue: at most one waiting job exists for a `dedup_key`."""

    kind: str
    payload: dict[str, Any]
    org_id: str | None = None
    dedup_key: str | None = None
    run_at: datetime | None = None


def enqueue(session: Session, jobs: Iterable[NewJob]) -> None:
    """Write jobs in the caller's transaction; those whose key already waits are left as they are."""
    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "org_id": job.org_id,
            "kind": job.kind,
            "payload": job.payload,
            "dedup_key": job.dedup_key,
            "run_at": job.run_at or now,
            "fence": 0,
            "attempts": 0,
            "state": "queued",
            "created_at": now,
        }
        for job in jobs
    ]
    if not rows:
        return
    session.execute(upsert(session, JOBS).on_conflict_do_nothing(index_elements=["dedup_key"]), rows)
    sa.event.listen(session, "after_commit", lambda _session: _waker.wake(), once=True)


def claim(database: Database, limit: int = 16, kinds: Iterable[str] | None = None) -> list[ClaimedJob]:
    """Lease up to `limit` due jobs, oldest first, including those whose lease ran out.

    A claim gives up the job's dedup key: work that arrives while it runs is work it may not have seen.
    """
    now = clock.now()
    due = sa.or_(
        sa.and_(JOBS.c.state == "queued", JOBS.c.run_at <= now),
        sa.and_(JOBS.c.state == "running", JOBS.c.lease_until <= now),
    )
    query = sa.select(JOBS.c.id).where(due, JOBS.c.kind.in_(list(kinds) if kinds is not None else list(_tasks)))
    query = query.order_by(JOBS.c.run_at, JOBS.c.id).limit(limit)
    with database.write() as session:
        if not database.is_sqlite:
            query = query.with_for_update(skip_locked=True)
        ids = session.scalars(query).all()
        ids = _without_hopeless(session, ids) if ids else ids
        if not ids:
            return []
        rows = session.execute(
            sa.update(JOBS)
            .where(JOBS.c.id.in_(ids))
            .values(
                state="running",
                lease_until=now + LEASE,
                fence=JOBS.c.fence + 1,
                attempts=JOBS.c.attempts + 1,
                dedup_key=None,
            )
            .returning(JOBS.c.id, JOBS.c.org_id, JOBS.c.kind, JOBS.c.payload, JOBS.c.fence, JOBS.c.attempts)
        ).all()
    claimed = [ClaimedJob(*row) for row in rows]
    return sorted(claimed, key=lambda job: job.id)


def _without_hopeless(session: Session, ids: Sequence[str]) -> Sequence[str]:
    """Park those among the due jobs whose every try ended with the process; the ids of the others."""
    parked = session.scalars(
        sa.update(JOBS)
        .where(JOBS.c.id.in_(ids), JOBS.c.state == "running", JOBS.c.attempts >= MAX_ATTEMPTS)
        .values(state="parked", lease_until=None, last_error="The process that ran it ended every time.")
        .returning(JOBS.c.id)
    ).all()
    return [job_id for job_id in ids if job_id not in parked]


def finish(database: Database, jobs: Iterable[ClaimedJob]) -> None:
    """Delete finished jobs, each only if this claim still holds it."""
    with database.write() as session:
        for job in jobs:
            session.execute(sa.delete(JOBS).where(JOBS.c.id == job.id, JOBS.c.fence == job.fence))


def fail(database: Database, job: ClaimedJob, error: str) -> None:
    """Put a failed job back with exponential back-off and jitter, or park it after the last try."""
    parked = job.attempts >= MAX_ATTEMPTS
    delay = min(FIRST_RETRY * 2 ** (job.attempts - 1), LONGEST_RETRY) * random.uniform(0.75, 1.25)  # noqa: S311
    with database.write() as session:
        session.execute(
            sa.update(JOBS)
            .where(JOBS.c.id == job.id, JOBS.c.fence == job.fence)
            .values(
                state="parked" if parked else "queued",
                run_at=clock.now() + delay,
                lease_until=None,
                last_error=error[:2000],
            )
        )


def run_due(database: Database, limit: int = 16, lane: str | None = None) -> int:
    """Claim and run one batch; returns how many jobs were taken. A failing job never stops the others."""
    jobs = claim(database, limit, None if lane is None else [kind for kind, its in _lanes.items() if its == lane])
    done = []
    for job in jobs:
        try:
            _tasks[job.kind](database, job)
        except Exception as error:
            log.warning("job failed", kind=job.kind, job=job.id, attempt=job.attempts, exc_info=True)
            fail(database, job, f"{type(error).__name__}: {error}")
        else:
            done.append(job)
    if done:
        finish(database, done)
    return len(jobs)


def drain(database: Database, most: int = 100_000) -> int:
    """Run due jobs until none is left; for commands and tests."""
    total = 0
    while total < most and (taken := run_due(database, 64)):
        total += taken
    return total


class EmbeddedRunner:
    """Threads in the web process that run due jobs, one a lane, so that a feed that hangs delays no briefing."""

    def __init__(self, database: Database, ticks: "Iterable[Tick]" = (), idle_seconds: float = 1.0) -> None:
        self._database = database
        self._ticks = tuple(ticks)
        self._idle = idle_seconds
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(QUICK, self._ticks, 16), name="doorstep-runner", daemon=True),
            # A slow job may take its whole deadline: one at a time stays well inside its lease.
            threading.Thread(target=self._loop, args=(SLOW, (), 1), name="doorstep-slow-runner", daemon=True),
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish what is held, then end."""
        self._stop.set()
        _waker.wake()
        for thread in self._threads:
            thread.join(timeout)

    def _loop(self, lane: str, ticks: "tuple[Tick, ...]", batch: int) -> None:
        while not self._stop.is_set():
            seen = _waker.generation
            try:
                write_ticks(self._database, ticks)
                taken = run_due(self._database, batch, lane)
            except Exception:
                log.error("runner failed", exc_info=True)
                taken = 0
            if not taken and not self._stop.is_set():
                _waker.wait_past(seen, self._idle)


@dataclass(frozen=True, slots=True)
class Tick:
    """Periodic work: one job of `kind` for every slot of `every`, however many processes write it."""

    kind: str
    every: timedelta


_last_slots: dict[tuple[str, str], int] = {}


def write_ticks(database: Database, ticks: Iterable[Tick]) -> None:
    """Enqueue the job of each tick's current slot once; the key `tick:{kind}:{slot}` is remembered as a done row."""
    now = clock.now()
    for tick in ticks:
        slot = int(now.timestamp() // tick.every.total_seconds())
        if _last_slots.get((str(database.url), tick.kind)) == slot:
            continue
        with database.write() as session:
            _take_slot(session, tick, slot, now)
        _last_slots[(str(database.url), tick.kind)] = slot


def _take_slot(session: Session, tick: Tick, slot: int, now: datetime) -> None:
    marker = f"tick:{tick.kind}:{slot}"
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
    if taken:
        enqueue(session, [NewJob(tick.kind, {"slot": slot})])
        session.execute(
            sa.delete(JOBS).where(
                JOBS.c.state == "done",
                JOBS.c.kind == "tick",
                JOBS.c.created_at < now - 3 * tick.every - timedelta(days=1),
            )
        )
