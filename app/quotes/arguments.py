"""What the mutations of quotes take."""

from marshmallow import Schema

from app.foundation.fields import Embedded, Text, Uuid, Whole, choice
from app.quotes.schemas import QuoteSchema, ShownPriceSchema
from app.sync.arguments import arguments, like, likes

CHANGED = ("title", "person_id", "visit_id", "valid_until", "notes", "content")


class QuoteChangeFieldsSchema(Schema):
    """What was entered."""

    title = like(QuoteSchema, "title")
    person_id = like(QuoteSchema, "person_id")
    visit_id = like(QuoteSchema, "visit_id")
    valid_until = like(QuoteSchema, "valid_until")
    notes = like(QuoteSchema, "notes")
    content = like(QuoteSchema, "content")


def _revision() -> Whole:
    return Whole(1, required=True, metadata={"description": "The revision that the phone showed."})


def _shown() -> Embedded:
    return Embedded(ShownPriceSchema, metadata={"description": "The price that the phone showed."})


def _reason() -> Text:
    return Text(2000, required=True)


QuoteCreate = arguments(
    "QuoteCreate",
    "Make a quote; its number follows from its id.",
    {
        "id": Uuid(required=True),
        **likes(
            QuoteSchema, "account_id", "person_id", "visit_id", "title", "valid_until", "notes", "content",
            required=("account_id", "title", "valid_until", "content"),
        ),
        "shown": _shown(),
    },
)  # fmt: skip
QuoteChange = arguments(
    "QuoteChange",
    "Change a quote that was not sent. Every change makes the next revision.",
    {
        "id": Uuid(required=True),
        "revision": _revision(),
        "fields": Embedded(QuoteChangeFieldsSchema, required=True),
        "shown": _shown(),
    },
)
QuoteSubmit = arguments(
    "QuoteSubmit",
    "Ask for the approvals that a quote needs.",
    {"id": Uuid(required=True), "revision": _revision(), "reason": _reason()},
)
QuoteDecide = arguments(
    "QuoteDecide",
    "Approve a quote, or refuse to.",
    {
        "id": Uuid(required=True),
        "revision": _revision(),
        "decision": choice("approve", "refuse", required=True),
        "reason": Text(2000),
    },
)
QuoteSend = arguments(
    "QuoteSend",
    "Send a quote to the customer: from then on this version stays as it is.",
    {"id": Uuid(required=True), "revision": _revision(), "shown": _shown()},
)
QuoteRevise = arguments(
    "QuoteRevise",
    "Begin the next version of a quote that was sent.",
    {
        "id": Uuid(required=True),
        "revision": _revision(),
        "content": like(QuoteSchema, "content"),
        "valid_until": like(QuoteSchema, "valid_until"),
        "shown": _shown(),
    },
)
QuoteWithdraw = arguments(
    "QuoteWithdraw", "Withdraw a quote that the customer has.", {"id": Uuid(required=True), "reason": _reason()}
)
QuoteAnswer = arguments(
    "QuoteAnswer",
    "Answer what the customer asked on the page of a quote.",
    {"id": Uuid(required=True), "text": Text(2000, required=True)},
)
