"""Dates and times as other systems write them: formats, time zones, clock changes, and moving them by whole days."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.connectors.memo import Memo

_DIGITS = {
    "d": r"(?P<d>\d{1,2})",
    "m": r"(?P<m>\d{1,2})",
    "Y": r"(?P<Y>\d{4})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "%": "%",
}
_ORDER = "YmdHMS"
Parse = Callable[[str], datetime]


class DateFault(ValueError):
    """A text that is no date, or a date that does not exist."""


def parser(formats: Sequence[str]) -> Parse:
    """A function from text to a datetime (naive, unless the text has an offset); DateFault for what fits no format.

    Formats are those of strptime, tried in order; without any, ISO 8601.
    """
    if not formats:
        return _iso
    attempts = [_halves(text) or _digits(text) or _strptime(text) for text in formats]

    def parse(text: str) -> datetime:
        fault: ValueError | None = None
        for attempt in attempts:
            try:
                found = attempt(text)
            except ValueError as error:
                fault = error
                continue
            if found is not None:
                return found
        if fault is not None:
            raise DateFault("no such date or time")
        raise DateFault(f"not written as {' or '.join(formats)}")

    return parse


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise DateFault("no date or time as ISO 8601 writes it; say under dates how this file does") from None


def _digits(text: str) -> Callable[[str], datetime | None] | None:
    """A fast reader of a format of digits alone; None when the format has more than that."""
    pattern, names = "", ""
    for directive, literal in re.findall(r"%(.)|([^%]+)", text):
        if directive and (directive not in _DIGITS or directive in names):
            return None
        pattern += _DIGITS[directive] if directive else re.escape(literal)
        names += directive.replace("%", "")
    if not {"Y", "m", "d"} <= set(names):
        return None
    matches = re.compile(pattern, re.ASCII)
    order = [name for name in _ORDER if name in names]
    if order != list(_ORDER[: len(order)]):
        return None
    groups = matches.fullmatch

    def read(cell: str) -> datetime | None:
        found = groups(cell)
        return None if found is None else datetime(*map(int, found.group(*order)))  # type: ignore[arg-type]  # noqa: DTZ001

    return read


def _halves(text: str) -> Callable[[str], datetime | None] | None:
    """As `_digits`, for a date, a space and a time: a file has few different days and few different times of day."""
    day, space, hour = text.partition(" ")
    days = _digits(day)
    if not space or days is None or re.fullmatch(r"%H:%M(:%S)?", hour) is None:
        return None
    clock = _digits(f"%Y %m %d {hour}")
    if clock is None:
        return None
    known_days: Memo[str, date | None] = Memo(lambda part: found.date() if (found := days(part)) else None)
    known_times: Memo[str, time | None] = Memo(
        lambda part: found.time() if (found := clock(f"2000 1 1 {part}")) else None
    )

    def read(cell: str) -> datetime | None:
        first, _, second = cell.partition(" ")
        on, at = known_days[first], known_times[second]
        return None if on is None or at is None else datetime.combine(on, at)

    return read


def _strptime(text: str) -> Callable[[str], datetime | None]:
    return lambda cell: datetime.strptime(cell, text)  # noqa: DTZ007


def to_instant(moment: datetime, zone: ZoneInfo, days: int, *, reject_gaps: bool) -> datetime:
    """The UTC instant of a local time moved by `days`.

    A time that comes twice when clocks go back is its first; one that is left out when they go forward is as much later.
    With `reject_gaps` both raise DateFault, and so does a date that cannot be moved so far.
    """
    try:
        moved = moment + timedelta(days=days) if days else moment
        if moved.tzinfo is not None:
            return moved.astimezone(UTC)
        if zone.key == "UTC":
            return moved.replace(tzinfo=UTC)
        local = moved.replace(tzinfo=zone)
        instant = local.astimezone(UTC)
    except OverflowError:
        raise DateFault("no such date when it is moved") from None
    if reject_gaps:
        if instant.astimezone(zone).replace(tzinfo=None) != moved:
            raise DateFault(f"this time was left out in {zone.key} when clocks went forward")
        if local.replace(fold=1).utcoffset() != local.utcoffset():
            raise DateFault(f"this time came twice in {zone.key} when clocks went back")
    return instant
