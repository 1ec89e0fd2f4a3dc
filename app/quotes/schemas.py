"""Wire shapes of quotes, agreements and catalogues."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.foundation.fields import Day, Reference, Text
from app.quotes.content import ContentField

AMOUNT = r"^-?[0-9]{1,22}(\.[0-9]{1,4})?$"
CURRENCY = "^[A-Z]{3}$"
DIGEST = "^[0-9a-f]{64}$"


def amount(**options: Any) -> Text:
    """An amount of money without its currency: a decimal string."""
    metadata = {"pattern": AMOUNT, "example": "1234.50"}
    return Text(30, validate=[validate.Regexp(AMOUNT)], metadata=metadata, **options)


class ShownPriceSchema(Schema):
    """What the author's device showed: the total, and the digest that names every line of the waterfall."""

    net = amount(required=True)
    gross = amount(required=True)
    currency = Text(
        3, required=True, validate=[validate.Regexp(CURRENCY)], metadata={"pattern": CURRENCY, "example": "SEK"}
    )
    digest = Text(
        64,
        required=True,
        validate=[validate.Regexp(DIGEST)],
        metadata={"pattern": DIGEST, "example": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    )
    lines = fields.Dict(
        Text(100),
        amount(),
        validate=validate.Length(max=2000),
        metadata={
            "description": "Net of each priced line, to be told which of them differ.",
            "example": {"l1": "219000.00"},
        },
    )


class QuoteSchema(Schema):
    """A quote: for whom, until when, and what is in it."""

    account_id = Reference(required=True)
    person_id = Reference(allow_none=True, metadata={"description": "To whom it is addressed."})
    visit_id = Reference(allow_none=True, metadata={"description": "The visit at which it was made."})
    title = Text(200, required=True, metadata={"example": "Two process pumps with monitoring"})
    valid_until = Day(required=True)
    notes = Text(20_000, allow_none=True, metadata={"description": "For colleagues; customers do not see them."})
    content = ContentField(required=True)
