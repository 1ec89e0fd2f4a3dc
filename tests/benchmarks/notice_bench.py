"""A notice from due to decrypted at the push service, and how many of them one worker sends beside pywebpush alone."""

from __future__ import annotations

import multiprocessing
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from pywebpush import webpush

from app.briefing.tables import StoredBriefing
from app.config import Settings
from app.customers.tables import Account
from app.foundation import clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.outbox import EmbeddedRunner
from app.foundation.tables import Organisation
from app.identity.tables import TerritoryAssignment, User
from app.push import jobs, message, planning
from app.push.keys import vapid_keys
from app.push.preferences import DEFAULTS
from app.push.sending import Office, send_due
from app.push.tables import NoticePreference, PlannedNotice, PushDevice
from app.push.web_push import Sender
from app.schema import migrate
from app.visits.tables import Visit
from tests.benchmarks.figures import Target, median_ratio
from tests.support.push_service import PushService

SINGLES, MANY, ROUNDS = 40, 160, 5
PLANNED = table_of(PlannedNotice)
TARGETS = (
    Target("notice_due_to_decrypted", "Notice from due to decrypted at the push service, p95", "s", 2, decimals=3),
    Target(
        "notice_throughput", "Notices composed, encrypted and sent by one worker / pywebpush alone in a loop",
        "ratio of notices/s", 0.7, True, 2,
    ),
    Target("notices_per_second", "– notices by one worker", "notices/s", None),
)  # fmt: skip


def _serve(pipe: Connection, browsers: int) -> None:
    """A push service in a process of its own; tells when each message was decrypted, and of which visit."""
    with PushService() as service:
        made = [service.subscribe() for _ in range(browsers)]
        pipe.send((service.host, [browser.to_json() for browser in made]))
        while pipe.recv() == "what came?":
            came = [
                (one.shown["tag"] if one.plain[:1] == b"{" else "", one.seconds)
                for browser in made
                for one in browser.delivered
            ]
            for browser in made:
                browser.delivered.clear()
            pipe.send((came, service.faults))


@contextmanager
def _service(browsers: int) -> Iterator[tuple[str, list[dict[str, Any]], Connection]]:
    mine, its = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(its, browsers), daemon=True)
    process.start()
    host, subscriptions = mine.recv()
    try:
        yield host, subscriptions, mine
    finally:
        mine.send("end")
        process.join(5)
        process.terminate()


@dataclass
class Bench:
    """A rep with many devices' worth of visits, in a database of its own."""

    database: Database
    office: Office
    subscriptions: list[dict[str, Any]]
    org: str
    account: str
    users: list[str]
    came: Connection

    def plan(self, count: int, due: datetime) -> list[str]:
        """Visits of as many reps in an hour, each with a planned notice."""
        visits, start = [new_id() for _ in range(count)], due + timedelta(hours=1)
        rows = [
            {"id": visit, "org_id": self.org, "account_id": self.account, "user_id": user, "starts_at": start,
             "ends_at": start, "time_zone": "UTC"}
            for visit, user in zip(visits, self.users, strict=False)
        ]  # fmt: skip
        with self.database.write() as session:
            session.execute(sa.insert(table_of(Visit)), rows)
            planned = [
                {"visit_id": row["id"], "slot": f"lead:{start:%Y%m%dT%H%M}", "org_id": self.org, "user_id": row["user_id"],
                 "due_at": due, "bucket": planning.bucket_of(row["id"])}
                for row in rows
            ]  # fmt: skip
            planning.write(session, planned)
        return visits

    def arrivals(self) -> dict[str, float]:
        """When what came was decrypted, by visit (seconds of the monotonic clock)."""
        self.came.send("what came?")
        came, faults = self.came.recv()
        if faults:
            raise RuntimeError(faults[0])
        return dict(came)


def measure() -> dict[str, float]:
    """The figures."""
    folder = Path(tempfile.mkdtemp(prefix="notice_bench_"))
    try:
        with _service(MANY) as (host, subscriptions, came):
            bench = _bench(folder, host, subscriptions, came)
            latencies = _latencies(bench)
            ours, theirs = _throughput(bench)
            bench.database.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "notice_due_to_decrypted": statistics.quantiles(latencies, n=20)[-1],
        "notice_throughput": median_ratio(ours, theirs),
        "notices_per_second": statistics.median(ours),
    }


def _bench(folder: Path, host: str, subscriptions: list[dict[str, Any]], came: Connection) -> Bench:
    url = f"sqlite:///{folder / 'bench.db'}"
    database = Database(url)
    migrate(database)
    sender = Sender.from_settings(Settings(database_url=url, outbound_allow=host))
    office = Office(sender, "https://sales.example")
    jobs.register(office)
    org, account, users = new_id(), new_id(), [new_id() for _ in subscriptions]
    mine = [{"id": new_id(), "org_id": org, "user_id": user} for user in users]
    every_day = {
        **DEFAULTS,
        "working_days": [1, 2, 3, 4, 5, 6, 7],
        "quiet_from": "00:00",
        "quiet_to": "00:00",
        "evening_before": False,
    }
    rows: tuple[tuple[Any, list[dict[str, Any]]], ...] = (
        (Organisation, [{"id": org, "name": "North"}]),
        (Account, [{"id": account, "org_id": org, "name": "Norrvik Paper", "phone": "+46 26 100"}]),
        (User, [{"id": user, "org_id": org, "email": f"{user}@n.example", "name": "Rep", "role": "rep"} for user in users]),
        (TerritoryAssignment, [{**one, "account_id": account, "starts_on": date(2020, 1, 1)} for one in mine]),
        (NoticePreference, [{**one, **every_day} for one in mine]),
        (PushDevice, [{**one, "endpoint": sub["endpoint"], **sub["keys"]} for one, sub in zip(mine, subscriptions, strict=True)]),
        (StoredBriefing, [{"id": new_id(), "org_id": org, "account_id": account, "version": "x", "as_of": clock.now(),
                           "body": _briefing(account)}]),
    )  # fmt: skip
    with database.write() as session:
        for model, many in rows:
            session.execute(sa.insert(table_of(model)), many)
    return Bench(database, office, subscriptions, org, account, users, came)


def _briefing(account: str) -> bytes:
    """A briefing as large as those of the sample: twenty lines, eight records of evidence."""
    evidence = [
        {"type": "ticket", "id": new_id(), "source": "desk", "as_of": "2026-11-20T08:00:00Z", "label": f"Ticket {n}"}
        for n in range(8)
    ]
    lines = [
        {"kind": "custom.service", "facts": {"text": f"Pump {n} of line 2 leaks at the seal since last week."},
         "evidence": [n % 8], "weight": 0.9 - n / 40}
        for n in range(20)
    ]  # fmt: skip
    cards = [{"kind": "before", "lines": lines[:5]}, {"kind": "service", "lines": lines}]
    document = {
        "id": new_id(),
        "account_id": account,
        "visit_id": None,
        "as_of": "2026-11-20T08:00:00Z",
        "evidence": evidence,
        "cards": cards,
    }
    return orjson.dumps(document)


def _latencies(bench: Bench) -> list[float]:
    """Seconds from the due instant, for single notices that the running server finds due, one a second or so."""
    runner = EmbeddedRunner(bench.database)
    runner.start()
    found: list[float] = []
    try:
        for _ in range(SINGLES):
            due = (datetime.now(UTC) + timedelta(seconds=1.2)).replace(microsecond=0)
            at = time.monotonic() + (due - datetime.now(UTC)).total_seconds()
            (visit,) = bench.plan(1, due)
            found.append(_when(bench, visit) - at)
    finally:
        runner.stop()
    return found


def _when(bench: Bench, visit: str) -> float:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        came = bench.arrivals()
        if visit in came:
            return came[visit]
        time.sleep(0.02)
    raise TimeoutError("a notice did not arrive within 30 seconds")


def _throughput(bench: Bench) -> tuple[list[float], list[float]]:
    """Notices a second, rounds in turn: our worker from the plan to the written result, and `webpush()` in a loop."""
    keys = vapid_keys(bench.database)
    now = datetime.now(UTC).replace(microsecond=0)
    plain = _plain(bench, now)
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        visits = bench.plan(MANY, now - timedelta(seconds=number))
        begin = time.perf_counter()
        sent = sum(send_due(bench.database, bench.office, bench.org, bucket) for bucket in range(planning.BUCKETS))
        ours.append(MANY / (time.perf_counter() - begin))
        if sent != MANY or not set(visits) <= set(bench.arrivals()):
            raise RuntimeError(f"{sent} of {MANY} notices arrived")
        begin = time.perf_counter()
        for subscription in bench.subscriptions:
            claims: Any = {"sub": "mailto:it@north.example"}
            webpush(subscription, plain, keys.private, claims, ttl=3600, timeout=8)
        theirs.append(MANY / (time.perf_counter() - begin))
        bench.arrivals()
    return ours[1:], theirs[1:]


def _plain(bench: Bench, now: datetime) -> bytes:
    """A message of the same size as ours, which pywebpush is given ready-made."""
    visit = message.VisitFacts(new_id(), bench.account, "Norrvik Paper", now, now, "UTC", phone="+46 26 100")
    return message.encode(
        message.Notice(new_id(), visit, orjson.loads(_briefing(bench.account)), now), "https://sales.example"
    )


if __name__ == "__main__":
    print(measure())
