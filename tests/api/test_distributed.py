"""The distributed installation, started for real: PostgreSQL, Redis, two web processes, relay and workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.foundation.db import Database
from tests.conftest import make_directory
from tests.support.live import Person
from tests.support.pulling import Office
from tests.support.serving import ROOT, free_port


def until(what: str, holds: Callable[[], Any], seconds: float = 300) -> Any:
    """Wait for a condition; what it gave when it held."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError, AssertionError):
            if found := holds():
                return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


@dataclass
class Running:
    """An installation that runs."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def pids(self, *words: str) -> set[int]:
        """Its processes whose command line has these words; all of them when there are none."""
        found = set()
        for one in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                ours = f"DOORSTEP_PORT={self.port}\0".encode() in (one / "environ").read_bytes()
                if (ours or str(self.folder) in command) and all(word in command for word in words):
                    found.add(int(one.name))
        return found

    def setting(self, name: str) -> str:
        """A setting of its web server."""
        environ = (Path("/proc") / str(min(self.pids("app.cli", "serve"))) / "environ").read_text()
        return str(re.search(rf"DOORSTEP_{name}=([^\0]*)", environ)[1])  # type: ignore[index]

    def answers(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)


def children(pid: int) -> set[int]:
    """The processes that a process started and that run."""
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A distributed installation without rows, in a folder of its own."""
    port, folder = free_port(), tmp_path / "d"
    environ = {**os.environ, "DOORSTEP_PORT": str(port), "DOORSTEP_SAMPLE": "false", "PYTHONPATH": str(ROOT)}
    environ["XDG_RUNTIME_DIR"] = str(tmp_path)
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.distributed", str(folder)], cwd=tmp_path, env=environ, stdout=out, stderr=out
        )
    one = Running(port, folder, process)
    try:
        until("it answers", one.answers)
        yield one
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            for pid in one.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def test_a_change_becomes_a_briefing_whoever_dies_and_a_stop_leaves_nobody(running: Running) -> None:
    database = Database(running.setting("DATABASE_URL"))
    directory = make_directory(database)
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    account = office.account("Norrvik Paper")
    person = Person(running.port, "rep@north.example")

    def version_after(text: str) -> Callable[[], Any]:
        promise = {"account_id": account, "text": text, "due_on": "2020-01-02", "made_on": "2020-01-01"}
        person.send("POST", "/promises", promise)

        def written() -> Any:
            return text in str(person.send("GET", f"/accounts/{account}/briefing")[0])

        return written

    until("a change is in the briefing", version_after("the first report"))
    server, workers = min(running.pids("app.cli", "serve")), running.pids("app.cli", "worker")
    web = children(server)
    assert len(web) >= 2 and len(workers) >= 2
    os.kill(max(web), signal.SIGKILL)
    os.kill(min(workers), signal.SIGKILL)
    until("another web process has come", lambda: len(children(server)) >= len(web) and children(server) != web)
    until("another worker has come", lambda: running.pids("app.cli", "worker") - workers)
    until("it answers again", running.answers)
    until("a change is in the briefing after two deaths", version_after("the second report"))
    database.dispose()
    running.process.terminate()
    assert running.process.wait(180) == 0
    until("nobody is left", lambda: not running.pids())
