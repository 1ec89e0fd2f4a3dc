"""The short way to a stored briefing: one question to the database, and no request object.

A phone reads briefings more often than anything else, and what it asks for is bytes that lie ready. This layer stands
before Flask and answers exactly the plain case: a GET by a rep's browser session that is alive, for a briefing in that
rep's territory. Everything else, and everything that is in doubt, goes on to the view in `routes.py`, which gives the
same answer at four times the cost; a test holds the two to each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask

from app.briefing.tables import StoredBriefing
from app.foundation import clock, tenancy
from app.foundation.db import Database, table_of
from app.foundation.metrics import ROUTE
from app.foundation.prepared import Prepared
from app.foundation.principal import Role
from app.identity.access import CALLER, COOKIE, SEEN_EVERY, secret_hash
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import SignInSession, TerritoryAssignment, User
from app.visits.signals import VISITS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from app.config import Settings

BRIEFINGS, SESSIONS, USERS = table_of(StoredBriefing), table_of(SignInSession), table_of(User)
TERRITORY = table_of(TerritoryAssignment)
ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ROUTES = {
    "accounts": "/api/v1/accounts/<uuid:account_id>/briefing",
    "visits": "/api/v1/visits/<uuid:visit_id>/briefing",
}
PATH = re.compile(f"/api/v1/(accounts|visits)/({ID})/briefing")


def _question(of_visit: bool) -> Prepared:
    """The session of a cookie, and with it the wanted briefing where it is in the territory of the session's rep."""
    wanted = sa.bindparam("wanted", type_=BRIEFINGS.c.account_id.type)
    today = sa.bindparam("today", type_=TERRITORY.c.starts_on.type)
    of_account = BRIEFINGS.c.visit_id.is_(None)
    if of_visit:
        visited = sa.select(VISITS.c.account_id).where(VISITS.c.id == wanted).scalar_subquery()
        chosen = sa.or_(BRIEFINGS.c.visit_id == wanted, sa.and_(BRIEFINGS.c.account_id == visited, of_account))
    else:
        chosen = sa.and_(BRIEFINGS.c.account_id == wanted, of_account)
    looked_after = sa.exists().where(
        TERRITORY.c.account_id == BRIEFINGS.c.account_id,
        TERRITORY.c.user_id == SESSIONS.c.user_id,
        TERRITORY.c.starts_on <= today,
        sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today),
    )
    return Prepared(
        sa.select(
            SESSIONS.c.user_id, SESSIONS.c.last_seen_at, SESSIONS.c.expires_at, BRIEFINGS.c.version, BRIEFINGS.c.body
        )
        .join(USERS, USERS.c.id == SESSIONS.c.user_id)
        .join(BRIEFINGS, BRIEFINGS.c.org_id == SESSIONS.c.org_id)
        .where(
            SESSIONS.c.secret_hash == sa.bindparam("secret_hash"),
            ~SESSIONS.c.revoked,
            USERS.c.active,
            USERS.c.role == Role.REP.value,
            chosen,
            looked_after,
        )
        .order_by(of_account)
    )


_QUESTIONS = {"accounts": _question(of_visit=False), "visits": _question(of_visit=True)}


class StoredBriefings:
    """WSGI layer around an application; it knows that application's database and settings."""

    def __init__(self, inner: WSGIApplication, app: Flask) -> None:
        self._inner = inner
        self._app = app
        self._allowed = "briefings:read" in SCOPES_OF_ROLE[Role.REP]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = self._plainly_asked(environ)
        found = self._find(*asked, clock.now()) if asked else None
        if found is None or asked is None:
            return self._inner(environ, start_response)
        user_id, version, body = found
        environ[CALLER] = user_id
        environ[ROUTE] = ROUTES[asked[0]]
        etag = f'"{version}"'
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 NOT MODIFIED", [("ETag", etag)])
            return ()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("ETag", etag)]
        start_response("200 OK", headers)
        return (body,)

    def _plainly_asked(self, environ: WSGIEnvironment) -> tuple[str, str, str] | None:
        """`(accounts or visits, id, session secret)` of a request in which nothing is out of the ordinary."""
        if environ["REQUEST_METHOD"] != "GET" or not self._allowed:
            return None
        path = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if path is None or "HTTP_AUTHORIZATION" in environ or environ.get("QUERY_STRING"):
            return None
        if "HTTP_CONTENT_ENCODING" in environ or not self._is_our_host(environ):
            return None
        known = environ.get("HTTP_IF_NONE_MATCH", '"')
        if not known.startswith('"') or "," in known:
            return None  # a weak tag, a list or a star: the view compares those by the book
        secret = _cookie(environ.get("HTTP_COOKIE", ""))
        return (path[1], path[2], secret) if secret else None

    def _is_our_host(self, environ: WSGIEnvironment) -> bool:
        ours = self._settings.public_url
        return not ours or environ.get("HTTP_HOST") == urlsplit(ours).netloc

    def _find(self, kind: str, wanted: str, secret: str, now: datetime) -> tuple[str, str, bytes] | None:
        """The rep, the version and the bytes; None when there is none, or the session is not surely alive."""
        values = {"secret_hash": secret_hash(secret), "wanted": wanted, "today": now.date()}
        # Whose session it is comes with the same answer, so the question's own conditions keep organisations apart.
        with tenancy.as_system(), self._database.engine.connect() as connection:
            row = _QUESTIONS[kind].first(connection, values)
        if row is None:
            return None
        user_id, last_seen_at, expires_at, version, body = row
        idle = min(SEEN_EVERY, timedelta(hours=self._settings.session_idle_hours))
        return (user_id, version, body) if expires_at > now and last_seen_at + idle > now else None

    @property
    def _settings(self) -> Settings:
        return cast("Settings", self._app.extensions["doorstep.settings"])

    @property
    def _database(self) -> Database:
        return cast(Database, self._app.extensions["doorstep.database"])


def _cookie(header: str) -> str:
    """The session's secret in a Cookie header; empty when there is none or the header is odd."""
    if header.startswith(f"{COOKIE}=") and ";" not in header and '"' not in header:
        return header[len(COOKIE) + 1 :]
    try:
        morsel: Any = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def install(app: Flask) -> None:
    """Put the layer before an application's own handling."""
    app.wsgi_app = StoredBriefings(app.wsgi_app, app)  # type: ignore[method-assign]
