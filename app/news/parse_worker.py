"""A process that parses feeds for a ParserPool: `python -m app.news.parse_worker`.

It writes a frame when it is ready, then reads frames from standard input and writes one answer frame each to standard
output, until the input ends. A frame is two lengths (big-endian, 4 bytes each), a JSON head and a body. The process
exists to be killed: feedparser has patterns that a hostile feed can keep busy for ever.
"""

from __future__ import annotations

import signal
import struct
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

import orjson

from app.news.feed import FeedDocument, FeedProblem
from app.news.parse import parse_feed

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


def answer(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The feed in a document, or its problem, as plain data."""
    document = FeedDocument(body, head["content_type"], head["url"])
    try:
        return {"feed": asdict(parse_feed(document, datetime.fromisoformat(head["now"])))}
    except FeedProblem as problem:
        return {"problem": problem.problem, "detail": problem.detail, "links": problem.links}
    except MemoryError:
        return {"problem": "parser-crashed", "detail": "The feed needs too much memory to be read."}
    except Exception as error:  # a fault of a parser, which is to cost this one feed only
        return {"problem": "unreadable-feed", "detail": f"The parser gave up ({type(error).__name__})."}


def limit_memory(megabytes: int) -> None:
    """Cap the address space of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    limit = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve until standard input ends. Arguments: memory limit in MB, seconds after which a parse ends the process."""
    megabytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    limit_memory(megabytes)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a parser that prints must not break the protocol
    write_frame(stdout, {"ready": True})
    while (frame := read_frame(stdin)) is not None:
        if hasattr(signal, "setitimer"):
            # The parent kills first; this ends the process even when the parent is gone.
            signal.setitimer(signal.ITIMER_REAL, seconds)
        reply = answer(*frame)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(stdout, reply)


if __name__ == "__main__":
    main()
