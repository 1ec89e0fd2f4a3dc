"""Takes the pictures of an offer in docs/screenshots: `python -m tests.browser.screenshots_offer` (needs pdftoppm).

A quote of two pumps with monitoring, as the customer sees it on a desk and in a hand, and its first page on paper.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import quoting
from tests.browser.measure import PHONE
from tests.browser.quoting import Office, user_of
from tests.browser.screenshots import FOLDER
from tests.browser.server import Server, install
from tests.support.browser import FLAGS, ensure

VIEWS: dict[str, dict[str, Any]] = {
    "offer-desk-light": {"viewport": {"width": 1280, "height": 860}},
    "offer-desk-dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "offer-phone-light": {**PHONE, "device_scale_factor": 1.5},
}


def send_offer(office: Office, catalogue: str) -> str:
    """Two pumps at a discount, monitoring for two years, and a spare seal kit as an option; the path of the page."""
    asked = {
        "catalogue": catalogue,
        "product": "PX",
        "choices": [{"feature": "medium", "value": "pulp"}, {"feature": "motor", "value": "kw11"}],
        "complete": {"objective": "usual"},
    }
    configuration = office.call("POST", "/configurations:evaluate", json=asked)["completed"]
    pump = {
        "id": "pump", "sku": "PX", "quantity": "2", "configuration": configuration,
        "open": ["quantity", "feature:motor", "feature:paint"],
        "discount": {"kind": "percent", "value": "4", "reason": "Two pumps at once"},
    }  # fmt: skip
    watch = {"id": "watch", "sku": "WATCH-P", "quantity": "2", "term": "two_years", "open": ["term", "quantity"]}
    kit = {"id": "kit", "sku": "SK-22", "quantity": "1", "optional": True, "selected": False, "open": ["selected"]}
    content = {
        "catalogue": "rosvall", "catalogue_version": "2026.2", "price_book": "eur-2026-2", "currency": "EUR",
        "region": "SE", "on": "2026-11-20", "lines": [pump, watch, kit], "clauses": ["uptime", "delivery"],
        "notes": "Delivery to dock 4 in week 3. The seals are those that we talked about.",
    }  # fmt: skip
    accounts = office.call("GET", "/accounts?limit=200")["data"]
    account = next((one for one in accounts if "Norrvik" in one["name"]), accounts[0])
    body = {
        "account_id": account["id"],
        "title": "Two pumps for line 2",
        "valid_until": "2026-12-31",
        "content": content,
    }
    quote = office.call("POST", "/quotes", json=body)
    office.call("POST", f"/quotes/{quote['id']}:send", json={"revision": quote["revision"]})
    return str(office.call("GET", f"/quotes/{quote['id']}/link")["path"])


def take(browser: Browser, url: str, name: str, options: dict[str, Any]) -> None:
    """One picture of the page, with the steps of the first price open in a hand."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if "phone" in name:
        page.get_by_text("How this price came about").first.click()
        page.get_by_text("How this price came about").first.evaluate(
            "(one) => { one.scrollIntoView(); scrollBy(0, -12); }"
        )
    else:
        # What each value would cost comes a moment after the page.
        expect(page.locator("label.pick", has_text="Sea C5").locator(".move")).to_contain_text("€")
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def main() -> None:
    """Start a server, send an offer, take the pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = Server(install(Path(folder)))
        server.start()
        try:
            catalogue = quoting.sell(server.url)
            path = send_offer(Office(server.url, user_of("administrator")), catalogue)
            browser = driver.chromium.launch(executable_path=ensure(), args=FLAGS)
            for name, options in VIEWS.items():
                take(browser, server.url + path, name, options)
            browser.close()
            pdf = Path(folder) / "quote.pdf"
            address = f"{server.url}/api/v1/offers/{path.split('/')[-1]}/document.pdf"
            pdf.write_bytes(requests.get(address, timeout=30).content)
            subprocess.run(
                ["pdftoppm", "-r", "80", "-f", "1", "-l", "1", "-singlefile", "-png", pdf, FOLDER / "quote-pdf"],
                check=True,
            )
        finally:
            server.stop()


if __name__ == "__main__":
    main()
