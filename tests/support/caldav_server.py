"""A small CalDAV server of ours: real HTTP with Basic authentication, answers as RFC 4791 and common servers shape them."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree

DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    'xmlns:CS="http://calendarserver.org/ns/">'
)
USER, PASSWORD = "anna", "grön äpple"


@dataclass
class Box:
    """A calendar on the server: its objects by file name."""

    name: str
    components: tuple[str, ...] = ("VEVENT",)
    objects: dict[str, str] = field(default_factory=dict)

    @property
    def ctag(self) -> str:
        """Changes with anything in it."""
        return hashlib.sha256(repr(sorted(self.objects.items())).encode()).hexdigest()[:12]


@dataclass
class CalDavServer:
    """Serves `boxes` of one user below `context`. `seen` is every request: method, path, depth, body.

    Where things are differs between servers: the user's `principal`, the `home` of the calendars, which may be on another
    host, what the well-known address leads to, and `pages` that are no part of it, by path, as a status or an address.

    `on_request` may answer in the server's place: it gets the handler and says whether it did. `by_sync_token` leaves the
    tag of a collection out, as servers do that know RFC 6578 alone.
    """

    boxes: dict[str, Box] = field(default_factory=dict)
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    on_request: Callable[[Any], bool] | None = None
    by_sync_token: bool = False
    context: str = "/dav/"
    principal: str = "/dav/principals/anna/"
    home: str = "/dav/calendars/anna/"
    well_known: str | None = "/dav/"
    pages: dict[str, int | str] = field(default_factory=dict)

    def __enter__(self) -> CalDavServer:
        server = self

        class Requests(_Requests):
            caldav = server

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self._httpd.daemon_threads = True
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_why: object) -> None:
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.server_close()

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._httpd.server_address[1]}"

    def url(self, path: str = "/") -> str:
        """An address on the server."""
        return f"http://{self.host}{path}"

    def methods(self) -> list[str]:
        """The methods asked for since this was last called."""
        found = [method for method, *_ in self.seen]
        self.seen.clear()
        return found


class _Requests(BaseHTTPRequestHandler):
    caldav: CalDavServer
    protocol_version = "HTTP/1.1"

    def do_PROPFIND(self) -> None:
        if self._admitted():
            self._propfind()

    def do_REPORT(self) -> None:
        if self._admitted():
            self._report()

    def _admitted(self) -> bool:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.caldav.seen.append((self.command, self.path, self.headers.get("Depth", ""), self.body))
        if self.caldav.on_request is not None and self.caldav.on_request(self):
            return False
        page = self.caldav.pages.get(self.path)
        if page is not None:
            self.answer(302, b"", {"Location": page}) if isinstance(page, str) else self.answer(page)
            return False
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self.answer(401, b"", {"WWW-Authenticate": 'Basic realm="calendars"'})
            return False
        if self.path == "/.well-known/caldav":
            self.answer(301, b"", {"Location": self.caldav.well_known}) if self.caldav.well_known else self.answer(404)
            return False
        return True

    def _propfind(self) -> None:
        server, home = self.caldav, urlsplit(self.caldav.home)
        kind = "<D:resourcetype><D:collection/></D:resourcetype>"
        where = f"<C:calendar-home-set><D:href>{server.home}</D:href></C:calendar-home-set>"
        told = where if self.path.rstrip("/") == server.principal.rstrip("/") else self._who()
        if self.path == home.path and not home.netloc.removeprefix(server.host):
            boxes = list(server.boxes.items()) if self.headers.get("Depth") == "1" else []
            own = (self.path, kind + told, "<CS:getctag/>")
            self.multistatus([own, *((f"{self.path}{name}/", self._of(box), "") for name, box in boxes)])
        elif (box := self._box()) is not None:
            self.multistatus([(self.path, self._of(box), "<C:calendar-home-set/><D:current-user-principal/>")])
        elif self.path.rstrip("/") in (server.context.rstrip("/"), server.principal.rstrip("/")):
            self.multistatus([(self.path, kind + told, "")])
        else:
            self.answer(404)

    def _who(self) -> str:
        return f"<D:current-user-principal><D:href>{self.caldav.principal}</D:href></D:current-user-principal>"

    def _of(self, box: Box) -> str:
        tag = f"<D:sync-token>http://x/sync/{box.ctag}</D:sync-token>"
        if not self.caldav.by_sync_token:
            tag = f'<CS:getctag>"{box.ctag}"</CS:getctag>{tag}'
        takes = "".join(f'<C:comp name="{name}"/>' for name in box.components)
        return (
            "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
            f"<D:displayname>{escape(box.name)}</D:displayname>{tag}"
            f"<C:supported-calendar-component-set>{takes}</C:supported-calendar-component-set>"
        )

    def _report(self) -> None:
        box, asked = self._box(), etree.fromstring(self.body)
        if box is None:
            self.answer(404)
            return
        if asked.tag == f"{CALDAV}calendar-query":
            span = asked.find(f".//{CALDAV}time-range")
            assert span is not None and span.get("start") < span.get("end")
            self.multistatus([(f"{self.path}{name}", _etag(text), "") for name, text in box.objects.items()])
            return
        wanted = [node.text.rpartition("/")[2] for node in asked.iter(f"{DAV}href")]
        found = []
        for name in wanted:
            text = box.objects.get(name)
            data = "" if text is None else f"{_etag(text)}<C:calendar-data>{escape(text)}</C:calendar-data>"
            found.append((f"{self.path}{name}", data, "<C:calendar-data/>" if text is None else ""))
        self.multistatus(found)

    def _box(self) -> Box | None:
        home = urlsplit(self.caldav.home).path
        within = self.path.startswith(home) and self.path.rstrip("/") != home.rstrip("/")
        return self.caldav.boxes.get(self.path[len(home) :].strip("/")) if within else None

    def multistatus(self, rows: list[tuple[str, str, str]]) -> None:
        """Answer 207: for each address the properties that it has, and those that it lacks (RFC 4918 § 13)."""
        text = HEAD
        for href, good, missing in rows:
            text += f"<D:response><D:href>{escape(href)}</D:href>"
            if good:
                text += f"<D:propstat><D:prop>{good}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
            if missing:
                text += (
                    f"<D:propstat><D:prop>{missing}</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
                )
            text += "</D:response>"
        self.answer(207, (text + "</D:multistatus>").encode(), {"Content-Type": 'application/xml; charset="utf-8"'})

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Answer with this."""
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep test output quiet."""


def _etag(text: str) -> str:
    return f'<D:getetag>"{hashlib.sha256(text.encode()).hexdigest()[:12]}"</D:getetag>'
