"""Doors: pull and push, drafts, devices."""

import zlib
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from app.foundation.principal import bind_principal
from app.foundation.problems import Problem
from app.identity.access import (
    current_principal,
    current_session,
    database,
    refuse_tokens,
    require_recent_sign_in,
    requires,
    requires_to_ask,
    settings,
)
from app.resources import wire
from app.resources.routes import ProblemSchema, json_answer
from app.sync import devices, drafts, schemas, service
from app.sync import push as pushing
from app.sync.bodies import push_body, read_push
from app.sync.schemas import OLDEST_ROW_SCHEMA, ROW_SCHEMA, PullAnswerSchema, PullRequestSchema, PushAnswerSchema

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
    if not OLDEST_ROW_SCHEMA <= body["schema"] <= ROW_SCHEMA:
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


@blueprint.route("/drafts", methods=["GET"])
@blueprint.arguments(schemas.DraftQuerySchema, location="query")
@blueprint.response(200, schemas.DraftPageSchema, description="A page, the oldest first.")
@requires("sync")
def list_drafts(query: dict[str, Any]) -> dict[str, Any]:
    """List drafts that you may decide about."""
    limit = query["limit"]
    found = drafts.list_drafts(current_session(), query["status"], limit + 1, query.get("cursor"))
    return {"data": found[:limit], "next_cursor": found[limit - 1]["id"] if len(found) > limit else None}


@blueprint.route("/drafts/<uuid:draft_id>/<any(accept, dismiss):decision>", methods=["POST"])
@blueprint.response(200, schemas.DecidedSchema, description="Decided.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such draft that you may decide about.")
@blueprint.alt_response(
    409, schema=ProblemSchema, description="Decided otherwise already, or it clashes with what is there."
)
@requires("sync")
def decide_draft(draft_id: Any, decision: str) -> dict[str, Any]:
    """Accept or dismiss a draft.

    To accept is to apply what its author wrote, in the author's name; undecided drafts that it was made on top of are
    accepted first.
    """
    conflicts = drafts.decide(current_session(), str(draft_id), decision)
    return {"draft": drafts.read(current_session(), str(draft_id)), "conflicts": conflicts}


@blueprint.route("/devices", methods=["GET"])
@blueprint.response(200, schemas.DeviceListSchema)
@requires("sync")
def list_devices() -> dict[str, Any]:
    """List your devices."""
    return {"data": devices.list_devices(current_session())}


@blueprint.route("/devices/<uuid:device_id>", methods=["PATCH"])
@blueprint.arguments(schemas.DeviceNameSchema)
@blueprint.response(200, schemas.DeviceSchema, description="As it is now.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such device of yours.")
@requires("sync")
def rename_device(body: dict[str, Any], device_id: Any) -> Any:
    """Name one of your devices."""
    refuse_tokens(current_principal())
    return devices.rename(current_session(), str(device_id), body["name"])


@blueprint.route("/devices/<uuid:device_id>", methods=["DELETE"])
@blueprint.response(204, description="Revoked: at its next contact it wipes itself.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Not by token, or not soon enough after signing in.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such device of yours.")
@requires("sync")
def revoke_device(device_id: Any) -> None:
    """Revoke one of your devices.

    It loses what it holds, also what it did not send; hence this takes a recent sign-in.
    """
    refuse_tokens(current_principal())
    require_recent_sign_in(current_principal())
    devices.revoke(current_session(), str(device_id))


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
