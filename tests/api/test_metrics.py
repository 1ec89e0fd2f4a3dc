"""/metrics: counted over all processes, cheap, and closed to strangers."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.briefing.door import ROUTES
from app.foundation import clock
from app.foundation.db import Database
from app.foundation.metrics import Metrics
from app.foundation.outbox import NewJob, claim, enqueue
from tests.conftest import make_application
from tests.support.serving import served


def value(text: str, name: str, **labels: str) -> float:
    """The sum of a metric's values with these labels."""
    found = 0.0
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if match and all(f'{key}="{wanted}"' in (match[1] or "") for key, wanted in labels.items()):
            found += float(match[2])
    return found


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(answer.read().decode())


def test_two_processes_are_counted_together_and_what_a_dead_one_counted_stays(
    database: Database, tmp_path: Path
) -> None:
    url = database.url.render_as_string(hide_password=False)
    with served(url, log=tmp_path / "log", workers="2", log_level="INFO") as port:
        for number in range(60):
            path = "/readyz" if number % 3 else "/nothing/here"
            with suppress(urllib.error.HTTPError):  # 404 is what the second path is for
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).close()
        text = read(port)
        assert value(text, "doorstep_request_seconds_count", route="/readyz", status="200", method="GET") == 40
        assert value(text, "doorstep_request_seconds_count", status="404") == 20
        assert "/nothing/here" not in text and value(text, "doorstep_database_up") == 1
        folder = next(_folders(tmp_path / "log", port))
        os.kill(int(re.search(r"histogram_(\d+)", folder)[1]), signal.SIGKILL)  # type: ignore[index]
        assert value(_read_again(port), "doorstep_request_seconds_count", route="/readyz", status="200") >= 40


def _folders(_log: Path, port: int) -> Any:
    """Files in which the processes of the server count, by process id."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            maps = (process / "maps").read_text()
        except OSError:
            continue
        if f"DOORSTEP_PORT={port}\0".encode() in environ:
            yield from re.findall(r"\S*doorstep-metrics-\S*/histogram_\d+\.db", maps)


def _read_again(port: int) -> str:
    """When the server has got over a death."""
    deadline = time.monotonic() + 180
    while True:
        try:
            return read(port)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_what_waits_and_how_late_it_is_comes_from_the_database(app: Any, database: Database) -> None:
    with database.write() as session:
        late = clock.now() - timedelta(minutes=5)
        enqueue(session, [NewJob("briefing.rebuild", {}, run_at=late), NewJob("briefing.rebuild", {})])
    text = app.test_client().get("/metrics").text
    assert 300 <= value(text, "doorstep_oldest_due_job_seconds") < 330
    assert value(text, "doorstep_jobs", state="queued") == 2
    claim(database, 1)
    text = app.test_client().get("/metrics").text
    assert value(text, "doorstep_jobs", state="queued") == value(text, "doorstep_jobs", state="running") == 1


def test_it_is_closed_to_strangers(database: Database) -> None:
    client = make_application(database).test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    guarded = make_application(database, metrics_token="s3cret").test_client()
    assert guarded.get("/metrics").status_code == 404
    assert guarded.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    far = {"REMOTE_ADDR": "203.0.113.9"}
    answer = guarded.get("/metrics", headers={"Authorization": "Bearer s3cret"}, environ_base=far)
    assert answer.status_code == 200 and "s3cret" not in answer.text


def test_the_short_way_to_a_briefing_is_counted_as_its_route(app: Any) -> None:
    assert set(ROUTES.values()) <= {rule.rule for rule in app.url_map.iter_rules()}


def test_jobs_notices_and_polls_are_counted_by_what_became_of_them() -> None:
    counted = Metrics()
    counted.job("briefing.rebuild", "done", 0.2)  # before `configure` nothing is counted, and nothing fails
    counted.configure()
    for result in ("done", "done", "parked"):
        counted.job("briefing.rebuild", result, 0.2)
    counted.notice("web push", "sent")
    counted.poll("calendar", "unchanged")
    counted.request("BREW", "/healthz", 501, 0.001)
    text = counted.exposition().decode()
    assert value(text, "doorstep_job_seconds_count", kind="briefing.rebuild", result="done") == 2
    assert value(text, "doorstep_notices_total", channel="web push", result="sent") == 1
    assert value(text, "doorstep_polls_total", what="calendar", result="unchanged") == 1
    assert value(text, "doorstep_request_seconds_count", method="other", status="501") == 1


@pytest.mark.parametrize("shared", [False, True])
def test_counting_a_request_costs_less_than_five_microseconds(tmp_path: Path, shared: bool) -> None:
    """Of this process's own time: others may have the processor meanwhile."""
    import subprocess
    import sys

    program = (
        "import sys, time; from app.foundation.metrics import Metrics; m = Metrics(); m.configure(sys.argv[1]);"
        "m.request('GET', '/healthz', 200, 0.001);"
        "def run():\n t = time.process_time()\n for _ in range(20000): m.request('GET', '/healthz', 200, 0.001)\n"
        " return (time.process_time() - t) / 20000 * 1e6\n"
    )
    program = program.replace(";def", "\ndef") + "print(min(run() for _ in range(5)))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path) if shared else ""], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 5.0
