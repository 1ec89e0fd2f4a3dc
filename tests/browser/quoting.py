"""What tests of quoting share: a catalogue that is sold from, and a rep's taps from an account to a quote."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import PATIENCE_MS
from tests.browser.measure import PHONE
from tests.browser.server import ROOT, Server, SignIn, sample_users
from tests.browser.writing import stored, until

if TYPE_CHECKING:
    from tests.browser.conftest import Phone

CATALOGUE = ROOT / "fixtures/catalogue/rosvall-pumps.yaml"
COMPILED_SECONDS = 180


def user_of(role: str) -> SignIn:
    """The first user of the sample with a role."""
    return next(user for user, of in sample_users() if of == role)


class Office:
    """Somebody at a desk: the API with a session of their own."""

    def __init__(self, url: str, who: SignIn) -> None:
        self.url = f"{url}/api/v1"
        self.http = requests.Session()
        answer = self.http.post(f"{self.url}/session", json={"email": who.email, "password": who.password}, timeout=30)
        answer.raise_for_status()
        cookie = next(iter(answer.cookies))
        # The cookie is for secure origins; localhost counts as one for browsers, not for this client.
        self.http.headers.update(
            {"X-CSRF-Token": answer.json()["csrf_token"], "Cookie": f"{cookie.name}={cookie.value}"}
        )

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON; AssertionError with the problem when it is refused."""
        answer = self.http.request(method, self.url + path, timeout=120, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.text else None


def compiled(office: Office, stored: dict[str, Any]) -> dict[str, Any]:
    """A catalogue that was stored just now, once it is compiled."""
    deadline = time.monotonic() + COMPILED_SECONDS
    while stored["compilation"] != "ready":
        assert time.monotonic() < deadline and stored["compilation"] != "failed", stored
        time.sleep(0.2)
        stored = office.call("GET", f"/catalogs/{stored['id']}")
    return stored


@cache
def sell(url: str) -> str:
    """Have the sample catalogue stored, compiled and activated on the server at `url`; its id."""
    office = Office(url, user_of("administrator"))
    stored = office.call("POST", "/catalogs", data=CATALOGUE.read_bytes(), headers={"Content-Type": "application/yaml"})
    stored = compiled(office, stored)
    if stored["status"] != "active":
        office.call("POST", f"/catalogs/{stored['id']}/activate")
    return str(stored["id"])


def has_catalogue(page: Page) -> None:
    """Wait until the phone holds the catalogue."""
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/quotes", page.url))
    expect(page.locator(".sub", has_text="Prices of")).to_be_visible()


@contextmanager
def selling(browser: Browser, server: Server, rep: SignIn) -> Iterator[Phone]:
    """A phone of the rep that holds the catalogue, for a module's tests to share; at the end it may not have complained."""
    from tests.browser.conftest import Phone

    sell(server.url)
    phone = Phone(browser.new_context(**PHONE), server)
    phone.sign_in(rep)
    has_catalogue(phone.page)
    yield phone
    phone.context.close()
    assert phone.complaints == []


@contextmanager
def agreed(phone: Phone, account: str, number: str, **step: Any) -> Iterator[None]:
    """While 12 % is agreed with the account, by its path. At the end the phone knows that it is not any more.

    Who goes out of reach before has the price of then: what the next test offers would come back as another price.
    """
    office = Office(phone.server.url, user_of("administrator"))
    adjustment = {"type": "percent_discount", "percent": "12"}
    agreement = office.call(
        "POST",
        "/agreements",
        json={
            "account_id": account.split("/")[-1],
            "number": number,
            "name": "Framework agreement",
            "valid_from": "2026-01-01",
            "steps": [{"id": "frame", "phase": "contracted", "adjustment": adjustment, **step}],
        },
    )
    try:
        yield
    finally:
        office.call("DELETE", f"/agreements/{agreement['id']}")
        phone.context.set_offline(False)
        page = phone.open("/unsent")
        page.get_by_role("button", name=re.compile("^(Send|Update) now$")).click()
        until(page, lambda: agreement["id"] not in {one["id"] for one in stored(page, "agreement")}, "no agreement")


@contextmanager
def elsewhere(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that knows nothing: the customer's."""
    context = browser.new_context(**PHONE)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def new_quote(page: Page, account: str) -> str:
    """Begin a quote for an account, by its path; the path of the quote."""
    base = re.sub(r"(https?://[^/]+).*", r"\1", page.url)
    page.goto(f"{base}{account}/quote")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Quote \d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$"))
    return str(page.evaluate("location.pathname"))


def add(page: Page, product: str) -> None:
    """Put a product on the quote that is open."""
    page.get_by_role("link", name="Add a product").click()
    page.get_by_label("Find a product").fill(product)
    page.locator("main button.item", has_text=product).first.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Add a product")


def finish(page: Page, how: str = "As usual") -> None:
    """Have everything that is open decided, and go back to the quote."""
    page.get_by_role("button", name="Finish for me").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(f"^{how}")).click()
    expect(page.locator(".sub", has_text="Complete")).to_be_visible()
    page.get_by_role("button", name="Add to quote").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Quote "))


def group(page: Page, name: str) -> None:
    """Show a group of features."""
    groups = page.get_by_label("Group of features")
    value = groups.locator("option", has_text=re.compile(f"^{name}")).get_attribute("value")
    groups.select_option(value)


def option(page: Page, feature: str, value: str) -> Any:
    """The button of a value."""
    card = page.get_by_role("region", name=feature, exact=True)
    return card.locator("button.opt").filter(has=page.get_by_text(value, exact=True))


def price_of(page: Page) -> str:
    """The figure at the thumb."""
    return page.locator(".price strong").inner_text().strip()


def amount(shown: str) -> Decimal:
    """The last amount in words on a screen: `Needs a swap · − SEK 1,310.00` is -1310.00."""
    sign, figures = re.findall(r"([+\u2212]?)\s*(?:SEK|\u20ac|\u00a3)\s*([\d,]+(?:\.\d+)?)", shown)[-1]
    return Decimal(figures.replace(",", "")) * (-1 if sign == "\u2212" else 1)


def quote_at_server(phone: Phone, path: str) -> dict[str, Any]:
    """A quote as the server has it, by its path on the phone; one that was saved this moment may be on its way."""
    deadline = time.monotonic() + 15
    while True:
        answer = phone.context.request.get(f"{phone.server.url}/api/v1/quotes/{path.split('/')[-1]}")
        if answer.status != 404 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert answer.ok, answer.text()
    found: dict[str, Any] = answer.json()
    return found
