"""WebDAV answers of many shapes, and of people who mean harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendars import dav
from app.calendars.caldav import joined
from app.calendars.dav import NotDav
from app.calendars.expand import expand
from app.calendars.ical import CalendarDocument
from tests.support.calendars import calendar, event, fixed_zone

BASE = "https://dav.example/calendars/anna/"


def multistatus(*responses: str) -> bytes:
    return (
        '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:x="urn:ietf:params:xml:ns:caldav" '
        f'xmlns:cs="http://calendarserver.org/ns/">{"".join(responses)}</multistatus>'
    ).encode()


def response(href: str, good: str = "", missing: str = "") -> str:
    return (
        f"<response><href>{href}</href>"
        f"<propstat><prop>{good}</prop><status>HTTP/1.1 200 OK</status></propstat>"
        f"<propstat><prop>{missing}</prop><status>HTTP/1.1 404 Not Found</status></propstat></response>"
    )


CALENDAR = "<resourcetype><collection/><x:calendar/></resourcetype>"


def test_calendars_are_told_from_other_collections_whatever_the_prefixes_are() -> None:
    body = multistatus(
        response("/calendars/anna/", "<resourcetype><collection/></resourcetype>", CALENDAR),
        response("work/", f"{CALENDAR}<displayname>Work &amp; travel</displayname><cs:getctag>7</cs:getctag>"),
        response(
            "https://dav.example/calendars/anna/tasks/",
            f'{CALENDAR}<x:supported-calendar-component-set><x:comp name="VTODO"/></x:supported-calendar-component-set>',
        ),
        response("sync/", f"{CALENDAR}<sync-token>t1</sync-token>", "<cs:getctag/>"),
    )
    root, work, tasks, sync = dav.collections(body, BASE)
    assert not root.is_calendar and work.is_calendar
    assert (work.url, work.name, work.ctag, work.takes_events) == (f"{BASE}work/", "Work & travel", "7", True)
    assert not tasks.takes_events and sync.ctag == "t1"


def test_a_property_that_was_not_found_is_none() -> None:
    home = "<x:calendar-home-set><href>/home/</href></x:calendar-home-set>"
    assert dav.hrefs(multistatus(response("/", "", home)), BASE, "c:calendar-home-set") == []
    assert dav.hrefs(multistatus(response("/", home)), BASE, "c:calendar-home-set") == ["https://dav.example/home/"]


def test_members_that_are_gone_are_left_out_and_addresses_have_one_spelling() -> None:
    gone = "<response><href>/b.ics</href><status>HTTP/1.1 404 Not Found</status></response>"
    body = multistatus(response("/a%20b%c3%a5.ics", '<getetag>"1"</getetag><x:calendar-data>X</x:calendar-data>'), gone)
    (member,) = dav.members(body, BASE)
    assert (member.url, member.etag, member.data) == ("https://dav.example/a%20b%C3%A5.ics", '"1"', "X")
    (same,) = dav.members(multistatus(response("/a bå.ics", '<getetag>"1"</getetag>')), BASE)
    assert same.url == member.url
    assert b"/a%20b%C3%A5.ics" in dav.multiget([member.url])


BOMB = b'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
INSIDE = b'<!DOCTYPE m [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("head", [BOMB, INSIDE])
def test_entities_are_not_followed(head: bytes) -> None:
    entity = b"&b;" if head is BOMB else b"&e;"
    body = head + b'<multistatus xmlns="DAV:"><response><href>/' + entity + b"</href><propstat><prop>"
    body += b"<getetag>1" + entity + b"</getetag></prop></propstat></response></multistatus>"
    try:
        found = dav.members(body, BASE)
    except NotDav:
        return
    assert all("aaaa" not in member.url + member.etag and len(member.etag) < 20 for member in found)


@pytest.mark.parametrize("body", [b"", b"<html/>", b"<multistatus/>", b"\xff\xfe", b"<a>" * 100_000])
def test_what_is_no_webdav_answer(body: bytes) -> None:
    with pytest.raises(NotDav):
        dav.collections(body, BASE)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(noise: bytes) -> None:
    body = multistatus(response("/a", CALENDAR))
    place = len(noise) % len(body)
    try:
        found = dav.collections(body[:place] + noise + body[place:], BASE)
    except NotDav:
        return
    assert all(one.url for one in found)


def test_objects_are_joined_as_one_calendar_in_which_each_has_its_own_time_zones() -> None:
    objects = [
        calendar(
            event(f"m{hours}", "DTSTART;TZID=Customized Time Zone:20260304T100000", summary="Two\u2028lines"),
            properties=["METHOD:CANCEL", "X-WR-CALNAME:Other"],
            zones=fixed_zone("Customized Time Zone", hours),
        ).decode()
        for hours in (2, 5)
    ]
    start = datetime(2026, 3, 1, tzinfo=UTC)
    parsed = expand(CalendarDocument(joined(objects, "My\nwork"), start, start + timedelta(days=9), "Europe/Stockholm"))
    assert (parsed.name, parsed.faults) == ("My work", ())
    assert [(one.uid, one.starts_at.hour, one.cancelled) for one in parsed.occurrences] == [
        ("m5", 5, False),
        ("m2", 8, False),
    ]
    assert {one.summary for one in parsed.occurrences} == {"Two lines"}


@pytest.mark.parametrize("href", ["http://[not-an-address/", "//[::1", "https://[dav.example/ ["])
def test_an_address_that_is_none_is_no_webdav_answer(href: str) -> None:
    with pytest.raises(NotDav, match="address"):
        dav.collections(multistatus(response(href, f"{CALENDAR}<displayname>x</displayname>")), BASE)
