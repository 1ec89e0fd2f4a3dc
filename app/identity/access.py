"""The door of every view: who is calling, may they, and the transaction in which the view runs."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

import flask_smorest
import sqlalchemy as sa
from flask import current_app, g, request
from sqlalchemy.orm import Session

from app.config import Settings
from app.foundation import audit, clock, tenancy
from app.foundation.db import Database, table_of
from app.foundation.logs import log, request_id
from app.foundation.prepared import Prepared, Row
from app.foundation.principal import Principal, Role, bind_principal
from app.foundation.problems import Problem
from app.identity.rates import spend
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import ApiToken, SignInSession, User

P = ParamSpec("P")
R = TypeVar("R")

COOKIE = "__Host-session"
CSRF_HEADER = "X-CSRF-Token"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="doorstep"'}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CALLER = "doorstep.caller"  # where the request's log line finds who called
SEEN_EVERY = timedelta(minutes=5)
# Writes that would let a thief of an open session stay, or take over others: they take a recent sign-in.
NEEDS_RECENT_SIGN_IN = frozenset({"tokens", "users:write"})
USERS, SESSIONS, TOKENS = table_of(User), table_of(SignInSession), table_of(ApiToken)


def _prepared(statement: "sa.Select[Any]") -> tuple[Prepared, Prepared]:
    """The question for SQLite, and for PostgreSQL, where the one who is found has the transaction go on as theirs."""
    theirs = tenancy.switching(statement.selected_columns["org_id"])
    return Prepared(statement), Prepared(statement.add_columns(theirs))


_BY_COOKIE = _prepared(
    sa.select(
        SESSIONS.c.id,
        SESSIONS.c.org_id,
        SESSIONS.c.user_id,
        SESSIONS.c.created_at,
        SESSIONS.c.last_seen_at,
        SESSIONS.c.expires_at,
        USERS.c.role,
        SESSIONS.c.revoked,
    )
    .join(USERS, USERS.c.id == SESSIONS.c.user_id)
    .where(SESSIONS.c.secret_hash == sa.bindparam("secret_hash"), USERS.c.active)
)
_BY_TOKEN = _prepared(
    sa.select(
        TOKENS.c.id, TOKENS.c.org_id, TOKENS.c.user_id, TOKENS.c.last_used_at, TOKENS.c.expires_at, USERS.c.role,
        TOKENS.c.scopes, TOKENS.c.revoked_at,
    )
    .join(USERS, USERS.c.id == TOKENS.c.user_id)
    .where(TOKENS.c.secret_hash == sa.bindparam("secret_hash"), USERS.c.active)
)  # fmt: skip


def secret_hash(secret: str) -> str:
    """What is kept of a random secret: its SHA-256. (A password gets argon2id; 256 random bits need no slow hash.)"""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(secret: str) -> str:
    """The value that a page of ours, and no other site's, can send back for this session."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def database() -> Database:
    """The application's database."""
    return cast(Database, current_app.extensions["doorstep.database"])


def settings() -> Settings:
    """The application's settings."""
    return cast(Settings, current_app.extensions["doorstep.settings"])


def current_session() -> Session:
    """The session of the running view; its principal is bound."""
    return cast(Session, g.session)


def current_principal() -> Principal:
    """Who calls the running view."""
    return cast(Principal, g.principal)


def authenticate(session: Session) -> Principal:
    """Who sent this request, by token or by cookie; Problem 401 when nobody known."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise _unauthenticated("Send the token as: Authorization: Bearer dst_…")
        return _by_token(session, secret.strip())
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        raise _unauthenticated("Sign in, or send an API token.")
    return _by_cookie(session, secret)


def _owner_of(secret: str, questions: tuple[Prepared, Prepared], session: Session) -> Row | None:
    with tenancy.as_system():
        connection = session.connection()
    return questions[connection.dialect.name == "postgresql"].first(connection, {"secret_hash": secret_hash(secret)})


def _by_cookie(session: Session, secret: str) -> Principal:
    row = _owner_of(secret, _BY_COOKIE, session)
    if row is None:
        raise _unauthenticated("Your session ended; sign in again.")
    session_id, org_id, user_id, created_at, last_seen_at, expires_at, role_name, revoked = row[:8]
    if revoked:
        raise device_revoked()
    now = clock.now()
    if expires_at <= now or last_seen_at + timedelta(hours=settings().session_idle_hours) <= now:
        raise _unauthenticated("Your session ended; sign in again.")
    if request.method not in SAFE_METHODS:
        refuse_other_sites()
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), csrf_token(secret).encode()):
            raise Problem(403, "csrf", "Not from our own page", f"Send the session's csrf_token in {CSRF_HEADER}.")
    g.seen = ("session", session_id) if last_seen_at + SEEN_EVERY <= now else None
    g.signed_in_at = created_at
    role = Role(role_name)
    return Principal(org_id, user_id, role, SCOPES_OF_ROLE[role], "session", session_id)


def refuse_other_sites() -> None:
    """Problem 403 when a browser says that a page of another origin sent this request (also a sign-in: login CSRF).

    Browsers send `Sec-Fetch-Site` where they speak https, and `Origin` with every write; other programs send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("Origin")
    if site is None and (origin is None or _host_of(origin, with_port=True) in _own_hosts()):
        return
    log.warning("request of another site refused", path=request.path, origin=origin, request_id=request_id())
    raise Problem(403, "csrf", "Not from our own page", "Pages of other sites may not send this request.")


def check_host() -> None:
    """Problem 421 for a `Host` that is not ours, where DOORSTEP_PUBLIC_URL says what ours is.

    Our own names for ourselves pass too, and health checks come by whatever name a platform gives us.
    """
    ours = settings().public_url
    if not ours or request.path in ("/healthz", "/readyz"):
        return
    if _host_of(f"//{request.host}") not in (_host_of(ours), settings().host, "localhost", "127.0.0.1", "::1"):
        raise Problem(421, "misdirected-request", "Misdirected request", f"This is {ours}.")


def _own_hosts() -> set[str | None]:
    return {request.host, _host_of(settings().public_url, with_port=True)} - {None, ""}


def _host_of(address: str, *, with_port: bool = False) -> str | None:
    try:
        parts = urlsplit(address)
        return parts.netloc if with_port else parts.hostname
    except ValueError:
        return None


def _by_token(session: Session, secret: str) -> Principal:
    row = _owner_of(secret, _BY_TOKEN, session)
    if row is None:
        raise _unauthenticated("The token is unknown, expired or revoked.")
    token_id, org_id, user_id, last_used_at, expires_at, role_name, scopes, revoked_at = row[:8]
    now = clock.now()
    if revoked_at is not None or expires_at <= now:
        raise _unauthenticated("The token is unknown, expired or revoked.")
    g.seen = ("token", token_id) if last_used_at is None or last_used_at + SEEN_EVERY <= now else None
    role = Role(role_name)
    return Principal(org_id, user_id, role, SCOPES_OF_ROLE[role] & frozenset(scopes), "token", token_id)


def _unauthenticated(detail: str) -> Problem:
    return Problem(401, "unauthenticated", "Not signed in", detail, headers=dict(CHALLENGE))


def device_revoked() -> Problem:
    """The phone's user took its access away: it has to wipe itself."""
    return Problem(
        401,
        "device-revoked",
        "This device was revoked",
        "Its access was taken away. Delete everything that is kept on it; to use it again, sign in and start anew.",
        headers=dict(CHALLENGE),
    )


def requires(scope: str | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run a view as an authenticated caller with `scope` (None: any), inside one transaction.

    Reads get a read-only moment; writes get one transaction that commits when the view returns and leaves nothing when
    it raises.
    """
    return _door(scope, lambda: request.method in SAFE_METHODS)


def requires_to_ask(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Like `requires`, for a question that is asked by POST: the view gets a read-only moment.

    What the view has to remember it writes in a transaction of its own, after it has ended the moment.
    """
    return _door(scope, lambda: True)


def _door(scope: str | None, only_reads: Callable[[], bool]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            store, reads = database(), only_reads()
            with store.read() as session:
                principal = _remember(authenticate(session))
                _check_scope(principal, scope)
                if request.method not in SAFE_METHODS:
                    spend("write", principal.credential_id, settings().requests_per_minute)
                if reads and g.seen is None:
                    return _run(session, principal, view, *args, **kwargs)
            note_use(store, principal)
            with store.read() if reads else store.write() as session:
                return _run(session, principal, view, *args, **kwargs)

        return _documented(guarded, scope)

    return decorate


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Run a view as a signed-in browser; it opens its own transactions, because it works with passwords between them."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        store = database()
        with store.read() as session:
            principal = _remember(authenticate(session))
        refuse_tokens(principal)
        note_use(store, principal)
        return view(*args, **kwargs)

    return _documented(guarded, None)


def _documented(guarded: Callable[P, R], scope: str | None) -> Callable[P, R]:
    documented: Any = flask_smorest.Blueprint.doc(security=[{"session": []}, {"token": []}])(guarded)
    documented._scope = scope
    return cast(Callable[P, R], documented)


def _check_scope(principal: Principal, scope: str | None) -> None:
    if scope is None:
        return
    if scope not in principal.scopes:
        log.warning(
            "access refused",
            scope=scope,
            user_id=principal.user_id,
            credential_id=principal.credential_id,
            request_id=request_id(),
        )
        raise Problem(403, "forbidden", "Not allowed", f"Your role or token lacks the scope {scope}.")
    if scope in NEEDS_RECENT_SIGN_IN and request.method not in SAFE_METHODS:
        require_recent_sign_in(principal)


def refuse_tokens(principal: Principal) -> None:
    """Problem 403 when an API token calls what only a person in a browser session may do."""
    if principal.via == "token":
        raise Problem(403, "session-needed", "Not by token", "Only a browser session may do this; sign in for it.")


def require_recent_sign_in(principal: Principal) -> None:
    """Problem 403 when a browser session is older than DOORSTEP_RECENT_SIGN_IN_MINUTES: whoever holds it may not be its user."""
    if principal.via != "session":
        return
    recent = timedelta(minutes=settings().recent_sign_in_minutes)
    if g.signed_in_at + recent <= clock.now():
        raise Problem(
            403, "sign-in-again", "Sign in again", "This takes a recent sign-in; sign in again and repeat it."
        )


def _remember(principal: Principal) -> Principal:
    tenancy.go_on_as(principal.org_id)
    g.principal = principal
    request.environ[CALLER] = principal.user_id
    return principal


def _run(session: Session, principal: Principal, view: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    bind_principal(session, principal)
    g.session = session
    return view(*args, **kwargs)


def note_use(store: Database, principal: Principal) -> None:
    """Keep when a credential was last used, at most every five minutes, and put the use of a token in the audit log.

    In a transaction of its own: a request that then fails was a use all the same.
    """
    seen: tuple[str, str] | None = g.get("seen")
    if seen is None:
        return
    kind, credential = seen
    with store.write() as session:
        if kind == "session":
            session.execute(sa.update(SESSIONS).where(SESSIONS.c.id == credential).values(last_seen_at=clock.now()))
            return
        session.execute(sa.update(TOKENS).where(TOKENS.c.id == credential).values(last_used_at=clock.now()))
        audit.record(session, "token.used", "api_token", credential, principal=principal)
