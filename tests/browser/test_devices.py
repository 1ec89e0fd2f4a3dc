"""The rep's devices: which there are, one that is shut out, and a phone that was away for too long."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.server import SignIn
from tests.browser.test_leaving import REMAINS, only_left
from tests.browser.writing import all_sent, an_account, offline, save, server

DAY_MS = 86_400_000


def test_a_device_is_named_and_another_is_shut_out_and_empties_itself(
    new_phone: Callable[..., Phone], rep: SignIn
) -> None:
    mine, lost = new_phone(), new_phone()
    lost.sign_in(rep)
    (device,) = [one["id"] for one in server(lost, "/devices")["data"] if one["current"]]
    server(lost, f"/devices/{device}", "PATCH", {"name": "Lost phone"})
    mine.sign_in(rep)
    page = mine.open("/me")
    page.get_by_role("link", name="Your devices").click()
    here = page.locator("article.hero")
    expect(here).to_contain_text("This device")
    here.get_by_role("button", name="Rename").click()
    here.get_by_label("Name").fill("Work phone")
    here.get_by_role("button", name="Rename").click()
    expect(here).to_contain_text("Work phone")
    other = page.get_by_role("article", name="Lost phone")
    expect(other).to_contain_text("last contact")
    other.get_by_role("button", name="Shut out").click()
    other.get_by_role("button", name="Keep it").click()
    other.get_by_role("button", name="Shut out").click()
    with lost.page.expect_event("load"):
        other.get_by_role("group").get_by_role("button", name="Shut out").click()
    expect(lost.page.get_by_label("Password")).to_be_visible()
    only_left(lost.page, [])
    assert mine.page.evaluate(REMAINS)["databases"] == ["doorstep"]


def test_the_list_says_that_it_needs_a_network(signed_in: Phone) -> None:
    offline(signed_in)
    page = signed_in.open("/me/devices")
    expect(page.get_by_text("It cannot be reached now.")).to_be_visible()
    signed_in.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("article.hero")).to_contain_text("This device")


def test_after_the_lease_the_phone_asks_to_sign_in_and_then_sends_what_it_kept(signed_in: Phone, rep: SignIn) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    offline(signed_in)
    page.goto(f"{signed_in.server.url}{account}/note")
    page.get_by_label("Note", exact=True).fill("Written before the long journey.")
    save(page)
    page.clock.install(time=page.evaluate(f"Date.now() + 15 * {DAY_MS}") / 1000)
    signed_in.open(account)
    expect(page.get_by_text("This phone had no contact for 14 days.")).to_be_visible()
    expect(page.get_by_text(re.compile("^One unsent entry is safe on it"))).to_be_visible()
    expect(page.get_by_text("Norrvik")).to_have_count(0)
    signed_in.context.set_offline(False)
    page.get_by_label("Password").fill(rep.password)
    page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_text("Written before the long journey.", exact=True)).to_be_visible()
    all_sent(page)
