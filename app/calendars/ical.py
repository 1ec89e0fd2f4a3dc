"""What a calendar is to us once it is read, whoever wrote it, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.foundation.polling import Unreadable

MAX_ATTENDEES = 100  # kept of one event; further ones are not looked at
MAX_OCCURRENCES = 2000  # of one calendar within its window
MAX_PER_SERIES = 400
MAX_UID, MAX_SUMMARY, MAX_PLACE, MAX_NAME = 200, 300, 300, 200


@dataclass(frozen=True)
class CalendarDocument:
    """The bytes of a calendar, the window to expand (aware), and the IANA zone that floating times are meant in."""

    body: bytes
    starts_at: datetime
    ends_at: datetime
    time_zone: str


@dataclass(frozen=True)
class Attendee:
    """Someone invited: lower-case address, name if given, and their answer (RFC 5545 § 3.2.12, lower case)."""

    email: str
    name: str | None = None
    status: str = "needs-action"


@dataclass(frozen=True)
class Occurrence:
    """One event at one time. `(uid, recurrence_id)` names it for ever; `recurrence_id` is empty for a single event.

    Times are aware UTC; an all-day occurrence runs from midnight to midnight in the document's zone. `time_zone` is an
    IANA name, None when the event has none of its own. A private one has no words, place and people.
    """

    uid: str
    recurrence_id: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str | None
    all_day: bool = False
    summary: str = ""
    place: str = ""
    attendees: tuple[Attendee, ...] = ()
    private: bool = False
    cancelled: bool = False
    sequence: int = 0


@dataclass(frozen=True)
class EventFault:
    """An event that could not be read; the others were. `event` is its words, or its UID when it has none to show."""

    event: str
    problem: str
    detail: str
    uid: str = ""


@dataclass(frozen=True)
class ParsedCalendar:
    """Everything within the window, in order of time; `uids` are those of the whole document.

    `complete_until` is how far what is absent is really gone: a document that is cut off, or has too many events, says
    nothing of what comes after. None: it says nothing at all.
    """

    name: str | None
    occurrences: tuple[Occurrence, ...]
    faults: tuple[EventFault, ...] = ()
    uids: frozenset[str] = frozenset()
    complete_until: datetime | None = None


@dataclass
class CalendarProblem(Unreadable):
    """A document that gives no calendar; subclasses name the reason."""

    problem: ClassVar[str] = "unreadable-calendar"
    title: ClassVar[str] = "The calendar could not be read"
    advice: ClassVar[str] = "Export it again, or ask whoever runs the calendar."


class NotACalendar(CalendarProblem):
    problem = "not-a-calendar"
    title = "This is not a calendar"
    advice = "Use an iCalendar file or address, which usually ends in .ics."


class CalendarTimeout(CalendarProblem):
    problem = "calendar-timeout"
    title = "Reading the calendar took too long"


class CalendarReaderLost(CalendarProblem):
    problem = "calendar-reader-lost"
    title = "Reading the calendar failed"


PROBLEMS: dict[str, type[CalendarProblem]] = {
    kind.problem: kind for kind in (CalendarProblem, NotACalendar, CalendarTimeout, CalendarReaderLost)
}


class EventProblem:
    """Why one event, or what is beyond a limit, was left out of a calendar that was read."""

    problem: ClassVar[str]
    title: ClassVar[str]


class UnreadableEvent(EventProblem):
    problem = "unreadable-event"
    title = "An event could not be read"


class UnknownTimeZone(EventProblem):
    problem = "unknown-time-zone"
    title = "The time zone of an event is unknown"


class OtherTimeZone(EventProblem):
    problem = "time-zone-differs"
    title = "The calendar has other hours for a time zone"


class AmbiguousEvent(EventProblem):
    problem = "event-ambiguous"
    title = "Several events have one name"


class EndlessEvent(EventProblem):
    problem = "event-recurs-too-often"
    title = "An event recurs too often"


class CalendarTooFull(EventProblem):
    problem = "calendar-too-full"
    title = "The calendar has too many events"


_KINDS: tuple[type[EventProblem], ...] = (
    UnreadableEvent, UnknownTimeZone, OtherTimeZone, AmbiguousEvent, EndlessEvent, CalendarTooFull,
)  # fmt: skip
FAULT_TITLES = {kind.problem: kind.title for kind in _KINDS}
