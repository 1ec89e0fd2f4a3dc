"""When a rep is told about a visit. Pure: visit, preferences, zone, what was told and now go in, due notices come out.

- *Lead*: some minutes before the visit. A lead that would fall into quiet hours or on a day off leaves when they end, if
  that is ten minutes or more before the visit, else in the last minute before them; that one is left out when the evening
  before says the same.
- *Evening*: for the first visit of a day, at the given time on the day before, or on the last working day before that.
- What is due already leaves now: a lead until the visit starts, an evening notice for half an hour, and for three hours where
  it is on its way already and its channel did not take it yet.
- Nothing leaves in quiet hours or on a day off, nothing after the visit has started, nothing twice.

Times of day are those on the rep's wall. Where a clock is put forward, a time that does not exist is the one that many
minutes after the gap; where it is put back, quiet hours hold both times round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LEAST_AHEAD = timedelta(minutes=10)
EVENING_GRACE, EVENING_PATIENCE = timedelta(minutes=30), timedelta(hours=3)
# Who was told of a start by an update within this time before another notice is due knows it.
RECENT = timedelta(minutes=30)
# A visit that moves by less is where it was.
MOVED = timedelta(minutes=5)
# No notice leaves longer before its visit, not with one working day a week and quiet hours on its evening.
HORIZON = timedelta(days=16)
EVENING, LEAD, UPDATE = "evening", "lead", "update"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a rep wants to be told. `quiet_from` = `quiet_to` is no quiet hours; `working_days` are ISO, 1 is Monday."""

    lead: timedelta = timedelta(minutes=60)
    evening_before: bool = True
    evening_at: time = time(18)
    quiet_from: time = time(21)
    quiet_to: time = time(7)
    working_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Preferences:
        """From the columns as they are stored."""
        return cls(
            timedelta(minutes=row["lead_minutes"]),
            row["evening_before"],
            time.fromisoformat(row["evening_at"]),
            time.fromisoformat(row["quiet_from"]),
            time.fromisoformat(row["quiet_to"]),
            frozenset(row["working_days"]),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """A notice and the instant at which it is to leave."""

    slot: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that left, or was left out for good: its slot, the start that it spoke of, and when."""

    slot: str
    starts_at: datetime
    at: datetime


def due_notices(
    start: datetime,
    first_of_day: bool,
    preferences: Preferences,
    zone: ZoneInfo,
    told: Sequence[Told],
    now: datetime,
    under_way: Collection[str] = (),
) -> list[Due]:
    """What is still to be told of a visit that starts at `start`, soonest first; what is late is due now.

    `under_way` are slots that were begun, and that some channel did not take yet.
    """
    done = {one.slot for one in told}
    found = []
    for due in wanted(start, first_of_day, preferences, zone):
        if due.slot in done or _is_known(due, start, told):
            continue
        grace = EVENING_PATIENCE if due.slot in under_way else EVENING_GRACE
        at = due.at if due.at > now else _late(due, start, preferences, zone, now, grace)
        if at is not None:
            found.append(Due(due.slot, at))
    return sorted(found, key=lambda due: due.at)


@lru_cache(maxsize=65_536)
def wanted(start: datetime, first_of_day: bool, preferences: Preferences, zone: ZoneInfo) -> tuple[Due, ...]:
    """What a rep should be told of a visit, and when, had nothing been told and no time passed."""
    lead, moved_back = _lead(start, preferences, zone)
    evening = _evening(start, preferences, zone) if first_of_day and preferences.evening_before else None
    if evening is not None and (lead is None or moved_back):
        return (Due(slot_of(EVENING, start), evening),)
    if lead is None:
        return ()
    due = Due(slot_of(LEAD, start), lead)
    return (due,) if evening is None or lead <= evening else (Due(slot_of(EVENING, start), evening), due)


def is_moved(start: datetime, told: Iterable[Told]) -> bool:
    """Whether something was told of another start than this one."""
    return any(abs(one.starts_at - start) >= MOVED for one in told)


@lru_cache
def zone_of(name: str) -> ZoneInfo:
    """The time zone of a user; UTC where this machine knows no such one, so that nobody else waits for it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def slot_of(kind: str, start: datetime) -> str:
    """The name of a notice: what it is and the start that it speaks of (`lead:20261122T0800`)."""
    return f"{kind}:{start.astimezone(UTC):%Y%m%dT%H%M}"


def allowed_from(instant: datetime, start: datetime, preferences: Preferences, zone: ZoneInfo) -> datetime | None:
    """The first moment from `instant` on at which the rep may be told; None when the visit has started by then."""
    at = _next_allowed(instant, preferences, zone)
    return at if at is not None and at < start else None


def is_allowed(instant: datetime, preferences: Preferences, zone: ZoneInfo) -> bool:
    """Whether a rep may be told something at this moment: a working day, and no quiet hours."""
    local = instant.astimezone(zone)
    return local.isoweekday() in preferences.working_days and not _is_quiet(local.time(), preferences)


# --- the two notices -----------------------------------------------------------------------------------------------


def _lead(start: datetime, preferences: Preferences, zone: ZoneInfo) -> tuple[datetime | None, bool]:
    """When the lead leaves, and whether it had to leave earlier than asked for."""
    at = _floor(start - preferences.lead)
    if is_allowed(at, preferences, zone):
        return at, False
    later = _next_allowed(at, preferences, zone)
    if later is not None and later <= start - LEAST_AHEAD:
        return later, False
    return _last_allowed(at, preferences, zone), True


def _evening(start: datetime, preferences: Preferences, zone: ZoneInfo) -> datetime | None:
    day = start.astimezone(zone).date() - DAY
    at = _instant(day, preferences.evening_at, zone)
    return at if is_allowed(at, preferences, zone) else _last_allowed_evening(at, preferences, zone)


def _last_allowed_evening(at: datetime, preferences: Preferences, zone: ZoneInfo) -> datetime | None:
    """The evening hour of the last working day before; in quiet hours, the last minute before them."""
    day = at.astimezone(zone).date()
    for _ in range(7):
        if day.isoweekday() in preferences.working_days:
            evening = _instant(day, preferences.evening_at, zone)
            return evening if is_allowed(evening, preferences, zone) else _last_allowed(evening, preferences, zone)
        day -= DAY
    return None


def _late(
    due: Due, start: datetime, preferences: Preferences, zone: ZoneInfo, now: datetime, grace: timedelta
) -> datetime | None:
    """When something leaves whose time has come or passed; an evening notice within its grace."""
    if due.slot.startswith(EVENING):
        soon = now - due.at <= grace and now < start
        return now if soon and is_allowed(now, preferences, zone) else None
    return allowed_from(now, start, preferences, zone)


def _is_known(due: Due, start: datetime, told: Iterable[Told]) -> bool:
    """Whether the same was said of about this start, or an update told of it shortly before or since."""
    kind = due.slot.partition(":")[0]
    near = [one for one in told if abs(one.starts_at - start) < MOVED]
    if any(one.slot.partition(":")[0] == kind for one in near):
        return True
    return any(one.slot.startswith(UPDATE) and one.at > due.at - RECENT for one in near)


# --- the clock on the wall -----------------------------------------------------------------------------------------


def _is_quiet(wall: time, preferences: Preferences) -> bool:
    begin, end = preferences.quiet_from, preferences.quiet_to
    if begin <= end:
        return begin <= wall < end
    return wall >= begin or wall < end


def _floor(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, zone).astimezone(UTC)


def _next_allowed(instant: datetime, preferences: Preferences, zone: ZoneInfo) -> datetime | None:
    """The first allowed moment from `instant` on, within the horizon: quiet hours and days off end at times that are known."""
    at, latest = instant, instant + HORIZON
    while at <= latest:
        if is_allowed(at, preferences, zone):
            return at
        day = at.astimezone(zone).date()
        ends = (_both(one, wall, zone) for one in (day, day + DAY) for wall in (time(0), preferences.quiet_to))
        at = min(end for pair in ends for end in pair if end > at)
    return None


def _last_allowed(instant: datetime, preferences: Preferences, zone: ZoneInfo) -> datetime | None:
    """The last allowed minute before `instant`, within the horizon."""
    at, earliest = instant, instant - HORIZON
    while at >= earliest:
        if is_allowed(at, preferences, zone):
            return at
        day = at.astimezone(zone).date()
        begins = (_both(one, wall, zone) for one in (day - DAY, day) for wall in (time(0), preferences.quiet_from))
        at = max(begin - MINUTE for pair in begins for begin in pair if begin - MINUTE < at)
    return None


def _both(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instant at which a clock shows this time, and the second one where it does so twice."""
    local = datetime.combine(day, wall, zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
