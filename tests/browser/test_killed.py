"""A browser that is killed the moment a rep has read *saved*: everything that was saved arrives, once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from types import TracebackType

from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser import PATIENCE_MS
from tests.browser.conftest import Phone
from tests.browser.measure import PHONE
from tests.browser.server import Server, SignIn
from tests.browser.writing import SAVED, all_sent, an_account, at_server
from tests.support.browser import FLAGS, ensure

TIMES = 20
START_SECONDS = 60


class Chromium:
    """A Chromium of our own on a profile that outlives it, with all of its processes in one group."""

    def __init__(self, driver: Playwright, profile: Path) -> None:
        (profile / "DevToolsActivePort").unlink(missing_ok=True)
        size = "{width},{height}".format(**PHONE["viewport"])
        flags = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", f"--window-size={size}"]
        self.process = subprocess.Popen(
            [ensure(), *FLAGS, *flags, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.browser: Browser = driver.chromium.connect_over_cdp(f"http://127.0.0.1:{_debugging_port(profile)}")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    @property
    def page(self) -> Page:
        """Its tab."""
        context = self.browser.contexts[0]
        context.set_default_timeout(PATIENCE_MS)
        return context.pages[0] if context.pages else context.new_page()

    def kill(self) -> None:
        """SIGKILL to the browser and everything that it started, at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> None:
        """Close it as a person does, so that cookies are on the disk."""
        self.browser.new_browser_cdp_session().send("Browser.close")
        self.process.wait(START_SECONDS)


def _debugging_port(profile: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    written = profile / "DevToolsActivePort"
    while time.monotonic() < deadline:
        if written.exists() and (lines := written.read_text().splitlines()) and len(lines) > 1:
            return int(lines[0])
        time.sleep(0.02)
    raise AssertionError("Chromium did not start")


def _sign_in(page: Page, rep: SignIn) -> None:
    page.get_by_label("E-mail").fill(rep.email)
    page.get_by_label("Password").fill(rep.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("figures as of")).to_be_visible()


def test_everything_saved_by_a_browser_that_was_killed_each_time_arrives_exactly_once(
    playwright_driver: Playwright, server: Server, rep: SignIn, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    with Chromium(playwright_driver, profile) as chromium:
        phone = Phone(chromium.browser.contexts[0], server)
        phone.open("/")
        _sign_in(phone.page, rep)
        phone.wait_for_shell()
        account = an_account(phone, "Norrvik")
        chromium.close()
    server.stop()  # nothing can be sent before the end

    texts = [f"Saved and killed, number {number}" for number in range(TIMES)]
    for text in texts:
        with Chromium(playwright_driver, profile) as chromium:
            page = chromium.page
            page.goto(f"{server.url}{account}/note")
            page.get_by_label("Note", exact=True).fill(text)
            page.get_by_role("button", name="Save", exact=True).click()
            page.get_by_text(SAVED).wait_for()
            chromium.kill()

    server.start()
    with Chromium(playwright_driver, profile) as chromium:
        phone = Phone(chromium.browser.contexts[0], server)
        phone.open("/")
        all_sent(phone.page)
        arrived = Counter(row["text"] for row in at_server(phone, "notes", account))
        chromium.close()
    assert {text: arrived[text] for text in texts} == dict.fromkeys(texts, 1)
