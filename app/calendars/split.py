"""A calendar's text cut into series, so that one broken event costs itself alone and old ones cost nothing.

Works on lines and knows only what it needs of RFC 5545: folding (§ 3.1), BEGIN and END (§ 3.6), and the names of a few
properties. What is kept is read by `icalendar` afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from app.calendars.ical import NotACalendar

BEGIN, END = "BEGIN:VCALENDAR", "END:VCALENDAR"
MARGIN = timedelta(days=2)  # a date says nothing of its zone
_FOLD = re.compile(r"\r?\n[ \t]|\r[ \t]")
_LINES = re.compile(r"\r\n|\r|\n")
_BLOCK = re.compile(r"^BEGIN:(VEVENT|VTIMEZONE|VTODO|VJOURNAL|VFREEBUSY|VALARM)[ \t]*$", re.IGNORECASE)
_NAME = re.compile(r"[^;:]*")
_DATE = re.compile(r"[0-9]{8}")
_UNTIL = re.compile(r"UNTIL=([0-9]{8})", re.IGNORECASE)
_DAYS = re.compile(r"P(?:(\d{1,4})W|(\d{1,4})D)?", re.IGNORECASE)


@dataclass
class Part:
    """One VCALENDAR of a document: its properties, the first of each name, and the time zones that it defines, by TZID."""

    properties: dict[str, str] = field(default_factory=dict)
    time_zones: dict[str, list[str]] = field(default_factory=dict)

    @property
    def cancels(self) -> bool:
        """Whether it takes away what it names (RFC 5546 § 3.2.5)."""
        return self.properties.get("METHOD", "").upper() == "CANCEL"


@dataclass
class Series:
    """Every VEVENT of one UID, as unfolded lines without BEGIN and END, and the VCALENDAR that each is in."""

    uid: str
    events: list[list[str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    ambiguous: bool = False

    def keep_newest(self) -> None:
        """Of events that each say to be the whole of it keep the newest, by SEQUENCE and time stamps; the last, in doubt."""
        if len(self.events) < 2:
            return
        whole = [at for at, event in enumerate(self.events) if value_of(event, "RECURRENCE-ID") is None]
        if len(whole) < 2:
            return
        newest = max(whole, key=lambda at: (_age(self.events[at]), at))
        doubtful = [at for at in whole if _age(self.events[at]) == _age(self.events[newest])]
        self.ambiguous = any(self.events[at] != self.events[newest] for at in doubtful)
        gone = set(whole) - {newest}
        kept = [at for at in range(len(self.events)) if at not in gone]
        self.events, self.parts = [self.events[at] for at in kept], [self.parts[at] for at in kept]

    @property
    def recurring(self) -> bool:
        """Whether it may take place more than once."""
        return any(name_of(line) in ("RRULE", "RDATE", "RECURRENCE-ID") for event in self.events for line in event)

    def may_touch(self, first: date, last: date) -> bool:
        """Whether anything of it can lie between two days; when in doubt, yes."""
        return any(_event_may_touch(event, first - MARGIN, last + MARGIN) for event in self.events)


@dataclass
class Parts:
    """A document in parts: its calendars, of which there may be several (§ 3.4), and its series by UID, in order."""

    calendars: list[Part] = field(default_factory=list)
    series: dict[str, Series] = field(default_factory=dict)
    cut_off: int = 0
    ended: bool = False

    def told(self, name: str) -> str:
        """A property of the first of its calendars that has it; "" when none does."""
        return next((one.properties[name] for one in self.calendars if one.properties.get(name)), "")


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
        return "".join(_decoded_line(line) for line in joined.splitlines(keepends=True))


def _decoded_line(line: bytes) -> str:
    """A line by itself: what several programs wrote may be in several encodings."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def lines_of(text: str) -> list[str]:
    """The lines of a calendar: other characters that break lines elsewhere are part of its words."""
    return _LINES.split(text)


def split(text: str) -> Parts:
    """Cut a document into its parts. Raises NotACalendar when it is none."""
    text = _FOLD.sub("", text)
    start = text.lstrip()[:200].upper()
    if not start.startswith("BEGIN:VCALENDAR"):
        what = "a web page" if start.startswith(("<!DOCTYPE HTML", "<HTML")) else "something else"
        raise NotACalendar(f"It begins like {what}, not with BEGIN:VCALENDAR." if start else "It is empty.")
    parts = Parts([Part()])
    lines = iter(lines_of(text))
    for line in lines:
        block = _BLOCK.match(line)
        mark = "" if block is not None else line.strip("\ufeff \t").upper()
        if block is not None:
            _take(parts, block.group(1).upper(), lines)
        elif mark == BEGIN:
            _begin(parts)
        elif mark == END:
            parts.ended = True
        else:
            name, _, value = line.partition(":")
            parts.calendars[-1].properties.setdefault(name.partition(";")[0].strip().upper(), value.strip())
    for series in parts.series.values():
        series.keep_newest()
        series.events = [
            _cancelled(event) if part.cancels else event
            for event, part in zip(series.events, series.parts, strict=True)
        ]
    return parts


def _cancelled(event: list[str]) -> list[str]:
    return [*(line for line in event if name_of(line) != "STATUS"), "STATUS:CANCELLED"]


def _begin(parts: Parts) -> None:
    parts.calendars.append(Part())
    parts.ended = False


def _take(parts: Parts, kind: str, lines: Iterator[str]) -> None:
    """Read one block; one that the next begins within was cut off, and that next one is read instead."""
    while True:
        content, ended_by = _content(kind, lines)
        if ended_by is None:
            break
        parts.cut_off += 1
        kind = ended_by
        if kind == BEGIN:
            _begin(parts)
        if not kind or kind == BEGIN:
            return
    if kind == "VEVENT":
        uid = next((line.partition(":")[2].strip() for line in content if name_of(line) == "UID"), "")
        uid = uid or _made_up_uid(content)
        series = parts.series.setdefault(uid, Series(uid))
        series.events.append(content)
        series.parts.append(parts.calendars[-1])
    elif kind == "VTIMEZONE":
        parts.calendars[-1].time_zones.setdefault(unescaped(value_of(content, "TZID") or ""), content)


def _made_up_uid(event: list[str]) -> str:
    """A name for an event that has none, against § 3.6.1: the same as long as time and words are. It tells neither."""
    said = f"{value_of(event, 'DTSTART')} {value_of(event, 'SUMMARY')}"
    return f"no-uid-{sha256(said.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _content(kind: str, lines: Iterator[str]) -> tuple[list[str], str | None]:
    """The lines up to the end of a block, alarms left out; and the kind of what began within, "" for the end."""
    content: list[str] = []
    alarm = False
    for line in lines:
        mark = line.strip().upper()
        if mark == f"END:{kind}":
            return content, None
        if mark in ("BEGIN:VALARM", "END:VALARM"):
            alarm = mark.startswith("BEGIN")
        elif mark == END:
            break
        elif mark == BEGIN:
            return content, BEGIN
        elif (block := _BLOCK.match(mark)) is not None:
            return content, block.group(1)
        elif not alarm and line.strip():
            content.append(line)
    return content, ""


def _age(event: list[str]) -> tuple[int, str]:
    """What says which of two is newer: how often it was changed, and when."""
    sequence = value_of(event, "SEQUENCE") or ""
    stamp = value_of(event, "LAST-MODIFIED") or value_of(event, "DTSTAMP") or ""
    return int(sequence[:9]) if sequence[:9].isdecimal() else 0, stamp


def _event_may_touch(event: list[str], first: date, last: date) -> bool:
    starts = _day(value_of(event, "DTSTART"))
    if starts is None:
        return True
    with suppress(OverflowError):  # until the year 9999, and a day
        return _dates_may_touch(event, starts, first, last)
    return True


def _dates_may_touch(event: list[str], starts: date, first: date, last: date) -> bool:
    if starts > last:
        # Its place in the series may be earlier, which is still told of by its RECURRENCE-ID.
        return any(name_of(line) in ("RDATE", "RECURRENCE-ID") for line in event)
    if any(name_of(line) in ("RDATE", "RECURRENCE-ID") for line in event):
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


def name_of(line: str) -> str:
    """The name of the property in a line, in upper case."""
    found = _NAME.match(line)
    return found[0].strip().upper() if found else ""


def value_of(lines: list[str], name: str) -> str | None:
    """The value of the first property of this name, parameters left out."""
    for line in lines:
        if line[: len(name)].upper() == name and line[len(name) : len(name) + 1] in (":", ";"):
            # A colon within a quoted parameter is not the one before the value.
            return re.sub('"[^"]*"', "", line).partition(":")[2].strip()
    return None


def unescaped(value: str) -> str:
    """A text value as it is meant (§ 3.3.11)."""
    return re.sub(r"\\([\\;,nN])", lambda found: {"n": "\n", "N": "\n"}.get(found[1], found[1]), value)
