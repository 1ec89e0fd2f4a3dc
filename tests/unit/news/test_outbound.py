"""The outbound client against real servers on this machine that behave as badly as they can."""

import logging
import resource
import socket
import ssl
import time
import tracemalloc

import pytest
import trustme

from app.foundation import outbound_errors as errors
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.outbound_transport import RememberingResolver
from tests.support.feed_server import FeedServer, bomb, document, drip, raw, redirect, status, truncated, verbatim

QUICK = Limits(connect_timeout=10, read_timeout=10, deadline=20, max_bytes=1024 * 1024)
PUBLIC_ADDRESS = "93.184.215.14"


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def inside():
    """A second server, which nobody allowed."""
    with FeedServer() as running:
        yield running


@pytest.fixture
def client(server):
    return client_for(f"127.0.0.1:{server.port}")


def client_for(*allowed, resolver=None, limits=QUICK, **more):
    if resolver is not None:
        more["resolver"] = resolver
    return OutboundClient("Doorstep/test", AddressPolicy.parse(allowed), limits, **more)


def resolving(*answers):
    """A resolver that gives the next answer each time it is asked, then repeats the last; `asked` counts."""

    def resolve(host, port):
        addresses = answers[min(len(resolve.asked), len(answers) - 1)]
        resolve.asked.append(host)
        return [
            (socket.AF_INET6, (address, port, 0, 0)) if ":" in address else (socket.AF_INET, (address, port))
            for address in addresses
        ]

    resolve.asked = []
    return resolve


def test_an_answer_comes_with_status_headers_body_and_address(server, client):
    url = server.add("/feed", document(b"<rss/>", content_type="text/xml"))
    answer = client.get(url, {"Accept": "application/rss+xml"})
    assert (answer.status, answer.body, answer.final_url) == (200, b"<rss/>", url)
    assert answer.headers["content-type"] == "text/xml"
    assert 0 < answer.elapsed < 2
    assert server.seen[0].headers["User-Agent"] == "Doorstep/test"
    assert server.seen[0].headers["Accept"] == "application/rss+xml"


def test_an_error_status_is_an_answer(server, client):
    assert client.get(server.add("/gone", raw(b"gone", 410))).status == 410


def test_a_post_carries_its_body_and_follows_no_redirect(server, client):
    url = server.add("/hook", redirect(server.url("/elsewhere"), 307))
    assert client.post(url, b"{}", {"Content-Type": "application/json"}).status == 307
    assert [request.path for request in server.seen] == ["/hook"]


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"],
)
def test_this_machine_is_not_reached_however_it_is_spelled(inside, host):
    with pytest.raises((errors.AddressForbidden, errors.DnsProblem, errors.InvalidUrl)):
        client_for().get(inside.url("/", host=host))
    assert inside.seen == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fe80::1]/"])
def test_metadata_and_private_addresses_are_forbidden(url):
    with pytest.raises(errors.AddressForbidden):
        client_for().get(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com:1/",
        "//example.com",
        "http://",
        "http:///x",
        "http://a b/",
        "http://example.com:99999/",
        "http://example.com/\r\nX: y",
        "http://[::1",
        "http://" + "a" * 5000,
    ],
)
def test_what_is_not_a_web_address_is_refused(url):
    with pytest.raises(errors.InvalidUrl):
        client_for().get(url)


def test_a_name_is_resolved_once_and_a_second_answer_changes_nothing(inside):
    rebinding = resolving([PUBLIC_ADDRESS], ["127.0.0.1"])
    limits = Limits(connect_timeout=0.3, read_timeout=0.3, deadline=1)
    with pytest.raises(errors.OutboundError) as caught:
        client_for(resolver=rebinding, limits=limits).get(inside.url("/", host="rebind.example"))
    assert not isinstance(caught.value, errors.AddressForbidden)  # the public address was dialled, and did not answer
    assert rebinding.asked == ["rebind.example"]
    assert inside.seen == []


def test_a_name_that_resolves_inside_is_forbidden(inside):
    with pytest.raises(errors.AddressForbidden):
        client_for(resolver=resolving(["127.0.0.1"])).get(inside.url("/", host="innocent.example"))
    assert inside.seen == []


def test_of_several_addresses_only_permitted_ones_are_dialled(server):
    server.add("/", document(b"ok"))
    client = client_for("127.0.0.1/32", resolver=resolving(["10.0.0.1", "127.0.0.1"]))
    assert client.get(server.url("/", host="mixed.example")).body == b"ok"


def test_the_next_address_is_tried_when_the_first_refuses(server):
    server.add("/", document(b"ok"))
    client = client_for("127.0.0.0/8", resolver=resolving(["127.0.0.2", "127.0.0.1"]))
    assert client.get(server.url("/", host="two.example")).body == b"ok"


def test_the_host_header_keeps_the_name(server):
    server.add("/", document(b"ok"))
    client_for("named.example", resolver=resolving(["127.0.0.1"])).get(server.url("/", host="named.example"))
    assert server.seen[0].headers["Host"] == f"named.example:{server.port}"


def test_what_was_looked_up_is_remembered_for_a_while_until_it_does_not_answer(server, monkeypatch):
    server.add("/", document(b"ok"))
    asked = resolving(["127.0.0.1"])
    remembering = RememberingResolver(asked, seconds=60)
    client = client_for("named.example", resolver=remembering)
    url = server.url("/", host="named.example")
    for _ in range(3):
        assert client.get(url).body == b"ok"
    assert asked.asked == ["named.example"]
    with pytest.raises(errors.ConnectionProblem):
        client.get("http://named.example:1/")
    assert remembering.known("named.example", 1) is None
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    assert client.get(url).body == b"ok"
    assert asked.asked == ["named.example"] * 3


def test_what_is_remembered_is_held_against_the_policy_at_every_connection(server):
    server.add("/", document(b"ok"))
    remembering = RememberingResolver(resolving(["127.0.0.1"]))
    url = server.url("/", host="named.example")
    assert client_for("named.example", resolver=remembering).get(url).body == b"ok"
    with pytest.raises(errors.AddressForbidden):
        client_for(resolver=remembering).get(url)


def test_a_name_that_does_not_resolve_is_named():
    with pytest.raises(errors.DnsProblem, match=r"no-such-host\.invalid"):
        client_for().get("http://no-such-host.invalid/")


def test_a_name_server_that_hangs_is_given_up():
    def hang(host, port):
        time.sleep(5)
        return []

    start = time.monotonic()
    with pytest.raises(errors.DnsProblem):
        client_for(resolver=hang, limits=Limits(connect_timeout=0.2)).get("http://slow.example/")
    assert time.monotonic() - start < 4.5


def test_the_environment_cannot_put_a_proxy_in_between(server, client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert client.get(server.add("/", document(b"ok"))).body == b"ok"


# -- redirects ---------------------------------------------------------------------------------------------------------


def test_a_redirect_is_followed_and_remembered(server, client):
    end = server.add("/end", document(b"ok"))
    middle = server.add("/middle", redirect("/end", 302))
    start = server.add("/start", redirect(middle, 301))
    answer = client.get(start)
    assert (answer.body, answer.final_url) == (b"ok", end)
    assert [(hop.status, hop.url) for hop in answer.hops] == [(301, start), (302, middle)]
    assert answer.permanent_url == middle


def test_a_temporary_redirect_moves_nothing(server, client):
    server.add("/end", document(b"ok"))
    assert client.get(server.add("/start", redirect("/end", 302))).permanent_url is None


def test_a_redirect_to_a_private_address_is_forbidden(server, client, inside):
    with pytest.raises(errors.AddressForbidden):
        client.get(server.add("/start", redirect(inside.url("/secret"))))
    assert inside.seen == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "javascript:alert(1)", "http://", "ftp://example.com/"])
def test_a_redirect_to_another_scheme_is_refused(server, client, target):
    with pytest.raises(errors.RedirectRefused):
        client.get(server.add("/start", redirect(target)))


def test_a_circle_of_redirects_ends(server, client):
    with pytest.raises(errors.TooManyRedirects):
        client.get(server.add("/loop", redirect("/loop")))
    assert len(server.seen) == 6


def test_the_body_of_a_redirect_is_not_read(server, client):
    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65536)

    server.add("/end", document(b"ok"))
    assert client.get(server.add("/start", endless)).body == b"ok"


def test_secrets_stay_at_their_origin(server, inside):
    client = client_for("127.0.0.1")
    there = inside.add("/", document(b"ok"))
    headers = {"Authorization": "Bearer abc", "X-Api-Key": "abc", "Cookie": "a=b", "Accept": "text/xml"}
    client.get(server.add("/away", redirect(there)), headers)
    assert {"Authorization", "X-Api-Key", "Cookie"}.isdisjoint(inside.seen[0].headers)
    assert inside.seen[0].headers["Accept"] == "text/xml"

    server.add("/end", document(b"ok"))
    client.get(server.add("/stay", redirect("/end")), headers)
    assert server.seen[-1].headers["Authorization"] == "Bearer abc"


def test_user_and_password_of_the_address_stay_at_their_origin(server, inside):
    there = inside.add("/", document(b"ok"))
    server.add("/away", redirect(there))
    client_for("127.0.0.1").get(server.url("/away", host="user:secret@127.0.0.1"))
    assert server.seen[0].headers["Authorization"].startswith("Basic ")
    assert "Authorization" not in inside.seen[0].headers


def test_cookies_are_not_kept(server, client):
    server.add("/end", document(b"ok"))
    client.get(server.add("/start", raw(b"", 302, Location="/end", Set_Cookie="a=b")))
    client.get(server.url("/end"))
    assert len(server.seen) == 3
    assert all("Cookie" not in request.headers for request in server.seen)


# -- size and time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_300_megabytes_out_of_300_kilobytes_are_cut_off_early(server, client, encoding):
    url = server.add("/bomb", bomb(300, encoding))
    tracemalloc.start()
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(errors.TooLarge):
        client.get(url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - start < 5
    assert peak < 8 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # kB


def test_a_chunked_answer_without_end_is_cut_off(server, client):
    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    with pytest.raises(errors.TooLarge):
        client.get(server.add("/endless", endless))


def test_an_announced_size_is_believed_without_reading(server, client):
    with pytest.raises(errors.TooLarge, match="announces"):
        client.get(server.add("/", verbatim(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")))


@pytest.mark.parametrize("headers_too", [False, True])
def test_a_byte_at_a_time_is_cut_off_at_the_deadline(server, headers_too):
    client = client_for("127.0.0.1", limits=Limits(read_timeout=10, deadline=1))
    start = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        client.get(server.add("/drip", drip(b"x" * 100, 0.1, headers_too)))
    assert 0.9 < time.monotonic() - start < 8, "all of it would take ten seconds"


def test_silence_is_given_up_at_the_read_timeout(server):
    client = client_for("127.0.0.1", limits=Limits(read_timeout=0.3, deadline=5))
    with pytest.raises(errors.ReadTimeout):
        client.get(server.add("/silent", drip(b"xx", 3)))


def test_headers_without_end_are_cut_off(server, client):
    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X-Filler: " + b"x" * 8000 + b"\r\n")

    with pytest.raises(errors.BadResponse):
        client.get(server.add("/headers", endless))


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", errors.TruncatedResponse),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc", errors.TruncatedResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", errors.BadResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 3\r\n\r\nabc", errors.BadResponse),
        (b"SSH-2.0-OpenSSH_9.6\r\n", errors.BadResponse),
        (b"\xff\xfe\x00garbage\r\n\r\n", errors.BadResponse),
        (b"", errors.ConnectionProblem),
    ],
)
def test_an_answer_that_is_not_http_is_a_named_problem(server, client, reply, problem):
    with pytest.raises(problem):
        client.get(server.add("/", verbatim(reply)))


def test_a_truncated_document_is_not_taken_for_a_whole_one(server, client):
    with pytest.raises(errors.TruncatedResponse):
        client.get(server.add("/", truncated(b"<rss>")))


def test_a_closed_port_is_a_connection_problem():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        with pytest.raises(errors.ConnectionProblem):
            client_for("127.0.0.1").get(url)


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def secure(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("secure.example").configure_cert(context)
    with FeedServer(tls=context) as running:
        yield running


def trusting(authority, tmp_path, **more):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return client_for("127.0.0.1/32", resolver=resolving(["127.0.0.1"]), ca_file=str(file), **more)


def test_a_valid_certificate_for_the_name_is_accepted(secure, authority, tmp_path):
    secure.add("/", document(b"ok"))
    assert trusting(authority, tmp_path).get(secure.url("/", host="secure.example")).body == b"ok"


def test_a_certificate_for_another_name_is_refused(secure, authority, tmp_path):
    with pytest.raises(errors.TlsProblem, match=r"other\.example"):
        trusting(authority, tmp_path).get(secure.url("/", host="other.example"))


def test_a_certificate_that_nobody_vouches_for_is_refused(secure):
    with pytest.raises(errors.TlsProblem, match="not accepted"):
        client_for("127.0.0.1/32", resolver=resolving(["127.0.0.1"])).get(secure.url("/", host="secure.example"))


def test_a_byte_at_a_time_over_tls_is_cut_off_at_the_deadline(secure, authority, tmp_path):
    client = trusting(authority, tmp_path, limits=Limits(read_timeout=10, deadline=1))
    secure.add("/drip", drip(b"x" * 100, 0.1))
    start = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        client.get(secure.url("/drip", host="secure.example"))
    assert time.monotonic() - start < 8, "all of it would take ten seconds"


def test_credentials_are_not_sent_from_https_to_http(secure, authority, tmp_path, server):
    client = trusting(authority, tmp_path)
    secure.add("/", redirect(server.url("/plain")))
    server.add("/plain", document(b"ok"))
    url = secure.url("/", host="secure.example")
    assert client.get(url).body == b"ok"
    with pytest.raises(errors.RedirectRefused, match="not encrypted"):
        client.get(url, {"Authorization": "Bearer abc"})
    assert len(server.seen) == 1


# -- what is said ------------------------------------------------------------------------------------------------------


def test_no_secret_of_an_address_is_said_or_logged(server, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_for()
    with pytest.raises(errors.AddressForbidden) as caught:
        client.get(f"http://user:hunter2@127.0.0.1:{server.port}/feed?token=hunter2#hunter2")
    assert "hunter2" not in str(caught.value) + caught.value.where + caught.value.detail + caplog.text
    assert caught.value.where == f"http://127.0.0.1:{server.port}/feed?…"


def test_every_problem_has_a_name_a_title_and_advice_of_its_own():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) == len({kind.problem for kind in kinds}) >= 12
    assert all(kind.title and kind.advice for kind in kinds)


def test_status_without_a_body_is_an_answer(server, client):
    assert client.get(server.add("/", status(304))).body == b""
