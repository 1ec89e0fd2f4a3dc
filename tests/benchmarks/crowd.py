"""Phones that pull on a schedule, in a process of their own: `python -m tests.benchmarks.crowd`.

One JSON object comes on standard input (`Plan`), and one goes out: milliseconds of every pull, from the moment at which it
was due to the end of its answer, so that a server that falls behind is seen to.
"""

from __future__ import annotations

import json
import random
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import sqlalchemy as sa

from app.customers.tables import Account
from app.foundation.db import Database, table_of
from app.identity.tables import TerritoryAssignment

ACCOUNTS, TERRITORY = table_of(Account), table_of(TerritoryAssignment)
AT_ONCE = 24


@dataclass(frozen=True)
class Plan:
    """`phones` on each of these users' sessions; each pulls every `every` seconds, for `seconds`, and before it does, a
    `share` of the user's accounts is changed by somebody else."""

    port: int
    database: str
    emails: Sequence[str]
    password: str
    phones: int
    every: float
    seconds: float
    share: float
    schema: int


class Phone:
    """One installation of the app, as far as pulling goes."""

    def __init__(self, plan: Plan, headers: Mapping[str, str], account_ids: Sequence[str]) -> None:
        self._plan = plan
        self._headers = headers
        self.account_ids = account_ids
        self._body: dict[str, Any] = {"client_group": str(uuid.uuid4()), "cookie": None, "schema": plan.schema}

    def pull(self) -> Mapping[str, Any]:
        """A pull whose answer is stored; RuntimeError when it is refused. After half a minute the connection is a new one."""
        connection = HTTPConnection("127.0.0.1", self._plan.port, timeout=60)
        connection.request("POST", "/api/v1/sync/pull", json.dumps(self._body), dict(self._headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"a pull was answered with {answer.status}: {body[:200]!r}")
        found: dict[str, Any] = json.loads(body)
        self._body["cookie"] = found["cookie"]
        return found

    def pull_changes(self, due: float, changed: int) -> float:
        """Milliseconds from `due` to the end of the answer, which must bring at least that many accounts."""
        found = self.pull()
        took = (time.monotonic() - due) * 1000
        if found.get("reset") or len(found.get("puts", {}).get("account", ())) < changed:
            raise RuntimeError("a pull did not bring what was changed")
        return took

    def listen(self) -> HTTPConnection:
        """Its live stream, which is held and not read."""
        connection = HTTPConnection("127.0.0.1", self._plan.port, timeout=60)
        connection.request("GET", "/api/v1/sync/events", headers={"Cookie": self._headers["Cookie"]})
        if connection.getresponse().status != 200:
            raise RuntimeError("a live stream was refused")
        return connection


def run(plan: Plan) -> dict[str, Any]:
    """Milliseconds by pull, and what went wrong."""
    database = Database(plan.database)
    phones = [phone for email in plan.emails for phone in _phones_of(plan, database, email)]
    dice = random.Random(1)
    dice.shuffle(phones)
    with ThreadPoolExecutor(4) as together:
        list(together.map(Phone.pull, phones))
    streams = [phone.listen() for phone in phones]
    step, began = plan.every / len(phones), time.monotonic() + 1
    count = int(plan.seconds / step)
    results = []
    with ThreadPoolExecutor(AT_ONCE) as pulling:
        for number in range(count):
            phone, due = phones[number % len(phones)], began + number * step
            changed = _change(database, phone, plan.share, dice)
            time.sleep(max(0.0, due - time.monotonic()))
            results.append(pulling.submit(phone.pull_changes, due, changed))
    faults = [str(result.exception()) for result in results if result.exception()]
    for stream in streams:
        stream.close()
    return {"took": [result.result() for result in results if not result.exception()], "faults": faults}


def _phones_of(plan: Plan, database: Database, email: str) -> list[Phone]:
    connection = HTTPConnection("127.0.0.1", plan.port, timeout=60)
    body = json.dumps({"email": email, "password": plan.password})
    connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    signed_in = json.loads(answer.read())
    headers = {
        "Cookie": (answer.getheader("Set-Cookie") or "").split(";")[0],
        "X-CSRF-Token": signed_in["csrf_token"],
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
    }
    with database.read() as session:
        mine = sa.select(TERRITORY.c.account_id).where(TERRITORY.c.user_id == signed_in["user"]["id"])
        account_ids = session.scalars(mine).all()
    return [Phone(plan, headers, account_ids) for _ in range(plan.phones)]


def _change(database: Database, phone: Phone, share: float, dice: random.Random) -> int:
    """Change a share of the accounts that a phone holds, as an import does; how many."""
    chosen = dice.sample(list(phone.account_ids), round(len(phone.account_ids) * share))
    with database.write() as session:
        change = sa.update(ACCOUNTS).where(ACCOUNTS.c.id.in_(chosen))
        session.execute(change.values(phone=f"+999 {dice.random():.8f}", row_version=ACCOUNTS.c.row_version + 1))
    return len(chosen)


if __name__ == "__main__":
    print(json.dumps(run(Plan(**json.loads(sys.stdin.read())))))
