"""Every screen of the phone app: how a rep gets there, and when it is filled."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def _sign_in(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_label("Password")).to_be_visible()


def _today(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("a.card[href^='/visits/']").first).to_be_visible()


def _visit(page: Page, url: str) -> None:
    _today(page, url)
    page.locator("a.card[href^='/visits/']").first.click()
    expect(page.locator("section.hero .row").first).to_be_visible()
    _unfold(page)


def _evidence(page: Page, url: str) -> None:
    _visit(page, url)
    page.locator("section.hero button.row").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _account(page: Page, url: str) -> None:
    _visit(page, url)
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    _unfold(page)


def _unfold(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


def _accounts(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts")
    expect(page.locator(".hits a").first).to_be_visible()


def _nothing_found(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts?q=zzzz")
    expect(page.get_by_text("Nothing found for")).to_be_visible()


def _me(page: Page, url: str) -> None:
    page.goto(f"{url}/me")
    expect(page.get_by_role("heading", name="Freshness")).to_be_visible()


def _not_found(page: Page, url: str) -> None:
    page.goto(f"{url}/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")


BEFORE_SIGN_IN = "sign-in"
SCREENS: dict[str, Callable[[Page, str], None]] = {
    BEFORE_SIGN_IN: _sign_in,
    "today": _today,
    "visit": _visit,
    "evidence": _evidence,
    "account": _account,
    "accounts": _accounts,
    "nothing found": _nothing_found,
    "me": _me,
    "not found": _not_found,
}
