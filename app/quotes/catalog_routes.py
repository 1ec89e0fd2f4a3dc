"""Doors to catalogues, under `/api/v1`."""

import gzip
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from app.foundation.problems import Problem
from app.identity.access import current_session, requires
from app.quotes import catalog_schemas as schemas
from app.quotes import catalogs
from app.resources import wire
from app.resources.conditional import has_version
from app.resources.routes import IF_NONE_MATCH, PLACE, ProblemSchema, json_answer

READ, WRITE = "catalogs:read", "catalogs:write"
NO_CATALOGUE = "No such catalogue."
YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
DOCUMENT = {
    "type": "object",
    "description": "A catalogue document; docs/cpq.md explains the format, `doorstep catalog schema` prints its JSON Schema.",
    "required": ["format", "id", "version", "name", "products"],
}
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
blueprint = Blueprint(
    "catalogs", __name__, description="Catalogues: products, rules and prices, in versions that never change."
)


@blueprint.route("/catalogs", methods=["GET"])
@blueprint.arguments(schemas.CatalogueQuerySchema, location="query")
@blueprint.response(200, schemas.CataloguePageSchema, description="A page, the newest first.")
@requires(READ)
def list_catalogues(query: dict[str, Any]) -> Response:
    """List catalogues."""
    return json_answer(catalogs.page(current_session(), query))


@blueprint.route("/catalogs", methods=["POST"])
@blueprint.doc(
    requestBody={"required": True, "content": {kind: {"schema": DOCUMENT} for kind in ("application/json", YAML[0])}}
)
@blueprint.response(
    201, schemas.CatalogueSchema, description="Stored; `compilation` says how far it is.", headers=PLACE
)
@blueprint.alt_response(
    200, schema=schemas.CatalogueSchema, description="It was stored before, word for word.", headers=PLACE
)
@blueprint.alt_response(409, schema=ProblemSchema, description="Another document has this id and version.")
@requires(WRITE)
def store_catalogue() -> Response:
    """Store a catalogue document, as YAML or JSON.

    A version never changes once it is stored. It is sold from once it is compiled and activated. What is wrong in the
    document is told with a JSON pointer and, in YAML, the line.
    """
    if request.mimetype not in ("application/json", *YAML):
        raise Problem(415, "unsupported-media-type", "Unsupported media type", f"Send application/json or {YAML[0]}.")
    session = current_session()
    stored = catalogs.store(session, request.get_data())
    row = catalogs.read(session, stored.id)
    headers = {"ETag": f'"{row["row_version"]}"', "Location": f"/api/v1/catalogs/{stored.id}"}
    return json_answer(wire.dumps(row), 201 if stored.created else 200, headers)


@blueprint.route("/catalogs/<uuid:catalogue_id>")
@blueprint.response(200, schemas.CatalogueSchema, description="The catalogue, without its document.")
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_CATALOGUE)
@requires(READ)
def read_catalogue(catalogue_id: Any) -> Response:
    """Read a catalogue: how far it is, and its compiled models."""
    return json_answer(wire.dumps(catalogs.read(current_session(), str(catalogue_id))))


@blueprint.route("/catalogs/<uuid:catalogue_id>/content")
@blueprint.doc(parameters=[IF_NONE_MATCH])
@blueprint.response(200, schemas.CatalogueContentSchema, description="Document and models; gzip when accepted.")
@blueprint.alt_response(304, description="You have it; it never changes.")
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_CATALOGUE)
@blueprint.alt_response(409, schema=ProblemSchema, description="Not compiled yet.")
@requires(READ)
def read_content(catalogue_id: Any) -> Response:
    """Read the whole of a catalogue: what a phone keeps to configure and price without a network."""
    content_hash, packed = catalogs.content(current_session(), str(catalogue_id))
    headers = {**IMMUTABLE, "ETag": f'"{content_hash}"', "Vary": "Accept-Encoding"}
    if has_version(request.headers.get("If-None-Match"), f'"{content_hash}"'):
        return Response(status=304, headers=headers)
    if request.accept_encodings["gzip"] > 0:
        return json_answer(packed, headers={**headers, "Content-Encoding": "gzip"})
    return json_answer(gzip.decompress(packed), headers=headers)


@blueprint.route("/catalogs/<uuid:catalogue_id>/models/<string(maxlength=100):sku>")
@blueprint.doc(parameters=[IF_NONE_MATCH])
@blueprint.response(
    200, description="The artefact; docs/cpq.md goes through it byte by byte.", content_type="application/octet-stream"
)
@blueprint.alt_response(304, description="You have it; it never changes.")
@blueprint.alt_response(
    404, schema=ProblemSchema, description="No such catalogue, or no such configurable product in it."
)
@requires(READ)
def read_model(catalogue_id: Any, sku: str) -> Response:
    """Read the compiled configuration model of a product."""
    model_hash, data = catalogs.artefact(current_session(), str(catalogue_id), sku)
    headers = {**IMMUTABLE, "ETag": f'"{model_hash}"'}
    if has_version(request.headers.get("If-None-Match"), f'"{model_hash}"'):
        return Response(status=304, headers=headers)
    return Response(data, 200, headers, content_type="application/octet-stream")


@blueprint.route("/catalogs/<uuid:catalogue_id>/activate", methods=["POST"])
@blueprint.response(200, schemas.CatalogueSchema, description="It is sold from.")
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_CATALOGUE)
@blueprint.alt_response(409, schema=ProblemSchema, description="Not compiled yet.")
@requires(WRITE)
def activate_catalogue(catalogue_id: Any) -> Response:
    """Sell from a catalogue from now on; phones fetch it at their next pull."""
    catalogs.activate(current_session(), str(catalogue_id))
    return json_answer(wire.dumps(catalogs.read(current_session(), str(catalogue_id))))


@blueprint.route("/catalogs/<uuid:catalogue_id>/retire", methods=["POST"])
@blueprint.response(200, schemas.CatalogueSchema, description="It is not sold from any more.")
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_CATALOGUE)
@requires(WRITE)
def retire_catalogue(catalogue_id: Any) -> Response:
    """Sell from a catalogue no more; quotes that were made from it stay as they are."""
    catalogs.retire(current_session(), str(catalogue_id))
    return json_answer(wire.dumps(catalogs.read(current_session(), str(catalogue_id))))
