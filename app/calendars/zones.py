"""The time zones that a calendar names and those that it defines (RFC 5545 § 3.6.5).

A name of the IANA database is that zone: what calendars define under it is often cut short, or as old as the program. Where a
definition says something else in the time that is looked at, that is said. Under any other name, those of Windows among
them, a definition holds.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, tzinfo

import icalendar
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from app.calendars import ical
from app.calendars.ical import EventFault
from app.calendars.split import Part
from app.foundation.fields import ZONES
from app.foundation.text import clean

DEFINING_SECONDS, PATIENCE = 1.5, 2
MAX_DEFINED = 50
STEP = timedelta(hours=12)
Budget = Callable[[float], AbstractContextManager[None]]
# What a machine has for a zone of its own is no place in the world.
_PLACES = ZONES - {"localtime", "posixrules", "Factory"}
_FOLDED = {name.lower(): name for name in _PLACES}
_TZID = re.compile("TZID[:;]", re.IGNORECASE)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?", re.IGNORECASE)
_UTC = frozenset({"z", "utc", "etc/utc", "tzone://microsoft/utc"})


class OutOfTime(BaseException):
    """What was to be done used up its budget. Not an Exception, so that no library swallows it."""


class Zones:
    """The zones of one document, found when an event names them. `faults` grows by what is wrong with any."""

    def __init__(self, starts_at: datetime, ends_at: datetime, budget: Budget) -> None:
        tzp.use_zoneinfo()  # forgets the zones that another document defined
        self._starts_at, self._ends_at, self._budget = starts_at, ends_at, budget
        self._names: dict[tuple[str, str | None], str | None] = {}
        self._defined: dict[str, str | None] = {}
        self._spent = 0
        self.faults: list[EventFault] = []

    def name(self, tzid: str, part: Part) -> str | None:
        """The name by which the library knows what this VCALENDAR calls so; None where nobody knows."""
        lines = part.time_zones.get(tzid)
        defined = None if lines is None else "\r\n".join(line for line in lines if not _TZID.match(line))
        if (tzid, defined) not in self._names:
            self._names[tzid, defined] = self._find(tzid, defined)
        return self._names[tzid, defined]

    def _find(self, tzid: str, definition: str | None) -> str | None:
        known = known_name(tzid)
        own = None if definition is None else self._define(tzid, definition)
        if own is None or known is None:
            return own or known
        differs = self._differ(known, own)
        if differs is None:
            return known
        if not is_iana(tzid):
            return own
        detail = (
            f"The calendar defines {clean(tzid, 80)!r} otherwise than the world does, by {differs[1]} minutes on "
            f"{differs[0]:%Y-%m-%d}. Its events are where the world has that zone."
        )
        self.faults.append(EventFault("", ical.OtherTimeZone.problem, detail))
        return known

    def _define(self, tzid: str, text: str) -> str | None:
        """Have the library know a definition, under a name of ours; None where it cannot be used."""
        if text not in self._defined:
            name = f"Defined zone {len(self._defined) + 1}"
            self._defined[text] = name if self._usable(name, text) else None
            if self._defined[text] is None:
                detail = f"The definition of {clean(tzid, 80)!r} cannot be used."
                self.faults.append(EventFault("", ical.UnknownTimeZone.problem, detail))
        return self._defined[text]

    def _usable(self, name: str, text: str) -> bool:
        if len(self._defined) >= MAX_DEFINED or self._spent >= PATIENCE:
            return False
        begin = ("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTIMEZONE", f"TZID:{name}")
        try:
            with self._budget(DEFINING_SECONDS):
                icalendar.Calendar.from_ical("\r\n".join([*begin, text, "END:VTIMEZONE", "END:VCALENDAR", ""]))
                _offsets(self._ends_at, (zone_named(name),))
                return True
        except OutOfTime:
            self._spent += 1
            return False
        except MemoryError:
            raise
        except Exception:  # whatever the reader does not like about it
            return False

    def _differ(self, known: str, own: str) -> tuple[datetime, int] | None:
        """Since when in the time that is looked at two zones differ, and by how many minutes; None where they never do."""
        zones = (zone_named(known), zone_named(own))
        at = self._starts_at
        while at <= self._ends_at:
            first, second = _offsets(at, zones)
            if first != second:
                return at, round(abs(first - second) / timedelta(minutes=1))
            at += STEP
        return None


def zone_named(name: str) -> tzinfo:
    """A zone that the library knows."""
    found: tzinfo | None = tzp.timezone(name)
    if found is None:
        raise LookupError(name)
    return found


def _offsets(at: datetime, zones: Iterable[tzinfo]) -> list[timedelta]:
    """What zones say of one local time: the definitions of calendars are made of local times."""
    return [at.replace(tzinfo=zone).utcoffset() or timedelta() for zone in zones]


def known_name(tzid: str) -> str | None:
    """The IANA name of a zone, however programs spell it; None for one that nobody but its calendar knows."""
    name = tzid.strip()
    if not name:
        return None
    if name.lower() in _UTC:
        return "UTC"
    if name in WINDOWS_TO_OLSON:
        return WINDOWS_TO_OLSON[name]
    if folded := _FOLDED.get(name.strip("/").replace(" ", "_").lower()):
        return folded
    if offset := _OFFSET.fullmatch(name):
        hours = int(offset[2])
        sign = "-" if offset[1] == "+" else "+"  # POSIX counts the other way
        return _FOLDED.get(f"etc/gmt{sign}{hours}" if hours else "etc/gmt")
    return _by_library(name)


def is_iana(tzid: str) -> bool:
    """Whether a name is one of the database, or ends with one; not of what merely has a place in it."""
    name = tzid.strip()
    return name not in WINDOWS_TO_OLSON and not _OFFSET.fullmatch(name)


def _by_library(name: str) -> str | None:
    """`/example.org/2026/Europe/Oslo` is a name of Oslo's zone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = tzp.timezone(name)
        except Exception:  # odd names: zoneinfo takes them for paths
            return None
    key = getattr(found, "key", None)
    return key if key in _PLACES else None
