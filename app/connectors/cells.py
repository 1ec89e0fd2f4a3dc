"""Cells to values: one compiled reader a field. What a reader accepts is what the API's schema accepts."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields

from app.connectors.dates import DateFault, parser, to_instant
from app.connectors.errors import MISSING, Fault, Missing
from app.connectors.mapping import FieldSpec, Rules
from app.connectors.memo import Memo
from app.connectors.targets import Field
from app.foundation.fields import Day, Moment, MoneyField, Number, Truth, Whole, instant_text

_NUMBER = re.compile(r"[+-]?\d{1,24}(\.\d{1,24})?([eE][+-]?\d{1,2})?", re.ASCII)
_TRUTH = {
    **dict.fromkeys(("true", "yes", "y", "1", "on"), True),
    **dict.fromkeys(("false", "no", "n", "0", "off"), False),
}
Wire = Callable[[str], Any]


class CellFault(ValueError):
    """A cell that does not fit its field."""


def shown(text: str) -> str:
    """A cell as a message shows it: short, on one line."""
    return repr(text if len(text) <= 60 else text[:57] + "…")


def value_reader(spec: FieldSpec, field: Field, days: int, *, loaded: bool) -> Callable[[str], Any]:
    """A function from a cell's text to its wire value (with `loaded`: to what the schema loads), MISSING, or a Fault."""
    if loaded and isinstance(field, Moment):
        return _instant_reader(spec, field, days)
    typed = wire_of(spec, field, days)
    return _reader(spec, (lambda text: field.deserialize(typed(text), spec.field)) if loaded else typed)


def _reader(spec: FieldSpec, typed: Wire) -> Callable[[str], Any]:
    missing = spec.rules.missing

    def convert(text: str, cell: str) -> Any:
        try:
            return typed(text)
        except (CellFault, DateFault) as fault:
            return Fault(f"{spec.field}: {fault}: {shown(cell)}")
        except ValidationError as fault:
            return Fault(f"{spec.field}: {_reasons(fault.messages)}: {shown(cell)}")

    fallback = MISSING if spec.default is None else convert(spec.default, spec.default)

    def read(cell: str) -> Any:
        text = cell.strip()
        if text in missing:
            return fallback
        chosen = valued(spec, text)
        return fallback if isinstance(chosen, Missing) else convert(chosen, cell)

    return read


def _instant_reader(spec: FieldSpec, field: Moment, days: int) -> Callable[[str], Any]:
    """Instants without the detour over text; the field itself judges those that are far away."""
    rules = spec.rules
    parse, zone, strict = parser(rules.dates), ZoneInfo(rules.time_zone), rules.dst == "reject"

    def moment(text: str) -> Any:
        instant = to_instant(parse(text), zone, days, reject_gaps=strict)
        return instant if 1950 <= instant.year <= 2150 else field.deserialize(instant_text(instant))

    if rules.time_zone == "UTC" and not days and not strict:

        def plain(text: str) -> Any:
            found = parse(text)
            if found.tzinfo is None and 1950 <= found.year <= 2150:
                return found.replace(tzinfo=UTC)
            return moment(text)

        return _reader(spec, plain)

    return _reader(spec, moment)


def valued(spec: FieldSpec, text: str) -> str | Missing:
    """What the field's value table makes of a text."""
    if spec.values is None:
        return text
    if text in spec.values:
        chosen = spec.values[text]
    elif spec.has_otherwise:
        chosen = spec.otherwise
    else:
        chosen = text
    return MISSING if chosen is None else chosen


def _reasons(messages: Any) -> str:
    if isinstance(messages, dict):
        return " ".join(_reasons(inner) for inner in messages.values())
    if isinstance(messages, list):
        return " ".join(str(one).rstrip(".") for one in messages)
    return str(messages)


def wire_of(spec: FieldSpec, field: Field, days: int) -> Wire:
    """A function from text to the JSON value that the API would take for `field`; CellFault when there is none."""
    rules = spec.rules
    if isinstance(field, fields.List):
        inner = wire_of(spec, field.inner, days)
        return lambda text: [inner(one.strip()) for one in text.split(spec.split or ";") if one.strip()]
    if isinstance(field, MoneyField):
        return partial(_money, rules, spec.times)
    if isinstance(field, Whole):
        return partial(_whole, rules, spec.times)
    if isinstance(field, Number):
        return partial(_float, rules, spec.times)
    if isinstance(field, Truth):
        return _truth
    if isinstance(field, Moment):
        return _moment(rules, days)
    if isinstance(field, Day):
        return _day(rules, days)
    return lambda text: text


def number(rules: Rules, text: str) -> Decimal:
    """An exact number, with the decimal and thousands signs of the file."""
    plain = text
    if rules.thousands:
        plain = plain.replace(rules.thousands, "")
    if rules.thousands == " ":
        plain = plain.replace("\u00a0", "").replace("\u202f", "")
    if rules.decimal == ",":
        plain = plain.replace(".", "x").replace(",", ".")
    if _NUMBER.fullmatch(plain) is None:
        raise CellFault(f"not a number (decimal sign {rules.decimal})")
    return Decimal(plain)


def _scaled(rules: Rules, times: Decimal | None, text: str) -> Decimal:
    value = number(rules, text)
    return value if times is None else value * times


def _whole(rules: Rules, times: Decimal | None, text: str) -> int:
    value = _scaled(rules, times, text)
    if value.adjusted() > 15 or value != value.to_integral_value():
        raise CellFault("not a whole number")
    return int(value)


def _float(rules: Rules, times: Decimal | None, text: str) -> float:
    return float(_scaled(rules, times, text))


def _money(rules: Rules, times: Decimal | None, text: str) -> dict[str, str]:
    if rules.currency is None:
        raise CellFault("an amount without a currency; give currency in the mapping")
    value = _scaled(rules, times, text)
    if abs(value.adjusted()) > 24:
        raise CellFault("beyond what can be kept")
    plain = f"{value:f}"
    return {"amount": plain.rstrip("0").rstrip(".") if "." in plain else plain, "currency": rules.currency}


def _truth(text: str) -> bool:
    found = _TRUTH.get(text.lower())
    if found is None:
        raise CellFault("neither true nor false")
    return found


def _moment(rules: Rules, days: int) -> Wire:
    parse, zone, strict = parser(rules.dates), ZoneInfo(rules.time_zone), rules.dst == "reject"
    return lambda text: instant_text(to_instant(parse(text), zone, days, reject_gaps=strict))


def _day(rules: Rules, days: int) -> Wire:
    parse = parser(rules.dates)

    def read(text: str) -> str:
        try:
            return (parse(text).date() + timedelta(days=days)).isoformat()
        except OverflowError:
            raise DateFault("no such date when it is moved") from None

    return read


class ColumnReader:
    """Reads one field of a whole chunk, column-wise."""

    def __init__(self, spec: FieldSpec, read: Callable[[str], Any], places: Mapping[str, int]) -> None:
        self.spec = spec
        self.name = spec.field
        self._places = [places[column] for column in spec.columns]
        self._constant = read(spec.constant) if spec.constant is not None else None
        # A template that is one bare column needs no rendering.
        self._single = spec.source is not None and spec.source.columns == (spec.source.text,)
        if spec.source is None or self._single:
            self.memo = Memo(read)
        else:
            render = spec.source.renderer(spec.rules.missing)
            self.memo = Memo(lambda cells: read(render(cells) or ""))

    def keys(self, columns: Sequence[Sequence[str]]) -> Iterable[Any]:
        """What distinguishes the field's cells, one a row: the text, or a tuple of texts."""
        if self._single:
            return columns[self._places[0]]
        return zip(*(columns[place] for place in self._places), strict=True)

    def read(self, columns: Sequence[Sequence[str]], count: int) -> list[Any]:
        """The field's values for a chunk of `count` rows: each a value, MISSING or a Fault."""
        if self.spec.constant is not None:
            return [self._constant] * count
        return list(map(self.memo.__getitem__, self.keys(columns)))
