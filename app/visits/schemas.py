"""Wire shape of visits."""

from marshmallow import Schema, fields, validate

from app.foundation.fields import Moment, Reference, Text, Zone, choice


class VisitSchema(Schema):
    """A visit: when, where, whom to meet, and afterwards what was said."""

    account_id = Reference(required=True)
    user_id = Reference(metadata={"description": "The rep; you, when left out."})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    time_zone = Zone(required=True)
    place = Text(300, allow_none=True)
    purpose = Text(300, allow_none=True)
    status = choice("planned", "done", "cancelled")
    attendee_ids = fields.List(Reference(), validate=validate.Length(max=100))
    outcome = Text(300, allow_none=True)
    notes = Text(20_000, allow_none=True)
    next_step = Text(300, allow_none=True)
    done_at = Moment(allow_none=True)
