"""Wire shapes of accounts, people, goals, promises and opportunities."""

from marshmallow import Schema, fields, validate

from app.foundation.fields import (
    Day,
    Embedded,
    MomentText,
    MoneyField,
    Number,
    Reference,
    Text,
    Uuid,
    Whole,
    Zone,
    choice,
)

STATUSES = ("customer", "prospect", "former")
ROLES = ("decision_maker", "influencer", "technical", "finance", "user", "gatekeeper", "other")
CHANNELS = ("phone", "email", "sms", "visit")


class AddressSchema(Schema):
    """A postal address; country as ISO 3166 alpha-2 where it is known."""

    street = Text(200, allow_none=True)
    postal_code = Text(20, allow_none=True)
    city = Text(100, allow_none=True)
    region = Text(100, allow_none=True)
    country = Text(60, allow_none=True, metadata={"example": "SE"})


class AccountSchema(Schema):
    """A customer, a prospect or a former customer."""

    name = Text(200, required=True, metadata={"example": "Norrvik Paper"})
    aliases = fields.List(
        Text(200), validate=validate.Length(max=50), metadata={"description": "Other names that the news may use."}
    )
    industry = Text(100, allow_none=True)
    status = choice(*STATUSES)
    employees = Whole(allow_none=True)
    revenue = MoneyField(allow_none=True)
    website = Text(500, allow_none=True)
    phone = Text(50, allow_none=True)
    address = Embedded(AddressSchema, allow_none=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    time_zone = Zone()
    parent_id = Reference(allow_none=True)
    competitors = fields.List(
        Text(200),
        validate=validate.Length(max=50),
        metadata={"description": "Names watched in the news for this account."},
    )
    notes = Text(20_000, allow_none=True)


class ConsentSchema(Schema):
    """What a person allowed or withdrew for a channel, when, and how we know."""

    channel = choice(*CHANNELS, required=True)
    status = choice("granted", "withdrawn", "unknown", required=True)
    recorded_at = MomentText(required=True)
    source = Text(200, required=True, metadata={"example": "Visit of 3 November"})
    id = Uuid(metadata={"description": "Of the record, where it has one."})


class PersonSchema(Schema):
    """Someone at an account."""

    account_id = Reference(required=True)
    name = Text(200, required=True, metadata={"example": "Eva Lindqvist"})
    title = Text(200, allow_none=True)
    role = choice(*ROLES)
    email = Text(254, allow_none=True)
    phone = Text(50, allow_none=True)
    mobile = Text(50, allow_none=True)
    language = Text(35, allow_none=True)
    preferred_channel = choice(*CHANNELS, "none", allow_none=True)
    preferred_times = Text(200, allow_none=True)
    consent = fields.List(Embedded(ConsentSchema), validate=validate.Length(max=100))
    started_on = Day(allow_none=True)
    left_on = Day(allow_none=True)
    notes = Text(20_000, allow_none=True)


class GoalSchema(Schema):
    """What the customer wants to reach."""

    account_id = Reference(required=True)
    person_id = Reference(allow_none=True)
    title = Text(300, required=True)
    target = Text(300, allow_none=True)
    due_on = Day(allow_none=True)
    status = choice("open", "reached", "dropped")


class PromiseSchema(Schema):
    """What a colleague promised, to whom, and by when."""

    account_id = Reference(required=True)
    person_id = Reference(allow_none=True)
    user_id = Reference(allow_none=True)
    visit_id = Reference(allow_none=True)
    text = Text(500, required=True, metadata={"example": "Send the vibration report"})
    made_on = Day(required=True)
    due_on = Day(required=True)
    status = choice("open", "kept", "broken")
    kept_on = Day(allow_none=True)


class OpportunitySchema(Schema):
    """A past or running deal as another system knows it."""

    account_id = Reference(allow_none=True)
    product_id = Reference(allow_none=True)
    name = Text(200, required=True)
    stage = choice("prospecting", "engaging", "won", "lost", required=True)
    value = MoneyField(allow_none=True)
    opened_on = Day(allow_none=True)
    closed_on = Day(allow_none=True)
    owner_name = Text(200, allow_none=True)
