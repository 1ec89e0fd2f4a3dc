"""The body of a push: read as a whole, its mutations one by one."""

from datetime import timedelta
from typing import Any

from flask import request
from marshmallow import ValidationError

from app.foundation.fields import YEAR_PATTERN
from app.foundation.problems import FieldError, Problem, field_errors, invalid
from app.resources.bodies import parse_json
from app.sync.catalogue import all_mutations
from app.sync.envelope import Unreadable, read_entry
from app.sync.mutation import MUTATION_SCHEMA, OLDEST_VERSION
from app.sync.push import MAX_MUTATIONS, Push
from app.sync.schemas import PushedMutationSchema, PushRequestSchema

_ENVELOPE = PushRequestSchema()


def read_push(record_days: int) -> Push:
    """The push of the running request; Problem 400, 409, 415 or 422 when it is none.

    Mutations beyond those that a push takes are looked at only as far as answering them needs.
    """
    if request.mimetype != "application/json":
        raise Problem(415, "unsupported-media-type", "Unsupported media type", "Send application/json.")
    document = parse_json(request.get_data())
    if not isinstance(document, dict):
        raise invalid([FieldError("", "Not a JSON object.")])
    try:
        loaded: dict[str, Any] = _ENVELOPE.load(document)
    except ValidationError as fault:
        raise invalid(field_errors(fault.messages)) from None
    if not OLDEST_VERSION <= loaded["schema"] <= MUTATION_SCHEMA:
        raise _unknown_schema(loaded["schema"])
    entries = [read_entry(entry) for entry in loaded["mutations"][:MAX_MUTATIONS]]
    entries += [_named(entry) for entry in loaded["mutations"][MAX_MUTATIONS:]]
    agent = request.headers.get("User-Agent", "")[:200] or None
    return Push(loaded["client_group"], entries, timedelta(days=record_days), agent)


def _named(entry: Any) -> Unreadable:
    found = read_entry(
        {name: entry[name] for name in ("id", "seq") if name in entry} if isinstance(entry, dict) else None
    )
    return Unreadable(found.id, found.seq, ())


def _unknown_schema(asked: int) -> Problem:
    newer = "The app is newer than this server; update the server." if asked > MUTATION_SCHEMA else "Update the app."
    return Problem(
        409,
        "unknown-schema",
        "Unknown schema",
        f"This server takes mutations of schemas {OLDEST_VERSION} to {MUTATION_SCHEMA}. {newer}",
    )


def push_body() -> dict[str, Any]:
    """How OpenAPI describes the body."""
    # A mutation of another shape does not spoil the push: it is answered as rejected. Hence any value is taken.
    names = ", ".join(f"`{mutation.name}`" for mutation in all_mutations())
    shape = {
        "description": f"A mutation; one of another shape is answered as rejected. Names: {names}.",
        "anyOf": [PushedMutationSchema(), {}],
    }
    envelope = {
        "type": "object",
        "required": ["client_group", "schema", "sent_at", "mutations"],
        "additionalProperties": False,
        "properties": {
            "client_group": {"type": "string", "format": "uuid", "description": _said("client_group")},
            "schema": {"type": "integer", "description": _said("schema"), "example": MUTATION_SCHEMA},
            "sent_at": {
                "type": "string",
                "format": "date-time",
                "pattern": YEAR_PATTERN,
                "description": _said("sent_at"),
            },
            "mutations": {"type": "array", "items": shape, "description": _said("mutations")},
        },
    }
    return {"required": True, "content": {"application/json": {"schema": envelope}}}


def _said(member: str) -> str:
    return str(_ENVELOPE.fields[member].metadata["description"])
