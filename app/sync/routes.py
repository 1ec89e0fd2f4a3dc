"""Doors: pull and push."""

import zlib
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from app.foundation.principal import bind_principal
from app.foundation.problems import Problem
from app.identity.access import current_principal, current_session, database, requires_to_ask, settings
from app.resources import wire
from app.resources.routes import ProblemSchema, json_answer
from app.sync import push as pushing
from app.sync import service
from app.sync.bodies import push_body, read_push
from app.sync.schemas import ROW_SCHEMA, PullAnswerSchema, PullRequestSchema, PushAnswerSchema

blueprint = Blueprint("sync", __name__, description="What a phone holds, kept up to date.")
SMALLEST_GZIP = 200
GZIP_LEVEL = 6


@blueprint.route("/sync/pull", methods=["POST"])
@blueprint.arguments(PullRequestSchema)
@blueprint.response(200, PullAnswerSchema, description="What changed; gzip when accepted.")
@blueprint.alt_response(403, schema=ProblemSchema, description="The client group is another user's.")
@blueprint.alt_response(
    409, schema=ProblemSchema, description="Unknown schema, a cookie of another phone, too many rows."
)
@requires_to_ask("sync")
def pull(body: dict[str, Any]) -> Response:
    """Bring a phone up to date.

    The answer is the difference between the rows that the caller may hold now and those that the phone was sent.
    """
    if body["schema"] != ROW_SCHEMA:
        raise _unknown_schema(body["schema"])
    session, principal = current_session(), current_principal()
    answered = service.answer(session, body["client_group"], body["cookie"], settings().offline_lease_days)
    session.close()
    if not answered.must_be_remembered:
        return _compressed(answered.body(service.cookie_of(answered, principal)))
    with database().write() as writing:
        bind_principal(writing, principal)
        cookie = service.remember(writing, answered, request.headers.get("User-Agent"))
    return _compressed(answered.body(cookie, packed=body["packed"]))


@blueprint.route("/sync/push", methods=["POST"])
@blueprint.doc(requestBody=push_body())
@blueprint.response(200, PushAnswerSchema, description="An answer for each mutation, in order; gzip when accepted.")
@blueprint.alt_response(403, schema=ProblemSchema, description="The client group is another user's.")
@blueprint.alt_response(409, schema=ProblemSchema, description="Unknown schema.")
@requires_to_ask("sync")
def push() -> Response:
    """Send what was entered on a phone.

    Each mutation is applied exactly once, however often it is sent, and answered: `applied`, `duplicate`, `rejected` or
    `conflict`. A rejected one stops no other.
    """
    asked, principal = read_push(settings().mutation_record_days), current_principal()
    current_session().close()
    return _compressed(wire.dumps(pushing.push(database(), principal, asked)))


def _unknown_schema(asked: int) -> Problem:
    newer = "The app is newer than this server; update the server." if asked > ROW_SCHEMA else "Update the app."
    return Problem(409, "unknown-schema", "Unknown schema", f"This server sends rows of schema {ROW_SCHEMA}. {newer}")


def _compressed(body: bytes) -> Response:
    answer = json_answer(body, headers={"Vary": "Accept-Encoding"})
    if len(body) >= SMALLEST_GZIP and request.accept_encodings["gzip"] > 0:
        packer = zlib.compressobj(GZIP_LEVEL, wbits=31)
        answer.set_data(packer.compress(body) + packer.flush())
        answer.headers["Content-Encoding"] = "gzip"
    return answer


__all__ = ["blueprint"]
