"""Live pokes: streams that phones hold open, and who of them is told to pull when something changed.

A poke says only "pull now". Streams belong to this process; what was committed, by whichever process, comes from the
watcher (pokes_watch.py).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from app.config import Settings
from app.foundation import clock, tenancy
from app.foundation.db import Database
from app.foundation.logs import log
from app.foundation.pokes import Told
from app.foundation.principal import Principal, Role
from app.foundation.problems import Problem
from app.sync.pokes_audience import alive_credentials, concerned
from app.sync.pokes_watch import Watcher, watcher_of

HEARTBEAT_SECONDS = 15.0
QUIET_SECONDS = 0.5
RETRY_MS = 3000
# Phones that are poked at once pull at once: a crowd is spread, so that it costs nobody else their answer.
SPREAD_SECONDS = 0.005
LONGEST_SPREAD = 1.0
CHECK_SECONDS = 15.0
OPENING = b"retry: %d\n\n" % RETRY_MS
POKE = b"event: poke\ndata: {}\n\n"
HEARTBEAT = b":\n\n"


class Stream:
    """What one phone is sent, an iterator that waits; its first event is a poke, for what changed before it was open."""

    def __init__(self, principal: Principal, forget: Callable[[Stream], None], heartbeat: float = HEARTBEAT_SECONDS):
        self.principal = principal
        self._forget = forget
        self._heartbeat = heartbeat
        self._bell = threading.Event()
        self._due = 0.0
        self._quiet_until = 0.0
        self._opened = self._ending = self._prodded = False

    def poke(self, delay: float = 0.0) -> None:
        """Send a poke, `delay` seconds from now at the earliest and never two within half a second."""
        self._due = min(self._due, max(time.monotonic() + delay, self._quiet_until))
        self._bell.set()

    def prod(self) -> None:
        """Send a heartbeat now: a phone that is gone is noticed when something is sent to it."""
        self._prodded = True
        self._bell.set()

    def end(self) -> None:
        """End the stream; the phone opens another, and is told why it may not."""
        self._ending = True
        self._bell.set()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._opened:
            self._opened = True
            return OPENING
        beat = time.monotonic() + self._heartbeat
        while not self._ending:
            now = time.monotonic()
            if self._due <= now:
                self._due = math.inf
                self._quiet_until = now + QUIET_SECONDS
                return POKE
            if self._prodded or beat <= now:
                self._prodded = False
                return HEARTBEAT
            self._bell.wait(min(self._due, beat) - now)
            self._bell.clear()
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Called by the server when the phone has gone."""
        self._forget(self)


@dataclass
class Hub:
    """The streams of this process."""

    database: Database
    settings: Settings
    heartbeat: float = HEARTBEAT_SECONDS
    _streams: dict[str, set[Stream]] = field(default_factory=dict)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _watcher: Watcher | None = None
    _thread: threading.Thread | None = None
    _closed: bool = False
    _prodded: float = 0.0

    def open(self, principal: Principal) -> Stream:
        """A stream for this caller. Problem 429 when they hold too many, 503 when this process does, or is ending."""
        stream = Stream(principal, self._forget, self.heartbeat)
        with self._lock:
            mine = self._streams.get(principal.user_id, set())
            if len(mine) >= self.settings.live_streams_per_user:
                self._prod(mine)
                raise _too_many(len(mine))
            if self._closed or self._count >= self.settings.live_streams:
                self._prod(self._all())
                raise unavailable("Pull now and then instead, or try again.")
            self._listen()
            self._streams.setdefault(principal.user_id, mine).add(stream)
            self._count += 1
        return stream

    def close(self) -> None:
        """End every stream, for good."""
        with self._lock:
            self._closed = True
            streams, watcher = self._all(), self._watcher
        for stream in streams:
            stream.end()
        if watcher:
            watcher.stop()

    @property
    def count(self) -> int:
        """How many streams are open."""
        return self._count

    def _listen(self) -> None:
        """Watch for what is committed, from before the first stream says that it is open."""
        if self._thread is not None:
            return
        watcher = watcher_of(self.database)
        try:
            watcher.start()
        except Exception:
            log.error("pokes cannot be watched for", exc_info=True)
            raise unavailable("The database did not answer; try again.") from None
        self._watcher = watcher
        self._thread = threading.Thread(target=self._watch, args=(watcher,), name="doorstep-pokes", daemon=True)
        self._thread.start()

    def _watch(self, watcher: Watcher) -> None:
        """Poke whom every commit concerns, until the hub is closed; what fails is tried again, and everybody poked then."""
        checked = time.monotonic()
        while not self._closed:
            try:
                self._spread(watcher.wait())
                if time.monotonic() - checked >= CHECK_SECONDS:
                    checked = time.monotonic()
                    self._end_dead(self._all())
            except Exception:
                log.error("watching for pokes failed", exc_info=True)
                watcher.recover()
        with suppress(Exception):
            watcher.close()

    def _spread(self, told: dict[str, Told] | None) -> None:
        """Poke those whom it concerns; None: something was missed, and it may concern anybody."""
        if told is None:
            self._poke(self._all())
            return
        for org_id, one in told.items():
            here = [stream for stream in self._all() if stream.principal.org_id == org_id]
            if not here:
                continue
            if not one.everybody:
                with tenancy.as_organisation(org_id), self.database.read() as session:
                    users, administrators = concerned(session, org_id, one)
                whole = (Role.ADMINISTRATOR, Role.INTEGRATION)
                here = [
                    stream
                    for stream in here
                    if stream.principal.user_id in users or (administrators and stream.principal.role in whole)
                ]
            self._poke(here)
            self._end_dead([stream for stream in here if stream.principal.user_id in one.users | one.people])

    def _poke(self, streams: Iterable[Stream]) -> None:
        crowd = list(streams)
        step = min(SPREAD_SECONDS, LONGEST_SPREAD / max(1, len(crowd)))
        for number, stream in enumerate(crowd):
            stream.poke(number * step)

    def _end_dead(self, streams: Iterable[Stream]) -> None:
        """End the streams whose session or token has ended meanwhile."""
        some = list(streams)
        held = {stream.principal.credential_id for stream in some}
        if not held:
            return
        idle = timedelta(hours=self.settings.session_idle_hours)
        with tenancy.as_system(), self.database.read() as session:
            alive = alive_credentials(session, held, clock.now(), idle)
        for stream in some:
            if stream.principal.credential_id not in alive:
                stream.end()

    def _all(self) -> list[Stream]:
        # A copy of a dict or set is made in one step, whatever other threads do to it.
        return [stream for streams in self._streams.copy().values() for stream in streams.copy()]

    def _prod(self, streams: Iterable[Stream]) -> None:
        """Find those that were left, so that there is room at the next try; at most once a second."""
        if time.monotonic() >= self._prodded + 1.0:
            self._prodded = time.monotonic()
            for stream in streams:
                stream.prod()

    def _forget(self, stream: Stream) -> None:
        user_id = stream.principal.user_id
        with self._lock:
            mine = self._streams.get(user_id, set())
            if stream not in mine:
                return
            mine.discard(stream)
            self._count -= 1
            if not mine:
                del self._streams[user_id]


def unavailable(detail: str) -> Problem:
    """Problem 503: no stream here now."""
    return Problem(503, "live-unavailable", "No live updates now", detail, headers={"Retry-After": "30"})


def _too_many(held: int) -> Problem:
    detail = f"You hold {held} live streams already; close one, or pull now and then instead."
    return Problem(429, "too-many-streams", "Too many live streams", detail, headers={"Retry-After": "30"})
