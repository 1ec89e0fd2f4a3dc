"""Wire shapes of usage: series, their daily values and their events."""

from marshmallow import Schema

from app.foundation.fields import Number, Reference, Text, Whole, choice

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
