"""Wire shapes of visits and notes."""

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


class NoteSchema(Schema):
    """What somebody wrote down about an account, or at a visit to it. It stays as it was written."""

    account_id = Reference(required=True)
    visit_id = Reference(allow_none=True)
    user_id = Reference(allow_none=True, metadata={"description": "Who wrote it; you, when left out."})
    author = Text(200, dump_only=True, metadata={"description": "The writer's name at that time."})
    text = Text(20_000, required=True, metadata={"example": "Line 2 stops for service in May."})
    written_at = Moment(metadata={"description": "Now, when left out."})
