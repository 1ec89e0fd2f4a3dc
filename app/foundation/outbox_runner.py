"""Threads in the web process that run due jobs, one a lane, so that a feed that hangs delays no briefing and no push.

Any number of processes share the work and none leads: each claims what is due. A runner sleeps until the next job is due
or somebody says that there is work. What it holds is kept by renewing the lease, whatever the work takes.
"""

import threading
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.foundation import clock
from app.foundation.db import Database
from app.foundation.logs import log
from app.foundation.outbox_queue import LEASE, exchange, finish, give_back, next_due, renew
from app.foundation.outbox_running import Result, attempt, write_ticks
from app.foundation.outbox_schedules import Schedule
from app.foundation.outbox_tasks import PUSH, QUICK, SLOW, ClaimedJob
from app.foundation.outbox_waking import Listener, waker

# Where no other process can say that there is work, we look once a second.
LOOK_SECONDS, TOLD_SECONDS = 1.0, 5.0
RECOVER_SECONDS = 1.0
# No work of ours takes nearly as long.
LONGEST = timedelta(hours=1)
# What is due and could not be had is locked by a transaction that is about to end.
LOCKED = timedelta(milliseconds=50)
# Batches grow while they are quick. What a batch has not begun after its time goes back, for others to share.
FIRST_BATCH, LARGEST_BATCH = 16, 500
QUICK_BATCH_SECONDS, BATCH_SECONDS = 0.2, 2.0


class Held:
    """The jobs that this process holds. A thread renews their leases, each before a third of it is over.

    A job that does not end is let go of after `longest`: its lease runs out, others try it, and after its last try it is
    parked, where somebody sees it.
    """

    def __init__(self, database: Database, lease: timedelta = LEASE, longest: timedelta = LONGEST) -> None:
        self.lease = lease
        self._longest = longest.total_seconds()
        self._database = database
        self._jobs: dict[str, ClaimedJob] = {}
        # When each was claimed, by the clock that only goes forward.
        self._since: dict[str, float] = {}
        self._lost: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="doorstep-leases", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """End renewing."""
        self._stop.set()

    def add(self, jobs: Iterable[ClaimedJob]) -> None:
        """Hold these."""
        with self._lock:
            for job in jobs:
                self._jobs[job.id], self._since[job.id] = job, time.monotonic()

    def remove(self, jobs: Iterable[ClaimedJob]) -> None:
        """Hold these no longer."""
        with self._lock:
            for job in jobs:
                self._jobs.pop(job.id, None)
                self._since.pop(job.id, None)
                self._lost.discard(job.id)

    def all(self) -> list[ClaimedJob]:
        """What is held."""
        with self._lock:
            return list(self._jobs.values())

    def is_lost(self, job: ClaimedJob) -> bool:
        """Whether another process may hold this job by now: its lease ran out before it was renewed."""
        return job.id in self._lost

    def _loop(self) -> None:
        while not self._stop.wait(self.lease.total_seconds() / 3):
            self._let_go()
            jobs = self.all()
            if not jobs:
                continue
            try:
                kept = renew(self._database, jobs, self.lease)
            except Exception as fault:
                log.warning("leases not renewed", jobs=len(jobs), fault=type(fault).__name__)
                continue
            with self._lock:
                self._lost.update(job.id for job in jobs if job.id not in kept and self._jobs.get(job.id) is job)

    def _let_go(self) -> None:
        """Hold no longer what has run for too long."""
        before = time.monotonic() - self._longest
        with self._lock:
            stuck = [job for job in self._jobs.values() if self._since[job.id] < before]
            for job in stuck:
                del self._jobs[job.id], self._since[job.id]
                self._lost.add(job.id)
        for job in stuck:
            log.error("job does not end", kind=job.kind, job=job.id, attempt=job.attempts, seconds=self._longest)


class _Lane:
    """One thread's work: claim, run, finish, sleep."""

    def __init__(self, name: str, database: Database, held: Held, stop: threading.Event, idle: float) -> None:
        self.name = name
        self._database, self._held, self._stop, self._idle = database, held, stop, idle
        # A slow job may take its whole deadline: what waits behind it in a batch would wait for nothing.
        self._limit = self._largest = 1 if name == SLOW else LARGEST_BATCH
        self._limit = min(self._limit, FIRST_BATCH)
        # What is done and not yet finished in the database.
        self._done: list[ClaimedJob] = []
        # When the next job is due, as far as we know.
        self._due: datetime | None = None

    def loop(self, ticks: tuple[Schedule, ...]) -> None:
        """Run until told to stop."""
        while not self._stop.is_set():
            seen = waker.generation(self.name)
            try:
                tick_at = write_ticks(self._database, ticks)
                if not self._is_due() or not self._run_batch():
                    self._sleep(seen, tick_at)
            except Exception:
                log.error("runner failed", lane=self.name, exc_info=True)
                self._stop.wait(RECOVER_SECONDS)
        self._finish()

    def _is_due(self) -> bool:
        """Whether there is something to do; what was slept for is not asked for again."""
        if self._done or (self._due is not None and self._due <= clock.now()):
            return True
        self._due = next_due(self._database, self.name)
        return self._due is not None and self._due <= clock.now()

    def _run_batch(self) -> bool:
        """Run one batch; whether there was one. Its finishing is left to the claim of the next."""
        self._due = None
        jobs = exchange(self._database, self._done, self._limit, self.name, self._held.lease)
        self._held.remove(self._done)
        self._done = []
        if not jobs:
            due = next_due(self._database, self.name)
            self._due = None if due is None else max(due, clock.now() + LOCKED)
            return False
        self._held.add(jobs)
        began = time.monotonic()
        try:
            self._run_each(jobs, began)
        finally:
            # What could neither be finished nor written down, because the database is away, waits for its lease to end.
            done = {job.id for job in self._done}
            self._held.remove(job for job in jobs if job.id not in done)
        self._resize(len(jobs), time.monotonic() - began)
        return True

    def _run_each(self, jobs: list[ClaimedJob], began: float) -> None:
        for number, job in enumerate(jobs):
            if number and (self._stop.is_set() or time.monotonic() - began > BATCH_SECONDS):
                give_back(self._database, jobs[number:])
                return
            if not self._held.is_lost(job) and attempt(self._database, job) is Result.DONE:
                self._done.append(job)

    def _finish(self) -> None:
        if self._done:
            finish(self._database, self._done)
            self._held.remove(self._done)
            self._done = []

    def _resize(self, size: int, seconds: float) -> None:
        if seconds > BATCH_SECONDS / 2:
            self._limit = max(1, self._limit // 2)
        elif size == self._limit and seconds < QUICK_BATCH_SECONDS:
            self._limit = min(self._largest, self._limit * 2)

    def _sleep(self, seen: int, tick_at: datetime | None) -> None:
        moments = [moment for moment in (self._due, tick_at) if moment is not None]
        seconds = min(((moment - clock.now()).total_seconds() for moment in moments), default=self._idle)
        if not self._stop.is_set():
            waker.wait_past(self.name, seen, max(0.0, min(seconds, self._idle)))


class EmbeddedRunner:
    """The threads of one process. `idle_seconds`: how often to look for what nobody said a word of."""

    def __init__(
        self,
        database: Database,
        ticks: Iterable[Schedule] = (),
        idle_seconds: float | None = None,
        lease: timedelta = LEASE,
    ) -> None:
        idle = idle_seconds or (LOOK_SECONDS if database.is_sqlite else TOLD_SECONDS)
        self._database = database
        self._stop = threading.Event()
        self._held = Held(database, lease)
        lanes = {name: _Lane(name, database, self._held, self._stop, idle) for name in (PUSH, QUICK, SLOW)}
        periodic = {QUICK: tuple(ticks)}
        self._listener = None if database.is_sqlite else Listener(database, lanes)
        self._threads = [
            threading.Thread(
                target=lane.loop, args=(periodic.get(name, ()),), name=f"doorstep-{name}-jobs", daemon=True
            )
            for name, lane in lanes.items()
        ]

    def start(self) -> None:
        """Start the threads."""
        self._held.start()
        if self._listener:
            self._listener.start()
        for thread in self._threads:
            thread.start()

    def begin_stop(self) -> None:
        """Take no more jobs; what was not begun goes back."""
        self._stop.set()
        waker.wake((PUSH, QUICK, SLOW))

    def stop(self, timeout: float = 8.0) -> None:
        """Finish what is running; what is not finished after `timeout` seconds goes back too, for another process."""
        self.begin_stop()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._listener:
            self._listener.stop()
        self._held.stop()
        left = self._held.all()
        if left:
            log.warning("jobs given back at stop", jobs=len(left))
            give_back(self._database, left)
            self._held.remove(left)
