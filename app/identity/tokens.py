"""API tokens: issued with some of a user's scopes, listed, revoked."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, clock
from app.foundation.ids import new_id
from app.foundation.principal import Role, principal_of
from app.foundation.problems import FieldError, Problem, invalid, not_found
from app.identity.access import secret_hash
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import ApiToken, User

TOKEN_PREFIX = "dst_"  # noqa: S105
MOST_TOKENS = 100


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh API token: `secret` is told once."""

    token: ApiToken
    secret: str


def issue_token(
    session: Session, *, name: str, scopes: list[str], days: int, user_id: str | None = None
) -> IssuedToken:
    """Issue a token that ends after `days`, for the caller or, by an administrator, for an integration.

    It never reaches further than the caller does: its scopes are among those of the caller and of the token's user.
    """
    principal = principal_of(session)
    owner = _owner(session, user_id or principal.user_id)
    beyond = sorted(set(scopes) - (SCOPES_OF_ROLE[Role(owner.role)] & SCOPES_OF_ROLE[principal.role]))
    if beyond:
        raise invalid([FieldError("/scopes", f"This role does not have: {', '.join(beyond)}.")])
    return issue_for(session, owner, name=name, scopes=scopes, days=days)


def issue_for(session: Session, owner: User, *, name: str, scopes: Sequence[str], days: int) -> IssuedToken:
    """Issue a token for `owner`; Problem 409 when they have very many already."""
    now = clock.now()
    live = sa.select(sa.func.count()).where(
        ApiToken.user_id == owner.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    if (session.scalar(live) or 0) >= MOST_TOKENS:
        raise Problem(
            409, "too-many-tokens", "Too many tokens", f"A user has at most {MOST_TOKENS}; revoke some first."
        )
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        org_id=owner.org_id,
        user_id=owner.id,
        name=name,
        secret_hash=secret_hash(secret),
        scopes=sorted(set(scopes)),
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    audit.record(session, "token.issued", "api_token", token.id, {"scopes": token.scopes, "user_id": owner.id})
    return IssuedToken(token, secret)


def _owner(session: Session, user_id: str) -> User:
    principal = principal_of(session)
    owner = session.get(User, user_id)
    if owner is None or owner.org_id != principal.org_id or not owner.active:
        raise invalid([FieldError("/user_id", "There is no such user that you can see.")])
    if owner.id != principal.user_id and not (
        "users:write" in principal.scopes and Role(owner.role) is Role.INTEGRATION
    ):
        raise invalid(
            [FieldError("/user_id", "Only administrators issue tokens for others, and only for integrations.")]
        )
    return owner


def list_tokens(session: Session) -> Sequence[ApiToken]:
    """The caller's tokens, newest first."""
    return _listed(session, ApiToken.user_id == principal_of(session).user_id)


def list_all_tokens(session: Session) -> Sequence[ApiToken]:
    """The tokens of everybody in the caller's organisation, newest first."""
    return _listed(session, ApiToken.org_id == principal_of(session).org_id)


def _listed(session: Session, which: sa.ColumnElement[bool]) -> Sequence[ApiToken]:
    return session.scalars(sa.select(ApiToken).where(which).order_by(ApiToken.id.desc()).limit(1000)).all()


def revoke_token(session: Session, token_id: str) -> None:
    """End a token at once: one of the caller's, or any of the organisation's when an administrator asks."""
    principal = principal_of(session)
    token = session.get(ApiToken, token_id)
    if token is None or token.org_id != principal.org_id:
        raise not_found("token")
    if token.user_id != principal.user_id and "users:write" not in principal.scopes:
        raise not_found("token")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        audit.record(session, "token.revoked", "api_token", token.id)


def revoke_tokens_of(session: Session, user_id: str) -> int:
    """End all tokens of a user; returns how many were live."""
    live = sa.update(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    return int(session.execute(live.values(revoked_at=clock.now())).rowcount)  # type: ignore[attr-defined]
