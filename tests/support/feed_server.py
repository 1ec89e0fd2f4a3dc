"""A real web server on this machine for feeds, with every kind of bad manners that a server on the internet has."""

from __future__ import annotations

import gzip
import hashlib
import ssl
import sys
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

Handler = BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


@dataclass(frozen=True)
class SeenRequest:
    """`connection` is the port that it came from: the same for requests over one connection."""

    path: str
    headers: Message
    connection: int


@dataclass
class FeedServer:
    """Serves what was added by path. `seen` is every request so far, in order.

    Use as a context manager; `url(path)` is an address under `host`, by default 127.0.0.1.
    """

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[SeenRequest] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> FeedServer:
        server = self

        class Requests(_Requests):
            feed_server = server

        self._httpd = _Server((self.host, 0), Requests)
        if self.tls is not None:
            self._httpd.socket = self.tls.wrap_socket(self._httpd.socket, server_side=True)
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.server_close()

    @property
    def port(self) -> int:
        return int(self._httpd.server_address[1])

    def url(self, path: str = "/", host: str | None = None) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    def add(self, path: str, answer: Answer) -> str:
        """Answer `path` from now on; returns its URL."""
        self.answers[path] = answer
        return self.url(path)

    def add_folder(self, folder: Path) -> None:
        """Serve every file of a folder at `/<name>`."""
        for file in folder.iterdir():
            if file.is_file():
                self.add(f"/{file.name}", document(file.read_bytes(), content_type=content_type_of(file)))

    def requests_for(self, path: str) -> list[SeenRequest]:
        return [request for request in self.seen if request.path == path]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many tests are about; anything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Requests(BaseHTTPRequestHandler):
    feed_server: FeedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.feed_server.seen.append(SeenRequest(self.path, self.headers, self.client_address[1]))
        answer = self.feed_server.answers.get(self.path, status(404))
        try:
            answer(self)
        except OSError:  # the client hung up
            self.close_connection = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep test output quiet."""


def content_type_of(file: Path) -> str:
    """The header that a real server would send for such a file."""
    types = {".json": "application/feed+json", ".html": "text/html", ".gz": "application/gzip"}
    return types.get(file.suffix, "application/xml")


def _send(handler: Handler, code: int, headers: Mapping[str, str], body: bytes) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def document(body: bytes, content_type: str = "application/xml", **more: str) -> Answer:
    """A well-behaved document: ETag, Last-Modified, 304 to a conditional request, gzip to those who accept it."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    modified = formatdate(1_700_000_000, usegmt=True)
    packed = gzip.compress(body, 6, mtime=0)

    def answer(handler: Handler) -> None:
        headers = {"ETag": etag, "Last-Modified": modified, "Content-Type": content_type, **more}
        asked = handler.headers
        if etag in asked.get("If-None-Match", "") or (
            "If-None-Match" not in asked and asked.get("If-Modified-Since") == modified
        ):
            _send(handler, 304, headers, b"")
        elif "gzip" in asked.get("Accept-Encoding", ""):
            _send(handler, 200, {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, packed)
        else:
            _send(handler, 200, headers, body)

    return answer


def raw(body: bytes, code: int = 200, **headers: str) -> Answer:
    """These bytes with these headers (`Content_Type` for Content-Type), nothing more."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: _send(handler, code, named, body)


def status(code: int, **headers: str) -> Answer:
    """An empty answer with a status, for example `status(429, Retry_After="120")`."""
    return raw(b"", code, **headers)


def redirect(target: str, code: int = 302, body: bytes = b"") -> Answer:
    return raw(body, code, Location=target)


def bomb(megabytes: int, encoding: str = "gzip") -> Answer:
    """An answer that is about a thousandth of its unpacked size on the wire."""
    return raw(_packed_spaces(megabytes, encoding), Content_Encoding=encoding, Content_Type="application/xml")


@cache
def _packed_spaces(megabytes: int, encoding: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    block = b" " * (1024 * 1024)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


def drip(body: bytes, seconds: float, headers_too: bool = False) -> Answer:
    """A byte at a time, with a pause after each; the head of the answer as well when `headers_too`."""

    def answer(handler: Handler) -> None:
        closing: threading.Event = handler.feed_server.closing  # type: ignore[attr-defined]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        if not headers_too:
            handler.wfile.write(head)
        for byte in (head if headers_too else b"") + body:
            handler.wfile.write(bytes([byte]))
            if closing.wait(seconds):
                break
        handler.close_connection = True

    return answer


def truncated(body: bytes) -> Answer:
    """Announces more than it sends, and hangs up."""

    def answer(handler: Handler) -> None:
        _send(handler, 200, {"Content-Length": str(len(body) + 1000), "Content-Type": "application/xml"}, body)
        handler.close_connection = True

    return answer


def verbatim(reply: bytes) -> Answer:
    """Exactly these bytes instead of HTTP, then the end of the connection."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(reply)
        handler.close_connection = True

    return answer


def rss(*titles: str, feed_title: str = "Example news", items: str = "") -> bytes:
    """A small RSS document with an item for each title; its guid follows from its place."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>item-{number}</guid><title>{title}</title>"
        f"<link>https://news.example/{number}</link></item>"
        for number, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>{feed_title}</title>{entries}{items}</channel></rss>".encode()
