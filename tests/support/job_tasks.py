"""Kinds of jobs that tests run in real processes, and the tables in which they leave what they did.

An effect is written once because a row with the job's id is written in its transaction; `runs` counts every try.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import outbox
from app.foundation.db import Database
from app.foundation.outbox import PUSH, QUICK, SLOW, ClaimedJob, GiveUp
from app.foundation.tables import Organisation

# One kind a lane, so that every queue is under test.
EFFECTS = {"test.effect.push": PUSH, "test.effect": QUICK, "test.effect.slow": SLOW}
HOLD, SPIN = "test.hold", "test.spin"
TABLES = (
    "CREATE TABLE IF NOT EXISTS test_done (job_id VARCHAR(36) PRIMARY KEY, n INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS test_effect (n INTEGER PRIMARY KEY, times INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS test_run (job_id VARCHAR(36) NOT NULL, pid INTEGER NOT NULL)",
)


def make_tables(database: Database) -> None:
    """Empty tables for effects."""
    with database.write() as session:
        for name, statement in zip(("test_done", "test_effect", "test_run"), TABLES, strict=True):
            session.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
            session.execute(sa.text(statement))


def drop_tables(database: Database) -> None:
    """Leave nothing behind."""
    with database.write() as session:
        for name in ("test_done", "test_effect", "test_run"):
            session.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))


def effects(database: Database) -> dict[int, int]:
    """How many times each effect happened."""
    with database.read() as session:
        return {row.n: row.times for row in session.execute(sa.text("SELECT n, times FROM test_effect"))}


def runs(database: Database) -> int:
    """How many tries there were."""
    with database.read() as session:
        return int(session.scalar(sa.text("SELECT count(*) FROM test_run")) or 0)


def register() -> None:
    """Know these kinds in this process."""
    for kind, lane in EFFECTS.items():
        outbox.task(kind, lane)(_effect)
    outbox.task(HOLD, QUICK)(_hold)
    outbox.task(SPIN, QUICK)(_spin)


def unregister() -> None:
    """Know them no longer."""
    for kind in (*EFFECTS, HOLD, SPIN):
        outbox.unregister(kind)


def _effect(database: Database, job: ClaimedJob) -> None:
    """Count `n` once, `seconds` after the beginning and as long before the end, so that a kill meets every step."""
    seconds = job.payload.get("seconds", 0)
    _begin(database, job)
    time.sleep(seconds)
    with database.write() as session:
        _see_no_other(session, job)
        mine = session.execute(
            sa.text("INSERT INTO test_done (job_id, n) VALUES (:id, :n) ON CONFLICT DO NOTHING RETURNING job_id"),
            {"id": job.id, "n": job.payload["n"]},
        ).all()
        if mine:
            session.execute(
                sa.text(
                    "INSERT INTO test_effect (n, times) VALUES (:n, 1) "
                    "ON CONFLICT (n) DO UPDATE SET times = test_effect.times + 1"
                ),
                {"n": job.payload["n"]},
            )
    time.sleep(seconds)


def _see_no_other(session: Session, job: ClaimedJob) -> None:
    """PostgreSQL shows a job its own organisation, and all of them to one that belongs to none."""
    if session.get_bind().dialect.name == "sqlite":
        return
    seen = set(session.scalars(sa.select(Organisation.id)))
    if job.org_id is not None and seen != {job.org_id}:
        raise GiveUp(f"work of {job.org_id} sees {len(seen)} organisations")


def _hold(database: Database, job: ClaimedJob) -> None:
    """Be at it until a file exists."""
    _begin(database, job)
    while not Path(job.payload["until"]).exists():
        time.sleep(0.02)
    with database.write() as session:
        session.execute(
            sa.text("INSERT INTO test_done (job_id, n) VALUES (:id, 0) ON CONFLICT DO NOTHING"), {"id": job.id}
        )


def _spin(_database: Database, job: ClaimedJob) -> None:
    spin(job)


def spin(job: ClaimedJob) -> None:
    """A few milliseconds of a processor's time, as composing a briefing takes."""
    hashlib.pbkdf2_hmac("sha256", job.id.encode(), b"doorstep", job.payload["rounds"])


def _begin(database: Database, job: ClaimedJob) -> None:
    with database.write() as session:
        session.execute(
            sa.text("INSERT INTO test_run (job_id, pid) VALUES (:id, :pid)"), {"id": job.id, "pid": os.getpid()}
        )
