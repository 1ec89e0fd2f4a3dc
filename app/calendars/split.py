"""A calendar's text cut into series, so that one broken event costs itself alone and old ones cost nothing.

Works on lines and knows only what it needs of RFC 5545: folding (§ 3.1), BEGIN and END (§ 3.6), and the names of a few
properties. What is kept is read by `icalendar` afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from app.calendars.ical import NotACalendar

MARGIN = timedelta(days=2)  # a date says nothing of its zone
_FOLD = re.compile(r"\r?\n[ \t]|\r[ \t]")
_LINES = re.compile(r"\r\n|\r|\n")
_BLOCK = re.compile(r"^BEGIN:(VEVENT|VTIMEZONE|VTODO|VJOURNAL|VFREEBUSY|VALARM)[ \t]*$", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{8}")
_UNTIL = re.compile(r"UNTIL=([0-9]{8})", re.IGNORECASE)
_DAYS = re.compile(r"P(?:(\d{1,4})W|(\d{1,4})D)?", re.IGNORECASE)


@dataclass
class Series:
    """Every VEVENT of one UID, as unfolded lines without BEGIN and END."""

    uid: str
    events: list[list[str]] = field(default_factory=list)

    @property
    def recurring(self) -> bool:
        """Whether it may take place more than once."""
        return any(_name(line) in ("RRULE", "RDATE", "RECURRENCE-ID") for event in self.events for line in event)

    def may_touch(self, first: date, last: date) -> bool:
        """Whether anything of it can lie between two days; when in doubt, yes."""
        return any(_event_may_touch(event, first - MARGIN, last + MARGIN) for event in self.events)


@dataclass
class Parts:
    """A document in parts: properties of the calendar itself, time zones by TZID, series by UID, in order."""

    properties: dict[str, str]
    time_zones: dict[str, list[str]]
    series: dict[str, Series]
    cut_off: int = 0
    ended: bool = False


def decoded(body: bytes) -> str:
    """The text of a calendar: UTF-8 as it must be (§ 3.1.4), or what it evidently is instead."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(encoding, "replace").lstrip("\ufeff")
    # Folding may cut a character in two, so lines are joined before they are decoded.
    joined = re.sub(rb"\r?\n[ \t]", b"", body)
    try:
        return joined.decode("utf-8")
    except UnicodeDecodeError:
        return joined.decode("cp1252", "replace")


def split(text: str) -> Parts:
    """Cut a document into its parts. Raises NotACalendar when it is none."""
    text = _FOLD.sub("", text)
    start = text.lstrip()[:200].upper()
    if not start.startswith("BEGIN:VCALENDAR"):
        what = "a web page" if start.startswith(("<!DOCTYPE HTML", "<HTML")) else "something else"
        raise NotACalendar(f"It begins like {what}, not with BEGIN:VCALENDAR." if start else "It is empty.")
    parts = Parts({}, {}, {})
    lines = iter(_LINES.split(text))
    for line in lines:
        block = _BLOCK.match(line)
        if block is None:
            name, _, value = line.partition(":")
            parts.ended = parts.ended or line.strip().upper() == "END:VCALENDAR"
            parts.properties.setdefault(name.partition(";")[0].strip().upper(), value.strip())
            continue
        _take(parts, block.group(1).upper(), lines)
    return parts


def _take(parts: Parts, kind: str, lines: Iterator[str]) -> None:
    """Read one block; one that the next begins within was cut off, and that next one is read instead."""
    while True:
        content, ended_by = _content(kind, lines)
        if ended_by is None:
            break
        parts.cut_off += 1
        kind = ended_by
        if not kind:
            return
    if kind == "VEVENT":
        uid = next((line.partition(":")[2].strip() for line in content if _name(line) == "UID"), "")
        uid = uid or _made_up_uid(content)
        parts.series.setdefault(uid, Series(uid)).events.append(content)
    elif kind == "VTIMEZONE":
        parts.time_zones.setdefault(value_of(content, "TZID") or "", content)


def _made_up_uid(event: list[str]) -> str:
    """A name for an event that has none, against § 3.6.1: the same as long as time and words are. It tells neither."""
    said = f"{value_of(event, 'DTSTART')} {value_of(event, 'SUMMARY')}"
    return f"no-uid-{sha256(said.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _content(kind: str, lines: Iterator[str]) -> tuple[list[str], str | None]:
    """The lines up to the end of a block, alarms left out; and the kind of the block that began within, "" for the end."""
    content: list[str] = []
    alarm = False
    for line in lines:
        mark = line.strip().upper()
        if mark == f"END:{kind}":
            return content, None
        if mark in ("BEGIN:VALARM", "END:VALARM"):
            alarm = mark.startswith("BEGIN")
        elif mark == "END:VCALENDAR":
            break
        elif (block := _BLOCK.match(mark)) is not None:
            return content, block.group(1)
        elif not alarm and line.strip():
            content.append(line)
    return content, ""


def _event_may_touch(event: list[str], first: date, last: date) -> bool:
    starts = _day(value_of(event, "DTSTART"))
    if starts is None:
        return True
    if starts > last:
        # Its place in the series may be earlier, which is still told of by its RECURRENCE-ID.
        return any(_name(line) in ("RDATE", "RECURRENCE-ID") for line in event)
    if any(_name(line) in ("RDATE", "RECURRENCE-ID") for line in event):
        return True
    rule = value_of(event, "RRULE")
    if rule is not None:
        until = _UNTIL.search(rule)
        limit = _day(until.group(1)) if until else None
        return limit is None or limit + _length(event, starts) >= first
    return starts + _length(event, starts) >= first


def _length(event: list[str], starts: date) -> timedelta:
    """How long an event lasts at most, in days."""
    ends = _day(value_of(event, "DTEND"))
    if ends is not None:
        return max(ends - starts, timedelta())
    found = _DAYS.match((value_of(event, "DURATION") or "").strip().lstrip("+-"))
    weeks, days = (int(part or 0) for part in found.groups()) if found else (0, 0)
    return timedelta(days=7 * weeks + days + 1)


def _day(value: str | None) -> date | None:
    digits = _DATE.match((value or "").strip())
    if digits is None:
        return None
    try:
        return date(int(digits[0][:4]), int(digits[0][4:6]), int(digits[0][6:]))
    except ValueError:
        return None


def _name(line: str) -> str:
    return re.split("[;:]", line, maxsplit=1)[0].strip().upper()


def value_of(lines: list[str], name: str) -> str | None:
    """The value of the first property of this name, parameters left out."""
    for line in lines:
        if line[: len(name)].upper() == name and line[len(name) : len(name) + 1] in (":", ";"):
            # A colon within a quoted parameter is not the one before the value.
            return re.sub('"[^"]*"', "", line).partition(":")[2].strip()
    return None
