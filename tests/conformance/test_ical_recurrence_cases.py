"""The calendars of recurring-ical-events' own tests, nearly all from reports of what calendar software really writes.

They come with the library. Each goes through our reader: nothing that the library finds is lost, two events never have the
same name, and a name does not depend on the days that are looked at, for by it a visit is known again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from recurring_ical_events.errors import BadRuleStringFormat

from app.calendars.expand import expand
from app.calendars.ical import CalendarDocument, Occurrence, ParsedCalendar

FOLDER = Path(str(files("recurring_ical_events"))) / "test" / "calendars"
CASES = sorted(FOLDER.rglob("*.ics"))
MOST_YEARS = 3
_STARTS = re.compile(rb"^DTSTART[^:]*:(\d{4})", re.MULTILINE)
_ZONE = re.compile(rb"^X-WR-TIMEZONE:(\S+)", re.MULTILINE)
# A rule of times that ends on a date ends with that day: it may take place once more than by the letter.
_ENDS_ON_A_DATE = re.compile(rb"^RRULE:.*UNTIL=\d{8}(?!T)", re.MULTILINE)


def zone_of(case: Path) -> ZoneInfo:
    """Where dates and floating times of a calendar are meant."""
    named = _ZONE.search(case.read_bytes())
    return ZoneInfo(named[1].decode() if named and named[1] != b"UTC" else "Europe/Berlin")


def read(case: Path, since: date, until: date) -> ParsedCalendar:
    zone = zone_of(case)
    first, last = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (since, until))
    return expand(CalendarDocument(case.read_bytes(), first, last, zone.key))


def years(case: Path) -> Iterator[tuple[date, date, ParsedCalendar]]:
    """What takes place in each year, where it could all be read."""
    begun = sorted({int(year) for year in _STARTS.findall(case.read_bytes())})
    for year in begun[-MOST_YEARS:]:
        since, until = date(year, 1, 1), date(year + 1, 1, 1)
        parsed = read(case, since, until)
        if not parsed.faults:
            yield since, until, parsed


def by_the_library(case: Path, since: date, until: date) -> set[tuple[datetime, str]]:
    """(start, words) of what it finds itself. Raises BadRuleStringFormat."""
    zone = zone_of(case)

    def moment(value: date) -> datetime:
        given: Any = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)

    first, last = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (since, until))
    return {
        (moment(event["DTSTART"].dt), str(event.get("SUMMARY", "")).strip()[:40])
        for calendar in icalendar.Calendar.from_ical(case.read_bytes(), multiple=True)
        for event in recurring_ical_events.of(calendar).between(first, last)
    }


def name(one: Occurrence) -> tuple[str, str]:
    return one.uid, one.recurrence_id


def test_the_cases_are_there() -> None:
    assert len(CASES) > 80


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_takes_place_is_found_and_nothing_has_the_name_of_another(case: Path) -> None:
    for since, until, parsed in years(case):
        names = [name(one) for one in parsed.occurrences]
        assert len(set(names)) == len(names)
        try:
            expected = by_the_library(case, since, until)
        except BadRuleStringFormat:  # of another year: the library reads all or nothing
            continue
        private = {one.starts_at for one in parsed.occurrences if one.private}
        ours = {(one.starts_at, one.summary[:40]) for one in parsed.occurrences if not one.private}
        missing, more = {one for one in expected if one[0] not in private} - ours, ours - expected
        assert not missing
        assert len(more) <= (_ENDS_ON_A_DATE.search(case.read_bytes()) is not None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_name_does_not_depend_on_the_days_that_are_looked_at(case: Path) -> None:
    for since, until, parsed in years(case):
        named = {name(one): one.starts_at for one in parsed.occurrences}
        later = read(case, since + timedelta(days=97), until)
        assert later.faults == ()
        assert {name(one): one.starts_at for one in later.occurrences}.items() <= named.items()
