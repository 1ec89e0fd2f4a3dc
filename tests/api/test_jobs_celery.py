"""Relay, broker and Celery workers, all real: whatever is lost, repeated or killed on the way, each job is done once."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from redis import Redis

from app.config import Settings
from app.foundation import outbox
from app.foundation.db import Database
from app.foundation.outbox import JOBS, NewJob
from app.jobs.celery_app import RUN, make_celery
from app.jobs.relay import Relay
from tests.support import job_tasks
from tests.support.job_process import kill, running
from tests.support.redis import RedisServer, own_redis
from tests.support.waiting import until

LEASE = "6"


class Installation:
    """A database and a broker, and what is started on them."""

    def __init__(self, database: Database, broker: RedisServer, folder: Path, ends: ExitStack) -> None:
        self.database, self.broker = database, broker
        self._folder, self._ends = folder, ends
        self.celery: Any = make_celery(Settings(broker_url=broker.url))

    def start(self, *arguments: str) -> Popen[bytes]:
        """`relay`, or `worker` with its options."""
        process = running(
            self.database, self._folder / "log", *arguments, broker_url=self.broker.url, job_lease_seconds=LEASE
        )
        return self._ends.enter_context(process)

    def put(self, *ns: int, kind: str = "test.effect", seconds: float = 0.0) -> list[str]:
        """Write a job for each number; their ids."""
        with self.database.write() as session:
            outbox.enqueue(session, [NewJob(kind, {"n": n, "seconds": seconds}) for n in ns])
            return list(session.scalars(sa.select(JOBS.c.id).where(JOBS.c.kind == kind).order_by(JOBS.c.id)))

    def send(self, job_id: str) -> None:
        """A message about a job, as the relay sends it."""
        self.celery.send_task(RUN, (job_id,), queue="quick")

    def waiting(self) -> list[str]:
        """The ids of the jobs that messages in the broker are about."""
        with Redis.from_url(self.broker.url) as broker:
            bodies = [orjson.loads(message)["body"] for message in broker.lrange("quick", 0, -1)]
        return sorted(orjson.loads(base64.b64decode(body))[0][0] for body in bodies)

    def left(self) -> list[tuple[str, str]]:
        """The jobs of the tests that are not done."""
        with self.database.read() as session:
            query = sa.select(JOBS.c.state, JOBS.c.kind).where(JOBS.c.kind.startswith("test."))
            return [tuple(row) for row in session.execute(query)]

    def once(self, *ns: int) -> None:
        """Wait until nothing is left; every effect happened once."""
        until(lambda: self.left() == [], "every job is done")
        assert job_tasks.effects(self.database) == dict.fromkeys(ns, 1)


@pytest.fixture
def installation(database: Database, tmp_path: Path) -> Iterator[Installation]:
    job_tasks.make_tables(database)
    job_tasks.register()
    with own_redis() as broker, ExitStack() as ends:
        made = Installation(database, broker, tmp_path, ends)
        yield made
        made.celery.close()
    job_tasks.unregister()
    job_tasks.drop_tables(database)


def test_jobs_of_every_lane_are_done_and_both_stop_when_told(installation: Installation) -> None:
    relay, worker = installation.start("relay"), installation.start("worker")
    for n, kind in enumerate(job_tasks.EFFECTS):
        installation.put(n, kind=kind)
    installation.once(0, 1, 2)
    for process in (relay, worker):
        process.send_signal(signal.SIGTERM)
    assert (relay.wait(60), worker.wait(60)) == (0, 0)


def test_a_message_that_is_lost_is_sent_again_and_one_that_comes_twice_does_nothing(
    installation: Installation,
) -> None:
    (first,) = installation.put(1)
    installation.start("relay")
    until(lambda: queued(installation), "the relay sends")
    installation.celery.control.purge()
    _first, second = installation.put(2)
    for job_id in (second, second, second, first):
        installation.send(job_id)
    installation.celery.control.purge()
    installation.send(second)
    installation.send(second)
    installation.start("worker", "--lane", "quick")
    installation.once(1, 2)
    assert job_tasks.runs(installation.database) == 2


def queued(installation: Installation) -> bool:
    """Whether the broker has messages, that of the only job of the tests among them."""
    with installation.database.read() as session:
        sent = session.scalar(sa.select(JOBS.c.sent_until).where(JOBS.c.kind == "test.effect"))
    with installation.celery.connection_for_read() as connection:
        return bool(sent and connection.default_channel.queue_declare("quick").message_count)


def test_what_waits_in_the_broker_is_not_sent_again_and_what_was_lost_there_is(installation: Installation) -> None:
    ids = installation.put(*range(30))
    relay = Relay(installation.database, installation.celery, resend=timedelta(0))
    for _ in range(4):
        relay.once()
        assert installation.waiting() == sorted(ids)
    with Redis.from_url(installation.broker.url) as broker:
        for _ in range(2):
            broker.rpop("quick", 10)  # a worker took them and vanished
            relay.once()
            assert installation.waiting() == sorted(ids)
    installation.celery.control.purge()
    relay.once()
    assert installation.waiting() == sorted(ids)


def test_what_is_killed_at_work_loses_nothing_and_repeats_no_effect(installation: Installation) -> None:
    """First a process of a worker's pool, which the worker replaces, then the worker itself."""
    installation.start("relay")
    worker = installation.start("worker", "--lane", "quick")
    installation.put(1, seconds=1.0)
    until(lambda: job_tasks.runs(installation.database), "the job begins")
    with installation.database.read() as session:
        os.kill(session.scalars(sa.text("SELECT pid FROM test_run")).one(), signal.SIGKILL)
    installation.put(2, seconds=1.0)
    until(lambda: job_tasks.effects(installation.database) == {1: 1, 2: 1}, "the worker goes on")
    before = job_tasks.runs(installation.database)
    installation.put(3, seconds=1.0)
    until(lambda: job_tasks.runs(installation.database) > before, "the next begins")
    kill(worker)
    installation.start("worker", "--lane", "quick")
    installation.once(1, 2, 3)


def test_a_broker_that_was_killed_and_comes_back_empty_has_lost_nothing_of_ours(installation: Installation) -> None:
    installation.start("relay")
    installation.start("worker", "--lane", "quick")
    installation.put(*range(20), seconds=0.02)
    until(lambda: job_tasks.runs(installation.database) >= 2, "work begins")
    installation.broker.kill()
    installation.put(*range(20, 30))
    installation.broker.start()
    installation.put(*range(30, 40))
    installation.once(*range(40))
