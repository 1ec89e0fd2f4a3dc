"""A real server with the sample territory, real Chromium with a phone's screen, and a reader of everything it complains about."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.browser import PATIENCE_MS
from tests.browser.measure import PHONE
from tests.browser.server import Server, SignIn, install, sample_rep
from tests.browser.writing import until
from tests.support.browser import FLAGS, ensure

# The browser itself reports requests that fail or are refused; the app is asked to live with those, so they are not faults.
NETWORK_REPORT = re.compile(r"^Failed to load resource: ")


IN_USE: list[Phone] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails says where its phones were and what they showed."""
    report = yield
    if report.failed:
        report.sections += [("what a phone shows", phone.shown()) for phone in IN_USE]
    if report.when == "teardown":
        IN_USE[:] = [phone for phone in IN_USE if not phone.page.is_closed()]
    return report


@dataclass
class Phone:
    """A browser context on the server, with what its pages complained about."""

    context: BrowserContext
    server: Server
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        IN_USE.append(self)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        self.page: Page = self.context.pages[0] if self.context.pages else self.context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not NETWORK_REPORT.match(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def shown(self) -> str:
        """The address and what a screen reader would find there."""
        try:
            return f"{self.page.url}\n{self.page.locator('body').aria_snapshot(timeout=5000)}"
        except Error as error:
            return f"not to be seen: {error.message}"

    def open(self, path: str = "/") -> Page:
        """Open an address of the app."""
        self.page.goto(self.server.url + path)
        return self.page

    def sign_in(self, who: SignIn) -> Page:
        """Sign in and wait until Today shows what was pulled."""
        page = self.open("/")
        page.get_by_label("E-mail").fill(who.email)
        page.get_by_label("Password").fill(who.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("figures as of")).to_be_visible()
        self.wait_for_shell()
        return page

    def wait_for_shell(self) -> None:
        """Wait until the service worker holds the shell and controls the page: from then on no network is needed."""
        until(
            self.page,
            lambda: self.page.evaluate("navigator.serviceWorker.controller !== null"),
            "the worker is in control",
        )
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with its built phone app, to be started and changed."""
    return install(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="session")
def _running(installation: Path) -> Iterator[Server]:
    server = Server(installation)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(_running: Server) -> Iterator[Server]:
    """The running server; a test may stop it, the next one finds it running again."""
    yield _running
    if not _running.is_ready():
        _running.stop()
        _running.start()


@pytest.fixture(scope="session")
def rep() -> SignIn:
    """The rep of the sample territory."""
    return sample_rep()


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright_driver: Playwright) -> Iterator[Browser]:
    browser = playwright_driver.chromium.launch(executable_path=ensure(), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def new_phone(chromium: Browser, server: Server) -> Iterator[Callable[..., Phone]]:
    """`new_phone(color_scheme="dark")` is a fresh phone; at the end none may have complained."""
    phones: list[Phone] = []

    def make(**options: Any) -> Phone:
        phones.append(Phone(chromium.new_context(**{**PHONE, **options}), server))
        return phones[-1]

    yield make
    for phone in phones:
        phone.context.close()
    assert [complaint for phone in phones for complaint in phone.complaints] == []


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()


@pytest.fixture
def signed_in(phone: Phone, rep: SignIn) -> Phone:
    """A phone on which the rep has signed in and everything was pulled."""
    phone.sign_in(rep)
    return phone
