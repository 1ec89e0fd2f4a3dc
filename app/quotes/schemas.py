"""Wire shapes of quotes, agreements and catalogues."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.foundation.fields import Day, Embedded, Moment, Reference, Text, Uuid, Whole, choice
from app.quotes.content import ContentField
from app.resources.resource import QueryInt

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
        fields.String(),
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


STATUSES = (
    "draft", "in_approval", "approved", "refused", "sent", "viewed", "accepted", "declined", "expired", "withdrawn",
)  # fmt: skip
OUTCOMES = ("draft", "open", "accepted", "declined", "expired", "withdrawn", "superseded")


class QuoteInputSchema(QuoteSchema):
    """A new quote. Its number follows from its id, so that a device can make both while it is offline."""

    id = Uuid(metadata={"description": "A UUIDv7 of yours; one is made when it is left out."})
    shown = Embedded(ShownPriceSchema, metadata={"description": "The price that your device showed, to be compared."})


class QuoteChangeSchema(Schema):
    """What changes in a quote that was not sent; what is left out stays. `shown` alone accepts the server's price."""

    person_id = Reference(allow_none=True)
    visit_id = Reference(allow_none=True)
    title = Text(200)
    valid_until = Day()
    notes = Text(20_000, allow_none=True)
    content = ContentField()
    shown = Embedded(ShownPriceSchema)


class QuoteSubmitSchema(Schema):
    """Why a quote should be approved."""

    revision = Whole(1, required=True, metadata={"description": "The revision that you saw."})
    reason = Text(2000, required=True, metadata={"example": "Twelve more pumps follow in spring."})


class QuoteDecideSchema(Schema):
    """A decision about a quote that waits for approval."""

    revision = Whole(1, required=True, metadata={"description": "The revision that you saw."})
    decision = choice("approve", "refuse", required=True)
    reason = Text(2000, metadata={"description": "Of a refusal it is required."})


class QuoteSendSchema(Schema):
    """The quote as you saw it when you decided to send it."""

    revision = Whole(1, required=True, metadata={"description": "The revision that you saw."})
    shown = Embedded(
        ShownPriceSchema, metadata={"description": "The price that you saw; the stored one when left out."}
    )


class QuoteReviseSchema(Schema):
    """What the next version begins with; what is left out is as in the version before."""

    revision = Whole(1, required=True, metadata={"description": "The revision that you saw."})
    content = ContentField()
    valid_until = Day()
    shown = Embedded(ShownPriceSchema)


class QuoteWithdrawSchema(Schema):
    """Why a quote is taken back."""

    reason = Text(2000, required=True, metadata={"example": "A better offer is on its way."})


class QuoteCopySchema(Schema):
    """Where the copy differs from the quote that is copied."""

    account_id = Reference()
    title = Text(200)
    valid_until = Day()


class QuoteQuerySchema(Schema):
    """Which quotes to list."""

    limit = QueryInt(1, 200, load_default=50, metadata={"description": "Quotes on a page."})
    cursor = Uuid(metadata={"description": "`next_cursor` of the page before."})
    updated_since = Moment(metadata={"description": "Only those changed at or after this instant."})
    account_id = Uuid()
    person_id = Uuid()
    visit_id = Uuid()
    user_id = Uuid(metadata={"description": "Whose quotes."})
    status = choice(*STATUSES)
    number = Text(20, metadata={"example": "2026-7K3M-9QXR"})


class CompareQuerySchema(Schema):
    """Two versions of a quote."""

    a = QueryInt(1, 1000, required=True, metadata={"description": "The version that the other is compared with."})
    b = QueryInt(1, 1000, required=True)


class QuoteFaultSchema(Schema):
    """What keeps a quote from being sent."""

    pointer = fields.String(
        required=True, metadata={"description": "Into `content`.", "example": "/lines/0/configuration"}
    )
    detail = fields.String(required=True, metadata={"example": "It is not configured yet."})


class QuoteListedSchema(Schema):
    """A quote in a list, without its content and price."""

    id = Uuid(required=True)
    number = fields.String(required=True, metadata={"example": "2026-7K3M-9QXR"})
    account_id = Uuid(required=True)
    person_id = Uuid(required=True, allow_none=True)
    visit_id = Uuid(required=True, allow_none=True)
    user_id = Uuid(required=True, allow_none=True, metadata={"description": "Whose quote it is."})
    author = fields.String(required=True)
    title = fields.String(required=True)
    status = choice(*STATUSES, required=True)
    version = Whole(1, required=True)
    revision = Whole(1, required=True, metadata={"description": "Grows with what is entered; changes are based on it."})
    valid_until = Day(required=True)
    notes = fields.String(required=True, allow_none=True)
    currency = fields.String(required=True, metadata={"example": "SEK"})
    catalogue = fields.String(required=True, metadata={"example": "rosvall"})
    catalogue_version = fields.String(required=True, metadata={"example": "2026.2"})
    totals = fields.Dict(
        required=True,
        metadata={"description": "Amounts as decimal strings.", "example": {"net": "1000.00", "currency": "SEK"}},
    )
    digest = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Names every line of the waterfall that the customer sees."},
    )
    difference = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the author's device showed otherwise: `shown`, `priced`, `lines`; null once accepted."
        },
    )
    approvals = fields.List(
        fields.Dict(), required=True, metadata={"description": "By which rule and role, why, and what was decided."}
    )
    link = fields.String(
        required=True, allow_none=True, metadata={"description": "The customer's page, once it was sent."}
    )
    copied_from = Uuid(required=True, allow_none=True)
    sent_at = Moment(required=True, allow_none=True)
    viewed_at = Moment(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    decided_by = fields.String(
        required=True, allow_none=True, metadata={"description": "Who accepted, declined or withdrew."}
    )
    decision_reason = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    row_version = Whole(1, required=True, metadata={"description": "Grows with every change; the ETag."})


class QuoteReadSchema(QuoteListedSchema):
    """A quote with its content and its price."""

    content = fields.Dict(required=True)
    price = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "Lines with their waterfall, header, taxes, totals, terms, clauses, approvals, findings."
        },
    )
    faults = fields.List(fields.Nested(QuoteFaultSchema), required=True)
    shown = fields.Dict(required=True, allow_none=True)
    questions = fields.List(fields.Dict(), required=True)


class QuotePageSchema(Schema):
    """A page of quotes, the newest first."""

    data = fields.List(fields.Nested(QuoteListedSchema), required=True)
    next_cursor = Uuid(required=True, allow_none=True)


class QuoteVersionListedSchema(Schema):
    """A version in a list."""

    version = Whole(1, required=True)
    hash = fields.String(
        required=True, allow_none=True, metadata={"description": "What an acceptance names; null before it was sent."}
    )
    title = fields.String(required=True)
    valid_until = Day(required=True)
    currency = fields.String(required=True)
    outcome = choice(*OUTCOMES, required=True)
    sent_at = Moment(required=True, allow_none=True)
    author = fields.String(required=True)
    totals = fields.Dict(required=True)


class QuoteVersionSchema(QuoteVersionListedSchema):
    """A version with its content and price; once sent it never changes."""

    customer = fields.Dict(required=True, allow_none=True)
    content = fields.Dict(required=True)
    price = fields.Dict(required=True)


class QuoteVersionsSchema(Schema):
    """Every version of a quote, the newest first."""

    data = fields.List(fields.Nested(QuoteVersionListedSchema), required=True)


class ComparisonSchema(Schema):
    """What differs between two versions."""

    a = Whole(1, required=True)
    b = Whole(1, required=True)
    same = fields.Boolean(required=True)
    fields_ = fields.List(
        fields.Dict(),
        required=True,
        data_key="fields",
        metadata={"description": "`field`, `a`, `b` of the quote itself."},
    )
    lines = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Lines added, removed or changed: `what`, `net`, `fields`, `configuration`, `waterfall`."
        },
    )
    totals = fields.List(
        fields.Dict(), required=True, metadata={"description": "`total`, `a`, `b` and `change` (b less a)."}
    )
