"""What past visits and the notes since say on a briefing, and which visits need one of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import Context, Evidence, Fact, Item, Signal, Subject, source_name
from app.foundation.db import Instant, table_of
from app.visits.tables import Note, Visit

VISITS, NOTES = table_of(Visit), table_of(Note)
AHEAD = timedelta(days=7)
AFTER = timedelta(hours=12)
NOTES_BACK = timedelta(days=180)
MAX_NOTES = 3
NOTE_CHARACTERS = 280


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit that is to come, and the ids of the people who will be there."""

    id: str
    account_id: str
    starts_at: datetime
    attendee_ids: tuple[str, ...]


def planned_visits(session: Session, context: Context) -> dict[str, list[PlannedVisit]]:
    """Visits to these accounts that are planned for the next seven days, by account, soonest first.

    One that ended within the last half day still counts: its note may not be written yet.
    """
    columns = (VISITS.c.id, VISITS.c.account_id, VISITS.c.starts_at, VISITS.c.attendee_ids)
    query = (
        sa.select(*columns)
        .where(
            VISITS.c.org_id == context.org_id,
            VISITS.c.account_id.in_(context.account_ids),
            VISITS.c.status == "planned",
            VISITS.c.ends_at >= context.now - AFTER,
            VISITS.c.starts_at <= context.now + AHEAD,
        )
        .order_by(VISITS.c.starts_at, VISITS.c.id)
    )
    planned: dict[str, list[PlannedVisit]] = defaultdict(list)
    for row in session.execute(query):
        visit = PlannedVisit(row.id, row.account_id, row.starts_at, tuple(row.attendee_ids or ()))
        planned[visit.account_id].append(visit)
    return planned


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """What was said at each account's last visit, or that there was none; and the newest notes since."""
    met: dict[str, Any] = {}
    for row in _last_done(session, context):
        met[row.account_id] = row
        yield from ((row.account_id, signal) for signal in _last_time(row))
    for account_id, account in context.accounts.items():
        if account_id not in met:
            evidence = account.evidence
            yield (
                account_id,
                Signal("visit.none_yet", account.subject, {}, (evidence,), 0.2, "never met", evidence.as_of),
            )
    yield from _notes_since(session, context, met)


def _newest_notes_query() -> sa.Select[Any]:
    rank = sa.func.row_number().over(
        partition_by=NOTES.c.account_id, order_by=(NOTES.c.written_at.desc(), NOTES.c.id.desc())
    )
    newest = (
        sa.select(NOTES, rank.label("rank"))
        .where(
            NOTES.c.org_id == sa.bindparam("org_id"),
            NOTES.c.account_id.in_(sa.bindparam("account_ids", expanding=True)),
            NOTES.c.written_at.between(sa.bindparam("back", type_=Instant), sa.bindparam("now", type_=Instant)),
        )
        .subquery()
    )
    return sa.select(newest).where(newest.c.rank <= MAX_NOTES).order_by(newest.c.account_id, newest.c.rank)


_NEWEST_NOTES = _newest_notes_query()


def _notes_since(session: Session, context: Context, met: Mapping[str, Any]) -> Iterator[tuple[str, Signal]]:
    """The newest notes of each account that were written since its last visit, or about that one."""
    back = {"org_id": context.org_id, "account_ids": context.account_ids, "now": context.now}
    for row in session.execute(_NEWEST_NOTES, {**back, "back": context.now - NOTES_BACK}):
        last = met.get(row.account_id)
        if last is None or row.written_at > last.starts_at or row.visit_id == last.id:
            yield row.account_id, _written(row)


def _written(row: Any) -> Signal:
    subject = Subject("note", row.id, f"Note by {row.author}")
    evidence = Evidence("note", row.id, source_name(row.external_ids), row.written_at, subject.name)
    facts: dict[str, Fact] = {"by": row.author, "written": row.written_at, "text": _shortened(row.text)}
    weight = 0.4 - 0.01 * row.rank  # the newest first
    return Signal("note.written", subject, facts, (evidence,), weight, "written down since", row.written_at)


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= NOTE_CHARACTERS else plain[: NOTE_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"


def _last_done_query() -> sa.Select[Any]:
    rank = sa.func.row_number().over(
        partition_by=VISITS.c.account_id, order_by=(VISITS.c.starts_at.desc(), VISITS.c.id.desc())
    )
    done = (
        sa.select(VISITS, rank.label("rank"))
        .where(
            VISITS.c.org_id == sa.bindparam("org_id"),
            VISITS.c.account_id.in_(sa.bindparam("account_ids", expanding=True)),
            VISITS.c.status == "done",
            VISITS.c.starts_at <= sa.bindparam("now"),
        )
        .subquery()
    )
    return sa.select(done).where(done.c.rank == 1)


_LAST_DONE = _last_done_query()


def _last_done(session: Session, context: Context) -> list[Any]:
    values = {"org_id": context.org_id, "account_ids": context.account_ids, "now": context.now}
    return list(session.execute(_LAST_DONE, values).all())


def visit_evidence(session: Session, org_id: str, visit_ids: Collection[str]) -> dict[str, Evidence]:
    """The notes of these visits as evidence, for what was agreed at them."""
    columns = (VISITS.c.id, VISITS.c.external_ids, VISITS.c.done_at, VISITS.c.ends_at)
    query = sa.select(*columns).where(VISITS.c.org_id == org_id, VISITS.c.id.in_(visit_ids))
    return {row.id: _note(row) for row in session.execute(query)} if visit_ids else {}


def _note(row: Any) -> Evidence:
    return Evidence("visit", row.id, source_name(row.external_ids), row.done_at or row.ends_at, "Visit note")


def _last_time(row: Any) -> Iterator[Signal]:
    met = row.starts_at.astimezone(ZoneInfo(row.time_zone)).date()
    subject = Subject("visit", row.id, row.purpose or "Visit")
    evidence = (_note(row),)
    said = ". ".join(part.strip().rstrip(".") for part in (row.outcome, row.notes) if part and part.strip())
    facts: dict[str, Fact] = {"met": met}
    observed = row.done_at or row.ends_at
    if said:
        said = said if said.endswith(("!", "?", "…")) else f"{said}."
        yield Signal("visit.last_said", subject, {**facts, "said": said}, evidence, 0.45, "the last word", observed)
    else:
        yield Signal("visit.last_met", subject, facts, evidence, 0.3, "no note", observed)
    if row.next_step and row.next_step.strip():
        step = {**facts, "step": row.next_step.strip()}
        yield Signal("visit.next_step", subject, step, evidence, 0.5, "agreed", observed)
