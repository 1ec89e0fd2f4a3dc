"""Servers to measure: Doorstep, and bare Flask beside it, served alike: granian, one worker, one blocking thread.

`python -m tests.benchmarks.servers KIND PORT` serves one of them on 127.0.0.1; which database, and as whom the bare one
reads it, is in the environment.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response

from app.distributed import free_port as free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
MINE = """
    SELECT account_id FROM territory
    WHERE user_id = :user AND starts_on <= :today AND (ends_on IS NULL OR ends_on >= :today)
"""
COLUMNS = (
    "name", "aliases", "industry", "status", "employees", "website", "phone", "address", "latitude", "longitude",
    "time_zone", "parent_id", "competitors", "notes", "id", "external_ids", "created_at", "updated_at", "row_version",
)  # fmt: skip
DOCUMENTS = frozenset({"aliases", "address", "competitors", "external_ids"})


def doorstep() -> Any:
    """The application as it is deployed, with one trivial route more."""
    from flask_smorest import Api, Blueprint
    from marshmallow import Schema, fields

    from app import create_app
    from app.server import with_streams

    class StatusSchema(Schema):
        status = fields.String(required=True)

    trivial = Blueprint("trivial", __name__)

    @trivial.route("/trivial")
    @trivial.response(200, StatusSchema)
    def trivial_view() -> dict[str, str]:
        return {"status": "ok"}

    app = create_app()
    api: Api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    api.register_blueprint(trivial)
    return with_streams(app)


def bare() -> Flask:
    """What Flask costs by itself: a route without anything, and 50 rows by raw sqlite3 and orjson."""
    app = Flask("bare")
    database = sqlite3.connect(os.environ["BENCH_DATABASE"], check_same_thread=False)
    database.execute("PRAGMA mmap_size=268435456")
    names = [*(name for name in COLUMNS), "revenue_minor", "revenue_currency"]
    query = f"""SELECT {", ".join(names)} FROM account WHERE org_id = :org AND id IN ({MINE}) ORDER BY id LIMIT 51"""
    who = {"org": os.environ["BENCH_ORG"], "user": os.environ["BENCH_USER"], "today": time.strftime("%Y-%m-%d")}

    @app.get("/trivial")
    def trivial_view() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/accounts")
    def accounts() -> Response:
        rows = database.execute(query, who).fetchall()
        return Response(orjson.dumps({"data": [_account(row) for row in rows[:50]]}), content_type="application/json")

    return app


def _account(row: Any) -> dict[str, Any]:
    members = dict(zip(COLUMNS, row, strict=False))
    for name in DOCUMENTS:
        members[name] = None if members[name] is None else orjson.Fragment(members[name])
    members["revenue"] = None if row[-2] is None else {"amount": f"{row[-2] / 100:.2f}", "currency": row[-1]}
    return members


def main() -> None:
    """Serve `doorstep` or `bare` until stopped."""
    from granian import Granian
    from granian.constants import Interfaces

    kind, port = sys.argv[1:3]
    Granian(
        f"tests.benchmarks.servers:{kind}", factory=True, address="127.0.0.1", port=int(port), interface=Interfaces.WSGI,
        workers=1, blocking_threads=1, log_access=False,
    ).serve()  # fmt: skip


@contextmanager
def serving(command: list[str], port: int, path: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a server until the block ends. RuntimeError with its log when it does not answer in time."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=out, start_new_session=True
        )
        try:
            _await(process, port, path, log)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    from http.client import HTTPConnection

    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-500:]}")


if __name__ == "__main__":
    main()
