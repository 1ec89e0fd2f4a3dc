"""A small client that keeps a server busy: a few kept-alive connections, one request under way on each.

`python -m tests.benchmarks.load` reads jobs from standard input, a JSON object a line, and answers each with one: the
server's requests per second. It runs in a process of its own, so that it takes no time from the server.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONNECTIONS = 3
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Job:
    """`count` GET requests of one path, each of which must be answered with `status`."""

    port: int
    path: str
    count: int
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> bytes:
        """The bytes to send."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """One kept-alive connection that reads whole answers."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def receive(self) -> int:
        """Read one answer to its end, and say its status."""
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower()
        length = 0
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            length = int(head[at + 17 : (head + b"\r\n").find(b"\r\n", at + 17)])
        elif b"\r\ntransfer-encoding:" in head:
            raise RuntimeError("the client reads no chunked answers")
        whole = end + 4 + length
        while len(data) < whole:
            data += self._more()
        self._rest = data[whole:]
        return int(head[9:12])

    def _more(self) -> bytes:
        chunk = self._socket.recv(262_144)
        if not chunk:
            raise RuntimeError("the server closed the connection")
        return chunk

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def run(job: Job) -> float:
    """Requests a second. RuntimeError for an answer of another status."""
    connections = [Connection(job.port) for _ in range(CONNECTIONS)]
    request = job.request()
    began = time.perf_counter()
    for connection in connections:
        connection.send(request)
    for number in range(job.count):
        connection = connections[number % CONNECTIONS]
        status = connection.receive()
        if status != job.status:
            raise RuntimeError(f"{job.path} was answered with {status}, not {job.status}")
        if number < job.count - CONNECTIONS:
            connection.send(request)
    took = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return job.count / took


class Client:
    """The process that sends the load."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def rate(self, job: Job) -> float:
        """Run one job there: requests a second."""
        assert self._process.stdin and self._process.stdout
        members: dict[str, Any] = {**job.__dict__, "headers": dict(job.headers)}
        self._process.stdin.write(json.dumps(members) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load client ended")
        answer = json.loads(line)
        if "fault" in answer:
            raise RuntimeError(answer["fault"])
        return float(answer["rate"])


@contextmanager
def client() -> Iterator[Client]:
    """A load client until the block ends."""
    command = [sys.executable, "-m", "tests.benchmarks.load"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Client(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(10)


def main() -> None:
    """Run the jobs that come in."""
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"rate": run(Job(**json.loads(line)))}
        except (OSError, RuntimeError) as fault:
            answer = {"fault": str(fault)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
