"""Wire shapes of tickets and their history."""

from marshmallow import Schema, fields

from app.foundation.fields import Moment, Reference, Text, Truth, Whole, choice

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
EVENT_KINDS = ("status", "priority", "assignment", "comment", "update")


class TicketSchema(Schema):
    """A service ticket as the desk knows it."""

    account_id = Reference(required=True)
    number = Text(60, required=True, metadata={"example": "4568"})
    subject = Text(300, required=True, metadata={"example": "Seal drips on pump 4"})
    description = Text(20_000, allow_none=True)
    status = choice(*STATUSES)
    priority = choice(*PRIORITIES)
    category = Text(100, allow_none=True)
    product_id = Reference(allow_none=True)
    requester_id = Reference(allow_none=True)
    assignee = Text(200, allow_none=True)
    opened_at = Moment(required=True)
    due_at = Moment(allow_none=True, metadata={"description": "When it is promised to be solved."})
    solved_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    reopened_count = Whole()
    url = Text(500, allow_none=True, metadata={"description": "Where the desk shows it."})


class TicketEventSchema(Schema):
    """One step in a ticket's history."""

    external_id = Text(
        200, required=True, metadata={"description": "What the desk calls this step.", "example": "4568/3"}
    )
    at = Moment(required=True)
    kind = choice(*EVENT_KINDS, required=True)
    value = Text(
        20_000,
        allow_none=True,
        metadata={
            "description": "The new status, priority or assignee, or the text of the comment.",
            "example": "solved",
        },
    )
    actor = Text(200, allow_none=True)
    public = Truth(metadata={"description": "Whether the customer could see it."})


class TicketEventRowSchema(TicketEventSchema):
    """One step as a batch brings it."""

    ticket = Reference(required=True)


class HistorySchema(Schema):
    """The history of a ticket."""

    data = fields.List(fields.Nested(TicketEventSchema), required=True)
