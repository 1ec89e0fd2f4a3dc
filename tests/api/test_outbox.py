"""Jobs live in the caller's transaction, run at least once, and are never held twice."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.foundation import clock, outbox, outbox_running
from app.foundation.db import Database
from app.foundation.outbox import ClaimedJob, EmbeddedRunner, NewJob, Tick
from app.foundation.tables import Job

KIND = "test.work"


@pytest.fixture
def ran() -> Iterator[list[str]]:
    """What the test's task was given, in order."""
    seen: list[str] = []

    @outbox.task(KIND)
    def work(database: Database, job: ClaimedJob) -> None:
        if job.payload.get("fail"):
            raise RuntimeError("no luck")
        seen.append(job.payload["n"])

    yield seen
    outbox.unregister(KIND)


def enqueue(database: Database, *jobs: NewJob) -> None:
    with database.write() as session:
        outbox.enqueue(session, jobs)


def rows(database: Database) -> list[Job]:
    with database.read() as session:
        return list(session.scalars(sa.select(Job)))


def test_a_job_of_a_transaction_that_failed_does_not_exist(database: Database, ran: list[str]) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        outbox.enqueue(session, [NewJob(KIND, {"n": "1"})])
        raise RuntimeError
    assert outbox.drain(database) == 0 and ran == []


def test_jobs_with_one_key_wait_only_once(database: Database, ran: list[str]) -> None:
    enqueue(database, NewJob(KIND, {"n": "1"}, dedup_key="k"), NewJob(KIND, {"n": "2"}, dedup_key="k"))
    enqueue(database, NewJob(KIND, {"n": "3"}, dedup_key="k"))
    outbox.drain(database)
    assert ran == ["1"]
    enqueue(database, NewJob(KIND, {"n": "4"}, dedup_key="k"))
    outbox.drain(database)
    assert ran == ["1", "4"] and rows(database) == []


def test_work_that_arrives_while_its_like_is_running_is_not_lost(database: Database, ran: list[str]) -> None:
    enqueue(database, NewJob(KIND, {"n": "1"}, dedup_key="k"))
    held = outbox.claim(database)
    enqueue(database, NewJob(KIND, {"n": "2"}, dedup_key="k"))
    outbox.finish(database, held)
    outbox.drain(database)
    assert ran == ["2"]


def test_a_job_is_not_claimed_twice_until_its_lease_ends(database: Database, ran: list[str]) -> None:
    enqueue(database, NewJob(KIND, {"n": "1"}))
    first = outbox.claim(database)
    assert len(first) == 1 and outbox.claim(database) == []
    with clock.shifted(outbox.LEASE + timedelta(seconds=1)):
        second = outbox.claim(database)
        assert [job.id for job in second] == [first[0].id]
        outbox.finish(database, first)
        assert len(rows(database)) == 1, "a runner whose lease ended cannot finish what another holds"
        outbox.finish(database, second)
    assert rows(database) == []


def test_a_failing_job_backs_off_and_is_parked_with_its_reason(database: Database, ran: list[str]) -> None:
    enqueue(database, NewJob(KIND, {"fail": True}), NewJob(KIND, {"n": "other"}))
    for attempt in range(outbox.MAX_ATTEMPTS):
        with clock.shifted(timedelta(days=attempt)):
            outbox.drain(database)
    parked = rows(database)
    assert [(job.state, job.attempts) for job in parked] == [("parked", outbox.MAX_ATTEMPTS)]
    assert parked[0].last_error == "RuntimeError: no luck"
    assert ran == ["other"]


def test_a_job_that_ends_its_process_at_every_try_is_parked_too(database: Database, ran: list[str]) -> None:
    enqueue(database, NewJob(KIND, {"n": "1"}))
    for attempt in range(outbox.MAX_ATTEMPTS):
        with clock.shifted(attempt * (outbox.LEASE + timedelta(seconds=1))):
            assert len(outbox.claim(database)) == 1
    with clock.shifted(timedelta(days=1)):
        assert outbox.claim(database) == []
    assert [(job.state, job.last_error) for job in rows(database)] == [
        ("parked", "The process that ran it ended every time.")
    ]


def test_a_tick_is_enqueued_once_a_slot_however_many_processes_ask(database: Database, ran: list[str]) -> None:
    tick = Tick(KIND, timedelta(minutes=5))
    for _ in range(3):
        outbox_running.forget_ticks()
        outbox.write_ticks(database, [tick])
    assert sum(job.kind == KIND for job in rows(database)) == 1
    outbox.claim(database)
    with clock.shifted(timedelta(minutes=5)):
        outbox.write_ticks(database, [tick])
    assert sum(job.kind == KIND for job in rows(database)) == 2


def test_ticks_that_nobody_does_wait_as_one_job(database: Database, ran: list[str]) -> None:
    tick = Tick(KIND, timedelta(minutes=5))
    for slot in range(20):
        with clock.shifted(slot * timedelta(minutes=5)):
            outbox.write_ticks(database, [tick])
    assert sum(job.kind == KIND for job in rows(database)) == 1


def test_runners_side_by_side_do_each_job_once(database: Database, ran: list[str]) -> None:
    enqueue(database, *(NewJob(KIND, {"n": str(n)}) for n in range(60)))
    threads = [threading.Thread(target=outbox.drain, args=(database,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran, key=int) == [str(n) for n in range(60)]


def test_the_embedded_runner_takes_up_a_job_at_once(database: Database, ran: list[str]) -> None:
    runner = EmbeddedRunner(database, idle_seconds=30)
    runner.start()
    try:
        enqueue(database, NewJob(KIND, {"n": "1"}))
        for _ in range(100):
            if ran:
                break
            threading.Event().wait(0.05)
    finally:
        runner.stop()
    assert ran == ["1"]


def test_a_slow_job_delays_no_quick_one(database: Database, ran: list[str]) -> None:
    release = threading.Event()

    @outbox.task("test.slow", lane=outbox.SLOW)
    def wait(database: Database, job: ClaimedJob) -> None:
        release.wait(20)

    runner = EmbeddedRunner(database, idle_seconds=0.05)
    enqueue(database, NewJob("test.slow", {}))
    runner.start()
    try:
        enqueue(database, NewJob(KIND, {"n": "1"}))
        for _ in range(100):
            if ran:
                break
            threading.Event().wait(0.05)
        assert ran == ["1"] and not release.is_set()
    finally:
        release.set()
        runner.stop()
        outbox.unregister("test.slow")
