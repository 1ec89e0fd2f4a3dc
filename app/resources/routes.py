"""The doors of a resource: list, create, batch, read, change, delete."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema

from app.identity.access import current_session, requires
from app.resources import batch, service, wire
from app.resources.bodies import MAX_BATCH, NDJSON, batch_documents
from app.resources.conditional import json_answer, required_versions, stored_answer, wanted_versions
from app.resources.idempotency import idempotent
from app.resources.resource import Resource
from app.resources.schemas import (
    BatchAnswerSchema,
    IdempotencyKeySchema,
    IfMatchSchema,
    OptionalIfMatchSchema,
    ProblemSchema,
)

Document = dict[str, Any]

ETAG: Document = {"ETag": {"$ref": "#/components/headers/ETag"}}
PLACE: Document = {**ETAG, "Location": {"$ref": "#/components/headers/Location"}}
IF_NONE_MATCH: Document = {
    "in": "header",
    "name": "If-None-Match",
    "description": "An `ETag` that you have; 304 when it is still good.",
    "schema": {"type": "string", "example": '"3"'},
}
BATCH_TEXT = (
    "Rows are named by `external_ids` or `id`; one that is not known yet is created. Of a known row the given fields "
    "change, and `external_ids` are added to those it has. Each row has its own answer: good rows go in, bad ones do not."
)


def batch_body(row: Schema, example: Document | None = None) -> Document:
    """How OpenAPI describes a batch of rows of this shape, as JSON and as NDJSON."""
    # A row of another shape does not spoil the batch: it is answered as rejected. Hence any value is taken.
    shape = {"description": "A row; one of another shape is answered as rejected.", "anyOf": [row, {}]}
    rows = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": shape}
    envelope = {"type": "object", "required": ["rows"], "additionalProperties": False, "properties": {"rows": rows}}
    lines = {
        "description": "One JSON object a line; a line that is something else is answered as rejected.",
        "example": '{"external_ids": {"crm": "0015"}}\n',
    }
    return {
        "required": True,
        "content": {
            "application/json": {"schema": envelope, **({"example": {"rows": [example]}} if example else {})},
            NDJSON: {"schema": lines},
        },
    }


def batch_answer(results: Sequence[batch.RowResult]) -> Response:
    """What became of each row."""
    return json_answer(wire.dumps({"results": [result.as_wire() for result in results]}))


def doors(blueprint: Blueprint, resource: Resource) -> None:
    """Add the views of a resource to a blueprint, at `/<name>`; an append-only one has none for changes and batches."""
    noun = resource.noun
    path = f"/{resource.segment}"

    class Collection(MethodView):
        @blueprint.arguments(resource.query_schema(), location="query")
        @blueprint.response(
            200, resource.page_schema, description="A page, in order of id, or of change with `updated_since`."
        )
        @requires(resource.read_scope)
        def get(self, query: dict[str, Any]) -> Response:
            return json_answer(service.list_page(current_session(), resource, query))

        @blueprint.arguments(resource.input_schema())
        @blueprint.arguments(IdempotencyKeySchema(), location="headers")
        @blueprint.response(201, resource.output_schema, description="Created.", headers=PLACE)
        @blueprint.alt_response(409, schema=ProblemSchema, description="An external id or a unique value is taken.")
        @requires(resource.write_scope)
        @idempotent
        def post(self, body: dict[str, Any], _headers: dict[str, Any]) -> Response:
            row = service.create(current_session(), resource, body)
            answer = stored_answer(row, 201)
            answer.headers["Location"] = f"/api/v1{path}/{row.id}"
            return answer

    class Batch(MethodView):
        @blueprint.arguments(IdempotencyKeySchema(), location="headers")
        @blueprint.doc(requestBody=batch_body(resource.batch_schema(partial=True)))
        @blueprint.response(200, BatchAnswerSchema, description="An answer for each row; good rows went in.")
        @blueprint.alt_response(409, schema=ProblemSchema, description="The rows together break a rule; none went in.")
        @requires(resource.write_scope)
        @idempotent
        def post(self, _headers: dict[str, Any]) -> Response:
            return batch_answer(batch.upsert_many(current_session(), resource, batch_documents()))

    class Item(MethodView):
        @blueprint.doc(parameters=[IF_NONE_MATCH])
        @blueprint.response(200, resource.output_schema, description="The row.", headers=ETAG)
        @blueprint.alt_response(304, description="You have this version.", headers=ETAG)
        @blueprint.alt_response(404, schema=ProblemSchema, description="No such row that you can see.")
        @requires(resource.read_scope)
        def get(self, row_id: Any) -> Response:
            return stored_answer(service.read(current_session(), resource, str(row_id)))

        @blueprint.arguments(resource.input_schema(partial=True))
        @blueprint.arguments(IfMatchSchema(), location="headers")
        @blueprint.response(200, resource.output_schema, description="As it is now.", headers=ETAG)
        @blueprint.alt_response(404, schema=ProblemSchema, description="No such row that you can see.")
        @blueprint.alt_response(409, schema=ProblemSchema, description="An external id or a unique value is taken.")
        @blueprint.alt_response(412, schema=ProblemSchema, description="Changed since you read it.")
        @blueprint.alt_response(428, schema=ProblemSchema, description="No `If-Match`.")
        @requires(resource.write_scope)
        def patch(self, body: dict[str, Any], headers: dict[str, Any], row_id: Any) -> Response:
            expected = required_versions(headers.get("if_match"))
            return stored_answer(service.change(current_session(), resource, str(row_id), expected, body))

        @blueprint.arguments(OptionalIfMatchSchema(), location="headers")
        @blueprint.response(204, description="Gone.")
        @blueprint.alt_response(404, schema=ProblemSchema, description="No such row that you can see.")
        @blueprint.alt_response(409, schema=ProblemSchema, description="Other rows still refer to it.")
        @blueprint.alt_response(412, schema=ProblemSchema, description="Changed since you read it.")
        @requires(resource.write_scope)
        def delete(self, headers: dict[str, Any], row_id: Any) -> None:
            service.delete(current_session(), resource, str(row_id), wanted_versions(headers.get("if_match")))

    article = "an" if noun[0] in "aeio" else "a"
    Collection.get.__doc__ = f"List {resource.nouns}."
    Collection.post.__doc__ = f"Create {article} {noun}."
    Batch.post.__doc__ = f"Create or change many {resource.nouns}.\n\n{BATCH_TEXT}"
    Item.get.__doc__ = f"Read {article} {noun}."
    Item.patch.__doc__ = (
        f"Change {article} {noun}.\n\nOnly the given fields change; `external_ids` are replaced as a whole."
    )
    Item.delete.__doc__ = f"Delete {article} {noun}, and what hangs on it."
    # Registered last: what a view says of itself is read when it is registered.
    tags = [resource.nouns]
    blueprint.route(path, tags=tags)(Collection)
    if resource.append_only:
        del Item.patch
        Item.methods = {"GET", "DELETE"}
    else:
        blueprint.route(f"{path}/batch", tags=tags)(Batch)
    blueprint.route(f"{path}/<uuid:row_id>", tags=tags)(Item)


__all__ = ["ProblemSchema", "batch_answer", "batch_body", "doors", "idempotent", "json_answer", "stored_answer"]
