"""A push service of ours (RFC 8030): takes messages as Google's, Mozilla's and Apple's do, and is stricter than each.

It checks every request against RFC 8030, 8188, 8291 and 8292, decrypts with the private key of the subscription, keeps for
each the messages that wait (a newer one replaces an older one of its topic), and misbehaves on demand.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.jwt import decode

from app.foundation import clock

MOST = 4096
DAY = 86_400
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
URGENCIES = ("very-low", "low", "normal", "high")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Delivered:
    """A message that was taken: its plaintext, its headers, and when it came (by the given clock, and in seconds)."""

    plain: bytes
    topic: str | None
    urgency: str
    ttl: int
    at: datetime
    seconds: float
    wire_bytes: int

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.plain)
        return document

    @property
    def shown(self) -> dict[str, Any]:
        """The notification."""
        shown: dict[str, Any] = self.document["notification"]
        return shown


@dataclass
class Browser:
    """A subscription with its private key. `key` is the public VAPID key that it is restricted to, when it is.

    `delivered` is every message that was taken, `waiting` those that a phone would find when it comes online.
    `answers` are statuses (with headers) that come before any is taken; `hangs` lets requests wait until the service ends.
    """

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth_secret: bytes = field(default_factory=lambda: os.urandom(16))
    key: str | None = None
    delivered: list[Delivered] = field(default_factory=list)
    waiting: dict[str, Delivered] = field(default_factory=dict)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    always: tuple[int, dict[str, str]] | None = None
    hangs: bool = False
    most: int = MOST
    requests: int = 0

    def to_json(self) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives."""
        point = self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(point), "auth": base64url(self.auth_secret)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def decrypt(self, body: bytes) -> bytes:
        """The plaintext of a message for this browser."""
        plain: bytes = http_ece.decrypt(body, private_key=self.private_key, auth_secret=self.auth_secret)
        return plain

    def answer_once(self, status: int, **headers: str) -> None:
        """Answer the next request with this status, and not with what it deserves."""
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}))


class Refusal(Exception):
    """A request that breaks one of the RFCs."""


class PushService:
    """Runs on 127.0.0.1 while used as a context manager. `faults` is what requests got wrong, in order."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self.browsers: dict[str, Browser] = {}
        self.faults: list[str] = []
        self.now = now
        self.closing = threading.Event()
        self._lock = threading.Lock()
        service = self

        class Requests(_Requests):
            push_service = service

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self._httpd.daemon_threads = True
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> PushService:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.closing.set()
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.server_close()

    @property
    def host(self) -> str:
        """host:port, for DOORSTEP_OUTBOUND_ALLOW."""
        return f"127.0.0.1:{self._httpd.server_address[1]}"

    def subscribe(self, key: str | None = None) -> Browser:
        """A browser that subscribed, restricted to a VAPID key when one is given."""
        path = f"/s/{base64url(os.urandom(12))}"
        browser = Browser(f"http://{self.host}{path}", key=key)
        self.browsers[path] = browser
        return browser

    def collect(self, browser: Browser) -> list[Delivered]:
        """What waits for a browser, which has it then; the oldest topic first."""
        with self._lock:
            waiting = list(browser.waiting.values())
            browser.waiting.clear()
        return waiting

    def take(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str]]:
        """The answer to one request."""
        browser = self.browsers.get(path)
        if browser is None:
            return 404, {}
        with self._lock:
            browser.requests += 1
        if browser.hangs:
            self.closing.wait(60)
            return 503, {}
        if browser.answers:
            return browser.answers.popleft()
        if browser.always is not None:
            return browser.always
        if len(body) > browser.most:
            return 413, {}
        try:
            message = self._checked(browser, headers, body)
        except Refusal as refusal:
            self.faults.append(str(refusal))
            return (403 if "VAPID" in str(refusal) else 400), {}
        with self._lock:
            browser.delivered.append(message)
            browser.waiting[message.topic or f"message {len(browser.delivered)}"] = message
        return 201, {"Location": f"http://{self.host}/m/{base64url(os.urandom(9))}"}

    def _checked(self, browser: Browser, headers: Any, body: bytes) -> Delivered:
        ttl, urgency, topic = headers.get("TTL"), headers.get("Urgency", "normal"), headers.get("Topic")
        if ttl is None or not ttl.isdigit():
            raise Refusal("RFC 8030 § 5.2: no TTL in whole seconds")
        if urgency not in URGENCIES:
            raise Refusal(f"RFC 8030 § 5.3: no such urgency as {urgency}")
        if topic is not None and TOPIC.fullmatch(topic) is None:
            raise Refusal("RFC 8030 § 5.4: a topic is at most 32 characters of base64url")
        if headers.get("Content-Encoding") != "aes128gcm":
            raise Refusal("RFC 8291 § 4: the content encoding is aes128gcm")
        if int.from_bytes(body[16:20], "big") < len(body) - 86 or body[20] != 65:
            raise Refusal("RFC 8291 § 4: one record, and the sender's key in its header")
        self._check_vapid(browser, headers.get("Authorization") or "")
        try:
            plain = browser.decrypt(body)
        except Exception as error:
            raise Refusal(f"RFC 8291: cannot be decrypted ({type(error).__name__})") from error
        return Delivered(plain, topic, urgency, int(ttl), self.now(), time.monotonic(), len(body))

    def _check_vapid(self, browser: Browser, authorization: str) -> None:
        """RFC 8292: a token of this service's origin, good for at most a day, signed by the key that it names."""
        found = re.fullmatch(r"vapid t=([\w.-]+), ?k=([\w-]+)", authorization)
        if found is None or not Vapid02.verify(authorization):
            raise Refusal("VAPID: no token, or one that its key did not sign")
        token, key = found.groups()
        claims = decode(token, key)
        left = claims["exp"] - self.now().timestamp()
        if claims["aud"] != f"http://{self.host}":
            raise Refusal(f"VAPID: the audience is {claims['aud']}")
        if not 0 < left <= DAY:
            raise Refusal(f"VAPID: good for {left} seconds")
        if not re.match(r"mailto:.+@.+|https://", claims.get("sub", "")):
            raise Refusal("VAPID: nobody to turn to")
        if browser.key is not None and key != browser.key:
            raise Refusal("VAPID: not the key that the browser subscribed with")


class _Requests(BaseHTTPRequestHandler):
    push_service: PushService
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers = self.push_service.take(self.path, self.headers, body)
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing on the terminal."""
