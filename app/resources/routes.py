"""The doors of a resource: list, create, batch, read, change, delete."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.fields import Text, Uuid, Whole
from app.foundation.problems import FieldError, Problem, field_errors, invalid
from app.foundation.tables import IdempotencyRecord
from app.identity.access import current_principal, current_session, requires
from app.resources import batch, service, wire
from app.resources.resource import Resource

MAX_BATCH = 1000
NDJSON = "application/x-ndjson"
RECORDS = table_of(IdempotencyRecord)


class FaultSchema(Schema):
    """One fault in the input."""

    pointer = fields.String(required=True, metadata={"description": "JSON pointer to the place."})
    detail = fields.String(required=True)


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "Stable path that documents the problem."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    errors = fields.List(fields.Nested(FaultSchema))


class RowResultSchema(Schema):
    """What became of one row of a batch."""

    index = Whole(required=True)
    status = fields.String(required=True, metadata={"enum": ["created", "changed", "unchanged", "rejected"]})
    id = Uuid(required=True, allow_none=True)
    errors = fields.List(fields.Nested(FaultSchema))


class BatchAnswerSchema(Schema):
    """An answer for each row, in order."""

    results = fields.List(fields.Nested(RowResultSchema), required=True)


class IfMatchSchema(Schema):
    """The version that a change was based on."""

    if_match = fields.String(
        required=True,
        data_key="If-Match",
        metadata={"description": "The `ETag` of the row as you read it.", "pattern": '^"[0-9]{1,9}"$', "example": '"3"'},
    )


class OptionalIfMatchSchema(Schema):
    """The version that a deletion was based on, if it matters."""

    if_match = fields.String(data_key="If-Match", metadata={"pattern": '^"[0-9]{1,9}"$', "example": '"3"'})


class IdempotencyKeySchema(Schema):
    """A key under which sending the same request again is harmless."""

    idempotency_key = Text(
        200, data_key="Idempotency-Key", metadata={"description": "Any text of yours, unique to this request.", "pattern": "^[!-~]+$"}
    )


def json_answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Bytes that are JSON already."""
    return Response(body, status, headers, content_type="application/json")


def stored_answer(row: service.Stored, status: int = 200) -> Response:
    """A row with its ETag; 304 when the caller has that version."""
    etag = f'"{row.row_version}"'
    if status == 200 and request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers={"ETag": etag})
    return json_answer(row.body, status, {"ETag": etag})


def expected_version(header: str | None) -> int | None:
    """The row version in an `If-Match` header; Problem 428 or 412 when it is absent or no version of ours."""
    if header is None:
        return None
    text = header.strip()
    if text.startswith('"') and text.endswith('"') and text[1:-1].isascii() and text[1:-1].isdigit() and len(text) < 12:
        return int(text[1:-1])
    raise Problem(412, "stale", "Changed meanwhile", 'If-Match is no version of ours; send the ETag, such as "3".')


def idempotent(view: Callable[..., Response]) -> Callable[..., Response]:
    """Give the first answer again when the same `Idempotency-Key` comes with the same body; 422 with another body."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 0 < len(key) <= 200 or not key.isascii() or not key.isprintable():
            raise invalid([FieldError("/header/Idempotency-Key", "1 to 200 printable ASCII characters.")])
        session, who = current_session(), current_principal()
        digest = hashlib.sha256(b"\0".join([request.method.encode(), request.path.encode(), request.get_data()])).hexdigest()
        mine = (RECORDS.c.org_id == who.org_id, RECORDS.c.user_id == who.user_id, RECORDS.c.key == key)
        record = session.execute(sa.select(RECORDS).where(*mine)).mappings().first()
        if record is None:
            return _remember(view(*args, **kwargs), key, digest)
        if record["request_hash"] != digest:
            raise Problem(
                422, "idempotency-key-reused", "Idempotency-Key used before", "It came with another request; use a new key for a new request."
            )
        return Response(record["body"], record["status"], {**record["headers"], "Idempotent-Replayed": "true"})

    return wrapped


def _remember(answer: Response, key: str, digest: str) -> Response:
    who = current_principal()
    kept = {name: answer.headers[name] for name in ("Content-Type", "ETag", "Location") if name in answer.headers}
    current_session().execute(
        sa.insert(RECORDS),
        {
            "org_id": who.org_id,
            "user_id": who.user_id,
            "key": key,
            "request_hash": digest,
            "status": answer.status_code,
            "body": answer.get_data(),
            "headers": kept,
            "created_at": clock.now(),
        },
    )
    return answer


def batch_documents() -> list[Any]:
    """The rows of a batch request: `{"rows": […]}` or one JSON object a line (NDJSON)."""
    if request.mimetype == NDJSON:
        lines = request.get_data().split(b"\n")
        documents = [_line(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    elif request.mimetype == "application/json":
        documents = _rows(request.get_data())
    else:
        raise Problem(415, "unsupported-media-type", "Unsupported media type", f"Send application/json or {NDJSON}.")
    if not 0 < len(documents) <= MAX_BATCH:
        raise invalid([FieldError("/rows", f"1 to {MAX_BATCH} rows at once; this has {len(documents)}.")])
    return documents


def _rows(body: bytes) -> list[Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise Problem(400, "malformed-json", "Malformed JSON", f"{fault}.") from None
    if not isinstance(document, dict) or set(document) != {"rows"} or not isinstance(document["rows"], list):
        raise invalid([FieldError("", 'Send {"rows": […]}.')])
    return document["rows"]


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        # The row is answered as rejected; the others go in.
        return f"line {number}: {fault}"


def doors(blueprint: Blueprint, resource: Resource) -> None:
    """Add the views of a resource to a blueprint, at `/<name>`."""
    noun = resource.noun
    path = f"/{resource.segment}"

    @blueprint.route(path)
    class Collection(MethodView):
        @blueprint.arguments(resource.query_schema(), location="query")
        @blueprint.response(200, resource.page_schema, description="A page, in order of id, or of change with `updated_since`.")
        @requires(resource.read_scope)
        def get(self, query: dict[str, Any]) -> Response:
            return json_answer(service.list_page(current_session(), resource, query))

        @blueprint.arguments(resource.input_schema())
        @blueprint.arguments(IdempotencyKeySchema(), location="headers")
        @blueprint.response(201, resource.output_schema, description="Created; `Location` and `ETag` name it.")
        @blueprint.alt_response(409, schema=ProblemSchema, description="An external id or a unique value is taken.")
        @requires(resource.write_scope)
        @idempotent
        def post(self, body: dict[str, Any], _headers: dict[str, Any]) -> Response:
            row = service.create(current_session(), resource, body)
            answer = stored_answer(row, 201)
            answer.headers["Location"] = f"/api/v1{path}/{row.id}"
            return answer

    @blueprint.route(f"{path}/batch")
    class Batch(MethodView):
        @blueprint.arguments(IdempotencyKeySchema(), location="headers")
        @blueprint.doc(
            requestBody={
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["rows"],
                            "additionalProperties": False,
                            "properties": {
                                "rows": {"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": resource.batch_schema(partial=True)}
                            },
                        }
                    },
                    NDJSON: {"schema": {"type": "string", "description": "One JSON object a line."}},
                },
            }
        )
        @blueprint.response(200, BatchAnswerSchema, description="An answer for each row; good rows went in.")
        @requires(resource.write_scope)
        @idempotent
        def post(self, _headers: dict[str, Any]) -> Response:
            results = batch.upsert_many(current_session(), resource, batch_documents())
            return json_answer(wire.dumps({"results": [result.as_wire() for result in results]}))

    @blueprint.route(f"{path}/<uuid:row_id>")
    class Item(MethodView):
        @blueprint.response(200, resource.output_schema, description="The row; `ETag` is its version.")
        @blueprint.alt_response(304, description="You have this version (`If-None-Match`).")
        @blueprint.alt_response(404, schema=ProblemSchema, description="No such row that you can see.")
        @requires(resource.read_scope)
        def get(self, row_id: Any) -> Response:
            return stored_answer(service.read(current_session(), resource, str(row_id)))

        @blueprint.arguments(resource.input_schema(partial=True))
        @blueprint.arguments(IfMatchSchema(), location="headers")
        @blueprint.response(200, resource.output_schema, description="As it is now.")
        @blueprint.alt_response(404, schema=ProblemSchema, description="No such row that you can see.")
        @blueprint.alt_response(409, schema=ProblemSchema, description="An external id or a unique value is taken.")
        @blueprint.alt_response(412, schema=ProblemSchema, description="Changed since you read it.")
        @requires(resource.write_scope)
        def patch(self, body: dict[str, Any], headers: dict[str, Any], row_id: Any) -> Response:
            expected = expected_version(headers["if_match"])
            return stored_answer(service.change(current_session(), resource, str(row_id), expected or 0, body))

        @blueprint.arguments(OptionalIfMatchSchema(), location="headers")
        @blueprint.response(204, description="Gone.")
        @blueprint.alt_response(404, schema=ProblemSchema, description="No such row that you can see.")
        @blueprint.alt_response(409, schema=ProblemSchema, description="Other rows still refer to it.")
        @blueprint.alt_response(412, schema=ProblemSchema, description="Changed since you read it.")
        @requires(resource.write_scope)
        def delete(self, headers: dict[str, Any], row_id: Any) -> None:
            service.delete(current_session(), resource, str(row_id), expected_version(headers.get("if_match")))

    Collection.get.__doc__ = f"List {resource.nouns}."
    Collection.post.__doc__ = f"Create a {noun}."
    Batch.post.__doc__ = f"Create or change many {resource.nouns}.\n\nRows are named by `external_ids` or `id`."
    Item.get.__doc__ = f"Read a {noun}."
    Item.patch.__doc__ = f"Change a {noun}.\n\nOnly the given fields change."
    Item.delete.__doc__ = f"Delete a {noun}."


__all__ = ["ProblemSchema", "ValidationError", "doors", "field_errors", "idempotent", "json_answer", "stored_answer"]
