"""What programs write against RFC 5545 and everybody knows how to take, brought into the form that it should have.

Works on the unfolded lines of one series before they are read. What has no one meaning is left as it is, or refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Self

from app.calendars.split import name_of
from app.calendars.zones import zone_named

DATES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
ZoneOf = Callable[[str], str | None]
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";])*)')
_UNTIL_DATE = re.compile(r"(UNTIL=[0-9]{8})(?![0-9T])", re.IGNORECASE)
_UNTIL_LOCAL = re.compile(r"UNTIL=([0-9]{8}T[0-9]{6})(?![Z0-9])", re.IGNORECASE)
_UNTIL_UTC = re.compile(r"UNTIL=([0-9]{8}T[0-9]{6})Z", re.IGNORECASE)
_PLAIN_SCALE = re.compile(r";?(RSCALE=GREGORIAN|SKIP=OMIT)(?=;|$)", re.IGNORECASE)
_OTHER_SCALE = re.compile(r"(^|;)(RSCALE|SKIP)=", re.IGNORECASE)
_LEAP = re.compile(r"(T[0-9]{4})60")
_RULES = re.compile(r"(RRULE|EXRULE|DURATION)[:; ]", re.IGNORECASE)
_LOCAL = "%Y%m%dT%H%M%S"


class Unmendable(Exception):
    """What an event says cannot be taken in one way; the sentence says why."""


class UnknownZone(Exception):
    """An event names a zone that nobody knows."""


@dataclass(frozen=True)
class Moments:
    """A property of dates: its name, the parameters that say how they are meant, and its values."""

    name: str
    zone: str
    kind: str
    range: str
    values: tuple[str, ...]

    @classmethod
    def read(cls, line: str, zone_of: ZoneOf) -> Self:
        """From a line, with the zone by the name that the reader knows. Raises UnknownZone."""
        name = name_of(line)
        # No date has a colon in it, but names of zones have, and not every program puts those in quotes.
        told, _, value = line.rpartition(":")
        given = {found[1].upper(): found[2].strip('"') for found in _PARAMETER.finditer(told)}
        values = tuple(_LEAP.sub(r"\g<1>59", one.strip().upper()) for one in value.split(","))
        tzid = given.get("TZID", "")
        if all(one.endswith("Z") or "T" not in one for one in values):
            tzid = ""  # neither a time in UTC nor a day is in a zone (§ 3.2.19)
        zone = zone_of(tzid) if tzid else ""
        if zone is None:
            raise UnknownZone(tzid)
        return cls(name, zone, given.get("VALUE", "").upper(), given.get("RANGE", "").upper(), values)

    @property
    def timed(self) -> bool:
        """Whether it has times, not days alone."""
        return any("T" in one for one in self.values)

    @property
    def floating(self) -> bool:
        """Whether its times are in no zone."""
        return self.timed and not self.zone and not any(one.endswith("Z") for one in self.values)

    def line(self) -> str:
        """As it should be written."""
        given = (("TZID", self.zone), ("VALUE", self.kind), ("RANGE", self.range))
        return f"{self.name}{''.join(f';{key}={value}' for key, value in given if value)}:{','.join(self.values)}"


def mended(events: Sequence[list[str]], zone_of: Sequence[ZoneOf], zone: str) -> list[list[str]]:
    """The events of a series as they should be written; `zone_of` for each, and the zone in which floating times are.

    Raises Unmendable and UnknownZone.
    """
    read = [_moments(event, of) for event, of in zip(events, zone_of, strict=True)]
    masters = (found for found in read if not any(one.name == "RECURRENCE-ID" for one in found.values()))
    start = next((one for found in masters for one in found.values() if one.name == "DTSTART"), None)
    return [_event(event, found, start, zone) for event, found in zip(events, read, strict=True)]


def _moments(event: list[str], zone_of: ZoneOf) -> dict[int, Moments]:
    """Properties of dates by the number of their line."""
    return {number: Moments.read(line, zone_of) for number, line in enumerate(event) if name_of(line) in DATES}


def _event(event: list[str], found: dict[int, Moments], start: Moments | None, zone: str) -> list[str]:
    named = {one.name: one for one in reversed(found.values())}
    own, end = named.get("DTSTART"), named.get("DTEND")
    if own is not None and end is not None and end.timed and not own.timed:
        raise Unmendable("It starts on a day and ends at a time.")
    lines = list(event)
    for number, one in found.items():
        lines[number] = _like(one, start if one.name == "RECURRENCE-ID" else own, zone).line()
    for number, line in enumerate(event):
        if _RULES.match(line) and own is not None:
            lines[number] = _rule(line, own, zone)
    return lines


def _like(one: Moments, start: Moments | None, zone: str) -> Moments:
    """What names or adds a time of a series, in the form of the time at which the series starts."""
    if start is None or not start.timed or one.name not in ("RECURRENCE-ID", "RDATE") or one.kind == "PERIOD":
        return one
    if not one.timed:
        hour = start.values[0].partition("T")[2]
        return replace(one, zone=start.zone, kind="", values=tuple(f"{value}T{hour}" for value in one.values))
    if one.floating and start.zone:
        return replace(one, zone=start.zone)
    if one.name == "RECURRENCE-ID" and start.floating and one.values[0].endswith("Z"):
        return replace(one, values=tuple(_local(value[:-1], zone) for value in one.values))
    return one


def _rule(line: str, start: Moments, zone: str) -> str:
    """A rule of times that ends on a date ends with that day: against § 3.3.10, and what everybody means who writes it."""
    name, value = name_of(line), line.rpartition(":")[2].strip()
    if name == "EXRULE":
        raise Unmendable("It leaves dates out by a rule (EXRULE), which is out of use.")
    if name == "DURATION":
        if value.startswith("-"):
            raise Unmendable("It ends before it starts.")
        return line
    line = _PLAIN_SCALE.sub("", line).replace(":;", ":")
    if _OTHER_SCALE.search(line.partition(":")[2]):
        raise Unmendable("It recurs by a calendar or a way of leaving out days that is not known here (RSCALE, SKIP).")
    if not start.timed:
        return line
    line = _UNTIL_DATE.sub(r"\1T235959", line)
    if start.floating:
        return _UNTIL_UTC.sub(lambda found: f"UNTIL={_local(found[1], zone)}", line)
    # A time without Z is one of the place where the series is, which not every reader knows.
    return _UNTIL_LOCAL.sub(lambda found: f"UNTIL={_universal(found[1], start.zone)}Z", line)


def _local(moment: str, zone: str) -> str:
    """A time in UTC as it is in a zone; as it is where it is none."""
    return _moved(moment, UTC, zone_named(zone))


def _universal(moment: str, zone: str) -> str:
    """A time of a zone, "" for UTC, as it is in UTC; as it is where it is none."""
    return _moved(moment, zone_named(zone) if zone else UTC, UTC)


def _moved(moment: str, before: tzinfo, after: tzinfo) -> str:
    try:
        return datetime.strptime(moment, _LOCAL).replace(tzinfo=before).astimezone(after).strftime(_LOCAL)
    except (ValueError, OverflowError):
        return moment
