"""One poll of one subscribed calendar: what came of it, and when to come again. Nothing here touches a database."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.calendars.expand_pool import Expander
from app.calendars.ical import CalendarDocument, ParsedCalendar
from app.foundation import polling
from app.foundation.outbound import FetchedResponse, OutboundClient
from app.foundation.polling import GONE, SERVER_ERROR, UNEXPECTED, Failed, Pace, Question, Refusals, Validators

PACE = Pace(timedelta(minutes=10), longest=timedelta(hours=12), longest_asked=timedelta(days=2))
REFRESH_EVERY = timedelta(hours=20)
BACK, AHEAD, FILE_AHEAD = timedelta(days=7), timedelta(days=90), timedelta(days=366)
ACCEPT = "text/calendar, */*;q=0.5"
REFUSALS: Refusals = {
    401: (
        "calendar-forbidden",
        "The calendar wants another password",
        "Give user name and password again; many services want a password made for this use (an app password).",
    ),
    403: ("calendar-forbidden", "The calendar is not open to us", "Ask whoever runs it for access."),
    404: ("calendar-not-found", "There is no calendar at this address", "Copy the address again."),
    GONE: ("calendar-gone", "The calendar is gone", "It is no longer asked for. Subscribe to another one."),
    429: ("calendar-rate-limited", "The calendar's server wants to be asked less often", "It is asked later."),
    SERVER_ERROR: ("calendar-server-error", "The calendar's server has a fault", "It is asked again later."),
    UNEXPECTED: ("calendar-unexpected-status", "The calendar's server gave no calendar", "Check the address."),
}
Outcome = polling.Outcome[ParsedCalendar]


@dataclass(frozen=True)
class Subscription:
    """What is known of a calendar before a poll. Validators are empty when the whole calendar is wanted."""

    url: str
    time_zone: str
    username: str = ""
    password: str = field(default="", repr=False)
    validators: Validators = field(default=Validators())
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FetchedCalendar(polling.Fetched[ParsedCalendar]):
    """A calendar on a CalDAV server as it is now. `state` is what its server is asked by the next time."""

    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """A calendar that was found under an address."""

    url: str
    name: str


@dataclass(frozen=True)
class SeveralCalendars(Failed):
    """The address names none of the calendars that are there: whoever follows it chooses."""

    choices: tuple[Choice, ...] = ()


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

    def read(answer: FetchedResponse) -> ParsedCalendar:
        return expander(CalendarDocument(answer.body, *window(now), request.time_zone))

    headers = {"Accept": ACCEPT, **authorization(request)}
    return polling.ask(Question(request.url, request.validators, headers, REFUSALS), client, read, now)


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
