"""The real web server in a process of its own, on 127.0.0.1."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.distributed import free_port as free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 240


@contextmanager
def served(database_url: str, *options: str, log: Path, **settings: str) -> Iterator[int]:
    """`doorstep serve` on a migrated database; yields its port. Ends with the block, by its process id."""
    port = free_port()
    environ = {**os.environ, "DOORSTEP_DATABASE_URL": database_url, "DOORSTEP_PORT": str(port)}
    environ |= {"DOORSTEP_EMBEDDED_RUNNER": "false", "DOORSTEP_LOG_FORMAT": "json", "PYTHONPATH": str(ROOT)}
    environ |= {f"DOORSTEP_{name.upper()}": value for name, value in settings.items()}
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", *options], cwd=log.parent, env=environ, stdout=out, stderr=out
        )
        try:
            _wait_for(port, server, log)
            yield port
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not answer on port {port}:\n{log.read_text()}")


def exchange(port: int, request: bytes, *, tls: ssl.SSLContext | None = None, wait: float = 60.0) -> bytes:
    """Send raw bytes, and read until the server closes or says nothing for a while."""
    with socket.create_connection(("127.0.0.1", port), wait) as plain:
        link = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        link.settimeout(wait)
        with suppress(OSError):
            link.sendall(request)
        received = b""
        with suppress(OSError):
            while chunk := link.recv(65536):
                received += chunk
                link.settimeout(1.5)
        return received
