"""What becomes of a try: put off, given up, too old, too new; and whose work and whose trace it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import clock, outbox, outbox_running, tenancy, traces
from app.foundation.db import Database
from app.foundation.outbox import JOBS, ClaimedJob, Cron, GiveUp, NewJob, Retry
from app.foundation.tables import Organisation

KIND = "test.try"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def seen() -> Iterator[list[ClaimedJob]]:
    """What the test's task was given; it raises what the payload names."""
    found: list[ClaimedJob] = []
    outbox.task(KIND, version=3)(doing(found))
    yield found
    outbox.unregister(KIND)


def doing(found: list[ClaimedJob]) -> Any:
    def work(_database: Database, job: ClaimedJob) -> None:
        found.append(job)
        if "retry" in job.payload:
            raise Retry(timedelta(seconds=job.payload["retry"]), "the other side is busy")
        if "give up" in job.payload:
            raise GiveUp("the subscription is gone")

    return work


def put(database: Database, payload: dict[str, Any], version: int = 3, **named: Any) -> None:
    with database.write() as session:
        outbox.enqueue(session, [NewJob(KIND, payload, **named)])
        session.execute(sa.update(JOBS).values(version=version))


def rows(database: Database) -> list[Any]:
    with database.read() as session:
        return list(session.execute(sa.select(JOBS).where(JOBS.c.state != "done").order_by(JOBS.c.id)))


def test_a_task_says_when_it_wants_to_be_tried_again_and_that_counts(
    database: Database, seen: list[ClaimedJob]
) -> None:
    with clock.fixed(NOON):
        put(database, {"retry": 90})
        outbox.drain(database)
        (row,) = rows(database)
        assert (row.state, row.attempts, row.run_at) == ("queued", 1, NOON + timedelta(seconds=90))
        assert row.last_error == "the other side is busy"
    for after in range(1, outbox.MAX_ATTEMPTS):
        with clock.fixed(NOON + timedelta(seconds=90 * after)):
            outbox.drain(database)
    (row,) = rows(database)
    assert (row.state, row.attempts) == ("parked", outbox.MAX_ATTEMPTS) and len(seen) == outbox.MAX_ATTEMPTS


def test_a_task_that_gives_up_is_parked_at_once(database: Database, seen: list[ClaimedJob]) -> None:
    put(database, {"give up": True})
    outbox.drain(database)
    (row,) = rows(database)
    assert (row.state, row.attempts, row.last_error) == ("parked", 1, "the subscription is gone")


def test_a_payload_of_an_older_version_is_translated_step_by_step(database: Database, seen: list[ClaimedJob]) -> None:
    outbox.translates(KIND, 1)(lambda payload: {"names": [payload["name"]]})
    outbox.translates(KIND, 2)(lambda payload: {"people": payload["names"]})
    put(database, {"name": "Ada"}, version=1)
    outbox.drain(database)
    assert [job.payload for job in seen] == [{"people": ["Ada"]}] and rows(database) == []


def test_a_payload_that_nobody_can_translate_is_parked_and_the_rest_goes_on(
    database: Database, seen: list[ClaimedJob]
) -> None:
    put(database, {"name": "Ada"}, version=1)
    with database.write() as session:
        outbox.enqueue(session, [NewJob(KIND, {"people": []})])
    outbox.drain(database)
    (row,) = rows(database)
    assert (row.state, row.last_error) == ("parked", "old-payload: test.try takes payloads of version 3, this is 1")
    assert len(seen) == 1


@pytest.mark.parametrize("newer", ["payload", "kind"])
def test_what_only_a_newer_version_knows_waits_for_the_upgrade_and_is_parked_by_name(
    database: Database, seen: list[ClaimedJob], newer: str
) -> None:
    put(database, {}, version=4 if newer == "payload" else 3)
    if newer == "kind":
        outbox.unregister(KIND)
    outbox.drain(database)
    assert [row.state for row in rows(database)] == ["queued"], "another process may be newer"
    for day in range(1, outbox.MAX_ATTEMPTS):
        with clock.shifted(timedelta(days=day)):
            outbox.drain(database)
    (row,) = rows(database)
    name = "newer-payload: " if newer == "payload" else "unknown-kind: "
    assert row.state == "parked" and row.last_error.startswith(name) and seen == []


def test_a_task_works_in_the_name_of_its_organisation(database: Database, seen: list[ClaimedJob]) -> None:
    whose: list[str] = []
    outbox.task(KIND, version=3)(lambda _database, _job: whose.append(tenancy.current()))
    with database.write() as session:
        org = Organisation(name="North")
        session.add(org)
        session.flush()
    put(database, {}, org_id=org.id)
    put(database, {})
    outbox.drain(database)
    assert whose == [org.id, tenancy.SYSTEM]


def test_a_job_carries_the_trace_of_who_wrote_it(
    database: Database, seen: list[ClaimedJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    monkeypatch.setattr(traces, "current_traceparent", lambda: parent)
    put(database, {})
    monkeypatch.undo()
    outbox.drain(database)
    assert [job.trace for job in seen] == [parent]


def test_a_cron_tick_is_enqueued_once_a_moment_and_what_was_missed_is_made_up_for_once(
    database: Database, seen: list[ClaimedJob]
) -> None:
    cron = Cron(KIND, "0 6 * * *", "Europe/Stockholm")
    for day in (0, 0, 1, 4, 4):
        outbox_running.forget_ticks()
        with clock.fixed(NOON + timedelta(days=day)):
            assert outbox.write_ticks(database, [cron]) == NOON + timedelta(days=day + 1, hours=-8)
            outbox.drain(database)
    assert len(seen) == 3


def test_marks_of_ticks_do_not_pile_up(database: Database, seen: list[ClaimedJob]) -> None:
    outbox_running.forget_ticks()
    for day in range(6):
        with clock.fixed(NOON + timedelta(days=day)):
            outbox.write_ticks(database, [Cron(KIND, "0 6 * * *")])
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(JOBS.c.state == "done")) <= 2


def test_lanes_are_claimed_apart(database: Database, seen: list[ClaimedJob]) -> None:
    outbox.task(KIND, outbox.PUSH, version=3)(doing(seen))
    put(database, {})
    assert outbox.claim(database, lane=outbox.QUICK) == [] == outbox.claim(database, lane=outbox.SLOW)
    assert [job.lane for job in outbox.claim(database, lane=outbox.PUSH)] == [outbox.PUSH]


def test_a_message_claims_its_job_once(database: Database, seen: list[ClaimedJob]) -> None:
    put(database, {})
    put(database, {}, run_at=clock.now() + timedelta(hours=1))
    due, later = (row.id for row in rows(database))
    assert outbox.claim_by_id(database, later) is None
    first = outbox.claim_by_id(database, due)
    assert first is not None and outbox.claim_by_id(database, due) is None
    with clock.shifted(outbox.LEASE + timedelta(seconds=1)):
        again = outbox.claim_by_id(database, due)
    assert again is not None and (again.fence, again.attempts) == (2, 2)
    outbox.finish(database, [again])
    assert outbox.claim_by_id(database, due) is None
