"""A server whose process is killed while phones push: what was answered is there, and what was not can be sent again."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.foundation.db import Database
from app.foundation.ids import new_id
from app.sync.tables import MutationRecord
from app.visits.tables import Note
from tests.conftest import PASSWORD
from tests.support.phones import Directory
from tests.support.pulling import Office
from tests.support.pushing import Sender
from tests.support.serving import ROOT, _wait_for, free_port

KILLS = 3


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill a server and its workers: the group that it was started in."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Link:
    """One way to the server; `sender` builds the mutations."""

    def __init__(self, port: int, sender: Sender) -> None:
        self.port, self.sender, self.headers = port, sender, {"Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any) -> Any:
        """The JSON answer; OSError when the server goes away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, f"/api/v1{path}", orjson.dumps(body), self.headers)
            response = connection.getresponse()
            read = response.read()
            cookie = response.getheader("Set-Cookie")
            if cookie:
                self.headers["Cookie"] = cookie.partition(";")[0]
            assert response.status < 400, read
            return orjson.loads(read)
        finally:
            connection.close()

    def push_until_answered(self, mutations: list[Any]) -> list[dict[str, Any]]:
        """The answers, from a server that is starting again: sent as often as it takes, as a phone does."""
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                return self.push(mutations)
            time.sleep(0.1)
        raise AssertionError("the server did not come back")

    def push(self, mutations: list[Any]) -> list[dict[str, Any]]:
        """The answers."""
        body = {"client_group": self.sender.group, "schema": 3, "sent_at": mutations[0]["made_at"]}
        answers: list[dict[str, Any]] = self.call("POST", "/sync/push", {**body, "mutations": mutations})["answers"]
        return answers


@pytest.fixture
def server(database: Database, tmp_path: Path) -> Iterator[Any]:
    """Starts the real server on the test's database, in a process of its own; call it again after a kill."""
    running: list[subprocess.Popen[bytes]] = []
    port = free_port()
    url = database.url.render_as_string(hide_password=False)
    settings = {
        "DATABASE_URL": url,
        "PORT": str(port),
        "EMBEDDED_RUNNER": "false",
        "RATE_LIMIT_STORAGE_URL": "memory://",
    }
    environ = {f"DOORSTEP_{name}": value for name, value in settings.items()}

    def start() -> tuple[int, subprocess.Popen[bytes]]:
        log = tmp_path / "server.log"
        command = [sys.executable, "-m", "app.cli", "serve"]
        with log.open("ab") as out:
            process = subprocess.Popen(
                command, cwd=tmp_path, env={"PATH": "", "PYTHONPATH": str(ROOT), **environ}, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        running.append(process)
        _wait_for(port, process, log)
        return port, process

    yield start
    for process in running:
        kill_all(process)
        process.wait()


def test_a_server_that_is_killed_at_any_moment_of_a_push_loses_and_doubles_nothing(
    server: Any, database: Database, directory: Directory
) -> None:
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    account = office.account()
    port, process = server()
    sender = Sender(None)  # type: ignore[arg-type]
    link = Link(port, sender)
    signed_in = link.call("POST", "/session", {"email": "rep@north.example", "password": PASSWORD})
    link.headers["X-CSRF-Token"] = signed_in["csrf_token"]
    batches = [[sender.note(account, f"{batch}.{number}") for number in range(20)] for batch in range(KILLS)]
    warm = [{**sender.note(account, "warm"), "seq": 20 * KILLS + 1, "id": new_id()}]
    answered: dict[str, str] = {}
    for batch, notes in enumerate(batches):
        # From before anything is read until after everything is committed.
        kill = threading.Timer(0.004 + 0.02 * batch, kill_all, [process])
        kill.start()
        with suppress(OSError, http.client.HTTPException):
            answered.update({a["id"]: a["result"] for a in link.push(notes)})
        kill.join()
        process.wait()
        _port, process = server()
        for _ in range(2):
            again = link.push_until_answered(notes)
            assert {a["result"] for a in again} <= {"applied", "duplicate"}
            assert all(a["result"] == "duplicate" for a in again if a["id"] in answered)
            answered.update({a["id"]: a["result"] for a in again})
    link.push_until_answered(warm)
    with database.read() as session:
        wanted = {note["args"]["id"] for notes in batches for note in notes} | {warm[0]["args"]["id"]}
        assert set(session.scalars(sa.select(Note.id))) == wanted
        assert session.scalar(sa.select(sa.func.count()).select_from(MutationRecord)) == len(wanted)


def test_a_crash_between_the_effect_and_the_answer_leaves_the_answer_to_be_given_again(
    server: Any, database: Database, directory: Directory
) -> None:
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    account = office.account()
    port, process = server()
    sender = Sender(None)  # type: ignore[arg-type]
    link = Link(port, sender)
    signed_in = link.call("POST", "/session", {"email": "rep@north.example", "password": PASSWORD})
    link.headers["X-CSRF-Token"] = signed_in["csrf_token"]
    notes = [sender.note(account, f"{number}") for number in range(50)]
    lost = threading.Thread(target=lambda: _ignore(link, notes))
    lost.start()
    # The records are seen as soon as they are committed: then the server dies, before the answer is on its way or after.
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with database.read() as session:
            if session.scalar(sa.select(sa.func.count()).select_from(MutationRecord)):
                break
    kill_all(process)
    process.wait()
    lost.join()
    server()
    assert [(a["result"], a["first"]) for a in link.push_until_answered(notes)] == [("duplicate", "applied")] * 50
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Note)) == 50


def _ignore(link: Link, notes: list[Any]) -> None:
    with suppress(OSError, http.client.HTTPException):
        link.push(notes)
