"""What tests of writing share: going in and out of reach, reading what the phone holds, and asking the server what it has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser import PATIENCE_MS

if TYPE_CHECKING:
    from tests.browser.conftest import Phone

SAVED = "Saved on this phone"
UNSENT_MARK = ".unsent"
LOOK_AGAIN_MS = 50
# What Playwright says of a page that went elsewhere while it was asked.
LOADING = ("Execution context was destroyed", "Cannot find context", "navigat")


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
    """Wait until the server has everything that is saved on this phone, photos too.

    What is saved is said before it is counted: the pill may still tell of the moment before. The queue does not.
    """
    until(page, lambda: not unsent(page), lambda: f"everything is sent, also {unsent(page)}")
    expect(page.locator(".pill")).to_have_text(re.compile("^All sent"))


def unsent(page: Page) -> list[str]:
    """What waits in the phone's queue, by name, and photos of which the server lacks bytes."""
    waiting = [str(one["name"]) for one in stored(page, "mutation") if one.get("done") is None]
    return waiting + [str(one["name"]) for one in stored(page, "blob")]


def until(page: Page, holds: Callable[[], Any], what: str | Callable[[], str]) -> Any:
    """What `holds` gives, once that is true; for what no element shows. A page that is just being loaded is asked again."""
    for _ in range(PATIENCE_MS // LOOK_AGAIN_MS):
        try:
            if found := holds():
                return found
        except Error as error:
            if not any(words in error.message for words in LOADING):
                raise
        page.wait_for_timeout(LOOK_AGAIN_MS)
    return pytest.fail(f"{what() if callable(what) else what}: not within {PATIENCE_MS // 1000} s")


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


# The rows of a store, or what it has under a key; where there is no database, none is made.
READ = """([store, key]) => new Promise((done) => {
    const open = indexedDB.open('doorstep');
    open.onupgradeneeded = () => open.transaction.abort();
    open.onerror = () => done(key ? null : []);
    open.onsuccess = () => {
        const rows = open.result.transaction(store).objectStore(store);
        const asked = key ? rows.get(key) : rows.getAll();
        asked.onsuccess = () => { open.result.close(); done(asked.result); };
    };
})"""


def stored(page: Page, store: str) -> list[dict[str, Any]]:
    """All rows of a store of the phone's database."""
    rows: list[dict[str, Any]] = page.evaluate(READ, [store, None])
    return rows


def noted(page: Page, key: str) -> Any:
    """What the phone's database holds beside the rows, under a key; None where there is nothing."""
    return page.evaluate(READ, ["meta", key])


def save(page: Page, button: str = "Save") -> None:
    """Tap the button at the thumb, see that it is said, and that the form is left.

    What was said of an entry before may still be there: this one is on the phone when the queue has taken it.
    """
    before, form = noted(page, "order") or 0, page.url
    page.get_by_role("button", name=button, exact=True).click()
    until(page, lambda: (noted(page, "order") or 0) > before, "it is saved")
    expect(page.get_by_text(SAVED)).to_be_visible()
    expect(page).not_to_have_url(form)
