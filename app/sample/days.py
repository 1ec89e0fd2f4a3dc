"""Days of the sample territory, written as distances from the day on which it is loaded.

`D-3` is three calendar days before, `D0` the day itself, `D+7` a week later. `W+2` is the second working day (Monday to
Friday) after it, `W-1` the last working day before it, and `W0` the day itself even on a Sunday, so that there is always
something to see. A time may follow: `W+2 09:30`, on the clock of a named time zone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = re.compile(r"([DW])([+-]\d{1,5}|0)")
_WORKING_DAYS = 5


class DayError(ValueError):
    """Text that is no day of the sample territory."""


@dataclass(frozen=True, slots=True)
class Days:
    """Turns distances into dates and instants. `loaded_at` is aware; `home` is the organisation's IANA time zone."""

    loaded_at: datetime
    home: str

    @property
    def anchor(self) -> date:
        """The day of loading, as the organisation's calendar has it."""
        return self.loaded_at.astimezone(ZoneInfo(self.home)).date()

    def day(self, text: str) -> date:
        """`D-3` or `W+2` as a date."""
        found = _DAY.fullmatch(text)
        if found is None:
            raise DayError(f"{text!r} is not a day such as D-3, D0 or W+2")
        distance = int(found[2])
        return self.anchor + timedelta(days=distance) if found[1] == "D" else working_day(self.anchor, distance)

    def instant(self, text: str, zone: str) -> datetime:
        """`W+2 09:30` on the clock of `zone`, as UTC."""
        day, _, clock = text.partition(" ")
        try:
            local = datetime.combine(self.day(day), time.fromisoformat(clock), ZoneInfo(zone))
        except ValueError as fault:
            raise DayError(f"{text!r} is not a day and a time such as D-3 09:00") from fault
        return local.astimezone(UTC)

    def past_instant(self, text: str, zone: str) -> datetime:
        """As `instant`, for what has happened: never later than loading."""
        return min(self.instant(text, zone), self.loaded_at.astimezone(UTC))


def working_day(start: date, distance: int) -> date:
    """The `distance`-th day from Monday to Friday after (or before) `start`; `start` itself for 0."""
    step, day = (1 if distance > 0 else -1), start
    for _ in range(abs(distance)):
        day += timedelta(days=step)
        while day.weekday() >= _WORKING_DAYS:
            day += timedelta(days=step)
    return day
