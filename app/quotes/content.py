"""The content of a quote as it may be sent: its shape, its limits, and where it breaks them.

Read in one pass, as a quote has hundreds of choices; what the words in it mean is the engine's to judge. The engine reads
the plain JSON, so that is what is kept.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import orjson
from marshmallow import ValidationError, fields
from msgspec import Meta, Struct

from app.foundation.fields import text_fault
from app.foundation.problems import FieldError, invalid

MAX_BYTES, MAX_LINES, MAX_CHOICES = 2_000_000, 1000, 1000
_NUL = "^[^\\u0000]*$"
_DECIMAL = r"^-?[0-9]{1,22}(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,4})?$"
_PLACE = re.compile(r"^(.*?)(?: - at `(key in )?\$\.?(.*)`)?$", re.DOTALL)

_DAY = "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$"
# What a value that is not of a pattern is told instead of the pattern.
_TOLD = (
    (_DECIMAL, "Not a decimal number; write 1234.50, as text."),
    (_DAY, "Not a date; write 2026-03-02."),
    (_NUL, "Contains a NUL character; take it out."),
)

Word = Annotated[str, Meta(min_length=1, max_length=100, pattern=_NUL)]
Said = Annotated[str, Meta(max_length=2000, pattern=_NUL)]
Amount = Annotated[str, Meta(min_length=1, max_length=50, pattern=_DECIMAL, examples=["1234.50"])]
IsoDay = Annotated[str, Meta(pattern=_DAY, examples=["2026-11-22"])]
Code = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["SEK"])]
Months = Annotated[int, Meta(ge=0, le=1200)]


class Choice(Struct, forbid_unknown_fields=True):
    """A choice that the rep made; choices stand in the order in which they were made."""

    feature: Word
    value: Word


class Discount(Struct, forbid_unknown_fields=True):
    """A discount on a line: a percentage, an amount off it, or a price of one unit."""

    kind: Annotated[str, Meta(pattern="^(percent|amount|fixed_price)$")]
    value: Amount
    reason: Said


class HeaderDiscount(Struct, forbid_unknown_fields=True):
    """A discount on the whole quote: a percentage, an amount off it, or a total."""

    id: Word
    kind: Annotated[str, Meta(pattern="^(percent|amount|fixed_total)$")]
    value: Amount
    reason: Said


class RampPart(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """From a month of the term on: another quantity, another discount, or both."""

    from_month: Months
    quantity: Amount | msgspec.UnsetType = msgspec.UNSET
    discount_percent: Amount | msgspec.UnsetType = msgspec.UNSET


class Amendment(Struct, forbid_unknown_fields=True, rename={"start": "from"}):
    """What was paid for a running subscription."""

    amount: Amount
    start: IsoDay
    to: IsoDay
    quantity: Amount


class Amends(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a line does to a running subscription."""

    subscription_id: Word
    change: Annotated[str, Meta(pattern="^(add|reduce|renew|end)$")]
    paid: Amendment | msgspec.UnsetType = msgspec.UNSET


class Usage(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Usage that a line is priced with, for one period."""

    quantity: Amount | msgspec.UnsetType = msgspec.UNSET
    amount: Amount | msgspec.UnsetType = msgspec.UNSET


class Line(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One line: a product, how many, and how it is configured."""

    id: Word
    sku: Word
    quantity: Amount
    choices: Annotated[list[Choice], Meta(max_length=MAX_CHOICES)] | msgspec.UnsetType = msgspec.UNSET
    configuration: Annotated[dict[Word, Word], Meta(max_length=MAX_CHOICES)] | msgspec.UnsetType = msgspec.UNSET
    term: Word | msgspec.UnsetType = msgspec.UNSET
    clauses: Annotated[list[Word], Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    optional: bool | msgspec.UnsetType = msgspec.UNSET
    selected: bool | msgspec.UnsetType = msgspec.UNSET
    bundle: Word | msgspec.UnsetType = msgspec.UNSET
    open: Annotated[list[Word], Meta(max_length=MAX_CHOICES)] | msgspec.UnsetType = msgspec.UNSET
    discount: Discount | msgspec.UnsetType = msgspec.UNSET
    starts_on: IsoDay | msgspec.UnsetType = msgspec.UNSET
    ends_on: IsoDay | msgspec.UnsetType = msgspec.UNSET
    ramp: Annotated[list[RampPart], Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    amends: Amends | msgspec.UnsetType = msgspec.UNSET
    usage: Usage | msgspec.UnsetType = msgspec.UNSET
    notes: Said | msgspec.UnsetType = msgspec.UNSET


class QuoteContent(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the rep entered: from which catalogue and price book, which lines, discounts and clauses."""

    catalogue: Annotated[str, Meta(min_length=1, max_length=80, pattern=_NUL, examples=["rosvall-pumps"])]
    catalogue_version: Annotated[str, Meta(min_length=1, max_length=40, pattern=_NUL, examples=["2026.2"])]
    price_book: Word
    currency: Code
    region: Annotated[str, Meta(max_length=10, pattern=_NUL, examples=["SE"])]
    on: IsoDay
    lines: Annotated[list[Line], Meta(max_length=MAX_LINES)]
    discounts: Annotated[list[HeaderDiscount], Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    clauses: Annotated[list[Word], Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    notes: Said | msgspec.UnsetType = msgspec.UNSET


class Agreed(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Prices agreed with the customer."""

    id: Word
    number: Word
    name: Said
    valid_from: IsoDay
    steps: Annotated[list[dict[str, Any]], Meta(max_length=200)]
    valid_to: IsoDay | None = None


class Paid(Struct, forbid_unknown_fields=True):
    """Money: a decimal string and a currency."""

    amount: Amount
    currency: Code


class Running(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A subscription that the customer has."""

    id: Word
    sku: Word
    quantity: Amount | Annotated[int, Meta(ge=0, le=10**9)]
    starts_on: IsoDay
    ends_on: IsoDay | None = None
    term_months: Months | None = None
    price: Paid | None = None


class QuoteContext(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is known around a quote: who makes it, facts of the customer, agreements and running subscriptions."""

    role: Annotated[str, Meta(pattern="^(rep|manager|administrator)$")] | msgspec.UnsetType = msgspec.UNSET
    facts: Annotated[dict[Word, Said | bool], Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    agreements: Annotated[list[Agreed], Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    subscriptions: Annotated[list[Running], Meta(max_length=1000)] | msgspec.UnsetType = msgspec.UNSET


def content_components() -> dict[str, Any]:
    """The shapes of a content for OpenAPI, by the name of the component."""
    template = "#/components/schemas/{name}"
    _, found = msgspec.json.schema_components([QuoteContent, QuoteContext], ref_template=template)
    names = {name: name if name.startswith("Quote") else f"QuoteContent{name}" for name in found}
    text = orjson.dumps(found).decode()
    for name, ours in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{ours}"')
    return {names[name]: shape for name, shape in orjson.loads(text).items()}


def content_faults(content: Any, pointer: str = "") -> list[FieldError]:
    """What keeps this from being the content of a quote; pointers begin with `pointer`."""
    try:
        msgspec.convert(content, QuoteContent)
    except msgspec.ValidationError as fault:
        return [_pointed(str(fault), pointer)]
    seen: set[str] = set()
    for place, line in enumerate(content["lines"]):
        if line["id"] in seen:
            return [FieldError(f"{pointer}/lines/{place}/id", "Another line has this id.")]
        seen.add(line["id"])
    text = orjson.dumps(content)
    if len(text) > MAX_BYTES:
        return [FieldError(pointer, f"A quote's content has at most {MAX_BYTES:,} bytes.")]
    return []


def context_faults(context: Any, pointer: str = "") -> list[FieldError]:
    """What keeps this from being the context of a quote; pointers begin with `pointer`."""
    try:
        msgspec.convert(context, QuoteContext)
    except msgspec.ValidationError as fault:
        return [_pointed(str(fault), pointer)]
    return []


# A backslash that is itself escaped begins nothing.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def sound_json(value: Any, pointer: str, most: int = MAX_BYTES) -> None:
    """Problem 422 for JSON that cannot be kept: too large, with a NUL, or with half of a surrogate pair."""
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError as fault:
        raise invalid([FieldError(pointer, f"Cannot be kept as JSON: {fault}.")]) from None
    if len(text) > most:
        raise invalid([FieldError(pointer, f"More than {most:,} bytes.")])
    if _ESCAPED_NUL.search(text):
        raise invalid([FieldError(pointer, text_fault("\x00") or "")])


def _pointed(message: str, pointer: str) -> FieldError:
    found = _PLACE.match(message)
    detail, place = (found[1], found[3] or "") if found else (message, "")
    steps = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", place).replace(".....", ".…").split(".")
    below = "".join(f"/{step}" for step in steps if step)
    for pattern, told in _TOLD:
        if pattern.replace("\\", "\\\\") in detail:
            return FieldError(pointer + below, told)
    return FieldError(pointer + below, f"{detail}.".replace("`", ""))


class _Checked(fields.Dict):
    """JSON of a shape that is checked in one pass and kept as it came."""

    mark = ""

    @staticmethod
    def faults_of(value: Any) -> list[FieldError]:
        """What keeps a value from being of the shape."""
        raise NotImplementedError

    def __init__(self, **options: Any) -> None:
        options.setdefault("metadata", {})[self.mark] = True
        super().__init__(keys=fields.String(), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        faults = self.faults_of(value)
        if faults:
            raise ValidationError(_nested(faults[0]))
        return value


class ContentField(_Checked):
    """The content of a quote."""

    mark = "x-quote-content"

    @staticmethod
    def faults_of(value: Any) -> list[FieldError]:
        """What keeps a value from being a content."""
        return content_faults(value)


class ContextField(_Checked):
    """The context of a quote."""

    mark = "x-quote-context"

    @staticmethod
    def faults_of(value: Any) -> list[FieldError]:
        """What keeps a value from being a context."""
        return context_faults(value)


def _nested(fault: FieldError) -> Any:
    """A fault as marshmallow nests messages, so that its pointer comes out below the field's."""
    messages: Any = [fault.detail]
    for step in reversed(fault.pointer.split("/")[1:]):
        messages = {step: messages}
    return messages
