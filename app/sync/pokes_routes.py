"""Door: the stream of pokes."""

from typing import cast

from flask import Flask, Response, current_app, request
from flask_smorest import Blueprint

from app.config import Settings
from app.foundation.db import Database
from app.identity.access import current_principal, requires
from app.resources.routes import ProblemSchema
from app.sync.pokes import Hub, unavailable

blueprint = Blueprint("live", __name__, description="Word that it is time to pull.")
HUB = "doorstep.live"
# Where a server that can hold streams finds one to hold; it says in CAN_HOLD that it can.
STREAM, CAN_HOLD = "doorstep.stream", "doorstep.can_hold_streams"


@blueprint.route("/sync/events")
@blueprint.response(
    200,
    {"type": "string", "example": "event: poke\ndata: {}\n\n"},
    content_type="text/event-stream",
    description="Server-sent events: `poke` with data `{}`, first when it opens and then when something changed that "
    "the caller may see; a comment every 15 seconds. It ends when the session does.",
)
@blueprint.alt_response(429, schema=ProblemSchema, description="The caller holds too many streams; see Retry-After.")
@blueprint.alt_response(503, schema=ProblemSchema, description="No more streams here; pull now and then instead.")
@requires("sync")
def events() -> Response:
    """Be told when to pull.

    A poke carries no data: what changed comes with the pull. Changes within half a second are one poke.
    """
    if CAN_HOLD not in request.environ:
        raise unavailable("This server cannot hold streams.")
    stream = None
    if request.method != "HEAD":
        stream = request.environ[STREAM] = live().open(current_principal())
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(stream, content_type="text/event-stream", headers=headers, direct_passthrough=True)


def live() -> Hub:
    """The application's streams."""
    return cast(Hub, current_app.extensions[HUB])


def install(app: Flask, database: Database, settings: Settings) -> None:
    """Give the application its streams."""
    app.extensions[HUB] = Hub(database, settings)
