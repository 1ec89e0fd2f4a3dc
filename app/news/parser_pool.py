"""Parsing in processes of its own, so that a hostile feed costs a few seconds of a worker and nothing else.

Workers are started by exec, never by forking this process, which may have many threads. Each lives until it is killed
for a parse that took too long or too much memory; the next parse starts a new one.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import app
from app.news.feed import PROBLEMS, FeedDocument, FeedProblem, ParsedEntry, ParsedFeed, ParserCrashed, ParserTimeout
from app.news.parse_worker import read_frame, write_frame

START_TIMEOUT = 30.0  # seconds; not counted against a document


@dataclass
class ParserPool:
    """A Parser on at most `size` worker processes; further callers wait. Safe to share between threads.

    `timeout` is in seconds for one document, `memory` in MB of address space for one worker.
    """

    size: int = 2
    timeout: float = 5.0
    memory: int = 768
    _idle: queue.LifoQueue[_Worker | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._idle = queue.LifoQueue()
        for _ in range(self.size):
            self._idle.put(None)

    def __call__(self, document: FeedDocument, now: datetime) -> ParsedFeed:
        """Raises a FeedProblem; ParserTimeout and ParserCrashed say that the worker had to be given up."""
        worker = self._idle.get()
        try:
            if worker is None or worker.process.poll() is not None:
                worker = _Worker(self.memory, self.timeout)
            return worker.parse(document, now)
        finally:
            self._idle.put(worker if worker is not None and worker.process.poll() is None else None)

    def close(self) -> None:
        """End the idle workers and wait until they are gone."""
        for _ in range(self.size):
            worker = self._idle.get()
            if worker is not None:
                worker.stop()
            self._idle.put(None)


class _Worker:
    def __init__(self, memory: int, timeout: float) -> None:
        self.timeout = timeout
        self.process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            [sys.executable, "-m", "app.news.parse_worker", str(memory), str(timeout * 2)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
        )
        with self._killed_after(START_TIMEOUT):
            ready = self._receive()
        if ready is None:
            self.stop()
            raise ParserCrashed("The parser did not start.")

    def parse(self, document: FeedDocument, now: datetime) -> ParsedFeed:
        with self._killed_after(self.timeout) as expired:
            reply = self._ask(document, now)
        if reply is None or expired.is_set():
            self.stop()
            if expired.is_set():
                raise ParserTimeout(f"It was not read within {self.timeout:g} seconds.")
            raise ParserCrashed("The parser ended without an answer.")
        return _result(reply)

    def _ask(self, document: FeedDocument, now: datetime) -> dict[str, Any] | None:
        head = {"content_type": document.content_type, "url": document.url, "now": now.isoformat()}
        try:
            write_frame(self.process.stdin, head, document.body)  # type: ignore[arg-type]
        except OSError:
            return None
        return self._receive()

    def _receive(self) -> dict[str, Any] | None:
        """The head of the next frame; None when the process has ended."""
        try:
            frame = read_frame(self.process.stdout)  # type: ignore[arg-type]
        except OSError:
            return None
        return None if frame is None else frame[0]

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[threading.Event]:
        """Kill the process when the block takes longer; the event says whether that happened."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.process.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()
            timer.join()  # from here on nothing kills the worker

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    """Only what Python needs to start: a process that reads hostile input is told no secrets."""
    kept = {name: outer[name] for name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in outer}
    root = str(Path(app.__file__).resolve().parent.parent)
    return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys([root, *filter(None, sys.path)]))}


def _result(reply: dict[str, Any]) -> ParsedFeed:
    if "problem" in reply:
        kind = PROBLEMS.get(reply["problem"], FeedProblem)
        raise kind(reply["detail"], tuple(reply.get("links", ())))
    feed = reply["feed"]
    entries = tuple(_entry(entry) for entry in feed["entries"])
    return ParsedFeed(feed["title"], feed["kind"], entries, feed["malformed"])


def _entry(entry: dict[str, Any]) -> ParsedEntry:
    published = entry["published"] and datetime.fromisoformat(entry["published"])
    return ParsedEntry(**{**entry, "published": published, "authors": tuple(entry["authors"])})
