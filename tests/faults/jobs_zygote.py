"""Starts real runners, relays and workers quickly: a process that has imported everything and forks.

Reads one JSON line a process, `{"arguments": [...], "environment": {...}, "log": "…"}`, and answers with its id, which is its
group's too. What runs after the fork is `tests.support.job_process`, which is the `doorstep` command with the tests' kinds.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import sys

IMPORTED = (
    "app.wiring", "app.jobs.relay", "app.jobs.worker", "celery.apps.worker", "celery.bin.worker", "celery.worker.worker",
    "celery.concurrency.prefork", "kombu.transport.redis", "redis", "psycopg", "sqlalchemy.dialects.postgresql.psycopg",
    "tests.support.job_tasks",
)  # fmt: skip


def become(order: dict[str, object]) -> None:
    """Be one of the processes."""
    from tests.support import job_process

    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    environment, arguments = order["environment"], order["arguments"]
    assert isinstance(environment, dict) and isinstance(arguments, list)
    for name in [name for name in os.environ if name.startswith("DOORSTEP_")]:
        del os.environ[name]
    os.environ.update(environment)
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    quiet = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((quiet, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    sys.argv = ["doorstep", *arguments]
    job_process.main()


def main() -> None:
    """Import, then fork for each line until standard input ends; no process outlives this one."""
    for name in IMPORTED:
        importlib.import_module(name)
    from app.cli import cli
    from app.wiring import add_commands

    add_commands(cli)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                become(json.loads(line))
            finally:
                os._exit(0)
        # Here too: it may be told to end before it has come to do so itself.
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        print(child, flush=True)


if __name__ == "__main__":
    main()
