"""Starts real servers quickly: a process that has imported the app and forks, so that a server that was killed is back at once.

Reads one JSON line a server, `{"environment": {...}}`, and answers with one line, its process id (also its process group).
Everything after the fork is what `doorstep serve` does: granian with its worker processes.
"""

import gc
import json
import os
import signal
import sys
import tempfile
from pathlib import Path


def serve(environment: dict[str, str]) -> None:
    """Be a server, in a process group of its own."""
    os.setsid()
    os.environ.update(environment)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    quiet = os.open(os.devnull, os.O_RDONLY)
    log = os.open(environment["FAULTS_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((quiet, 0), (log, 1), (log, 2)):
        os.dup2(source, target)

    from app.config import load_settings
    from app.server import serve as run
    from app.wiring import connect_work

    if environment.get("FAULTS_BREAK"):
        from tests.faults.broken_servers import BREAKS

        BREAKS[environment["FAULTS_BREAK"]]()
    settings = load_settings(None)
    connect_work(settings)
    run(settings)


def import_everything() -> None:
    """Import what an application imports when it is made; this one's database is never opened."""
    from app import create_app
    from app.config import Settings

    with tempfile.TemporaryDirectory() as folder:
        create_app(Settings(database_url=f"sqlite:///{folder}/unused.db", log_level="ERROR"))


def is_ours(pid: int) -> bool:
    """Whether a process id is still that of a child of ours."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return int(text.rpartition(")")[2].split()[1]) == os.getpid()


def main() -> None:
    """Import, then fork a server for each line until standard input ends."""
    import app.server  # noqa: F401

    import_everything()

    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    child = 0
    for line in sys.stdin:
        environment = json.loads(line)["environment"]
        child = os.fork()
        if child == 0:
            try:
                serve(environment)
            finally:
                os._exit(1)
        print(child, flush=True)
    if child and is_ours(child):
        os.killpg(child, signal.SIGKILL)  # no server outlives the harness, also when that was killed


if __name__ == "__main__":
    main()
