"""One message to one device by Web Push: encrypted (RFC 8291), signed (RFC 8292), sent (RFC 8030)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from app.config import Settings
from app.foundation.outbound import FetchedResponse, Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.outbound_errors import (
    ConnectionProblem,
    DeadlineExceeded,
    DnsProblem,
    OutboundError,
    ReadTimeout,
    TlsProblem,
)
from app.foundation.outbound_transport import Idle, RememberingResolver
from app.foundation.polling import retry_after
from app.push.keys import VapidKeys, authorization
from app.push.problems import NamedProblem, of_outbound

USER_AGENT = "Doorstep/0.1 (Web Push)"
# What a push service must take is 4,096 bytes (RFC 8030 § 7.2): a header of 86, a tag of 16 and a delimiter go off.
MOST_PLAIN, MOST_ON_THE_WIRE = 3993, 4096
LEAST_TTL = 60
MOST_ANSWER = 16_384
RETRY_WHEN_BUSY = timedelta(seconds=30)
# Any notice is over by then.
LONGEST_WAIT = timedelta(days=16)
HANGING = 60.0
# Well inside the lease of a job.
MOST_PATIENCE = 30.0


class Fate(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"
    GONE = "gone"
    LATER = "later"
    TOO_LARGE = "too large"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`problem` says why a message was not accepted, `retry_after` when a LATER one may be tried again."""

    fate: Fate
    problem: NamedProblem | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser takes messages, and its keys in base64url."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a message travels: a newer one of the same `topic` replaces it while it waits; `ttl` in seconds."""

    topic: str | None
    urgency: str
    ttl: int


def topic_of(row_id: str) -> str:
    """22 characters of base64url that name a row (RFC 8030 § 5.4 allows 32)."""
    return base64.urlsafe_b64encode(UUID(row_id).bytes).rstrip(b"=").decode()


def encrypted(subscription: Subscription, plain: bytes) -> bytes:
    """The body of a message, as aes128gcm in one record. Raises ValueError for keys that cannot be used."""
    from pywebpush import WebPusher, WebPushException

    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    try:
        pusher = WebPusher({"endpoint": subscription.endpoint, "keys": keys})
        body: bytes = pusher.encode(plain)["body"]
    except WebPushException as error:
        raise ValueError(str(error)) from error
    return body


class Impatience:
    """Remembers hosts that let a request hang: for a minute the others are not kept waiting there. Safe to share."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._now = monotonic

    def is_up(self, host: str) -> bool:
        """Whether requests to a host are kept back now."""
        with self._lock:
            until = self._until.get(host)
            if until is not None and until <= self._now():
                del self._until[host]
                until = None
            return until is not None

    def hung(self, host: str) -> None:
        """Note that a host did not answer in time."""
        with self._lock:
            self._until[host] = self._now() + HANGING


@dataclass(frozen=True)
class Sender:
    """Sends by one client. Safe to share between threads."""

    client: OutboundClient
    contact: str
    impatience: Impatience = field(default_factory=Impatience)

    @classmethod
    def from_settings(cls, settings: Settings) -> Sender:
        """A sender with the installation's limits. Raises ValueError for a bad DOORSTEP_OUTBOUND_ALLOW."""
        deadline = min(float(settings.push_deadline_seconds), MOST_PATIENCE)
        limits = Limits(min(5.0, deadline), deadline, deadline, MOST_ANSWER)
        policy = AddressPolicy.parse(settings.outbound_allow.split(","))
        # Few services take all messages. One that comes twice is shown once: a phone knows its id.
        client = OutboundClient(USER_AGENT, policy, limits, RememberingResolver(), idle=Idle())
        return cls(client, contact_of(settings))

    def send(self, keys: VapidKeys, to: Subscription, plain: bytes, envelope: Envelope, now: datetime) -> Outcome:
        """Encrypt and send. Whatever goes wrong is an outcome, not an exception."""
        host = urlsplit(to.endpoint).netloc
        if self.impatience.is_up(host):
            return Outcome(Fate.LATER, _HANGS, RETRY_WHEN_BUSY)
        try:
            body = encrypted(to, plain)
        except ValueError as error:
            return Outcome(Fate.REFUSED, _unusable(str(error)))
        if len(body) > MOST_ON_THE_WIRE:
            return Outcome(Fate.TOO_LARGE, _TOO_LARGE)
        headers = {
            "Authorization": authorization(keys, to.endpoint, self.contact, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(envelope.ttl, LEAST_TTL)),
            "Urgency": envelope.urgency,
            **({"Topic": envelope.topic} if envelope.topic else {}),
        }
        try:
            return outcome_of(self.client.post(to.endpoint, body, headers), now)
        except (ReadTimeout, DeadlineExceeded) as error:
            self.impatience.hung(host)
            return Outcome(Fate.LATER, of_outbound(error), RETRY_WHEN_BUSY)
        except (ConnectionProblem, DnsProblem, TlsProblem) as error:
            return Outcome(Fate.LATER, of_outbound(error), RETRY_WHEN_BUSY)
        except OutboundError as error:
            return Outcome(Fate.REFUSED, of_outbound(error))


def contact_of(settings: Settings) -> str:
    """Whom a push service may turn to (the claim `sub`, RFC 8292 § 2.1)."""
    if settings.push_contact:
        return settings.push_contact
    host = urlsplit(settings.public_url).hostname
    return f"mailto:postmaster@{host or 'localhost'}"


def outcome_of(answer: FetchedResponse, now: datetime) -> Outcome:
    """What a push service's answer means (RFC 8030 § 5, § 7.3 and § 8.4)."""
    status = answer.status
    if 200 <= status < 300:
        return Outcome(Fate.ACCEPTED)
    if status in (404, 410):
        return Outcome(Fate.GONE, _GONE)
    if status == 413:
        return Outcome(Fate.TOO_LARGE, _TOO_LARGE)
    if status == 429 or status >= 500:
        wait = retry_after(answer.headers.get("Retry-After"), now)
        return Outcome(Fate.LATER, _busy(status), min(wait or RETRY_WHEN_BUSY, LONGEST_WAIT))
    return Outcome(Fate.REFUSED, _key_refused(status) if status in (401, 403) else _refused(status))


_GONE = NamedProblem(
    "push-device-gone", "The device takes no messages any more", "Switch notices on again on that device."
)
_TOO_LARGE = NamedProblem(
    "push-too-large", "The push service takes only shorter messages", "The notice was shortened and sent again."
)
_HANGS = NamedProblem(
    "push-service-hangs", "The push service does not answer", "Nothing is lost: it is tried again within a minute."
)


def _busy(status: int) -> NamedProblem:
    detail = f"It answered with status {status}. The notice is sent when it is ready again."
    return NamedProblem("push-service-busy", "The push service is busy", detail)


def _key_refused(status: int) -> NamedProblem:
    detail = f"It answered with status {status}: the device subscribed with another key. Switch notices off and on again there."
    return NamedProblem("push-key-refused", "The push service does not accept our key", detail)


def _refused(status: int) -> NamedProblem:
    detail = f"It answered with status {status}. Switch notices off and on again on that device."
    return NamedProblem("push-refused", "The push service refused the message", detail)


def _unusable(why: str) -> NamedProblem:
    detail = f"{why[:200]} Switch notices off and on again on that device."
    return NamedProblem("push-keys-unusable", "The device's keys cannot be used", detail)
