"""A small web server on 127.0.0.1 that publishes the sample territory's news feeds, so that polling them is real.

`GET /2026-11-21/pulp.rss` answers the template `feeds/pulp.rss` with its dates counted from that day: the address of a
feed is all that the server needs to know, and the same address always gives the same bytes.
"""

import hashlib
import re
import threading
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from app.sample import files
from app.sample.days import Days

HOST = "127.0.0.1"
_PATH = re.compile(r"/(\d{4}-\d{2}-\d{2})/([a-z0-9-]+\.[a-z]+)")
_MARK = re.compile(rb"\{\{(rfc822|rfc3339) (D[+-]?\d+ \d\d:\d\d)\}\}")
_NEWSROOM = "Europe/Stockholm"
_TYPES = {
    "rss": "application/rss+xml",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
    "html": "text/html; charset=utf-8",
}


@lru_cache(maxsize=256)
def render(day: date, name: str) -> bytes | None:
    """A feed as it reads when its territory was loaded on `day`; None when there is no such feed."""
    path = files.folder() / "feeds" / name
    if not path.is_file():
        return None
    days = Days(datetime.combine(day, time(12), UTC), "UTC")

    def told(mark: re.Match[bytes]) -> bytes:
        at = days.instant(mark[2].decode(), _NEWSROOM)
        text = format_datetime(at) if mark[1] == b"rfc822" else at.isoformat().replace("+00:00", "Z")
        return text.encode()

    return _MARK.sub(told, path.read_bytes())


class _Handler(BaseHTTPRequestHandler):
    server_version = "sample-feeds"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer one feed, or 304 when the caller has it already."""
        found = _PATH.fullmatch(self.path)
        body = _feed(found[1], found[2]) if found else None
        if found is None or body is None:
            self._answer(HTTPStatus.NOT_FOUND, b"There is no such feed.\n", {"Content-Type": "text/plain"})
            return
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(HTTPStatus.NOT_MODIFIED, b"", {"ETag": tag})
            return
        kind = _TYPES.get(found[2].rpartition(".")[2], "application/octet-stream")
        self._answer(HTTPStatus.OK, body, {"Content-Type": kind, "ETag": tag})

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: who polls the sample's feeds is in the poller's own log."""


def _feed(day: str, name: str) -> bytes | None:
    try:
        return render(date.fromisoformat(day), name)
    except (ValueError, OverflowError):
        return None


class FeedServer:
    """The server in a thread of its own. `port` 0 takes any free one. Raises OSError when the port is taken."""

    def __init__(self, port: int = 0) -> None:
        self._server = ThreadingHTTPServer((HOST, port), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="sample-feeds", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where feeds are below, without a slash at the end."""
        return feeds_url(self.port)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> "FeedServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def feeds_url(port: int) -> str:
    """The address that feeds are served below on a port."""
    return f"http://{HOST}:{port}"
