"""Drafts: mutations whose account the author lost before they arrived, kept until a manager decides.

The author's manager decides, any manager who sees the account, or an administrator. Accepting takes sight of the account:
the author's manager may dismiss without. To accept is to apply with the decider's rights what
the author wrote, in the author's name; what it was made on top of is accepted first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, clock, pokes
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.principal import Principal, Role, principal_of
from app.foundation.problems import Problem, invalid, not_found
from app.identity.tables import User
from app.identity.territory import visible
from app.sync.applying import apply_one, scope_problem
from app.sync.envelope import Sent
from app.sync.mutation import (
    MUTATION_SCHEMA,
    ArgumentError,
    Conflict,
    Made,
    Outcome,
    load_args,
    mutation_named,
    upgraded,
)
from app.sync.permission import ACCOUNTS
from app.sync.tables import Draft

DRAFTS, USERS = table_of(Draft), table_of(User)
MAX_OPEN = 500
OPEN, ACCEPTED, DISMISSED = "open", "accepted", "dismissed"
DECISIONS: Mapping[str, str] = {"accept": ACCEPTED, "dismiss": DISMISSED}


def keep(session: Session, principal: Principal, sent: Sent, account_id: str, reason: str, now: datetime) -> str | None:
    """Keep an undelivered mutation for a manager; returns the draft's id.

    None, and nothing is kept, when the author has `MAX_OPEN` undecided ones: nobody can flood their manager's list, and the
    entry stays with its author in *Needs attention*.
    """
    if sent.kind is None:
        raise ValueError("only a mutation that is known can be kept for later")
    if undecided(session, principal.user_id) >= MAX_OPEN:
        return None
    draft_id = new_id()
    draft = {
        "id": draft_id,
        "org_id": principal.org_id,
        "account_id": account_id,
        "user_id": principal.user_id,
        "mutation_id": sent.id,
        "name": sent.name,
        "version": MUTATION_SCHEMA,
        "args": upgraded(sent.kind, sent.version, sent.given)[0],
        "made_at": sent.made_at or now,
        "reason": reason,
        "depends_on": list(sent.depends_on),
        "status": OPEN,
        "created_at": now,
        "updated_at": now,
        "external_ids": {},
        "row_version": 1,
    }
    session.execute(sa.insert(DRAFTS), draft)
    audit.record(session, "draft.kept", "draft", draft_id, {"name": sent.name, "mutation": sent.id})
    _tell(session, principal.user_id, account_id)
    return draft_id


def undecided(session: Session, user_id: str) -> int:
    """How many drafts of an author nobody has decided about."""
    count = sa.select(sa.func.count()).where(DRAFTS.c.user_id == user_id, DRAFTS.c.status == OPEN)
    return session.scalar(count) or 0


def standing(session: Session, draft_id: str) -> tuple[str, str] | None:
    """Status and account of a draft."""
    row = session.execute(sa.select(DRAFTS.c.status, DRAFTS.c.account_id).where(DRAFTS.c.id == draft_id)).first()
    return (row.status, row.account_id) if row else None


def list_drafts(session: Session, status: str, limit: int, after: str | None) -> Sequence[sa.RowMapping]:
    """Drafts that the caller may decide about, or has, the oldest first, younger than the draft `after`."""
    query = _shown(principal_of(session)).where(DRAFTS.c.status == status).order_by(DRAFTS.c.id).limit(limit)
    if after is not None:
        query = query.where(DRAFTS.c.id > after)
    return session.execute(query).mappings().all()


def read(session: Session, draft_id: str) -> sa.RowMapping:
    """A draft as it is shown; Problem 404 when there is none that the caller may decide about."""
    row = session.execute(_shown(principal_of(session)).where(DRAFTS.c.id == draft_id)).mappings().first()
    if row is None:
        raise not_found("draft")
    return row


def refuse_removal(session: Session, user_id: str) -> None:
    """Problem 409 while a user has drafts that nobody has decided about: they would go with the user."""
    waiting = undecided(session, user_id)
    if waiting:
        detail = f"{waiting} drafts of theirs are undecided; decide about them first, or make the user inactive."
        raise Problem(409, "in-use", "Still in use", detail)


def decide(session: Session, draft_id: str, decision: str) -> tuple[Conflict, ...]:
    """`accept` or `dismiss` a draft; the conflicts are fields of an accepted one that others changed meanwhile.

    Problems: 404 when there is no such draft for the caller to decide, 409 when it was decided otherwise, and whatever
    applying it is answered with; then it stays undecided.
    """
    if decision == "dismiss":
        return _dismiss(session, draft_id)
    return _accept(session, draft_id, frozenset())


def _dismiss(session: Session, draft_id: str) -> tuple[Conflict, ...]:
    draft = _held(session, draft_id)
    if _still_open(draft, DISMISSED):
        _settle(session, draft, DISMISSED)
    return ()


def _accept(session: Session, draft_id: str, under_way: frozenset[str]) -> tuple[Conflict, ...]:
    draft = _held(session, draft_id)
    if not _still_open(draft, ACCEPTED):
        return ()
    _refuse_blind(session, draft)
    conflicts: list[Conflict] = []
    for parent in _open_parents(session, draft):
        if parent not in under_way:
            conflicts += _accept(session, parent, under_way | {draft_id})
    conflicts += _apply(session, draft, clashed=bool(conflicts)).conflicts
    _settle(session, draft, ACCEPTED)
    return tuple(conflicts)


def _refuse_blind(session: Session, draft: sa.RowMapping) -> None:
    """Problem 403 when the caller does not see the account: what they accept is applied with their rights."""
    here = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.id == draft["account_id"])
    if session.scalar(here.where(visible(principal_of(session), ACCOUNTS, "id"))) is None:
        raise Problem(
            403,
            "account-not-yours",
            "Not an account of yours",
            "This is about an account that neither you nor your team looks after. You may dismiss it; "
            "to accept it takes a manager who sees the account, or an administrator.",
        )


def _apply(session: Session, draft: sa.RowMapping, *, clashed: bool) -> Outcome:
    kind = mutation_named(draft["name"])
    if kind is None:
        raise invalid((), f"There is no mutation {draft['name']} any more.")
    refused = scope_problem(session, kind)
    if refused is not None:
        raise refused
    try:
        args = load_args(kind, draft["version"], draft["args"])
    except ArgumentError as fault:
        raise invalid(fault.faults) from None
    made = Made(draft["mutation_id"], draft["user_id"], clock.now(), draft["made_at"], clashed=clashed)
    return apply_one(session, kind, args, made, author=draft["user_id"], draft=draft["id"])


def _shown(principal: Principal) -> sa.Select[Any]:
    """Drafts with the names that people know them by."""
    both = DRAFTS.join(ACCOUNTS, ACCOUNTS.c.id == DRAFTS.c.account_id).join(USERS, USERS.c.id == DRAFTS.c.user_id)
    columns = (DRAFTS, ACCOUNTS.c.name.label("account"), USERS.c.name.label("author"))
    return sa.select(*columns).select_from(both).where(_decided_by(principal))


def _decided_by(principal: Principal) -> sa.ColumnElement[bool]:
    """Those that the caller decides about: of the organisation, or of the team, or at accounts that the caller sees."""
    if principal.role is Role.ADMINISTRATOR:
        return DRAFTS.c.org_id == principal.org_id
    if principal.role is not Role.MANAGER:
        return sa.false()
    team = sa.select(USERS.c.id).where(USERS.c.org_id == principal.org_id, USERS.c.manager_id == principal.user_id)
    here = sa.or_(visible(principal, DRAFTS, "account_id"), DRAFTS.c.user_id.in_(team))
    return sa.and_(DRAFTS.c.org_id == principal.org_id, here)


def _held(session: Session, draft_id: str) -> sa.RowMapping:
    """A draft, held so that of two who decide at once the second sees what the first did."""
    query = sa.select(DRAFTS).where(DRAFTS.c.id == draft_id, _decided_by(principal_of(session)))
    row = session.execute(query.with_for_update(of=DRAFTS)).mappings().first()
    if row is None:
        raise not_found("draft")
    return row


def _still_open(draft: sa.RowMapping, wanted: str) -> bool:
    if draft["status"] == OPEN:
        return True
    if draft["status"] != wanted:
        raise Problem(
            409,
            "draft-decided",
            "Decided already",
            f"Somebody else decided about this draft: it was {draft['status']}.",
        )
    return False


def _open_parents(session: Session, draft: sa.RowMapping) -> Sequence[str]:
    """Undecided drafts that this one was made on top of, in the order in which they were made."""
    if not draft["depends_on"]:
        return ()
    query = sa.select(DRAFTS.c.id).where(
        DRAFTS.c.org_id == draft["org_id"],
        DRAFTS.c.user_id == draft["user_id"],
        DRAFTS.c.mutation_id.in_(draft["depends_on"]),
        DRAFTS.c.status == OPEN,
    )
    return session.scalars(query.order_by(DRAFTS.c.id)).all()


def _settle(session: Session, draft: sa.RowMapping, status: str) -> None:
    now = clock.now()
    settled = {"status": status, "decided_by": principal_of(session).user_id, "decided_at": now, "updated_at": now}
    session.execute(
        sa.update(DRAFTS).where(DRAFTS.c.id == draft["id"]).values(**settled, row_version=draft["row_version"] + 1)
    )
    details = {"name": draft["name"], "mutation": draft["mutation_id"], "author": draft["user_id"]}
    audit.record(session, f"draft.{status}", "draft", draft["id"], details)
    _tell(session, draft["user_id"], draft["account_id"])


def _tell(session: Session, author: str, account_id: str) -> None:
    """Word for the phones of the author, the author's manager, those who see the account, and administrators."""
    pokes.tell(session, principal_of(session).org_id, users={author}, accounts={account_id})
