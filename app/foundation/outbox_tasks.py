"""The functions that do jobs, by kind: their lane, the version of their payload, and how they say what became of a try."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from app.foundation.db import Database

PUSH, QUICK, SLOW = "push", "quick", "slow"
# What a person waits for goes in PUSH, what waits for other systems in SLOW; each lane has workers of its own.
LANES = (PUSH, QUICK, SLOW)
# While an installation is upgraded, its older processes may meet what only the newer ones know.
UPGRADE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this process holds until its lease ends; `fence` proves the claim.

    `attempts` counts this try; `version` is the one of the payload, `trace` the W3C `traceparent` of who wrote the job.
    """

    id: str
    org_id: str | None
    kind: str
    payload: dict[str, Any]
    fence: int
    attempts: int
    lane: str = QUICK
    version: int = 1
    trace: str | None = None


class Task(Protocol):
    """A task function; it opens its own transactions and must be safe to run twice."""

    def __call__(self, database: Database, job: ClaimedJob, /) -> None: ...


Payload = dict[str, Any]
Translation = Callable[[Payload], Payload]


class Retry(Exception):
    """Raised by a task: try again after `after`; it counts as a try, and after the last one the job is parked."""

    def __init__(self, after: timedelta, reason: str = "asked to be tried again later") -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """Raised by a task: no further try will help; the job is parked at once with this reason."""


@dataclass(slots=True)
class _Kind:
    function: Task
    lane: str
    version: int


@dataclass(slots=True)
class _Registry:
    kinds: dict[str, _Kind] = field(default_factory=dict)
    translations: dict[tuple[str, int], Translation] = field(default_factory=dict)


_registry = _Registry()


def task(kind: str, lane: str = QUICK, version: int = 1) -> Callable[[Task], Task]:
    """Register the function that does jobs of this kind, which lane they wait in, and which payload it takes."""
    if lane not in LANES:
        raise ValueError(f"{lane!r} is not a lane; use one of {', '.join(LANES)}")

    def register(function: Task) -> Task:
        _registry.kinds[kind] = _Kind(function, lane, version)
        return function

    return register


def translates(kind: str, version: int) -> Callable[[Translation], Translation]:
    """Register the function that makes a payload of `version` one of the next version (pure; it may change what it gets)."""

    def register(function: Translation) -> Translation:
        _registry.translations[(kind, version)] = function
        return function

    return register


def unregister(kind: str) -> None:
    """Forget a kind; for tests that register their own."""
    _registry.kinds.pop(kind, None)
    for key in [key for key in _registry.translations if key[0] == kind]:
        del _registry.translations[key]


def lane_of(kind: str) -> str:
    """The lane that jobs of this kind wait in."""
    known = _registry.kinds.get(kind)
    return known.lane if known else QUICK


def version_of(kind: str) -> int:
    """The version of the payloads that this process writes."""
    known = _registry.kinds.get(kind)
    return known.version if known else 1


def run(database: Database, job: ClaimedJob) -> None:
    """Do a claimed job, its payload translated to the version that the task takes.

    Raises what the task raises; Retry for a kind or a payload that only a newer version knows (parked after the last try,
    with that as its reason); GiveUp for a payload that is too old.
    """
    known = _registry.kinds.get(job.kind)
    if known is None:
        raise Retry(UPGRADE, f"unknown-kind: this version of Doorstep has no task for {job.kind!r}")
    if job.version != known.version:
        job = _translated(job, known.version)
    known.function(database, job)


def _translated(job: ClaimedJob, version: int) -> ClaimedJob:
    if job.version > version:
        raise Retry(UPGRADE, f"newer-payload: {job.kind} takes payloads of version {version}, this is {job.version}")
    payload = job.payload
    for older in range(job.version, version):
        translation = _registry.translations.get((job.kind, older))
        if translation is None:
            raise GiveUp(f"old-payload: {job.kind} takes payloads of version {version}, this is {older}")
        payload = translation(payload)
    return ClaimedJob(job.id, job.org_id, job.kind, payload, job.fence, job.attempts, job.lane, version, job.trace)
