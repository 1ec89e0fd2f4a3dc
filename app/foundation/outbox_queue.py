"""Jobs as rows: written in the caller's transaction, claimed under a lease with a fence token, finished under the fence.

A claim is proved by the fence that it left in the row. Whoever finishes, fails or gives back a job says which fence he
holds; where the row has another by now, the lease ran out and the job is somebody else's.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.foundation import clock, tenancy, traces
from app.foundation.db import Database, Id, table_of, upsert
from app.foundation.ids import new_id
from app.foundation.logs import without_rows
from app.foundation.outbox_tasks import LANES, ClaimedJob, lane_of, version_of
from app.foundation.outbox_waking import CHANNEL, SOON, waker
from app.foundation.tables import Job

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# A waiting job may be claimed just before it would be held; then there is room for another.
MAX_CLAIMED_MEANWHILE = 20
LONGEST_ERROR = 2000
LOST = "The process that ran it ended every time."
JOBS = table_of(Job)
# What a claim brings, in the order of ClaimedJob.
CLAIM = [JOBS.c[name] for name in ("id", "org_id", "kind", "payload", "fence", "attempts", "lane", "version", "trace")]
_ENQUEUED, _COMMITTING = "lanes enqueued", "lanes committing"


@dataclass(frozen=True, slots=True)
class NewJob:
    """What to enqueue: at most one waiting job exists for a `dedup_key`.

    `trace` (W3C `traceparent`) is the running one unless given.
    """

    kind: str
    payload: dict[str, Any]
    org_id: str | None = None
    dedup_key: str | None = None
    run_at: datetime | None = None
    trace: str | None = None


def enqueue(session: Session, jobs: Iterable[NewJob]) -> None:
    """Write jobs in the caller's transaction; those whose key already waits are left as they are."""
    now, trace = clock.now(), traces.current_traceparent()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "org_id": job.org_id,
            "kind": job.kind,
            "lane": lane_of(job.kind),
            "payload": job.payload,
            "version": version_of(job.kind),
            "dedup_key": job.dedup_key,
            "run_at": job.run_at or now,
            "trace": job.trace or trace,
            "fence": 0,
            "attempts": 0,
            "state": "queued",
            "created_at": now,
        }
        for job in jobs
    ]
    if not rows:
        return
    _insert(session, [row for row in rows if row["org_id"] is not None])
    installation = [row for row in rows if row["org_id"] is None]
    if installation:
        # An organisation's work may ask for work of the installation, whose rows it does not see.
        with tenancy.looking_everywhere(session) if tenancy.current() else nullcontext():
            _insert(session, installation)
    for row in rows:
        tell_runners(session, row["lane"], soon=row["run_at"] - now < SOON)


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write those whose key does not wait already.

    Those that wait are kept from runners until this transaction ends: one that began before its commit would not see what
    it is asked to look at, and nothing would ask again. SQLite has one writer, so there none can begin meanwhile.
    """
    insert = upsert(session, JOBS).on_conflict_do_nothing(index_elements=["dedup_key"])
    keyed = {row["dedup_key"]: row for row in reversed(rows) if row["dedup_key"] is not None}
    if session.get_bind().dialect.name == "sqlite" or not keyed:
        if rows:
            session.execute(insert, rows)
        return
    plain = [row for row in rows if row["dedup_key"] is None]
    if plain:
        session.execute(insert, plain)
    for _ in range(MAX_CLAIMED_MEANWHILE):
        # Everybody in one order, so that of two who ask for the same things none waits for the other in a circle.
        in_order = [keyed[key] for key in sorted(keyed)]
        _leave_out(keyed, session.scalars(insert.returning(JOBS.c.dedup_key), in_order))
        if keyed:
            waiting = sa.select(JOBS.c.dedup_key).where(JOBS.c.dedup_key.in_(keyed)).order_by(JOBS.c.id)
            _leave_out(keyed, session.scalars(waiting.with_for_update(read=True)))
        if not keyed:
            return
    raise RuntimeError(f"Jobs wait under keys that this organisation does not see: {', '.join(sorted(keyed))[:200]}.")


def _leave_out(keyed: dict[str, dict[str, Any]], found: Iterable[str | None]) -> None:
    for key in found:
        keyed.pop(str(key), None)


def tell_runners(session: Session, lane: str, *, soon: bool) -> None:
    """Wake the runners of this lane when the transaction commits; those of other processes too when it is for soon."""
    told: dict[str, bool] = session.info.setdefault(_ENQUEUED, {})
    told[lane] = told.get(lane, False) or soon


@event.listens_for(Session, "before_commit")
def _notify(session: Session) -> None:
    if _ENQUEUED not in session.info or session.in_nested_transaction():
        return
    lanes = session.info.pop(_ENQUEUED)
    session.info[_COMMITTING] = tuple(lanes)
    if session.get_bind().dialect.name == "postgresql" and any(lanes.values()):
        notify = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("lane", type_=sa.Text())))
        for lane in sorted(lane for lane, soon in lanes.items() if soon):
            session.execute(notify, {"lane": lane})


@event.listens_for(Session, "after_commit")
def _wake(session: Session) -> None:
    if _COMMITTING in session.info:
        waker.wake(session.info.pop(_COMMITTING))


def claim(database: Database, limit: int = 16, lane: str | None = None, lease: timedelta = LEASE) -> list[ClaimedJob]:
    """Lease up to `limit` due jobs of a lane, oldest first, after those whose lease ran out; without a lane, of any.

    A claim gives up the job's dedup key: work that arrives while it runs is work it may not have seen.
    """
    for one in LANES if lane is None else (lane,):
        claimed = exchange(database, (), limit, one, lease)
        if claimed:
            return claimed
    return []


def exchange(
    database: Database, done: Iterable[ClaimedJob], limit: int, lane: str, lease: timedelta = LEASE
) -> list[ClaimedJob]:
    """Finish what is done and claim the next in one transaction; a batch then costs one commit instead of two."""
    with tenancy.as_system(), database.write() as session:
        _delete(session, done)
        now = clock.now()
        ids = _due(session, lane, limit, now, lock=not database.is_sqlite)
        return _take(session, ids, now + lease) if ids else []


def claim_by_id(database: Database, job_id: str, lease: timedelta = LEASE) -> ClaimedJob | None:
    """Lease this job if it is due and nobody holds it; None when a message about it came too late, too early or twice."""
    now = clock.now()
    with tenancy.as_system(), database.write() as session:
        state = session.execute(
            sa.select(JOBS.c.state, JOBS.c.run_at, JOBS.c.lease_until, JOBS.c.attempts)
            .where(JOBS.c.id == job_id)
            # Not passed over while somebody who asks for the same work commits: the message would be lost till the next.
            .with_for_update()
        ).one_or_none()
        if state is None:
            return None
        if state.state == "running" and state.lease_until <= now:
            free = not _park_hopeless(session, {job_id: state.attempts})
        else:
            free = state.state == "queued" and state.run_at <= now
        return _take(session, [job_id], now + lease)[0] if free else None


def _due(session: Session, lane: str, limit: int, now: datetime, *, lock: bool) -> list[str]:
    """The ids of due jobs; on PostgreSQL locked, those that others have locked left out.

    One whose lease ran out is tried alone: if it is what ends its processes, it takes no other job along.
    """
    expired = (
        sa.select(JOBS.c.id, JOBS.c.attempts)
        .where(JOBS.c.lane == lane, JOBS.c.state == "running", JOBS.c.lease_until <= now)
        .order_by(JOBS.c.run_at, JOBS.c.id)
        .limit(1)
    )
    waiting = (
        sa.select(JOBS.c.id)
        .where(JOBS.c.lane == lane, JOBS.c.state == "queued", JOBS.c.run_at <= now)
        .order_by(JOBS.c.run_at, JOBS.c.id)
    )
    if lock:
        expired, waiting = expired.with_for_update(skip_locked=True), waiting.with_for_update(skip_locked=True)
    lost = {row.id: row.attempts for row in session.execute(expired)}
    ids = sorted(lost.keys() - _park_hopeless(session, lost))
    return ids or list(session.scalars(waiting.limit(limit)))


def _park_hopeless(session: Session, lost: dict[str, int]) -> set[str]:
    """Park those among jobs with their tries whose every try ended with the process."""
    parked = {job_id for job_id, attempts in lost.items() if attempts >= MAX_ATTEMPTS}
    if parked:
        session.execute(
            sa.update(JOBS)
            .where(JOBS.c.id.in_(parked))
            .values(state="parked", lease_until=None, last_error=LOST, fence=JOBS.c.fence + 1)
        )
    return parked


def _take(session: Session, ids: Sequence[str], lease_until: datetime) -> list[ClaimedJob]:
    rows = session.execute(
        sa.update(JOBS)
        .where(_among(session, ids))
        .values(
            state="running",
            lease_until=lease_until,
            fence=JOBS.c.fence + 1,
            attempts=JOBS.c.attempts + 1,
            dedup_key=None,
            sent_until=None,
        )
        .returning(*CLAIM)
    ).all()
    place = {job_id: number for number, job_id in enumerate(ids)}
    return sorted((ClaimedJob(*row) for row in rows), key=lambda job: place[job.id])


def finish(database: Database, jobs: Iterable[ClaimedJob]) -> None:
    """Delete finished jobs, each only if this claim still holds it."""
    with tenancy.as_system(), database.write() as session:
        _delete(session, jobs)


def _delete(session: Session, jobs: Iterable[ClaimedJob]) -> None:
    for fence, ids in _by_fence(jobs).items():
        session.execute(sa.delete(JOBS).where(_among(session, ids), JOBS.c.fence == fence))


def _among(session: Session, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a row's id is one of these: on PostgreSQL one parameter, which is read faster than hundreds."""
    if session.get_bind().dialect.name == "sqlite":
        return JOBS.c.id.in_(ids)
    return JOBS.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(Id())))


def _by_fence(jobs: Iterable[ClaimedJob]) -> dict[int, list[str]]:
    """Ids that can be asked for in one statement: nearly every job is at its first claim."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for job in jobs:
        found[job.fence].append(job.id)
    return found


def fail(
    database: Database, job: ClaimedJob, error: str, *, after: timedelta | None = None, park: bool = False
) -> bool:
    """Put a failed job back, to be tried `after` that time or with exponential back-off and jitter; park it after the last
    try, or at once. Whether it was parked."""
    parked = park or job.attempts >= MAX_ATTEMPTS
    delay = back_off(job.attempts) if after is None else after
    with tenancy.as_system(), database.write() as session:
        session.execute(
            sa.update(JOBS)
            .where(JOBS.c.id == job.id, JOBS.c.fence == job.fence)
            .values(
                state="parked" if parked else "queued",
                run_at=clock.now() + delay,
                lease_until=None,
                last_error=_storable(error),
            )
        )
        if not parked:
            tell_runners(session, job.lane, soon=False)
    return parked


def _storable(error: str) -> str:
    """What is kept of an error's text: no row's values, no NUL, which PostgreSQL refuses, and no half of a character."""
    return (
        without_rows(error)[:LONGEST_ERROR]
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
        .encode("utf-8", "replace")
        .decode()
    )


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many tries, with a quarter of jitter either way."""
    longer: timedelta = min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY)
    return longer * random.uniform(0.75, 1.25)  # noqa: S311


def give_back(database: Database, jobs: Iterable[ClaimedJob]) -> None:
    """Let others take jobs that this process claimed and will not finish; the try does not count."""
    with tenancy.as_system(), database.write() as session:
        for fence, ids in _by_fence(jobs).items():
            lanes = session.scalars(
                sa.update(JOBS)
                .where(_among(session, ids), JOBS.c.fence == fence, JOBS.c.state == "running")
                .values(state="queued", lease_until=None, fence=fence + 1, attempts=JOBS.c.attempts - 1)
                .returning(JOBS.c.lane)
            )
            for lane in lanes:
                tell_runners(session, lane, soon=True)


def renew(database: Database, jobs: Iterable[ClaimedJob], lease: timedelta = LEASE) -> set[str]:
    """Hold claimed jobs for another lease; the ids of those that are still held."""
    held: set[str] = set()
    with tenancy.as_system(), database.write() as session:
        for fence, ids in _by_fence(jobs).items():
            held.update(
                session.scalars(
                    sa.update(JOBS)
                    .where(_among(session, ids), JOBS.c.fence == fence, JOBS.c.state == "running")
                    .values(lease_until=clock.now() + lease)
                    .returning(JOBS.c.id)
                )
            )
    return held


def next_due(database: Database, lane: str) -> datetime | None:
    """When the next job of a lane is due, or its lease over; None when there is none."""
    columns = (("queued", JOBS.c.run_at), ("running", JOBS.c.lease_until))
    with tenancy.as_system(), database.read() as session:
        found = [
            session.scalar(sa.select(sa.func.min(column)).where(JOBS.c.lane == lane, JOBS.c.state == state))
            for state, column in columns
        ]
    return min((moment for moment in found if moment is not None), default=None)
