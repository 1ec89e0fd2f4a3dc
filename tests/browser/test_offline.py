"""After one visit online: the same screens with no network, with no server, and after the browser was closed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import Phone
from tests.browser.measure import PHONE
from tests.browser.server import Server, SignIn
from tests.support.browser import FLAGS, ensure


def read_everything(page: Page) -> None:
    """Walk every screen and find it filled."""
    expect(page.get_by_text("figures as of")).to_be_visible()
    page.locator("a.card[href^='/visits/']").first.click()
    expect(page.locator("section.hero .row").first).to_be_visible()
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    page.get_by_role("link", name="Accounts", exact=True).first.click()
    page.get_by_role("searchbox").fill("a")
    expect(page.locator(".hits a").first).to_be_visible()
    page.get_by_role("link", name="Me", exact=True).click()
    expect(page.get_by_role("heading", name="Freshness")).to_be_visible()
    page.get_by_role("link", name="Today", exact=True).click()


def test_everything_is_readable_with_the_network_off(signed_in: Phone) -> None:
    signed_in.context.set_offline(True)
    page = signed_in.open("/")
    expect(page.locator(".pill")).to_have_text(re.compile(r"^Offline since \d\d:\d\d$"))
    read_everything(page)


def test_everything_is_readable_with_the_server_stopped(signed_in: Phone, server: Server) -> None:
    server.stop()
    page = signed_in.open("/")
    expect(page.locator(".pill")).to_have_text(re.compile(r"^Offline since \d\d:\d\d$"))
    assert page.evaluate("navigator.onLine") is True
    read_everything(page)


def test_the_pill_recovers_when_the_server_is_back(signed_in: Phone, server: Server) -> None:
    server.stop()
    page = signed_in.open("/me")
    expect(page.locator(".pill")).to_have_text(re.compile("^Offline since"))
    server.start()
    page.get_by_role("button", name="Update now").click()
    expect(page.locator(".pill")).to_have_text(re.compile("^All sent"))


@pytest.mark.parametrize("screen", ["visit", "account", "search"])
def test_a_deep_link_opens_with_no_network(signed_in: Phone, screen: str) -> None:
    page = signed_in.page
    page.locator("a.card[href^='/visits/']").first.click()
    expect(page.locator("section.hero")).to_be_visible()
    visit = page.url
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    address = {"visit": visit, "account": page.url, "search": f"{signed_in.server.url}/accounts?q=a"}[screen]
    signed_in.context.set_offline(True)
    fresh = signed_in.context.new_page()
    fresh.goto(address)
    filled = {"visit": "section.hero .row", "account": "dl.facts", "search": ".hits a"}[screen]
    expect(fresh.locator(filled).first).to_be_visible()


def test_a_restarted_browser_still_has_the_day(
    playwright_driver: Playwright, server: Server, rep: SignIn, tmp_path: Path
) -> None:
    def launch() -> Phone:
        context = playwright_driver.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=ensure(), args=FLAGS, **PHONE
        )
        return Phone(context, server)

    phone = launch()
    phone.sign_in(rep)
    phone.context.close()
    server.stop()
    phone = launch()
    read_everything(phone.open("/"))
    phone.context.close()
    assert phone.complaints == []


def test_no_stored_response_was_redirected_and_none_is_data(signed_in: Phone) -> None:
    stored = signed_in.page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys()) {
                    const response = await cache.match(request);
                    found.push([new URL(request.url).pathname, response.redirected, response.status]);
                }
            }
            return found;
        }"""
    )
    paths = {path for path, _, _ in stored}
    assert {"/", "/manifest.webmanifest"} <= paths
    assert not [path for path in paths if path.startswith("/api")]
    assert all(not redirected and status == 200 for _, redirected, status in stored)


def test_an_ended_session_leaves_the_data_readable_and_asks_to_sign_in(signed_in: Phone, rep: SignIn) -> None:
    signed_in.context.clear_cookies()
    page = signed_in.open("/")
    expect(page.locator(".pill")).to_have_text("Sign in again")
    expect(page.locator("a.card[href^='/visits/']").first).to_be_visible()
    page.locator(".pill").click()
    page.get_by_label("Password").fill(rep.password)
    page.get_by_role("button", name="Sign in again").click()
    expect(page.locator(".pill")).to_have_text(re.compile("^All sent"))
    expect(page.locator("a.card[href^='/visits/']").first).to_be_visible()


def test_an_emptied_database_is_filled_again_without_signing_in(signed_in: Phone) -> None:
    page = signed_in.page
    signed_in.open("/healthz")
    page.evaluate("new Promise((done) => { indexedDB.deleteDatabase('doorstep').onsuccess = done; })")
    signed_in.open("/")
    expect(page.locator("a.card[href^='/visits/']").first).to_be_visible()
