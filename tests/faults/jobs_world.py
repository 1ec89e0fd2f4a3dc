"""Jobs that have an effect each, in an installation whose parts are killed, and what must come of them."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from app.foundation import clock, outbox
from app.foundation.outbox import JOBS, NewJob
from tests.faults.installation import PATIENCE_SECONDS, Ground, Installation, Zygote, ground
from tests.support import job_tasks

EMBEDDED = {"runner 1": ("runner",), "runner 2": ("runner",)}
DISTRIBUTED = {
    "relay": ("relay",),
    "push worker": ("worker", "--lane", "push"),
    "worker 1": ("worker", "--lane", "quick"),
    "worker 2": ("worker", "--lane", "quick"),
}


class World(Installation):
    """What is killed, and what must come out of it. `numbers` are those whose effect must happen once."""

    def __init__(self, made_on: Ground) -> None:
        super().__init__(made_on, DISTRIBUTED if made_on.broker else EMBEDDED)
        job_tasks.make_tables(self.database)
        # Work of two organisations, and of the installation itself.
        self._whose = [*self.organisations(2), None]
        self.numbers: list[int] = []
        # For so many seconds after the last kill all that was left waited out its back-off after a try that failed, and why.
        self.backed_off = 0.0
        self.excuses: set[str] = set()
        self.start()

    def put(self, chance: random.Random) -> None:
        """A transaction of several jobs that commits, and now and then one that does not."""
        numbers = [len(self.numbers) + n for n in range(chance.randint(1, 6))]
        kinds = [chance.choice([kind for kind in job_tasks.EFFECTS if self._does(kind)]) for _ in numbers]
        # Long enough for workers, which are slower to take up work, to be killed at it.
        longest = 0.4 if self.is_distributed else 0.05
        seconds = [chance.choice([0.0, 0.002, 0.01, 0.05, longest]) for _ in numbers]
        self._write(numbers, kinds, seconds)
        self.numbers += numbers
        if chance.random() < 0.2:
            with contextlib.suppress(ZeroDivisionError):
                self._write([-1], [kinds[0]], [0.0], fails=True)

    def _does(self, kind: str) -> bool:
        return not self.is_distributed or kind != "test.effect.slow"

    def _write(self, numbers: list[int], kinds: list[str], seconds: list[float], *, fails: bool = False) -> None:
        jobs = [
            NewJob(kind, {"n": n, "seconds": s}, self._whose[n % len(self._whose)])
            for n, kind, s in zip(numbers, kinds, seconds, strict=True)
        ]
        with self.database.write() as session:
            outbox.enqueue(session, jobs)
            if fails:
                raise ZeroDivisionError

    def faults(self) -> list[str]:
        """What promise was broken, once there was time enough for all to be done."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := self._left()) and time.monotonic() < deadline:
            self.retry_parked()
            self.tend()
            self.backed_off += 0.05 * all(row.state == "queued" and row.run_at > clock.now() for row in left)
            self.excuses |= {row.last_error for row in left if row.last_error}
            time.sleep(0.05)
        now = clock.now()
        found = [
            f"job {row.id} is {row.state}, lease until {row.lease_until}, now {now}: {row.last_error}" for row in left
        ]
        effects = job_tasks.effects(self.database)
        found += [f"lost: {n}" for n in self.numbers if n not in effects and not left]
        found += [f"{times} times: {n}" for n, times in effects.items() if times != 1]
        found += [f"never committed, and done: {n}" for n in effects if n not in set(self.numbers)]
        return found

    def _left(self) -> list[sa.Row[Any]]:
        columns = (JOBS.c.id, JOBS.c.state, JOBS.c.run_at, JOBS.c.lease_until, JOBS.c.last_error)
        with self.database.read() as session:
            return list(session.execute(sa.select(*columns).where(JOBS.c.kind.startswith("test."))))

    def tries(self) -> int:
        """How often a task was begun."""
        return job_tasks.runs(self.database)


@contextlib.contextmanager
def world(zygote: Zygote, kind: str, mode: str) -> Iterator[World]:
    """An installation on a database of `kind`, its jobs run in `mode` (embedded or celery)."""
    with ground(zygote, kind, mode) as made_on:
        made = World(made_on)
        try:
            yield made
        finally:
            made.end()
