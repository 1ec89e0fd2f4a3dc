"""Work on hostile input in processes of its own, so that it costs a few seconds of a worker and nothing else.

Workers are started by exec, never by forking this process, which may have many threads. Each lives until it is killed
for an answer that took too long or too much memory; the next question starts a new one.
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
from pathlib import Path
from typing import Any, ClassVar

from app.foundation.killable_worker import read_frame, write_frame

START_TIMEOUT = 30.0  # seconds; not counted against a question


class WorkerLost(Exception):
    """No answer: the worker took too long (`timed_out`) and was killed, or ended by itself."""

    def __init__(self, detail: str, *, timed_out: bool) -> None:
        super().__init__(detail)
        self.detail, self.timed_out = detail, timed_out


@dataclass
class WorkerPool:
    """At most `size` worker processes of `module`; further callers wait. Safe to share between threads.

    `timeout` is in seconds for one question, `memory` in MB of address space for one worker. `module` is run as
    `python -m module memory seconds` and answers frames (`killable_worker.serve`).
    """

    size: int = 2
    timeout: float = 5.0
    memory: int = 768
    _idle: queue.LifoQueue[_Worker | None] = field(init=False, repr=False)

    module: ClassVar[str]

    def __post_init__(self) -> None:
        self._idle = queue.LifoQueue()
        for _ in range(self.size):
            self._idle.put(None)

    def ask(self, head: dict[str, Any], body: bytes) -> dict[str, Any]:
        """What a worker answers to this frame. Raises WorkerLost when the worker had to be given up."""
        worker = self._idle.get()
        try:
            if worker is None or worker.process.poll() is not None:
                worker = _Worker(self.module, self.memory, self.timeout)
            return worker.ask(head, body)
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
    def __init__(self, module: str, memory: int, timeout: float) -> None:
        self.timeout = timeout
        self.process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            [sys.executable, "-m", module, str(memory), str(timeout * 2)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
        )
        with self._killed_after(START_TIMEOUT):
            ready = self._receive()
        if ready is None:
            self.stop()
            raise WorkerLost("The reader did not start.", timed_out=False)

    def ask(self, head: dict[str, Any], body: bytes) -> dict[str, Any]:
        with self._killed_after(self.timeout) as expired:
            reply = self._exchange(head, body)
        if reply is None or expired.is_set():
            self.stop()
            if expired.is_set():
                raise WorkerLost(f"It was not read within {self.timeout:g} seconds.", timed_out=True)
            raise WorkerLost("The reader ended without an answer.", timed_out=False)
        return reply

    def _exchange(self, head: dict[str, Any], body: bytes) -> dict[str, Any] | None:
        try:
            write_frame(self.process.stdin, head, body)  # type: ignore[arg-type]
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
    root = str(Path(__file__).resolve().parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys([root, *filter(None, sys.path)]))}
