"""Signing in and out, browser sessions, passwords."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, clock, tenancy
from app.foundation.db import Database
from app.foundation.fields import ZONES
from app.foundation.ids import new_id
from app.foundation.principal import Principal, Role, principal_of
from app.foundation.problems import FieldError, Problem, invalid, not_found
from app.foundation.tables import Organisation
from app.identity import passwords
from app.identity.access import csrf_token, secret_hash
from app.identity.passwords import check_password, hash_password
from app.identity.tables import SignInSession, User

MOST_SESSIONS = 20
_signed_out: list[Callable[[Session, str], None]] = []


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody who wants to sign in sends. `replaces` is the cookie of a session that this one takes the place of."""

    email: str
    password: str
    max_hours: int
    user_agent: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh browser session: `secret` is the cookie, told once."""

    session_id: str
    user: User
    organisation: Organisation
    secret: str
    expires_at: datetime

    @property
    def csrf_token(self) -> str:
        """What the page sends back with every write."""
        return csrf_token(self.secret)


def normal_email(text: str) -> str:
    """An address as it is kept and compared."""
    return text.strip().lower()


def sign_in(store: Database, attempt: Attempt) -> SignedIn | None:
    """A session for the right password; None otherwise, after the same work whoever was meant.

    The slow hash runs outside of any transaction: on SQLite all other writers would wait for it.
    """
    with tenancy.as_system(), store.read() as session:
        user = _by_email(session, attempt.email)
    right = passwords.is_right(user.password_hash if user else None, attempt.password)
    with tenancy.as_system(), store.write() as session:
        # Read again: the user may have been deactivated, or the password changed, while the hash was computed.
        known = _by_email(session, attempt.email)
        unchanged = user is not None and known is not None and known.password_hash == user.password_hash
        if known is None or not (right and unchanged and known.active):
            _note_refusal(session, known)
            return None
        if passwords.is_outdated(known.password_hash or ""):
            known.password_hash = hash_password(attempt.password)
        if attempt.replaces:
            session.execute(sa.delete(SignInSession).where(SignInSession.secret_hash == secret_hash(attempt.replaces)))
        opened = _open_session(session, known, attempt.max_hours, attempt.user_agent)
        audit.record(
            session, "sign_in", "user", known.id, {"with": "password"}, principal=_as(known, opened.session_id)
        )
        return opened


def _by_email(session: Session, email: str) -> User | None:
    return session.scalars(sa.select(User).where(User.email == normal_email(email))).first()


def _note_refusal(session: Session, user: User | None) -> None:
    """The same two statements for everybody: an attempt on nobody is kept by the installation's first organisation."""
    first = session.scalars(sa.select(Organisation.id).order_by(Organisation.id).limit(1)).first()
    if user is not None:
        audit.record(session, "sign_in.refused", "user", user.id, principal=_as(user))
    elif first is not None:
        audit.record(session, "sign_in.refused", principal=audit.Actor(first))


def _open_session(session: Session, user: User, max_hours: int, user_agent: str | None) -> SignedIn:
    now = clock.now()
    # A revoked one stays until its time is over, so that the phone hears what became of it.
    mine = sa.and_(SignInSession.user_id == user.id, ~SignInSession.revoked)
    session.execute(sa.delete(SignInSession).where(SignInSession.user_id == user.id, SignInSession.expires_at <= now))
    kept = sa.select(SignInSession.id).where(mine).order_by(SignInSession.last_seen_at.desc()).limit(MOST_SESSIONS - 1)
    session.execute(sa.delete(SignInSession).where(mine, SignInSession.id.not_in(session.scalars(kept).all())))
    secret = secrets.token_urlsafe(32)
    opened = SignInSession(
        id=new_id(),
        org_id=user.org_id,
        user_id=user.id,
        secret_hash=secret_hash(secret),
        expires_at=now + timedelta(hours=max_hours),
        user_agent=(user_agent or "")[:200] or None,
    )
    session.add(opened)
    session.flush()
    return SignedIn(opened.id, user, session.get_one(Organisation, user.org_id), secret, opened.expires_at)


def who_am_i(session: Session) -> tuple[User, Organisation]:
    """The caller and the organisation."""
    principal = principal_of(session)
    return session.get_one(User, principal.user_id), session.get_one(Organisation, principal.org_id)


def sign_out(session: Session) -> None:
    """End the caller's browser session, on the server, at once."""
    principal = principal_of(session)
    ended = sa.delete(SignInSession).where(SignInSession.id == principal.credential_id)
    client_group = session.scalar(ended.returning(SignInSession.client_group_id))
    if client_group is not None:
        for listener in _signed_out:
            listener(session, client_group)
    audit.record(session, "sign_out", "user", principal.user_id)


def when_signed_out(listener: Callable[[Session, str], None]) -> None:
    """Have `listener(session, client_group_id)` called in the transaction in which somebody signs out on a phone."""
    if listener not in _signed_out:
        _signed_out.append(listener)


def list_sessions(session: Session) -> Sequence[SignInSession]:
    """The caller's open browser sessions, the last used first."""
    mine = sa.select(SignInSession).where(
        SignInSession.user_id == principal_of(session).user_id,
        SignInSession.expires_at > clock.now(),
        ~SignInSession.revoked,
    )
    return session.scalars(mine.order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())).all()


def end_session(session: Session, session_id: str) -> None:
    """End one of the caller's browser sessions; Problem 404 when they have no such one."""
    found = session.get(SignInSession, session_id)
    if found is None or found.user_id != principal_of(session).user_id or found.revoked:
        raise not_found("session")
    session.delete(found)
    audit.record(session, "session.ended", "session", session_id)


def end_other_sessions(session: Session) -> int:
    """End all of the caller's browser sessions but the one that asks; returns how many."""
    who = principal_of(session)
    ended = end_all_sessions(session, who.user_id, but=who.credential_id)
    audit.record(session, "session.ended", "user", who.user_id, {"sessions": ended})
    return ended


def end_sessions_of(session: Session, user_id: str) -> int:
    """End all browser sessions of a user of the caller's organisation; Problem 404 when there is no such user."""
    user = session.get(User, user_id)
    if user is None or user.org_id != principal_of(session).org_id:
        raise not_found("user")
    ended = end_all_sessions(session, user_id)
    audit.record(session, "session.ended", "user", user_id, {"sessions": ended})
    return ended


def end_all_sessions(session: Session, user_id: str, *, but: str | None = None) -> int:
    """End a user's browser sessions, perhaps but one; returns how many there were."""
    sessions = sa.delete(SignInSession).where(SignInSession.user_id == user_id, ~SignInSession.revoked)
    if but is not None:
        sessions = sessions.where(SignInSession.id != but)
    return int(session.execute(sessions).rowcount)  # type: ignore[attr-defined]


def change_password(store: Database, who: Principal, current: str, new: str, attempt_hours: int) -> SignedIn | None:
    """Set the caller's new password and answer a fresh session, all others ended; None when `current` is wrong.

    Problem 422 when the new one is refused.
    """
    with store.read() as session:
        user = session.get_one(User, who.user_id)
        organisation = session.get_one(Organisation, who.org_id)
    if not passwords.is_right(user.password_hash, current):
        with store.write() as session:
            audit.record(session, "password.refused", "user", who.user_id, principal=who)
        return None
    if new == current:
        raise invalid([FieldError("/password", "This is the password you have.")])
    check_password(new, (user.email, user.name, organisation.name))
    hashed = hash_password(new)
    with store.write() as session:
        known = session.get_one(User, who.user_id)
        if known.password_hash != user.password_hash or not known.active:
            return None
        agent = session.scalars(
            sa.select(SignInSession.user_agent).where(SignInSession.id == who.credential_id)
        ).first()
        set_password(session, known, hashed)
        audit.record(session, "password.changed", "user", who.user_id, principal=who)
        return _open_session(session, known, attempt_hours, agent)


def set_password(session: Session, user: User, hashed: str) -> None:
    """Keep a new password's hash and end all sessions of the user."""
    user.password_hash = hashed
    session.flush()
    end_all_sessions(session, user.id)


def create_user(
    session: Session,
    org_id: str,
    *,
    email: str,
    name: str,
    role: Role,
    password: str | None,
    time_zone: str,
    locale: str = "en",
) -> User:
    """Add a user; Problem 422 for a time zone that is none or a password that is easily guessed, 409 for an address in use."""
    address = normal_email(email)
    if time_zone not in ZONES:
        raise invalid(
            [FieldError("/time_zone", f"No such IANA time zone as {time_zone}; write for example Europe/Stockholm.")]
        )
    if password is not None:
        check_password(password, (address, name, session.get_one(Organisation, org_id).name))
    with tenancy.looking_everywhere(session):
        taken = session.scalars(sa.select(User.id).where(User.email == address)).first()
    if taken:
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


def _as(user: User, session_id: str | None = None) -> audit.Actor:
    return audit.Actor(user.org_id, user.id, credential_id=session_id)


__all__ = ["check_password", "hash_password"]
