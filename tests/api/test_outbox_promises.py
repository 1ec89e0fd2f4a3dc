"""What jobs must not do: be overlooked, take others along, be lost for how their failure reads, or mind whose they are."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError

from app.foundation import clock, logs, outbox, outbox_running, tenancy
from app.foundation.db import Database
from app.foundation.outbox import JOBS, ClaimedJob, EmbeddedRunner, NewJob, Tick
from app.foundation.outbox_queue import LOST
from app.foundation.outbox_runner import Held
from app.foundation.tables import Organisation
from app.jobs.relay import Relay
from app.resources import jobs as resource_jobs
from app.resources.idempotency import RECORDS
from app.resources.jobs import FORGET_AFTER
from tests.support.phones import Directory
from tests.support.waiting import until

KIND = "test.promise"


@pytest.fixture
def organisation(database: Database) -> str:
    with database.write() as session:
        row = Organisation(name="North")
        session.add(row)
    return row.id


@pytest.fixture
def done() -> Iterator[list[Any]]:
    """What the test's task was given; it raises what the payload holds."""
    found: list[Any] = []

    @outbox.task(KIND)
    def work(_database: Database, job: ClaimedJob) -> None:
        found.append(job.payload.get("n"))
        if "error" in job.payload:
            raise RuntimeError(job.payload["error"].replace("NUL", "\0").replace("HALF", "\ud83d"))

    yield found
    outbox.unregister(KIND)


def put(database: Database, *jobs: NewJob) -> None:
    with database.write() as session:
        outbox.enqueue(session, jobs)


def rows(database: Database) -> list[Any]:
    with database.read() as session:
        return list(session.execute(sa.select(JOBS).where(JOBS.c.state != "done").order_by(JOBS.c.id)))


def test_work_that_waits_is_not_begun_while_a_transaction_that_asked_for_it_too_is_open(
    database: Database, organisation: str
) -> None:
    """It would not see what it is to look at, and nothing would ask for it again."""
    seen: list[str] = []

    @outbox.task(KIND)
    def look(store: Database, job: ClaimedJob) -> None:
        with store.read() as session:
            seen.append(session.scalars(sa.select(Organisation.name)).one())

    put(database, NewJob(KIND, {}, dedup_key="k"))
    with tenancy.as_system():
        runner = threading.Thread(target=outbox.drain, args=(database,))
        with database.write() as session:
            session.execute(sa.update(Organisation).values(name="South"))
            outbox.enqueue(session, [NewJob(KIND, {}, dedup_key="k")])
            runner.start()
            runner.join(0.5)
        runner.join()
        outbox.drain(database)
    outbox.unregister(KIND)
    assert seen[-1] == "South" and rows(database) == []


def test_work_that_is_claimed_while_it_is_asked_for_is_written_again(database: Database, done: list[Any]) -> None:
    """Many who ask and one who claims: after every commit there is work that began later than it."""
    stop = threading.Event()

    def claim() -> None:
        while not stop.is_set():
            for job in outbox.claim(database):
                outbox.finish(database, [job])

    thread = threading.Thread(target=claim)
    thread.start()
    try:
        for n in range(60):
            put(database, NewJob(KIND, {"n": n}, dedup_key="k"), NewJob(KIND, {"n": n}, dedup_key="l"))
    finally:
        stop.set()
        thread.join()
    outbox.drain(database)
    assert rows(database) == []


def test_a_job_that_ends_its_process_takes_no_other_job_along(database: Database, done: list[Any]) -> None:
    put(database, *(NewJob(KIND, {"n": n}) for n in range(5)))
    for crash in range(3 * outbox.MAX_ATTEMPTS):
        with clock.shifted(crash * (outbox.LEASE + timedelta(seconds=1))):
            while claimed := outbox.claim(database, 16):
                if any(job.payload["n"] == 2 for job in claimed):
                    break  # the process ends here, with all that it holds
                outbox.finish(database, claimed)
    left = rows(database)
    assert [(row.payload["n"], row.state, row.last_error) for row in left] == [(2, "parked", LOST)]


@pytest.mark.parametrize("text", ["a NUL byte", "a HALF character", "x" * 3000])
def test_a_failure_that_no_database_can_keep_as_it_reads_is_written_down_all_the_same(
    database: Database, done: list[Any], text: str
) -> None:
    put(database, NewJob(KIND, {"error": text}), NewJob(KIND, {"n": 2}))
    outbox.drain(database)
    (row,) = rows(database)
    assert (row.state, row.attempts) == ("queued", 1) and row.last_error.startswith("RuntimeError: ") and 2 in done


def test_a_row_that_the_database_refused_stands_neither_in_the_reason_nor_in_the_log(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = "open\n\nsesame"

    @outbox.task(KIND)
    def write(store: Database, _job: ClaimedJob) -> None:
        with store.write() as session:
            session.execute(sa.insert(JOBS).values(kind=sa.null(), payload={"word": word}))

    before, out = structlog.get_config(), io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    logs.configure("WARNING", "json")
    structlog.configure(cache_logger_on_first_use=False)
    monkeypatch.setattr(outbox_running, "log", structlog.get_logger())
    put(database, NewJob(KIND, {}))
    outbox.drain(database)
    structlog.configure(**before)
    outbox.unregister(KIND)
    (row,) = rows(database)
    told = out.getvalue()
    assert row.last_error.startswith("IntegrityError: ") and "job failed" in told and "INSERT INTO job" in told
    assert "sesame" not in row.last_error + told


def test_what_is_due_and_locked_is_not_asked_for_in_a_busy_loop(database: Database, done: list[Any]) -> None:
    if database.is_sqlite:
        return  # there a locked database keeps everybody waiting in the driver
    put(database, NewJob(KIND, {"n": 1}))
    begun: list[Any] = []

    def count(connection: Any) -> None:
        begun.append(connection)

    sa.event.listen(database.engine, "begin", count)
    runner = EmbeddedRunner(database)
    with tenancy.as_system(), database.write() as session:
        session.execute(sa.select(JOBS.c.id).with_for_update())
        runner.start()
        try:
            threading.Event().wait(1.5)
            assert len(begun) < 200 and done == []
        finally:
            session.commit()
            until(lambda: done, "the job is done")
            runner.stop()
            sa.event.remove(database.engine, "begin", count)


def test_a_job_that_does_not_end_is_let_go_of_and_others_try_it(database: Database, done: list[Any]) -> None:
    put(database, NewJob(KIND, {"n": 1}))
    lease, longest = timedelta(seconds=0.9), timedelta(seconds=2.5)
    (job,) = outbox.claim(database, lease=lease)
    held, began = Held(database, lease, longest), time.monotonic()
    held.add([job])
    held.start()
    try:
        again: list[ClaimedJob] = []
        until(lambda: again.extend(outbox.claim(database)) or again, "another may claim it")
        assert time.monotonic() - began > longest.total_seconds() and held.is_lost(job)
    finally:
        held.stop()
    assert [(one.id, one.attempts) for one in again] == [(job.id, 2)]


# -- under row-level security ---------------------------------------------------------------------------------------


def test_work_of_an_organisation_may_ask_for_work_of_the_installation(
    database: Database, organisation: str, done: list[Any]
) -> None:
    @outbox.task("test.asks")
    def ask(store: Database, job: ClaimedJob) -> None:
        with store.write() as session:
            outbox.enqueue(session, [NewJob(KIND, {"n": 1}, None, "k"), NewJob(KIND, {"n": 2}, job.org_id, "l")])
            outbox.enqueue(session, [NewJob(KIND, {"n": 3}, None, "k")])
            if not store.is_sqlite:
                # And then sees no more than before.
                assert session.scalar(sa.select(sa.func.count()).select_from(JOBS)) == 2

    put(database, NewJob("test.asks", {}, organisation))
    outbox.drain(database)
    outbox.unregister("test.asks")
    assert sorted(done) == [1, 2] and rows(database) == []


def test_work_of_an_organisation_asks_for_none_of_another_and_nobody_asks_at_all(
    database: Database, organisation: str
) -> None:
    if database.is_sqlite:
        return
    with database.write() as session:
        other = Organisation(name="South")
        session.add(other)
    for whose, asked in ((tenancy.as_organisation(organisation), other.id), (tenancy.as_nobody(), None)):
        with whose, pytest.raises(DBAPIError, match="row-level security"):
            put(database, NewJob(KIND, {}, asked))


def test_periodic_work_is_written_run_and_forgotten_by_whoever_runs(database: Database, done: list[Any]) -> None:
    """As a runner's thread is: with nothing said about whose work it does."""
    tick = Tick(KIND, timedelta(minutes=5))
    with tenancy.as_nobody():
        for days in range(4):
            outbox_running.forget_ticks()
            with clock.shifted(timedelta(days=days)):
                outbox.write_ticks(database, [tick])
                assert outbox.drain(database) == 1
    with database.read() as session:
        marks = session.scalar(sa.select(sa.func.count()).where(JOBS.c.state == "done"))
    assert len(done) == 4 and marks <= 2


def test_the_janitor_forgets_what_is_over_of_every_organisation(database: Database, directory: Directory) -> None:
    old = clock.now() - FORGET_AFTER - timedelta(days=1)
    with database.write() as session:
        for name, org_id in directory.orgs.items():
            for key, made in (("old", old), ("new", clock.now())):
                values = {"key": key, "request_hash": "x", "status": 200, "body": b"{}", "created_at": made}
                user_id = directory.users[f"rep@{name}"]
                session.execute(sa.insert(RECORDS).values(org_id=org_id, user_id=user_id, headers={}, **values))
    with tenancy.as_nobody():
        outbox_running.forget_ticks()
        outbox.write_ticks(database, resource_jobs.TICKS)
        assert outbox.drain(database) == len(resource_jobs.TICKS)
    with database.read() as session:
        assert sorted(session.scalars(sa.select(RECORDS.c.key))) == ["new", "new"]


def test_a_relay_finds_and_marks_the_work_of_everybody(database: Database, organisation: str) -> None:
    put(database, NewJob(KIND, {}, organisation), NewJob(KIND, {}))
    sent: list[str] = []

    class Celery:
        """Takes messages; the broker is none of this test's business."""

        def send_task(self, _name: str, arguments: tuple[str], **_: Any) -> None:
            sent.extend(arguments)

    class Sending(Relay):
        def _depth(self, lane: str) -> int:
            return 0

        def _producer(self) -> Any:
            return threading.Lock()  # a context, as a producer is

    with tenancy.as_nobody():
        relay = Sending(database, Celery())
        relay.once()
        relay.once()
    found = rows(database)
    assert sorted(sent) == sorted(row.id for row in found) and all(row.sent_until for row in found)
