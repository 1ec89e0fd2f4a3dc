"""What the phone app weighs and how fast it is, measured in Chromium. Each function returns name → value.

`python -m tests.browser.measure URL EMAIL PASSWORD` prints all of it for a server that runs.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.screens import BEFORE_SIGN_IN, SCREENS
from tests.support.browser import FLAGS, ensure
from tests.support.serving import free_port

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "app/static/pwa"
MODULES = ROOT / "pwa/node_modules"
AXE = MODULES / "axe-core/axe.min.js"
LIGHTHOUSE = MODULES / "lighthouse/cli/index.js"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
# A visit on Today whose briefing is on the phone.
BRIEFED = "a.card[href^='/visits/']:has(.matters)"
# On a busy machine Chromium's debugger may not answer Lighthouse in time; that is no score, and it is asked again.
LIGHTHOUSE_TRIES = 3
CATEGORIES = ("performance", "accessibility", "best-practices")


def sizes(build: Path = BUILD) -> dict[str, float]:
    """kB (1,000 bytes) after gzip -9 of what the first load asks for, of the service worker, and of what that runs with no page open."""
    html = (build / "index.html").read_text("utf-8")
    scripts = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', html)
    styles = re.findall(r'href="/(assets/[^"]+\.css)"', html)
    return {
        "first-load JavaScript, kB gzip": sum(_gzipped(build / name) for name in scripts),
        "first-load style, kB gzip": sum(_gzipped(build / name) for name in styles),
        "service worker, kB gzip": _gzipped(build / "worker.js"),
        "service worker's second script, kB gzip": _gzipped(build / "background.js"),
    }


def _gzipped(path: Path) -> float:
    return len(gzip.compress(path.read_bytes(), 9)) / 1000


# --- offline -------------------------------------------------------------------------------------------------------

# Runs in every page: notes when the first card is painted, and how long after a touch the briefing is.
OBSERVER = """(() => {
    const painted = (selector, done) => {
        const look = () => document.querySelector(selector)
            ? requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); })
            : requestAnimationFrame(look);
        look();
    };
    const within = (selector, from) => new Promise((done, fail) => {
        painted(selector, () => done(performance.now() - from));
        setTimeout(() => fail(new Error(`${selector} was not painted in 20 s`)), 20000);
    });
    window.firstPaint = new Promise((done) => new PerformanceObserver((list) => {
        const [paint] = list.getEntriesByName('first-contentful-paint');
        if (paint) done(paint.startTime);
    }).observe({ type: 'paint', buffered: true }));
    window.todayPainted = within('a.card', 0);
    addEventListener('pointerdown', (event) => {
        window.tapToBriefing = within('section.hero .row', event.timeStamp);
    }, { capture: true });
})()"""


def offline(url: str, email: str, password: str, runs: int = 25, throttle: int = 4) -> dict[str, float]:
    """A repeat load and a tap on a visit, with the network off and the processor slowed `throttle` times; milliseconds.

    First paint is the first with content in it. Every run is a load of its own, so that nothing is in the app's memory;
    the visits are taken in turn.
    """
    first_paint: list[float] = []
    today: list[float] = []
    taps: list[float] = []
    with _chromium() as driver:
        context = _launch(driver)
        page = _signed_in(context, url, email, password)
        context.set_offline(True)
        context.add_init_script(OBSERVER)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
        for run in range(runs):
            page.goto(url)
            today.append(page.evaluate("window.todayPainted"))
            first_paint.append(page.evaluate("window.firstPaint"))
            visits = page.locator(BRIEFED)
            visits.nth(run % min(3, visits.count())).tap()
            taps.append(page.evaluate("window.tapToBriefing"))
    return {
        "offline repeat load: first paint p50, ms": statistics.median(first_paint),
        "offline repeat load: visits painted p50, ms": statistics.median(today),
        "offline: tap to painted briefing p95, ms": statistics.quantiles(taps, n=20, method="inclusive")[18],
        "offline: tap to painted briefing p50, ms": statistics.median(taps),
    }


# --- axe -----------------------------------------------------------------------------------------------------------


def axe_violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, all rules on; `AXE` must have been added to its context."""
    # What is below the fold is skipped until it is scrolled to; axe is to see it too.
    page.evaluate("document.styleSheets[0].insertRule('.fresh > .card { content-visibility: visible !important }')")
    found = page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
            .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`))"""
    )
    return list(found)


def axe(url: str, email: str, password: str) -> dict[str, float]:
    """Violations on all screens, light and dark, together."""
    count = 0
    with _chromium() as driver:
        browser = driver.chromium.launch(executable_path=ensure(), args=FLAGS)
        for scheme in ("light", "dark"):
            for name, show in SCREENS.items():
                # Each on a phone of its own: one leaves things unsent, another has no network.
                context = browser.new_context(**PHONE, color_scheme=scheme, reduced_motion="reduce")
                context.add_init_script(path=AXE)
                page = context.new_page()
                if name != BEFORE_SIGN_IN:
                    sign_in(page, url, email, password)
                show(page, url)
                count += len(axe_violations(page))
                context.close()
        browser.close()
    return {"axe violations on every screen, light and dark": count}


# --- Lighthouse ----------------------------------------------------------------------------------------------------


def lighthouse(url: str, email: str, password: str) -> dict[str, float]:
    """Mobile scores, 0..100: the lower one of the first load (signing in) and of Today with a rep signed in."""
    with _chromium() as driver:
        port = free_port()
        context = _launch(driver, f"--remote-debugging-port={port}")
        cold = _lighthouse(f"{url}/sign-in", port)
        page = _signed_in(context, url, email, password)
        page.goto("about:blank")
        warm = _lighthouse(f"{url}/", port, "--disable-storage-reset")
    return {f"Lighthouse mobile: {name}": min(cold[name], warm[name]) for name in CATEGORIES}


def _lighthouse(url: str, port: int, *options: str) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = ["node", str(LIGHTHOUSE), url, f"--port={port}", "--quiet", "--output=json"]
        command += [f"--output-path={report.name}", f"--only-categories={','.join(CATEGORIES)}", *options]
        for _ in range(LIGHTHOUSE_TRIES):
            done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
            if done.returncode == 0:
                break
        else:
            raise RuntimeError(f"Lighthouse failed on {url}: {done.stderr[-2000:]}")
        categories = json.loads(Path(report.name).read_text("utf-8"))["categories"]
    return {name: round(100 * categories[name]["score"]) for name in CATEGORIES}


# --- shared --------------------------------------------------------------------------------------------------------


@contextmanager
def _chromium() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


def _launch(driver: Playwright, *flags: str) -> BrowserContext:
    """A phone with a profile of its own, which is the browser's default context, so that other tools may share it."""
    profile = tempfile.mkdtemp(prefix="doorstep-measure-")
    return driver.chromium.launch_persistent_context(profile, executable_path=ensure(), args=[*FLAGS, *flags], **PHONE)


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    """Sign in, and wait until the phone holds its rows and its shell."""
    page.goto(url)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("figures as of")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    _wait_for_briefings(page, url)


def _wait_for_briefings(page: Page, url: str) -> None:
    """Pull until briefings have come: a server that has just loaded its data is still composing them."""
    for _ in range(60):
        if page.locator(BRIEFED).count() > 0:
            return
        page.wait_for_timeout(1000)
        page.goto(url)
        expect(page.get_by_text("figures as of")).to_be_visible()
    raise RuntimeError("no visit of this user has a briefing")


def _signed_in(context: BrowserContext, url: str, email: str, password: str) -> Page:
    page = context.pages[0] if context.pages else context.new_page()
    sign_in(page, url, email, password)
    return page


def main() -> None:
    """Print everything for a running server."""
    url, email, password = sys.argv[1:4]
    _show(sizes())
    for measure in (offline, axe, lighthouse):
        _show(measure(url, email, password))


def _show(results: dict[str, float]) -> None:
    for name, value in results.items():
        print(f"{name:<52} {value:10.2f}", flush=True)


if __name__ == "__main__":
    main()
