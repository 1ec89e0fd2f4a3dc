"""Wire fields that marshmallow lacks or publishes wrongly, with the checks that every text, number and date needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from app.foundation.ids import CANONICAL
from app.foundation.money import CURRENCIES, Money, MoneyError, exponent

MAX_INT = 2**31 - 1
MAX_NUMBER = 1e15
MAX_NAMES = 20
ZONES = frozenset(available_timezones())
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,4})?")
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
YEARS = range(1900, 2200)
YEAR_PATTERN = "^(19|20|21)[0-9]{2}-"
DECIMALS: dict[int, list[str]] = {
    places: sorted(currency for currency in CURRENCIES if exponent(currency) == places) for places in (0, 2, 3, 4)
}


class Text(fields.String):
    """Text of 1 to `most` characters without NUL, which PostgreSQL cannot keep."""

    def __init__(self, most: int = 200, *, least: int = 1, **options: Any) -> None:
        options.setdefault("validate", []).append(validate.Length(min=least, max=most))
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("pattern", "^[^\\u0000]*$")
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        fault = text_fault(text)
        if fault:
            raise ValidationError(fault)
        return text


def text_fault(text: str) -> str | None:
    """What keeps a text out of a database: a NUL character, or half of a surrogate pair; None when it is sound."""
    if "\x00" in text:
        return "Contains a NUL character; take it out."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "Contains half of a surrogate pair; send valid Unicode."
    return None


class Email(Text):
    """An e-mail address, in lower case: two that differ only by case are one."""

    def __init__(self, **options: Any) -> None:
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("pattern", f"^{_EMAIL.pattern}$")
        metadata.setdefault("example", "rep@example.com")
        super().__init__(254, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        address = super()._deserialize(value, attr, data, **options)
        if _EMAIL.fullmatch(address) is None:
            raise ValidationError("Not an e-mail address; write rep@example.com.")
        return address.lower()


class Whole(fields.Integer):
    """A whole number within `least` and `most`; fractions, booleans and numeric strings are refused."""

    def __init__(self, least: int = 0, most: int = MAX_INT, **options: Any) -> None:
        options.setdefault("validate", []).append(validate.Range(least, most))
        super().__init__(strict=True, **options)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool | str):
            raise ValidationError("Not a whole number.")
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 5.0 is a whole number, in JSON and in JSON Schema
        return super()._validated(value)


class Number(fields.Float):
    """A finite JSON number within `least` and `most`."""

    def __init__(self, least: float = -MAX_NUMBER, most: float = MAX_NUMBER, **options: Any) -> None:
        options.setdefault("validate", []).append(validate.Range(least, most))
        super().__init__(allow_nan=False, **options)

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool | str):
            raise ValidationError("Not a number.")
        return super()._validated(value)


class Truth(fields.Boolean):
    """`true` or `false`, nothing that resembles them."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Not true or false.")
        return value


class QueryTruth(Truth):
    """`true` or `false` in a query string, where everything is text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:
        return super()._deserialize({"true": True, "false": False}.get(value), attr, data, **options)


class Embedded(fields.Nested):
    """An object inside a row: where fields of the row may be left out, those inside it may not."""

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> Any:
        options.pop("partial", None)
        return super()._deserialize(value, attr, data, **options)


class Uuid(fields.String):
    """One of our ids: a UUID in canonical lower-case form."""

    def __init__(self, **options: Any) -> None:
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("format", "uuid")
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options).lower()
        if CANONICAL.fullmatch(text) is None:
            raise ValidationError("Not a UUID.")
        return text


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """A row named by what a connected system calls it."""

    system: str
    id: str


class Reference(Uuid):
    """Names another row: by our id, or by `{"system": …, "id": …}` as a connected system knows it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("metadata", {})["x-reference"] = True
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if not isinstance(value, Mapping):
            return super()._deserialize(value, attr, data, **options)
        system, external = value.get("system"), value.get("id")
        if set(value) != {"system", "id"} or not isinstance(system, str) or not isinstance(external, str):
            raise ValidationError('Not a reference; give a UUID or {"system": "…", "id": "…"}.')
        if not 0 < len(system) <= 60 or not 0 < len(external) <= 200 or "\x00" in system + external:
            raise ValidationError("The system is 1 to 60 characters, its id 1 to 200, without NUL.")
        return ExternalRef(system, external)


class Moment(fields.Field[datetime]):
    """An instant as RFC 3339 with its offset; answered in UTC with `Z`."""

    def __init__(self, **options: Any) -> None:
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("example", "2026-03-02T08:00:00Z")
        metadata.setdefault("pattern", YEAR_PATTERN)
        super().__init__(**options)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else instant_text(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> datetime:
        if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
            raise ValidationError("Not an instant; write 2026-03-02T08:00:00Z, with an offset.")
        try:
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("No such instant.") from None
        if moment.year not in YEARS:
            raise ValidationError("The year is outside 1900 to 2199.")
        return moment


class MomentText(Moment):
    """An instant inside a JSON column, where it is kept as the text that is answered."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        return instant_text(super()._deserialize(value, attr, data, **options))


class Day(fields.Field[date]):
    """A calendar date, ISO 8601."""

    def __init__(self, **options: Any) -> None:
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("example", "2026-03-02")
        metadata.setdefault("pattern", YEAR_PATTERN)
        super().__init__(**options)

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> date:
        if not isinstance(value, str) or _DATE.fullmatch(value) is None:
            raise ValidationError("Not a date; write 2026-03-02.")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValidationError("No such date.") from None
        if day.year not in YEARS:
            raise ValidationError("The year is outside 1900 to 2199.")
        return day


class Zone(fields.String):
    """An IANA time zone."""

    def __init__(self, **options: Any) -> None:
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("example", "Europe/Stockholm")
        metadata["x-time-zone"] = True
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        name = super()._deserialize(value, attr, data, **options)
        if name not in ZONES:
            raise ValidationError("No such IANA time zone; write for example Europe/Stockholm.")
        return str(ZoneInfo(name))


class MoneySchema(Schema):
    """An exact amount: decimal string and ISO 4217 currency."""

    amount = fields.String(required=True, metadata={"example": "1234.50"})
    currency = fields.String(required=True, validate=validate.OneOf(sorted(CURRENCIES)), metadata={"example": "EUR"})


class MoneyField(fields.Nested):
    """Money, kept exactly or refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(MoneySchema, **options)

    def _serialize(self, value: Money | None, attr: str | None, obj: Any, **options: Any) -> dict[str, str] | None:  # type: ignore[override]
        return None if value is None else value.as_wire()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Money:  # type: ignore[override]
        loaded = super()._deserialize(value, attr, data)
        if _AMOUNT.fullmatch(loaded["amount"]) is None:
            raise ValidationError({"amount": ["Not an amount; write a decimal such as 1234.50."]})
        try:
            return Money.parse(loaded["amount"], loaded["currency"])
        except MoneyError as fault:
            raise ValidationError({"amount": [f"{fault}."]}) from None


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only when there are some."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def choice(*values: str, **options: Any) -> fields.String:
    """One of a few words."""
    return fields.String(validate=validate.OneOf(values), **options)


FIELD_FORMATS: dict[type[fields.Field[Any]], tuple[str, str | None]] = {
    Moment: ("string", "date-time"),
    MomentText: ("string", "date-time"),
    Day: ("string", "date"),
}


class ExternalIdsField(fields.Dict):
    """`{system: id}` for each connected system that knows the row."""

    def __init__(self, **options: Any) -> None:
        metadata = {"example": {"crm": "0015"}, "x-names": True}
        super().__init__(keys=Text(60), values=Text(200), metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        names = super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]
        if len(names) > MAX_NAMES:
            raise ValidationError(f"At most {MAX_NAMES} systems.")
        return names
