"""Wire shape of a briefing, for the API's document: what is sent are stored bytes, and a test holds them to this."""

from marshmallow import Schema, fields, validate

from app.briefing.compose import MAX_BEFORE, MAX_CHARTS
from app.briefing.render import CARD_ORDER
from app.foundation.fields import Day, Moment, Number, Text, Uuid, Whole


class EvidenceSchema(Schema):
    """A record that a line rests on."""

    type = Text(40, required=True, metadata={"description": "Kind of record.", "example": "ticket"})
    id = Text(200, required=True)
    source = Text(
        60, required=True, metadata={"description": "The system that the record came from.", "example": "desk"}
    )
    as_of = Moment(required=True, metadata={"description": "When the record was known to be so."})
    label = Text(80, least=0, required=True, metadata={"example": "Ticket 4812"})
    url = Text(2000, metadata={"description": "Where a person can open the record."})


class SubjectSchema(Schema):
    """What a line is about, where that is neither the account nor its evidence."""

    type = Text(40, required=True)
    id = Text(200, required=True)
    name = Text(160, least=0, required=True)


class LineSchema(Schema):
    """One claim. Its text is made from `kind` and `facts` by the message catalogue."""

    kind = Text(80, required=True, metadata={"example": "ticket.overdue"})
    facts = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": 'Numbers, texts, truths, `{"date": …}`, `{"instant": …}` or `{"money": [amount, currency]}` by name.',
            "example": {"number": "4812", "title": "Seal leak", "due": {"date": "2026-11-15"}, "more": 0},
        },
    )
    evidence = fields.List(
        Whole(), required=True, validate=validate.Length(min=1), metadata={"description": "Indices into `evidence`."}
    )
    weight = Number(0, 1, required=True, metadata={"description": "How much is lost by not knowing it."})
    subject = fields.Nested(SubjectSchema)


class BriefedPersonSchema(Schema):
    """Somebody to meet; a channel that they withdrew has no number or address here."""

    id = Uuid(required=True)
    name = Text(200, required=True)
    title = Text(200, least=0, required=True)
    role = Text(20, least=0, required=True)
    phone = Text(50)
    email = Text(254)
    channel = Text(10, metadata={"description": "How they prefer to be reached."})
    times = Text(200)
    lines = fields.List(fields.Nested(LineSchema), required=True)


class ChangeSchema(Schema):
    """A shift of level on a chart."""

    on = Day(required=True)
    pct = fields.Integer(required=True, metadata={"description": "Whole per cent, signed."})


class ChartSchema(Schema):
    """Daily values of a usage series."""

    series_id = Uuid(required=True)
    name = Text(200, required=True)
    unit = Text(30, required=True)
    from_ = Day(required=True, data_key="from", metadata={"description": "Day of the first value."})
    values = fields.List(
        fields.Float(allow_none=True), required=True, metadata={"description": "One a day; null where none came."}
    )
    plan = fields.Float(required=True, allow_none=True, metadata={"description": "What was bought, a day."})
    change = fields.Nested(ChangeSchema, required=True, allow_none=True)
    evidence = Whole(required=True)


class CardSchema(Schema):
    """One card. `before` holds at most five lines."""

    kind = fields.String(required=True, validate=validate.OneOf(CARD_ORDER))
    lines = fields.List(
        fields.Nested(LineSchema), required=True, metadata={"description": f"At most {MAX_BEFORE} in `before`."}
    )
    missing = fields.List(fields.Nested(LineSchema), metadata={"description": "What is not known, said as such."})
    people = fields.List(fields.Nested(BriefedPersonSchema))
    since = Day(metadata={"description": "When you last met."})
    charts = fields.List(fields.Nested(ChartSchema), validate=validate.Length(max=MAX_CHARTS))


class BriefingSchema(Schema):
    """What to know before a visit: cards in reading order, each line with its evidence."""

    id = Uuid(required=True)
    account_id = Uuid(required=True)
    visit_id = Uuid(required=True, allow_none=True)
    as_of = Moment(required=True, metadata={"description": "The newest evidence in it."})
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)
    cards = fields.List(fields.Nested(CardSchema), required=True)
