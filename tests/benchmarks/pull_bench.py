"""Size and time of a pull for a rep with 500 accounts, in the moment that the data was made for."""

from __future__ import annotations

import statistics
import time
import uuid
import zlib
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import sqlalchemy as sa

from app import create_app
from app.briefing.tables import StoredBriefing
from app.config import Settings
from app.customers.tables import Account
from app.foundation import clock
from app.foundation.db import Database
from app.schema import migrate
from app.sync.schemas import ROW_SCHEMA
from tests.benchmarks import dataset
from tests.benchmarks.figures import Target
from tests.support.phones import Api
from tests.support.unpacking import unpack

SIZE = dataset.Size(accounts=500, mine=500)
IDLE_PULLS = 150
TARGETS = (
    Target("pull_first", "Pull for 500 accounts with briefings, gzip: first", "kB", 200),
    Target("pull_ten_changed", "– 10 accounts and their briefings changed", "kB", 4, decimals=2),
    Target("pull_ten_accounts", "– 10 accounts changed, their briefings not", "kB", None, decimals=2),
    Target("pull_nothing_changed", "– nothing changed", "B", 100),
    Target("pull_first_time", "– first, server time", "ms", None),
    Target("pull_idle_time", "– nothing changed, server time, p50", "ms", 6, decimals=1),
)


def measure() -> dict[str, float]:
    """All rows of this group. A kB is 1,000 bytes."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        migrate(database)
        made = dataset.fill(database, SIZE)
        url = database.url.render_as_string()
        app = create_app(
            Settings(database_url=url, embedded_runner=False, log_level="ERROR", requests_per_minute=10**6)
        )
        with clock.fixed(dataset.MOMENT):
            figures = _measure(app, database, made)
        app.extensions["doorstep.database"].dispose()
        database.dispose()
        return figures


def _measure(app: Any, database: Database, made: dataset.Dataset) -> dict[str, float]:
    api = Api.signed_in(app, made.rep_email, made.password)
    api.headers["Accept-Encoding"] = "gzip"
    group = str(uuid.uuid4())
    first, first_time = _pull(api, group, None)
    cookie = _cookie(first)
    idle = [_pull(api, group, cookie) for _ in range(IDLE_PULLS)]
    _change_accounts(database, made.mine[:10])
    accounts, _ = _pull(api, group, cookie)
    _change_briefings(database, made.mine[:10])
    changed, _ = _pull(api, group, cookie)
    sent = unpack(orjson.loads(zlib.decompress(changed, 31))["packed"])
    if {row_type: len(rows) for row_type, rows in sent.items()} != {"account": 10, "briefing": 10}:
        raise AssertionError("ten accounts with a briefing each were changed, and something else was sent")
    return {
        "pull_first": len(first) / 1000,
        "pull_ten_changed": len(changed) / 1000,
        "pull_ten_accounts": len(accounts) / 1000,
        "pull_nothing_changed": float(max(len(body) for body, _ in idle)),
        "pull_first_time": first_time,
        "pull_idle_time": statistics.median(took for _, took in idle),
    }


def _change_accounts(database: Database, account_ids: Sequence[str]) -> None:
    """Change accounts, as an edit does."""
    with database.write() as session:
        for account in session.scalars(sa.select(Account).where(Account.id.in_(account_ids))):
            account.phone = "+999 46 999999"


def _change_briefings(database: Database, account_ids: Sequence[str]) -> None:
    """Change what the briefings of accounts say, as the job that follows an edit does."""
    with database.write() as session:
        general = (StoredBriefing.account_id.in_(account_ids), StoredBriefing.visit_id.is_(None))
        for briefing in session.scalars(sa.select(StoredBriefing).where(*general)):
            document = orjson.loads(briefing.body)
            document["evidence"][0]["as_of"] = document["as_of"]
            briefing.body = orjson.dumps(document)
            briefing.row_version += 1


def _pull(api: Api, group: str, cookie: str | None) -> tuple[bytes, float]:
    """The body as it is sent, and milliseconds from request to answer inside the process."""
    began = time.perf_counter()
    answer = api.post("/sync/pull", {"client_group": group, "cookie": cookie, "schema": ROW_SCHEMA, "packed": True})
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"the pull was answered with {answer.status_code}: {answer.text}")
    return answer.data, took


def _cookie(body: bytes) -> str:
    cookie: str = orjson.loads(zlib.decompress(body, 31))["cookie"]
    return cookie
