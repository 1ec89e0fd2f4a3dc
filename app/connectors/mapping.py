"""The mapping: which column of a file is which field of ours. Parsed, checked, and its defaults handed down."""

import codecs
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from app.connectors import yaml_lines
from app.connectors.errors import MappingError
from app.connectors.targets import NAMED_BY, history_targets, is_reference, reference_entity, targets
from app.connectors.template import Part, Template, TemplateError, parse
from app.connectors.yaml_lines import Item
from app.foundation.money import CURRENCIES

FORMATS = ("csv", "tsv", "ndjson")
DST_RULES = ("shift", "reject")
INHERITED = ("missing", "time_zone", "dates", "dst", "decimal", "thousands", "currency")
TOP = ("kind", "format", "encoding", "delimiter", *INHERITED, "external_id", "event_id", "fields", "only", "skip")
TOP_KEYS = (*TOP, "history", "shift")
SOURCES = ("column", "template", "constant")
FIELD_KEYS = (*SOURCES, "values", "otherwise", "default", "times", "split", "by", "system", *INHERITED)
HISTORY_KEYS = ("event_id", "reassignments", "at", "actor", "comment", "public")
_ZONES = frozenset(available_timezones())


@dataclass(frozen=True, slots=True)
class Rules:
    """How cells are read: which say nothing, the order of days and months, the time zone, the decimal sign, the currency."""

    missing: frozenset[str] = frozenset({""})
    time_zone: str = "UTC"
    dates: tuple[str, ...] = ()
    dst: str = "shift"
    decimal: str = "."
    thousands: str = ""
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """How one field is filled: from columns or a constant, through a value table, by rules."""

    field: str
    line: int
    rules: Rules
    source: Template | None = None
    constant: str | None = None
    values: Mapping[str, str | None] | None = None
    otherwise: str | None = None
    has_otherwise: bool = False
    default: str | None = None
    times: Decimal | None = None
    split: str | None = None
    by: str | None = None
    system: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return self.source.columns if self.source else ()


@dataclass(frozen=True, slots=True)
class History:
    """Lines that are the steps of tickets: when each happened and what names it."""

    event_id: Template
    fields: Mapping[str, FieldSpec]
    reassignments: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Dates are moved by whole days, or so that `anchor` becomes today (in whole weeks, so that weekdays stay)."""

    days: int | None = None
    anchor: date | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Lines whose `column` holds one of these texts (None: says nothing) are kept or skipped."""

    column: str
    texts: frozenset[str | None]
    keep: bool


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A whole mapping. `system` and `key` name each row as the other system does."""

    kind: str
    system: str
    key: Template
    fields: Mapping[str, FieldSpec]
    rules: Rules
    format: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    event_id: Template | None = None
    filters: tuple[Filter, ...] = ()
    history: History | None = None
    shift: Shift = field(default_factory=Shift)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        names: list[str] = [*self.key.columns, *(one.column for one in self.filters)]
        specs = [*self.fields.values(), *(self.history.fields.values() if self.history else ())]
        names += [column for spec in specs for column in spec.columns]
        for extra in (self.event_id, self.history.event_id if self.history else None):
            names += extra.columns if extra else ()
        if self.history and self.history.reassignments:
            names.append(self.history.reassignments)
        return tuple(dict.fromkeys(name for name in names if name != OCCURRENCE))


# In an event id: how often the rest of the id was there before in this file, for lines that nothing else tells apart.
OCCURRENCE = "occurrence"


def load(path: Path, kind: str) -> ImportMapping:
    """Read a mapping file for `kind`; MappingError names the file, the line and what to write instead."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise MappingError(f"{path.name} is not UTF-8 text") from None
    except OSError as fault:
        raise MappingError(f"{path}: {fault.strerror}") from None
    return read(text, kind, path.name)


def read(text: str, kind: str, name: str = "mapping") -> ImportMapping:
    """Read a mapping from text; see `load`."""
    return _Reader(name, kind).mapping(yaml_lines.read(text, name))


class _Reader:
    """Reads items to specs, and knows the file's name for every complaint."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind

    def fail(self, item: Item, message: str) -> MappingError:
        return MappingError(f"{self.name}, line {item.line}: {message}")

    # --- plain values ---

    def table(self, item: Item, what: str, known: Iterable[str] | None = None) -> Mapping[str, Item]:
        if not isinstance(item.value, dict):
            raise self.fail(item, f"{what} must hold keys and values")
        if known is not None:
            for key, inner in item.value.items():
                if key not in known:
                    raise self.fail(inner, f"unknown key {key!r} in {what}{_nearest(key, known)}")
        return item.value

    def text(self, item: Item, what: str) -> str:
        if not isinstance(item.value, str) or not item.value:
            raise self.fail(item, f"{what} must be text")
        return item.value

    def texts(self, item: Item, what: str, *, nothing: bool = False) -> list[Any]:
        items = item.value if isinstance(item.value, list) else [item]
        for one in items:
            if not isinstance(one.value, str) and not (nothing and one.value is None):
                raise self.fail(one, f"{what} must be text or a list of texts")
        return [one.value for one in items]

    def choice(self, item: Item, what: str, known: Sequence[str]) -> str:
        text = self.text(item, what)
        if text not in known:
            raise self.fail(item, f"{what} is {text!r}; it can be {', '.join(known)}")
        return text

    def template(self, item: Item, what: str) -> Template:
        try:
            return parse(self.text(item, what))
        except TemplateError as fault:
            raise self.fail(item, f"{what}: {fault}") from None

    # --- rules ---

    def rules(self, members: Mapping[str, Item], rules: Rules) -> Rules:
        changes: dict[str, Any] = {}
        for key in INHERITED:
            if key in members:
                changes[key] = getattr(self, f"_{key}")(members[key])
        made = replace(rules, **changes)
        if made.thousands and made.thousands == made.decimal:
            raise self.fail(next(iter(members.values())), "decimal and thousands are the same sign")
        return made

    def _missing(self, item: Item) -> frozenset[str]:
        return frozenset({"", *(text.strip() for text in self.texts(item, "missing", nothing=True) if text)})

    def _time_zone(self, item: Item) -> str:
        zone = self.text(item, "time_zone")
        if zone not in _ZONES:
            raise self.fail(item, f"time_zone {zone!r} is no IANA time zone; write for example Europe/Stockholm")
        return zone

    def _dates(self, item: Item) -> tuple[str, ...]:
        formats = self.texts(item, "dates")
        for text in formats:
            if "%" not in text:
                raise self.fail(item, f'dates: {text!r} is no date format; write for example "%d/%m/%Y %H:%M"')
        return tuple(formats)

    def _dst(self, item: Item) -> str:
        return self.choice(item, "dst", DST_RULES)

    def _decimal(self, item: Item) -> str:
        return self.choice(item, "decimal", (".", ","))

    def _thousands(self, item: Item) -> str:
        return self.choice(item, "thousands", (".", ",", " ", "'"))

    def _currency(self, item: Item) -> str:
        currency = self.text(item, "currency")
        if currency not in CURRENCIES:
            raise self.fail(item, f"currency {currency!r} is no ISO 4217 code such as EUR")
        return currency

    # --- fields ---

    def spec(self, name: str, item: Item, rules: Rules, entity: str | None, *, reference: bool) -> FieldSpec:
        where = f"fields.{name}"
        if isinstance(item.value, str):
            item = Item({"column": item}, item.line)
        members = self.table(item, where, FIELD_KEYS)
        given = [key for key in SOURCES if key in members]
        if len(given) != 1:
            raise self.fail(item, f"{where} needs one of column, template and constant")
        values = self._values(members.get("values"), where)
        if "otherwise" in members and values is None:
            raise self.fail(members["otherwise"], f"{where}: otherwise goes with values")
        spec = FieldSpec(
            field=name,
            line=item.line,
            rules=self.rules(members, rules),
            source=self._source(members, where),
            constant=self.text(members["constant"], f"{where}.constant") if "constant" in members else None,
            values=values,
            otherwise=self._optional(members, "otherwise"),
            has_otherwise="otherwise" in members,
            default=self._optional(members, "default"),
            times=self._times(members.get("times"), where),
            split=self._optional(members, "split"),
            by=self._optional(members, "by"),
            system=self._optional(members, "system"),
        )
        self._check_reference(spec, item, entity, reference=reference)
        return spec

    def _source(self, members: Mapping[str, Item], where: str) -> Template | None:
        if "column" in members:
            column = self.text(members["column"], f"{where}.column")
            return Template(column, (Part(column),), (column,))
        return self.template(members["template"], f"{where}.template") if "template" in members else None

    def _optional(self, members: Mapping[str, Item], key: str) -> str | None:
        if key not in members or members[key].value is None:
            return None
        return self.text(members[key], key)

    def _values(self, item: Item | None, where: str) -> Mapping[str, str | None] | None:
        if item is None:
            return None
        found: dict[str, str | None] = {}
        for key, inner in self.table(item, f"{where}.values").items():
            if inner.value is not None and not isinstance(inner.value, str):
                raise self.fail(inner, f"{where}.values: {key!r} must become text, or ~ for missing")
            found[key] = inner.value
        return found

    def _times(self, item: Item | None, where: str) -> Decimal | None:
        if item is None:
            return None
        try:
            factor = Decimal(self.text(item, f"{where}.times"))
        except InvalidOperation:
            factor = Decimal("NaN")
        if not factor.is_finite() or abs(factor.adjusted()) > 12:
            raise self.fail(item, f"{where}.times must be a number such as 1000")
        return factor

    def _check_reference(self, spec: FieldSpec, item: Item, entity: str | None, *, reference: bool) -> None:
        if not reference or entity is None:
            if spec.by or spec.system:
                raise self.fail(item, f"fields.{spec.field} is no reference; by and system go with references")
            return
        known = NAMED_BY.get(entity, ())
        if spec.by and spec.system:
            raise self.fail(item, f"fields.{spec.field}: give by or system, not both")
        if spec.by and spec.by not in known:
            ways = ", ".join(known) or "nothing but system"
            raise self.fail(item, f"fields.{spec.field}: a file can name {entity}s by {ways}, not by {spec.by!r}")

    # --- the whole ---

    def mapping(self, item: Item) -> ImportMapping:
        members = self.table(item, "the mapping", TOP_KEYS)
        if "kind" in members and self.text(members["kind"], "kind") != self.kind:
            raise self.fail(members["kind"], f"this mapping is for {members['kind'].value}, not for {self.kind}")
        for needed in ("external_id", "fields"):
            if needed not in members:
                raise self.fail(item, f"{needed} is missing{_WHY[needed]}")
        rules = self.rules(members, Rules())
        system, key = self._external_id(members["external_id"])
        made = ImportMapping(
            kind=self.kind,
            system=system,
            key=key,
            fields=self._fields(members["fields"], rules),
            rules=rules,
            format=self.choice(members["format"], "format", FORMATS) if "format" in members else None,
            encoding=self._encoding(members.get("encoding")),
            delimiter=self._delimiter(members.get("delimiter")),
            event_id=self.template(members["event_id"], "event_id") if "event_id" in members else None,
            filters=(*self._filters(members, "only"), *self._filters(members, "skip")),
            history=self._history(members.get("history"), rules),
            shift=self._shift(members.get("shift")),
        )
        self._check_events(made, item)
        return made

    def _external_id(self, item: Item) -> tuple[str, Template]:
        text = self.text(item, "external_id")
        system, colon, key = text.partition(":")
        if not colon or not system or "{" in system or not key or len(system) > 60:
            raise self.fail(
                item, f"external_id {text!r}: write the system, a colon and the id, such as crm:{{account}}"
            )
        template = self.template(Item(key, item.line), "external_id")
        if not template.columns:
            raise self.fail(item, f"external_id {text!r} names no column, so that all rows would be the same")
        return system, template

    def _fields(self, item: Item, rules: Rules) -> Mapping[str, FieldSpec]:
        known = targets(self.kind)
        members = self.table(item, "fields")
        for name, inner in members.items():
            if name not in known:
                raise self.fail(inner, f"{self.kind} have no field {name!r}{_nearest(name, known)}")
        return {
            name: self.spec(name, inner, rules, reference_entity(self.kind, name), reference=is_reference(known[name]))
            for name, inner in members.items()
        }

    def _encoding(self, item: Item | None) -> str:
        if item is None:
            return "utf-8"
        name = self.text(item, "encoding")
        try:
            return codecs.lookup(name).name
        except LookupError:
            raise self.fail(item, f"unknown encoding {name!r}; write for example utf-8, cp1252 or utf-16") from None

    def _delimiter(self, item: Item | None) -> str | None:
        if item is None:
            return None
        text = {"\\t": "\t", "tab": "\t"}.get(item.value, item.value)
        if not isinstance(text, str) or len(text) != 1 or text in '\r\n"':
            raise self.fail(item, "delimiter must be one character, or tab")
        return text

    def _filters(self, members: Mapping[str, Item], key: str) -> tuple[Filter, ...]:
        if key not in members:
            return ()
        return tuple(
            Filter(column, frozenset(self.texts(item, f"{key}.{column}", nothing=True)), key == "only")
            for column, item in self.table(members[key], key).items()
        )

    def _history(self, item: Item | None, rules: Rules) -> History | None:
        if item is None:
            return None
        if self.kind != "tickets":
            raise self.fail(item, "only tickets have a history")
        members = self.table(item, "history", HISTORY_KEYS)
        for needed in ("event_id", "at"):
            if needed not in members:
                raise self.fail(item, f"history.{needed} is missing{_WHY[needed]}")
        return History(
            event_id=self.template(members["event_id"], "history.event_id"),
            fields={
                name: self.spec(name, members[name], rules, None, reference=False)
                for name in history_targets()
                if name in members
            },
            reassignments=self._optional(members, "reassignments"),
        )

    def _shift(self, item: Item | None) -> Shift:
        if item is None:
            return Shift()
        members = self.table(item, "shift", ("days", "anchor"))
        if len(members) != 1:
            raise self.fail(item, "shift needs one of days and anchor")
        try:
            if "days" in members:
                return Shift(days=int(self.text(members["days"], "shift.days")))
            return Shift(anchor=date.fromisoformat(self.text(members["anchor"], "shift.anchor")))
        except ValueError:
            raise self.fail(item, "shift: days is a whole number, anchor a date such as 2017-02-18") from None

    def _check_events(self, made: ImportMapping, item: Item) -> None:
        if self.kind == "usage":
            if made.event_id is None:
                raise self.fail(item, f"event_id is missing{_WHY['event_id']}")
            absent = [name for name in ("at", "value") if name not in made.fields]
            if absent:
                raise self.fail(item, f"fields.{absent[0]} is missing: usage is a value at a time")
        elif made.event_id is not None:
            raise self.fail(item, "event_id goes with usage; for tickets it stands under history")


_WHY = {
    "external_id": ": it names each row as the other system does (crm:{id}), so that importing again changes nothing",
    "fields": ": it says which column is which field",
    "event_id": ": it names each event, so that importing again changes nothing",
    "at": ": it says when a step happened",
}


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
