"""A real server with the sample territory, real Chromium with a phone's screen, and a reader of everything it complains about."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.browser.measure import PHONE
from tests.support.browser import FLAGS, ensure

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
# The browser itself reports requests that fail or are refused; the app is asked to live with those, so they are not faults.
NETWORK_REPORT = re.compile(r"^Failed to load resource: ")


class Server:
    """`python -m app.cli start` from a copy of the tree, so that a test may put another build of the phone app there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def build(self) -> Path:
        """The folder of the built phone app."""
        return self.home / "app" / "static" / "pwa"

    def start(self) -> None:
        """Start and wait until it is ready. Raises AssertionError with its log when it is not in time."""
        log = (self.home / "server.log").open("ab")
        environment = os.environ | {
            "DOORSTEP_PORT": str(self.port),
            "DOORSTEP_DATABASE_URL": f"sqlite:///{self.home / 'doorstep.db'}",
            "DOORSTEP_SIGN_IN_PER_MINUTE": "1000",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "app.cli", "start"]
        self._process = subprocess.Popen(
            command, cwd=self.home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                pytest.fail(f"the server did not start:\n{(self.home / 'server.log').read_text()[-4000:]}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End the server and its workers."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class SignIn:
    """A demo user."""

    email: str
    password: str


@dataclass
class Phone:
    """A browser context on the server, with what its pages complained about."""

    context: BrowserContext
    server: Server
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(15_000)
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        self.page: Page = self.context.pages[0] if self.context.pages else self.context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not NETWORK_REPORT.match(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

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
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        for _ in range(100):
            if self.page.evaluate("navigator.serviceWorker.controller !== null"):
                return
            self.page.wait_for_timeout(50)
        pytest.fail("the service worker never took control of the page")


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with its built phone app, to be started and changed."""
    if not (ROOT / "app/static/pwa/worker.js").exists():
        pytest.fail("the phone app is not built; run make setup")
    home = tmp_path_factory.mktemp("installation")
    shutil.copytree(ROOT / "app", home / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (home / "fixtures").symlink_to(ROOT / "fixtures")
    return home


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
    if not _running._ready():
        _running.stop()
        _running.start()


@pytest.fixture(scope="session")
def rep() -> SignIn:
    """The rep of the sample territory."""
    users = json.loads((ROOT / "fixtures/territory/data/organisation.json").read_text("utf-8"))["users"]
    user = next(one for one in users if one["role"] == "rep")
    return SignIn(user["email"], user["password"])


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
