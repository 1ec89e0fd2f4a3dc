"""The other end of a WorkerPool: a process that exists to be killed.

It writes a frame when it is ready, then reads frames from standard input and writes one answer frame each to standard
output, until the input ends. A frame is two lengths (big-endian, 4 bytes each), a JSON head and a body.
"""

from __future__ import annotations

import signal
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import orjson

LENGTHS = struct.Struct(">II")


def write_frame(stream: BinaryIO, head: dict[str, Any], body: bytes = b"") -> None:
    """Send one frame."""
    encoded = orjson.dumps(head)
    stream.write(LENGTHS.pack(len(encoded), len(body)))
    stream.write(encoded)
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next frame as (head, body); None when the stream has ended, even in the middle of a frame."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_length, body_length = LENGTHS.unpack(lengths)
    frame = stream.read(head_length + body_length)
    if len(frame) < head_length + body_length:
        return None
    return orjson.loads(frame[:head_length]), frame[head_length:]


def serve(answer: Callable[[dict[str, Any], bytes], dict[str, Any]]) -> None:
    """Answer until standard input ends. Arguments: memory limit in MB, seconds after which a question ends the process."""
    megabytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    _limit_memory(megabytes)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints must not break the protocol
    write_frame(stdout, {"ready": True})
    while (frame := read_frame(stdin)) is not None:
        if hasattr(signal, "setitimer"):
            # The parent kills first; this ends the process even when the parent is gone.
            signal.setitimer(signal.ITIMER_REAL, seconds)
        reply = answer(*frame)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(stdout, reply)


def _limit_memory(megabytes: int) -> None:
    """Cap the address space of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    limit = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
