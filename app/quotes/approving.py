"""Approvals of quotes: asked for with a reason, given or refused by whoever may, and void once the price is another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.fields import instant_text
from app.foundation.ids import new_id
from app.foundation.principal import Principal, Role, principal_of
from app.foundation.problems import Problem
from app.identity.tables import User
from app.quotes.pricing import Priced
from app.quotes.tables import QuoteApproval

Values = Mapping[str, Any]
APPROVALS, USERS = table_of(QuoteApproval), table_of(User)
# Nobody has a longer line of managers above them; one that runs in a circle ends here.
LONGEST_LINE = 20


def ask(session: Session, quote: Values, found: Priced, reason: str) -> list[dict[str, Any]]:
    """Write down which approvals this price needs; gives them as they are shown."""
    void(session, quote["id"])
    now = clock.now()
    asked = [
        {
            "id": new_id(), "org_id": quote["org_id"], "quote_id": quote["id"], "version": quote["version"],
            "digest": found.digest, "rule": one["rule"], "role": one["role"], "line": one.get("line"),
            "why": one["reason"], "asked_by": principal_of(session).user_id, "asked_at": now, "asked_why": reason,
            "status": "waiting",
        }
        for one in found.price["approvals"]
    ]  # fmt: skip
    session.execute(sa.insert(APPROVALS), asked)
    return shown(session, quote["id"])


def void(session: Session, quote_id: str) -> None:
    """What was asked for, given or refused so far is of no use any more."""
    done = (APPROVALS.c.quote_id == quote_id, APPROVALS.c.status != "void")
    session.execute(sa.update(APPROVALS).where(*done).values(status="void"))


def decide(session: Session, quote: Values, decision: str, reason: str | None) -> int:
    """Give, or refuse, what is the caller's to give; the number of approvals that still wait.

    Problem 403 when there is none of them.
    """
    principal = principal_of(session)
    here = (APPROVALS.c.quote_id == quote["id"], APPROVALS.c.status == "waiting")
    waiting = session.execute(sa.select(APPROVALS.c.id, APPROVALS.c.role).where(*here)).all()
    line = _line_above(session, quote["user_id"])
    mine = [row.id for row in waiting if _may(principal, row.role, quote["user_id"], line)]
    if not mine:
        roles = sorted({row.role for row in waiting})
        raise Problem(
            403,
            "approval-not-yours",
            "Not yours to approve",
            f"This takes {' and '.join(f'a {role}' if role == 'manager' else f'an {role}' for role in roles)} "
            "to whom the author reports; nobody approves their own quote.",
        )
    told = {
        "status": "approved" if decision == "approve" else "refused",
        "decided_by": principal.user_id,
        "decided_at": clock.now(),
        "reason": reason,
    }
    session.execute(sa.update(APPROVALS).where(APPROVALS.c.id.in_(mine)).values(told))
    return len(waiting) - len(mine)


def require(session: Session, quote: Values, found: Priced) -> None:
    """Problem 409 unless every approval that this price needs was given for exactly this price."""
    needed = {(one["rule"], one["role"], one.get("line")) for one in found.price.get("approvals", ())}
    if not needed:
        return
    here = (
        APPROVALS.c.quote_id == quote["id"],
        APPROVALS.c.status == "approved",
        APPROVALS.c.digest == found.digest,
        APPROVALS.c.version == quote["version"],
    )
    given = {
        tuple(row)
        for row in session.execute(sa.select(APPROVALS.c.rule, APPROVALS.c.role, APPROVALS.c.line).where(*here))
    }
    missing = [one for one in found.price["approvals"] if (one["rule"], one["role"], one.get("line")) not in given]
    if missing:
        raise Problem(
            409,
            "approval-missing",
            "Approval is missing",
            "Submit the quote first: "
            + "; ".join(f"{one['reason'].rstrip('.')} ({one['role']})" for one in missing)
            + ".",
        )


def shown(session: Session, quote_id: str) -> list[dict[str, Any]]:
    """The approvals that count, as they are shown beside a quote."""
    asker, decider = USERS.alias("asker"), USERS.alias("decider")
    both = APPROVALS.outerjoin(asker, asker.c.id == APPROVALS.c.asked_by)
    both = both.outerjoin(decider, decider.c.id == APPROVALS.c.decided_by)
    query = sa.select(APPROVALS, asker.c.name.label("asker"), decider.c.name.label("decider")).select_from(both)
    here = (APPROVALS.c.quote_id == quote_id, APPROVALS.c.status != "void")
    return [_told(dict(row)) for row in session.execute(query.where(*here).order_by(APPROVALS.c.id)).mappings()]


def _told(row: Values) -> dict[str, Any]:
    decision = {"approved": "approve", "refused": "refuse"}.get(row["status"])
    told = {
        "id": row["id"], "rule": row["rule"], "role": row["role"], "reason": row["why"], "line": row["line"],
        "asked_by": row["asker"], "asked_at": instant_text(row["asked_at"]), "asked_why": row["asked_why"],
        "decision": decision, "decided_by": row["decider"],
        "decided_at": instant_text(row["decided_at"]) if row["decided_at"] else None, "decision_reason": row["reason"],
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def name_of(session: Session, user_id: str) -> str | None:
    """The name of a user of the organisation."""
    name: str | None = session.scalar(
        sa.select(USERS.c.name).where(USERS.c.id == user_id, USERS.c.org_id == principal_of(session).org_id)
    )
    return name


def _may(principal: Principal, role: str, author: str | None, line: frozenset[str]) -> bool:
    """Nobody decides about their own. Administrators decide everything else; a manager what managers decide, about those who
    report to them, near or far.
    """
    if principal.user_id == author:
        return False
    if principal.role is Role.ADMINISTRATOR:
        return True
    return principal.role is Role.MANAGER and role == Role.MANAGER and principal.user_id in line


def _line_above(session: Session, user_id: str | None) -> frozenset[str]:
    """Ids of the manager of a user, of that one's manager, and so on."""
    above: set[str] = set()
    here = user_id
    for _ in range(LONGEST_LINE):
        if here is None:
            break
        here = session.scalar(sa.select(USERS.c.manager_id).where(USERS.c.id == here))
        if here is None or here in above:
            break
        above.add(here)
    return frozenset(above)
