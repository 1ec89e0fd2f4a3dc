"""Real processes of Doorstep that know the tests' kinds: `python -m tests.support.job_process serve|worker|relay …`.

`runner [seconds between looks]` is one besides: the embedded runner and nothing else, which starts sooner than a web
server; `office` is the same with the product's own kinds, and sends notices. GATHER_SECONDS is for how long changes to a
visit are gathered before an update leaves.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from app.foundation.db import Database
from app.foundation.outbox_schedules import Schedule

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def running(database: Database, log: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process on this database, in a group of its own; killed at the end if it still lives."""
    process = start(database.url.render_as_string(hide_password=False), log, *arguments, **settings)
    try:
        yield process
    finally:
        kill(process)


def start(url: str, log: Path, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start one; `settings` are those of Doorstep in small letters."""
    given = {f"DOORSTEP_{name.upper()}": value for name, value in settings.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.job_process", *arguments],
            cwd=ROOT,
            env={**kept, "DOORSTEP_DATABASE_URL": url, "DOORSTEP_SAMPLE": "false", **given},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it and its children as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _run_embedded(idle: float | None, ticks: Sequence[Schedule] = ()) -> None:
    from app.config import load_settings
    from app.foundation import logs
    from app.foundation.outbox import EmbeddedRunner

    settings = load_settings(None)
    lease = timedelta(seconds=settings.job_lease_seconds)
    logs.configure(settings.log_level, "json")
    runner = EmbeddedRunner(Database(settings.database_url), ticks, idle, lease)
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    runner.start()
    told.wait()
    runner.stop()


def _run_office() -> None:
    from app.config import load_settings
    from app.push.jobs import TICKS
    from app.wiring import connect_work

    connect_work(load_settings(None))
    _run_embedded(None, TICKS)


def main() -> None:
    """Be one of these processes."""
    from app.push import planning
    from tests.support import job_tasks

    faulthandler.register(signal.SIGUSR1)  # where every thread is, into the log
    job_tasks.register()
    if "GATHER_SECONDS" in os.environ:
        planning.COALESCED = timedelta(seconds=float(os.environ["GATHER_SECONDS"]))
    if sys.argv[1] == "runner":
        _run_embedded(float(sys.argv[2]) if len(sys.argv) > 2 else None)
        return
    if sys.argv[1] == "office":
        _run_office()
        return
    from app.cli import main as run

    run()


if __name__ == "__main__":
    main()
