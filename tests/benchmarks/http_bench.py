"""Requests per second over real HTTP, as ratios to bare Flask that is served the same way, in rounds taken in turn."""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.foundation.db import Database
from app.schema import migrate
from tests.benchmarks import dataset
from tests.benchmarks.figures import Target, median_ratio
from tests.benchmarks.load import Client, Job, client
from tests.benchmarks.servers import free_port, serving

SIZE = dataset.Size(accounts=5_000, mine=500)
WARM_UP = 200
TARGETS = (
    Target("trivial_route", "A trivial smorest route / a bare Flask route", "ratio of requests/s", 0.85, True, 2),
    Target("stored_briefing", "A stored briefing / bare Flask", "ratio of requests/s", 0.45, True, 2),
    Target("stored_briefing_304", "Its 304 / bare Flask", "ratio of requests/s", 0.60, True, 2),
    Target(
        "account_list", "50 of 5,000 accounts, signed in, by territory / the same rows by bare Flask, sqlite3 and orjson",
        "ratio of requests/s", 0.50, True, 2,
    ),
    Target("bare_flask_rate", "The bare Flask route", "requests/s", None),
)  # fmt: skip


def measure(rounds: int = 25, count: int = 150) -> dict[str, float]:
    """All rows of this group."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        migrate(database)
        made = dataset.fill(database, SIZE)
        database.dispose()
        return _measure(Path(folder), made, rounds, count)


def _measure(folder: Path, made: dataset.Dataset, rounds: int, count: int) -> dict[str, float]:
    ours, bare = free_port(), free_port()
    file = folder / "bench.db"
    settings = {"DOORSTEP_DATABASE_URL": f"sqlite:///{file}", "DOORSTEP_EMBEDDED_RUNNER": "false"}
    reader = {"BENCH_DATABASE": str(file), "BENCH_ORG": made.org_id, "BENCH_USER": made.rep_id}
    run = [sys.executable, "-m", "tests.benchmarks.servers"]
    with (
        serving([*run, "doorstep", str(ours)], ours, "/readyz", settings, folder / "doorstep.log"),
        serving([*run, "bare", str(bare)], bare, "/trivial", reader, folder / "bare.log"),
        client() as load,
    ):
        cookie = _sign_in(ours, made)
        path = f"/api/v1/accounts/{made.mine[7]}/briefing"
        etag = _answer(ours, path, cookie)[1]["ETag"]
        _check_same_rows(ours, bare, cookie)
        plain, rows = Job(bare, "/trivial", count), Job(bare, "/accounts", count)
        briefing = Job(ours, path, count, headers=cookie)
        unchanged = Job(ours, path, count, 304, {**cookie, "If-None-Match": etag})
        pairs = {
            "trivial_route": (Job(ours, "/trivial", count), plain),
            "stored_briefing": (briefing, plain),
            "stored_briefing_304": (unchanged, plain),
            "account_list": (Job(ours, "/api/v1/accounts?limit=50", count, headers=cookie), rows),
        }
        return _rounds(load, pairs, rounds)


def _rounds(load: Client, pairs: dict[str, tuple[Job, Job]], rounds: int) -> dict[str, float]:
    for pair in pairs.values():
        for job in pair:
            load.rate(Job(job.port, job.path, WARM_UP, job.status, job.headers))
    rates: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in pairs}
    for _ in range(rounds):
        for name, pair in pairs.items():
            for kept, job in zip(rates[name], pair, strict=True):
                kept.append(load.rate(job))
    figures = {name: median_ratio(*kept) for name, kept in rates.items()}
    return {**figures, "bare_flask_rate": sorted(rates["trivial_route"][1])[rounds // 2]}


def _sign_in(port: int, made: dataset.Dataset) -> dict[str, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    body = json.dumps({"email": made.rep_email, "password": made.password})
    connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"signing in was answered with {answer.status}")
    return {"Cookie": (answer.getheader("Set-Cookie") or "").split(";")[0]}


def _answer(port: int, path: str, headers: dict[str, str]) -> tuple[bytes, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered with {answer.status}: {body[:200]!r}")
    return body, answer.headers


def _check_same_rows(ours: int, bare: int, cookie: dict[str, str]) -> None:
    """The two lists must be of the same rows with the same members, or the ratio says nothing."""
    own = json.loads(_answer(ours, "/api/v1/accounts?limit=50", cookie)[0])["data"]
    other = json.loads(_answer(bare, "/accounts", {})[0])["data"]
    same = [row["id"] for row in own] == [row["id"] for row in other] and set(own[0]) == set(other[0])
    if not same or len(own) != 50:
        raise RuntimeError(
            f"the two lists differ: {sorted(set(own[0]) ^ set(other[0]))}, {len(own)} and {len(other)} rows"
        )
