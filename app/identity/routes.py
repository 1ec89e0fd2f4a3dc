"""Doors: sign-in, users, territories, API tokens."""

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from app.foundation.problems import Problem
from app.identity import service
from app.identity.access import COOKIE, csrf_token, current_session, database, requires, settings
from app.identity.rates import spend
from app.identity.resources import TERRITORIES, USERS
from app.identity.schemas import (
    CredentialsSchema,
    IssuedTokenSchema,
    SessionSchema,
    TokenListSchema,
    TokenRequestSchema,
    TokenSchema,
)
from app.resources.routes import ProblemSchema, doors, json_answer

blueprint = Blueprint("identity", __name__, description="Sign-in, users, territories and API tokens.")
doors(blueprint, USERS)
doors(blueprint, TERRITORIES)


@blueprint.route("/session", methods=["POST"])
@blueprint.arguments(CredentialsSchema)
@blueprint.response(200, SessionSchema, description="Signed in; the session is in the cookie `__Host-session`.")
@blueprint.alt_response(401, schema=ProblemSchema, description="Unknown user or wrong password.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Too many attempts.")
def sign_in(credentials: dict[str, str]) -> Response:
    """Sign in."""
    email = credentials["email"].strip().lower()
    spend("sign-in", request.remote_addr or "", settings().sign_in_per_minute)
    spend("sign-in", email, settings().sign_in_per_minute)
    agent = request.headers.get("User-Agent")
    with database().write() as session:
        signed_in = service.sign_in(
            session, email, credentials["password"], max_hours=settings().session_max_hours, user_agent=agent
        )
    if signed_in is None:
        raise Problem(401, "wrong-credentials", "Not signed in", "Unknown e-mail or wrong password.")
    answer = _session_answer(signed_in.user, signed_in.organisation, signed_in.csrf_token)
    answer.set_cookie(
        COOKIE, signed_in.secret, secure=True, httponly=True, samesite="Lax", path="/", expires=signed_in.expires_at
    )
    return answer


@blueprint.route("/session", methods=["GET"])
@blueprint.response(200, SessionSchema, description="Who is signed in.")
@requires(None)
def read_session() -> Response:
    """Read the browser session."""
    user, organisation = service.who_am_i(current_session())
    return _session_answer(user, organisation, csrf_token(request.cookies.get(COOKIE, "")))


@blueprint.route("/session", methods=["DELETE"])
@blueprint.response(204, description="Signed out; the cookie is worthless from now on.")
@requires(None)
def sign_out() -> Response:
    """Sign out."""
    service.sign_out(current_session())
    answer = Response(status=204, headers={"Clear-Site-Data": '"cache", "cookies", "storage"'})
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    return answer


@blueprint.route("/tokens", methods=["GET"])
@blueprint.response(200, TokenListSchema)
@requires("tokens")
def list_tokens() -> dict[str, Any]:
    """List your API tokens."""
    return {"data": service.list_tokens(current_session())}


@blueprint.route("/tokens", methods=["POST"])
@blueprint.arguments(TokenRequestSchema)
@blueprint.response(201, IssuedTokenSchema, description="Issued; the secret is told this once.")
@requires("tokens")
def issue_token(body: dict[str, Any]) -> dict[str, Any]:
    """Issue an API token."""
    issued = service.issue_token(current_session(), **body)
    return {**TokenSchema().dump(issued.token), "secret": issued.secret, **_instants(issued.token)}


@blueprint.route("/tokens/<uuid:token_id>", methods=["DELETE"])
@blueprint.response(204, description="Revoked.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such token of yours.")
@requires("tokens")
def revoke_token(token_id: Any) -> None:
    """Revoke an API token."""
    service.revoke_token(current_session(), str(token_id))


def _instants(token: Any) -> dict[str, Any]:
    return {name: getattr(token, name) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}


def _session_answer(user: Any, organisation: Any, csrf: str) -> Response:
    import orjson

    body = SessionSchema().dump({"user": user, "organisation": organisation, "csrf_token": csrf})
    answer = json_answer(orjson.dumps(body))
    answer.headers["Cache-Control"] = "no-store"
    return answer
