"""The calendars of common servers, found from what their users would type: real HTTP, laid out as each documents it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.calendars import caldav
from app.calendars.addresses import caldav_server, https, without_caldav
from app.calendars.expand import expand
from app.calendars.polling import FetchedCalendar, Outcome, Subscription
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.outbound_errors import RedirectRefused
from app.foundation.polling import Failed
from tests.support.caldav_server import PASSWORD, USER, Box, CalDavServer
from tests.support.calendars import NOW, calendar, event

LIMITS = Limits(connect_timeout=5, read_timeout=30, deadline=60)
TEN = datetime(2026, 3, 4, 10, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[CalDavServer]:
    work = Box("Work", objects={"m1.ics": calendar(event("m1", TEN)).decode()})
    with CalDavServer({"work": work, "tasks": Box("Tasks", ("VTODO",))}) as running:
        yield running


def poll(server: CalDavServer, typed: str, *others: CalDavServer, password: str = PASSWORD) -> Outcome:
    policy = AddressPolicy.parse([one.host for one in (server, *others)])
    request = Subscription(server.url(typed), "Europe/Stockholm", USER, password)
    return caldav.poll(request, OutboundClient("test", policy, LIMITS), expand, NOW)


def found(outcome: Outcome) -> str | None:
    return outcome.content.name if isinstance(outcome, FetchedCalendar) else str(outcome)


IN_A_FOLDER = {"/": 403, "/cloud": "/cloud/login", "/cloud/": "/cloud/login", "/cloud/login": 405}
LAYOUTS: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "Nextcloud",
        {"context": "/remote.php/dav/", "principal": "/remote.php/dav/principals/users/anna/",
         "home": "/remote.php/dav/calendars/anna/", "well_known": "/remote.php/dav/", "pages": {"/": 405}},
        ["", "/", "/remote.php/dav", "/remote.php/dav/principals/users/anna/", "/remote.php/dav/calendars/anna/work/"],
    ),
    (
        "Nextcloud in a folder, where nobody set the well-known address up",
        {"context": "/cloud/remote.php/dav/", "principal": "/cloud/remote.php/dav/principals/users/anna/",
         "home": "/cloud/remote.php/dav/calendars/anna/", "well_known": None, "pages": IN_A_FOLDER},
        ["/cloud", "/cloud/"],
    ),
    (
        "behind a portal that leads elsewhere to sign in",
        {"context": "/remote.php/dav/", "principal": "/remote.php/dav/principals/users/anna/",
         "home": "/remote.php/dav/calendars/anna/", "well_known": "/remote.php/dav/",
         "pages": {"/": "https://login.portal.example/"}},
        ["", "/"],
    ),
    (
        "Baïkal",
        {"context": "/dav.php/", "principal": "/dav.php/principals/anna/", "home": "/dav.php/calendars/anna/",
         "well_known": None, "pages": {"/": 403}},
        ["", "/dav.php", "/dav.php/calendars/anna/work/"],
    ),
    ("Radicale", {"context": "/", "principal": "/anna/", "home": "/anna/", "well_known": "/"}, ["", "/", "/anna/"]),
    (
        "SOGo",
        {"context": "/SOGo/dav/", "principal": "/SOGo/dav/anna/", "home": "/SOGo/dav/anna/Calendar/",
         "well_known": "/SOGo/dav", "pages": {"/": 403}},
        ["", "/SOGo/dav/anna/", "/SOGo/dav/anna/Calendar/work/"],
    ),
    (
        "Zimbra",
        {"context": "/dav/", "principal": "/principals/users/anna@firma.example/", "home": "/dav/anna@firma.example/",
         "well_known": "/dav/", "pages": {"/": 405}},
        ["", "/dav/anna@firma.example/", "/dav/anna@firma.example/work"],
    ),
    (
        "Fastmail",
        {"context": "/dav/calendars/", "principal": "/dav/principals/user/anna@fastmail.example/",
         "home": "/dav/calendars/user/anna@fastmail.example/", "well_known": "/dav/calendars", "pages": {"/": 404}},
        ["", "/dav/principals/user/anna@fastmail.example/"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "typed"), [(layout, typed) for _, layout, given in LAYOUTS for typed in given])
def test_the_calendar_is_found_from_what_people_type(server: CalDavServer, layout: dict[str, Any], typed: str) -> None:
    for name, value in layout.items():
        setattr(server, name, value)
    assert found(poll(server, typed)) == "Work"


def test_calendars_on_another_host_of_the_server_as_icloud_has_them(server: CalDavServer) -> None:
    with CalDavServer(server.boxes, home="/123/calendars/") as shard:
        server.context, server.principal, server.home = "/", "/123/principal/", shard.url("/123/calendars/")
        assert found(poll(server, "", shard)) == "Work"


def test_a_wrong_password_is_tried_twice_at_most_and_said_so(server: CalDavServer) -> None:
    outcome = poll(server, "/cloud/", password="wrong")
    assert isinstance(outcome, Failed) and outcome.problem.slug == "calendar-forbidden"
    assert len(server.seen) == 2 and "app password" in outcome.problem.detail


def test_what_leads_elsewhere_and_nowhere_is_said_with_the_address(server: CalDavServer) -> None:
    server.context, server.well_known = "/other/", "https://dav.hoster.example/anna/"
    outcome = poll(server, "/")
    assert isinstance(outcome, Failed) and "https://dav.hoster.example/anna/" in outcome.problem.detail


def test_a_server_that_names_itself_without_encryption_is_asked_with_it_all_the_same() -> None:
    within = caldav._within
    asked = "https://cloud.example/.well-known/caldav"
    assert within(asked, "http://cloud.example/remote.php/dav/") == "https://cloud.example/remote.php/dav/"
    assert within("https://cloud.example:8443/x", "http://cloud.example/dav/") == "https://cloud.example:8443/dav/"
    with pytest.raises(RedirectRefused):
        within(asked, "http://elsewhere.example/remote.php/dav/")


@pytest.mark.parametrize(
    ("typed", "server", "why"),
    [
        ("anna@icloud.com", "https://caldav.icloud.com", None),
        ("www.icloud.com", "https://caldav.icloud.com", None),
        ("https://www.icloud.com/", "https://caldav.icloud.com", None),
        ("anna@Fastmail.com", "https://caldav.fastmail.com", None),
        ("anna@firma.example", "https://firma.example/.well-known/caldav", None),
        ("https://caldav.icloud.com/123/calendars/work/", None, None),
        ("cloud.firma.example", None, None),
        ("anna@gmail.com", "https://gmail.com/.well-known/caldav", "Secret address in iCal format"),
        (
            "https://apidata.googleusercontent.com/caldav/v2/anna@gmail.com/events",
            None,
            "Secret address in iCal format",
        ),
        ("outlook.office365.com", None, "ICS link"),
        ("http://[nowhere", None, None),
    ],
)
def test_services_that_are_known_by_another_name(typed: str, server: str | None, why: str | None) -> None:
    assert caldav_server(typed) == server
    told = without_caldav(typed)
    assert told is None if why is None else told is not None and why in told


def test_every_way_to_write_an_encrypted_address() -> None:
    assert {https(f"{scheme}://dav.example/x") for scheme in ("webcal", "CalDAVs", "dav", "https")} == {
        "https://dav.example/x"
    }
