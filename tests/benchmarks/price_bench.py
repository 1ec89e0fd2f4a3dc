"""What pricing a quote of 100 lines costs: on the server, and in Chromium with the processor slowed four times."""

from __future__ import annotations

import statistics
import subprocess
import time

from app.cpq.price import price_json
from tests.benchmarks.figures import Target
from tests.benchmarks.price_request import LINES, request
from tests.support.node import PWA

TARGETS = (
    Target("price_python_p50", f"Price a quote of {LINES} lines, from JSON to JSON: Python, p50", "ms", 10, decimals=2),
    Target("price_typescript_p50", "– TypeScript in Chromium at 4× CPU throttle, p50", "ms", 30, decimals=2),
    Target("price_typescript_p95", "– p95", "ms", None, decimals=2),
)
RUNS = 100
WARM_UP = 20
THROTTLE = 4


def measure() -> dict[str, float]:
    """Milliseconds by name of the row."""
    spent = on_the_phone()
    return {
        "price_python_p50": statistics.median(in_python()),
        "price_typescript_p50": statistics.median(spent),
        "price_typescript_p95": statistics.quantiles(spent, n=20, method="inclusive")[18],
    }


def in_python(runs: int = RUNS) -> list[float]:
    """Milliseconds of each pricing; every request differs from the one before."""
    asked = request()
    spent: list[float] = []
    for n in range(runs + WARM_UP):
        asked["lines"][0] = {**asked["lines"][0], "quantity": str(n + 1)}
        begun = time.perf_counter()
        price_json(asked)
        spent.append((time.perf_counter() - begun) * 1000)
    return spent[WARM_UP:]


def on_the_phone(runs: int = RUNS, throttle: int = THROTTLE) -> list[float]:
    """The same in a page of the bench's own, from a bundle of the engine alone."""
    from playwright.sync_api import sync_playwright

    from tests.support.browser import FLAGS, ensure

    command = ["node", "bench/build.mjs", "price.ts"]
    bundle = subprocess.run(command, cwd=PWA, capture_output=True, text=True, check=True, timeout=120).stdout
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=ensure(), args=FLAGS)
        page = browser.new_page()
        page.add_script_tag(content=bundle)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
        spent = page.evaluate("([asked, runs]) => engine.timed(asked, runs)", [request(), runs + WARM_UP])
        browser.close()
    return [float(milliseconds) for milliseconds in spent[WARM_UP:]]
