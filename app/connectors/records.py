"""Lines to records: CSV and TSV with a header, NDJSON; what cannot be a record is a reject with its line and reason."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from app.connectors.errors import ImportFault
from app.connectors.lines import LineFeed, Source
from app.connectors.mapping import ImportMapping

MAX_FIELD = 100_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken: the line that it starts on, why, and its cells as they are."""

    line: int
    reason: str
    cells: Sequence[str]


@dataclass(slots=True)
class Chunk:
    """Some thousand records: `rows[i]` starts on line `lines[i]` of the file."""

    lines: list[int] = field(default_factory=list)
    rows: list[Sequence[str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


class Records(Protocol):
    """Records of a file: the names of their cells, and chunk after chunk."""

    header: Sequence[str]

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Chunks of up to `size` records."""
        ...


def open_records(source: Source, mapping: ImportMapping, name: str) -> Records:
    """The records of a file in its format: the mapping's, else what name and content say. ImportFault when it has none."""
    if source.is_empty:
        raise ImportFault("The file is empty.")
    feed = LineFeed(source)
    first = next(feed, "")
    if feed.problem:
        raise ImportFault(f"Line 1 {feed.problem}.")
    kind = mapping.format or _format(name, first)
    feed.start_record()
    if kind == "ndjson":
        return _JsonRecords(feed, first, mapping)
    delimiter = mapping.delimiter or ("\t" if kind == "tsv" else _delimiter(first))
    return _CsvRecords(feed, first, delimiter, mapping)


def _format(name: str, first: str) -> str:
    stem = name.lower().removesuffix(".gz")
    if stem.endswith((".ndjson", ".jsonl")) or first.lstrip().startswith("{"):
        return "ndjson"
    return "tsv" if stem.endswith((".tsv", ".tab")) else "csv"


def _delimiter(header: str) -> str:
    """The sign that separates most often in the header, outside quotes."""
    bare = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=bare.count)


class _CsvRecords:
    """Comma- (or tab-, or semicolon-) separated records. A quote that never closes costs one line, not the rest."""

    def __init__(self, feed: LineFeed, first: str, delimiter: str, mapping: ImportMapping) -> None:
        csv.field_size_limit(MAX_FIELD)
        self._feed = feed
        try:
            self.header: Sequence[str] = [
                name.strip() for name in next(csv.reader([first], delimiter=delimiter, strict=True))
            ]
        except (csv.Error, StopIteration) as fault:
            raise ImportFault(f"Line 1 is no header: {fault or 'it is blank'}.") from None
        self._reader = csv.reader(feed, delimiter=delimiter, strict=True)
        _check_header(self.header, mapping)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Chunks of up to `size` records."""
        chunk = Chunk()
        while self._fill(chunk, size):
            yield chunk
            chunk = Chunk()
        if chunk.rows or chunk.rejects:
            yield chunk

    def _fill(self, chunk: Chunk, size: int) -> bool:
        feed, reader, width = self._feed, self._reader, len(self.header)
        rows, lines, rejects = chunk.rows, chunk.lines, chunk.rejects
        for _ in range(size):
            feed.start_record()
            line = feed.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return False
            except csv.Error as fault:
                rejects.append(self._unreadable(line, str(fault)))
                continue
            if feed.problem is not None:
                rejects.append(Reject(line, f"the line {feed.problem}", cells))
            elif len(cells) == width:
                rows.append(cells)
                lines.append(line)
            elif cells:
                rejects.append(Reject(line, f"has {len(cells)} cells where the header has {width}", cells))
        return True

    def _unreadable(self, line: int, fault: str) -> Reject:
        feed = self._feed
        feed.give_back_all_but_first()
        if "field limit" in fault:
            reason = f"a field has more than {MAX_FIELD:,} characters, or a quote is not closed"
        elif "end of data" in fault:
            reason = "a quote is not closed"
        else:
            reason = f"the quotes do not fit ({fault})"
        return Reject(line, reason, [text.rstrip("\r\n") for text in feed.taken[:1]])


def _check_header(header: Sequence[str], mapping: ImportMapping) -> None:
    absent = [name for name in mapping.columns if name not in header]
    if absent:
        names = ", ".join(repr(name) for name in absent)
        raise ImportFault(f"The file has no column {names}. It has: {', '.join(header)}.")
    for name in mapping.columns:
        places = [str(place) for place, other in enumerate(header, 1) if other == name]
        if len(places) > 1:
            raise ImportFault(f"The column {name!r} is there more than once (columns {', '.join(places)}).")


class _JsonRecords:
    """One JSON object a line; a member of a member is the column `outer.inner`."""

    def __init__(self, feed: LineFeed, first: str, mapping: ImportMapping) -> None:
        self._feed = feed
        self._first: str | None = first
        self.header: Sequence[str] = list(mapping.columns)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Chunks of up to `size` records."""
        chunk = Chunk()
        for line, text, problem in self._texts():
            if problem is not None:
                chunk.rejects.append(Reject(line, problem, [text]))
            elif text:
                self._take(chunk, line, text)
            if len(chunk.rows) + len(chunk.rejects) >= size:
                yield chunk
                chunk = Chunk()
        if chunk.rows or chunk.rejects:
            yield chunk

    def _texts(self) -> Iterator[tuple[int, str, str | None]]:
        yield 1, (self._first or "").strip(), None
        self._feed.start_record()
        for text in self._feed:
            problem = f"the line {self._feed.problem}" if self._feed.problem else None
            yield self._feed.number, text.strip(), problem
            self._feed.start_record()

    def _take(self, chunk: Chunk, line: int, text: str) -> None:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as fault:
            chunk.rejects.append(Reject(line, f"is not JSON: {fault}", [text]))
            return
        if not isinstance(value, dict):
            chunk.rejects.append(Reject(line, "is not a JSON object", [text]))
            return
        cells: list[str] = []
        for name in self.header:
            cell = _cell(_member(value, name))
            if cell is None or len(cell) > MAX_FIELD or "\x00" in cell:
                why = "is a list or an object" if cell is None else f"has more than {MAX_FIELD:,} characters"
                why = "contains a NUL character" if cell is not None and "\x00" in cell else why
                chunk.rejects.append(Reject(line, f"{name} {why}", [text]))
                return
            cells.append(cell)
        chunk.rows.append(cells)
        chunk.lines.append(line)


def _member(value: Any, name: str) -> Any:
    if name in value:
        return value[name]
    for step in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _cell(value: Any) -> str | None:
    """A JSON value as the text of a cell; None for what is no single value. A list of plain values is joined by `;`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ";".join(str(one) for one in value)
    return None
