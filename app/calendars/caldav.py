"""A calendar on a CalDAV server: found by its owner's address, read only as far as it changed.

Discovery by RFC 6764 (well-known address), RFC 5397 (current-user-principal) and RFC 4791 § 6.2.1 (calendar-home-set).
An unchanged calendar costs one request, a changed one two more, whatever its size. What recurs is expanded by us: servers'
own `expand` differ.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from app.calendars import dav
from app.calendars.dav import Collection, Member, NotDav
from app.calendars.expand_pool import Expander
from app.calendars.ical import MAX_NAME, CalendarDocument, CalendarTooFull, EventFault
from app.calendars.polling import (
    REFUSALS,
    Choice,
    FetchedCalendar,
    Outcome,
    Refused,
    SeveralCalendars,
    Subscription,
    authorization,
    window,
)
from app.calendars.split import decoded, lines_of
from app.foundation.outbound import FetchedResponse, OutboundClient
from app.foundation.outbound_errors import DeadlineExceeded, OutboundError, RedirectRefused, TooLarge
from app.foundation.polling import MAX_URL, Failed, NamedProblem, NotModified, Unreadable, named, refused
from app.foundation.text import clean

MAX_REDIRECTS = 4
MAX_OBJECTS = 5000
AT_ONCE = 100
MAX_CHOICES = 50
LONGEST_TALK = 90  # seconds for one poll, within the lease of its job
REDIRECTS = frozenset({301, 302, 307, 308})
DETAILS = ("d:resourcetype", "d:displayname", "cs:getctag", "d:sync-token", "c:supported-calendar-component-set")


def poll(request: Subscription, client: OutboundClient, expander: Expander, now: datetime) -> Outcome:
    """Read one calendar of a CalDAV server. Whatever goes wrong is an outcome, not an exception."""
    try:
        return Server(request, client, now).read(expander)
    except Refused as refusal:
        return refusal.outcome
    except NotDav as error:
        detail = f"{error} Use the address that the service gives for CalDAV."
        return Failed(NamedProblem("calendar-not-caldav", "This is no CalDAV server", detail))
    except (OutboundError, Unreadable) as error:
        return Failed(named(error))


class Server:
    """One conversation with a server on behalf of one user."""

    def __init__(self, request: Subscription, client: OutboundClient, now: datetime) -> None:
        self._request, self._client, self._now = request, client, now
        self._until = time.monotonic() + LONGEST_TALK

    def read(self, expander: Expander) -> Outcome:
        """The calendar's events, if anything changed since its state was kept."""
        state = self._request.state
        url = state.get("url")
        calendar = self._collection(url) if url else self._choose()
        if state.get("ctag") and calendar.ctag == state["ctag"]:
            return NotModified(207)
        starts_at, ends_at = window(self._now)
        listed = self._report(calendar.url, dav.query(starts_at, ends_at))
        texts = list(self._texts(calendar.url, listed[:MAX_OBJECTS]))
        body = joined(texts, calendar.name)
        parsed = expander(CalendarDocument(body, starts_at, ends_at, self._request.time_zone))
        if len(texts) < len(listed):  # what could not be had is not gone
            parsed = replace(parsed, complete_until=None)
        if len(listed) > MAX_OBJECTS:
            detail = f"It has {len(listed)} in the time that is looked at; {MAX_OBJECTS} were taken."
            parsed = replace(parsed, faults=(*parsed.faults, EventFault("", CalendarTooFull.problem, detail)))
        return FetchedCalendar(207, parsed, state={"url": calendar.url, "ctag": calendar.ctag})

    def calendars(self) -> list[Collection]:
        """Every calendar that takes events, whatever of the user's or the server's address is known."""
        refused: Refused | OutboundError | None = None
        for start in _places_to_ask(self._request.url):
            try:
                if found := self._below(start):
                    return found
            except Refused as refusal:
                told = _told(refusal)
                if told == 401 and refused is not None and _told(refused) == 401:
                    break  # a wrong password, which is not tried everywhere
                if told in (401, 403) and (refused is None or told == 401):
                    refused = refusal
            except RedirectRefused as error:
                refused = refused or error  # a page of theirs may lead anywhere: the calendars need not be behind it
            except NotDav:
                continue
        raise refused or NotDav("No calendars were found there.")

    def _choose(self) -> Collection:
        """The calendar that the address names, or the only one of the user."""
        found = self.calendars()
        exact = [one for one in found if _path(one.url) == _path(self._request.url)]
        if len(exact or found) == 1:
            return (exact or found)[0]
        choices = tuple(Choice(one.url, _name(one)) for one in found[:MAX_CHOICES] if len(one.url) <= MAX_URL)
        detail = f"There are several calendars: {', '.join(one.name for one in choices)}. Choose which to follow."
        raise Refused(SeveralCalendars(NamedProblem("calendar-ambiguous", "Which calendar?", detail), choices=choices))

    def _below(self, url: str) -> list[Collection]:
        """The address itself when it is a calendar, or else the calendars of whoever signed in there."""
        answer, url = self._propfind(url, 0, *DETAILS, "d:current-user-principal", "c:calendar-home-set")
        own = [one for one in dav.collections(answer, url) if one.is_calendar]
        if own:
            return own[:1]
        homes = dav.hrefs(answer, url, "c:calendar-home-set")
        for principal in () if homes else dav.hrefs(answer, url, "d:current-user-principal")[:1]:
            told, principal = self._propfind(principal, 0, "c:calendar-home-set")
            homes = dav.hrefs(told, principal, "c:calendar-home-set")
        found: list[Collection] = []
        for home in homes[:3]:
            told, home = self._propfind(home, 1, *DETAILS)
            found += [one for one in dav.collections(told, home) if one.is_calendar and one.takes_events]
        return found

    def _collection(self, url: str) -> Collection:
        answer, url = self._propfind(url, 0, *DETAILS)
        found = [one for one in dav.collections(answer, url) if one.is_calendar]
        if not found:
            raise NotDav("There is no calendar at this address any more.")
        return replace(found[0], url=url)

    def _texts(self, url: str, listed: list[Member]) -> Iterator[str]:
        taken, most = 0, self._client.limits.max_bytes
        for start in range(0, len(listed), AT_ONCE):
            wanted = [one.url for one in listed[start : start + AT_ONCE]]
            for one in self._report(url, dav.multiget(wanted)):
                taken += len(one.data)
                if taken > most:
                    raise TooLarge(url, f"The calendar's events are more than {most} bytes.")
                if one.data:
                    yield one.data

    def _propfind(self, url: str, depth: int, *names: str) -> tuple[bytes, str]:
        answer = self._send("PROPFIND", url, dav.propfind(*names), depth)
        return answer.body, answer.final_url

    def _report(self, url: str, body: bytes) -> list[Member]:
        answer = self._send("REPORT", url, body, 1)
        return dav.members(answer.body, answer.final_url)

    def _send(self, method: str, url: str, body: bytes, depth: int) -> FetchedResponse:
        """An answer 207, from wherever the server leads within its own host. Raises Refused or an OutboundError.

        A server may keep calendars on another host of its own, but no password leaves encryption for it.
        """
        if self._request.url.startswith("https:") and not url.startswith("https:"):
            raise RedirectRefused(self._request.url, "It names an address without encryption.")
        headers = {"Content-Type": dav.XML, "Depth": str(depth), "Accept": "application/xml, text/xml"}
        headers |= authorization(self._request)
        for _ in range(MAX_REDIRECTS):
            left = self._until - time.monotonic()
            if left <= 0:
                raise DeadlineExceeded(url, f"All questions together took more than {LONGEST_TALK} seconds.")
            limits = replace(self._client.limits, deadline=min(left, self._client.limits.deadline))
            answer = self._client.send(method, url, body, headers, limits)
            target = answer.headers.get("Location")
            if answer.status not in REDIRECTS or not target:
                break
            url = _within(url, dav.absolute(url, target))
        if answer.status != 207:
            raise Refused(refused(answer, REFUSALS, self._now))
        return replace(answer, final_url=url)


def joined(texts: Iterable[str], name: str) -> bytes:
    """Calendar objects as one document: a VCALENDAR for each, because each defines the time zones of its own events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"X-WR-CALNAME:{' '.join(name.split())}", "END:VCALENDAR"]
    for text in texts:
        inner = lines_of(decoded(text.encode()).strip())
        kept = [line for line in inner if not line.upper().startswith(_OF_THE_CALENDAR)]
        lines += ["BEGIN:VCALENDAR", *kept, "END:VCALENDAR"]
    return "\r\n".join([*lines, ""]).encode()


# A METHOD within a stored object is nothing that the whole calendar does (RFC 4791 § 4.1 forbids it there).
_OF_THE_CALENDAR = ("BEGIN:VCALENDAR", "END:VCALENDAR", "VERSION:", "PRODID:", "METHOD:", "X-WR-")


def _places_to_ask(url: str) -> list[str]:
    """The address itself; the well-known one of its host, and then its root (RFC 6764 § 6); where programs have it that are
    installed in a folder (Nextcloud, Baïkal)."""
    parts = urlsplit(url)
    host, folder = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    places = [url, f"{host}/.well-known/caldav", f"{host}/"]
    if not parts.query and ".well-known" not in folder:
        places += [f"{host}{folder}/{path}/" for path in ("remote.php/dav", "dav.php")]
    return list(dict.fromkeys(places))


def _told(refused: Refused | OutboundError) -> int | None:
    """The status of a refusal; None where nothing was asked."""
    return refused.outcome.status if isinstance(refused, Refused) else None


def _name(calendar: Collection) -> str:
    """What a calendar is called, or the last part of its address."""
    return (
        clean(calendar.name, MAX_NAME) or clean(_path(calendar.url).rpartition("/")[2], MAX_NAME) or calendar.url[:80]
    )


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _within(url: str, target: str) -> str:
    """A redirect that may be followed with a password: to the same host, and encrypted as before.

    Servers behind a proxy often do not know that they are asked by https, and name themselves by http.
    """
    before, after = urlsplit(url), urlsplit(target)
    if before.hostname != after.hostname:
        where = f"{after.scheme}://{after.netloc.rpartition('@')[2]}{after.path}"[:200]
        raise RedirectRefused(url, f"It redirects to {where}, and no password is sent to another server unasked.")
    if (before.scheme, after.scheme) == ("https", "http"):
        host = before.netloc if after.port in (None, 80) else after.netloc
        return urlunsplit(after._replace(scheme="https", netloc=host))
    return target
