"""Doors: the briefing of an account and of a visit."""

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from app.briefing import service
from app.briefing.schemas import BriefingSchema
from app.identity.access import current_session, requires
from app.resources.routes import ProblemSchema, json_answer

blueprint = Blueprint("briefings", __name__, description="What to know before a visit.")


@blueprint.route("/accounts/<uuid:account_id>/briefing")
@blueprint.response(200, BriefingSchema, description="The briefing as last composed; `ETag` is its version.")
@blueprint.alt_response(304, description="You have this version (`If-None-Match`).")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such account that you can see, or not composed yet.")
@requires("briefings:read")
def read_account_briefing(account_id: Any) -> Response:
    """Read the briefing of an account."""
    return _stored_answer(service.read_for_account(current_session(), str(account_id)))


@blueprint.route("/visits/<uuid:visit_id>/briefing")
@blueprint.response(200, BriefingSchema, description="The briefing as last composed; `ETag` is its version.")
@blueprint.alt_response(304, description="You have this version (`If-None-Match`).")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such planned visit that you can see.")
@requires("briefings:read")
def read_visit_briefing(visit_id: Any) -> Response:
    """Read the briefing for a planned visit.

    Visits of the next seven days have one of their own; any other visit is answered with its account's.
    """
    return _stored_answer(service.read_for_visit(current_session(), str(visit_id)))


def _stored_answer(stored: service.StoredBytes) -> Response:
    etag = f'"{stored.version}"'
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers={"ETag": etag})
    return json_answer(stored.body, headers={"ETag": etag})
