"""Calendars as programs write them, against the letter of RFC 5545: taken as everybody takes them, or left out by name."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendars.expand import expand
from app.calendars.ical import CalendarDocument, Occurrence, ParsedCalendar
from tests.support.calendars import calendar, event, fixed_zone, stockholm, utc

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TEN = stockholm("20260304T100000")
HOME = ZoneInfo("Europe/Stockholm")
HOUR = "DURATION:PT1H"


def read(body: bytes, days: int = 90) -> ParsedCalendar:
    return expand(CalendarDocument(body, NOW - timedelta(days=7), NOW + timedelta(days=days), "Europe/Stockholm"))


def times(found: Iterable[Occurrence]) -> list[str]:
    """When they take place, in Stockholm."""
    return [f"{one.starts_at.astimezone(HOME):%m-%d %H:%M}-{one.ends_at.astimezone(HOME):%H:%M}" for one in found]


def local(first: str, *days: int) -> list[str]:
    """`first` is a time in March, such as `10:00-11:00`."""
    return [f"03-{day:02} {first}" for day in days]


DAILY = (TEN, HOUR, "RRULE:FREQ=DAILY;COUNT=3")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # a day, where the series has times: the time of that day
        ((TEN, HOUR, "RDATE;VALUE=DATE:20260305,20260306"), local("10:00-11:00", 4, 5, 6)),
        ((*DAILY, "EXDATE;VALUE=DATE:20260305"), local("10:00-11:00", 4, 6)),
        ((*DAILY, "EXDATE:20260305T100000"), local("10:00-11:00", 4, 6)),
        ((TEN, HOUR, "RDATE:20260305T100000"), local("10:00-11:00", 4, 5)),
        ((TEN, HOUR, "RDATE;VALUE=PERIOD:20260305T090000Z/PT2H,20260306T090000Z/20260306T110000Z"),
         ["03-04 10:00-11:00", "03-05 10:00-12:00", "03-06 10:00-12:00"]),
        # how a rule ends
        ((TEN, HOUR, "RRULE:FREQ=DAILY;UNTIL=20260306T100000"), local("10:00-11:00", 4, 5, 6)),
        ((TEN, HOUR, "RRULE:FREQ=DAILY;UNTIL=20260306"), local("10:00-11:00", 4, 5, 6)),
        (("DTSTART:20260304T100000", HOUR, "RRULE:FREQ=DAILY;UNTIL=20260306T090000Z"), local("10:00-11:00", 4, 5, 6)),
        ((TEN, HOUR, "RRULE:RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT;COUNT=2"), local("10:00-11:00", 4, 5)),
        ((TEN, HOUR, "RRULE:FREQ=MONTHLY;UNTIL=99991231T235959Z"), ["03-04 10:00-11:00", "04-04 10:00-11:00", "05-04 10:00-11:00"]),
        # times
        (("DTSTART;TZID=America/New_York:20260304T090000Z", HOUR), local("10:00-11:00", 4)),
        (("DTSTART;TZID=europe/stockholm:20260304T100000", HOUR), local("10:00-11:00", 4)),
        (("DTSTART;TZID=tzone://Microsoft/Utc:20260304T090000", HOUR), local("10:00-11:00", 4)),
        (("DTSTART;TZID=GMT+0200:20260304T110000", HOUR), local("10:00-11:00", 4)),
        (("dtstart : 20260304t090060z", HOUR), local("10:00-11:00", 4)),
        (('DTSTART;X-WHY="a;TZID=Mars:b";TZID=Europe/Stockholm:20260304T100000', HOUR), local("10:00-11:00", 4)),
        (("DTSTART;VALUE=DATE:20260304", "DTEND;VALUE=DATE:20260304"), local("00:00-00:00", 4)),
    ],
)  # fmt: skip
def test_what_has_one_meaning_is_taken_so(lines: tuple[str, ...], expected: list[str]) -> None:
    parsed = read(calendar(event("m1", *lines)))
    assert (times(parsed.occurrences), parsed.faults) == (expected, ())


@pytest.mark.parametrize(
    "named", ["RECURRENCE-ID;VALUE=DATE:20260305", "RECURRENCE-ID:20260305T100000", "RECURRENCE-ID:20260305T090000Z"]
)
def test_a_change_to_one_of_a_series_is_of_that_one_however_it_is_named(named: str) -> None:
    moved = event("m1", stockholm("20260305T140000"), named, HOUR)
    parsed = read(calendar(event("m1", *DAILY), moved))
    assert times(parsed.occurrences) == ["03-04 10:00-11:00", "03-05 14:00-15:00", "03-06 10:00-11:00"]
    assert parsed.occurrences[1].recurrence_id == "20260305T090000Z"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((TEN, "DURATION:-PT1H"), "It ends before it starts."),
        (("DTSTART;VALUE=DATE:20260304", "DTEND:20260305T100000Z"), "It starts on a day and ends at a time."),
        ((*DAILY, "EXRULE:FREQ=DAILY;INTERVAL=2"), "It leaves dates out by a rule (EXRULE), which is out of use."),
        ((TEN, "RRULE:RSCALE=CHINESE;FREQ=YEARLY"), "It recurs by a calendar or a way of leaving out days that is not "
         "known here (RSCALE, SKIP)."),
        (("DTSTART:20260304T100000Z", "DTEND:99991231T235959Z"), "One of its dates is further away than a calendar goes."),
    ],
)  # fmt: skip
def test_what_has_none_is_left_out_and_said(lines: tuple[str, ...], said: str) -> None:
    parsed = read(calendar(event("odd", *lines), event("good", TEN)))
    assert [one.uid for one in parsed.occurrences] == ["good"]
    assert [(fault.uid, fault.detail) for fault in parsed.faults] == [("odd", said)]


def test_a_class_that_nobody_knows_is_private_and_what_is_said_twice_is_taken_once() -> None:
    (secret,) = read(calendar(event("m1", TEN, "CLASS:X-BOARD", "LOCATION:Clinic", summary="Secret"))).occurrences
    assert secret.private and (secret.summary, secret.place) == ("", "")
    (twice,) = read(calendar(event("m1", TEN, "SUMMARY:Again", "LOCATION:A", "LOCATION:B", summary="Once"))).occurrences
    assert (twice.summary, twice.place) == ("Once", "A")
    (mixed,) = read(calendar(event("m1", TEN, "CLASS:PUBLIC", "CLASS:PRIVATE"))).occurrences
    assert mixed.private


def test_a_place_that_was_picked_on_a_map() -> None:
    picked = (
        'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Storgatan 1, Gävle";X-TITLE="Norrvik Paper":geo:60.6,17.1'
    )
    (one,) = read(calendar(event("m1", TEN, picked))).occurrences
    assert one.place == "Norrvik Paper, Storgatan 1, Gävle"


def test_of_two_events_of_one_name_the_newest_is_taken_and_doubt_is_said() -> None:
    older, newer = event("m1", TEN, "SEQUENCE:1"), event("m1", stockholm("20260305T100000"), "SEQUENCE:2")
    for both in ((older, newer), (newer, older)):
        parsed = read(calendar(*both))
        assert (times(parsed.occurrences), parsed.faults) == (local("10:00-10:00", 5), ())
    parsed = read(calendar(event("m1", TEN), event("m1", stockholm("20260305T100000"))))
    assert [fault.problem for fault in parsed.faults] == ["event-ambiguous"] and len(parsed.occurrences) == 1


def test_a_cancellation_beside_another_calendar_takes_away_what_it_names_alone() -> None:
    body = calendar(event("m1", TEN)) + calendar(event("m2", TEN, "STATUS:CONFIRMED"), properties=["METHOD:CANCEL"])
    assert [(one.uid, one.cancelled) for one in read(body).occurrences] == [("m1", False), ("m2", True)]


def test_a_line_in_another_encoding_spoils_itself_alone() -> None:
    body = calendar(event("m1", TEN, "LOCATION:Gavle", summary="Malmö 🏭")).replace(b"Gavle", b"G\xe4vle")
    (one,) = read(body).occurrences
    assert (one.summary, one.place) == ("Malmö 🏭", "Gävle")


def test_a_calendar_that_says_utc_for_its_zone_says_nothing_of_floating_times() -> None:
    body = calendar(event("m1", "DTSTART:20260304T100000", HOUR), properties=["X-WR-TIMEZONE:UTC"])
    assert times(read(body).occurrences) == local("10:00-11:00", 4)


@pytest.mark.parametrize(
    ("tzid", "hours", "hour", "zone", "problems"),
    [
        ("Europe/Stockholm", 3, 9, "Europe/Stockholm", ["time-zone-differs"]),  # a name of the world
        ("/example.org/2020/Europe/Stockholm", 3, 9, "Europe/Stockholm", ["time-zone-differs"]),
        ("W. Europe Standard Time", 3, 7, None, []),  # a name of Windows, as that machine had it
        ("UTC+01:00", 3, 7, None, []),
        ("Arabian Standard Time", 4, 6, "Asia/Dubai", []),  # and where it agrees, the place is known
        ("(UTC+03:00) Our Plant\\, East; 2", 3, 7, None, []),
    ],
)
def test_whose_hours_hold_where_a_calendar_defines_a_zone_that_has_a_name(
    tzid: str, hours: int, hour: int, zone: str | None, problems: list[str]
) -> None:
    quoted = tzid.replace("\\", "")
    body = calendar(event("m1", f'DTSTART;TZID="{quoted}":20260304T100000'), zones=fixed_zone(tzid, hours))
    parsed = read(body)
    assert [(one.starts_at.hour, one.time_zone) for one in parsed.occurrences] == [(hour, zone)]
    assert [fault.problem for fault in parsed.faults] == problems


# -- random calendars --------------------------------------------------------------------------------------------------

WINDOWS = {"Europe/Stockholm": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time"}
LINE_ENDS = ["\r\n", "\n", "\r", "\r\r\n"]


def folded(line: str, end: str, chance: random.Random) -> str:
    """A line cut anywhere; after a lone CR as well."""
    cut, rest = [], line
    while len(rest) > 8 and chance.random() < 0.4:
        at = chance.randrange(1, len(rest))
        cut.append(rest[:at])
        rest = rest[at:]
    return (end[-2:] + chance.choice(" \t")).join([*cut, rest]) + end


class Written:
    """A series of visits, one a day, written in one of the many ways that programs have; and when it takes place."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.uid = f"m{number}"
        self.chance = chance
        self.zone = ZoneInfo(chance.choice([*WINDOWS, "Asia/Kolkata"]))
        self.first = datetime(2026, 3, 20, chance.randrange(6, 20), chance.choice([0, 30]), tzinfo=self.zone)
        self.length = timedelta(minutes=chance.choice([30, 60, 90]))
        self.days = chance.randrange(1, 14)
        self.left_out = {day for day in range(1, self.days) if chance.random() < 0.2}
        self.moved = {day for day in range(1, self.days) if chance.random() < 0.2} - self.left_out

    def on(self, day: int) -> datetime:
        """When that one takes place by the rule: at the same hour of its place."""
        return self.first + timedelta(days=day)

    def takes_place(self) -> list[tuple[datetime, datetime]]:
        """Starts and ends, in UTC."""
        starts = [self.on(day) for day in range(self.days) if day not in self.left_out | self.moved]
        starts += [self.on(day) + timedelta(hours=2) for day in self.moved]
        return sorted((at.astimezone(UTC), at.astimezone(UTC) + self.length) for at in starts)

    def lines(self) -> list[str]:
        """As VEVENTs."""
        chance = self.chance
        rule = chance.choice(["", self._rule()]) if self.days == 1 else self._rule()
        dates = [self._exdate(day) for day in sorted(self.left_out)]
        events = [[f"UID:{self.uid}", self._at("DTSTART", self.first), self._end(self.first), rule, *dates]]
        for day in self.moved:
            at = self.on(day) + timedelta(hours=2)
            events.append([f"UID:{self.uid}", self._named(day), self._at("DTSTART", at), self._end(at)])
        chance.shuffle(events)
        noise = ["SUMMARY:Möte 🏭 \\, hos Anna", "X-MOZ-GENERATION;TZID=Mars/Base:1", "DESCRIPTION:;TZID=Nowhere:"]
        found = []
        for one in events:
            body = [*filter(None, one), *chance.sample(noise, 2)]
            chance.shuffle(body)
            found += ["BEGIN:VEVENT", *body, "END:VEVENT"]
        return found

    def _at(self, name: str, moment: datetime) -> str:
        tzid = self.chance.choice([self.zone.key, WINDOWS.get(self.zone.key, self.zone.key), self.zone.key.lower()])
        quote = self.chance.choice(['"', ""])
        return f"{name};TZID={quote}{tzid}{quote}:{moment:%Y%m%dT%H%M%S}"

    def _end(self, at: datetime) -> str:
        minutes = self.length // timedelta(minutes=1)
        ends = (at.astimezone(UTC) + self.length).astimezone(self.zone)
        return self.chance.choice([f"DURATION:PT{minutes}M", self._at("DTEND", ends), f"DTEND:{utc(ends)}"])

    def _rule(self) -> str:
        last = self.on(self.days - 1)
        ends = self.chance.choice(
            [f"COUNT={self.days}", f"UNTIL={utc(last)}", f"UNTIL={last:%Y%m%dT%H%M%S}", f"UNTIL={last:%Y%m%d}"]
        )
        parts = ["FREQ=DAILY", ends, "INTERVAL=1"]
        self.chance.shuffle(parts)
        return f"RRULE:{';'.join(parts)}"

    def _exdate(self, day: int) -> str:
        at = self.on(day)
        return self.chance.choice([self._at("EXDATE", at), f"EXDATE:{utc(at)}", f"EXDATE;VALUE=DATE:{at:%Y%m%d}"])

    def _named(self, day: int) -> str:
        at, name = self.on(day), "RECURRENCE-ID"
        return self.chance.choice([self._at(name, at), f"{name}:{utc(at)}", f"{name};VALUE=DATE:{at:%Y%m%d}"])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_random_calendars_take_place_when_they_were_meant_to_however_they_are_written(seed: int) -> None:
    chance = random.Random(seed)
    end, mark = chance.choice(LINE_ENDS), chance.choice(["", "\ufeff"])
    series = [Written(number, chance) for number in range(3)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *(line for one in series for line in one.lines()), "END:VCALENDAR"]
    parsed = read((mark + "".join(folded(line, end, chance) for line in lines)).encode())
    assert parsed.faults == ()
    for one in series:
        found = [(took.starts_at, took.ends_at) for took in parsed.occurrences if took.uid == one.uid]
        assert found == one.takes_place()
