"""Takes the pictures in docs/screenshots: Today, a briefing, configuring, a quote, a report and what is unsent, on the next
Tuesday morning at eight.

`python -m tests.browser.screenshots`
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import quoting
from tests.browser.measure import BRIEFED, PHONE, sign_in
from tests.browser.server import ROOT, Server, install, sample_rep
from tests.support.browser import FLAGS, ensure

FOLDER = ROOT / "docs/screenshots"
HOME = ZoneInfo("Europe/Stockholm")
# Every process of the server runs ahead by as much: Python imports this module by itself when it starts.
AHEAD = """
import os
from datetime import timedelta
from app.foundation import clock
clock._offset = timedelta(seconds=float(os.environ["AHEAD_SECONDS"]))
"""


def next_tuesday_at_eight() -> datetime:
    """08:08 on the Tuesday to come, in the sample's time zone."""
    now = datetime.now(HOME)
    days = (1 - now.weekday()) % 7 or 7
    return (now + timedelta(days=days)).replace(hour=8, minute=8, second=0, microsecond=0)


def take(browser: Browser, server: Server, scheme: str, at: datetime) -> None:
    """All pictures in one colour scheme; the last two with no network."""
    context = browser.new_context(
        **{**PHONE, "device_scale_factor": 1.5},
        color_scheme=scheme,
        reduced_motion="reduce",
        timezone_id="Europe/Stockholm",
    )
    context.clock.set_fixed_time(at)
    page = context.new_page()
    rep = sample_rep()
    sign_in(page, server.url, rep.email, rep.password)
    page.screenshot(path=FOLDER / f"today-{scheme}.png")
    page.locator(BRIEFED).first.click()
    expect(page.locator("section.hero .row").first).to_be_visible()
    page.screenshot(path=FOLDER / f"briefing-{scheme}.png")
    quote(page, scheme)
    page.goto(server.url)
    page.locator(BRIEFED).first.click()
    page.get_by_role("link", name="Log visit").click()
    report(page)
    page.screenshot(path=FOLDER / f"log-{scheme}.png")
    context.set_offline(True)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved on this phone")).to_be_visible()
    page.locator(".pill").click()
    expect(page.get_by_role("heading", name="Sent and unsent")).to_be_visible()
    expect(page.get_by_text("Saved on this phone")).to_be_hidden(timeout=8_000)
    page.screenshot(path=FOLDER / f"unsent-{scheme}.png")
    context.close()


def quote(page: Page, scheme: str) -> None:
    """Configure a pump at the visit, and quote it with monitoring at a discount."""
    visit = page.url
    quoting.has_catalogue(page)
    page.goto(visit)
    page.get_by_role("link", name="Quote", exact=True).click()
    quoting.add(page, "PX process pump")
    quoting.option(page, "Medium", "Paper pulp").click()
    quoting.group(page, "Seal and bearings")
    quoting.option(page, "Shaft seal", "Double, SiC").click()
    expect(page.locator(".opt.out", has_text="swap 1").first).to_be_visible()
    expect(quoting.option(page, "Shaft seal", "Magnetic drive")).to_contain_text("SEK")
    page.get_by_role("region", name="Shaft seal").locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=FOLDER / f"configure-{scheme}.png")
    page.locator(".price").click()
    page.screenshot(path=FOLDER / f"price-{scheme}.png")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    quoting.finish(page)
    quoting.add(page, "Watch Plus")
    page.get_by_text("Give a discount").click()
    page.get_by_label("Percent", exact=True).fill("4")
    page.get_by_label("Reason, as the customer reads it").fill("Third pump this year")
    expect(page.get_by_text("Within your authority (5 %)")).to_be_visible()
    expect(page.get_by_text("is on the quote")).to_be_hidden(timeout=8_000)
    page.evaluate("document.activeElement.blur(); document.querySelector('.hero').scrollIntoView(); scrollBy(0, -12)")
    page.screenshot(path=FOLDER / f"quote-{scheme}.png")


def report(page: Page) -> None:
    """Fill in how a visit went."""
    page.get_by_label("Wants a quote").check()
    page.get_by_label("Notes").fill("Line 2 stops for service in May. Eva wants the vibration report first.")
    page.get_by_label("Next step").fill("Price for a spare seal kit")
    page.get_by_role("button", name="Add a promise").click()
    page.get_by_label("What you promise").fill("Vibration report")
    page.get_by_label("In a week").check()
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")


def main() -> None:
    """Start a server on Tuesday morning, let it read its news, take the pictures."""
    at = next_tuesday_at_eight()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home = install(Path(folder))
        (home / "sitecustomize.py").write_text(AHEAD, "utf-8")
        ahead = (at - datetime.now(HOME)).total_seconds()
        server = Server(home, AHEAD_SECONDS=str(ahead), PYTHONPATH=str(home))
        server.start()
        browser = driver.chromium.launch(executable_path=ensure(), args=FLAGS)
        browser.new_page().wait_for_timeout(15_000)  # the feeds are polled and the briefings composed anew
        for scheme in ("light", "dark"):
            take(browser, server, scheme, at + timedelta(seconds=60))
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
