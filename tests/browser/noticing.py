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

from tests.browser import PATIENCE_MS
from tests.browser.conftest import Phone
from tests.browser.server import ROOT, Server, install
from tests.browser.writing import LOOK_AGAIN_MS, until
from tests.browser.writing import server as ask
from tests.support.feed_server import FeedServer
from tests.support.push_service import Browser, PushService

# How often a message is handed over before it is given up.
TRIES = 3
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
    """Hand a decrypted message to the phone's service worker, as the browser does when one arrives, and see it taken.

    The DevTools do not say whether the worker was there to take it; what the phone knows of messages does. A message that
    was not taken is handed over again.
    """
    before = taken(phone)
    for _ in range(TRIES):
        hand_over(phone, plain)
        for _ in range(PATIENCE_MS // TRIES // LOOK_AGAIN_MS):
            if taken(phone) != before:
                return
            phone.page.wait_for_timeout(LOOK_AGAIN_MS)
    pytest.fail("the worker took no message")


def hand_over(phone: Phone, plain: bytes) -> None:
    """One message to the worker, which need not show anything for it."""
    phone.page.evaluate(ACTIVE)
    workers: set[str] = set()
    errors: list[str] = []

    def told(update: dict[str, Any]) -> None:
        for one in update["registrations"]:
            ours = one["scopeURL"] == f"{phone.server.url}/" and not one["isDeleted"]
            (workers.add if ours else workers.discard)(one["registrationId"])

    devtools = phone.context.new_cdp_session(phone.page)
    devtools.on("ServiceWorker.workerRegistrationUpdated", told)
    devtools.on("ServiceWorker.workerErrorReported", lambda report: errors.append(json.dumps(report["errorMessage"])))
    devtools.send("ServiceWorker.enable")
    until(phone.page, lambda: workers, "the DevTools tell of the worker")
    (worker,) = workers
    message = {"origin": phone.server.url, "registrationId": worker, "data": plain.decode()}
    devtools.send("ServiceWorker.deliverPushMessage", message)
    phone.page.wait_for_timeout(100)
    devtools.detach()
    assert errors == []


# What tells that a message was taken: the notices that the phone remembers, and what is on the lock screen.
TAKEN = """async () => {
    const shown = await (await navigator.serviceWorker.ready).getNotifications();
    const opening = indexedDB.open('doorstep');
    const db = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
    const asked = db.objectStoreNames.contains('meta') ? db.transaction('meta').objectStore('meta').get('notices') : null;
    const known = await new Promise((done) => (asked ? (asked.onsuccess = () => done(asked.result)) : done(null)));
    db.close();
    return JSON.stringify([known ?? [], shown.map(({ title, body, timestamp }) => [title, body, timestamp])]);
}"""


def taken(phone: Phone) -> str:
    """What the phone knows of the messages that came."""
    return str(phone.page.evaluate(TAKEN))


def shown(phone: Phone, count: int = 1) -> list[dict[str, Any]]:
    """The notifications that are there, once there are this many."""

    def there() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = phone.page.evaluate(
            """async () => (await (await navigator.serviceWorker.ready).getNotifications())
                .map(({ title, body, tag, actions, data }) => ({ title, body, tag, actions, data }))"""
        )
        return found

    until(phone.page, lambda: len(there()) == count, f"{count} notifications")
    return there()


def tap(phone: Phone, action: str = "") -> None:
    """Tap the notification that is there."""
    until(phone.page, lambda: phone.context.service_workers, "a worker that runs")
    phone.context.service_workers[-1].evaluate(TAP, action)
