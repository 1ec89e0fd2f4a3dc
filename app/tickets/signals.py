"""What service tickets say on a briefing: what is open, late, waiting or back again, and what was just solved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import AccountRef, Context, Evidence, Fact, Item, Signal, Subject, source_name
from app.foundation.db import table_of
from app.tickets.history import FINISHED, Step, fold_named
from app.tickets.standing import PRIORITIES, is_ageing, overdue_by, urgency_rank
from app.tickets.tables import Ticket, TicketEvent

TICKETS, EVENTS = table_of(Ticket), table_of(TicketEvent)
SOLVED_DAYS = 30
REOPENED_DAYS = 60
MAX_EACH = 3
MAX_EVIDENCE = 5
WEIGHT_OF_PRIORITY = (0.2, 0.15, 0.1, 0.05)

Row = Mapping[str, Any]


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """Tickets of the accounts asked for, in five queries however many accounts and tickets there are."""
    open_rows = _by_account(_open_tickets(session, context))
    solved = _by_account(_lately_solved(session, context))
    moved, reopened = _moved_at(session, context), _reopened_at(session, context)
    last = _last_tickets(session, context, [account for account in context.account_ids if not open_rows[account]])
    for account_id, account in context.accounts.items():
        for signal in _of_account(account, open_rows[account_id], solved[account_id], moved, reopened, context.now):
            yield account_id, signal
        if not open_rows[account_id]:
            yield account_id, _nothing_open(account, last.get(account_id))


# --- queries -------------------------------------------------------------------------------------------------------


def _of(context: Context) -> tuple[sa.ColumnElement[bool], ...]:
    return TICKETS.c.org_id == context.org_id, TICKETS.c.account_id.in_(context.account_ids)


def _rows(session: Session, query: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(query).mappings()]


_COLUMNS = [column for column in TICKETS.c if column.name != "description"]


def _open_tickets(session: Session, context: Context) -> list[dict[str, Any]]:
    return _rows(session, sa.select(*_COLUMNS).where(*_of(context), TICKETS.c.status.not_in(FINISHED)))


def _lately_solved(session: Session, context: Context) -> list[dict[str, Any]]:
    since = context.now - timedelta(days=SOLVED_DAYS)
    conditions = (TICKETS.c.status.in_(FINISHED), TICKETS.c.solved_at >= since, TICKETS.c.solved_at <= context.now)
    return _rows(session, sa.select(*_COLUMNS).where(*_of(context), *conditions))


def _last_tickets_query() -> sa.Select[Any]:
    rank = sa.func.row_number().over(
        partition_by=TICKETS.c.account_id, order_by=(TICKETS.c.opened_at.desc(), TICKETS.c.id.desc())
    )
    mine = TICKETS.c.org_id == sa.bindparam("org_id")
    ranked = (
        sa.select(*_COLUMNS, rank.label("rank"))
        .where(mine, TICKETS.c.account_id.in_(sa.bindparam("account_ids", expanding=True)))
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.rank == 1)


_LAST_TICKETS = _last_tickets_query()


def _last_tickets(session: Session, context: Context, account_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The ticket of each account that was opened last."""
    if not account_ids:
        return {}
    values = {"org_id": context.org_id, "account_ids": account_ids}
    return {row["account_id"]: dict(row) for row in session.execute(_LAST_TICKETS, values).mappings()}


def _moved_at(session: Session, context: Context) -> dict[str, datetime]:
    """When each open ticket last had an entry in its history."""
    query = (
        sa.select(EVENTS.c.ticket_id, sa.func.max(EVENTS.c.at))
        .join(TICKETS, TICKETS.c.id == EVENTS.c.ticket_id)
        .where(*_of(context), TICKETS.c.status.not_in(FINISHED))
        .group_by(EVENTS.c.ticket_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _reopened_at(session: Session, context: Context) -> dict[str, datetime]:
    """When each open ticket last came back, where its history tells."""
    query = (
        sa.select(EVENTS.c.ticket_id, EVENTS.c.external_id, EVENTS.c.at, EVENTS.c.kind, EVENTS.c.value)
        .join(TICKETS, TICKETS.c.id == EVENTS.c.ticket_id)
        .where(
            *_of(context), TICKETS.c.status.not_in(FINISHED), TICKETS.c.reopened_count > 0, EVENTS.c.kind == "status"
        )
    )
    steps: dict[str, dict[str, Step]] = defaultdict(dict)
    for ticket_id, name, *step in session.execute(query):
        steps[ticket_id][name] = Step(*step)
    folded = {ticket_id: fold_named(history) for ticket_id, history in steps.items()}
    return {ticket_id: state.reopened_at for ticket_id, state in folded.items() if state and state.reopened_at}


def _by_account(rows: Sequence[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: (urgency_rank(r["priority"]), r["opened_at"], r["id"])):
        grouped[row["account_id"]].append(row)
    return grouped


# --- what they say -------------------------------------------------------------------------------------------------


def _of_account(
    account: AccountRef,
    waiting: Sequence[Row],
    solved: Sequence[Row],
    moved: Mapping[str, datetime],
    reopened: Mapping[str, datetime],
    now: datetime,
) -> Iterator[Signal]:
    """`waiting` and `solved` are most urgent first, then oldest. A late ticket is not also said to be urgent or ageing."""
    late = sorted((row for row in waiting if overdue_by(row["due_at"], now)), key=_lateness)
    for position, row in enumerate(late[:MAX_EACH]):
        yield _overdue(row, len(late) - 1 if position == 0 else 0)
    said = {row["id"] for row in late[:MAX_EACH]}
    if waiting:
        yield from _open(account, waiting, said)
    came_back = [row for row in waiting if row["reopened_count"]]
    for row in came_back[:MAX_EACH]:
        at = reopened.get(row["id"], row["updated_at"])
        if now - at <= timedelta(days=REOPENED_DAYS):
            facts: dict[str, Fact] = {"title": row["subject"], "number": row["number"], "reopened": at}
            yield _about(row, "ticket.reopened", {**facts, "times": row["reopened_count"]}, 0.7, "it came back", at)
    ageing = [row for row in waiting if row["id"] not in said and is_ageing(row["priority"], row["opened_at"], now)]
    for row in sorted(ageing, key=lambda r: (r["opened_at"], r["id"]))[:MAX_EACH]:
        at = max(row["opened_at"], moved.get(row["id"], row["opened_at"]))
        facts = {"title": row["subject"], "number": row["number"], "opened": row["opened_at"], "moved": at}
        yield _about(row, "ticket.ageing", facts, 0.45 + _priority_weight(row), "it waits too long", row["opened_at"])
    if solved:
        yield _solved(account, solved)


def _lateness(row: Row) -> tuple[int, datetime, str]:
    return urgency_rank(row["priority"]), row["due_at"], row["id"]


def _priority_weight(row: Row) -> float:
    return WEIGHT_OF_PRIORITY[urgency_rank(row["priority"])]


def _evidence(row: Row) -> Evidence:
    source = source_name(row["external_ids"])
    return Evidence("ticket", row["id"], source, row["updated_at"], f"Ticket {row['number']}", row["url"])


def _about(row: Row, kind: str, facts: dict[str, Fact], weight: float, reason: str, at: datetime) -> Signal:
    return Signal(kind, Subject("ticket", row["id"], row["subject"]), facts, (_evidence(row),), weight, reason, at)


def _open(account: AccountRef, waiting: Sequence[Row], said: Collection[str]) -> Iterator[Signal]:
    urgent = [row for row in waiting if row["priority"] == "urgent"]
    only_said_already = len(waiting) == 1 and (urgent or waiting[0]["id"] in said)
    if not only_said_already:
        yield _counted(account, waiting)
    if any(row["id"] not in said for row in urgent):
        oldest = urgent[0]
        facts = {
            "urgent": len(urgent), "title": oldest["subject"], "number": oldest["number"], "oldest": oldest["opened_at"],
        }  # fmt: skip
        subject = Subject("ticket", oldest["id"], oldest["subject"]) if len(urgent) == 1 else account.subject
        evidence = tuple(_evidence(row) for row in urgent[:MAX_EVIDENCE])
        yield Signal("ticket.open_urgent", subject, facts, evidence, 0.8, "urgent", oldest["opened_at"])


def _counted(account: AccountRef, waiting: Sequence[Row]) -> Signal:
    counts = Counter(PRIORITIES[urgency_rank(row["priority"])] for row in waiting)
    oldest = min(waiting, key=lambda row: (row["opened_at"], row["id"]))
    facts: dict[str, Fact] = {
        "open": len(waiting), **{priority: counts[priority] for priority in PRIORITIES}, "title": oldest["subject"],
        "number": oldest["number"], "oldest": oldest["opened_at"],
    }  # fmt: skip
    evidence = tuple(_evidence(row) for row in waiting[:MAX_EVIDENCE])
    newest = max(row["opened_at"] for row in waiting)
    weight = 0.4 if counts["high"] and not counts["urgent"] else 0.25
    return Signal("ticket.open", account.subject, facts, evidence, weight, "open tickets", newest)


def _overdue(row: Row, more: int) -> Signal:
    facts: dict[str, Fact] = {"title": row["subject"], "number": row["number"], "due": row["due_at"], "more": more}
    return _about(row, "ticket.overdue", facts, 0.75 + _priority_weight(row), "past its promise", row["due_at"])


def _solved(account: AccountRef, solved: Sequence[Row]) -> Signal:
    newest_first = sorted(solved, key=lambda r: (r["solved_at"], r["id"]), reverse=True)
    last = newest_first[0]
    facts: dict[str, Fact] = {
        "count": len(solved), "title": last["subject"], "number": last["number"], "solved": last["solved_at"],
    }  # fmt: skip
    evidence = tuple(_evidence(row) for row in newest_first[:MAX_EVIDENCE])
    return Signal("ticket.solved", account.subject, facts, evidence, 0.35, "good news", last["solved_at"])


def _nothing_open(account: AccountRef, last: Row | None) -> Signal:
    """Calm is only worth saying where tickets do come in; where none ever came, it is not calm but not known."""
    if last is None:
        evidence = account.evidence
        return Signal("ticket.none_received", account.subject, {}, (evidence,), 0.15, "no source", evidence.as_of)
    at = max(at for at in (last["opened_at"], last["solved_at"], last["closed_at"]) if at is not None)
    return Signal("ticket.none_open", account.subject, {"moved": at}, (_evidence(last),), 0.1, "calm", at)
