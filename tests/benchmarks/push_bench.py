"""Server time of a push of 50 mutations against the same 50 writes made one by one through the API, in rounds taken in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from app import create_app
from app.config import Settings
from app.foundation import clock
from app.foundation.db import Database
from app.foundation.fields import instant_text
from app.foundation.ids import new_id
from app.schema import migrate
from tests.benchmarks import dataset
from tests.benchmarks.figures import Target, median_ratio
from tests.support.phones import Api
from tests.support.pushing import Mutation, Sender

SIZE = dataset.Size(accounts=500, mine=500)
ROUNDS = 11
TARGETS = (
    Target("push_ratio", "A push of 50 mutations / 50 single API writes", "ratio of server time", 0.35, decimals=2),
    Target("push_time", "– the push, server time, p50", "ms", None),
)
DUE = "2026-03-20"
Place = tuple[str, str]  # an account, and its website as the data set made it


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """All rows of this group."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        migrate(database)
        made = dataset.fill(database, SIZE)
        url = database.url.render_as_string()
        app = create_app(
            Settings(database_url=url, embedded_runner=False, log_level="ERROR", requests_per_minute=10**6)
        )
        with clock.fixed(dataset.MOMENT):
            figures = _measure(app, made, rounds)
        app.extensions["doorstep.database"].dispose()
        database.dispose()
        return figures


def _measure(app: Any, made: dataset.Dataset, rounds: int) -> dict[str, float]:
    phone = Sender(Api.signed_in(app, made.rep_email, made.password))
    phone.pull()
    desk = Api.signed_in(app, made.rep_email, made.password)
    # Every account is written to once, so that its version is known.
    accounts = iter([(account_id, f"https://a{number}.example") for number, account_id in enumerate(made.mine)])
    _push(phone, accounts), _one_by_one(desk, accounts)
    pushes: list[float] = []
    singles: list[float] = []
    for number in range(rounds):
        turns: list[Callable[[], None]] = [
            lambda: pushes.append(_push(phone, accounts)),
            lambda: singles.append(_one_by_one(desk, accounts)),
        ]
        for turn in turns if number % 2 else reversed(turns):
            turn()
    return {"push_ratio": median_ratio(pushes, singles), "push_time": sorted(pushes)[rounds // 2]}


def _taken(accounts: Iterator[Place]) -> Sequence[Place]:
    return [next(accounts) for _ in range(10)]


def _push(phone: Sender, accounts: Iterator[Place]) -> float:
    """Milliseconds of a push: for each of ten accounts a note, two promises of which one is kept, and a new number."""
    mutations: list[Mutation] = []
    for account_id, website in _taken(accounts):
        mutations.append(phone.note(account_id))
        promises = [phone.make("promise.make", {"id": new_id(), **_promise(account_id)}) for _ in range(2)]
        mutations += promises
        kept = {"id": promises[0]["args"]["id"], "kept_on": "2026-03-02"}
        mutations.append(phone.make("promise.keep", kept, promises[0]))
        change = {
            "id": account_id,
            "fields": {"website": "https://new.example"},
            "base": {"website": website},
        }
        mutations.append(phone.make("account.change", change))
    body = {"client_group": phone.group, "schema": 3, "sent_at": instant_text(clock.now()), "mutations": mutations}
    began = time.perf_counter()
    answer = phone.api.post("/sync/push", body)
    took = (time.perf_counter() - began) * 1000
    applied = [one["result"] for one in answer.json.get("answers", ())].count("applied")
    if answer.status_code != 200 or applied != len(mutations) or len(mutations) != 50:
        raise RuntimeError(f"the push was answered with {answer.status_code}: {answer.text[:500]}")
    return took


def _one_by_one(desk: Api, accounts: Iterator[Place]) -> float:
    """Milliseconds of the same writes, each a request."""
    took = 0.0
    for account_id, _website in _taken(accounts):
        note = {"account_id": account_id, "text": "Wants two more pumps", "written_at": instant_text(clock.now())}
        took += _timed(lambda note=note: desk.post("/notes", note))[0]
        for number in range(2):
            spent, answer = _timed(lambda at=account_id: desk.post("/promises", _promise(at)))
            took += spent
            if number == 0:
                path, change = f"/promises/{answer.json['id']}", {"status": "kept", "kept_on": "2026-03-02"}
                took += _timed(lambda path=path, change=change: desk.patch(path, change, 1))[0]
        path = f"/accounts/{account_id}"
        took += _timed(lambda path=path: desk.patch(path, {"website": "https://new.example"}, 1))[0]
    return took


def _promise(account_id: str) -> dict[str, str]:
    return {"account_id": account_id, "text": "Send the report", "made_on": "2026-03-02", "due_on": DUE}


def _timed(ask: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - began) * 1000
    if answer.status_code >= 300:
        raise RuntimeError(f"a write was answered with {answer.status_code}: {answer.text[:500]}")
    return took, answer
