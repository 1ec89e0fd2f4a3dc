"""Takes the pictures of notices and calendars in docs/screenshots: `python -m tests.browser.screenshots_notices`.

How a rep is told, the calendars that are followed, an event of which Doorstep is not sure, and the letter to a rep without a
device. The push service, the calendars' server and the mail server are ours; the rest is what runs anywhere.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.measure import PHONE, sign_in
from tests.browser.noticing import SUBSCRIBE
from tests.browser.quoting import Office
from tests.browser.screenshots import FOLDER
from tests.browser.server import Server, install, sample_reps
from tests.support.browser import FLAGS, ensure
from tests.support.calendars import ICALENDAR, calendar, event
from tests.support.feed_server import FeedServer, document
from tests.support.mail_server import MailServer
from tests.support.push_service import Browser as Device
from tests.support.push_service import PushService

LETTER_SECONDS = 60


def of_elin(now: datetime) -> bytes:
    """Her calendar: a meeting with somebody of a customer, and a lunch that may be two customers'."""
    day = (now + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    invited = "ATTENDEE;CN=Eva Lindqvist:mailto:eva.lindqvist@norrvik-paper.example"
    return calendar(
        event("seals", day, invited, summary="Seals of line 2"),
        event(
            "lunch", day + timedelta(hours=2), "LOCATION:Gävle", summary="Lunch with Norrvik Paper and Hestra Energi"
        ),
        properties=["X-WR-CALNAME:Elin at work"],
    )


def phone(browser: Browser, url: str, scheme: str, device: Device) -> Page:
    """Elin's phone, which takes notices."""
    context = browser.new_context(
        **{**PHONE, "device_scale_factor": 1.5},
        color_scheme=scheme,
        reduced_motion="reduce",
        timezone_id="Europe/Stockholm",
        permissions=["notifications"],
    )
    context.add_init_script(f"({SUBSCRIBE})({json.dumps(device.to_json())})")
    page = context.new_page()
    rep = sample_reps()[0]
    sign_in(page, url, rep.email, rep.password)
    return page


def notices(page: Page, url: str, scheme: str) -> None:
    """Switched on, and tried."""
    page.goto(f"{url}/me/notices")
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("last one just now")).to_be_visible()
    quiet(page)
    page.screenshot(path=FOLDER / f"notices-{scheme}.png")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()


def calendars(page: Page, url: str, scheme: str, address: str) -> None:
    """One that is followed, and what is asked of it."""
    page.goto(f"{url}/me/calendars")
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_role("button", name="Follow").click()
    card = page.get_by_role("article", name="Elin at work")
    expect(card.get_by_text("Read just now.")).to_be_visible()
    expect(page.get_by_role("link", name="Whose visit is this?")).to_be_visible()
    quiet(page)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=FOLDER / f"calendars-{scheme}.png")
    page.goto(f"{url}/me/matches")
    expect(page.get_by_role("button", name="It is no visit").first).to_be_visible()
    page.screenshot(path=FOLDER / f"whose-visit-{scheme}.png")
    page.goto(f"{url}/me/calendars")
    card.get_by_role("button", name="Remove").click()
    card.get_by_role("button", name="Remove it").click()
    expect(card).to_have_count(0)


def quiet(page: Page) -> None:
    """Wait until nothing is said any more."""
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(".said > div")).to_have_count(0)


def letter(browser: Browser, url: str, mail: MailServer) -> None:
    """What a rep without a device gets half an hour before a visit."""
    office = Office(url, sample_reps()[0])
    everyday = {"quiet_from": "00:00", "quiet_to": "00:00", "working_days": [1, 2, 3, 4, 5, 6, 7]}
    office.call("PATCH", "/notice-preferences", json=everyday)
    accounts: list[dict[str, Any]] = office.call("GET", "/accounts?limit=200")["data"]
    account = next(one for one in accounts if one["name"] == "Norrvik Paper")
    starts_at = (datetime.now(UTC) + timedelta(minutes=30)).replace(second=0, microsecond=0)
    before = len(mail.taken)
    visit = {
        "account_id": account["id"], "user_id": office.call("GET", "/session")["user"]["id"], "place": "Dock 4, Gävle",
        "starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "time_zone": "Europe/Stockholm",
    }  # fmt: skip
    office.call("POST", "/visits", json=visit)
    deadline = time.monotonic() + LETTER_SECONDS
    while not (found := [one for _, one in mail.taken[before:] if "Norrvik" in one["Subject"]]):
        assert time.monotonic() < deadline, "no letter came"
        time.sleep(0.2)
    _, html = found[0].iter_parts()
    page = browser.new_page(viewport={"width": 600, "height": 400}, device_scale_factor=1.5)
    page.set_content(html.get_content())
    page.screenshot(path=FOLDER / "letter.png", full_page=True)
    page.close()


def main() -> None:
    """Start everything, take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as driver,
        PushService() as push,
        FeedServer() as feeds,
        MailServer() as mail,
    ):
        server = Server(
            install(Path(folder)),
            DOORSTEP_OUTBOUND_ALLOW=f"{push.host},localhost:{feeds.port}",
            DOORSTEP_SMTP_HOST="127.0.0.1",
            DOORSTEP_SMTP_PORT=str(mail.port),
            DOORSTEP_SMTP_TLS="none",
        )
        server.start()
        address = feeds.add("/elin.ics", document(of_elin(datetime.now(UTC)), ICALENDAR)).replace(
            "127.0.0.1", "localhost"
        )
        try:
            browser = driver.chromium.launch(executable_path=ensure(), args=FLAGS)
            for scheme in ("light", "dark"):
                page = phone(browser, server.url, scheme, push.subscribe())
                notices(page, server.url, scheme)
                calendars(page, server.url, scheme, address)
                page.context.close()
            letter(browser, server.url, mail)
            browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
