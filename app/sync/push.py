"""The push: mutations of a phone's queue, each done exactly once, in order, and answered one by one.

One transaction holds the effects of all mutations of a push and the records of what was answered; each runs in a savepoint,
so that one which is rejected leaves nothing behind and stops no other. Whoever sends the same again, at once or later, gets
the first answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.foundation import audit, changes, clock
from app.foundation.db import Database, table_of
from app.foundation.logs import log, request_id
from app.foundation.principal import Principal, bind_principal
from app.foundation.problems import FieldError, Problem, invalid
from app.identity.tables import User
from app.resources import references
from app.sync import drafts, groups, records
from app.sync.applying import apply_one, scope_problem
from app.sync.envelope import Sent, Unreadable
from app.sync.mutation import Made, Mutation
from app.sync.records import Known, Members
from app.sync.sight import Sight

MAX_MUTATIONS = 500
TRIES = 8
# Two that keep meeting are told apart by chance: up to this many seconds more before each further try.
PAUSE_SECONDS = 0.02
# PostgreSQL took this transaction for the one to give way: deadlock, serialisation failure.
_GIVE_WAY = frozenset({"40P01", "40001"})
USERS = table_of(User)


@dataclass(frozen=True, slots=True)
class Push:
    """What a phone sends; `keep` is how long records are kept."""

    client_group: str
    entries: Sequence[Sent | Unreadable]
    keep: timedelta
    user_agent: str | None = None


@dataclass(slots=True)
class _Run:
    """A push under way: what was answered before and in this push, and what is to be written at its end."""

    session: Session
    principal: Principal
    push: Push
    now: datetime
    last_seq: int
    known: dict[str, Known]
    sight: Sight
    rows: list[Members] = field(default_factory=list)


def push(store: Database, principal: Principal, asked: Push) -> Members:
    """Do what was not done yet; returns the answer's members.

    Problems: 403 for another user's client group, 401 for one that was revoked. When the database gives up, nothing was
    done and the whole push may be sent again.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with store.write() as session:
                bind_principal(session, principal)
                return _push(session, principal, asked)
        except OperationalError as fault:
            if attempt == TRIES or getattr(fault.orig, "sqlstate", None) not in _GIVE_WAY:
                raise
            log.warning("a push gave way to another and is done again", attempt=attempt, request_id=request_id())
            time.sleep(random.uniform(0, PAUSE_SECONDS * attempt))  # noqa: S311
    raise AssertionError("unreachable")


def _push(session: Session, principal: Principal, asked: Push) -> Members:
    now = clock.now()
    # One push of a user at a time: the same mutation may come by two ways at once.
    session.execute(sa.select(USERS.c.id).where(USERS.c.id == principal.user_id).with_for_update(key_share=True))
    seen = {"user_agent": asked.user_agent} if asked.user_agent else {}
    group = groups.hold(session, principal, asked.client_group, now, **seen)
    readable = [entry for entry in asked.entries[:MAX_MUTATIONS] if isinstance(entry, Sent)]
    ids = {entry.id for entry in readable}.union(*(entry.depends_on for entry in readable))
    run = _Run(
        session,
        principal,
        asked,
        now,
        group.last_seq,
        records.known(session, principal, ids),
        Sight(session, principal),
    )
    run.sight.look_at(entry.args["account_id"] for entry in readable if "account_id" in entry.args)
    with changes.held(session), audit.held(session), references.remembered(session) as in_sight:
        in_sight["account"] |= run.sight.seen()
        answers = [_answer(run, number, entry) for number, entry in enumerate(asked.entries)]
    records.write(session, run.rows)
    if run.last_seq != group.last_seq:
        mine = groups.GROUPS.c.id == asked.client_group
        session.execute(sa.update(groups.GROUPS).where(mine).values(last_seq=run.last_seq))
    return {"as_of": now.replace(microsecond=0), "seq": run.last_seq, "answers": answers}


def _answer(run: _Run, number: int, entry: Sent | Unreadable) -> Members:
    if number >= MAX_MUTATIONS:
        return _not_looked_at(entry, _TOO_MANY)
    if isinstance(entry, Unreadable):
        problem = invalid(entry.faults, "This entry has no id or number that can be answered to.")
        return records.rejected(problem).answer(entry.id, entry.seq)
    before = run.known.get(entry.id)
    if before is not None:
        run.last_seq = max(run.last_seq, entry.seq) if entry.seq == run.last_seq + 1 else run.last_seq
        return before.again(entry.id, entry.seq)
    if entry.seq > run.last_seq + 1:
        return _not_looked_at(entry, _GAP)
    old = records.is_too_old(entry, run.now, run.push.keep)
    if entry.seq <= run.last_seq and not old:
        return _not_looked_at(entry, _USED)
    became = records.rejected(_TOO_OLD) if old else _do(run, entry)
    run.last_seq = max(run.last_seq, entry.seq)
    run.known[entry.id] = became
    run.rows.append(records.row_of(run.principal, run.push.client_group, entry, run.now, became, run.push.keep))
    if became.result == records.REJECTED:
        _note_rejection(run, entry, became)
    return became.answer(entry.id, entry.seq)


def _not_looked_at(entry: Sent | Unreadable, problem: Problem) -> Members:
    return {**records.rejected(problem).answer(entry.id, entry.seq), "retry": True}


def _note_rejection(run: _Run, entry: Sent, became: Known) -> None:
    details = {"name": entry.name, "problem": became.members["problem"]["type"].rpartition("/")[2]}
    audit.record(run.session, "mutation.rejected", "mutation", entry.id, details)


def _do(run: _Run, entry: Sent) -> Known:
    """Apply a mutation, or say why not."""
    kind = entry.kind
    if kind is None or entry.faults:
        return records.rejected(invalid(entry.faults))
    refused = scope_problem(run.session, kind)
    if refused is not None:
        return records.rejected(refused)
    parent = _rejected_parent(run, entry)
    if parent is not None:
        return _with_parent(run, entry, *parent)
    account = kind.account(run.session, entry.args)
    if account is not None and run.sight.lost(account):
        draft = drafts.keep(run.session, run.principal, entry, account, _LOST.slug, run.now)
        return records.rejected(_LOST, draft)
    return _apply(run, entry, kind)


def _rejected_parent(run: _Run, entry: Sent) -> tuple[int, Known, str | None] | None:
    """The first of what this depends on that was rejected: its place, its answer, and the account of its open draft.

    One that a manager has accepted since is as good as applied.
    """
    for place, parent in enumerate(entry.depends_on):
        became = run.known.get(parent)
        if became is None or became.result != records.REJECTED:
            continue
        status, account = (drafts.standing(run.session, became.draft) if became.draft else None) or ("", None)
        if status != "accepted":
            return place, became, account if status == "open" else None
    return None


def _with_parent(run: _Run, entry: Sent, place: int, parent: Known, account: str | None) -> Known:
    """What depends on a rejected mutation shares its fate: a draft when that is an open one."""
    why = parent.members["problem"].get("title", "It was rejected")
    problem = Problem(
        409,
        "parent-rejected",
        "What this depends on was rejected",
        "It was made on top of a mutation that was not applied; put that right first, then send this again.",
        (FieldError(f"/depends_on/{place}", f"{why}."),),
    )
    if account is None:
        return records.rejected(problem)
    return records.rejected(problem, drafts.keep(run.session, run.principal, entry, account, problem.slug, run.now))


def _apply(run: _Run, entry: Sent, kind: Mutation) -> Known:
    parents = (run.known.get(parent) for parent in entry.depends_on)
    clashed = any(parent is not None and parent.result == records.CONFLICT for parent in parents)
    made = Made(entry.id, run.principal.user_id, run.now, entry.made_at, entry.skew, clashed)
    try:
        return records.applied(apply_one(run.session, kind, entry.args, made).conflicts)
    except Problem as problem:
        return records.rejected(problem)
    except IntegrityError as fault:
        log.info("constraint refused a mutation", name=entry.name, error=type(fault.orig).__name__)
        return records.rejected(_CLASH)
    except DataError as fault:
        log.warning("database refused a value of a mutation", name=entry.name, error=type(fault.orig).__name__)
        return records.rejected(
            Problem(422, "invalid", "Invalid input", "A value is too long or too large to be kept.")
        )
    except (OperationalError, InterfaceError) as fault:
        if getattr(fault.orig, "sqlstate", None) in _GIVE_WAY or not _answers(run.session):
            raise
        return _our_mistake(entry)
    except Exception:
        return _our_mistake(entry)


def _answers(session: Session) -> bool:
    """Whether the database is still there, so that the fault is the mutation's own."""
    try:
        session.execute(sa.select(sa.literal(1)))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def _our_mistake(entry: Sent) -> Known:
    log.error("a mutation failed", name=entry.name, mutation=entry.id, exc_info=True, request_id=request_id())
    detail = f"We made a mistake and logged it under request {request_id()}. Nothing of this was changed."
    return records.rejected(Problem(500, "internal-error", "Internal error", detail))


_TOO_MANY = Problem(
    409, "too-many-mutations", "Too many mutations at once", f"A push takes {MAX_MUTATIONS}; send the rest in the next."
)
_GAP = Problem(
    409,
    "sequence-gap",
    "A number was skipped",
    "A mutation before this one has not arrived. Number the queue anew from `seq` plus one, and send it again.",
)
_USED = Problem(
    409,
    "sequence-used",
    "A number was used before",
    "Another mutation had this number. Number the queue anew from `seq` plus one, and send it again.",
)
_TOO_OLD = Problem(
    409,
    "too-old",
    "Made too long ago",
    "Answers to mutations of that time are not kept any more, so it may have been applied before. "
    "Look whether it was, and enter it again if not.",
)
_LOST = Problem(
    403,
    "territory-lost",
    "Not your account any more",
    "The account left your territory before this arrived. It is kept for a manager, who may apply it.",
)
_CLASH = Problem(409, "conflict", "Conflict", "Another row has the same id or another unique value of this.")

__all__ = ["MAX_MUTATIONS", "Push", "push"]
