"""The phone app writing and listening, in real Chromium: tap to durable and painted, and a colleague's write to painted."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, Playwright, expect, sync_playwright

from app.foundation import clock
from app.foundation.fields import instant_text
from app.sample.loader import sign_ins
from tests.benchmarks.figures import Target
from tests.benchmarks.phone_bench import server
from tests.browser.measure import PHONE, sign_in
from tests.support.browser import FLAGS, ensure
from tests.support.live import Person

RUNS, THROTTLE = 25, 4
TARGETS = (
    Target("save_p95", "Tap save to durable and painted, at 4× CPU throttle: p95", "ms", 50),
    Target("save_p50", "– p50", "ms", None),
    Target("save_shown_p95", "– to the note painted on the account's page: p95", "ms", None),
    Target("poke_p95", "A colleague's write to painted on another phone: p95", "ms", 2000),
    Target("poke_p50", "– p50", "ms", None),
)
# Runs in every page: the moment at which a text is painted, by the clock that Python reads too.
OBSERVER = """(() => {
    window.textPainted = (text, selector) => new Promise((done, fail) => {
        const there = () => [...document.querySelectorAll(selector)].some((node) => node.textContent.includes(text));
        const look = () => {
            if (!there()) return;
            watcher.disconnect();
            requestAnimationFrame(() => {
                const after = new MessageChannel();
                after.port1.onmessage = () => done(performance.timeOrigin + performance.now());
                after.port2.postMessage(0);
            });
        };
        const watcher = new MutationObserver(look);
        watcher.observe(document, { subtree: true, childList: true, characterData: true });
        setTimeout(() => fail(new Error(`${text} was not painted in 20 s`)), 20000);
        look();
    });
    addEventListener('pointerdown', (event) => { window.tapped = performance.timeOrigin + event.timeStamp; }, { capture: true });
})()"""
STORED = """(text) => new Promise((done, fail) => {
    const open = indexedDB.open('doorstep');
    open.onerror = fail;
    open.onsuccess = () => {
        const all = open.result.transaction('mutation').objectStore('mutation').getAll();
        all.onsuccess = () => { open.result.close(); done(JSON.stringify(all.result).includes(text)); };
    };
})"""


def measure() -> dict[str, float]:
    """All rows of this group."""
    with server() as (url, email, password), sync_playwright() as driver:
        port = int(url.rpartition(":")[2])
        rep = Person(port, email, password)
        account_id = rep.send("GET", "/accounts?limit=1")[0]["data"][0]["id"]
        page = _phone(driver, url, email, password)
        return {**_save(page, url, account_id), **_poke(page, url, account_id, _colleague(port))}


def _phone(driver: Playwright, url: str, email: str, password: str) -> Page:
    browser = driver.chromium.launch(executable_path=ensure(), args=FLAGS)
    context = browser.new_context(**PHONE)
    context.add_init_script(OBSERVER)
    page = context.new_page()
    sign_in(page, url, email, password)
    return page


def _colleague(port: int) -> Person:
    """Somebody else who sees the rep's accounts."""
    manager = next(one for one in sign_ins() if one.role == "manager")
    return Person(port, manager.email, manager.password)


def _save(page: Page, url: str, account_id: str) -> dict[str, float]:
    """A note about an account, offline: what is said was saved is then looked for in the phone's database."""
    page.context.set_offline(True)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    said, shown = [], []
    for run in range(RUNS):
        text = f"The seal of pump {run} was changed."
        page.goto(f"{url}/accounts/{account_id}/note")
        page.get_by_label("Note", exact=True).fill(text)
        page.wait_for_timeout(700)  # longer than the pause after which what is typed is kept
        page.evaluate(
            """(text) => {
                window.saidAt = textPainted('Saved on this phone', '.said');
                window.shownAt = textPainted(text, 'main :not(textarea)');
            }""",
            text,
        )
        page.get_by_role("button", name="Save", exact=True).tap()
        moments = page.evaluate("Promise.all([saidAt, shownAt]).then(([a, b]) => [a - tapped, b - tapped])")
        if not page.evaluate(STORED, text):
            raise RuntimeError("what was said to be saved is not in the phone's database")
        said.append(moments[0])
        shown.append(moments[1])
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.context.set_offline(False)
    return {"save_p95": _p95(said), "save_p50": statistics.median(said), "save_shown_p95": _p95(shown)}


def _poke(page: Page, url: str, account_id: str, colleague: Person) -> dict[str, float]:
    """From the moment in which the server has answered a colleague's write to its paint, on the open talk of an account."""
    page.goto(f"{url}/accounts/{account_id}/talk")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.wait_for_timeout(3000)  # the stream is open, and what was saved before is sent
    dice = random.Random(1)
    took = []
    for run in range(RUNS):
        text = f"Number {run} is on the shelf."
        page.evaluate("(text) => { window.shownAt = textPainted(text, '.message'); }", text)
        message: dict[str, Any] = {"account_id": account_id, "text": text, "written_at": instant_text(clock.now())}
        colleague.send("POST", "/messages", message)
        answered = time.time() * 1000
        took.append(page.evaluate("shownAt") - answered)
        page.wait_for_timeout(dice.uniform(200, 1500))
    return {"poke_p95": _p95(took), "poke_p50": statistics.median(took)}


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18]
