"""Recurrence as RFC 5545 has it: the examples of § 3.8.5.3, and the cases that calendar software gets wrong.

Every case goes through our own reader, as a calendar that a rep imports does. A date is written as local time where the
event is; the examples of the RFC are in New York.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from app.calendars.expand import expand
from app.calendars.ical import CalendarDocument, Occurrence
from tests.support.calendars import calendar, event

NEW_YORK = ZoneInfo("America/New_York")
WEEKDAYS = "SU,MO,TU,WE,TH,FR,SA"
MONTHS = {
    name: n
    for n, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}


def days(text: str) -> list[str]:
    """`1997 Sep 2 4; Oct 2` as ISO dates."""
    found, year, month = [], 0, 0
    for word in text.replace(";", " ").split():
        if word in MONTHS:
            month = MONTHS[word]
        elif len(word) == 4:
            year = int(word)
        else:
            found.append(f"{year:04}-{month:02}-{int(word):02}")
    return found


def every_day(first: str, last: str) -> list[str]:
    """All ISO dates from one to another."""
    start, end = (datetime.fromisoformat(one).toordinal() for one in (first, last))
    return [datetime.fromordinal(day).date().isoformat() for day in range(start, end + 1)]


def read(
    *events: str, until: str = "1999-12-31", since: str = "1996-01-01", zone: str = "America/New_York"
) -> list[Occurrence]:
    window = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until))
    parsed = expand(CalendarDocument(calendar(*events), *window, zone))
    assert parsed.faults == ()
    return list(parsed.occurrences)


def local(one: Occurrence, zone: ZoneInfo = NEW_YORK) -> str:
    return one.starts_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


# (when it begins, rule, dates; a number after the dates: the rule goes on, these are its first)
JANUARIES = [day for year in (1998, 1999, 2000) for day in every_day(f"{year}-01-01", f"{year}-01-31")]
AT_NINE: list[tuple[str, str, list[str], bool]] = [
    ("19970902", "FREQ=DAILY;COUNT=10", every_day("1997-09-02", "1997-09-11"), True),
    ("19970902", "FREQ=DAILY;UNTIL=19971224T000000Z", every_day("1997-09-02", "1997-12-23"), True),
    ("19970902", "FREQ=DAILY;INTERVAL=2", every_day("1997-09-02", "1997-12-03")[::2], False),
    ("19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", days("1997 Sep 2 12 22 Oct 2 12"), True),
    ("19980101", f"FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY={WEEKDAYS}", JANUARIES, True),
    ("19980101", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", JANUARIES, True),
    ("19970902", "FREQ=WEEKLY;COUNT=10", every_day("1997-09-02", "1997-11-04")[::7], True),
    ("19970902", "FREQ=WEEKLY;UNTIL=19971224T000000Z", every_day("1997-09-02", "1997-12-23")[::7], True),
    ("19970902", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", every_day("1997-09-02", "1998-02-17")[::14], False),
    ("19970902", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", days("1997 Sep 2 4 9 11 16 18 23 25 30 Oct 2"), True),
    ("19970902", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", days("1997 Sep 2 4 9 11 16 18 23 25 30 Oct 2"), True),
    ("19970901", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
     days("1997 Sep 1 3 5 15 17 19 29 Oct 1 3 13 15 17 27 29 31 Nov 10 12 14 24 26 28 Dec 8 10 12 22"), True),
    ("19970902", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", days("1997 Sep 2 4 16 18 30 Oct 2 14 16"), True),
    ("19970905", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
     days("1997 Sep 5 Oct 3 Nov 7 Dec 5 1998 Jan 2 Feb 6 Mar 6 Apr 3 May 1 Jun 5"), True),
    ("19970905", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", days("1997 Sep 5 Oct 3 Nov 7 Dec 5"), True),
    ("19970907", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
     days("1997 Sep 7 28 Nov 2 30 1998 Jan 4 25 Mar 1 29 May 3 31"), True),
    ("19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", days("1997 Sep 22 Oct 20 Nov 17 Dec 22 1998 Jan 19 Feb 16"), True),
    ("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3", days("1997 Sep 28 Oct 29 Nov 28 Dec 29 1998 Jan 29 Feb 26"), False),
    ("19970902", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
     days("1997 Sep 2 15 Oct 2 15 Nov 2 15 Dec 2 15 1998 Jan 2 15"), True),
    ("19970930", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
     days("1997 Sep 30 Oct 1 31 Nov 1 30 Dec 1 31 1998 Jan 1 31 Feb 1"), True),
    ("19970910", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
     days("1997 Sep 10 11 12 13 14 15 1999 Mar 10 11 12 13"), True),
    ("19970902", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
     days("1997 Sep 2 9 16 23 30 Nov 4 11 18 25 1998 Jan 6 13 20 27 Mar 3 10 17 24 31"), False),
    ("19970610", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
     [f"{year}-{month}-10" for year, month in product(range(1997, 2002), ("06", "07"))], True),
    ("19970310", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
     days("1997 Mar 10 1999 Jan 10 Feb 10 Mar 10 2001 Jan 10 Feb 10 Mar 10 2003 Jan 10 Feb 10 Mar 10"), True),
    ("19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
     days("1997 Jan 1 Apr 10 Jul 19 2000 Jan 1 Apr 9 Jul 18 2003 Jan 1 Apr 10 Jul 19 2006 Jan 1"), True),
    ("19970519", "FREQ=YEARLY;BYDAY=20MO", days("1997 May 19 1998 May 18 1999 May 17"), False),
    ("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", days("1997 May 12 1998 May 11 1999 May 17"), False),
    ("19970313", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
     days("1997 Mar 13 20 27 1998 Mar 5 12 19 26 1999 Mar 4 11 18 25"), False),
    ("19970605", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
     days("1997 Jun 5 12 19 26 Jul 3 10 17 24 31 Aug 7 14 21 28 1998 Jun 4 11 18 25 Jul 2 9 16 23 30 Aug 6 13 20 27"), False),
    ("19970913", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
     days("1997 Sep 13 Oct 11 Nov 8 Dec 13 1998 Jan 10 Feb 7 Mar 7 Apr 11 May 9 Jun 13"), False),
    ("19961105", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
     days("1996 Nov 5 2000 Nov 7 2004 Nov 2"), False),
    ("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", days("1997 Sep 4 Oct 7 Nov 6"), True),
    ("19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
     days("1997 Sep 29 Oct 30 Nov 27 Dec 30 1998 Jan 29 Feb 26 Mar 30"), False),
    ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", days("1997 Aug 5 10 19 24"), True),
    ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", days("1997 Aug 5 17 19 31"), True),
    ("20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", days("2007 Jan 15 30 Feb 15 Mar 15 30"), True),
]  # fmt: skip


@pytest.mark.parametrize(("start", "rule", "expected", "ends"), AT_NINE, ids=[rule for _, rule, _, _ in AT_NINE])
def test_an_example_of_the_rfc(start: str, rule: str, expected: list[str], ends: bool) -> None:
    until = f"{int(expected[-1][:4]) + 1}-12-31" if ends else expected[-1] + "T23:59:59"
    found = read(event("e", f"DTSTART;TZID=America/New_York:{start}T090000", f"RRULE:{rule}"), until=until)
    assert [local(one) for one in found] == [f"{day} 09:00" for day in expected]
    assert len({one.recurrence_id for one in found}) == len(found)


def test_friday_the_thirteenth_without_its_first_day() -> None:
    found = read(
        event(
            "e",
            "DTSTART;TZID=America/New_York:19970902T090000",
            "EXDATE;TZID=America/New_York:19970902T090000",
            "RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        ),
        until="2000-12-31",
    )
    assert [local(one)[:10] for one in found] == days("1998 Feb 13 Mar 13 Nov 13 1999 Aug 13 2000 Oct 13")


TWENTIES = [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40)]


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        # As corrected by the erratum: 17:00 in New York is 21:00 UTC.
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", ["09:00", "12:00", "15:00"]),
        ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15"]),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", ["09:00", "10:30", "12:00", "13:30"]),
        ("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", TWENTIES),
        ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", TWENTIES),
    ],
)
def test_an_example_of_the_rfc_within_a_day(rule: str, times: list[str]) -> None:
    found = read(event("e", "DTSTART;TZID=America/New_York:19970902T090000", f"RRULE:{rule}"), until="1997-09-03")
    assert [local(one)[11:] for one in found if local(one).startswith("1997-09-02")] == times


# -- what calendar software gets wrong ---------------------------------------------------------------------------------

STOCKHOLM = ZoneInfo("Europe/Stockholm")
WEEKLY = ("DTSTART;TZID=Europe/Stockholm:20260302T100000", "DURATION:PT1H")


def spring(*events: str) -> list[Occurrence]:
    return read(*events, since="2026-02-23", until="2026-05-31", zone="Europe/Stockholm")


def times(found: list[Occurrence]) -> list[str]:
    return [local(one, STOCKHOLM)[5:] for one in found]


def changed(recurrence: str, start: str, *lines: str, uid: str = "w", summary: str = "Moved") -> str:
    return event(
        uid,
        f"DTSTART;TZID=Europe/Stockholm:{start}",
        f"RECURRENCE-ID{recurrence}",
        "DURATION:PT1H",
        *lines,
        summary=summary,
    )


SERIES = event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")
SECOND = ";TZID=Europe/Stockholm:20260309T100000"


def test_one_moved_instance_keeps_its_name_and_leaves_its_place() -> None:
    found = spring(SERIES, changed(SECOND, "20260311T140000"))
    assert times(found) == ["03-02 10:00", "03-11 14:00", "03-16 10:00", "03-23 10:00"]
    assert [(one.summary, one.recurrence_id) for one in found][1] == ("Moved", "20260309T090000Z")


def test_the_moved_instance_may_come_before_its_series_in_the_file() -> None:
    assert times(spring(changed(SECOND, "20260311T140000"), SERIES))[1] == "03-11 14:00"


@pytest.mark.parametrize("recurrence", [SECOND, ":20260309T090000Z", ";TZID=Europe/London:20260309T090000"])
def test_an_instance_is_named_in_any_zone(recurrence: str) -> None:
    found = spring(SERIES, changed(recurrence, "20260311T140000"))
    assert times(found) == ["03-02 10:00", "03-11 14:00", "03-16 10:00", "03-23 10:00"]


def test_the_newest_version_of_an_instance_counts() -> None:
    found = spring(
        SERIES,
        changed(SECOND, "20260311T140000", "SEQUENCE:2", summary="New"),
        changed(SECOND, "20260310T120000", "SEQUENCE:1", summary="Old"),
    )
    assert [one.summary for one in found][1] == "New" and len(found) == 4


def test_a_cancelled_instance_is_cancelled_and_the_others_are_not() -> None:
    found = spring(SERIES, changed(SECOND, "20260309T100000", "STATUS:CANCELLED"))
    assert [one.cancelled for one in found] == [False, True, False, False]


def test_this_and_all_to_follow_move_together() -> None:
    found = spring(SERIES, changed(";RANGE=THISANDFUTURE;TZID=Europe/Stockholm:20260316T100000", "20260316T130000"))
    assert times(found) == ["03-02 10:00", "03-09 10:00", "03-16 13:00", "03-23 13:00"]
    assert [one.summary for one in found] == ["Meeting", "Meeting", "Moved", "Moved"]


@pytest.mark.parametrize("stood", [";TZID=Europe/Stockholm:20260316T100000", ":20260316T090000Z"])
def test_each_of_those_that_move_together_keeps_its_own_name(stood: str) -> None:
    series = event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=6")
    before, after = spring(series), spring(series, changed(f";RANGE=THISANDFUTURE{stood}", "20260317T130000"))
    assert times(after)[2:5] == ["03-17 13:00", "03-24 13:00", "03-31 13:00"]  # summer time begins on 29 March
    assert [one.recurrence_id for one in after] == [one.recurrence_id for one in before]
    late = read(
        series,
        changed(f";RANGE=THISANDFUTURE{stood}", "20260317T130000"),
        since="2026-03-20", until="2026-05-31", zone="Europe/Stockholm",
    )  # fmt: skip
    assert [one.recurrence_id for one in late] == [one.recurrence_id for one in before][3:]


def test_an_instance_without_its_series_is_an_event_of_its_own() -> None:
    assert times(spring(changed(SECOND, "20260311T140000"))) == ["03-11 14:00"]


@pytest.mark.parametrize(
    "left_out",
    [
        "EXDATE;TZID=Europe/Stockholm:20260309T100000",
        "EXDATE:20260309T090000Z",
        "EXDATE;TZID=Europe/Stockholm:20260309T100000,20260310T100000",
        "EXDATE;TZID=America/New_York:20260309T050000",
    ],
)
def test_a_date_is_left_out_whatever_zone_it_is_named_in(left_out: str) -> None:
    found = spring(event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4", left_out))
    assert times(found) == ["03-02 10:00", "03-16 10:00", "03-23 10:00"]


def test_a_date_that_is_left_out_stays_so_when_its_instance_was_changed_before() -> None:
    found = spring(event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE;TZID=Europe/Stockholm:20260302T100000"))
    assert times(found) == ["03-09 10:00"]


def test_further_dates_and_periods() -> None:
    found = spring(
        event(
            "w",
            *WEEKLY,
            "RDATE;TZID=Europe/Stockholm:20260305T080000,20260306T080000",
            "RDATE;VALUE=PERIOD:20260410T100000Z/PT3H,20260411T100000Z/20260411T103000Z",
        )
    )
    assert times(found) == ["03-02 10:00", "03-05 08:00", "03-06 08:00", "04-10 12:00", "04-11 12:00"]
    assert [(one.ends_at - one.starts_at).seconds / 60 for one in found] == [60, 60, 60, 180, 30]


def test_a_further_date_that_the_rule_gives_too_takes_place_once() -> None:
    found = spring(event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;TZID=Europe/Stockholm:20260309T100000"))
    assert times(found) == ["03-02 10:00", "03-09 10:00"]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260323T090000Z", "03-23 10:00"),  # ten o'clock in Stockholm, included
        ("20260323T085959Z", "03-16 10:00"),
        ("20260323", "03-23 10:00"),  # a date: against the RFC, and common
        ("20260323T100000", "03-23 10:00"),  # local time: against the RFC, and common
    ],
)
def test_the_end_of_a_rule_is_in_another_zone_than_the_event(until: str, last: str) -> None:
    assert times(spring(event("w", *WEEKLY, f"RRULE:FREQ=WEEKLY;UNTIL={until}")))[-1] == last


def test_a_rule_that_ends_before_it_begins_gives_at_most_its_beginning() -> None:
    found = spring(event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;UNTIL=20260101T000000Z"))
    assert times(found) in ([], ["03-02 10:00"])


def test_ten_o_clock_stays_ten_o_clock_when_summer_time_begins() -> None:
    found = spring(event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=6"))
    assert {one[6:] for one in times(found)} == {"10:00"}
    assert {one.starts_at.hour for one in found} == {9, 8}
    assert {one.ends_at - one.starts_at for one in found} == {found[0].ends_at - found[0].starts_at}


def test_an_event_in_utc_moves_with_the_clocks_of_others() -> None:
    found = spring(event("w", "DTSTART:20260302T090000Z", "RRULE:FREQ=WEEKLY;COUNT=6"))
    assert [one[6:] for one in times(found)] == ["10:00"] * 4 + ["11:00"] * 2


def test_a_time_that_does_not_exist_and_one_that_exists_twice_take_place_once() -> None:
    night = event("n", "DTSTART;TZID=Europe/Stockholm:20260328T023000", "RRULE:FREQ=DAILY;COUNT=3")
    assert [one[:5] for one in times(spring(night))] == ["03-28", "03-29", "03-30"]
    autumn = event("n", "DTSTART;TZID=Europe/Stockholm:20261024T023000", "RRULE:FREQ=DAILY;COUNT=3")
    found = read(autumn, since="2026-10-01", until="2026-11-30", zone="Europe/Stockholm")
    assert [local(one, STOCKHOLM)[5:] for one in found] == ["10-24 02:30", "10-25 02:30", "10-26 02:30"]


def test_all_day_series_run_from_midnight_to_midnight_and_keep_their_dates() -> None:
    found = spring(
        event(
            "d",
            "DTSTART;VALUE=DATE:20260327",
            "DTEND;VALUE=DATE:20260329",
            "RRULE:FREQ=WEEKLY;COUNT=3",
            "EXDATE;VALUE=DATE:20260403",
        )
    )
    assert times(found) == ["03-27 00:00", "04-10 00:00"] and all(one.all_day for one in found)
    assert [one.ends_at.astimezone(STOCKHOLM).strftime("%m-%d %H:%M") for one in found] == [
        "03-29 00:00",
        "04-12 00:00",
    ]
    assert [one.recurrence_id for one in found] == ["20260327", "20260410"]


def test_an_instance_of_an_all_day_series_may_get_a_time() -> None:
    series = event("w", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY;COUNT=3")
    found = spring(series, changed(";VALUE=DATE:20260309", "20260309T140000"))
    assert times(found) == ["03-02 00:00", "03-09 14:00", "03-16 00:00"]
    assert [one.all_day for one in found] == [True, False, True]


def test_floating_series_are_in_the_zone_of_the_rep() -> None:
    found = spring(event("f", "DTSTART:20260323T100000", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert times(found) == ["03-23 10:00", "03-30 10:00"]


def test_a_series_that_is_long_over_the_midnight_of_the_window_is_seen() -> None:
    long = event("l", "DTSTART;TZID=Europe/Stockholm:20260220T220000", "DTEND;TZID=Europe/Stockholm:20260224T080000")
    assert times(spring(long)) == ["02-20 22:00"]


def test_an_instance_that_was_moved_into_the_window_from_without_and_out_of_it() -> None:
    series = event("w", "DTSTART;TZID=Europe/Stockholm:20260105T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=9")
    into = changed(";TZID=Europe/Stockholm:20260105T100000", "20260305T100000")
    out = changed(";TZID=Europe/Stockholm:20260223T100000", "20260105T110000")
    assert times(spring(series, into, out)) == ["03-02 10:00", "03-05 10:00"]


def test_the_same_event_twice_takes_place_once() -> None:
    assert times(spring(SERIES, SERIES)) == times(spring(SERIES))


def test_two_series_at_the_same_time_are_two() -> None:
    assert len(spring(SERIES, SERIES.replace("UID:w", "UID:x"))) == 8
