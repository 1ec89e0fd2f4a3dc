"""The phones: the real client in a Node process, told what to do over its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

PWA = Path(__file__).resolve().parents[2] / "pwa"
BUILD_SECONDS = 60
ANSWER_SECONDS = 30


class ClientError(Exception):
    """The client's function threw: its error's name and message."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['name']}: {error['message']}")
        self.name = str(error["name"])
        self.stack = error.get("stack")


class Dead(Exception):
    """The tab lost its power before it answered."""


class Phones:
    """All phones of a run. Commands may run side by side."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        # Writes that tabs opened from now on say are done and do not do: for tests of the harness itself.
        self.ignored: tuple[str, ...] = ()
        self.unhandled: list[str] = []
        self._process: asyncio.subprocess.Process | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last = 0
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Build the client and wait until the driver reads."""
        self._process = await asyncio.create_subprocess_exec(
            "node",
            "faults/run.mjs",
            self.origin,
            cwd=PWA,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**26,
        )
        ready = asyncio.get_running_loop().create_future()
        self._answers[0] = ready
        self._reader = asyncio.create_task(self._read())
        async with asyncio.timeout(BUILD_SECONDS):
            await ready

    async def stop(self) -> None:
        """End the process."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def do(self, act: str, phone: str, tab: str = "a", **more: Any) -> Any:
        """One command. ClientError when the client threw, Dead when its tab was gone first."""
        assert self._process is not None and self._process.stdin is not None
        self._last += 1
        number = self._last
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        if act == "open" and self.ignored:
            more["ignored"] = self.ignored
        command = {"id": number, "do": act, "phone": phone, "tab": tab, **more}
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await future
        except TimeoutError:
            raise TimeoutError(f"no answer to {command} in {ANSWER_SECONDS} s") from None
        if "error" in answer:
            raise ClientError(answer["error"])
        if answer.get("dead"):
            raise Dead
        return answer.get("value")

    async def call(
        self, phone: str, name: str, *args: Any, tab: str = "a", fuse: int | None = None, last: bool = False
    ) -> Any:
        """Call a function of `pwa/faults/client.ts` in a tab.

        `fuse` cuts its power after so many steps; `last` as soon as it answers.
        """
        more: dict[str, Any] = {"last": True} if last else {}
        more |= {} if fuse is None else {"fuse": fuse}
        return await self.do("call", phone, tab, name=name, args=list(args), **more)

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            try:
                answer = json.loads(line)
            except ValueError:
                self.unhandled.append(line.decode(errors="replace"))
                continue
            waiting = self._answers.pop(answer["id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
            elif waiting is None and "error" in answer:
                self.unhandled.append(f"{answer['error'].get('stack') or answer['error']['message']}")
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(RuntimeError("the driver of the phones ended"))
