"""A calendar document to what takes place within a window: recurrences, exceptions and zones by RFC 5545.

`expand` is pure but not to be trusted with time or memory: call it through `expand_pool.ExpandPool`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from app.calendars import ical
from app.calendars.ical import Attendee, CalendarDocument, EventFault, Occurrence, ParsedCalendar
from app.calendars.mending import UnknownZone, Unmendable, mended
from app.calendars.split import Series, decoded, split, unescaped, value_of
from app.calendars.zones import Budget, OutOfTime, Zones, known_name
from app.foundation.fields import ZONES
from app.foundation.text import clean

SERIES_SECONDS, STINGY_SECONDS, PATIENCE = 1.5, 0.2, 4
_NOWHERE = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT"})
_DENSE = re.compile(r"FREQ=SECONDLY(?!.*COUNT=\d{1,3}(?!\d))|INTERVAL=0+(?!\d)", re.IGNORECASE)


# How the reader says that a property cannot be read, and what such properties are to people.
_BROKEN = re.compile(r"broken property '([A-Z-]+)'")
_PARTS = {
    "DTSTART": "start", "DTEND": "end", "DURATION": "length", "RRULE": "recurrence", "RDATE": "further dates",
    "EXDATE": "dates left out", "RECURRENCE-ID": "place in its series",
}  # fmt: skip


def no_budget(_seconds: float) -> AbstractContextManager[None]:
    """As much time as it takes; for input that is trusted."""
    return nullcontext()


def expand(document: CalendarDocument, budget: Budget = no_budget) -> ParsedCalendar:
    """What takes place within the document's window.

    `budget(seconds)` limits a block, raising OutOfTime in it. Raises NotACalendar.
    """
    parts = split(decoded(document.body))
    zones = Zones(document.starts_at, document.ends_at, budget)
    zone = _default_zone(parts.told("X-WR-TIMEZONE"), document.time_zone)
    found: list[Occurrence] = []
    faults: list[EventFault] = []
    whole = parts.ended and not parts.cut_off
    if not whole:
        faults.append(EventFault("", ical.UnreadableEvent.problem, "The calendar is cut off; what is there was read."))
    exhausted = 0
    for series in parts.series.values():
        if not series.may_touch(document.starts_at.date(), document.ends_at.date()):
            continue
        try:
            with budget(SERIES_SECONDS if exhausted < PATIENCE else STINGY_SECONDS):
                found += _expand_series(series, document, zone, zones)
            if series.ambiguous:
                detail = "Several events have its name (UID), and nothing says which is newest. The last one was taken."
                faults.append(_fault(series, ical.AmbiguousEvent.problem, detail))
        except OutOfTime:
            exhausted += 1
            faults.append(
                _fault(series, ical.EndlessEvent.problem, "Finding its dates takes too long. It was left out.")
            )
        except _Unusable as fault:
            faults.append(_fault(series, fault.problem, fault.detail))
        except MemoryError:
            raise
        except Exception as error:  # a fault of the reader in one series, which is to cost this one only
            faults.append(_fault(series, ical.UnreadableEvent.problem, _reason(error)))
    faults += zones.faults
    found = _each_once(found)
    found.sort(key=lambda one: (one.starts_at, one.uid, one.recurrence_id))
    if len(found) > ical.MAX_OCCURRENCES:
        detail = f"It has {len(found)} in the time that is looked at; the first {ical.MAX_OCCURRENCES} were taken."
        faults.append(EventFault("", ical.CalendarTooFull.problem, detail))
    name = clean(parts.told("X-WR-CALNAME"), ical.MAX_NAME) or None
    uids = frozenset(_short_uid(uid) for uid in parts.series)
    full = len(found) > ical.MAX_OCCURRENCES
    until = found[ical.MAX_OCCURRENCES - 1].starts_at if full else document.ends_at
    kept = tuple(found[: ical.MAX_OCCURRENCES])
    return ParsedCalendar(name, kept, tuple(faults), uids, until if whole else None)


def _each_once(found: list[Occurrence]) -> list[Occurrence]:
    """Of occurrences with the same name the first: where an hour is left out, two times of a rule are the same moment."""
    named: dict[tuple[str, str], Occurrence] = {}
    for one in found:
        named.setdefault((one.uid, one.recurrence_id), one)
    return list(named.values())


class _Unusable(Exception):
    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.problem, self.detail = problem, detail


def _default_zone(named: str, own: str) -> str:
    """The zone of the whole calendar where it names one (X-WR-TIMEZONE), else the owner's. UTC is what programs say that
    do not know."""
    known = known_name(named)
    return known if known is not None and known not in _NOWHERE else own


def _expand_series(series: Series, document: CalendarDocument, zone: str, zones: Zones) -> list[Occurrence]:
    for line in (line for event in series.events for line in event):
        if line[:5].upper() == "RRULE" and _DENSE.search(line):
            raise _Unusable(ical.EndlessEvent.problem, "It recurs every second, or without moving on. It was left out.")
    try:
        events = mended(series.events, [partial(zones.name, part=part) for part in series.parts], zone)
    except UnknownZone as unknown:
        detail = f"Nobody knows the zone {clean(str(unknown), 80)!r}."
        raise _Unusable(ical.UnknownTimeZone.problem, detail) from unknown
    except Unmendable as reason:
        raise _Unusable(ical.UnreadableEvent.problem, str(reason)) from reason
    text = _document(line for event in events for line in ("BEGIN:VEVENT", *event, "END:VEVENT"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendar = icalendar.Calendar.from_ical(text)
        _check_starts(calendar)
        local = ZoneInfo(zone)
        first, last = document.starts_at.astimezone(local), document.ends_at.astimezone(local)
        dates = recurring_ical_events.of(calendar).between(first, last)
    if len(dates) > ical.MAX_PER_SERIES:
        raise _Unusable(ical.EndlessEvent.problem, f"It takes place {len(dates)} times in the time that is looked at.")
    named = _names_of(calendar) if series.recurring else lambda _event: ""
    return [_occurrence(event, series.uid, zone, named(event)) for event in dates]


def _names_of(calendar: Any) -> Callable[[Any], str]:
    """What names an occurrence of a series: where it stood before anything was changed (§ 3.8.4.4).

    The library names all that a change of "this and all to follow" moved by the first of them; each stood as much earlier
    or later than it takes place now as that first one did.
    """
    moved = {
        event["RECURRENCE-ID"].dt: event["DTSTART"].dt
        for event in calendar.walk("VEVENT")
        if "RECURRENCE-ID" in event and event["RECURRENCE-ID"].params.get("RANGE", "").upper() == "THISANDFUTURE"
    }

    def name(event: Any) -> str:
        stood, starts = event["RECURRENCE-ID"].dt, event["DTSTART"].dt
        if stood in moved:
            with suppress(TypeError):  # a date that became a time, or the other way round
                stood = starts - (moved[stood] - stood)
        return _recurrence_id(stood)

    return name


def _check_starts(calendar: Any) -> None:
    for event in calendar.walk("VEVENT"):
        if "DTSTART" not in event or not isinstance(getattr(event["DTSTART"], "dt", None), date):
            raise _Unusable(ical.UnreadableEvent.problem, "It has no time at which it starts.")
        broken = [name for name, _ in event.errors if name in ("RRULE", "RDATE", "EXDATE", "DTEND", "RECURRENCE-ID")]
        if broken:
            raise _Unusable(ical.UnreadableEvent.problem, _unreadable(broken[0]))
        start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
        if end is not None and isinstance(end, datetime) == isinstance(start, datetime) and _before(end, start):
            raise _Unusable(ical.UnreadableEvent.problem, "It ends before it starts.")


def _before(end: date, start: date) -> bool:
    """Whether one moment is before another; False where one floats and the other does not."""
    try:
        return end < start
    except TypeError:
        return False


def _document(lines: Iterable[str]) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def _occurrence(event: Any, uid: str, zone: str, recurrence_id: str) -> Occurrence:
    start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else event.end
    all_day = not isinstance(start, datetime)
    if all_day and end <= start:  # programs that count the last day in (§ 3.6.1 does not)
        end = start + timedelta(days=1)
    starts_at = _instant(start, zone)
    private = is_private(str(one) for one in _all(event, "CLASS"))
    return Occurrence(
        uid=_short_uid(uid),
        recurrence_id=recurrence_id,
        starts_at=starts_at,
        ends_at=max(_instant(end, zone), starts_at),
        time_zone=_own_zone(start, zone),
        all_day=all_day,
        summary="" if private else clean(_first(event, "SUMMARY"), ical.MAX_SUMMARY),
        place="" if private else clean(_place(event), ical.MAX_PLACE),
        attendees=() if private else tuple(_attendees(event)),
        private=private,
        cancelled=any(str(one).strip().upper() == "CANCELLED" for one in _all(event, "STATUS")),
        sequence=_whole(_first(event, "SEQUENCE")),
    )


def _all(event: Any, name: str) -> Sequence[Any]:
    given = event.get(name, [])
    return given if isinstance(given, list) else [given]


def _first(event: Any, name: str) -> str:
    """A property as text; of one that there may be once and is there twice the first."""
    return str(next(iter(_all(event, name)), ""))


def _place(event: Any) -> str:
    """LOCATION, or what Apple's calendars say of a place that was picked on the map."""
    if said := _first(event, "LOCATION").strip():
        return said
    given = next((getattr(one, "params", {}) for one in _all(event, "X-APPLE-STRUCTURED-LOCATION")), {})
    told = (str(given.get(name, "")) for name in ("X-TITLE", "X-ADDRESS"))
    return ", ".join(unescaped(one) for one in told if one)


def _instant(moment: date, zone: str) -> datetime:
    """Aware UTC; a date is its midnight and a floating time is meant in `zone` (§ 3.3.5)."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def _own_zone(start: date, zone: str) -> str | None:
    """The IANA zone in which the event is meant; None where it is in UTC, or in a zone of the document's own making."""
    if not isinstance(start, datetime) or start.tzinfo is None:
        return zone
    key = getattr(start.tzinfo, "key", None)
    return key if key in ZONES and key not in ("UTC", "Etc/UTC") else None


def _recurrence_id(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.strftime("%Y%m%d")
    if moment.tzinfo is None:
        return moment.strftime("%Y%m%dT%H%M%S")
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _attendees(event: Any) -> Iterator[Attendee]:
    """Organizer and attendees, each address once, rooms and resources left out."""
    people = _all(event, "ATTENDEE")
    organizer = next(iter(_all(event, "ORGANIZER")), None)
    seen: dict[str, Attendee] = {}
    for number, person in enumerate([*people[: 10 * ical.MAX_ATTENDEES], *([organizer] if organizer else [])]):
        parameters = getattr(person, "params", {})
        if str(parameters.get("CUTYPE", "")).upper() in ("RESOURCE", "ROOM"):
            continue
        email = _address(str(person), str(parameters.get("EMAIL", "")))
        status = "accepted" if number >= len(people) else str(parameters.get("PARTSTAT", "needs-action"))
        name = clean(str(parameters.get("CN", "")), ical.MAX_NAME) or None
        if email and email not in seen:
            seen[email] = Attendee(email, name, clean(status.lower(), 20))
    return iter(list(seen.values())[: ical.MAX_ATTENDEES])


def _address(value: str, parameter: str) -> str:
    """`mailto:Anna@X.example` as `anna@x.example`; "" for what is no address."""
    for text in (value, parameter):
        address = clean(re.sub("(?i)^mailto:", "", text.strip()), 254).lower()
        if re.fullmatch(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,190}", address):
            return address
    return ""


def is_private(classes: Iterable[str]) -> bool:
    """Whether an event is its owner's alone: so is one of a class that nobody knows (§ 3.8.1.3)."""
    return any(one.strip().upper() not in ("", "PUBLIC") for one in classes)


def _whole(value: Any) -> int:
    try:
        return min(max(int(value), 0), 2**31 - 1)
    except (TypeError, ValueError):
        return 0


def _short_uid(uid: str) -> str:
    """A UID that can be stored: as it is, or its hash where it is too long or has characters that no text has."""
    storable = len(uid) <= ical.MAX_UID and clean(uid, ical.MAX_UID) == uid
    return uid if storable else f"sha256-{sha256(uid.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _fault(series: Series, problem: str, detail: str) -> EventFault:
    """What to say of a series. Of a private one nothing is told that it says."""
    lines = [line for event in series.events for line in event]
    if any(is_private(value_of([line], "CLASS") or "" for line in event) for event in series.events):
        return EventFault("", problem, "It is a private event.", _short_uid(series.uid))
    summary = next((line.partition(":")[2] for line in lines if line[:7].upper() == "SUMMARY"), "")
    return EventFault(clean(summary, 100), problem, clean(detail, 300), _short_uid(series.uid))


def _reason(error: BaseException) -> str:
    """In words for whoever looks after the calendar; what the reader calls it only where that is all there is."""
    if broken := _BROKEN.search(str(error)):
        return _unreadable(broken[1])
    if isinstance(error, OverflowError):
        return "One of its dates is further away than a calendar goes."
    return f"It breaks the rules of iCalendar: {clean(str(error), 160)} ({type(error).__name__})."


def _unreadable(name: str) -> str:
    return f"Its {_PARTS.get(name, 'property')} ({name}) cannot be read."
