"""The one way out: a hardened HTTP client for feeds, webhooks and other systems.

An address that someone typed or that a server redirected to may point inside the network, and a server may answer with
too much, too slowly or for ever. This client reaches only permitted addresses, on every hop, and holds every answer to
a number of decompressed bytes and to a deadline.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urljoin, urlsplit, urlunsplit

import certifi
import requests
import urllib3
import urllib3.exceptions
from requests.structures import CaseInsensitiveDict

from app.foundation.outbound_addresses import AddressPolicy, plain_host
from app.foundation.outbound_errors import (
    BadResponse,
    ConnectionProblem,
    DeadlineExceeded,
    InvalidUrl,
    OutboundError,
    ReadTimeout,
    RedirectRefused,
    TlsProblem,
    TooLarge,
    TooManyRedirects,
    TruncatedResponse,
    redact_url,
)
from app.foundation.outbound_transport import Exchange, Idle, Origin, Resolver, Session, system_resolver, tls_context

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})
MAX_REDIRECTS = 5
MAX_URL_LENGTH = 4096
CHUNK = 64 * 1024
# What may follow a redirect to another origin; anything else a caller sends may be a secret.
HARMLESS_HEADERS = frozenset({"accept", "accept-language", "if-none-match", "if-modified-since", "user-agent"})


@dataclass(frozen=True)
class Limits:
    """How long (seconds) and how much (decompressed bytes) one request may take, all redirects included."""

    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    deadline: float = 30.0
    max_bytes: int = 10 * 1024 * 1024
    max_header_bytes: int = 128 * 1024


@dataclass(frozen=True)
class Hop:
    """A redirect that was followed: its status and the URL that it came from."""

    status: int
    url: str


@dataclass(frozen=True)
class FetchedResponse:
    """An answer, whatever its status. `headers` ignore case, `elapsed` is in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    final_url: str
    elapsed: float
    hops: tuple[Hop, ...] = ()

    @property
    def permanent_url(self) -> str | None:
        """Where the resource has moved for good: the end of the permanent redirects that the request began with."""
        urls = [hop.url for hop in self.hops] + [self.final_url]
        moved = 0
        while moved < len(self.hops) and self.hops[moved].status in PERMANENT_REDIRECTS:
            moved += 1
        return urls[moved] if moved else None


@dataclass(frozen=True)
class OutboundClient:
    """Makes requests within `limits` to addresses that `policy` permits. Safe to share between threads.

    With `idle`, connections are kept there for the next request to their origin. Then a request may come twice to a server
    that closes a connection as it is asked something: for what is harmless to repeat.
    """

    user_agent: str
    policy: AddressPolicy = field(default_factory=AddressPolicy)
    limits: Limits = field(default_factory=Limits)
    resolver: Resolver = system_resolver
    ca_file: str = field(default_factory=certifi.where)
    idle: Idle | None = None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return tls_context(self.ca_file)

    def get(self, url: str, headers: Mapping[str, str] | None = None, limits: Limits | None = None) -> FetchedResponse:
        """Fetch a URL, following up to five redirects.

        Raises a subclass of OutboundError; an error status (4xx, 5xx) is an answer, not an error.
        """
        limits = limits or self.limits
        start = time.monotonic()
        sent = dict(headers or {})
        hops: list[Hop] = []
        while True:
            response = self._exchange("GET", url, sent, None, limits, start)
            target = _redirect_target(url, response)
            if target is None:
                return FetchedResponse(
                    response.status, response.headers, response.body, url, time.monotonic() - start, tuple(hops)
                )
            if len(hops) == MAX_REDIRECTS:
                raise TooManyRedirects(url, f"More than {MAX_REDIRECTS} redirects.")
            hops.append(Hop(response.status, url))
            sent = _headers_for_redirect(url, target, sent)
            url = target

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str] | None = None, limits: Limits | None = None
    ) -> FetchedResponse:
        """Send a body. A redirect is not followed: it is the answer, without its body."""
        return self.send("POST", url, body, headers, limits)

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> FetchedResponse:
        """One request of any method, such as WebDAV's. A redirect is not followed: it is the answer, without its body."""
        return self._exchange(method, url, dict(headers or {}), body, limits or self.limits, time.monotonic())

    def _exchange(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        limits: Limits,
        start: float,
    ) -> FetchedResponse:
        check_url(url)
        exchange = Exchange(
            url,
            self.policy,
            self.resolver,
            start + limits.deadline,
            limits.connect_timeout,
            limits.read_timeout,
            limits.max_header_bytes,
        )
        if self.idle is not None and (kept := self.idle.take(_origin(url))) is not None:
            try:
                return self._ask(kept, exchange, method, url, headers, body, limits, start)
            except ConnectionProblem:  # closed meanwhile, so that it has to be asked anew
                exchange.header_bytes_left = limits.max_header_bytes
        session = Session(exchange, self._tls, self.user_agent)
        return self._ask(session, exchange, method, url, headers, body, limits, start)

    def _ask(
        self,
        session: Session,
        exchange: Exchange,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        limits: Limits,
        start: float,
    ) -> FetchedResponse:
        session.turn.exchange = exchange
        may_stay = False
        try:
            with _translated(url, exchange):
                timeouts = (limits.connect_timeout, limits.read_timeout)
                answer = session.request(
                    method, url, headers=dict(headers), data=body, stream=True, allow_redirects=False, timeout=timeouts
                )
                with answer:
                    exchange.header_bytes_left = None
                    to_read = answer.status_code not in REDIRECTS
                    content = _read(url, answer, limits, exchange) if to_read else b""
                    received: Mapping[str, str] = CaseInsensitiveDict(answer.headers)
                    may_stay = to_read
                    return FetchedResponse(answer.status_code, received, content, url, time.monotonic() - start)
        finally:
            if may_stay and self.idle is not None:
                self.idle.give(_origin(url), session)
            else:
                session.close()


def check_url(url: str) -> None:
    """Refuse what is not an absolute http or https URL with a host, with InvalidUrl."""
    if len(url) > MAX_URL_LENGTH or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise InvalidUrl(url[:200], "The address is too long or has spaces or control characters in it.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidUrl(url, "The address cannot be read.") from error
    if parts.scheme not in ("http", "https") or not plain_host(parts.hostname or "") or port == 0:
        raise InvalidUrl(url, "Only http and https addresses that name a host can be fetched.")


def _read(url: str, answer: requests.Response, limits: Limits, exchange: Exchange) -> bytes:
    """The decompressed body, cut off with TooLarge as soon as it passes the limit.

    urllib3 (2.6 and later) decompresses no more than the asked-for chunk at a time, so memory stays bounded.
    """
    encodings = {name.strip().lower() for name in answer.headers.get("Content-Encoding", "").split(",")}
    if unknown := encodings - {"", "identity", *urllib3.HTTPResponse.CONTENT_DECODERS}:
        raise BadResponse(
            url, f"The answer is packed in a way that was not asked for: {', '.join(sorted(unknown))[:60]}."
        )
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > limits.max_bytes:
        raise TooLarge(url, f"The answer announces {announced} bytes; {limits.max_bytes} are allowed.")
    content = bytearray()
    for chunk in answer.raw.stream(CHUNK, decode_content=True):
        content += chunk
        if len(content) > limits.max_bytes:
            raise TooLarge(url, f"The answer is more than {limits.max_bytes} bytes when unpacked.")
        exchange.remaining()
    return bytes(content)


def _redirect_target(url: str, response: FetchedResponse) -> str | None:
    """The absolute URL that a redirect leads to, None when the answer is no redirect.

    Raises RedirectRefused for a redirect to another scheme than http and https.
    """
    location = response.headers.get("Location")
    if response.status not in REDIRECTS or not location:
        return None
    # A header arrives as latin-1; a server that does not percent-encode means UTF-8.
    location = location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    target = urljoin(url, location.replace(" ", "%20"))
    try:
        check_url(target)
    except InvalidUrl as error:
        raise RedirectRefused(url, "It redirects to something that is not a web address.") from error
    return urlunsplit(urlsplit(target)._replace(fragment=""))


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    return parts.scheme, plain_host(parts.hostname or ""), parts.port or (443 if parts.scheme == "https" else 80)


def _headers_for_redirect(url: str, target: str, headers: dict[str, str]) -> dict[str, str]:
    """Headers that may go to the next hop: all within an origin or up to https on its host, only harmless ones beyond.

    Raises RedirectRefused when a request with credentials would go from https to plain http.
    """
    before, after = _origin(url), _origin(target)
    if before == after or (before[1:], after[1:]) == ((before[1], 80), (before[1], 443)):
        return headers
    secret = {name for name in headers if name.lower() not in HARMLESS_HEADERS}
    if before[0] == "https" and after[0] == "http" and (secret or urlsplit(url).username):
        raise RedirectRefused(url, f"It redirects to {redact_url(target)}, which is not encrypted.")
    return {name: value for name, value in headers.items() if name not in secret}


@contextmanager
def _translated(url: str, exchange: Exchange) -> Iterator[None]:
    """Turn the errors of requests, urllib3 and the socket into ours; ours pass through."""
    try:
        yield
    except OutboundError:
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        if time.monotonic() >= exchange.deadline:
            raise DeadlineExceeded(url, "The time allowed for the whole answer has passed.") from error
        if exchange.header_bytes_left is not None and exchange.header_bytes_left < 0:
            raise BadResponse(url, "The headers of the answer are too large.") from error
        raise _explain(error)(url) from error


def _explain(error: BaseException) -> Callable[[str], OutboundError]:
    """The constructor of the error that says what the first known cause in the chain of `error` means."""
    chain = list(_causes(error))
    for kinds, raised, detail in (
        ((requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError), TlsProblem, _tls_reason(chain)),
        ((http.client.IncompleteRead,), TruncatedResponse, "Fewer bytes arrived than were announced."),
        ((urllib3.exceptions.DecodeError,), BadResponse, "The answer cannot be unpacked."),
        ((requests.exceptions.InvalidURL, UnicodeError), InvalidUrl, "The address cannot be read."),
        ((TimeoutError, urllib3.exceptions.TimeoutError), ReadTimeout, "Nothing arrived for too long."),
        ((ConnectionRefusedError, BrokenPipeError), ConnectionProblem, "The connection was refused."),
        ((ConnectionResetError,), ConnectionProblem, "The connection was reset."),
    ):
        if any(isinstance(cause, kinds) for cause in chain):
            return lambda where, raised=raised, detail=detail: raised(where, detail)  # type: ignore[misc]
    return lambda where: BadResponse(where, "The answer cannot be read as HTTP.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything it came from: causes, contexts and exceptions passed as arguments, each once."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        waiting.extend(cause for cause in linked if isinstance(cause, BaseException))


def _tls_reason(chain: list[BaseException]) -> str:
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate was not accepted: {cause.verify_message}."
    return "No secure connection could be made."
