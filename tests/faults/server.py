"""Real servers under the harness's hand: started in a blink, killed without a word, and back again on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

from tests.support.serving import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


class Zygote:
    """A process that has imported the app and forks servers."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait until the app is imported."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.zygote",
            cwd=ROOT,
            env=_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        await self._line()

    async def fork(self, environment: dict[str, str]) -> int:
        """Fork a server and return its process id, which is its group's too."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"environment": environment}).encode() + b"\n")
        return int(await self._line())

    async def stop(self) -> None:
        """End it; servers live on until they are stopped."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def _line(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that forks servers ended")
        return line.decode().strip()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}


class Server:
    """One installation on one database; `kill` is SIGKILL to all of its processes at once."""

    def __init__(self, zygote: Zygote, database_url: str, log: Path) -> None:
        self.zygote = zygote
        self.port = free_port()
        self.log = log
        self.pid: int | None = None
        self.kills = 0
        # Names a promise to break from the next start on (see `broken_servers`).
        self.breaks = ""
        self._starting = asyncio.Lock()
        self._environment = {
            "FAULTS_LOG": str(log),
            "DOORSTEP_DATABASE_URL": database_url,
            "DOORSTEP_PORT": str(self.port),
            "DOORSTEP_SIGN_IN_PER_MINUTE": "100000",
            "DOORSTEP_REQUESTS_PER_MINUTE": "1000000",
            "DOORSTEP_EMBEDDED_RUNNER": "false",
            "DOORSTEP_LOG_LEVEL": "WARNING",
        }

    async def start(self) -> None:
        """Start, if it is not running, and wait until it answers. RuntimeError with the log's end when it does not."""
        async with self._starting:
            if self.pid is not None:
                return
            while await self.listens():
                await asyncio.sleep(0.005)  # a process that was killed takes a moment to be gone
            pid = await self.zygote.fork({**self._environment, "FAULTS_BREAK": self.breaks})
            deadline = asyncio.get_running_loop().time() + START_SECONDS
            while not await self.answers():
                if asyncio.get_running_loop().time() > deadline:
                    _end(pid)
                    raise RuntimeError(f"the server did not start:\n{self.log.read_text('utf-8')[-4000:]}")
                await asyncio.sleep(0.01)
            self.pid = pid

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.pid is not None:
            _end(self.pid)
            self.pid = None
            self.kills += 1

    stop = kill

    async def listens(self) -> bool:
        """Whether anything has the port."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def answers(self) -> bool:
        """Whether it is ready."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = await reader.read(64)
                writer.close()
                return answer.startswith(b"HTTP/1.1 200")
        return False


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
