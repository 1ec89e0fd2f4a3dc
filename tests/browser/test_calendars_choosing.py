"""Calendars on the phone that a real server of ours answers for: several of one account, a pause, and one that is empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Phone
from tests.browser.server import Server, install
from tests.browser.writing import offline, online, until
from tests.browser.writing import server as ask
from tests.support.caldav_server import PASSWORD, USER, Box, CalDavServer
from tests.support.calendars import calendar, event
from tests.support.feed_server import FeedServer, document

# A busy machine may look a minute later.
READ = re.compile(r"^Read (just now|\d min ago)")


@dataclass
class Surroundings:
    """The server, and the calendars on this machine that it may reach."""

    server: Server
    caldav: CalDavServer
    files: FeedServer


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    home = install(tmp_path_factory.mktemp("calendars") / "home")
    boxes = {"work": Box("Work"), "family": Box("Family"), "club": Box("Chess club")}
    with CalDavServer(boxes) as caldav, FeedServer() as files:
        server = Server(home, DOORSTEP_OUTBOUND_ALLOW=f"{caldav.host},127.0.0.1:{files.port}")
        server.start()
        try:
            yield Surroundings(server, caldav, files)
        finally:
            server.stop()


@pytest.fixture
def server(around: Surroundings) -> Server:
    return around.server


def add(page: Page, way: str, address: str, *sign_in: str) -> None:
    """Follow a calendar as a rep does."""
    page.get_by_text(way, exact=True).click()
    page.get_by_label("Address", exact=True).fill(address)
    for label, text in zip(("User name", "Password"), sign_in, strict=False):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Follow", exact=True).click()


def kind_of(page: Page, kind: str) -> Locator:
    """The cards of calendars of this kind."""
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=kind))


def test_of_several_calendars_of_an_account_the_rep_taps_those_to_follow(
    signed_in: Phone, around: Surroundings
) -> None:
    page = signed_in.open("/me/calendars")
    add(page, "CalDAV", around.caldav.url("/"), USER, PASSWORD)
    card = kind_of(page, "CalDAV").filter(has_text="Which of them?")
    card.get_by_role("button", name="Follow it").click()
    expect(card.get_by_role("alert").filter(has_text="Tap the calendars")).to_be_visible()
    card.get_by_text("Work", exact=True).click()
    card.get_by_text("Chess club", exact=True).click()
    card.get_by_role("button", name="Follow these 2").click()
    for name in ("Work", "Chess club"):
        expect(page.get_by_role("article", name=name).get_by_text(READ)).to_be_visible()
    expect(page.get_by_role("article", name="Family")).to_have_count(0)

    add(page, "CalDAV", around.caldav.url("/"), USER, PASSWORD)
    card = kind_of(page, "CalDAV").filter(has_text="Which of them?")
    expect(card.get_by_text("Followed already: Work, Chess club")).to_be_visible()
    card.get_by_role("button", name="Remove").click()
    card.get_by_role("button", name="Remove it").click()
    expect(card).to_have_count(0)


def test_a_password_that_is_wrong_is_typed_again_where_it_says_so(signed_in: Phone, around: Surroundings) -> None:
    page = signed_in.open("/me/calendars")
    add(page, "CalDAV", around.caldav.url("/dav/calendars/anna/family/"), USER, "last year's")
    card = kind_of(page, "CalDAV").filter(has_text="wants another password")
    expect(card.get_by_label("User name")).to_have_value(USER)
    page = signed_in.open("/")
    page.get_by_role("link", name="A calendar is not read The calendar wants another password").click()
    card.get_by_role("button", name="Sign in again").click()
    expect(card.get_by_role("alert").filter(has_text="Type the password.")).to_be_visible()
    card.get_by_label("Password").fill(PASSWORD)
    card.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_role("article", name="Family").get_by_text(READ)).to_be_visible()
    page = signed_in.open("/")
    expect(page.get_by_text("figures as of")).to_be_visible()
    expect(page.get_by_text("A calendar is not read")).to_have_count(0)


def test_a_calendar_is_paused_and_read_again_with_one_switch(signed_in: Phone, around: Surroundings) -> None:
    url = around.files.add("/paused.ics", document(calendar(properties=["X-WR-CALNAME:Fairs"]), "text/calendar"))
    page = signed_in.open("/me/calendars")
    add(page, "By its address", url)
    card = page.get_by_role("article", name="Fairs")
    switch = card.get_by_role("switch", name="Keep it up to date")
    expect(switch).to_be_checked()
    switch.uncheck()
    expect(card.get_by_text("Paused, last read")).to_be_visible()
    expect(card.get_by_role("button", name="Read now")).to_have_count(0)
    signed_in.page.reload()
    expect(switch).not_to_be_checked()
    offline(signed_in)
    switch.click()
    expect(card.get_by_role("alert").filter(has_text="This needs a network.")).to_be_visible()
    expect(switch).not_to_be_checked()
    online(signed_in)
    page = signed_in.open("/me/calendars")
    asked = len(around.files.seen)
    switch.check()
    expect(card.get_by_role("button", name="Read now")).to_be_visible()
    expect(card.get_by_text("Read just now")).to_be_visible()
    until(page, lambda: len(around.files.seen) > asked, "it is read again")


def test_a_calendar_that_is_empty_all_at_once_says_that_its_visits_stay(signed_in: Phone, around: Surroundings) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    visits = [event(f"e{n}", soon + timedelta(hours=2 * n), summary="Norrvik Paper") for n in range(2)]
    named = ["X-WR-CALNAME:My days"]
    url = around.files.add("/mine.ics", document(calendar(*visits, properties=named), "text/calendar"))
    page = signed_in.open("/me/calendars")
    add(page, "By its address", url)
    card = page.get_by_role("article", name="My days")
    expect(card.get_by_text(READ)).to_be_visible()
    planned = {one["id"] for one in ask(signed_in, "/visits?status=planned&limit=200")["data"]}
    around.files.add("/mine.ics", document(calendar(properties=named), "text/calendar"))
    card.get_by_role("button", name="Read now").click()
    expect(card.get_by_text("The calendar is empty all at once.")).to_be_visible()
    expect(card.get_by_text("2 visits to come")).to_be_visible()
    assert {one["id"] for one in ask(signed_in, "/visits?status=planned&limit=200")["data"]} == planned
