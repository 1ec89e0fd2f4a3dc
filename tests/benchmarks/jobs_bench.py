"""Background jobs: how many a second, how late when there is nothing else to do, and what a second Celery worker adds."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from app.foundation import clock, outbox, tenancy
from app.foundation.db import Database
from app.foundation.outbox import JOBS, ClaimedJob, EmbeddedRunner, NewJob
from tests.benchmarks.figures import Target
from tests.support import job_tasks
from tests.support.job_process import running
from tests.support.postgres import prepared, running_postgres
from tests.support.redis import running_redis
from tests.support.waiting import until

NOTHING, LATE = "bench.nothing", "bench.late"
JOBS_EACH, ROUNDS = 20_000, 3
DUE, APART_SECONDS = 100, 0.15
# About ten milliseconds of a processor, as a rebuilt briefing takes.
SPINS, SPIN_ROUNDS = 400, 12_000
TARGETS = (
    Target("jobs_sqlite", "Jobs claimed and finished, one embedded runner, no-op, SQLite", "jobs/s", 5_000, True),
    Target("jobs_postgresql", "– PostgreSQL", "jobs/s", 5_000, True),
    Target("job_late_p99_sqlite", "Lateness of a due job when idle, p99, SQLite", "ms", 50, decimals=1),
    Target("job_late_p99_postgresql", "– PostgreSQL", "ms", 50, decimals=1),
    Target("celery_two_for_one", "Two Celery workers / one, 10 ms of a processor a job", "ratio of jobs/s", 1.7, True, 2),
    Target("celery_jobs", "– jobs a second with one", "jobs/s", None),
    Target("processor_two_for_one", "– the same work in two processes / in one, no queue", "ratio of jobs/s", None, True, 2),
)  # fmt: skip


def measure() -> dict[str, float]:
    """All of it, on SQLite and on PostgreSQL."""
    found: dict[str, float] = {}
    with _database("sqlite") as database:
        found["jobs_sqlite"] = _a_second(database)
        found["job_late_p99_sqlite"] = _lateness(database)
    with _database("postgresql") as database:
        found["jobs_postgresql"] = _a_second(database)
        found["job_late_p99_postgresql"] = _lateness(database)
        one, two = _with_workers(database, 1), _with_workers(database, 2)
    found |= {"celery_jobs": one, "celery_two_for_one": two / one, "processor_two_for_one": _processors()}
    return found


@contextmanager
def _database(kind: str) -> Iterator[Database]:
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-bench-")))
        ends.enter_context(tenancy.as_system())
        url = ends.enter_context(running_postgres()) if kind == "postgresql" else f"sqlite:///{folder}/jobs.db"
        database = Database(prepared(url))
        ends.callback(database.dispose)
        yield database


def _a_second(database: Database) -> float:
    """Jobs a second from a full queue to an empty one; the best of some rounds."""
    outbox.task(NOTHING)(lambda _database, _job: None)
    rates = []
    for _ in range(ROUNDS):
        for _part in range(JOBS_EACH // 1000):
            _put(database, *(NewJob(NOTHING, {"n": n}) for n in range(1000)))
        runner = EmbeddedRunner(database)
        began = time.perf_counter()
        runner.start()
        until(lambda: _left(database) == 0, "the queue is empty", 120)
        rates.append(JOBS_EACH / (time.perf_counter() - began))
        runner.stop()
    outbox.unregister(NOTHING)
    return max(rates)


def _lateness(database: Database) -> float:
    """The 99th percentile, in milliseconds, from when a job is due to when its task begins; one job at a time."""
    late: list[float] = []
    all_there = threading.Event()

    @outbox.task(LATE, outbox.PUSH)
    def note(_database: Database, job: ClaimedJob) -> None:
        late.append((clock.now() - datetime.fromisoformat(job.payload["due"])).total_seconds() * 1000)
        if len(late) == DUE:
            all_there.set()

    due = [clock.now() + timedelta(seconds=2 + n * APART_SECONDS) for n in range(DUE)]
    _put(database, *(NewJob(LATE, {"due": at.isoformat()}, run_at=at) for at in due))
    runner = EmbeddedRunner(database)
    runner.start()
    try:
        if not all_there.wait(DUE * APART_SECONDS + 60):
            raise RuntimeError(f"{DUE - len(late)} jobs were not run")
    finally:
        runner.stop()
        outbox.unregister(LATE)
    return sorted(late)[int(len(late) * 0.99) - 1]


def _with_workers(database: Database, workers: int) -> float:
    """Jobs a second through relay, Redis and this many worker processes; from when all of them are at work."""
    job_tasks.register()
    job_tasks.make_tables(database)
    with ExitStack() as ends:
        broker = ends.enter_context(running_redis(own=True))
        log = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-bench-"))) / "log"
        for arguments in (("relay",), *(("worker", "--lane", "quick"),) * workers):
            ends.enter_context(running(database, log, *arguments, broker_url=broker, log_level="ERROR"))
        _until_all_work(database, workers)
        _put(database, *(NewJob(job_tasks.SPIN, {"rounds": SPIN_ROUNDS}) for _ in range(SPINS)))
        began = time.perf_counter()
        until(lambda: _left(database) == 0, "the workers are done", 300)
        took = time.perf_counter() - began
    job_tasks.unregister()
    return SPINS / took


def _until_all_work(database: Database, workers: int) -> None:
    """Give jobs that take a while until each worker has had one."""

    def had() -> int:
        with database.read() as session:
            return int(session.scalar(sa.text("SELECT count(DISTINCT pid) FROM test_run")) or 0)

    n = 0
    while had() < workers:
        _put(database, *(NewJob("test.effect", {"n": n + k, "seconds": 0.05}) for k in range(2 * workers)))
        n += 2 * workers
        until(lambda: _left(database) == 0, "the workers start", 120)


def _processors() -> float:
    """What this machine gives: the same work with nothing around it, in two processes and in one."""
    from concurrent.futures import ProcessPoolExecutor

    rates = []
    for processes in (1, 2):
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(_spin, range(processes)))
            began = time.perf_counter()
            list(pool.map(_spin, range(SPINS), chunksize=10))
            rates.append(SPINS / (time.perf_counter() - began))
    return rates[1] / rates[0]


def _spin(number: int) -> None:
    job = ClaimedJob(str(number), None, job_tasks.SPIN, {"rounds": SPIN_ROUNDS}, 1, 1)
    job_tasks.spin(job)


def _put(database: Database, *jobs: NewJob) -> None:
    with database.write() as session:
        outbox.enqueue(session, jobs)


def _left(database: Database) -> int:
    time.sleep(0.004)
    with database.read() as session:
        query = sa.select(sa.func.count()).where(
            JOBS.c.state != "done", JOBS.c.kind.in_((NOTHING, job_tasks.SPIN, "test.effect"))
        )
        return int(session.scalar(query) or 0)
