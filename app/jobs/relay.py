"""The relay: finds due jobs and hands their ids to Celery, lane by lane. Any number of relays share the work; none leads.

An id is marked as sent before it is sent, so that two relays do not both send it; one that nobody claims in time is sent
again. No more ids wait in the broker than its workers soon take: what waits, waits in the database, where it is safe.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
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
LOOK_SECONDS = 0.5
# While a lane's queue is full.
FULL_SECONDS = 0.05
LONGEST_PAUSE = 5.0


class Relay:
    """One relay. `resend`: an id that nobody claimed by then is sent again."""

    def __init__(
        self, database: Database, celery: Any, ticks: Iterable[Schedule] = (), resend: timedelta = timedelta(seconds=30)
    ) -> None:
        self._database, self._celery, self._ticks, self._resend = database, celery, tuple(ticks), resend
        self._stop = threading.Event()
        self._word = threading.Event()
        self._connection: Any = None

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
                wait = self._round()
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

    def _round(self) -> float:
        """Send what is due; how many seconds to wait then, unless there is word of new work."""
        tick_at = write_ticks(self._database, self._ticks)
        full = [lane for lane in LANES if self._send_due(lane)]
        if full:
            return FULL_SECONDS
        with tenancy.as_system(), self._database.read() as session:
            moments = [*(_next(session, lane) for lane in LANES), tick_at]
        waits = [(moment - clock.now()).total_seconds() for moment in moments if moment is not None]
        return max(0.0, min([LOOK_SECONDS, *waits]))

    def _send_due(self, lane: str) -> bool:
        """Send due ids of a lane, as many as there is room for; whether more may be due than there was room for."""
        with tenancy.as_system(), self._database.read() as session:
            if session.execute(_unsent(lane, clock.now()).limit(1)).first() is None:
                return False
        room = DEPTH - self._depth(lane)
        if room <= 0:
            return True
        ids = self._mark(lane, room)
        sent = 0
        try:
            with self._producer() as producer:
                for job_id in ids:
                    self._celery.send_task(RUN, (job_id,), queue=lane, producer=producer, retry=False)
                    sent += 1
        finally:
            if sent < len(ids):
                self._unmark(ids[sent:])
        return len(ids) == room

    def _mark(self, lane: str, room: int) -> list[str]:
        now = clock.now()
        query = _unsent(lane, now).order_by(JOBS.c.run_at, JOBS.c.id).limit(room)
        with tenancy.as_system(), self._database.write() as session:
            if not self._database.is_sqlite:
                query = query.with_for_update(skip_locked=True)
            ids: list[str] = list(session.scalars(query))
            session.execute(sa.update(JOBS).where(JOBS.c.id.in_(ids)).values(sent_until=now + self._resend))
        return ids

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


def _unsent(lane: str, now: datetime) -> sa.Select[Any]:
    """Due jobs that nobody holds, and whose id is not on its way."""
    due = sa.or_(
        sa.and_(JOBS.c.state == "queued", JOBS.c.run_at <= now),
        sa.and_(JOBS.c.state == "running", JOBS.c.lease_until <= now),
    )
    return sa.select(JOBS.c.id).where(
        JOBS.c.lane == lane, due, sa.or_(JOBS.c.sent_until.is_(None), JOBS.c.sent_until <= now)
    )


def _next(session: Session, lane: str) -> datetime | None:
    """When the next job of a lane is due that was not sent yet; those to be sent again are found by looking."""
    return session.scalar(
        sa.select(JOBS.c.run_at)
        .where(JOBS.c.lane == lane, JOBS.c.state == "queued", JOBS.c.sent_until.is_(None))
        .order_by(JOBS.c.run_at, JOBS.c.id)
        .limit(1)
    )
