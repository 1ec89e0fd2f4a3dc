"""Wire shape of agreements: prices that were agreed with an account."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from app.foundation.fields import Day, Reference, Text
from app.foundation.problems import Problem
from app.quotes.content import sound_json

STEP = {
    "id": "frame-2026",
    "phase": "contracted",
    "scope": "unit",
    "adjustment": {"type": "percent_discount", "percent": "12"},
    "reason": "Frame agreement 2026",
}


class StepsField(fields.List[Any]):
    """Price steps, as the engine reads them; kept as the JSON that they came as."""

    def __init__(self, **options: Any) -> None:
        inner = fields.Dict()
        super().__init__(inner, validate=validate.Length(max=200), metadata={"example": [STEP]}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        steps = super()._deserialize(value, attr, data, **options)
        try:
            sound_json(steps, "/steps", 200_000)
        except Problem as problem:
            raise ValidationError(problem.errors[0].detail) from None
        return steps


class AgreementSchema(Schema):
    """Prices that were agreed with an account: price steps that its quotes follow while it is valid."""

    account_id = Reference(required=True)
    number = Text(60, required=True, metadata={"example": "RA-2026-07"})
    name = Text(200, required=True, metadata={"example": "Frame agreement 2026"})
    valid_from = Day(required=True)
    valid_to = Day(allow_none=True, metadata={"description": "The last day; open when absent."})
    steps = StepsField(required=True)
