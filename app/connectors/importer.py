"""Runs an import: chunk after chunk, each in one transaction, so that what is broken off leaves whole chunks only."""

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.connectors.consumption import UsageSink
from app.connectors.counts import Counts, Report
from app.connectors.documents import DocumentSink
from app.connectors.errors import ImportFault
from app.connectors.lines import opened
from app.connectors.mapping import ImportMapping, Shift
from app.connectors.records import Chunk, Reject, open_records
from app.connectors.rejects import RejectsFile
from app.connectors.rows import Part, RowReader, Rows
from app.connectors.tickets import TicketSink
from app.foundation import clock
from app.foundation.db import Database, table_of, upsert
from app.foundation.principal import bind_principal, principal_of, system_principal
from app.foundation.tables import ExternalId, Organisation

DOCUMENTS_A_CHUNK = 1_000
EVENTS_A_CHUNK = 8_000
# Cells are read some hundred records at a time, while they are still in the processor's cache.
SLICE = 500
_MARK = "import_shift"


class Sink(Protocol):
    """Where converted rows go; it takes the fields in `loaded` as a schema loads them."""

    loaded: Collection[str]

    def write(self, session: Session, rows: Rows, counts: Counts) -> list[Reject]:
        """Write rows, count what became of each, and return those that cannot be taken."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One import: the file (`-` for standard input), its mapping, and where it goes."""

    path: str
    mapping: ImportMapping
    organisation: str | None = None
    rejects: Path | None = None
    dry_run: bool = False


Progress = Callable[[int, int | None, Counts], None]


def run(database: Database, job: Job, progress: Progress = lambda _done, _size, _counts: None) -> Report:
    """Import a file. ImportFault when it cannot run or go on; bad rows go to the rejects file and are counted."""
    with opened(job.path, job.mapping.encoding) as source:
        records = open_records(source, job.mapping, Path(job.path).name)
        with (
            _rare_collection(),
            RejectsFile(job.rejects, records.header) as rejects,
            _writing(database, job) as transaction,
        ):
            work = _Import(job, transaction, records.header, rejects)
            part: Part | None = None
            for chunk in records.chunks(min(SLICE, work.chunk_size)):
                part = work.read(chunk, part)
                if part.count >= work.chunk_size:
                    work.take(part)
                    part = None
                    progress(source.position, source.size, work.report.rows)
            if part is not None:
                work.take(part)
            work.take_waiting()
            return work.finished()


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Collect cyclic garbage seldom: a chunk makes a hundred thousand tuples and no cycles, and looking costs a third."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Import:
    """The state of a running import."""

    def __init__(self, job: Job, transaction: "Transaction", header: Sequence[str], rejects: RejectsFile) -> None:
        mapping = job.mapping
        with transaction() as session:
            days = shift_days(session, mapping)
        self.report = Report(days=days)
        self._transaction = transaction
        self._rejects = rejects
        self._sink: Sink
        in_bulk = mapping.kind == "usage" or mapping.history is not None
        if mapping.kind == "usage":
            self._sink = usage = UsageSink(mapping)
            self.report.owners, self.report.owners_name = usage.series, "series"
        elif mapping.history is not None:
            self._sink = tickets = TicketSink(mapping)
            self.report.owners, self.report.owners_name = tickets.tickets, "tickets"
        else:
            self._sink = DocumentSink(mapping)
        self.chunk_size = EVENTS_A_CHUNK if in_bulk else DOCUMENTS_A_CHUNK
        self._reader = RowReader(mapping, header, days, self._sink.loaded)
        self._waiting: list[tuple[int, Sequence[str]]] = []

    def read(self, chunk: Chunk, part: Part | None = None) -> Part:
        """Read the cells of some records, after those of `part`."""
        more = self._reader.convert(chunk)
        if part is None:
            return more
        part.extend(more)
        return part

    def take(self, part: Part, *, final: bool = False) -> None:
        """Import one chunk in one transaction."""
        counts = Counts()
        with self._transaction() as session:
            rows = self._reader.finish(session, part, final=final)
            refused = self._sink.write(session, rows, counts) if rows.keys else []
        rejects = sorted([*rows.rejects, *refused], key=lambda reject: reject.line)
        self._rejects.write(rejects)
        counts.rejected, counts.skipped = len(rejects), rows.skipped
        self.report.rows.plus(counts)
        self._waiting += rows.waiting

    def take_waiting(self) -> None:
        """Import the records that waited for others of the file, as long as that makes any progress."""
        final = False
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), self.chunk_size):
                part = waiting[start : start + self.chunk_size]
                chunk = Chunk([line for line, _ in part], [cells for _, cells in part])
                self.take(self.read(chunk), final=final)
            final = len(self._waiting) == len(waiting)

    def finished(self) -> Report:
        """The outcome."""
        self.report.rejects = self._rejects.first
        return self.report


Transaction = Callable[[], AbstractContextManager[Session]]


@contextmanager
def _writing(database: Database, job: Job) -> Iterator[Transaction]:
    """A function that opens a transaction for a chunk; on a dry run all of them are undone at the end."""
    if not job.dry_run:

        @contextmanager
        def committed() -> Iterator[Session]:
            with database.write() as session:
                bind_principal(session, system_principal(organisation_id(session, job.organisation)))
                _one_at_a_time(session)
                yield session

        yield committed
        return
    with database.write() as outer:
        bind_principal(outer, system_principal(organisation_id(outer, job.organisation)))
        _one_at_a_time(outer)

        @contextmanager
        def undone() -> Iterator[Session]:
            with outer.begin_nested():
                yield outer

        yield undone
        outer.rollback()


def _one_at_a_time(session: Session) -> None:
    """On PostgreSQL two imports into one organisation take turns, chunk by chunk; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = sa.func.hashtext(f"import {principal_of(session).org_id}")
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def organisation_id(session: Session, name: str | None) -> str:
    """The organisation called `name`, made when there is none at all; without a name the only one."""
    known: dict[str, str] = {
        name: row_id for row_id, name in session.execute(sa.select(Organisation.id, Organisation.name))
    }
    if name is not None and name in known:
        return known[name]
    if name is not None and not known:
        made = Organisation(name=name)
        session.add(made)
        session.flush()
        return made.id
    if name is not None:
        raise ImportFault(f"There is no organisation {name!r}. There is: {', '.join(sorted(known))}.")
    if not known:
        raise ImportFault("There is no organisation yet; name the one to make with --organisation.")
    if len(known) > 1:
        raise ImportFault(f"Say which --organisation: {', '.join(sorted(known))}.")
    return next(iter(known.values()))


def with_shift(mapping: ImportMapping, days: int | None, anchor: date | None) -> ImportMapping:
    """The mapping with the dates moved as the caller says, if they do."""
    if days is None and anchor is None:
        return mapping
    return replace(mapping, shift=Shift(days, None if days is not None else anchor))


def shift_days(session: Session, mapping: ImportMapping) -> int:
    """By how many days dates are moved. What an anchor came to is kept, so that the same import later moves them alike."""
    if mapping.shift.anchor is None:
        return mapping.shift.days or 0
    org_id, table = principal_of(session).org_id, table_of(ExternalId)
    known_as = {"org_id": org_id, "entity": _MARK, "system": mapping.system}
    prefix = f"{mapping.kind} {mapping.shift.anchor} "
    marks = session.scalars(
        sa.select(table.c.external_id).where(
            *(table.c[name] == value for name, value in known_as.items()), table.c.external_id.startswith(prefix)
        )
    ).all()
    if marks:
        return int(marks[0].removeprefix(prefix))
    days = (clock.today() - mapping.shift.anchor) // timedelta(weeks=1) * 7
    row = {**known_as, "external_id": f"{prefix}{days}", "row_id": org_id}
    session.execute(upsert(session, table).on_conflict_do_nothing(), row)
    return days
