"""The network between phones and server, as bad as a schedule wants it.

One request a connection. A phone says in the header `X-Phone` who it is; its faults wait in a queue (those of a step before
those of the weather), and each of its requests takes the next one. A fault is `{"kind": …}` with numbers of its own:

| kind | what happens |
| --- | --- |
| `drop_request` | the connection ends before the server hears of it |
| `drop_answer` | the server does it; the connection ends before its answer |
| `hang_request`, `hang_answer` | the same, but the phone has to give up by itself |
| `delay_request`, `delay_answer` | later by `ms` |
| `double` | the server gets it twice at once; the phone gets the answer `take` (0 or 1) |
| `again` | the server gets it, answers, gets it again; the phone gets the answer `take` |
| `late` | the connection ends; the server gets the request after `after` later ones of this phone |
| `hold_answer` | the answer comes after `after` later answers of this phone (or a second) |
| `cut_request`, `cut_answer` | the body ends after the part `at` (0 to 1) of it |
| `bad_gateway`, `bad_gateway_done` | 502, before or after the server did it |
| `portal` | 200 with the sign-in page of a café |
| `kill_before`, `kill_during`, `kill_after` | the server's processes are killed; `kill_during` `ms` after it got the request |
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Fault = dict[str, Any]
BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
PORTAL_PAGE = b"<html><title>Guest network</title>Accept our terms"
PORTAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
    len(PORTAL_PAGE),
    PORTAL_PAGE,
)
LATEST_SECONDS = 0.4


class Broken(Exception):
    """The connection to the phone is to end without an answer."""


@dataclass
class Request:
    """One request as it came: `head` ends with the empty line, `body` is whole."""

    phone: str
    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        """The method and the path."""
        return " ".join(self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[:2])

    @property
    def bytes(self) -> bytes:
        """What goes on the wire."""
        return self.head + self.body


@dataclass
class Line:
    """What is between one phone and the server: faults to come, requests that are late, answers that are held."""

    faults: deque[Fault | None] = field(default_factory=deque)
    weather: deque[Fault | None] = field(default_factory=deque)
    late: list[tuple[int, Request]] = field(default_factory=list)
    held: list[tuple[int, asyncio.Event]] = field(default_factory=list)
    cut: bool = False


class Proxy:
    """Forwards from `port` to `target`; `kill` is called by faults that kill the server."""

    def __init__(self, target: Callable[[], int], kill: Callable[[], None] = lambda: None) -> None:
        self.target = target
        self.kill = kill
        self.lines: dict[str, Line] = {}
        self.log: list[str] = []
        self.done: list[str] = []
        self.pushes: list[Request] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection."""
        assert self._server is not None
        self._server.close()
        await self.forget()

    async def forget(self) -> None:
        """End what is under way and forget the phones."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.lines.clear()
        self.log.clear()
        self.done.clear()
        self.pushes.clear()

    def line_of(self, phone: str) -> Line:
        """The line of a phone."""
        return self.lines.setdefault(phone, Line())

    async def heal(self) -> None:
        """No more faults: what is late arrives now, what is held is let go."""
        for line in self.lines.values():
            line.cut = False
            line.faults.clear()
            line.weather.clear()
            late, line.late = line.late, []
            for _, request in late:
                await self._forward_quietly(request)
            for _, event in line.held:
                event.set()
            line.held.clear()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (Broken, OSError, asyncio.IncompleteReadError, TimeoutError):
            _reset(writer)
        except asyncio.CancelledError:
            _reset(writer)
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        line = self.line_of(request.phone)
        if "/sync/events" in request.line:
            await self._stream(request, line, writer)
            return
        coming = line.faults or line.weather
        fault = coming.popleft() if coming else None
        if line.cut:
            fault = {"kind": "drop_request"}
        if request.line == "POST /api/v1/sync/push":
            self.pushes.append(request)
        if fault:
            self.done.append(fault["kind"])
        entry = len(self.log)
        self.log.append(f"{request.phone} {request.line} {fault or ''}")
        try:
            answer = await self._carry(request, fault or {"kind": "none"}, line, writer)
            self.log[entry] += f" -> {_status(answer)}"
            writer.write(answer)
            await writer.drain()
        finally:
            await self._passed(line)

    async def _carry(self, request: Request, fault: Fault, line: Line, writer: asyncio.StreamWriter) -> bytes:
        carry: Callable[..., Awaitable[bytes]] = getattr(self, f"_do_{fault['kind']}")
        return await carry(request, fault, line, writer)

    async def _do_none(self, request: Request, *_: Any) -> bytes:
        return await self._forward(request)

    async def _do_drop_request(self, *_: Any) -> bytes:
        raise Broken

    async def _do_drop_answer(self, request: Request, *_: Any) -> bytes:
        await self._forward(request)
        raise Broken

    async def _do_hang_request(self, *_: Any) -> bytes:
        await asyncio.sleep(LATEST_SECONDS)
        raise Broken

    async def _do_hang_answer(self, request: Request, *_: Any) -> bytes:
        await self._forward(request)
        await asyncio.sleep(LATEST_SECONDS)
        raise Broken

    async def _do_delay_request(self, request: Request, fault: Fault, *_: Any) -> bytes:
        await asyncio.sleep(fault["ms"] / 1000)
        return await self._forward(request)

    async def _do_delay_answer(self, request: Request, fault: Fault, *_: Any) -> bytes:
        answer = await self._forward(request)
        await asyncio.sleep(fault["ms"] / 1000)
        return answer

    async def _do_double(self, request: Request, fault: Fault, *_: Any) -> bytes:
        answers = await asyncio.gather(self._forward(request), self._forward(request), return_exceptions=True)
        answer = answers[fault["take"]]
        if isinstance(answer, BaseException):
            raise Broken from answer
        return answer

    async def _do_again(self, request: Request, fault: Fault, *_: Any) -> bytes:
        return [await self._forward(request), await self._forward(request)][fault["take"]]

    async def _do_late(self, request: Request, fault: Fault, line: Line, _: Any) -> bytes:
        line.late.append((fault["after"] + 1, request))
        raise Broken

    async def _do_hold_answer(self, request: Request, fault: Fault, line: Line, _: Any) -> bytes:
        answer = await self._forward(request)
        event = asyncio.Event()
        line.held.append((fault["after"], event))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), LATEST_SECONDS / 2)
        return answer

    async def _do_cut_request(self, request: Request, fault: Fault, *_: Any) -> bytes:
        _, upstream = await asyncio.open_connection("127.0.0.1", self.target())
        upstream.write(request.head + request.body[: int(len(request.body) * fault["at"])])
        await upstream.drain()
        await asyncio.sleep(0.005)
        _reset(upstream)
        raise Broken

    async def _do_cut_answer(self, request: Request, fault: Fault, _: Line, writer: asyncio.StreamWriter) -> bytes:
        answer = await self._forward(request)
        head, empty, body = answer.partition(b"\r\n\r\n")
        writer.write(head + empty + body[: int(len(body) * fault["at"])])
        await writer.drain()
        await asyncio.sleep(0.005)
        raise Broken

    async def _do_bad_gateway(self, *_: Any) -> bytes:
        return BAD_GATEWAY

    async def _do_bad_gateway_done(self, request: Request, *_: Any) -> bytes:
        await self._forward(request)
        return BAD_GATEWAY

    async def _do_portal(self, *_: Any) -> bytes:
        return PORTAL

    async def _do_kill_before(self, *_: Any) -> bytes:
        self.kill()
        raise Broken

    async def _do_kill_during(self, request: Request, fault: Fault, *_: Any) -> bytes:
        asyncio.get_running_loop().call_later(fault["ms"] / 1000, self.kill)
        return await self._forward(request)

    async def _do_kill_after(self, request: Request, *_: Any) -> bytes:
        await self._forward(request)
        self.kill()
        raise Broken

    async def _passed(self, line: Line) -> None:
        """One more request of this phone is through: whatever waited for that goes now."""
        line.held = [(after - 1, event) for after, event in line.held]
        for _, event in (one for one in line.held if one[0] < 0):
            event.set()
        line.held = [one for one in line.held if one[0] >= 0]
        line.late = [(after - 1, request) for after, request in line.late]
        due = [request for after, request in line.late if after <= 0]
        line.late = [one for one in line.late if one[0] > 0]
        for request in due:
            await self._forward_quietly(request)

    async def _forward_quietly(self, request: Request) -> bytes | None:
        """Deliver a request whose answer nobody waits for."""
        try:
            answer = await self._forward(request)
        except (OSError, Broken):
            return None
        self.log.append(f"{request.phone} {request.line} (late) -> {_status(answer)}")
        return answer

    async def _forward(self, request: Request) -> bytes:
        """The server's answer, to the end of its connection. Broken or OSError when it has none."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target(), limit=2**20)
        try:
            writer.write(request.bytes)
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        if not _is_whole(answer):
            raise Broken
        return answer

    async def _stream(self, request: Request, line: Line, writer: asyncio.StreamWriter) -> None:
        """Server-sent events pass as they come."""
        if line.cut:
            raise Broken
        reader, upstream = await asyncio.open_connection("127.0.0.1", self.target())
        try:
            upstream.write(request.bytes)
            while part := await reader.read(65536):
                if line.cut:
                    raise Broken
                writer.write(part)
                await writer.drain()
        finally:
            upstream.close()

    async def replay(self, request: Request) -> bytes | None:
        """Send a request once more, as a network that repeats does."""
        return await self._forward_quietly(request)


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head[:-4].split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in rest)}
    body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
    dropped = (b"connection", b"x-phone")
    kept = [line for line in rest if line.partition(b":")[0].strip().lower() not in dropped]
    whole = b"\r\n".join([first, *kept, b"Connection: close", b"", b""])
    return Request(headers.get(b"x-phone", b"").decode(), whole, body)


def _is_whole(answer: bytes) -> bool:
    head, empty, body = answer.partition(b"\r\n\r\n")
    if not empty:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return len(body) >= int(value)
        if name.strip().lower() == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return True


def _status(answer: bytes) -> str:
    return answer[9:12].decode("latin-1")


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, not a farewell."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        writer.transport.abort()
