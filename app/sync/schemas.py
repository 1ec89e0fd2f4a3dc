"""Wire shapes of pull and push."""

from marshmallow import Schema, fields

from app.foundation.fields import MAX_INT, Moment, Text, Truth, Uuid, Whole, choice
from app.resources.resource import QueryInt
from app.sync.mutation import MUTATION_SCHEMA, OLDEST_VERSION
from app.sync.permission import ROW_TYPES

# Shapes of rows that are sent. An app of schema 2 knows fewer types of rows, and leaves the others alone.
OLDEST_ROW_SCHEMA, ROW_SCHEMA = 2, 3


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
    seq = fields.Integer(
        metadata={
            "description": "Number of the last mutation of this client group that was done in the moment of these rows; "
            "absent when none was."
        }
    )
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


class PushedMutationSchema(Schema):
    """A named write. One of another shape is answered as rejected, and harms no other."""

    id = Uuid(required=True, metadata={"description": "A UUIDv7 that the phone made: by it the mutation is known."})
    seq = Whole(1, required=True, metadata={"description": "Its number in the queue of this client group."})
    name = Text(40, required=True, metadata={"example": "note.add"})
    version = Whole(
        OLDEST_VERSION, MUTATION_SCHEMA, required=True, metadata={"description": "In which words `args` are written."}
    )
    made_at = Moment(required=True, metadata={"description": "By the clock of the device."})
    skew_ms = fields.Integer(
        metadata={"description": "How far the phone took the server's clock to be ahead of its own, milliseconds."}
    )
    args = fields.Dict(required=True, metadata={"description": "docs/sync.md says which a mutation takes."})
    depends_on = fields.List(Uuid(), metadata={"description": "Mutations that this was made on top of."})


class PushRequestSchema(Schema):
    """What a phone has to send, in the order of its queue."""

    client_group = Uuid(
        required=True, metadata={"description": "A UUID that this installation of the app made for itself."}
    )
    schema = Whole(-MAX_INT, required=True, metadata={"description": "Which mutations the app writes."})
    sent_at = Moment(required=True, metadata={"description": "By the clock of the device."})
    mutations = fields.List(
        fields.Raw(allow_none=True), required=True, metadata={"description": "At most 500; the rest is left for later."}
    )


class PushProblemSchema(Schema):
    """Why a mutation was rejected."""

    type = fields.String(required=True, metadata={"example": "/docs/problems/territory-lost"})
    title = fields.String(required=True)
    detail = fields.String()
    errors = fields.List(fields.Dict(), metadata={"description": "`pointer` and `detail` of each fault."})
    difference = fields.Dict(
        metadata={"description": "Of a quote: the price that was `shown`, and what is `priced` now."}
    )


class PushConflictSchema(Schema):
    """A field that was changed on both sides, and was left as it is."""

    entity = fields.String(required=True)
    row_id = Uuid(required=True)
    field = fields.String(required=True)
    base = fields.Raw(required=True, metadata={"description": "What the phone had seen."})
    mine = fields.Raw(required=True, metadata={"description": "What the phone sent."})
    theirs = fields.Raw(required=True, metadata={"description": "What is there."})
    by = fields.Dict(metadata={"description": "`id` and `name` of who wrote it, where that is known."})
    at = Moment()


class PushedSchema(Schema):
    """What became of one mutation."""

    id = Uuid(required=True, allow_none=True)
    seq = fields.Integer(required=True, allow_none=True, metadata={"minimum": 1, "maximum": MAX_INT})
    result = fields.String(required=True, metadata={"enum": ["applied", "duplicate", "rejected", "conflict"]})
    first = fields.String(
        metadata={
            "enum": ["applied", "rejected", "conflict"],
            "description": "Of a duplicate: what was answered the first time; the other members are those of then.",
        }
    )
    problem = fields.Nested(PushProblemSchema)
    retry = fields.Boolean(metadata={"description": "Not looked at: it stays in the queue."})
    draft = Uuid(metadata={"description": "Kept for a manager under this id."})
    conflicts = fields.List(fields.Nested(PushConflictSchema))


class PushAnswerSchema(Schema):
    """One answer for each mutation, in order."""

    as_of = Moment(required=True)
    seq = fields.Integer(
        required=True, metadata={"description": "Number of the last mutation of this client group that was done."}
    )
    answers = fields.List(fields.Nested(PushedSchema), required=True)


class DeviceSchema(Schema):
    """A phone, or another browser, on which the caller uses the app."""

    id = Uuid(required=True, metadata={"description": "Its client group."})
    name = fields.String(required=True, allow_none=True)
    user_agent = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    signed_in = fields.Boolean(required=True)
    current = fields.Boolean(required=True, metadata={"description": "Whether it is the one that asks."})


class DeviceListSchema(Schema):
    """The caller's devices."""

    data = fields.List(fields.Nested(DeviceSchema), required=True)


class DeviceNameSchema(Schema):
    """How the caller calls a device."""

    name = Text(100, required=True, allow_none=True, metadata={"example": "Work phone"})


class DraftSchema(Schema):
    """Something that was entered for an account which its author lost before it arrived."""

    id = Uuid(required=True)
    account_id = Uuid(required=True)
    account = fields.String(required=True, metadata={"description": "Name of the account."})
    user_id = Uuid(required=True, metadata={"description": "The author."})
    author = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "The mutation.", "example": "note.add"})
    args = fields.Dict(required=True, metadata={"description": "Its arguments, in the words of the newest version."})
    made_at = Moment(required=True, metadata={"description": "By the clock of the author's device."})
    reason = choice("territory-lost", "parent-rejected", required=True)
    status = choice("open", "accepted", "dismissed", required=True)
    decided_by = Uuid(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class DraftQuerySchema(Schema):
    """Which drafts to list."""

    status = choice("open", "accepted", "dismissed", load_default="open")
    limit = QueryInt(1, 200, load_default=50, metadata={"description": "Drafts on a page."})
    cursor = Uuid(metadata={"description": "`next_cursor` of the page before."})


class DraftPageSchema(Schema):
    """A page of drafts, the oldest first."""

    data = fields.List(fields.Nested(DraftSchema), required=True)
    next_cursor = Uuid(required=True, allow_none=True)


class DecidedSchema(Schema):
    """A draft that was decided about."""

    draft = fields.Nested(DraftSchema, required=True)
    conflicts = fields.List(
        fields.Nested(PushConflictSchema),
        required=True,
        metadata={"description": "Fields that others changed meanwhile, and that were left as they are."},
    )
