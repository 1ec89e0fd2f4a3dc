"""Wire shapes of usage: series, their daily values and their events."""

from marshmallow import Schema, fields

from app.foundation.fields import Day, Moment, Number, Reference, Text, Whole, choice

AGGREGATIONS = ("sum", "max", "last")


class UsageSeriesSchema(Schema):
    """One metric of one account, with what it is entitled to."""

    account_id = Reference(required=True)
    subscription_id = Reference(allow_none=True)
    product_id = Reference(allow_none=True)
    metric = Text(60, required=True, metadata={"description": "The key of the metric.", "example": "running_hours"})
    name = Text(200, required=True, metadata={"example": "Running hours"})
    unit = Text(30, required=True, metadata={"example": "h"})
    aggregation = choice(*AGGREGATIONS, metadata={"description": "How the events of a day become its value."})
    entitlement = Number(0, allow_none=True)
    entitlement_kind = choice("cap", "seats", "plan", allow_none=True)
    entitlement_period = choice("day", "month", allow_none=True)
    expected_every_hours = Whole(
        1, 8784, allow_none=True, metadata={"description": "How often something should be received."}
    )
    source = Text(100, allow_none=True, metadata={"description": "The system that measures.", "example": "Telemetry"})


class UsageDayRowSchema(Schema):
    """A day's value as a batch brings it."""

    series = Reference(required=True)
    day = Day(required=True, metadata={"description": "The calendar day where the account is."})
    value = Number(required=True, metadata={"example": 118.5})
    observed_at = Moment(allow_none=True, metadata={"description": "When it was read; now, when left out."})


class UsageEventRowSchema(Schema):
    """An event as a batch brings it."""

    series = Reference(required=True)
    external_id = Text(200, required=True, metadata={"description": "What its source calls it.", "example": "e-77120"})
    at = Moment(required=True)
    value = Number(required=True, metadata={"example": 2.5})


class DailyQuerySchema(Schema):
    """Which days."""

    first = Day(data_key="from", metadata={"description": "The first day."})
    last = Day(data_key="to", metadata={"description": "The last day."})


class UsageDaySchema(Schema):
    """A day's value."""

    day = Day(required=True)
    value = Number(required=True)
    observed_at = Moment(required=True)


class DailySchema(Schema):
    """Values by day; a day that is not there was not received."""

    data = fields.List(fields.Nested(UsageDaySchema), required=True)
