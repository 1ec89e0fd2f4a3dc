"""Wire shapes that all resources share: problems, batch answers, conditional and idempotent requests."""

from marshmallow import Schema, fields

from app.foundation.fields import Text, Uuid, Whole


class FaultSchema(Schema):
    """One fault in the input."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer (RFC 6901) to the place.", "example": "/due_on"}
    )
    detail = fields.String(required=True, metadata={"example": "No such date."})


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String(
        required=True,
        metadata={"description": "Stable path of a page that documents it.", "example": "/docs/problems/invalid"},
    )
    title = fields.String(required=True, metadata={"example": "Invalid input"})
    status = fields.Integer(required=True, metadata={"example": 422})
    detail = fields.String(metadata={"description": "What happened here, and what to do."})
    errors = fields.List(fields.Nested(FaultSchema))
    difference = fields.Dict(
        metadata={"description": "Of a quote: the price that was `shown`, and what is `priced` now."}
    )
    received = Whole(metadata={"description": "Of an attachment: the bytes that are here; go on from there."})


class RowResultSchema(Schema):
    """What became of one row of a batch."""

    index = Whole(required=True, metadata={"description": "Its place in the request, from 0."})
    status = fields.String(required=True, metadata={"enum": ["created", "changed", "unchanged", "rejected"]})
    id = Uuid(
        required=True, allow_none=True, metadata={"description": "Our id; null for a rejected row, or one without."}
    )
    errors = fields.List(fields.Nested(FaultSchema), metadata={"description": "Why it was rejected."})


class BatchAnswerSchema(Schema):
    """An answer for each row, in order."""

    results = fields.List(fields.Nested(RowResultSchema), required=True)


class IfMatchSchema(Schema):
    """The version that a change is based on."""

    # Documented as required, but not checked as an argument: its absence is a problem of its own (428).
    if_match = fields.String(
        data_key="If-Match",
        metadata={
            "description": "The `ETag` of the row as you read it.",
            "pattern": '^"[0-9]{1,9}"$',
            "example": '"3"',
            "x-required": True,
        },
    )


class OptionalIfMatchSchema(Schema):
    """The version that a deletion is based on, if it matters."""

    if_match = fields.String(
        data_key="If-Match",
        metadata={
            "description": "The `ETag` of the row as you read it; without it the row goes whatever its version.",
            "pattern": '^"[0-9]{1,9}"$',
            "example": '"3"',
        },
    )


class IdempotencyKeySchema(Schema):
    """A key under which sending the same request again is harmless."""

    idempotency_key = Text(
        200,
        data_key="Idempotency-Key",
        metadata={
            "description": "Any text of yours, unique to this request: sent again, it gets the first answer again.",
            "pattern": "^[!-~]+$",
            "example": "2026-03-02/nightly/7",
        },
    )
