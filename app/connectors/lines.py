"""Bytes to lines of text: gzip by content, encodings, and what files should not hold, each with the line it is on."""

import gzip
import io
import re
import sys
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from app.connectors.errors import ImportFault

MAX_LINE = 4_000_000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UNDECODED = re.compile("[\udc80-\udcff]")
_BUFFER = 1 << 20


class DamagedFile(ImportFault):
    """The file breaks off, or is not what it says; the message tells after which line."""


class Source:
    """An open file (or standard input): text by line, and how many bytes of it were read."""

    def __init__(self, raw: BinaryIO, size: int | None, encoding: str) -> None:
        self._raw = raw
        self.size = size
        buffered = io.BufferedReader(raw, _BUFFER)  # type: ignore[type-var]
        head = buffered.peek(3)[:3]
        self.is_empty = not head
        plain: Any = buffered
        if head[:2] == b"\x1f\x8b":
            plain = io.BufferedReader(_Gunzip(gzip.GzipFile(fileobj=buffered)), _BUFFER)
            head = _peek_gzip(plain)
            self.is_empty = not head
        if encoding == "utf-8" and head[:2] in _UTF16:
            raise ImportFault("The file begins as UTF-16 does; write `encoding: utf-16` in the mapping.")
        name = "utf-8-sig" if encoding == "utf-8" else encoding
        self.encoding = encoding
        self.text = io.TextIOWrapper(plain, encoding=name, errors="surrogateescape", newline="")

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far."""
        try:
            return self._raw.tell()
        except OSError:
            return 0


class _Gunzip(io.RawIOBase):
    """Decompressed bytes as far as they come: a file that breaks off is read up to there, then it fails."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what one step of decompression gives."""
        found = self._file.read1(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _peek_gzip(plain: Any) -> bytes:
    try:
        head: bytes = plain.peek(3)[:3]
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise DamagedFile(f"The gzip file is damaged or cut off before its first line ({fault}).") from None
    return head


@contextmanager
def opened(path: str, encoding: str) -> Iterator[Source]:
    """Open a file by name, or standard input for `-`; ImportFault says why it cannot be read."""
    if path == "-":
        yield Source(sys.stdin.buffer, None, encoding)
        return
    try:
        raw = Path(path).open("rb", buffering=0)  # noqa: SIM115
    except OSError as fault:
        raise ImportFault(f"{path}: {fault.strerror}.") from None
    with raw:
        yield Source(raw, Path(path).stat().st_size, encoding)


class LineFeed:
    """An iterator of lines that remembers those taken since `start_record`, and can give them back.

    `problem` is what is wrong with a line taken since then: NUL, bytes that are no text, more than MAX_LINE characters.
    """

    def __init__(self, source: Source) -> None:
        self._read = source.text.readline
        self._encoding = source.encoding
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.problem: str | None = None

    def __iter__(self) -> "LineFeed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if "\x00" in line or not line.isascii():
            self._look_at(line)
        return line

    def _look_at(self, line: str) -> None:
        if "\x00" in line:
            self.problem = self.problem or "contains a NUL character"
        if found := _UNDECODED.search(line):
            byte = ord(found[0]) - 0xDC00
            self.problem = (
                self.problem or f"is not {self._encoding} text (byte 0x{byte:02X}, character {found.start() + 1})"
            )

    def start_record(self) -> None:
        """Forget the lines taken so far."""
        self.taken = []
        self.problem = None

    def give_back_all_but_first(self) -> None:
        """Read the lines since `start_record` again, from the second on."""
        again = self.taken[1:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)
        del self.taken[1:]

    def _next(self) -> str:
        try:
            line = self._read(MAX_LINE)
            if len(line) == MAX_LINE and line[-1] not in "\r\n":
                self.problem = f"is longer than {MAX_LINE:,} characters"
                self._skip_line()
                line = line[:200] + "\n"
        except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
            raise DamagedFile(f"The gzip file is damaged or cut off after line {self.number}: {fault}.") from None
        except UnicodeError as fault:
            raise DamagedFile(f"The file is not {self._encoding} text after line {self.number}: {fault}.") from None
        except OSError as fault:
            raise DamagedFile(f"The file cannot be read after line {self.number}: {fault.strerror or fault}.") from None
        return line

    def _skip_line(self) -> None:
        while (rest := self._read(MAX_LINE)) and rest[-1] not in "\r\n":
            pass
