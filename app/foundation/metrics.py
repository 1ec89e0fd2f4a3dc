"""Counts and times for Prometheus: requests, jobs, notices, polls.

Each process counts by itself, in a file of a folder that the processes of one machine share, and whichever of them is asked
adds all up. Without a folder a process tells of itself alone. What is waiting is asked of the database at each scrape.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

# Up to the longest that a request may take, and a job.
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
JOB_SECONDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ROUTE = "doorstep.route"  # where a request's pattern is found in its environment
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What this process counts. Nothing is counted before `configure`, and no library is loaded."""

    def __init__(self) -> None:
        self._folder = ""
        self._registry: CollectorRegistry | None = None
        self._requests: Any = None
        self._jobs: Any = None
        self._notices: Any = None
        self._polls: Any = None
        self._known: dict[tuple[Any, ...], Callable[[float], None]] = {}

    def configure(self, folder: str = "") -> None:
        """Begin to count, in a file of `folder` when one is given; what was counted before is kept."""
        if self._registry is not None:
            return
        if folder:
            os.makedirs(folder, exist_ok=True)
            # Read by the library as it is loaded.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from prometheus_client import CollectorRegistry, Counter, Histogram

        registry = CollectorRegistry()
        self._requests = Histogram(
            "doorstep_request_seconds", "Requests answered, and how long each took.", ("method", "route", "status"),
            registry=registry, buckets=REQUEST_SECONDS,
        )  # fmt: skip
        self._jobs = Histogram(
            "doorstep_job_seconds", "Jobs run, and how long each took.", ("kind", "result"),
            registry=registry, buckets=JOB_SECONDS,
        )  # fmt: skip
        self._notices = Counter(
            "doorstep_notices", "Notices by what became of them.", ("channel", "result"), registry=registry
        )
        self._polls = Counter(
            "doorstep_polls", "Polls of feeds and calendars by what they brought.", ("what", "result"),
            registry=registry,
        )  # fmt: skip
        self._folder, self._registry = folder, registry

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is its pattern, never its path."""
        key = (method, route, status)
        try:
            self._known[key](seconds)
        except KeyError:
            if self._registry is not None:
                known = method if method in METHODS else "other"
                observe = self._known[key if known == method else (known, route, status)] = self._requests.labels(
                    known, route, status
                ).observe
                observe(seconds)

    def job(self, kind: str, result: str, seconds: float) -> None:
        """A job ran: `done`, `retried`, `parked`."""
        if self._jobs is not None:
            self._jobs.labels(kind, result).observe(seconds)

    def notice(self, channel: str, result: str) -> None:
        """A notice was sent, skipped or failed, by web push or e-mail."""
        if self._notices is not None:
            self._notices.labels(channel, result).inc()

    def poll(self, what: str, result: str) -> None:
        """A feed or calendar was asked: `changed`, `unchanged`, `doubted` (a calendar that is empty all at once), `failed`."""
        if self._polls is not None:
            self._polls.labels(what, result).inc()

    def exposition(self, further: Iterable[Metric] = ()) -> bytes:
        """Everything that is known, as Prometheus reads it (text format 0.0.4)."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        told = CollectorRegistry()
        if self._folder:
            MultiProcessCollector(told, self._folder)  # type: ignore[no-untyped-call]
        elif self._registry is not None:
            told.register(_Given(self._registry.collect()))
        told.register(_Given(further))
        return generate_latest(told)


class _Given:
    """Metrics that were gathered already, as a registry wants them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


metrics = Metrics()
