"""A chunk of records becomes columns of values: filters, the row's name in its system, every field, every fault."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from marshmallow import ValidationError, fields
from sqlalchemy.orm import Session

from app.connectors.cells import ColumnReader, shown, value_reader, valued
from app.connectors.directory import Directory, Unresolved
from app.connectors.errors import MISSING, Fault, Missing
from app.connectors.mapping import OCCURRENCE, FieldSpec, Filter, ImportMapping
from app.connectors.memo import Memo
from app.connectors.records import Chunk, Reject
from app.connectors.targets import KINDS, Field, history_targets, reference_entity, targets
from app.connectors.template import Template
from app.foundation.fields import Text

_NAME = Text(200)
_FAULTS = frozenset({Fault, Unresolved})
Columns = Sequence[Sequence[str]]


@dataclass(slots=True)
class Rows:
    """Converted records, column-wise: `values[field][i]` and `keys[i]` belong to the record on `lines[i]`.

    `waiting` are records that name a row of their own kind which is not there yet; `skipped` counts what filters leave out.
    """

    lines: list[int]
    cells: list[Sequence[str]]
    keys: list[str]
    values: dict[str, list[Any]]
    rejects: list[Reject] = field(default_factory=list)
    waiting: list[tuple[int, Sequence[str]]] = field(default_factory=list)
    skipped: int = 0

    def row(self, index: int) -> dict[str, Any]:
        """The fields of one record that say something."""
        return {name: column[index] for name, column in self.values.items() if column[index] is not MISSING}

    def reject(self, index: int, reason: str) -> Reject:
        """The reject that says why a record is not taken after all."""
        return Reject(self.lines[index], reason, self.cells[index])


@dataclass(slots=True)
class Part:
    """Records whose cells are read, but whose references are names still."""

    lines: list[int]
    cells: list[Sequence[str]]
    named: dict[str, list[Any]]
    values: dict[str, list[Any]]
    texts: dict[str, list[Any]]
    rejects: list[Reject]
    skipped: int

    @property
    def count(self) -> int:
        """Records in it, good and bad."""
        return len(self.lines) + len(self.rejects) + self.skipped

    def extend(self, other: "Part") -> None:
        """Add the records of another part."""
        self.lines += other.lines
        self.cells += other.cells
        self.rejects += other.rejects
        self.skipped += other.skipped
        for mine, others in ((self.named, other.named), (self.values, other.values), (self.texts, other.texts)):
            for name, column in others.items():
                mine[name] += column


class ReferenceReader:
    """Reads a field that names other rows; the names of a chunk are looked up together."""

    def __init__(self, spec: FieldSpec, places: Mapping[str, int], entity: str, *, many: bool) -> None:
        self.name = spec.field
        self._many = many
        self._split = spec.split or ";"
        self._texts = ColumnReader(spec, _text_of(spec), places)
        self._directory = Directory(spec.field, entity, by=spec.by, system=spec.system)
        self._known: Memo[str, Any] = Memo(lambda _text: None)

    def texts(self, columns: Columns, count: int) -> list[Any]:
        """The name that each record gives, or MISSING."""
        return self._texts.read(columns, count)

    def resolve(self, session: Session, texts: Sequence[Any]) -> list[Any]:
        """Our ids, MISSING, or a Fault; a list of ids where the field is a list."""
        if self._many:
            named = [() if text is MISSING else self._split_up(text) for text in texts]
            found = self._resolved(session, {name for names in named for name in names})
            return [_together([found[name] for name in names]) for names in named]
        found = self._resolved(session, {text for text in set(texts) if text is not MISSING})
        return list(map({**found, MISSING: MISSING}.__getitem__, texts))

    def _resolved(self, session: Session, wanted: set[str]) -> dict[Any, Any]:
        found: dict[Any, Any] = {name: self._known[name] for name in wanted if name in self._known}
        found |= self._directory.resolve(session, wanted - found.keys())
        self._known.update({name: row_id for name, row_id in found.items() if isinstance(row_id, str)})
        return found

    def _split_up(self, text: str) -> Sequence[str]:
        return [one.strip() for one in text.split(self._split) if one.strip()]


def _together(ids: list[Any]) -> Any:
    """A list of ids; the first fault if there is one; MISSING when there is nothing."""
    faults = [one for one in ids if isinstance(one, Fault)]
    return faults[0] if faults else ids or MISSING


def _text_of(spec: FieldSpec) -> Callable[[str], Any]:
    fallback = MISSING if spec.default is None else spec.default

    def read(cell: str) -> Any:
        text = cell.strip()
        chosen = MISSING if text in spec.rules.missing else valued(spec, text)
        return fallback if isinstance(chosen, Missing) else chosen

    return read


class NameReader:
    """Renders the ids that an external system gives to rows and events."""

    def __init__(self, what: str, template: Template, missing: frozenset[str], places: Mapping[str, int]) -> None:
        self._what = what
        self._template = template
        self._render = template.renderer(missing)
        self._places = [places.get(column, -1) for column in template.columns]
        self._single = len(self._places) == 1
        self._memo: Memo[str, Any] = Memo(lambda cell: self._checked((cell,)))
        # How often each id came before: what tells apart lines that are alike in every other column.
        self._times: dict[int, int] | None = {} if -1 in self._places else None

    def read(self, columns: Columns, count: int) -> list[Any]:
        """An id or a Fault for each record."""
        if self._times is not None:
            return self._numbered(columns, count)
        if self._single:
            return list(map(self._memo.__getitem__, columns[self._places[0]]))
        return [self._checked(cells) for cells in zip(*(columns[place] for place in self._places), strict=True)]

    def _numbered(self, columns: Columns, count: int) -> list[Any]:
        times = self._times if self._times is not None else {}
        names = []
        for cells in zip(
            *(columns[place] if place >= 0 else [OCCURRENCE] * count for place in self._places), strict=True
        ):
            alike = hash(cells)
            times[alike] = number = times.get(alike, 0) + 1
            filled = [str(number) if place < 0 else cell for cell, place in zip(cells, self._places, strict=True)]
            names.append(self._checked(filled))
        return names

    def _checked(self, cells: Sequence[str]) -> str | Fault:
        name = self._render(cells)
        if name is None:
            return Fault(f"{self._what}: one of {', '.join(self._template.columns)} says nothing")
        if 0 < len(name) <= 200:
            return name
        try:
            _NAME.deserialize(name)
        except ValidationError as fault:
            return Fault(f"{self._what}: {' '.join(fault.messages)} {shown(name)}")
        return name


class RowReader:
    """Converts chunks by a mapping. Fields in `loaded` become what the schema loads, others what the API would be sent."""

    def __init__(self, mapping: ImportMapping, header: Sequence[str], days: int, loaded: Collection[str]) -> None:
        self._mapping = mapping
        self._entity = KINDS[mapping.kind].entity
        self._places = {name: place for place, name in enumerate(header)}
        self._days = days
        self._used = [self._places[name] for name in mapping.columns]
        missing = mapping.rules.missing
        self._keys = NameReader("external_id", mapping.key, missing, self._places)
        known = targets(mapping.kind)
        self._plain: list[ColumnReader] = []
        self._references: list[ReferenceReader] = []
        for name, spec in mapping.fields.items():
            entity = reference_entity(mapping.kind, name)
            if entity is None:
                self._add(name, spec, known[name], loaded=name in loaded)
            else:
                many = isinstance(known[name], fields.List)
                self._references.append(ReferenceReader(spec, self._places, entity, many=many))
        self._own = [n for n in mapping.fields if reference_entity(mapping.kind, n) == self._entity]
        self._events = self._event_reader(mapping, missing)

    def _event_reader(self, mapping: ImportMapping, missing: frozenset[str]) -> NameReader | None:
        history = mapping.history
        template = history.event_id if history else mapping.event_id
        for name, spec in (history.fields if history else {}).items():
            self._add(f"step.{name}", spec, history_targets()[name], loaded=True)
        return NameReader("event_id", template, missing, self._places) if template else None

    def _add(self, name: str, spec: FieldSpec, target: Field, *, loaded: bool) -> None:
        reader = ColumnReader(spec, value_reader(spec, target, self._days, loaded=loaded), self._places)
        reader.name = name
        self._plain.append(reader)

    def convert(self, chunk: Chunk) -> Part:
        """Read the cells of some records, without the database."""
        lines, cells = self._filtered(chunk)
        columns, count = self._columns(cells), len(cells)
        named = {"external_id": self._keys.read(columns, count)}
        if self._events is not None:
            named["event_id"] = self._events.read(columns, count)
        values = {reader.name: reader.read(columns, count) for reader in self._plain}
        if self._mapping.history and self._mapping.history.reassignments:
            values["step.reassignments"] = list(columns[self._places[self._mapping.history.reassignments]])
        texts = {reader.name: reader.texts(columns, count) for reader in self._references}
        return Part(lines, cells, named, values, texts, list(chunk.rejects), len(chunk.rows) - count)

    def finish(self, session: Session, part: Part, *, final: bool = False) -> Rows:
        """Find the rows that are named. Records that wait for one of their own kind are rejected at the `final` try."""
        rows = Rows(part.lines, part.cells, [], {}, part.rejects, skipped=part.skipped)
        if not part.cells:
            return rows
        found = {reader.name: reader.resolve(session, part.texts[reader.name]) for reader in self._references}
        return self._without_faults(rows, part.named, part.values | found, final=final)

    def _columns(self, cells: Sequence[Sequence[str]]) -> Columns:
        """The columns that the mapping reads, at their places; the others stay empty."""
        columns: list[Sequence[str]] = [()] * len(self._places)
        for place in self._used:
            columns[place] = list(map(itemgetter(place), cells))
        return columns

    def _filtered(self, chunk: Chunk) -> tuple[list[int], list[Sequence[str]]]:
        lines, cells = chunk.lines, chunk.rows
        for one in self._mapping.filters:
            kept = [index for index, row in enumerate(cells) if self._passes(one, row)]
            lines, cells = [lines[index] for index in kept], [cells[index] for index in kept]
        return lines, cells

    def _passes(self, one: Filter, row: Sequence[str]) -> bool:
        text = row[self._places[one.column]].strip()
        among = text in one.texts or (None in one.texts and text in self._mapping.rules.missing)
        return among is one.keep

    def _without_faults(
        self, rows: Rows, named: dict[str, list[Any]], values: dict[str, list[Any]], *, final: bool
    ) -> Rows:
        faults: dict[int, list[str]] = {}
        waits: set[int] = set()
        for name, column in (*named.items(), *values.items()):
            # Telling the types apart first is what makes a column without faults cost next to nothing.
            if not _FAULTS.isdisjoint(map(type, column)):
                for index, value in enumerate(column):
                    if not isinstance(value, Fault):
                        continue
                    if isinstance(value, Unresolved) and name in self._own and not final:
                        waits.add(index)
                    else:
                        faults.setdefault(index, []).append(value.reason)
        rows.rejects += [rows.reject(index, "; ".join(found)) for index, found in sorted(faults.items())]
        rows.waiting = [(rows.lines[index], rows.cells[index]) for index in sorted(waits - faults.keys())]
        out = faults.keys() | waits
        if out:
            kept = [index for index in range(len(rows.lines)) if index not in out]
            rows.lines, rows.cells = [rows.lines[i] for i in kept], [rows.cells[i] for i in kept]
            named = {name: [column[i] for i in kept] for name, column in named.items()}
            values = {name: [column[i] for i in kept] for name, column in values.items()}
        rows.keys = named["external_id"]
        rows.values = values | ({"event_id": named["event_id"]} if "event_id" in named else {})
        return rows
