"""Notices before visits, from the calendar to the lock screen: the real server, a push service of ours, the real worker."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Playwright, Route, expect

from tests.browser.conftest import Phone
from tests.browser.measure import PHONE
from tests.browser.noticing import (
    Surroundings,
    always_told,
    deliver,
    hand_over,
    shown,
    subscribable,
    surrounded,
    switch_on,
    tap,
)
from tests.browser.server import Server, SignIn, sample_reps
from tests.browser.writing import offline, stored, until
from tests.browser.writing import server as ask
from tests.support.browser import FLAGS, ensure
from tests.support.calendars import ICALENDAR, calendar, event
from tests.support.feed_server import document
from tests.support.push_service import Browser, Delivered

# Between the entry in the calendar and the notice: time enough to see that none comes too early.
UNTIL_THEN = timedelta(minutes=30)


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with surrounded(tmp_path_factory.mktemp("notices") / "home") as all_of_it:
        yield all_of_it


@pytest.fixture
def server(around: Surroundings) -> Server:
    return around.server


@pytest.fixture
def telling(new_phone: Callable[..., Phone], around: Surroundings, rep: SignIn) -> tuple[Phone, Browser]:
    """A phone that may take notices, and the push service's side of it."""
    phone = new_phone(permissions=["notifications"])
    browser = subscribable(phone, around.push)
    phone.sign_in(rep)
    return phone, browser


def kind_of(message: Delivered) -> str:
    """What a message is about: `briefing`, `test` …"""
    return str(message.shown["data"]["kind"])


def of_visit(browser: Browser, visit_id: str) -> Delivered | None:
    """The message about a visit that the push service took, decrypted."""
    return next((one for one in browser.delivered if one.shown["tag"] == visit_id), None)


def test_a_calendar_a_clock_that_moves_a_phone_offline_a_notice_a_tap_and_the_briefing(
    telling: tuple[Phone, Browser], new_phone: Callable[..., Phone], around: Surroundings, rep: SignIn
) -> None:
    phone, browser = telling
    switch_on(phone)
    always_told(phone)
    phone.open("/")
    expect(phone.page.get_by_text("figures as of")).to_be_visible()
    offline(phone)

    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=60) + UNTIL_THEN
    person = next(one for one in ask(phone, "/people?limit=200")["data"] if one["email"] and not one["left_on"])
    account = ask(phone, f"/accounts/{person['account_id']}")
    invited = f"ATTENDEE;CN={person['name']}:mailto:{person['email']}"
    address = around.calendars.add(
        "/anna.ics", document(calendar(event("spares", starts_at, invited, summary="Spares")), ICALENDAR)
    )
    desk = new_phone()
    desk.sign_in(rep)
    page = desk.open("/me/calendars")
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_role("button", name="Follow").click()
    at = starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def planned() -> Any:
        visits = ask(desk, f"/visits?account_id={account['id']}&limit=200")["data"]
        return next((one for one in visits if one["starts_at"] == at), None)

    visit = until(page, planned, "the visit that the calendar has")
    assert [one["id"] for one in stored(phone.page, "visit") if one["id"] == visit["id"]] == []
    assert of_visit(browser, visit["id"]) is None

    around.move_clock(UNTIL_THEN.total_seconds() + 60)
    message = until(page, lambda: of_visit(browser, visit["id"]), "the notice before it")
    assert around.push.faults == []
    assert (message.urgency, len(message.plain) <= 3993) == ("high", True)
    deliver(phone, message.plain)
    (notice,) = shown(phone)
    assert account["name"] in notice["title"]
    assert notice["tag"] == visit["id"]

    tap(phone)
    expect(phone.page).to_have_url(f"{around.server.url}/visits/{visit['id']}")
    expect(phone.page.get_by_role("heading", level=1)).to_have_text(account["name"])
    expect(phone.page.locator("section.hero .row").first).to_be_visible()
    expect(phone.page.locator(".pill")).to_have_text(re.compile("^Offline"))
    # A new page, as after a night in a pocket, reads the same.
    fresh = phone.context.new_page()
    fresh.goto(f"{around.server.url}/visits/{visit['id']}")
    expect(fresh.locator("section.hero .row").first).to_be_visible()
    here, there = (one.locator("section.hero .row").first for one in (phone.page, fresh))
    until(fresh, lambda: here.inner_text() == there.inner_text(), "both pages read the same")
    shown(phone, 0)


def test_this_device_is_switched_on_tried_and_switched_off(
    telling: tuple[Phone, Browser], around: Surroundings
) -> None:
    phone, browser = telling
    page = phone.open("/me/notices")
    expect(page.get_by_text("Off.", exact=True)).to_be_visible()
    switch_on(phone)
    only_visible, key = json.loads(page.evaluate("sessionStorage.getItem('subscribed-with')"))
    public_key = ask(phone, "/push/key")["public_key"]
    assert (only_visible, base64.b64decode(key)) == (True, base64.urlsafe_b64decode(public_key + "="))
    page.get_by_role("button", name="Send a test").first.click()
    # At some times of the day a notice of a visit comes too.
    message = until(page, lambda: next((one for one in browser.delivered if kind_of(one) == "test"), None), "the test")
    deliver(phone, message.plain)
    (notice,) = shown(phone)
    assert notice["body"] == "Notices reach this device."
    hand_over(phone, message.plain)
    page.reload()
    expect(page.get_by_text(re.compile("^last one")).first).to_be_visible()
    shown(phone)
    before = len(ask(phone, "/push/devices")["data"])
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    assert len(ask(phone, "/push/devices")["data"]) == before - 1


def test_what_is_chosen_is_kept_at_once_and_with_no_network_nothing_is_promised(signed_in: Phone) -> None:
    page = signed_in.open("/me/notices")
    page.get_by_label("30 min").check()
    expect(page.get_by_text("Kept", exact=True)).to_be_visible()
    page.get_by_label("Sun", exact=True).check()
    page.get_by_label("The evening before").uncheck()
    page.get_by_label("From").fill("20:30")
    chosen = {"lead_minutes": 30, "evening_before": False, "quiet_from": "20:30"}

    def kept() -> bool:
        at_server = ask(signed_in, "/notice-preferences")
        return chosen.items() <= at_server.items() and 7 in at_server["working_days"]

    until(page, kept, "the server has all that was chosen")
    offline(signed_in)
    page.get_by_label("2 h").click()  # it goes back as soon as it was not kept
    expect(page.get_by_role("alert").filter(has_text="Not kept")).to_be_visible()
    expect(page.get_by_label("30 min")).to_be_checked()
    page.reload()
    expect(page.get_by_text("This is kept on the server")).to_be_visible()


def test_two_choices_in_a_row_stand_although_the_answer_to_the_first_knows_nothing_of_the_second(
    signed_in: Phone,
) -> None:
    page = signed_in.open("/me/notices")
    expect(page.get_by_label("15 min")).not_to_be_checked()
    expect(page.get_by_label("Only if something is new")).not_to_be_checked()
    answers: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if answers or route.request.method != "PATCH":
            return route.continue_()
        answers.append((route, route.fetch()))
        return None

    page.route("**/api/v1/notice-preferences", hold)
    page.get_by_label("15 min").check()
    until(page, lambda: answers, "the first choice is at the server")
    page.get_by_label("Only if something is new").check()
    page.wait_for_timeout(500)  # the second has time to overtake it
    [(route, answer)] = answers
    route.fulfill(response=answer)
    expect(page.get_by_text("Kept", exact=True)).to_be_visible()
    until(page, lambda: ask(signed_in, "/notice-preferences")["only_if_new"], "the server has the second")
    expect(page.get_by_label("15 min")).to_be_checked()
    expect(page.get_by_label("Only if something is new")).to_be_checked()


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


@pytest.mark.parametrize(
    ("agent", "script", "words"),
    [
        (IPHONE, "delete window.PushManager", "First put Doorstep on the home screen."),
        (None, "delete window.PushManager", "This browser cannot show notices."),
        (None, "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })", "Blocked."),
    ],
)
def test_where_notices_cannot_be_shown_it_says_why_and_what_to_do(
    new_phone: Callable[..., Phone], rep: SignIn, agent: str | None, script: str, words: str
) -> None:
    phone = new_phone(**({"user_agent": agent} if agent else {}))
    phone.context.add_init_script(script)
    phone.sign_in(rep)
    page = phone.open("/me/notices")
    expect(page.get_by_text(words, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Switch on")).to_have_count(0)
    expect(page.get_by_role("heading", name="When")).to_be_visible()


def test_a_phone_that_changed_hands_shows_nothing_of_a_customer(new_phone: Callable[..., Phone], rep: SignIn) -> None:
    phone = new_phone(permissions=["notifications"])
    phone.sign_in(next(one for one in sample_reps() if one != rep))
    deliver(phone, a_notice("somebody else"))
    (notice,) = shown(phone)
    assert (notice["title"], notice["data"]) == ("Doorstep", None)
    assert stored(phone.page, "pushed") == []


def test_a_browser_that_was_restarted_with_no_server_takes_notices(
    playwright_driver: Playwright, around: Surroundings, rep: SignIn, tmp_path: Path
) -> None:
    def launch() -> Phone:
        context = playwright_driver.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=ensure(), args=FLAGS, permissions=["notifications"], **PHONE
        )
        return Phone(context, around.server)

    phone = launch()
    phone.sign_in(rep)
    user_id = ask(phone, "/session")["user"]["id"]
    phone.context.close()
    around.server.stop()
    try:
        phone = launch()
        page = phone.open("/")
        expect(page.locator(".pill")).to_have_text(re.compile("^Offline"))
        deliver(phone, a_notice(user_id))
        (notice,) = shown(phone)
        assert notice["title"] == "10:00 · Norrvik Paper"
        page.goto(f"{around.server.url}/visits/{notice['tag']}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Norrvik Paper")
        phone.context.close()
        assert phone.complaints == []
    finally:
        around.server.start()


def a_notice(user_id: str) -> bytes:
    """A message as the server writes it, about a visit that it does not know."""
    times = {"starts_at": "2099-11-24T10:00:00Z", "ends_at": "2099-11-24T11:00:00Z", "time_zone": "UTC"}
    visit = {"id": "0192f0c1-0000-7000-8000-000000000001", "account_id": "a1", "status": "planned", **times}
    data = {
        "kind": "briefing",
        "notice": "n1",
        "user_id": user_id,
        "visit": visit,
        "account": {"id": "a1", "name": "Norrvik Paper"},
        "briefing": None,
        "phone": None,
        "place": None,
        "sent_at": "2099-11-24T09:00:00Z",
    }
    notice = {"title": "10:00 · Norrvik Paper", "body": "Seal leak", "tag": visit["id"], "navigate": "/", "data": data}
    return json.dumps({"web_push": 8030, "notification": notice, "mutable": True}).encode()
