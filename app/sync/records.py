"""Mutation records: what was answered to each mutation, so that one that comes again is known and not done again.

A record is kept until 90 days (DOORSTEP_MUTATION_RECORD_DAYS) after it was written, or after the time in the mutation's own
id (a UUIDv7), whichever is later. A mutation whose id is older than that and that is not known is not applied: whether it
was before cannot be told any more. So forgetting records never lets a mutation in twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import table_of
from app.foundation.principal import Principal
from app.foundation.problems import Problem
from app.resources import wire
from app.sync.envelope import Sent, made_ms
from app.sync.mutation import Conflict
from app.sync.tables import MutationRecord

RECORDS = table_of(MutationRecord)
CHUNK = 500
# However far ahead a device's clock is: a record is not kept longer than this after the usual time.
FURTHEST_AHEAD = timedelta(days=3650)
_LAST_MS = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp() * 1000)
REJECTED, APPLIED, CONFLICT = "rejected", "applied", "conflict"

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What was answered to a mutation: `members` beside result, id and number."""

    result: str
    members: Members = field(default_factory=dict)

    @property
    def draft(self) -> str | None:
        """The draft that was kept of it."""
        draft: str | None = self.members.get("draft")
        return draft

    def answer(self, mutation_id: str | None, seq: int | None) -> Members:
        """The answer to the first time."""
        return {"id": mutation_id, "seq": seq, "result": self.result, **self.members}

    def again(self, mutation_id: str, seq: int) -> Members:
        """The answer to any other time."""
        return {"id": mutation_id, "seq": seq, "result": "duplicate", "first": self.result, **self.members}


def applied(conflicts: Iterable[Conflict] = ()) -> Known:
    """Applied; in part when there are conflicts."""
    told = [_conflict(conflict) for conflict in conflicts]
    return Known(CONFLICT, {"conflicts": told}) if told else Known(APPLIED)


def rejected(problem: Problem, draft: str | None = None) -> Known:
    """Not applied, and why."""
    return Known(REJECTED, {"problem": problem_members(problem), **({"draft": draft} if draft else {})})


def problem_members(problem: Problem) -> Members:
    """A problem inside an answer: without the HTTP status, which it did not have."""
    return {name: value for name, value in problem.as_dict().items() if name != "status"}


def _conflict(conflict: Conflict) -> Members:
    members = {
        "entity": conflict.entity,
        "row_id": conflict.row_id,
        "field": conflict.field,
        "base": conflict.base,
        "mine": conflict.mine,
        "theirs": conflict.theirs,
        **({"by": dict(conflict.by)} if conflict.by else {}),
        **({"at": conflict.at} if conflict.at else {}),
    }
    told: Members = orjson.loads(wire.dumps(members))
    return told


def known(session: Session, principal: Principal, ids: Iterable[str]) -> dict[str, Known]:
    """What was answered to those of these mutations of the caller's that came before."""
    wanted, found = sorted(set(ids)), {}
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(RECORDS.c.id, RECORDS.c.result, RECORDS.c.answer).where(
            RECORDS.c.org_id == principal.org_id,
            RECORDS.c.user_id == principal.user_id,
            RECORDS.c.id.in_(wanted[start : start + CHUNK]),
        )
        found.update({row.id: Known(row.result, row.answer) for row in session.execute(query)})
    return found


def row_of(
    principal: Principal, client_group: str, sent: Sent, now: datetime, became: Known, keep: timedelta
) -> Members:
    """The record of a mutation."""
    made = min(datetime.fromtimestamp(min(made_ms(sent.id), _LAST_MS) / 1000, UTC), now + FURTHEST_AHEAD)
    return {
        "org_id": principal.org_id,
        "user_id": principal.user_id,
        "id": sent.id,
        "client_group_id": client_group,
        "seq": sent.seq,
        "name": sent.name,
        "version": sent.version,
        "made_at": sent.made_at,
        "skew_ms": sent.skew_ms,
        "at": now,
        "expires_at": max(now, made) + keep,
        "result": became.result,
        "answer": became.members,
    }


def is_too_old(sent: Sent, now: datetime, keep: timedelta) -> bool:
    """Whether a record of this mutation, had it come before, could be forgotten by now."""
    return made_ms(sent.id) <= (now - keep).timestamp() * 1000


def write(session: Session, rows: list[Members]) -> None:
    """Write records."""
    if rows:
        session.execute(sa.insert(RECORDS), rows)


def forget(session: Session, now: datetime) -> int:
    """Delete the records whose time is over; returns how many."""
    done = session.execute(sa.delete(RECORDS).where(RECORDS.c.expires_at <= now))
    return int(done.rowcount)  # type: ignore[attr-defined]
