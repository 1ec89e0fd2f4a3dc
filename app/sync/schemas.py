"""Wire shapes of the pull."""

from marshmallow import Schema, fields

from app.foundation.fields import Moment, Text, Truth, Uuid, Whole
from app.sync.permission import ROW_TYPES

ROW_SCHEMA = 1


class PullRequestSchema(Schema):
    """What a phone says about itself when it asks."""

    client_group = Uuid(
        required=True, metadata={"description": "A UUID that this installation of the app made for itself."}
    )
    cookie = Text(
        40,
        required=True,
        allow_none=True,
        metadata={"description": "`cookie` of the last answer that was stored; null to be sent everything."},
    )
    packed = Truth(
        load_default=False,
        metadata={"description": "Answer rows as `packed`, which is several times smaller after gzip."},
    )
    schema = Whole(
        1, required=True, metadata={"description": "Which shapes of rows the app reads.", "example": ROW_SCHEMA}
    )


class PackedRowsSchema(Schema):
    """Rows in columns; docs/sync.md says how they are read."""

    types = fields.List(fields.String(), required=True)
    shapes = fields.List(fields.List(fields.String()), required=True)
    ids = fields.List(fields.Raw(), required=True)
    texts = fields.List(fields.String(), required=True)
    columns = fields.Dict(fields.String(), fields.Raw(), required=True)


class PullAnswerSchema(Schema):
    """What to change on the phone, in one transaction: `dels`, then `puts`, then the cookie."""

    cookie = fields.String(required=True, metadata={"description": "To send with the next pull; opaque."})
    as_of = Moment(required=True, metadata={"description": "The moment that the phone then shows."})
    reset = fields.Boolean(metadata={"description": "Present and true: clear all rows first."})
    puts = fields.Dict(
        fields.String(metadata={"enum": list(ROW_TYPES)}),
        fields.List(fields.Dict()),
        metadata={"description": "Rows to store, by type; each has `id`. Empty members are left out."},
    )
    packed = fields.Nested(
        PackedRowsSchema, metadata={"description": "The rows of `puts` in columns, when the request asked for it."}
    )
    dels = fields.Dict(
        fields.String(metadata={"enum": list(ROW_TYPES)}),
        fields.List(Uuid()),
        metadata={"description": "Ids of rows to delete, by type."},
    )
