"""What tests of writing share: going in and out of reach, reading what the phone holds, and asking the server what it has."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Phone

SAVED = "Saved on this phone"
UNSENT_MARK = ".unsent"


def offline(phone: Phone) -> None:
    """Out of reach, and the app knows it."""
    phone.context.set_offline(True)


def online(phone: Phone) -> None:
    """In reach again; what is unsent is sent at once, as when a rep asks for it."""
    phone.context.set_offline(False)
    page = phone.page
    page.locator(".pill").click()
    page.get_by_role("button", name=re.compile("^(Send|Update) now$")).click()


def all_sent(page: Page) -> None:
    """Wait until the server has everything."""
    expect(page.locator(".pill")).to_have_text(re.compile("^All sent"), timeout=15_000)


def first_visit(phone: Phone, nth: int = 0) -> str:
    """Open a visit of today; returns its path."""
    page = phone.open("/")
    page.locator("a.card[href^='/visits/']:has(.matters)").nth(nth).click()
    expect(page.locator("section.hero .row").first).to_be_visible()
    return str(page.evaluate("location.pathname"))


def an_account(phone: Phone, name: str) -> str:
    """Open an account by its name; returns its path."""
    page = phone.open(f"/accounts?q={name}")
    page.locator(".hits a").first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    return str(page.evaluate("location.pathname"))


def server(phone: Phone, path: str, method: str = "GET", body: Any = None, **headers: str) -> Any:
    """Ask the server as this phone's user, whether or not its pages are out of reach."""
    session = phone.context.request.get(f"{phone.server.url}/api/v1/session").json()
    answer = phone.context.request.fetch(
        f"{phone.server.url}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body),
        headers={"content-type": "application/json", "x-csrf-token": session["csrf_token"], **headers},
    )
    assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
    return answer.json() if answer.text() else None


def at_server(phone: Phone, kind: str, account: str) -> list[dict[str, Any]]:
    """The rows of a kind (`notes`, `promises` …) that the server has of an account, by its path."""
    found: list[dict[str, Any]] = server(phone, f"/{kind}?account_id={account.split('/')[-1]}&limit=200")["data"]
    return found


def stored(page: Page, store: str) -> list[dict[str, Any]]:
    """All rows of a store of the phone's database."""
    rows: list[dict[str, Any]] = page.evaluate(
        """(store) => new Promise((done, fail) => {
            const open = indexedDB.open('doorstep');
            open.onerror = fail;
            open.onsuccess = () => {
                const all = open.result.transaction(store).objectStore(store).getAll();
                all.onsuccess = () => { open.result.close(); done(all.result); };
            };
        })""",
        store,
    )
    return rows


def save(page: Page, button: str = "Save") -> None:
    """Tap the button at the thumb and see that it is said."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
