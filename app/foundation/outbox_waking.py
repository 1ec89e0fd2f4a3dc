"""Telling runners that there is work: those of this process at each commit, those of others by LISTEN on PostgreSQL."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from app.foundation.db import Database
from app.foundation.logs import log

CHANNEL = "doorstep_jobs"
# Runners that are told of new work look by themselves this often all the same; jobs for later than that need no word.
SOON = timedelta(seconds=5)
RECOVER_SECONDS = 1.0


class Waker:
    """Counts the calls of each lane, so that a runner misses none that came while it was busy."""

    def __init__(self) -> None:
        self._generations: defaultdict[str, int] = defaultdict(int)
        self._changed = threading.Condition()
        self._callbacks: list[Callable[[], None]] = []

    def call(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called, too, whenever there is work in any lane; it must be quick."""
        self._callbacks.append(callback)

    def generation(self, lane: str) -> int:
        """How many calls there were for this lane."""
        return self._generations[lane]

    def wake(self, lanes: Iterable[str]) -> None:
        """Say that there is work in these lanes."""
        with self._changed:
            for lane in lanes:
                self._generations[lane] += 1
            self._changed.notify_all()
        for callback in self._callbacks:
            callback()

    def wait_past(self, lane: str, seen: int, timeout: float) -> None:
        """Wait until somebody called for this lane after generation `seen`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._generations[lane] > seen, timeout)


waker = Waker()


class Listener:
    """A thread that wakes this process's runners when another process of a PostgreSQL database committed work."""

    def __init__(self, database: Database, lanes: Iterable[str]) -> None:
        self._database = database
        self._lanes = tuple(lanes)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="doorstep-job-listener", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End within a second."""
        self._stop.set()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except Exception as fault:
                log.warning("not told of jobs by other processes", fault=type(fault).__name__)
                self._stop.wait(RECOVER_SECONDS)

    def _listen(self) -> None:
        dialect = self._database.engine.dialect
        given, named = dialect.create_connect_args(self._database.url)
        connection: Any = dialect.connect(*given, **named)
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            waker.wake(self._lanes)  # for what was committed before
            while not self._stop.is_set():
                for note in connection.notifies(timeout=0.5, stop_after=1):
                    waker.wake([note.payload])
        finally:
            with suppress(Exception):
                connection.close()
