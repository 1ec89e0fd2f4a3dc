"""Wire shapes of messages, and of what is attached to them."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.foundation.fields import Day, Embedded, Moment, Reference, Text, Uuid, text_fault
from app.foundation.money import CURRENCIES

# What each kind of attached thing has, besides its kind.
ATTACHED = {"line": ("line", "label"), "attachment": ("id",)}
MAX_FACTS, MAX_FACT_TEXT = 30, 2_000
KIND = "[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*"
FACT_NAME = re.compile("[a-z][a-z0-9_]*")
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,4})?")
_DAY, _MOMENT = Day(), Moment()


class FactsField(fields.Dict):
    """The facts of a briefing line as they are on the wire: texts, numbers, dates, instants and money."""

    def __init__(self, **options: Any) -> None:
        metadata = {"example": {"text": "Send the vibration report", "due": {"date": "2026-03-02"}}, "x-facts": True}
        super().__init__(keys=fields.String(), metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        facts = super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]
        if len(facts) > MAX_FACTS:
            raise ValidationError(f"At most {MAX_FACTS} facts.")
        for name, fact in facts.items():
            if FACT_NAME.fullmatch(name) is None or len(name) > 40:
                raise ValidationError({name: ["Not the name of a fact."]})
            fault = _fact_fault(fact)
            if fault:
                raise ValidationError({name: [fault]})
        return facts


def _fact_fault(fact: Any) -> str | None:
    """What keeps this value from being a fact; None when it is one."""
    if isinstance(fact, bool) or (isinstance(fact, int | float) and abs(fact) <= 1e15):
        return None
    if isinstance(fact, str):
        return text_fault(fact) if len(fact) <= MAX_FACT_TEXT else f"Longer than {MAX_FACT_TEXT} characters."
    try:
        match fact:
            case {"date": day, **rest} if not rest:
                _DAY.deserialize(day)
                return None
            case {"instant": instant, **rest} if not rest:
                _MOMENT.deserialize(instant)
                return None
            case {"money": [str(amount), str(currency)], **rest} if not rest:
                return None if _AMOUNT.fullmatch(amount) and currency in CURRENCIES else "No such amount of money."
    except ValidationError:
        return "No such date or instant."
    return "Not a fact: a text, a number, a date, an instant or money."


class AttachedLineSchema(Schema):
    """A line of a briefing: its kind, and the facts that its text is rendered from."""

    kind = fields.String(
        required=True,
        validate=[validate.Length(max=60), validate.Regexp(f"^{KIND}$", error="Not the kind of a line.")],
        metadata={"example": "promise.due"},
    )
    facts = FactsField(required=True)


class AttachedSchema(Schema):
    """Something attached to a message: a line of a briefing with its text at that time, or an attachment."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(ATTACHED)))
    line = Embedded(AttachedLineSchema)
    label = Text(1_000, metadata={"description": "The line as its sender saw it."})
    id = Uuid(metadata={"description": "The attachment."})

    @validates_schema
    def _has_what_its_kind_needs(self, data: dict[str, Any], **_options: Any) -> None:
        needed = ATTACHED[data["kind"]]
        wrong = {name: ["Missing data for required field."] for name in needed if name not in data}
        wrong |= {name: [f"Not for kind {data['kind']}."] for name in data if name not in (*needed, "kind")}
        if wrong:
            raise ValidationError(wrong)


class MessageSchema(Schema):
    """A message to colleagues about an account or a visit. It stays as it was written."""

    account_id = Reference(required=True)
    visit_id = Reference(allow_none=True)
    user_id = Reference(allow_none=True, metadata={"description": "Who wrote it; you, when left out."})
    author = Text(200, dump_only=True, metadata={"description": "The writer's name at that time."})
    text = Text(4_000, required=True, metadata={"example": "Who has the offer of last spring?"})
    mentions = fields.List(
        Uuid(),
        validate=validate.Length(max=20),
        metadata={"description": "Colleagues whom it is for; each must see the account."},
    )
    attached = fields.List(Embedded(AttachedSchema), validate=validate.Length(max=10))
    written_at = Moment(metadata={"description": "Now, when left out."})
