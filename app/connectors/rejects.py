"""The rejects file: line, reason and the row as it was, so that it can be mended and imported again."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from app.connectors.records import Reject

LONGEST = 500
KEPT = 10


class RejectsFile:
    """Writes rejects as they come; the file exists only when there is one. Cells are cut where they are huge."""

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self.first: list[Reject] = []
        own = ["line", "reason"] if not {"line", "reason"} & set(header) else ["_line", "_reason"]
        self._header = [*own, *header]
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, rejects: Iterable[Reject]) -> None:
        """Add rejects."""
        for reject in rejects:
            self.count += 1
            if len(self.first) < KEPT:
                self.first.append(reject)
            if self.path is not None:
                self._row([str(reject.line), reject.reason, *(_plain(cell) for cell in reject.cells)])

    def _row(self, row: Sequence[str]) -> None:
        if self._file is None and self.path is not None:
            self._file = self.path.open("w", encoding="utf-8", newline="", errors="backslashreplace")
            self._writer = csv.writer(self._file)
            self._writer.writerow(self._header)
        self._writer.writerow(row)


def _plain(cell: str) -> str:
    text = cell.replace("\x00", "\\0")
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(cell):,} characters)"
    return text
