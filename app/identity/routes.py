"""Doors: sign-in, browser sessions, users, territories, API tokens, the audit log."""

from typing import Any

import orjson
from flask import Response, g, request
from flask_smorest import Blueprint

from app.foundation import audit
from app.foundation.problems import FieldError, Problem, invalid
from app.identity import schemas, service, tokens
from app.identity.access import (
    COOKIE,
    csrf_token,
    current_principal,
    current_session,
    database,
    refuse_other_sites,
    refuse_tokens,
    require_recent_sign_in,
    requires,
    settings,
    signed_in,
)
from app.identity.rates import caller_network, check_failures, count_failure, spend
from app.identity.resources import TERRITORIES, USERS
from app.resources.routes import ProblemSchema, doors, json_answer

blueprint = Blueprint("identity", __name__, description="Sign-in, users, territories, API tokens and the audit log.")
doors(blueprint, USERS)
doors(blueprint, TERRITORIES)


@blueprint.route("/session", methods=["POST"])
@blueprint.arguments(schemas.CredentialsSchema)
@blueprint.response(200, schemas.SessionSchema, description="Signed in; the session is in the cookie `__Host-session`.")
@blueprint.alt_response(401, schema=ProblemSchema, description="Unknown user or wrong password.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Sent by a page of another site.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Too many attempts.")
def sign_in(credentials: dict[str, str]) -> Response:
    """Sign in."""
    refuse_other_sites()
    email = service.normal_email(credentials["email"])
    _spend_attempt(email)
    attempt = service.Attempt(
        email,
        credentials["password"],
        settings().session_max_hours,
        request.headers.get("User-Agent"),
        request.cookies.get(COOKIE),
    )
    opened = service.sign_in(database(), attempt)
    if opened is None:
        count_failure("sign-in-failure", email, settings().sign_in_failures_per_hour)
        raise Problem(401, "wrong-credentials", "Not signed in", "Unknown e-mail or wrong password.")
    return _with_cookie(opened)


@blueprint.route("/session", methods=["GET"])
@blueprint.response(200, schemas.SessionSchema, description="Who is signed in.")
@requires(None)
def read_session() -> Response:
    """Read the browser session."""
    user, organisation = service.who_am_i(current_session())
    by_token = current_principal().via == "token"
    return _session_answer(user, organisation, "" if by_token else csrf_token(request.cookies.get(COOKIE, "")))


@blueprint.route("/session", methods=["DELETE"])
@blueprint.response(204, description="Signed out; the cookie is worthless from now on.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Not by token.")
@requires(None)
def sign_out() -> Response:
    """Sign out."""
    refuse_tokens(current_principal())
    service.sign_out(current_session())
    answer = Response(status=204, headers={"Clear-Site-Data": '"cache", "cookies", "storage"'})
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    return answer


@blueprint.route("/session/password", methods=["PUT"])
@blueprint.arguments(schemas.PasswordChangeSchema)
@blueprint.response(200, schemas.SessionSchema, description="Changed; all sessions are ended, and this is a new one.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Not by token.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Too many attempts.")
@signed_in
def change_password(body: dict[str, str]) -> Response:
    """Change your password."""
    who = g.principal
    _spend_attempt(who.user_id)
    opened = service.change_password(
        database(), who, body["current_password"], body["password"], settings().session_max_hours
    )
    if opened is None:
        count_failure("sign-in-failure", who.user_id, settings().sign_in_failures_per_hour)
        raise invalid([FieldError("/current_password", "This is not your password.")])
    return _with_cookie(opened)


@blueprint.route("/sessions", methods=["GET"])
@blueprint.response(200, schemas.OpenSessionListSchema)
@requires(None)
def list_sessions() -> dict[str, Any]:
    """List the browsers in which you are signed in."""
    mine = service.list_sessions(current_session())
    asking = current_principal().credential_id
    shape = schemas.OpenSessionSchema(exclude=("current",))
    return {"data": [{**_row(shape, one), "current": one.id == asking} for one in mine]}


@blueprint.route("/sessions", methods=["DELETE"])
@blueprint.response(200, schemas.EndedSchema, description="All your sessions but this one are ended.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Not by token, or not soon enough after signing in.")
@requires(None)
def end_other_sessions() -> dict[str, int]:
    """End your other sessions."""
    refuse_tokens(current_principal())
    require_recent_sign_in(current_principal())
    return {"sessions": service.end_other_sessions(current_session())}


@blueprint.route("/sessions/<uuid:session_id>", methods=["DELETE"])
@blueprint.response(204, description="Ended.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Not by token, or not soon enough after signing in.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such session of yours.")
@requires(None)
def end_session(session_id: Any) -> None:
    """End one of your sessions."""
    refuse_tokens(current_principal())
    require_recent_sign_in(current_principal())
    service.end_session(current_session(), str(session_id))


@blueprint.route("/users/<uuid:user_id>/sessions", methods=["DELETE"])
@blueprint.response(200, schemas.EndedSchema, description="The user has to sign in again everywhere.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such user that you can see.")
@requires("users:write")
def end_sessions_of_user(user_id: Any) -> dict[str, int]:
    """End all sessions of a user."""
    return {"sessions": service.end_sessions_of(current_session(), str(user_id))}


@blueprint.route("/tokens", methods=["GET"])
@blueprint.response(200, schemas.TokenListSchema)
@requires("tokens")
def list_tokens() -> dict[str, Any]:
    """List your API tokens."""
    return {"data": tokens.list_tokens(current_session())}


@blueprint.route("/organisation/tokens", methods=["GET"])
@blueprint.response(200, schemas.TokenListSchema)
@requires("users:write")
def list_all_tokens() -> dict[str, Any]:
    """List everybody's API tokens."""
    return {"data": tokens.list_all_tokens(current_session())}


@blueprint.route("/tokens", methods=["POST"])
@blueprint.arguments(schemas.TokenRequestSchema)
@blueprint.response(201, schemas.IssuedTokenSchema, description="Issued; the secret is told this once.")
@blueprint.alt_response(403, schema=ProblemSchema, description="Not by token, or not soon enough after signing in.")
@blueprint.alt_response(409, schema=ProblemSchema, description="Too many tokens already.")
@requires("tokens")
def issue_token(body: dict[str, Any]) -> dict[str, Any]:
    """Issue an API token."""
    refuse_tokens(current_principal())
    issued = tokens.issue_token(current_session(), **body)
    return {**_row(schemas.TokenSchema(), issued.token), "secret": issued.secret}


@blueprint.route("/tokens/<uuid:token_id>", methods=["DELETE"])
@blueprint.response(204, description="Revoked.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such token of yours.")
@requires("tokens")
def revoke_token(token_id: Any) -> None:
    """Revoke an API token."""
    tokens.revoke_token(current_session(), str(token_id))


@blueprint.route("/audit", methods=["GET"])
@blueprint.arguments(schemas.AuditQuerySchema, location="query")
@blueprint.response(200, schemas.AuditPageSchema, description="A page, the newest first.")
@requires("audit:read")
def read_audit(query: dict[str, Any]) -> dict[str, Any]:
    """Read the audit log."""
    limit, before = query.pop("limit"), query.pop("cursor", None)
    entries = audit.read(current_session(), limit=limit + 1, before=before, **query)
    more = len(entries) > limit
    return {"data": entries[:limit], "next_cursor": entries[limit - 1].id if more else None}


def _spend_attempt(who: str) -> None:
    """Count a try at a password, for where it comes from and for whom it is about."""
    spend("sign-in-from", caller_network(), settings().sign_in_per_minute)
    spend("sign-in-as", who, settings().sign_in_per_minute)
    check_failures("sign-in-failure", who, settings().sign_in_failures_per_hour)


def _row(schema: Any, row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema.fields}


def _with_cookie(opened: service.SignedIn) -> Response:
    answer = _session_answer(opened.user, opened.organisation, opened.csrf_token)
    answer.set_cookie(
        COOKIE, opened.secret, secure=True, httponly=True, samesite="Lax", path="/", expires=opened.expires_at
    )
    return answer


def _session_answer(user: Any, organisation: Any, csrf: str) -> Response:
    lease = settings().offline_lease_days
    told = {"user": user, "organisation": organisation, "csrf_token": csrf, "offline_lease_days": lease}
    body = schemas.SessionSchema().dump(told)
    answer = json_answer(orjson.dumps(body))
    answer.headers["Cache-Control"] = "no-store"
    return answer
