"""Phones that hold a live stream open, on real connections."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPSConnection
from types import TracebackType
from typing import Any

from tests.conftest import PASSWORD
from tests.support.waiting import until

EVENTS = "/api/v1/sync/events"
# Seconds that only a fault takes.
PATIENCE = 60.0


class Person:
    """Somebody signed in at a real server."""

    def __init__(self, port: int, email: str, password: str = PASSWORD, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.tls = tls
        self.headers = {"Content-Type": "application/json"}
        answer, headers = self.send("POST", "/session", {"email": email, "password": password})
        self.headers |= {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer["csrf_token"]}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, Any]:
        """A request below `/api/v1`; the JSON that is answered, and the headers. AssertionError when it is refused."""
        connection = (
            HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=self.tls)
            if self.tls
            else HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        )
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), given)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status < 300, (answer.status, content)
        return (json.loads(content) if content else None), answer.headers

    def patch(self, path: str, body: Any) -> None:
        """Change the row as it is now."""
        tag = self.send("GET", path)[1]["ETag"]
        self.send("PATCH", path, body, If_Match=tag)

    def listening(self) -> Listener:
        """A stream of this person's; it is open and has had its first poke."""
        return Listener(self.port, self.headers["Cookie"], self.tls)


class Listener:
    """A live stream: when which events came, and whether it has ended."""

    def __init__(self, port: int, cookie: str, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._link = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self._link.sendall(f"GET {EVENTS} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            chunk = self._link.recv(65536)
            if not chunk:
                raise ConnectionError("the server closed the connection")
            self.head += chunk
        self.head, _, rest = self.head.partition(b"\r\n\r\n")
        self.status = int(self.head[9:12])
        self.received = rest
        if not self.head.startswith(b"HTTP/1.1 200"):
            length = int(self.head.lower().split(b"content-length:")[1].split()[0])
            while len(self.received) < length:
                self.received += self._link.recv(65536)
        self.pokes = [time.monotonic()] * rest.count(b"event: poke")
        self.ended = threading.Event()
        self._link.settimeout(None)
        if self.status == 200:
            threading.Thread(target=self._read, daemon=True).start()
            self.wait_for(1)

    def _read(self) -> None:
        with suppress(OSError):
            while chunk := self._link.recv(65536):
                self.pokes += [time.monotonic()] * chunk.count(b"event: poke")
                self.received += chunk
                if self.received.endswith(b"\r\n0\r\n\r\n"):
                    break  # the body's end: the connection may live on
        self.ended.set()

    def wait_for(self, pokes: int) -> None:
        """Wait until that many pokes have come since it opened."""
        until(lambda: len(self.pokes) >= pokes, f"the poke with number {pokes}", PATIENCE)

    def poked_by(self, act: Callable[[], object]) -> float:
        """Seconds from the end of `act()` to the next poke (0 when it came before that)."""
        had = len(self.pokes)
        act()
        done = time.monotonic()
        self.wait_for(had + 1)
        return max(0.0, self.pokes[had] - done)

    def close(self) -> None:
        """Go away."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        self._link.close()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()
