"""A stream of pokes by itself: what it sends when."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.foundation.pokes import IDS_A_MESSAGE, Told, read_message
from app.foundation.principal import Principal, Role
from app.server import EVENTS, PROTOCOL, hand_over
from app.sync.pokes import HEARTBEAT, HEARTBEAT_SECONDS, OPENING, POKE, QUIET_SECONDS, Stream
from app.sync.pokes_routes import STREAM

ANNA = Principal("org", "anna", Role.REP, frozenset(), "session", "credential")


def stream(forget: Callable[[Stream], None] = lambda _stream: None, heartbeat: float = 0.05) -> Stream:
    return Stream(ANNA, forget, heartbeat)


def test_it_opens_with_the_time_to_reconnect_and_a_poke_for_what_was_missed() -> None:
    opened = stream()
    assert [next(opened), next(opened)] == [OPENING, POKE]
    assert OPENING == b"retry: 3000\n\n"


def test_a_heartbeat_comes_when_there_is_nothing_to_say_and_in_time_for_proxies() -> None:
    opened = stream()
    assert [next(opened) for _ in range(4)] == [OPENING, POKE, HEARTBEAT, HEARTBEAT]
    assert HEARTBEAT_SECONDS <= 25


def test_two_pokes_are_half_a_second_apart_and_many_in_between_are_one() -> None:
    opened = stream(heartbeat=5)
    next(opened), next(opened)
    began = time.monotonic()
    for _ in range(10):
        opened.poke()
    assert next(opened) == POKE
    assert time.monotonic() - began >= QUIET_SECONDS * 0.95
    opened.prod()
    assert next(opened) == HEARTBEAT


def test_a_poke_that_waits_is_not_put_off_by_a_later_one() -> None:
    opened = stream(heartbeat=5)
    next(opened), next(opened)
    opened.poke()
    opened.poke(delay=60)
    began = time.monotonic()
    assert next(opened) == POKE
    assert time.monotonic() - began < 30


def test_it_ends_when_it_is_told_to_while_it_waits() -> None:
    forgotten: list[Stream] = []
    opened = stream(forgotten.append, heartbeat=60)
    next(opened), next(opened)
    threading.Timer(0.05, opened.end).start()
    assert list(opened) == []
    assert forgotten == [opened]


def test_what_is_told_is_read_as_it_was_written_in_messages_that_postgresql_takes() -> None:
    ids = {f"01a20000-0000-7000-8000-{number:012d}" for number in range(IDS_A_MESSAGE * 2 + 1)}
    told = Told(accounts=ids, users={"u"}, people={"p"}, products={"q"}, everybody=True)
    messages = list(told.messages("01a20000-0000-7000-8000-ffffffffffff"))
    assert max(map(len, messages)) < 8000
    read = Told()
    for message in messages:
        org_id, part = read_message(message)
        assert org_id == "01a20000-0000-7000-8000-ffffffffffff"
        read.add(part)
    assert read == told


def test_a_stream_for_which_no_thread_can_be_had_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[Stream] = []
    opened = stream(forgotten.append)

    def application(environ: Any, start_response: Any) -> Any:
        environ[STREAM] = opened
        start_response("200 OK", [])
        return opened

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    door: Any = hand_over(application)
    environ = {"PATH_INFO": EVENTS, PROTOCOL: SimpleNamespace(response_iter=None)}
    with pytest.raises(RuntimeError):
        door(environ, lambda *_given: None)
    assert forgotten == [opened]
