"""What takes place in a calendar, however it is written, and what is said of what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendars.expand import expand
from app.calendars.expand_pool import ExpandPool
from app.calendars.ical import (
    CalendarDocument,
    CalendarProblem,
    CalendarReaderLost,
    CalendarTimeout,
    NotACalendar,
    Occurrence,
    ParsedCalendar,
)
from tests.support.calendars import calendar, event, stockholm

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TEN = stockholm("20260304T100000")


@pytest.fixture(scope="module")
def pool() -> Iterator[ExpandPool]:
    pool = ExpandPool(size=1, timeout=30)
    yield pool
    pool.close()


def document(body: bytes, days: int = 90) -> CalendarDocument:
    return CalendarDocument(body, NOW - timedelta(days=7), NOW + timedelta(days=days), "Europe/Stockholm")


def read(*events: str, **more: list[str]) -> ParsedCalendar:
    return expand(document(calendar(*events, **more)))


def only(*events: str, **more: list[str]) -> Occurrence:
    (one,) = read(*events, **more).occurrences
    return one


def problems(parsed: ParsedCalendar) -> list[str]:
    return [fault.problem for fault in parsed.faults]


# -- what is read ------------------------------------------------------------------------------------------------------


def test_an_event_as_it_is() -> None:
    one = only(
        event("m1", TEN, "DURATION:PT90M", "LOCATION:Storgatan 1\\, Gävle", "SEQUENCE:3", summary="Réunion\\; pumps"),
        properties=["X-WR-CALNAME:Mine"],
    )
    assert (one.summary, one.place, one.sequence) == ("Réunion; pumps", "Storgatan 1, Gävle", 3)
    assert one.ends_at - one.starts_at == timedelta(minutes=90)
    assert (one.time_zone, one.recurrence_id, one.all_day) == ("Europe/Stockholm", "", False)


@pytest.mark.parametrize(
    ("start", "expected", "zone"),
    [
        ("DTSTART:20260304T100000Z", "2026-03-04T10:00", None),
        ("DTSTART:20260304T100000", "2026-03-04T09:00", "Europe/Stockholm"),  # floating: the rep's own
        ("DTSTART;TZID=America/New_York:20260304T100000", "2026-03-04T15:00", "America/New_York"),
        ('DTSTART;TZID="W. Europe Standard Time":20260304T100000', "2026-03-04T09:00", "Europe/Berlin"),
        ("DTSTART;TZID=Tokyo Standard Time:20260304T100000", "2026-03-04T01:00", "Asia/Tokyo"),
        (
            "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Oslo:20260304T100000",
            "2026-03-04T09:00",
            "Europe/Oslo",
        ),
        ("DTSTART;VALUE=DATE:20260304", "2026-03-03T23:00", "Europe/Stockholm"),
    ],
)
def test_when_it_begins(start: str, expected: str, zone: str | None) -> None:
    one = only(event("m1", start))
    assert one.starts_at.isoformat()[:16] == expected
    assert one.time_zone == zone


CUSTOM = [
    "BEGIN:VTIMEZONE", "TZID:Our Plant", "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0500",
    "TZOFFSETTO:+0430", "END:STANDARD", "END:VTIMEZONE",
]  # fmt: skip


def test_a_zone_that_the_calendar_defines_holds_in_that_calendar_alone() -> None:
    start = "DTSTART;TZID=Our Plant:20260304T100000"
    assert only(event("m1", start), zones=CUSTOM).starts_at == datetime(2026, 3, 4, 5, 30, tzinfo=UTC)
    assert problems(read(event("m1", start))) == ["unknown-time-zone"]


def test_floating_times_are_in_the_zone_that_the_calendar_names() -> None:
    one = only(event("m1", "DTSTART:20260304T100000"), properties=["X-WR-TIMEZONE:America/New_York"])
    assert (one.starts_at.hour, one.time_zone) == (15, "America/New_York")


def test_a_private_event_says_when_and_nothing_else() -> None:
    for kind in ("PRIVATE", "confidential"):
        one = only(
            event("m1", TEN, f"CLASS:{kind}", "LOCATION:Clinic", "ATTENDEE:mailto:dr@x.example", summary="Secret")
        )
        assert one.private and (one.summary, one.place, one.attendees) == ("", "", ())


def test_people_are_taken_once_and_rooms_are_none() -> None:
    one = only(
        event(
            "m1",
            TEN,
            "ORGANIZER;CN=Me:mailto:me@x.example",
            'ATTENDEE;CN="Berg, Anna";PARTSTAT=DECLINED:MAILTO:Anna@X.example',
            "ATTENDEE:mailto:anna@x.example",
            "ATTENDEE;CUTYPE=ROOM:mailto:room@x.example",
            "ATTENDEE;EMAIL=bo@x.example:urn:uuid:1",
            "ATTENDEE:mailto:not an address",
        )
    )
    assert [(who.email, who.name, who.status) for who in one.attendees] == [
        ("anna@x.example", "Berg, Anna", "declined"),
        ("bo@x.example", None, "needs-action"),
        ("me@x.example", "Me", "accepted"),
    ]


def test_many_people_are_cut() -> None:
    crowd = [f"ATTENDEE:mailto:p{number}@x.example" for number in range(5000)]
    assert len(only(event("m1", TEN, *crowd)).attendees) == 100


def test_cancelled_by_its_status_or_by_the_method_of_the_document() -> None:
    assert only(event("m1", TEN, "STATUS:CANCELLED")).cancelled
    assert only(event("m1", TEN), properties=["METHOD:CANCEL"]).cancelled


def test_folded_lines_may_cut_a_character_in_two() -> None:
    line = "SUMMARY:Gävle".encode()
    cut = line[:10] + b"\r\n " + line[10:]
    body = calendar(event("m1", TEN)).replace(b"SUMMARY:Meeting", cut)
    assert expand(document(body)).occurrences[0].summary == "Gävle"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_than_the_right_one(encoding: str) -> None:
    body = calendar(event("m1", TEN, summary="Gävle")).decode().encode(encoding)
    assert expand(document(body)).occurrences[0].summary == "Gävle"


def test_line_ends_of_all_kinds_and_alarms_and_tasks_within() -> None:
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT5M", "SUMMARY:Wake", "UID:a1", "END:VALARM")
    text = calendar(event("m1", TEN, *alarm), "BEGIN:VTODO\r\nUID:t1\r\nEND:VTODO\r\n").decode()
    for end in ("\n", "\r", "\r\n"):
        (one,) = expand(document(text.replace("\r\n", end).encode())).occurrences
        assert (one.uid, one.summary) == ("m1", "Meeting")


# -- what is not -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"BEGIN:VCARD\r\nEND:VCARD", b"\x00\xff\xfe" * 50, b"{}"])
def test_what_is_no_calendar(body: bytes) -> None:
    with pytest.raises(NotACalendar):
        expand(document(body))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((TEN, "RRULE:FREQ=SECONDLY"), "event-recurs-too-often"),
        ((TEN, "RRULE:FREQ=DAILY;INTERVAL=0"), "event-recurs-too-often"),
        ((TEN, "RRULE:FREQ=MINUTELY;BYHOUR=9"), "event-recurs-too-often"),
        ((TEN, "RRULE:FREQ=HOURLY"), "event-recurs-too-often"),
        ((TEN, "RRULE:FREQ=FORTNIGHTLY"), "unreadable-event"),
        ((TEN, "RRULE:FREQ=WEEKLY;BYDAY=XX"), "unreadable-event"),
        ((TEN, "DTEND;TZID=Europe/Stockholm:20260303T100000"), "unreadable-event"),
        (("DTSTART;TZID=Mars/Olympus:20260304T100000",), "unknown-time-zone"),
        (("DTSTART;TZID=../../etc/passwd:20260304T100000",), "unknown-time-zone"),
        (("DTSTART:tomorrow",), "unreadable-event"),
        (("DTSTART:20261399T100000Z",), "unreadable-event"),
        (("DESCRIPTION:no start at all",), "unreadable-event"),
    ],
)
def test_one_bad_event_is_named_and_costs_itself_alone(pool: ExpandPool, lines: tuple[str, ...], problem: str) -> None:
    parsed = pool(document(calendar(event("bad", *lines, summary="Bad"), event("good", TEN))))
    assert [one.uid for one in parsed.occurrences] == ["good"]
    assert [(fault.problem, fault.event, fault.uid) for fault in parsed.faults] == [(problem, "Bad", "bad")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("DTSTART:tomorrow",), "Its start (DTSTART) cannot be read."),
        ((TEN, "DTEND:noon"), "Its end (DTEND) cannot be read."),
    ],
)
def test_what_cannot_be_read_is_said_in_words(lines: tuple[str, ...], said: str) -> None:
    (fault,) = read(event("bad", *lines)).faults
    assert fault.detail == said


def test_a_rule_that_never_comes_true_costs_its_budget_and_no_more(pool: ExpandPool) -> None:
    never = event("never", stockholm("20260101T100000"), "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    parsed = pool(document(calendar(never, event("good", TEN))))
    assert [one.uid for one in parsed.occurrences] == ["good"]
    assert problems(parsed) == ["event-recurs-too-often"]


def test_a_fault_of_a_private_event_names_nothing_of_it() -> None:
    (fault,) = read(event("bad", "DTSTART:Secret", "CLASS:PRIVATE", summary="Secret")).faults
    assert "Secret" not in str(fault)


def test_an_event_without_a_name_keeps_the_one_it_is_given_which_tells_nothing() -> None:
    nameless = event("x", TEN, "CLASS:PRIVATE", summary="Secret").replace("UID:x\r\n", "")
    first, again = only(nameless), only(nameless)
    assert first == again and "Secret" not in str(first)
    assert first.uid != only(nameless.replace("Secret", "Other")).uid


def test_a_private_event_is_private_however_that_is_written() -> None:
    parsed = read(event("bad", "DTSTART;TZID=Mars/Olympus:20260304T100000", "CLASS;X-A=1:Private", summary="Doctor"))
    assert [(fault.event, fault.detail) for fault in parsed.faults] == [("", "It is a private event.")]


def test_times_that_are_one_moment_where_an_hour_is_left_out_take_place_once() -> None:
    start = "DTSTART;TZID=America/New_York:20260308T013000"
    parsed = read(event("x", start, "DURATION:PT10M", "RRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=6"))
    names = [one.recurrence_id for one in parsed.occurrences]
    assert names == ["20260308T063000Z", "20260308T070000Z", "20260308T073000Z", "20260308T080000Z"]


def test_uids_that_differ_in_what_no_text_has_are_two() -> None:
    parsed = read(*(event(uid, TEN, "DURATION:PT1H") for uid in ("a b", "a  b", "a\tb", "a b\x07")))
    assert len({one.uid for one in parsed.occurrences}) == len(parsed.occurrences) == 4
    assert {one.uid for one in parsed.occurrences} == parsed.uids and "a b" in parsed.uids


def test_without_end_and_since_1601() -> None:
    ancient = event("y", "DTSTART:16010304T100000Z", "RRULE:FREQ=YEARLY")
    assert [one.starts_at.year for one in read(ancient).occurrences] == [2026]
    assert read(event("old", "DTSTART:16010101T000000Z")).occurrences == ()


def test_a_calendar_that_is_cut_off_says_nothing_of_what_is_missing() -> None:
    body = calendar(event("m1", TEN), event("m2", TEN))
    whole, cut = expand(document(body)), expand(document(body[: body.index(b"UID:m2") + 20]))
    assert whole.complete_until == NOW + timedelta(days=90)
    assert [one.uid for one in cut.occurrences] == ["m1"] and cut.complete_until is None
    nested = calendar(event("m1", TEN)).replace(b"END:VEVENT\r\n", b"BEGIN:VEVENT\r\nUID:m2\r\n", 1)
    assert expand(document(nested)).complete_until is None


def test_too_many_events_are_cut_and_said_so() -> None:
    crowd = [event(f"m{number}", TEN) for number in range(2100)]
    parsed = read(*crowd)
    assert len(parsed.occurrences) == 2000 and problems(parsed) == ["calendar-too-full"]
    assert parsed.complete_until == parsed.occurrences[-1].starts_at


def test_what_is_long_over_is_not_even_read() -> None:
    old = [
        event(f"m{number}", stockholm("20100101T100000"), "RRULE:BROKEN;UNTIL=20110101T000000Z") for number in range(9)
    ]
    parsed = read(*old, event("good", TEN))
    assert len(parsed.occurrences) == 1 and parsed.faults == () and len(parsed.uids) == 10


def test_a_calendar_that_takes_too_long_or_too_much_is_given_up_and_the_next_is_read() -> None:
    slow, hungry = ExpandPool(size=1, timeout=0.4), ExpandPool(size=1, timeout=60, memory=400)
    never = [event(f"n{n}", stockholm("20260101T100000"), "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30") for n in range(3)]
    with pytest.raises(CalendarTimeout):
        slow(document(calendar(*never)))
    with pytest.raises(CalendarReaderLost):
        hungry(document(b"BEGIN:VCALENDAR\r\n" + b"X-A:1\r\n" * 12_000_000))
    assert len(hungry(document(calendar(event("m1", TEN)))).occurrences) == 1
    slow.close()
    hungry.close()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_name(noise: bytes) -> None:
    body = calendar(event("m1", TEN, "RRULE:FREQ=WEEKLY;COUNT=3"))
    for place in (len(noise) % len(body), len(body) // 2):
        with suppress(CalendarProblem):
            expand(document(body[:place] + noise + body[place:]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["DTSTART", "DTEND", "RRULE", "EXDATE", "RDATE", "UID", "RECURRENCE-ID", "DURATION"]),
                          st.text(alphabet="0123456789TZ;:=,-PHM+ABYDAYFREQ", max_size=24)), max_size=6))  # fmt: skip
def test_any_properties_are_read_or_named(lines: list[tuple[str, str]]) -> None:
    odd = event("odd", TEN, *(f"{name}:{value}" for name, value in lines))
    parsed = read(odd, event("good", TEN))
    assert "good" in {one.uid for one in parsed.occurrences}
