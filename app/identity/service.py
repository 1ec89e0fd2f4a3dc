"""Signing in and out, users, and API tokens."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from app.foundation import audit, clock
from app.foundation.ids import new_id
from app.foundation.principal import Principal, Role, principal_of
from app.foundation.problems import FieldError, Problem, invalid, not_found
from app.foundation.tables import Organisation
from app.identity.access import csrf_token, secret_hash
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import ApiToken, SignInSession, User

# OWASP's argon2id profile m=19 MiB, t=2, p=1: about 25 ms here, and little enough memory for many sign-ins at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
TOKEN_PREFIX = "dst_"  # noqa: S105


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh browser session: `secret` is the cookie, told once."""

    user: User
    organisation: Organisation
    secret: str
    expires_at: datetime

    @property
    def csrf_token(self) -> str:
        """What the page sends back with every write."""
        return csrf_token(self.secret)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh API token: `secret` is told once."""

    token: ApiToken
    secret: str


def hash_password(password: str) -> str:
    """The argon2id hash to keep."""
    return _hasher.hash(password)


def sign_in(session: Session, email: str, password: str, *, max_hours: int, user_agent: str | None) -> SignedIn | None:
    """A session for the right password; None otherwise, after the same work whether or not the user exists."""
    user = session.scalars(sa.select(User).where(User.email == email.strip().lower())).first()
    usable = user is not None and user.active and user.password_hash is not None
    try:
        _hasher.verify(user.password_hash if user is not None and user.password_hash else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        usable = False
    if user is None:
        return None
    if not usable:
        audit.record(session, "sign_in.refused", "user", user.id, principal=_as(user, "session", None))
        return None
    secret = secrets.token_urlsafe(32)
    opened = SignInSession(
        id=new_id(),
        org_id=user.org_id,
        user_id=user.id,
        secret_hash=secret_hash(secret),
        expires_at=clock.now() + timedelta(hours=max_hours),
        user_agent=(user_agent or "")[:200] or None,
    )
    session.add(opened)
    session.flush()
    audit.record(session, "sign_in", "user", user.id, principal=_as(user, "session", opened.id))
    return SignedIn(user, session.get_one(Organisation, user.org_id), secret, opened.expires_at)


def who_am_i(session: Session) -> tuple[User, Organisation]:
    """The caller and the organisation."""
    principal = principal_of(session)
    return session.get_one(User, principal.user_id), session.get_one(Organisation, principal.org_id)


def sign_out(session: Session) -> None:
    """End the caller's browser session, on the server, at once."""
    principal = principal_of(session)
    session.execute(sa.delete(SignInSession).where(SignInSession.id == principal.credential_id))
    audit.record(session, "sign_out", "user", principal.user_id)


def create_user(
    session: Session, org_id: str, *, email: str, name: str, role: Role, password: str | None, time_zone: str, locale: str = "en"
) -> User:
    """Add a user; Problem 422 for a password that is too short or known to all, 409 for an address in use."""
    if password is not None:
        check_password(password)
    address = email.strip().lower()
    if session.scalars(sa.select(User.id).where(User.email == address)).first():
        raise Problem(409, "email-taken", "E-mail in use", "Another user signs in with this address.")
    user = User(
        id=new_id(),
        org_id=org_id,
        email=address,
        name=name,
        role=role.value,
        password_hash=hash_password(password) if password is not None else None,
        time_zone=time_zone,
        locale=locale,
    )
    session.add(user)
    session.flush()
    return user


# The commonest passwords of 12 and more characters in public breach corpora; length keeps out the rest.
_KNOWN = frozenset(
    "123456789012 1234567890123 qwertyuiop123 password1234 passwordpassword 111111111111 qwerty123456 "
    "000000000000 iloveyou1234 123123123123 abcdefghijkl administrator letmeinletmein".split()
)


def check_password(password: str) -> None:
    """Problem 422 unless the password has 12 to 128 characters and is not one that everybody tries first."""
    if not 12 <= len(password) <= 128:
        raise invalid([FieldError("/password", "Use 12 to 128 characters.")])
    if password.lower() in _KNOWN:
        raise invalid([FieldError("/password", "This is one of the passwords that are tried first; use another.")])


def issue_token(session: Session, *, name: str, scopes: list[str], days: int) -> IssuedToken:
    """Issue a token with some of the caller's own scopes, which ends after `days`."""
    principal = principal_of(session)
    beyond = sorted(set(scopes) - SCOPES_OF_ROLE[principal.role])
    if beyond:
        raise invalid([FieldError("/scopes", f"Your role does not have: {', '.join(beyond)}.")])
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        org_id=principal.org_id,
        user_id=principal.user_id,
        name=name,
        secret_hash=secret_hash(secret),
        scopes=sorted(set(scopes)),
        expires_at=clock.now() + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    audit.record(session, "token.issued", "api_token", token.id, {"scopes": token.scopes})
    return IssuedToken(token, secret)


def list_tokens(session: Session) -> list[ApiToken]:
    """The caller's tokens, newest first."""
    mine = sa.select(ApiToken).where(ApiToken.user_id == principal_of(session).user_id)
    return list(session.scalars(mine.order_by(ApiToken.id.desc())))


def revoke_token(session: Session, token_id: str) -> None:
    """End a token of the caller's at once."""
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != principal_of(session).user_id:
        raise not_found("token")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        audit.record(session, "token.revoked", "api_token", token.id)


def _as(user: User, via: str, credential_id: str | None) -> Principal:
    return Principal(user.org_id, user.id, Role(user.role), frozenset(), via, credential_id)  # type: ignore[arg-type]
