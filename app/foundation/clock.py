"""The one clock. Logic takes the time as an argument; edges ask here, and tests set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset: timedelta = timedelta()
_fixed: datetime | None = None


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _fixed if _fixed is not None else datetime.now(UTC) + _offset


def today(time_zone: str = "UTC") -> date:
    """The calendar day of `now()` in an IANA time zone."""
    return now().astimezone(ZoneInfo(time_zone)).date()


@contextmanager
def fixed(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` (aware) for the length of a block."""
    global _fixed
    if instant.tzinfo is None:
        raise ValueError("the clock takes an aware instant; give it a time zone")
    before, _fixed = _fixed, instant.astimezone(UTC)
    try:
        yield
    finally:
        _fixed = before


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Run the clock ahead (or behind) by `by` for the length of a block."""
    global _offset
    before, _offset = _offset, _offset + by
    try:
        yield
    finally:
        _offset = before
