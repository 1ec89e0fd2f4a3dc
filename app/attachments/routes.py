"""Doors: attachments and their content."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint
from werkzeug.exceptions import RequestEntityTooLarge

from app.attachments import service
from app.attachments.content import EXTENSIONS, MAX_CHUNK, MEDIA_TYPES
from app.attachments.resources import ATTACHMENTS
from app.attachments.schemas import PieceSchema, ProgressSchema
from app.foundation.problems import Problem
from app.identity.access import current_session, requires
from app.resources import wire
from app.resources.conditional import has_version
from app.resources.routes import doors, json_answer
from app.resources.schemas import ProblemSchema

P = ParamSpec("P")
R = TypeVar("R")

OCTETS = "application/octet-stream"
BINARY = {"schema": {"type": "string", "format": "binary"}}
# Whatever a file holds, a browser that opens it runs nothing of it, and not as a page of ours.
SANDBOX = "default-src 'none'; sandbox"

blueprint = Blueprint("attachments", __name__, description="Photos and documents at an account or a visit.")
doors(blueprint, ATTACHMENTS)


def reads_a_piece(view: Callable[P, R]) -> Callable[P, R]:
    """Read the body before the view's transaction begins: a slow sender keeps nobody else from writing."""

    @wraps(view)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        if request.mimetype != OCTETS:
            raise Problem(415, "unsupported-media-type", "Unsupported media type", f"Send {OCTETS}.")
        request.max_content_length = MAX_CHUNK + 1
        if len(request.get_data()) > MAX_CHUNK:
            raise RequestEntityTooLarge(f"A piece may have {MAX_CHUNK} bytes.")
        return view(*args, **kwargs)

    return reading


@blueprint.route("/attachments/<uuid:row_id>/content", tags=["attachments"])
class ContentView(MethodView):
    @blueprint.response(
        200,
        description="The content, to be saved; its `ETag` is its SHA-256.",
        headers={"ETag": {"$ref": "#/components/headers/ETag"}},
    )
    @blueprint.doc(responses={"200": {"content": dict.fromkeys(MEDIA_TYPES, BINARY)}})
    @blueprint.alt_response(304, description="You have it.")
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such attachment that you can see.")
    @blueprint.alt_response(409, schema=ProblemSchema, description="Not all of it is here yet.")
    @requires(ATTACHMENTS.read_scope)
    def get(self, row_id: Any) -> Response:
        """Read the content of an attachment."""
        return _file(service.content(current_session(), str(row_id)))

    @blueprint.arguments(PieceSchema(), location="query")
    @blueprint.doc(requestBody={"required": True, "content": {OCTETS: BINARY}})
    @blueprint.response(200, ProgressSchema, description="How far it is here.")
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such attachment that you can see.")
    @blueprint.alt_response(
        409, schema=ProblemSchema, description="Not this piece, or all must come again: go on from `received`."
    )
    @reads_a_piece
    @requires(ATTACHMENTS.write_scope)
    def put(self, query: dict[str, Any], row_id: Any) -> Response:
        """Send a piece of an attachment's content.

        Pieces come in order, each where the one before ended, of at most 256 KiB. A piece that is here already changes
        nothing, so any may be sent again. After the last one the whole is checked against the SHA-256.
        """
        progress = service.receive(current_session(), str(row_id), query["offset"], request.get_data())
        if progress.problem is not None:
            return progress.problem.response()  # returned, not raised: what was received is dropped for good
        return json_answer(wire.dumps({"received": progress.received, "complete": progress.complete}))


def _file(content: service.Content) -> Response:
    etag = f'"{content.sha256}"'
    if has_version(request.headers.get("If-None-Match"), etag):
        return Response(status=304, headers={"ETag": etag})
    plain = f"attachment.{EXTENSIONS[content.media_type]}"
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(content.name, safe='')}"
    headers = {"ETag": etag, "Content-Disposition": named, "Content-Security-Policy": SANDBOX}
    return Response(content.data, headers=headers, content_type=content.media_type)
