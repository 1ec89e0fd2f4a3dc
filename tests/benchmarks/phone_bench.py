"""The phone app: its size, and how it behaves in a real browser with the sample territory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.figures import Target
from tests.benchmarks.servers import free_port, serving

SIZES = (
    Target("first_load_javascript", "First-load JavaScript, gzip", "kB", 60, decimals=1),
    Target("service_worker", "Service worker, gzip", "kB", 2, decimals=2),
    Target(
        "service_worker_background", "– what it runs with no page open: the queue, notices; gzip", "kB", 2.5, decimals=2
    ),
)
OFFLINE = (
    Target("offline_first_paint_p50", "Offline repeat load at 4× CPU throttle: first paint, p50", "ms", 500),
    Target("offline_visits_painted_p50", "– the day's visits painted, p50", "ms", None),
    Target("offline_tap_p95", "Offline at 4× CPU throttle: tap to painted briefing, p95", "ms", 200),
)
LIGHTHOUSE = (
    Target("lighthouse_performance", "Lighthouse mobile: performance", "points", 95, True),
    Target("lighthouse_accessibility", "Lighthouse mobile: accessibility", "points", 100, True),
    Target("lighthouse_best_practices", "Lighthouse mobile: best practices", "points", 100, True),
)
AXE = (Target("axe_violations", "axe violations on every screen, light and dark", "violations", 0),)
# What tests.browser.measure calls them.
NAMES = {
    "first_load_javascript": "first-load JavaScript, kB gzip",
    "service_worker": "service worker, kB gzip",
    "service_worker_background": "service worker's second script, kB gzip",
    "offline_first_paint_p50": "offline repeat load: first paint p50, ms",
    "offline_visits_painted_p50": "offline repeat load: visits painted p50, ms",
    "offline_tap_p95": "offline: tap to painted briefing p95, ms",
    "lighthouse_performance": "Lighthouse mobile: performance",
    "lighthouse_accessibility": "Lighthouse mobile: accessibility",
    "lighthouse_best_practices": "Lighthouse mobile: best-practices",
    "axe_violations": "axe violations on every screen, light and dark",
}


def sizes() -> dict[str, float]:
    """Sizes of the build."""
    from tests.browser import measure

    return _named(measure.sizes())


def offline() -> dict[str, float]:
    """Loads and taps with no network."""
    from tests.browser import measure

    with server() as who:
        return _named(measure.offline(*who))


def lighthouse() -> dict[str, float]:
    """Lighthouse's scores."""
    from tests.browser import measure

    with server() as who:
        return _named(measure.lighthouse(*who))


def axe() -> dict[str, float]:
    """axe on every screen."""
    from tests.browser import measure

    with server() as who:
        return _named(measure.axe(*who))


def _named(values: dict[str, float]) -> dict[str, float]:
    return {name: float(values[theirs]) for name, theirs in NAMES.items() if theirs in values}


@contextmanager
def server() -> Iterator[tuple[str, str, str]]:
    """Doorstep with the sample territory: its address, and a rep's e-mail and password."""
    from app.sample.loader import sign_ins

    rep = next(one for one in sign_ins() if one.role == "rep")
    port = free_port()
    with TemporaryDirectory() as folder:
        environment = {
            "DOORSTEP_DATABASE_URL": f"sqlite:///{folder}/doorstep.db",
            "DOORSTEP_PORT": str(port),
            "DOORSTEP_SIGN_IN_PER_MINUTE": "1000",
        }
        command = [sys.executable, "-m", "app.cli", "start"]
        with serving(command, port, "/readyz", environment, Path(folder) / "server.log"):
            yield f"http://localhost:{port}", rep.email, rep.password
