"""Calendars on the phone: followed, found wrong, imported, and what is unsure answered with one tap."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Phone
from tests.browser.screens import import_unsure
from tests.browser.writing import offline, until
from tests.browser.writing import server as ask


def test_a_calendar_that_cannot_be_read_says_why_and_is_removed(signed_in: Phone) -> None:
    page = signed_in.open("/me/calendars")
    host = f"{secrets.token_hex(4)}.invalid"
    page.get_by_label("Address", exact=True).fill(f"webcal://{host}/anna.ics")
    page.get_by_role("button", name="Follow").click()
    card = page.get_by_role("article").filter(has_text=host)
    expect(card.get_by_text("The host name does not resolve.")).to_be_visible()
    card.get_by_role("button", name="Remove").click()
    card.get_by_role("button", name="Remove it").click()
    expect(card).to_have_count(0)


def test_an_address_that_is_none_is_refused_in_words(signed_in: Phone) -> None:
    page = signed_in.open("/me/calendars")
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("alert").filter(has_text="Say where the calendar is.")).to_be_visible()
    page.get_by_label("Address", exact=True).fill("my calendar")
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("address|URL", re.IGNORECASE))).to_be_visible()


def test_an_unsure_event_is_asked_on_today_and_one_tap_makes_it_a_visit(signed_in: Phone) -> None:
    url = signed_in.server.url
    import_unsure(signed_in.page, url)
    page = signed_in.open("/")
    page.get_by_role("link", name=re.compile("^Whose visit is this")).click()
    card = page.get_by_role("article", name="Lunch Hestra and Norrvik").first
    expect(card).to_be_visible()
    before = len(ask(signed_in, "/calendar-events?match=asked")["data"])
    card.get_by_role("button", name=re.compile("^Norrvik Paper")).click()
    expect(page.get_by_text("A visit at Norrvik Paper")).to_be_visible()
    assert len(ask(signed_in, "/calendar-events?match=asked")["data"]) == before - 1
    made = ask(signed_in, "/calendar-events?match=matched&limit=200")["data"]
    assert any(one["visit_id"] and one["account_name"] == "Norrvik Paper" for one in made)


def test_ones_visits_get_an_address_that_works_until_it_is_taken_back(signed_in: Phone) -> None:
    page = signed_in.open("/me/calendars")
    make, again = (page.get_by_role("button", name=name) for name in ("Make an address", "New address"))
    expect(make.or_(again)).to_be_visible()
    if again.is_visible():
        again.click()
        page.get_by_role("button", name="Make a new one").click()
    else:
        make.click()
    address = page.locator(".address").inner_text().replace("\n", "")
    assert "BEGIN:VEVENT" in signed_in.context.request.get(address).text()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("group", name="Sure?").get_by_role("button", name="Take it back").click()
    expect(make).to_be_visible()
    assert signed_in.context.request.get(address).status == 404


def test_nobody_is_offered_to_make_an_address_before_it_is_known_whether_there_is_one(signed_in: Phone) -> None:
    """Another one would end the one of before, and nobody would have been asked."""
    ask(signed_in, "/calendar-feed", "POST")
    held: list[Route] = []
    signed_in.page.route("**/api/v1/calendar-feed", lambda route: held.append(route))
    page = signed_in.open("/me/calendars")
    until(page, lambda: held, "the server is asked")
    expect(page.get_by_role("heading", name="Your visits, in another calendar")).to_be_visible()
    make = page.get_by_role("button", name="Make an address")
    expect(make).to_have_count(0)
    held[0].continue_()
    expect(page.get_by_role("button", name="New address")).to_be_visible()
    expect(make).to_have_count(0)


# What this phone keeps of what calendars want: asked for, or forgotten.
META = """(act) => new Promise((done) => {
    const open = indexedDB.open('doorstep');
    open.onsuccess = () => {
        const store = open.result.transaction('meta', 'readwrite').objectStore('meta');
        const answer = act === 'forget' ? store.delete('wanted') : store.get('wanted');
        answer.onsuccess = () => { open.result.close(); done(answer.result?.asked ?? 0); };
    };
})"""


def is_above(first: Locator, second: Locator) -> bool:
    """Whether one thing on the page is above another."""
    above, below = first.bounding_box(), second.bounding_box()
    return above is not None and below is not None and above["y"] < below["y"]


def test_what_calendars_want_is_in_its_place_on_today_at_once_and_offline_and_what_is_new_comes_out_of_sight(
    signed_in: Phone,
) -> None:
    import_unsure(signed_in.page, signed_in.server.url)
    signed_in.page.evaluate(META, "forget")
    page = signed_in.open("/")
    asked, days = page.get_by_role("link", name=re.compile("^Whose visit is this")), page.locator("main h2.group")
    expect(asked).to_be_visible()
    expect(asked).not_to_be_in_viewport()
    until(page, lambda: page.evaluate(META, "ask"), "the phone keeps what calendars want")
    offline(signed_in)
    page.reload()
    expect(asked).to_be_visible()
    expect(days.last).to_be_visible()
    assert is_above(asked, days.first)
    asked.click()
    expect(page.get_by_text("The events wait for you")).to_be_visible()
