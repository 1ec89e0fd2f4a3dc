"""One HTTP exchange over sockets that know the address policy, the deadline and the size of the headers.

The name is resolved once; the addresses that the policy permits are the very ones that are dialled, so that a second
answer of the name server (DNS rebinding) changes nothing. Host header, SNI and certificate check keep the URL's name.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from requests.adapters import HTTPAdapter
from requests.models import Response
from requests_hardened import Config, HTTPSession
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from app.foundation.outbound_addresses import AddressPolicy, plain_address
from app.foundation.outbound_errors import AddressForbidden, ConnectionProblem, DeadlineExceeded, DnsProblem

SocketAddress = tuple[Any, ...]
AddressInfo = tuple[int, SocketAddress]
Resolver = Callable[[str, int], list[AddressInfo]]
Origin = tuple[str, str, int]  # scheme, host, port

MAX_ADDRESSES_TRIED = 4
MAX_REMEMBERED = 1000


def system_resolver(host: str, port: int) -> list[AddressInfo]:
    """All stream addresses of a host as (address family, socket address). Raises OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found if family in (socket.AF_INET, socket.AF_INET6)]


class RememberingResolver:
    """A resolver's answers, each for some seconds: for many requests to few hosts. Safe to share between threads.

    What may be dialled is decided at every connection, whether its addresses were looked up or remembered.
    """

    def __init__(self, resolver: Resolver = system_resolver, seconds: float = 30.0) -> None:
        self._resolver, self._seconds = resolver, seconds
        self._found: dict[tuple[str, int], tuple[float, list[AddressInfo]]] = {}

    def __call__(self, host: str, port: int) -> list[AddressInfo]:
        found = self._resolver(host, port)
        if len(self._found) >= MAX_REMEMBERED:
            self._found.clear()
        self._found[host, port] = (time.monotonic() + self._seconds, found)
        return found

    def known(self, host: str, port: int) -> list[AddressInfo] | None:
        """What was found lately, if anything was."""
        until, found = self._found.get((host, port), (0.0, None))
        return found if until > time.monotonic() else None

    def forget(self, host: str, port: int) -> None:
        """Look the name up again next time: what was found does not answer."""
        self._found.pop((host, port), None)


@dataclass
class Exchange:
    """The limits of one request, all hops of it together. Times are `time.monotonic()` seconds."""

    url: str
    policy: AddressPolicy
    resolver: Resolver
    deadline: float
    connect_timeout: float
    read_timeout: float
    header_bytes_left: int | None = field(default=None)

    def remaining(self) -> float:
        """Seconds until the deadline; raises DeadlineExceeded when it has passed."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded(self.url, "The time allowed for the whole answer has passed.")
        return left

    def count_header_bytes(self, received: int) -> None:
        """Take received bytes from the allowance for headers, until it is lifted (None) for the body."""
        if self.header_bytes_left is None:
            return
        self.header_bytes_left -= received
        if self.header_bytes_left < 0:
            raise ConnectionAbortedError("the headers are too large")


@dataclass
class Turn:
    """Whose turn it is on a connection: the exchange that it serves now."""

    exchange: Exchange


class _Limited:
    """Mixed into a socket: no single read outlasts the read timeout or the deadline of the exchange that it serves."""

    turn: Turn | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.turn is None:
            received: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
            return received
        exchange = self.turn.exchange
        self.settimeout(min(exchange.read_timeout, exchange.remaining()))  # type: ignore[attr-defined]
        received = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        exchange.count_header_bytes(received)
        return received


class _LimitedSocket(_Limited, socket.socket):
    pass


class _LimitedTlsSocket(_Limited, ssl.SSLSocket):
    pass


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Verifying client context (TLS 1.2 and later) whose sockets keep the limits of their exchange."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _LimitedTlsSocket
    return context


def _resolve(exchange: Exchange, host: str, port: int) -> list[AddressInfo]:
    """Resolve in a thread of its own, because getaddrinfo knows no timeout; what is known needs none."""
    if isinstance(exchange.resolver, RememberingResolver):
        known = exchange.resolver.known(host, port)
        if known:
            return known
    outcome: list[list[AddressInfo] | BaseException] = []

    def look_up() -> None:
        try:
            outcome.append(exchange.resolver(host, port))
        except (OSError, UnicodeError) as error:
            outcome.append(error)

    thread = threading.Thread(target=look_up, name="doorstep-dns", daemon=True)
    thread.start()
    thread.join(min(exchange.connect_timeout, exchange.remaining()))
    if not outcome:
        raise DnsProblem(exchange.url, "The name server did not answer in time.")
    if isinstance(outcome[0], BaseException) or not outcome[0]:
        raise DnsProblem(exchange.url, f"No address was found for {host}.")
    return outcome[0]


def dial(exchange: Exchange, host: str, port: int) -> socket.socket:
    """A connected socket to one of the permitted addresses of `host`.

    Raises DnsProblem, AddressForbidden, ConnectionProblem or DeadlineExceeded.
    """
    found = _resolve(exchange, host, port)
    permitted = [info for info in found if exchange.policy.permits(host, port, plain_address(info[1][0]))]
    if not permitted:
        raise AddressForbidden(exchange.url, f"{host} has no address that may be reached from this server.")
    reason = ""
    for family, address in permitted[:MAX_ADDRESSES_TRIED]:
        candidate = _LimitedSocket(family, socket.SOCK_STREAM)
        try:
            candidate.settimeout(min(exchange.connect_timeout, exchange.remaining()))
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            candidate.connect(address)
        except OSError as error:
            candidate.close()
            reason = "timed out" if isinstance(error, TimeoutError) else (error.strerror or "failed")
        except BaseException:
            candidate.close()
            raise
        else:
            sys.audit("http.client.connect", candidate, host, port)
            return candidate
    if isinstance(exchange.resolver, RememberingResolver):
        exchange.resolver.forget(host, port)
    raise ConnectionProblem(exchange.url, f"Connecting to {host} port {port}: {reason}.")


class _Dialled:
    """Mixed into a connection: its socket is dialled as the policy says, and keeps the limits of whose turn it is."""

    def __init__(self, *args: Any, turn: Turn, **kwargs: Any) -> None:
        self.turn = turn
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return dial(self.turn.exchange, self._dns_host, self.port)  # type: ignore[attr-defined]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock.turn = self.turn  # type: ignore[attr-defined]


class _Connection(_Dialled, HTTPConnection):
    pass


class _TlsConnection(_Dialled, HTTPSConnection):
    pass


class _Pools(PoolManager):
    """Connection pools whose connections serve one exchange at a time."""

    def __init__(self, turn: Turn, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._turn = turn

    def _new_pool(self, scheme: str, host: str, port: int, request_context: Any = None) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        connection = _TlsConnection if scheme == "https" else _Connection
        pool.ConnectionCls = functools.partial(connection, turn=self._turn)  # type: ignore[assignment]
        return pool


class _Adapter(HTTPAdapter):
    def __init__(self, turn: Turn, context: ssl.SSLContext) -> None:
        self._turn = turn
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = _Pools(
            self._turn, num_pools=connections, maxsize=maxsize, block=block, ssl_context=self._context, **kwargs
        )

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The shared context already holds the certificates and always verifies."""
        conn.cert_reqs = "CERT_REQUIRED"


class Session(HTTPSession):  # type: ignore[misc]
    """A session for one exchange at a time: no proxies or .netrc from the environment, no cookies, no redirects of its own.

    The library's address filter is left off: it looks at the first address only, knows no allowed names, and has no
    limit on the time of the look-up. `dial` stands in for it, with the library's blocked networks in the policy.
    """

    def __init__(self, exchange: Exchange, context: ssl.SSLContext, user_agent: str) -> None:
        super().__init__(
            Config(
                ip_filter_enable=False,
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=(exchange.connect_timeout, exchange.read_timeout),
                user_agent_override=user_agent,
            )
        )
        self.turn = Turn(exchange)
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("http://", _Adapter(self.turn, context))
        self.mount("https://", _Adapter(self.turn, context))

    def get_redirect_target(self, resp: Response) -> None:
        """No target for requests, which would otherwise read the body of a redirect without any limit."""


class Idle:
    """Sessions whose connections are open and serve nobody, by origin; each for some seconds. Safe to share.

    A process that was forked begins with none: two must not write to one connection.
    """

    def __init__(self, most: int = 16, seconds: float = 20.0) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._waiting: dict[Origin, list[tuple[float, Session]]] = {}

    def take(self, origin: Origin) -> Session | None:
        """One that was used last; None when there is none."""
        now, found = time.monotonic(), None
        with self._lock:
            self._forget_what_was_forked()
            waiting = self._waiting.pop(origin, [])
            if waiting and waiting[-1][0] > now:
                found = waiting.pop()[1]
            over = [session for until, session in waiting if until <= now]
            if left := [one for one in waiting if one[0] > now]:
                self._waiting[origin] = left
        for session in over:
            session.close()
        return found

    def give(self, origin: Origin, session: Session) -> None:
        """Keep one for the next request to the origin, or close it when enough are kept."""
        with self._lock:
            self._forget_what_was_forked()
            waiting = self._waiting.setdefault(origin, [])
            kept = len(waiting) < self._most
            if kept:
                waiting.append((time.monotonic() + self._seconds, session))
        if not kept:
            session.close()

    def _forget_what_was_forked(self) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            self._waiting.clear()
