"""Wire shapes of offers: what a customer reads and sends without signing in, and the seller's side of the link."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.foundation.fields import Day, Moment, Text, Truth, Uuid
from app.quotes.offer_changes import KINDS, MAX_CHANGES

HASH = "^[0-9a-f]{64}$"
# A signature reads as it is written: no control characters, and none that turn the direction of what stands beside it.
NAME = "^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
EXAMPLE_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def _hash(described: str, *, required: bool = False) -> Text:
    metadata = {"pattern": HASH, "example": EXAMPLE_HASH, "description": described}
    return Text(64, required=required, validate=[validate.Regexp(HASH)], metadata=metadata)


class OfferChangeSchema(Schema):
    """One change within what the seller left open: of a line its quantity, its term, whether it is taken, or a feature."""

    line = Text(100, required=True, metadata={"description": "The line's `id`."})
    quantity = Text(20, metadata={"example": "3"})
    term = Text(100, metadata={"description": "A term's id.", "example": "two_years"})
    selected = Truth(metadata={"description": "Whether an optional line is taken."})
    feature = Text(100, metadata={"description": "A feature's id, with `value`."})
    value = Text(100, metadata={"description": "The value's id."})

    @validates_schema
    def one_change(self, data: dict[str, object], **_options: object) -> None:
        if sum(kind in data for kind in KINDS) != 1 or ("value" in data) != ("feature" in data):
            raise ValidationError("Say one of quantity, term, selected, or feature with value.")


def _name(*, required: bool = False) -> Text:
    metadata = {"pattern": NAME, "example": "Eva Lindqvist"}
    why = "Contains characters that are not seen; take them out."
    return Text(
        200, required=required, validate=[validate.Regexp(NAME.removesuffix("$") + r"\Z", error=why)], metadata=metadata
    )


def _changes(*, required: bool = False) -> fields.List[Any]:
    return fields.List(fields.Nested(OfferChangeSchema), required=required, validate=validate.Length(max=MAX_CHANGES))


class OfferEvaluateSchema(Schema):
    """What the customer would change."""

    changes = _changes(required=True)


class OfferPricesAskSchema(Schema):
    """Of which open choice the prices are asked for."""

    changes = _changes(required=True)
    line = Text(100, required=True, metadata={"description": "The line's `id`."})
    choice = Text(
        110,
        required=True,
        metadata={
            "description": "What the line leaves open: `quantity`, `term`, `selected` or `feature:<id>`.",
            "example": "feature:motor",
        },
    )


class OfferMoveSchema(Schema):
    """A sum of the offer that moves."""

    charge = fields.String(required=True, metadata={"enum": ["one_time", "recurring", "usage"]})
    period = fields.String(required=True, allow_none=True, metadata={"example": "month"})
    net = fields.String(required=True, metadata={"description": "By how much, without tax.", "example": "1700.00"})


class OfferValuePriceSchema(Schema):
    """What one value would move."""

    value = fields.String(
        required=True, metadata={"description": "The value's or term's id, the quantity, or `true` or `false`."}
    )
    moves = fields.List(fields.Nested(OfferMoveSchema), required=True)
    confirm = fields.Boolean(
        required=True, metadata={"description": "The seller would have to look at the offer with it first."}
    )


class OfferPricesSchema(Schema):
    """What each other value of an open choice would move the sums by; values that cannot be had are left out."""

    digest = fields.String(required=True, metadata={"description": "Names the price from which it moves."})
    values = fields.List(fields.Nested(OfferValuePriceSchema), required=True)


class OfferAskSchema(Schema):
    """A question about a line, or about the whole."""

    line = Text(100, metadata={"description": "The line's `id`; absent for the whole offer."})
    text = Text(2000, required=True, metadata={"example": "Is the cabinet delivered wired?"})


class OfferAcceptSchema(Schema):
    """Who accepts which version."""

    name = _name(required=True)
    date = Day(required=True, metadata={"description": "Today, where the customer is."})
    hash = _hash("The `hash` of the version that was read.", required=True)
    changes = _changes()
    digest = _hash("With changes: the `digest` of the price that was shown with them.")

    @validates_schema
    def price_seen(self, data: dict[str, object], **_options: object) -> None:
        if data.get("changes") and "digest" not in data:
            raise ValidationError("Send the digest of the price that was shown with the changes.", "digest")


class OfferDeclineSchema(Schema):
    """Why the customer declines."""

    name = _name()
    reason = Text(2000, required=True, metadata={"example": "Delivery is too late for us."})


class OfferTellViewsSchema(Schema):
    """Whether the seller is told when the customer looks at the offer."""

    on = Truth(required=True)


class OfferQuestionSchema(Schema):
    """A question and its answer."""

    id = Uuid(required=True)
    line = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    asked_at = Moment(required=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    author = fields.String(required=True, allow_none=True, metadata={"description": "Who answered."})


class OfferSwapSchema(Schema):
    """A feature that had to change with what the customer chose."""

    line = fields.String(required=True)
    feature = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class OfferSchema(Schema):
    """An offer as its page shows it."""

    document = fields.Dict(
        required=True,
        metadata={"description": "Parties, lines with configuration and every price step, sums, terms and clauses."},
    )
    digest = fields.String(required=True, metadata={"description": "Names the price that is shown."})
    state = fields.String(required=True, metadata={"enum": ["open", "accepted", "declined"]})
    newer = fields.Boolean(required=True, metadata={"description": "The seller is making a newer version."})
    controls = fields.Dict(
        required=True, metadata={"description": "Of each line what is open: quantity, selected, terms, features."}
    )
    questions = fields.List(fields.Nested(OfferQuestionSchema), required=True)
    tells_views = fields.Boolean(required=True, metadata={"description": "The customer's own switch."})
    swaps = fields.List(fields.Nested(OfferSwapSchema), required=True)
    reasons = fields.List(
        fields.String(), required=True, metadata={"description": "Why the seller has to look at the changes first."}
    )


class AcceptedSchema(Schema):
    """An acceptance and the version that it binds."""

    name = fields.String(required=True)
    date = Day(required=True)
    accepted_at = Moment(required=True)
    version = fields.Integer(required=True)
    hash = fields.String(required=True)


class LinkSchema(Schema):
    """The link of a quote."""

    id = Uuid(required=True)
    path = fields.String(required=True, metadata={"example": "/q/AZ…", "description": "The page, on this server."})
    token = fields.String(required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True)
    tells_views = fields.Boolean(required=True)


class QuestionAnswerSchema(Schema):
    """What is answered to a customer."""

    text = Text(2000, required=True)
