"""The Celery worker: claims the job that a message names, does it with the same task functions, and finishes it."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from types import FrameType
from typing import Any

from app.config import Settings
from app.foundation.db import Database
from app.foundation.outbox import attempt, claim_by_id, finish
from app.foundation.outbox_runner import Held
from app.foundation.outbox_running import Result
from app.jobs.celery_app import RUN, make_celery
from app.operations.watching import watch


class _Process:
    """What one process of a worker's pool has: its own connections, and a thread that renews its leases.

    It is made after the fork: neither connections nor threads can be taken through one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid = 0
        self._database: Database
        self._held: Held

    def run(self, job_id: str) -> None:
        """Do a job if it is there to be done."""
        if self._pid != os.getpid():
            self._begin()
        lease = self._held.lease
        job = claim_by_id(self._database, job_id, lease)
        if job is None:
            return
        self._held.add([job])
        try:
            if attempt(self._database, job) is Result.DONE:
                finish(self._database, [job])
        finally:
            self._held.remove([job])

    def _begin(self) -> None:
        watch(self._settings, "doorstep-worker")
        self._database = Database(self._settings.database_url, pool_size=self._settings.database_pool)
        self._held = Held(self._database, timedelta(seconds=self._settings.job_lease_seconds))
        self._held.start()
        self._pid = os.getpid()


def make_worker(settings: Settings) -> Any:
    """A Celery application that does jobs."""
    celery = make_celery(settings)
    process = _Process(settings)

    celery.task(process.run, name=RUN)
    return celery


def work(settings: Settings, lane: str, concurrency: int) -> None:
    """Be a worker of one lane, until told to stop: then what runs is finished first."""
    make_worker(settings).worker_main(
        [
            "worker",
            f"--queues={lane}",
            f"--concurrency={concurrency}",
            # What it says at INFO is a line or two for each message.
            f"--loglevel={'WARNING' if settings.log_level.upper() == 'INFO' else settings.log_level}",
            f"--hostname={lane}-{os.getpid()}@%h",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def work_apart(lanes: Sequence[str], concurrency: int) -> int:
    """A worker for each lane, in processes of their own, so that no lane can fill the others' places.

    They end together: when one ends, whoever watches over this process starts all again.
    """
    # The command that this is, with one lane.
    command = [*sys.orig_argv[: sys.orig_argv.index("worker") + 1], "--concurrency", str(concurrency)]
    workers = [subprocess.Popen([*command, "--lane", lane]) for lane in lanes]  # noqa: S603

    told: list[int] = []

    def stop(number: int, _frame: FrameType | None = None) -> None:
        if not told:  # asked twice, Celery would leave what runs
            for worker in workers:
                worker.terminate()
        told.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    ended_by_itself = not told
    stop(0)
    fine = {0, -signal.SIGTERM}  # the latter: it had not begun yet
    failed = [status for status in [worker.wait() for worker in workers] if status not in fine]
    return 1 if failed or ended_by_itself else 0
