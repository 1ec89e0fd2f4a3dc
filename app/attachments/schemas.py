"""Wire shapes of attachments."""

import re

from marshmallow import Schema, fields, validate

from app.attachments.content import MAX_BYTES, MEDIA_TYPES
from app.foundation.fields import Moment, Reference, Text, Truth, Whole
from app.resources.resource import QueryInt

SHA256 = re.compile("[0-9a-f]{64}")


class AttachmentSchema(Schema):
    """A photo or a document. Describe it first, then send its content in pieces."""

    account_id = Reference(required=True)
    visit_id = Reference(allow_none=True)
    user_id = Reference(allow_none=True, metadata={"description": "Who added it; you, when left out."})
    author = Text(200, dump_only=True, metadata={"description": "Their name at that time."})
    name = Text(200, required=True, metadata={"example": "Line 2, gearbox.jpg"})
    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    size = Whole(1, MAX_BYTES, required=True, metadata={"description": "Bytes."})
    sha256 = fields.String(
        required=True,
        validate=validate.Regexp(SHA256, error="Not a SHA-256 in lower-case hexadecimal."),
        metadata={"description": "Of the whole content.", "pattern": f"^{SHA256.pattern}$", "example": "0" * 64},
    )
    taken_at = Moment(allow_none=True)
    received = Whole(0, MAX_BYTES, dump_only=True, metadata={"description": "Bytes that are here."})
    complete = Truth(dump_only=True, metadata={"description": "All of it is here, and is what was announced."})


class PieceSchema(Schema):
    """Where a piece begins."""

    offset = QueryInt(0, MAX_BYTES, required=True, metadata={"description": "The bytes before this piece."})


class ProgressSchema(Schema):
    """How far the content of an attachment is here."""

    received = Whole(0, MAX_BYTES, required=True, metadata={"description": "Bytes; go on from here."})
    complete = Truth(required=True)
