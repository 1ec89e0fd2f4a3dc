"""When periodic work is due: every so often, or by a cron expression in a time zone. Pure.

A *slot* names one due moment; whoever writes the job of a slot first has written it for all. Slots that passed while no
process ran are made up for by one job, not by many.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim

SECOND = timedelta(seconds=1)
CHANGE = timedelta(hours=3)


class Schedule(Protocol):
    """Periodic work of one kind."""

    @property
    def kind(self) -> str:
        """The kind of the jobs."""

    def slot(self, now: datetime) -> int:
        """The newest slot that is due at `now`."""

    def after(self, now: datetime) -> datetime:
        """The instant, later than `now`, when the next slot is due."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One job of `kind` for every slot of `every`, counted from 1970 in UTC."""

    kind: str
    every: timedelta

    def slot(self, now: datetime) -> int:
        """How many times `every` has passed since 1970."""
        return int(now.timestamp() // self.every.total_seconds())

    def after(self, now: datetime) -> datetime:
        """The beginning of the next slot."""
        return datetime.fromtimestamp((self.slot(now) + 1) * self.every.total_seconds(), UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """One job of `kind` at every moment of a cron expression (five fields, or six with seconds first) in an IANA time zone.

    Local times that a change of daylight saving skips or repeats follow Debian's cron: work at a fixed hour runs once that
    day (cronsim, "Special Considerations for DST"). Raises CronSimError for an expression that is none, and
    ZoneInfoNotFoundError for an unknown zone.
    """

    kind: str
    expression: str
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        CronSim(self.expression, datetime(2026, 1, 1, tzinfo=self._zone))

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def slot(self, now: datetime) -> int:
        """The POSIX time of the newest due moment that is not later than `now`."""
        here = now.astimezone(self._zone)
        # The search backwards leaves out its own beginning: begin a second later than the second that `now` is in. It goes
        # by local time, so in the hours after a change of the clocks what is past may still be ahead.
        changed = here.utcoffset() != (now - CHANGE).astimezone(self._zone).utcoffset()
        begin = (now.astimezone(UTC).replace(microsecond=0) + (CHANGE if changed else SECOND)).astimezone(self._zone)
        due = CronSim(self.expression, begin, reverse=True)
        return next(int(moment.timestamp()) for moment in due if moment.timestamp() <= now.timestamp())

    def after(self, now: datetime) -> datetime:
        """The next due moment."""
        due = CronSim(self.expression, now.astimezone(self._zone))
        return next(moment.astimezone(UTC) for moment in due if moment.timestamp() > now.timestamp())
