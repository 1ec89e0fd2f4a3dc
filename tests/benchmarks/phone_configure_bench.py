"""One click on the phone: all valid domains, in Chromium with the processor slowed four times."""

from __future__ import annotations

import base64
import statistics
import subprocess
from collections.abc import Sequence
from typing import Any

from app.cpq.catalogue import read_catalogue
from app.cpq.compile import compile_catalogue
from tests.benchmarks.figures import Target
from tests.benchmarks.report import ROOT
from tests.support.browser import FLAGS, ensure
from tests.support.compiled_models import compiled
from tests.support.phone_engine import PWA

CATALOGUE = ROOT / "fixtures/catalogue/rosvall-pumps.yaml"
MODELS = ROOT.parent / "shared/data/feature_models"
# The public model within the gate with the most nodes; and one above the gate, served by SAT.
LARGEST = "hardware_pc-richmond_Sprey2020.dimacs"
ABOVE_GATE = "automotive_automotive01_Kowal2016.dimacs"
SEED = 4
SEQUENCES, CLICKS, WARM_UP = 25, 16, 2
THROTTLE = 4

TARGETS = (
    Target(
        "phone_click_sample_p95", "One click, all valid domains, Chromium at 4× CPU throttle: sample catalogue, p95", "ms", 8,
        decimals=2,
    ),
    Target("phone_click_sample_p50", "– p50", "ms", None, decimals=2),
    Target("phone_evaluate_sample_p95", "– with budgets and exact number of ways, p95", "ms", None, decimals=2),
    Target("phone_explain_sample_p95", "– why a value is excluded, and the swap, p95", "ms", None, decimals=2),
    Target("phone_click_public_p95", "– largest public model within the gate, p95", "ms", 40, decimals=2),
    Target("phone_click_sat_p95", "– automotive01 (2,513 features), above the gate, by SAT, p95", "ms", None, decimals=1),
    Target("phone_configure_size", "Configuration engine, loaded when first used, gzip", "kB", None, decimals=1),
)  # fmt: skip


def measure() -> dict[str, float]:
    """Milliseconds and kB by name of the row."""
    (sample,) = compile_catalogue(read_catalogue(CATALOGUE.read_text("utf-8"))).values()
    with Page() as page:
        asked = page.clicks(sample.data, SEQUENCES)
        largest = page.clicks(_compiled(LARGEST), SEQUENCES)
        by_sat = page.clicks(_compiled(ABOVE_GATE), 2)
    return {
        "phone_click_sample_p95": p95(asked["click"]),
        "phone_click_sample_p50": statistics.median(asked["click"]),
        "phone_evaluate_sample_p95": p95(asked["evaluate"]),
        "phone_explain_sample_p95": p95(asked["explain"]),
        "phone_click_public_p95": p95(largest["click"]),
        "phone_click_sat_p95": p95(by_sat["click"]),
        "phone_configure_size": size(),
    }


def _compiled(name: str) -> bytes:
    return compiled(MODELS / name)


def p95(spent: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(spent, n=20, method="inclusive")[18]


def size() -> float:
    """kB (1,000 bytes) of the engine as one minified script after gzip -9."""
    import gzip

    return len(gzip.compress(bundle("../src/cpq/config/index.ts").encode(), 9)) / 1000


def bundle(entry: str) -> str:
    """A script that sets `engine`, built for the bench alone."""
    command = ["node", "bench/build.mjs", entry]
    return subprocess.run(command, cwd=PWA, capture_output=True, text=True, check=True, timeout=120).stdout


class Page:
    """A page of the bench's own with the engine in it, slowed down."""

    def __enter__(self) -> Page:
        from playwright.sync_api import sync_playwright

        self._driver = sync_playwright().start()
        self._browser = self._driver.chromium.launch(executable_path=ensure(), args=FLAGS)
        self._page = self._browser.new_page()
        # The engine checks sums with crypto.subtle, which a page has only on a secure origin.
        self._page.route(
            "http://localhost/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
        )
        self._page.goto("http://localhost/")
        self._page.add_script_tag(content=bundle("engine.ts"))
        self._page.context.new_cdp_session(self._page).send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._driver.stop()

    def clicks(self, data: bytes, sequences: int) -> dict[str, list[float]]:
        """Milliseconds of each click of random sequences, after some that warm up; and of what else a screen asks for."""
        page = self._page
        page.evaluate("async ([data]) => engine.load('model', data)", [base64.b64encode(data).decode()])
        walked: list[Any] = page.evaluate(
            "(args) => engine.walk('model', ...args)", [SEED, sequences + WARM_UP, CLICKS]
        )
        # Every sequence is clicked again from a model that knows of no other click, by code that is compiled.
        walks = [walk["choices"] for walk in walked]
        spent = page.evaluate("(walks) => engine.timed('model', walks)", walks)
        rest = page.evaluate("(walks) => engine.timedRest('model', walks)", walks[:20])
        return {"click": spent, **rest}


def main() -> None:
    """Print the figures."""
    for name, value in measure().items():
        print(f"{name} {value:.2f}")


if __name__ == "__main__":
    main()
