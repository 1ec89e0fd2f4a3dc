"""What tests of notices share: a server with a push service and calendars beside it, and a phone that takes notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.server import ROOT, Server, install
from tests.browser.writing import server as ask
from tests.support.feed_server import FeedServer
from tests.support.push_service import Browser, PushService

MOVED_CLOCK = ROOT / "tests/support/moved_clock"
# Chromium without a display subscribes to no push service: what it would answer is put in its place.
SUBSCRIBE = """(told) => {
    let subscription = null;
    PushManager.prototype.getSubscription = async () => subscription;
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
        const key = btoa(String.fromCharCode(...new Uint8Array(applicationServerKey)));
        sessionStorage.setItem('subscribed-with', JSON.stringify([userVisibleOnly, key]));
        subscription = { endpoint: told.endpoint, toJSON: () => told, unsubscribe: async () => ((subscription = null), true) };
        return subscription;
    };
}"""
# A tap as the worker sees it. No way of the DevTools taps a notification; the event, its notification and the handler are
# real, only who sends it is not, for which Chromium lets such an event neither open a window nor come to the front.
TAP = """async (action) => {
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent('notificationclick', { notification, action });
    event.waitUntil = (work) => void work.catch((error) => { if (error.name !== 'InvalidAccessError') throw error; });
    self.dispatchEvent(event);
}"""


@dataclass
class Surroundings:
    """The server and what it reaches. `clock` is the file that moves its clock."""

    server: Server
    push: PushService
    calendars: FeedServer
    clock: Path

    def move_clock(self, seconds: float) -> None:
        """From now on the server's clock is ahead by this much."""
        self.clock.write_text(str(seconds))


@contextmanager
def surrounded(home: Path) -> Iterator[Surroundings]:
    """A server that may reach a push service and a calendar server on this machine, and whose clock can be moved."""
    install(home)
    with PushService() as push, FeedServer() as calendars:
        server = Server(
            home,
            DOORSTEP_OUTBOUND_ALLOW=f"{push.host},127.0.0.1:{calendars.port}",
            CLOCK_AHEAD_FILE=str(home / "clock"),
            PYTHONPATH=str(MOVED_CLOCK),
        )
        server.start()
        try:
            yield Surroundings(server, push, calendars, home / "clock")
        finally:
            server.stop()


def subscribable(phone: Phone, push: PushService) -> Browser:
    """Let this phone's browser subscribe at our push service; the browser as that knows it."""
    browser = push.subscribe()
    phone.context.add_init_script(f"({SUBSCRIBE})({json.dumps(browser.to_json())})")
    return browser


def switch_on(phone: Phone) -> None:
    """Have this phone take notices, as its rep does."""
    page = phone.open("/me/notices")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()


def always_told(phone: Phone) -> None:
    """No quiet hours and no day off: a test runs at any time."""
    everyday = {"quiet_from": "00:00", "quiet_to": "00:00", "working_days": [1, 2, 3, 4, 5, 6, 7]}
    ask(phone, "/notice-preferences", "PATCH", everyday)


# A message for a worker that is still being installed reaches nobody.
ACTIVE = """async () => {
    const worker = (await navigator.serviceWorker.ready).active;
    if (worker.state !== 'activated') await new Promise((done) => worker.addEventListener('statechange', done));
}"""


def deliver(phone: Phone, plain: bytes) -> None:
    """Hand a decrypted message to the phone's service worker, as the browser does when one arrives."""
    phone.page.evaluate(ACTIVE)
    registrations: list[dict[str, Any]] = []
    devtools = phone.context.new_cdp_session(phone.page)
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda told: registrations.extend(told["registrations"]))
    devtools.send("ServiceWorker.enable")
    for _ in range(100):
        if registrations:
            break
        phone.page.wait_for_timeout(50)
    else:
        pytest.fail("the browser knows no service worker")
    message = {
        "origin": phone.server.url,
        "registrationId": registrations[-1]["registrationId"],
        "data": plain.decode(),
    }
    devtools.send("ServiceWorker.deliverPushMessage", message)


def shown(phone: Phone, count: int = 1) -> list[dict[str, Any]]:
    """The notifications that are there, once there are this many."""
    for _ in range(200):
        found: list[dict[str, Any]] = phone.page.evaluate(
            """async () => (await (await navigator.serviceWorker.ready).getNotifications())
                .map(({ title, body, tag, actions, data }) => ({ title, body, tag, actions, data }))"""
        )
        if len(found) == count:
            return found
        phone.page.wait_for_timeout(50)
    pytest.fail(f"{len(found)} notifications, not {count}")


def tap(phone: Phone, action: str = "") -> None:
    """Tap the notification that is there."""
    phone.context.service_workers[-1].evaluate(TAP, action)
