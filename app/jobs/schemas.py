"""Wire shapes of background jobs."""

from marshmallow import Schema, fields

from app.foundation.fields import Moment, Text, Uuid, choice
from app.foundation.outbox import LANES
from app.jobs.service import STATES
from app.resources.resource import QueryInt


class JobQuerySchema(Schema):
    """Which jobs."""

    limit = QueryInt(1, 200, load_default=50, metadata={"description": "Jobs on a page."})
    cursor = Uuid(metadata={"description": "`next_cursor` of the page before."})
    state = choice(*STATES)
    kind = Text(60, metadata={"example": "news.poll"})


class JobSchema(Schema):
    """A piece of background work that is not done yet."""

    id = Uuid(required=True)
    kind = fields.String(required=True, metadata={"example": "news.poll"})
    lane = choice(*LANES, required=True, metadata={"description": "What waits in one lane waits for no other."})
    state = choice(
        *STATES,
        required=True,
        metadata={"description": "`parked`: tried often enough, and left for a person to decide."},
    )
    attempts = fields.Integer(required=True, metadata={"description": "Tries so far."})
    run_at = Moment(required=True, metadata={"description": "When it is due."})
    lease_until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "Whoever runs it holds it until then, and longer if need be."},
    )
    created_at = Moment(required=True)
    last_error = fields.String(required=True, allow_none=True, metadata={"description": "Why the last try failed."})
    payload = fields.Dict(required=True, metadata={"description": "What it is about; secrets are left out."})


class JobCountSchema(Schema):
    """Jobs of one state in one lane."""

    state = choice(*STATES, required=True)
    lane = choice(*LANES, required=True)
    jobs = fields.Integer(required=True)


class JobPageSchema(Schema):
    """Jobs, the newest first, and how many there are in all."""

    data = fields.List(fields.Nested(JobSchema), required=True)
    next_cursor = Uuid(required=True, allow_none=True)
    counts = fields.List(fields.Nested(JobCountSchema), required=True)
