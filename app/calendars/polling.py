"""One poll of one subscribed calendar: what came of it, and when to come again. Nothing here touches a database."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.calendars.expand_pool import Expander
from app.calendars.ical import CalendarDocument, CalendarProblem, ParsedCalendar
from app.foundation.outbound import FetchedResponse, OutboundClient
from app.foundation.outbound_errors import OutboundError
from app.news.polling import NamedProblem as NamedProblem
from app.news.polling import retry_after

POLL_EVERY = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=12)
LONGEST_RETRY_AFTER = timedelta(days=2)
REFRESH_EVERY = timedelta(hours=20)
BACK, AHEAD, FILE_AHEAD = timedelta(days=7), timedelta(days=90), timedelta(days=366)
ACCEPT = "text/calendar, */*;q=0.5"
MAX_ETAG, MAX_LAST_MODIFIED = 500, 100
GONE = 410


@dataclass(frozen=True)
class Subscription:
    """What is known of a calendar before a poll. Validators are empty when the whole calendar is wanted."""

    url: str
    time_zone: str
    username: str = ""
    password: str = field(default="", repr=False)
    etag: str | None = None
    last_modified: str | None = None
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetched:
    """The calendar as it is now. `state` is what a CalDAV server is asked by the next time."""

    status: int
    calendar: ParsedCalendar
    etag: str | None = None
    last_modified: str | None = None
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotModified:
    """The calendar is as it was."""

    status: int


@dataclass(frozen=True)
class Failed:
    """No calendar. `status` is None when there was no answer; `gone` says that there never will be one again."""

    problem: NamedProblem
    status: int | None = None
    retry_after: timedelta | None = None
    gone: bool = False


Outcome = Fetched | NotModified | Failed


class Refused(Exception):
    """A status that gives no calendar, as an outcome."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__(outcome.problem.slug)
        self.outcome = outcome


def window(now: datetime, ahead: timedelta = AHEAD) -> tuple[datetime, datetime]:
    """From when to when events are looked at."""
    return now - BACK, now + ahead


def poll(request: Subscription, client: OutboundClient, expander: Expander, now: datetime) -> Outcome:
    """Fetch and read one calendar by its address. Whatever goes wrong is an outcome, not an exception."""
    status: int | None = None
    try:
        answer = client.get(request.url, _headers(request))
        status = answer.status
        if status == 304 and (request.etag or request.last_modified):
            return NotModified(status)
        if status != 200:
            return refused(answer, now)
        calendar = expander(CalendarDocument(answer.body, *window(now), request.time_zone))
    except (OutboundError, CalendarProblem) as error:
        return Failed(named(error), status)
    return Fetched(
        status,
        calendar,
        short(answer.headers.get("ETag"), MAX_ETAG),
        short(answer.headers.get("Last-Modified"), MAX_LAST_MODIFIED),
    )


def named(error: OutboundError | CalendarProblem) -> NamedProblem:
    """An error in words for the person whose calendar it is."""
    return NamedProblem(error.problem, error.title, f"{error.detail} {error.advice}".strip())


def next_poll(outcome: Outcome, failures: int, now: datetime, chance: random.Random) -> datetime:
    """When to poll again: ten minutes after a success, twice as long after each failure in a row, at most half a day.

    A tenth of jitter keeps calendars from falling into step; a server's Retry-After is obeyed, up to two days.
    """
    wait: timedelta = min(POLL_EVERY * 2.0 ** min(failures, 10), LONGEST_WAIT) * chance.uniform(0.9, 1.1)
    if isinstance(outcome, Failed) and outcome.retry_after is not None:
        wait = max(wait, min(outcome.retry_after, LONGEST_RETRY_AFTER))
    return now + wait


def authorization(request: Subscription) -> dict[str, str]:
    """The header of HTTP Basic authentication (RFC 7617), when there is somebody to sign in."""
    if not request.username and not request.password:
        return {}
    pair = base64.b64encode(f"{request.username}:{request.password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def shown_address(url: str, *, whole: bool) -> str:
    """What a person is shown of an address. That of a published calendar is itself a secret, so its path is not."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path if whole else '/…'}"[:500]


def refused(answer: FetchedResponse, now: datetime) -> Failed:
    """The outcome of a status that gives no calendar."""
    status = answer.status
    slug, title, advice = {
        401: ("calendar-forbidden", "The calendar wants another password", "Give user name and password again."),
        403: ("calendar-forbidden", "The calendar is not open to us", "Ask whoever runs it for access."),
        404: ("calendar-not-found", "There is no calendar at this address", "Copy the address again."),
        GONE: ("calendar-gone", "The calendar is gone", "It is no longer asked for. Subscribe to another one."),
        429: ("calendar-rate-limited", "The calendar's server wants to be asked less often", "It is asked later."),
    }.get(status) or (
        ("calendar-server-error", "The calendar's server has a fault", "It is asked again later.")
        if status >= 500
        else ("calendar-unexpected-status", "The calendar's server gave no calendar", "Check the address.")
    )
    problem = NamedProblem(slug, title, f"The server answered with status {status}. {advice}")
    return Failed(problem, status, retry_after(answer.headers.get("Retry-After"), now), gone=status == GONE)


def short(header: str | None, limit: int) -> str | None:
    """A validator that can be stored and sent back; others are done without."""
    return header if header and len(header) <= limit and header.isascii() and header.isprintable() else None


def _headers(request: Subscription) -> dict[str, str]:
    headers = {"Accept": ACCEPT, **authorization(request)}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    return headers
