"""Connections that are kept for the next request to their origin, against real servers."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from app.foundation import outbound_errors as errors
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.outbound_transport import Idle, RememberingResolver
from tests.support.feed_server import FeedServer, Handler, document, drip, raw, redirect, status

LIMITS = Limits(connect_timeout=5, read_timeout=3, deadline=6, max_bytes=100_000)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def keeping(server: FeedServer, idle: Idle | None = None, ca_file: Path | None = None) -> OutboundClient:
    policy = AddressPolicy.parse([f"{server.host}:{server.port}"])
    more = {"ca_file": str(ca_file)} if ca_file else {}
    return OutboundClient("Doorstep/test", policy, LIMITS, RememberingResolver(), idle=idle or Idle(), **more)


def connections(server: FeedServer) -> list[int]:
    """How many requests came over each connection, in the order in which they were made."""
    ports = [one.connection for one in server.seen]
    return [ports.count(port) for port in dict.fromkeys(ports)]


def test_requests_one_after_the_other_share_a_connection(server: FeedServer) -> None:
    client, url = keeping(server), server.add("/", document(b"ok"))
    for _ in range(5):
        assert client.post(url, b"body").status == 200
    assert connections(server) == [5]


def test_over_tls_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with FeedServer("localhost", tls=context) as server:
        client = keeping(server, ca_file=tmp_path / "ca.pem")
        url = server.add("/", document(b"ok"))
        assert [client.get(url).body for _ in range(4)] == [b"ok"] * 4
        assert connections(server) == [4]


def test_without_a_place_to_keep_them_each_request_has_its_own(server: FeedServer) -> None:
    client = OutboundClient("Doorstep/test", AddressPolicy.parse([f"{server.host}:{server.port}"]), LIMITS)
    url = server.add("/", document(b"ok"))
    for _ in range(3):
        client.get(url)
    assert connections(server) == [1, 1, 1]


def test_requests_at_once_never_share_one(server: FeedServer) -> None:
    client = keeping(server, Idle(most=2))
    together = threading.Barrier(6, timeout=60)

    def answer(handler: Handler) -> None:
        together.wait()
        status(200)(handler)

    url = server.add("/", answer)
    for _ in range(2):
        with ThreadPoolExecutor(6) as pool:
            assert [one.status for one in pool.map(lambda _: client.get(url), range(6))] == [200] * 6
    assert len(connections(server)) == 10, "two of the first six were kept"


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(server: FeedServer) -> None:
    def last(handler: Handler) -> None:
        handler.close_connection = True  # without a word of it in the answer
        status(200)(handler)

    client, url = keeping(server), server.add("/", last)
    for _ in range(3):
        assert client.get(url).status == 200
        time.sleep(0.05)
    assert connections(server) == [1, 1, 1]


def test_one_that_closes_as_it_is_asked_is_asked_again_once(server: FeedServer) -> None:
    tried: list[int] = []

    def moody(handler: Handler) -> None:
        tried.append(handler.client_address[1])
        if tried.count(tried[-1]) == 2:
            handler.close_connection = True
            return  # no answer at all
        status(200)(handler)

    client, url = keeping(server), server.add("/", moody)
    assert [client.get(url).status for _ in range(2)] == [200, 200]
    assert len(tried) == 3 and len(set(tried)) == 2


def test_a_server_that_never_answers_is_asked_no_third_time(server: FeedServer) -> None:
    def gone(handler: Handler) -> None:
        handler.close_connection = True

    client, url = keeping(server), server.add("/first", status(200))
    client.get(url)
    with pytest.raises(errors.ConnectionProblem):
        client.get(server.add("/gone", gone))
    assert len(server.requests_for("/gone")) == 2


@pytest.mark.parametrize("spoilt", ["slow", "too large", "redirect"])
def test_what_was_not_read_to_its_end_is_not_used_again(server: FeedServer, spoilt: str) -> None:
    client = keeping(server)
    answers = {"slow": drip(b"xx", 6), "too large": raw(b"x" * 200_000), "redirect": redirect("/", body=b"moved")}
    bad, good = server.add("/bad", answers[spoilt]), server.add("/good", document(b"good"))
    assert client.get(good).body == b"good"
    try:
        client.post(bad, b"")
    except errors.OutboundError:
        assert spoilt != "redirect"
    assert client.get(good).body == b"good"
    assert connections(server) == [2, 1]


def test_each_request_has_a_deadline_of_its_own(server: FeedServer) -> None:
    def slowly(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        for _ in range(4):
            time.sleep(0.25)
            handler.wfile.write(b"x")

    client, url = keeping(server), server.add("/slow", slowly)
    assert [client.get(url).body for _ in range(7)] == [b"xxxx"] * 7
    assert connections(server) == [7], "seven of a second, with a deadline of six"


def test_another_origin_gets_none_of_it(server: FeedServer) -> None:
    idle = Idle()
    with FeedServer() as other:
        url, there = server.add("/", document(b"ok")), other.add("/", document(b"other"))
        policy = AddressPolicy.parse([f"127.0.0.1:{server.port}", f"127.0.0.1:{other.port}"])
        client = OutboundClient("Doorstep/test", policy, LIMITS, idle=idle)
        assert [client.get(one).body for one in (url, there, url, there)] == [b"ok", b"other"] * 2
        assert (connections(server), connections(other)) == ([2], [2])


def test_a_connection_waits_for_a_while_only(server: FeedServer) -> None:
    client, url = keeping(server, Idle(seconds=0.1)), server.add("/", document(b"ok"))
    client.get(url)
    time.sleep(0.2)
    client.get(url)
    assert connections(server) == [1, 1]


def test_a_forked_process_uses_connections_of_its_own(server: FeedServer) -> None:
    client, url = keeping(server), server.add("/", document(b"ok"))
    client.get(url)
    child = os.fork()
    if child == 0:
        os._exit(0 if client.get(url).body == b"ok" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.get(url).body == b"ok"
    assert connections(server) == [2, 1]
