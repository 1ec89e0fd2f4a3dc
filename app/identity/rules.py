"""What must hold about users and territories besides the shape of a row, whichever door a change comes through."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit
from app.foundation.principal import Principal, Role
from app.foundation.problems import Problem
from app.foundation.tables import Organisation
from app.identity import service, tokens
from app.identity.tables import User

Row = dict[str, Any]
_SIGNS_FOR = "signs for"
_removing: list[Callable[[Session, str], None]] = []


def user_was_written(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """Keep an administrator in the organisation, and end the access of users who lose it or whose proof changes."""
    if before is None:
        return
    if _administers(before) and not _administers(after):
        _keep_an_administrator(session, principal.org_id)
    if after is None:
        return
    if before["active"] and not after["active"]:
        end_access(session, after["id"], principal)
    elif before["role"] != after["role"] or before["email"] != after["email"]:
        service.end_all_sessions(session, after["id"])


def before_a_user_is_removed(listener: Callable[[Session, str], None]) -> None:
    """Have `listener(session, user_id)` called before a user is removed; it raises Problem when something would be lost."""
    if listener not in _removing:
        _removing.append(listener)


def guard_user(session: Session, _principal: Principal, before: Row | None, after: Row | None) -> None:
    """Problem 409 when something would go with a user that is still needed."""
    if before is not None and after is None:
        for listener in _removing:
            listener(session, before["id"])


def end_access(session: Session, user_id: str, principal: Principal) -> None:
    """End a user's sessions and tokens at once, for good: being active again does not bring them back."""
    ended = {
        "sessions": service.end_all_sessions(session, user_id),
        "tokens": tokens.revoke_tokens_of(session, user_id),
    }
    audit.record(session, "access.ended", "user", user_id, ended, principal=principal)


def _administers(row: Row | None) -> bool:
    return row is not None and bool(row["active"]) and row["role"] == Role.ADMINISTRATOR


def _keep_an_administrator(session: Session, org_id: str) -> None:
    # Two administrators who remove each other at once: the second waits here and then sees what the first did.
    session.execute(sa.select(Organisation.id).where(Organisation.id == org_id).with_for_update())
    left = sa.select(sa.func.count()).where(User.org_id == org_id, User.active, User.role == Role.ADMINISTRATOR.value)
    if not session.scalar(left):
        raise Problem(
            409,
            "last-administrator",
            "Last administrator",
            "The organisation would be left without an administrator; make another user one first.",
        )


def guard_territory(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """Problem 403 unless the territory is one that this caller assigns: a manager does so for their own team alone.

    That the account is one they see is checked where references and rows are read.
    """
    _guard_people(session, principal, before, after, "You assign accounts to yourself and your own team only.")


def guard_own_work(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """Problem 403 when a rep writes what is another's work, such as a visit: it would stand on that one's phone."""
    _guard_people(session, principal, before, after, "This is the work of somebody outside of your team.")


@contextmanager
def in_the_name_of(session: Session, user_id: str) -> Iterator[None]:
    """For a block, the caller may sign with this user's name: they deliver what that one wrote."""
    before = session.info.get(_SIGNS_FOR)
    session.info[_SIGNS_FOR] = user_id
    try:
        yield
    finally:
        session.info[_SIGNS_FOR] = before


def guard_authorship(session: Session, principal: Principal, before: Row | None, after: Row | None) -> None:
    """Problem 403 unless what is written, or taken away, is signed by the caller.

    Whoever sees the whole organisation may bring in what others wrote elsewhere; the audit log says who did.
    """
    row = after or before or {}
    if row["user_id"] == principal.user_id or principal.via == "system":
        return
    signs = principal.sees_whole_organisation or row["user_id"] == session.info.get(_SIGNS_FOR)
    if before is None and signs:
        return
    raise Problem(403, "forbidden", "Not allowed", "Only whoever wrote this may do that.")


def guard_removal(_session: Session, principal: Principal, _before: Row | None, after: Row | None) -> None:
    """Problem 403 when somebody who sees a territory only removes an account: tickets, usage and all would go with it."""
    if after is None and not principal.sees_whole_organisation:
        raise Problem(403, "forbidden", "Not allowed", "Only administrators and integrations delete accounts.")


def _guard_people(session: Session, principal: Principal, before: Row | None, after: Row | None, why: str) -> None:
    if principal.sees_whole_organisation:
        return
    team = _team(session, principal)
    for row in (before, after):
        if row is not None and row["user_id"] not in team:
            raise Problem(403, "forbidden", "Not allowed", why)


def _team(session: Session, principal: Principal) -> frozenset[str]:
    """The caller, and of a manager those who report to them."""
    if principal.role is not Role.MANAGER:
        return frozenset({principal.user_id})
    known: frozenset[str] | None = session.info.get("team")
    if known is None:
        reports = sa.select(User.id).where(User.org_id == principal.org_id, User.manager_id == principal.user_id)
        known = session.info["team"] = frozenset({*session.scalars(reports), principal.user_id})
    return known
