"""The file of a backup: every row of every table as it was at one moment, readable on either kind of database.

Gzip over frames: a length of four bytes (big-endian) and as many bytes of MessagePack, an array that begins with what the
frame is:

    ["head", {"format", "schema", "made_at", "made_on", "version"}]
    ["table", name, [[column, kind], …]]      kinds: text, json, int, float, bool, bytes, date, instant
    ["rows", [[value, …], …]]                 of the table before; instants are UTC text with microseconds
    ["end", {table: rows}, sha256]            of every byte of every frame before, lengths among them

A file that was cut, changed or written by something else is refused before any of it is used.
"""

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

FORMAT = "doorstep backup 1"
MAX_FRAME = 512 * 1024 * 1024
Row = Sequence[Any]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class BackupError(Exception):
    """A backup that cannot be made or used, in a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the kind of its values."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name and columns, in the order of its rows' values."""

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself: the revision of its schema, when and on which kind of database it was made."""

    schema: str
    made_at: str
    made_on: str
    version: str


class Writer:
    """Writes frames; `end` last."""

    def __init__(self, file: IO[bytes], head: Head) -> None:
        self._file = gzip.GzipFile("", fileobj=file, mode="wb", compresslevel=1, mtime=0)
        self._digest = hashlib.sha256()
        self._counts: dict[str, int] = {}
        self._frame(["head", {"format": FORMAT, **asdict(head)}])

    def table(self, table: Table, batches: Iterable[Sequence[Row]]) -> int:
        """Write a table with its rows; returns how many."""
        self._frame(["table", table.name, [[column.name, column.kind] for column in table.columns]])
        count = 0
        for rows in batches:
            self._frame(["rows", rows])
            count += len(rows)
        self._counts[table.name] = count
        return count

    def end(self) -> None:
        """Write what proves the file whole."""
        self._frame(["end", self._counts, self._digest.hexdigest()])
        self._file.close()

    def _frame(self, members: list[Any]) -> None:
        data = _encode(members)
        if len(data) > MAX_FRAME:
            raise BackupError(f"A batch of rows takes {len(data)} bytes; a backup holds at most {MAX_FRAME} together.")
        for part in (len(data).to_bytes(4, "big"), data):
            self._digest.update(part)
            self._file.write(part)


class Reader:
    """Reads frames in order, and raises BackupError at the first that is not as it should be.

    What it gives is proven only once it has given all: `check` reads a file to its end before anything of it is used.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = gzip.GzipFile(fileobj=file, mode="rb")
        self._digest = hashlib.sha256()
        kind, *members = self._frame()
        try:
            if kind != "head" or members[0].pop("format") != FORMAT:
                raise BackupError("This is no backup of Doorstep, or of a version that this one cannot read.")
            self.head = Head(**members[0])
        except (AttributeError, IndexError, KeyError, TypeError) as fault:
            raise BackupError("This is no backup of Doorstep.") from fault
        self.counts: dict[str, int] = {}

    def tables(self) -> Iterator[tuple[Table, Iterator[list[Row]]]]:
        """Each table with batches of its rows; take all batches of one before the next table."""
        frame = self._frame()
        while frame[0] == "table":
            table = Table(frame[1], tuple(Column(*one) for one in frame[2]))
            ended: list[Any] = []
            yield table, self._rows(table, ended)
            frame = ended[0]
        if frame[0] != "end" or frame[1] != self.counts or frame[2] != self._before_end:
            raise BackupError("The backup is damaged: its rows are not those that were written.")
        if self._read(1):
            raise BackupError("The backup is damaged: something follows its end.")

    def _rows(self, table: Table, ended: list[Any]) -> Iterator[list[Row]]:
        count = 0
        while (frame := self._frame())[0] == "rows":
            count += len(frame[1])
            yield frame[1]
        self.counts[table.name] = count
        ended.append(frame)

    def _frame(self) -> Any:
        self._before_end = self._digest.hexdigest()
        size = self._read(4)
        length = int.from_bytes(size, "big")
        if len(size) < 4 or length > MAX_FRAME:
            raise BackupError("The backup is damaged: it ends too early.")
        data = self._read(length)
        if len(data) < length:
            raise BackupError("The backup is damaged: it ends too early.")
        self._digest.update(size + data)
        try:
            frame = _decode(data)
        except (msgspec.DecodeError, ValueError) as fault:
            raise BackupError("The backup is damaged: a part of it cannot be read.") from fault
        if not isinstance(frame, list) or not frame:
            raise BackupError("The backup is damaged: a part of it cannot be read.")
        return frame

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except (OSError, EOFError, zlib.error) as fault:
            raise BackupError("The backup is damaged: it cannot be unpacked.") from fault


def check(path: Path) -> tuple[Head, dict[str, int]]:
    """Read a whole file: what it says of itself, and its rows by table. BackupError when it is not whole."""
    try:
        with path.open("rb") as file:
            reader = Reader(file)
            for _table, batches in reader.tables():
                for _rows in batches:
                    pass
            return reader.head, reader.counts
    except OSError as fault:
        raise BackupError(f"{path} cannot be read: {fault.strerror}.") from fault


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name once all of it is on the disk, readable by its owner alone; or not at all."""
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as fault:
        raise BackupError(f"{path} cannot be written: {fault.strerror}.") from fault
    os.close(number)
    try:
        with open(name, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as fault:
        raise BackupError(f"{path} cannot be written: {fault.strerror}.") from fault
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
