"""The relay: finds due jobs and hands their ids to Celery, lane by lane. Any number of relays share the work; none leads.

An id is marked as sent before it is sent, so that two relays do not both send it. One that nobody claims in time is sent
again where the broker has fewer messages than ids were sent: then some were lost, and those sent first are the ones that
workers would have had by now. No more ids wait in the broker than its workers soon take: what waits, waits in the
database, where it is safe.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock, tenancy
from app.foundation.db import Database
from app.foundation.logs import log
from app.foundation.outbox import JOBS, LANES, Schedule, write_ticks
from app.foundation.outbox_waking import Listener, waker
from app.jobs.celery_app import RUN

# Ids that wait in the broker, at most, by lane.
DEPTH = 200
# So many that were due first are looked at: those that were sent, and as many again.
FRONT = 2 * DEPTH
LOOK_SECONDS = 0.5
# While a lane's queue is full; twice as long each time that it still is.
FULL_SECONDS = 0.05
LONGEST_PAUSE = 5.0


class Sent(Enum):
    """What came of a lane: all that is due is sent, as much as there was room for is, or the queue was full."""

    ALL, MORE_DUE, NO_ROOM = range(3)


class Relay:
    """One relay. `resend`: an id that nobody claimed by then is sent again, unless the broker may still have it."""

    def __init__(
        self, database: Database, celery: Any, ticks: Iterable[Schedule] = (), resend: timedelta = timedelta(seconds=30)
    ) -> None:
        self._database, self._celery, self._ticks, self._resend = database, celery, tuple(ticks), resend
        self._stop = threading.Event()
        self._word = threading.Event()
        self._connection: Any = None
        self._full_for = FULL_SECONDS

    def stop(self) -> None:
        """Have `run` return."""
        self._stop.set()
        self._word.set()

    def run(self) -> None:
        """Send until told to stop. While broker or database do not answer it tries again, ever more slowly."""
        listener = None if self._database.is_sqlite else Listener(self._database, LANES)
        if listener:
            listener.start()
        waker.call(self._word.set)
        pause = 0.0
        while not self._stop.is_set():
            self._word.clear()
            try:
                wait = self.once()
                pause = 0.0
            except Exception as fault:
                self._close()
                pause = wait = min(LONGEST_PAUSE, max(0.2, pause * 2))
                log.warning("relay cannot send", fault=type(fault).__name__, again_in=wait)
                self._stop.wait(wait)
                continue
            self._word.wait(wait)
        if listener:
            listener.stop()
        self._close()

    def once(self) -> float:
        """Send what is due; how many seconds to wait then, unless there is word of new work."""
        tick_at = write_ticks(self._database, self._ticks)
        found = [self._send_due(lane) for lane in LANES]
        if Sent.NO_ROOM not in found:
            self._full_for = FULL_SECONDS
        if Sent.MORE_DUE in found or Sent.NO_ROOM in found:
            wait, self._full_for = self._full_for, min(LOOK_SECONDS, self._full_for * 2)
            return wait
        with tenancy.as_system(), self._database.read() as session:
            moments = [*(_next(session, lane) for lane in LANES), tick_at]
        waits = [(moment - clock.now()).total_seconds() for moment in moments if moment is not None]
        return max(0.0, min([LOOK_SECONDS, *waits]))

    def _send_due(self, lane: str) -> Sent:
        """Send due ids of a lane, as many as there is room for: those that were lost, then those never sent."""
        now = clock.now()
        with tenancy.as_system(), self._database.read() as session:
            due = session.execute(_front(lane, now)).all()
        fresh = [one.id for one in due if one.sent_until is None]
        sent = sorted((one.sent_until, number, one.id) for number, one in enumerate(due) if one.sent_until is not None)
        overdue = [job_id for sent_until, _, job_id in sent if sent_until <= now]
        if not fresh and not overdue:
            return Sent.ALL
        depth = self._depth(lane)
        room, lost = max(0, DEPTH - depth), max(0, len(sent) - depth)
        wanted = [*overdue[:lost], *fresh][:room]
        self._send(lane, self._mark(wanted, now))
        if len(wanted) < room or not fresh:
            return Sent.ALL
        return Sent.MORE_DUE if wanted else Sent.NO_ROOM

    def _send(self, lane: str, ids: list[str]) -> None:
        sent = 0
        try:
            with self._producer() as producer:
                for job_id in ids:
                    self._celery.send_task(RUN, (job_id,), queue=lane, producer=producer, retry=False)
                    sent += 1
        finally:
            if sent < len(ids):
                self._unmark(ids[sent:])

    def _mark(self, ids: list[str], now: datetime) -> list[str]:
        """Mark them as sent; those that nobody claimed, holds or marked since they were looked at."""
        if not ids:
            return []
        query = sa.select(JOBS.c.id).where(JOBS.c.id.in_(ids), _due(now), _unmarked(now))
        with tenancy.as_system(), self._database.write() as session:
            if not self._database.is_sqlite:
                query = query.with_for_update(skip_locked=True)
            free = set(session.scalars(query))
            session.execute(sa.update(JOBS).where(JOBS.c.id.in_(free)).values(sent_until=now + self._resend))
        return [one for one in ids if one in free]

    def _unmark(self, ids: list[str]) -> None:
        with suppress(Exception), tenancy.as_system(), self._database.write() as session:
            session.execute(sa.update(JOBS).where(JOBS.c.id.in_(ids)).values(sent_until=None))

    def _depth(self, lane: str) -> int:
        """How many messages wait in the broker's queue."""
        with self._open().channel() as channel:
            declared = self._celery.amqp.queues[lane](channel).queue_declare()
            return int(declared.message_count) if hasattr(declared, "message_count") else int(declared[1])

    def _producer(self) -> Any:
        return self._celery.amqp.Producer(self._open())

    def _open(self) -> Any:
        if self._connection is None:
            connection = self._celery.connection_for_write()
            connection.ensure_connection(max_retries=1, interval_start=0.1)
            self._connection = connection
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.release()


def _due(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a job is due and nobody holds it."""
    waits = sa.and_(JOBS.c.state == "queued", JOBS.c.run_at <= now)
    return sa.or_(waits, sa.and_(JOBS.c.state == "running", JOBS.c.lease_until <= now))


def _unmarked(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(JOBS.c.sent_until.is_(None), JOBS.c.sent_until <= now)


def _front(lane: str, now: datetime) -> sa.CompoundSelect[Any]:
    """The jobs of a lane that are due first, each with until when it counts as sent; abandoned ones before all others."""
    columns, mine = (JOBS.c.id, JOBS.c.sent_until), JOBS.c.lane == lane
    abandoned = sa.select(*columns).where(mine, JOBS.c.state == "running", JOBS.c.lease_until <= now).limit(FRONT)
    waiting = sa.select(*columns).where(mine, JOBS.c.state == "queued", JOBS.c.run_at <= now)
    # Two queries, each in the order of an index: as one, a long backlog would be sorted at every look.
    first = waiting.order_by(JOBS.c.run_at, JOBS.c.id).limit(FRONT)
    return sa.union_all(*(sa.select(one.subquery()) for one in (abandoned, first)))


def _next(session: Session, lane: str) -> datetime | None:
    """When the next job of a lane is due that was not sent yet; those to be sent again are found by looking."""
    return session.scalar(
        sa.select(JOBS.c.run_at)
        .where(JOBS.c.lane == lane, JOBS.c.state == "queued", JOBS.c.sent_until.is_(None))
        .order_by(JOBS.c.run_at, JOBS.c.id)
        .limit(1)
    )
