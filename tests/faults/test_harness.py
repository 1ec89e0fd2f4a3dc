"""The harness itself: a server or a client that breaks a promise is found out, by a schedule that whole ones pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.apart import run_apart
from tests.faults.bench import Bench, bench
from tests.faults.run import run

Steps = list[dict[str, Any]]


def note(phone: str, mark: int, **more: Any) -> dict[str, Any]:
    return {"do": "make", "phone": phone, "tab": "a", "kind": "note", "pick": 0, "mark": mark, **more}


def change(phone: str, mark: int) -> dict[str, Any]:
    return {"do": "make", "phone": phone, "tab": "a", "kind": "account_fields", "pick": 0, "mark": mark}


def wrong(pick: int) -> dict[str, Any]:
    return {"do": "make", "phone": "p1", "tab": "a", "kind": "wrong", "pick": pick, "mark": 1}


def quote(kind: str, mark: int) -> dict[str, Any]:
    return {"do": "make", "phone": "p1", "tab": "a", "kind": kind, "pick": 0, "mark": mark}


def evict(phone: str) -> dict[str, Any]:
    return {"do": "evict", "phone": phone, "tab": "a", "what": "database"}


def sync(phone: str) -> dict[str, Any]:
    return {"do": "sync", "phone": phone, "tab": "a", "faults": []}


BEGIN: Steps = [sync("p1"), sync("p2")]
AN_ANSWER_IS_LOST: Steps = [
    *BEGIN, {"do": "weather", "faults": {"p1": [{"kind": "drop_answer"}]}}, note("p1", 1), sync("p1"),
]  # fmt: skip
TWO_CHANGE_ONE_FIELD: Steps = [
    *BEGIN, {"do": "apart"}, change("p1", 1), change("p2", 2), {"do": "together"}, sync("p1"), sync("p2"), sync("p1"),
]  # fmt: skip
SAVED_AND_GONE: Steps = [*BEGIN, {"do": "apart"}, note("p1", 1, last=True)]
WRONG: Steps = [*BEGIN, wrong(0), sync("p1")]
WRONG_FIELD: Steps = [*BEGIN, wrong(6), sync("p1")]
EVICTED: Steps = [
    *BEGIN,
    {"do": "apart"},
    note("p1", 1),
    {"do": "evict", "phone": "p1", "tab": "a", "what": "database"},
]
CLASHED_AND_EVICTED: Steps = [
    *BEGIN, {"do": "apart"}, change("p1", 1), change("p2", 2), {"do": "together"}, sync("p1"), sync("p2"),
    evict("p1"), evict("p2"), sync("p1"), sync("p2"),
]  # fmt: skip
A_QUOTE_CLASHES: Steps = [
    *BEGIN, quote("quote", 1), sync("p1"), {"do": "apart"},
    {"do": "api", "phone": "p1", "tab": "a", "write": "quote_change", "pick": 0, "mark": 2},
    quote("quote_change", 3), quote("quote_change_and_send", 4), {"do": "together"}, sync("p1"), sync("p1"),
]  # fmt: skip
ALL = {
    "an answer is lost": AN_ANSWER_IS_LOST,
    "two change one field": TWO_CHANGE_ONE_FIELD,
    "saved and gone": SAVED_AND_GONE,
    "wrong": WRONG,
    "wrong field": WRONG_FIELD,
    "evicted": EVICTED,
    "clashed and evicted": CLASHED_AND_EVICTED,
    "a quote clashes": A_QUOTE_CLASHES,
}


BROKEN_SERVERS = {
    "forget records": (AN_ANSWER_IS_LOST, "note.add #1.0#"),
    "overwrite": (TWO_CHANGE_ONE_FIELD, "LOST UPDATE: account/"),
    "answer without doing": (WRONG, "LOST: note.add #1.0#"),
    "forget clashes": (A_QUOTE_CLASHES, "LOST UPDATE: the quote"),
}
# Writes that a client says are done and are not, the schedule, and what is found.
BROKEN_CLIENTS = {
    "the server's row is not kept": (("base.put",), WRONG_FIELD, "Nowhere"),
    "what is under the rows is never cleared": (("base.clear",), WRONG_FIELD, "rows are kept under nothing"),
    "it says saved and is not": (("mutation.put", "text:doorstep.unsent"), SAVED_AND_GONE, "LOST: note.add #1.0#"),
    "what was rejected is not shown": (("attention.put",), WRONG, "LOST: note.add #1.0#"),
    "there is no second copy": (("text:doorstep.unsent",), EVICTED, "LOST: note.add #1.0#"),
}


async def faults_of(where: Bench, steps: Steps) -> list[str]:
    """What the harness finds in a schedule."""
    plan = {"seed": 0, "theme": "test", "phones": {"p1": "ada", "p2": "ben"}, "steps": steps}
    return (await run(where, plan)).faults


async def play_all() -> dict[str, list[str]]:
    """Every schedule with whole parts, and then with each part that is broken, on one bench."""
    found: dict[str, list[str]] = {}
    async with bench("sqlite") as where:
        for name, steps in ALL.items():
            found[name] = await faults_of(where, steps)
        for name, (ignored, steps, _) in BROKEN_CLIENTS.items():
            where.phones.ignored = ignored
            found[name] = await faults_of(where, steps)
        where.phones.ignored = ()
        for name, (steps, _) in BROKEN_SERVERS.items():
            where.server.breaks = name
            where.server.kill()
            found[name] = await faults_of(where, steps)
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return run_apart(play_all())


@pytest.mark.parametrize("name", ALL)
def test_whole_servers_and_clients_pass(found: dict[str, list[str]], name: str) -> None:
    assert found[name] == []


@pytest.mark.parametrize("name", BROKEN_SERVERS)
def test_a_server_that_breaks_its_promise_is_found_out(found: dict[str, list[str]], name: str) -> None:
    assert any(BROKEN_SERVERS[name][-1] in fault for fault in found[name]), found[name]


@pytest.mark.parametrize("name", BROKEN_CLIENTS)
def test_a_client_that_breaks_its_promise_is_found_out(found: dict[str, list[str]], name: str) -> None:
    assert any(BROKEN_CLIENTS[name][-1] in fault for fault in found[name]), found[name]
