"""The runner in the web process: on time, sharing with others, keeping what it holds, giving back what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.foundation import clock, outbox, outbox_running
from app.foundation.db import Database
from app.foundation.outbox import JOBS, ClaimedJob, EmbeddedRunner, NewJob
from tests.support import job_tasks
from tests.support.job_process import running
from tests.support.serving import free_port
from tests.support.waiting import until

KIND = "test.runner"


def put(database: Database, *jobs: NewJob) -> None:
    with database.write() as session:
        outbox.enqueue(session, jobs)


def jobs(database: Database) -> list[tuple[str, int, int]]:
    """State, tries and fence of each job that there is, the ticks' marks left out."""
    with database.read() as session:
        found = sa.select(JOBS.c.state, JOBS.c.attempts, JOBS.c.fence).where(JOBS.c.kind != "tick")
        return [tuple(row) for row in session.execute(found.order_by(JOBS.c.run_at, JOBS.c.id))]


class Work:
    """What the test's task did; it waits for `go`."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ran: list[str] = []
        self.go = threading.Event()

    def __call__(self, database: Database, job: ClaimedJob) -> None:
        self.began.append(job.payload["n"])
        self.go.wait(60)
        self.ran.append(job.payload["n"])


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    outbox.task(KIND)(work)
    yield work
    work.go.set()
    outbox.unregister(KIND)


@pytest.fixture
def effects(database: Database) -> Iterator[None]:
    job_tasks.make_tables(database)
    job_tasks.register()
    yield
    job_tasks.unregister()
    job_tasks.drop_tables(database)


def test_a_job_for_later_is_begun_when_it_is_due_though_nobody_says_so(database: Database, work: Work) -> None:
    work.go.set()
    runner = EmbeddedRunner(database, idle_seconds=300)
    runner.start()
    try:
        put(database, NewJob(KIND, {"n": "later"}, run_at=clock.now() + timedelta(seconds=0.4)))
        until(lambda: work.ran, "the job at its time", 60)
    finally:
        runner.stop()


def test_a_job_that_takes_longer_than_its_lease_is_run_once(database: Database, work: Work) -> None:
    put(database, NewJob(KIND, {"n": "long"}))
    runners = [EmbeddedRunner(database, idle_seconds=0.05, lease=timedelta(seconds=4)) for _ in range(2)]
    for runner in runners:
        runner.start()
    try:
        until(lambda: work.began, "the job begins")
        time.sleep(9)
        work.go.set()
        until(lambda: jobs(database) == [], "the job is finished")
    finally:
        for runner in runners:
            runner.stop()
    assert work.began == work.ran == ["long"]


def test_what_a_stopping_runner_has_not_begun_goes_back_and_counts_no_try(database: Database, work: Work) -> None:
    put(database, *(NewJob(KIND, {"n": str(n)}) for n in range(5)))
    runner = EmbeddedRunner(database, idle_seconds=300)
    runner.start()
    until(lambda: work.began, "the first begins")
    runner.begin_stop()
    work.go.set()
    runner.stop()
    assert work.ran == ["0"]
    assert [(state, attempts) for state, attempts, _fence in jobs(database)] == [("queued", 0)] * 4
    assert outbox.drain(database) == 4


def test_what_does_not_end_in_time_goes_back_and_cannot_be_finished_by_who_left_it(
    database: Database, work: Work
) -> None:
    put(database, NewJob(KIND, {"n": "endless"}))
    runner = EmbeddedRunner(database, idle_seconds=300)
    runner.start()
    until(lambda: work.began, "the job begins")
    runner.stop(timeout=0.1)
    assert jobs(database) == [("queued", 0, 2)]
    again = outbox.claim(database)
    work.go.set()
    until(lambda: work.ran, "the job that was left ends")
    for thread in runner._threads:
        thread.join(20)
    assert jobs(database) == [("running", 1, 3)]
    outbox.finish(database, again)
    assert jobs(database) == []


def test_a_failure_that_cannot_be_written_down_does_not_hold_the_job_beyond_its_lease(
    database: Database, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away when the job fails: whoever keeps renewing then would keep it for ever."""
    fails = iter([RuntimeError("no luck")])

    def once(_database: Database, job: ClaimedJob) -> None:
        for fault in fails:
            raise fault
        work.ran.append(job.payload["n"])

    def away(*_given: object, **_named: object) -> None:
        monkeypatch.undo()
        raise ConnectionError("the database is away")

    outbox.task(KIND)(once)
    monkeypatch.setattr(outbox_running, "fail", away)
    put(database, NewJob(KIND, {"n": "again"}))
    runner = EmbeddedRunner(database, lease=timedelta(seconds=1.5))
    runner.start()
    try:
        until(lambda: work.ran, "another try after the lease")
        until(lambda: jobs(database) == [], "the job is finished")
    finally:
        runner.stop()


def test_work_that_another_process_wrote_is_found(database: Database, effects: None, tmp_path: Path) -> None:
    """On SQLite by looking each second; on PostgreSQL it is told, so that it need not look for minutes."""
    idle = () if database.is_sqlite else ("600",)
    with running(database, tmp_path / "log", "runner", *idle):
        for n in range(3):
            put(database, NewJob("test.effect", {"n": n}))
            until(lambda n=n: job_tasks.effects(database).get(n) == 1, "the other process does it")
        until(lambda: jobs(database) == [], "all is finished")


def test_processes_share_the_work_and_each_job_is_done_once(database: Database, effects: None, tmp_path: Path) -> None:
    count = 0

    def at_work() -> int:
        with database.read() as session:
            return int(session.scalar(sa.text("SELECT count(DISTINCT pid) FROM test_run")) or 0)

    with running(database, tmp_path / "a", "runner"), running(database, tmp_path / "b", "runner"):
        while at_work() < 2 or count < 120:  # one of them may begin before the other has started
            put(database, *(NewJob("test.effect", {"n": n, "seconds": 0.01}) for n in range(count, count + 60)))
            count += 60
            until(lambda: len(jobs(database)) < 20, "much of it is done")
        until(lambda: jobs(database) == [], "all is finished")
    assert job_tasks.effects(database) == dict.fromkeys(range(count), 1)
    assert job_tasks.runs(database) == count


def test_a_web_server_that_is_told_to_stop_leaves_no_job_held(
    database: Database, effects: None, tmp_path: Path
) -> None:
    file = tmp_path / "go"
    with web_server_at_work(database, tmp_path, file) as server:
        os.kill(server.pid, signal.SIGTERM)
        file.touch()
        server.wait(60)
    with database.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM test_done WHERE n = 0")), "what it ran is finished"
    left = [row for row in jobs(database) if row[0] != "done"]
    assert all((state, attempts) == ("queued", 0) for state, attempts, _fence in left), left
    outbox.drain(database)
    assert job_tasks.effects(database) == {1: 1, 2: 1, 3: 1}


def test_a_web_server_whose_job_does_not_end_gives_that_back_too(
    database: Database, effects: None, tmp_path: Path
) -> None:
    with web_server_at_work(database, tmp_path, tmp_path / "never") as server:
        os.kill(server.pid, signal.SIGTERM)
        server.wait(60)
    left = [row[:2] for row in jobs(database) if row[0] != "done"]
    assert len(left) >= 4 and set(left) == {("queued", 0)}


@contextmanager
def web_server_at_work(database: Database, folder: Path, until_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real server that is at a job, which ends when a file appears, with three more behind it."""
    with running(database, folder / "log", "serve", port=str(free_port())) as server:
        hold = NewJob(job_tasks.HOLD, {"until": str(until_file)})
        put(database, hold, *(NewJob("test.effect", {"n": n}) for n in (1, 2, 3)))
        until(lambda: job_tasks.runs(database), "the job begins")
        yield server
