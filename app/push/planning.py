"""The plan: which notices are due soon, kept as rows, with a job that rings when the time of some has come."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import traces
from app.foundation.db import table_of, upsert
from app.foundation.outbox import NewJob, enqueue
from app.foundation.tables import Organisation
from app.identity.territory import USERS
from app.push import plan
from app.push.facts import (
    NOTICES,
    VISITS,
    first_of_days,
    preference_columns,
    preferences_of,
    told_of,
    under_way_of,
)
from app.push.plan import HORIZON, UPDATE, Due, Preferences, Told, is_moved, zone_of
from app.push.preferences import DEFAULTS, PREFERENCES
from app.push.tables import PlannedNotice

PLANNED = table_of(PlannedNotice)
ORGANISATIONS = table_of(Organisation)
DUE = "notice.due"
BUCKETS = 4
# How far ahead rows are written: what is due later is found by the sweep.
AHEAD = timedelta(minutes=75)
# The sweep looks once an hour at all visits within the horizon, and in between for what was forgotten of those that are near.
NEAR = timedelta(hours=2)
OVERDUE = timedelta(minutes=1)
# Changes are gathered for this long before an update leaves.
COALESCED = timedelta(minutes=2)
DAY = timedelta(days=1)
CHUNK = 400
Row = Mapping[str, Any]


def organisations_with_visits(session: Session, now: datetime) -> list[str]:
    """Organisations that have planned visits ahead."""
    ahead = sa.and_(VISITS.c.starts_at > now, VISITS.c.starts_at <= now + HORIZON, VISITS.c.status == "planned")
    some = sa.exists().where(VISITS.c.org_id == ORGANISATIONS.c.id, ahead)
    return list(session.scalars(sa.select(ORGANISATIONS.c.id).where(some).order_by(ORGANISATIONS.c.id)))


def users_with_visits(session: Session, org_id: str, now: datetime) -> list[list[str]]:
    """Users of an organisation who have planned visits within the horizon, in chunks."""
    return _chunks(session, _ahead(org_id, now, HORIZON))


def users_forgotten(session: Session, org_id: str, now: datetime) -> list[list[str]]:
    """Users who have a visit soon of which nothing is planned and nothing was told lately, in chunks."""
    planned = sa.exists().where(PLANNED.c.visit_id == VISITS.c.id)
    told = sa.exists().where(NOTICES.c.visit_id == VISITS.c.id, NOTICES.c.due_at > now - NEAR)
    return _chunks(session, _ahead(org_id, now, NEAR).where(~planned, ~told))


def ring_again(session: Session, org_id: str, now: datetime) -> None:
    """Have a new job for what should have left a while ago: its own was lost, or gave up."""
    late = sa.select(PLANNED.c.bucket).where(PLANNED.c.org_id == org_id, PLANNED.c.due_at < now - OVERDUE).distinct()
    ring(session, {(org_id, now.replace(microsecond=0), bucket) for bucket in session.scalars(late)})


def _ahead(org_id: str, now: datetime, within: timedelta) -> sa.Select[tuple[str]]:
    query = sa.select(VISITS.c.user_id).where(
        VISITS.c.org_id == org_id, VISITS.c.starts_at > now, VISITS.c.starts_at <= now + within
    )
    return query.where(VISITS.c.status == "planned").distinct().order_by(VISITS.c.user_id)


def _chunks(session: Session, query: sa.Select[tuple[str]]) -> list[list[str]]:
    users: list[str] = list(session.scalars(query))
    return [users[start : start + CHUNK] for start in range(0, len(users), CHUNK)]


def concerned(session: Session, org_id: str, account_ids: Collection[str], now: datetime) -> list[str]:
    """Those of these accounts that have a visit ahead, or one ahead of which somebody was told."""
    ahead = sa.and_(VISITS.c.starts_at > now, VISITS.c.starts_at <= now + HORIZON, VISITS.c.status == "planned")
    visited = sa.select(VISITS.c.account_id).where(
        VISITS.c.org_id == org_id, VISITS.c.account_id.in_(account_ids), ahead
    )
    told = sa.select(NOTICES.c.account_id).where(
        NOTICES.c.org_id == org_id, NOTICES.c.account_id.in_(account_ids), NOTICES.c.due_at > now - HORIZON
    )
    return sorted(set(session.scalars(visited.union(told))))


def plan_accounts(session: Session, org_id: str, account_ids: Collection[str], now: datetime) -> int:
    """Plan anew for everybody with a visit at these accounts, and look whether what was told is still so."""
    query = sa.select(VISITS.c.user_id).where(
        VISITS.c.org_id == org_id,
        VISITS.c.account_id.in_(account_ids),
        VISITS.c.starts_at.between(now - DAY, now + HORIZON),
    )
    users = sorted(set(session.scalars(query)))
    _look_again(session, org_id, account_ids, now)
    return plan_users(session, org_id, users, now)


def plan_users(session: Session, org_id: str, user_ids: Collection[str], now: datetime) -> int:
    """Write what is due soon of these users' visits, and take away what is not wanted any more; how many are planned."""
    users = _users(session, org_id, user_ids)
    visits = _visits(session, org_id, list(users), now)
    told = _told(session, org_id, visits)
    first = first_of_days(visits, {user_id: user["time_zone"] for user_id, user in users.items()})
    rows = [
        _row(org_id, visit, due)
        for visit in visits
        if visit["status"] == "planned" and visit["starts_at"] > now
        for due in _due(visit, visit["id"] in first, users[visit["user_id"]], *told[visit["id"]], now)
    ]
    soon = [row for row in rows if row["due_at"] <= now + AHEAD]
    before = _planned(session, org_id, list(users))
    _forget(session, before, {(row["visit_id"], row["slot"]) for row in rows}, {visit["id"] for visit in visits})
    write(session, [row for row in soon if before.get((row["visit_id"], row["slot"])) != _place(row)])
    return len(soon)


def write(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep rows of the plan, and have a job ring for each organisation, second and bucket."""
    if not rows:
        return
    insert = upsert(session, PLANNED)
    changed = {name: insert.excluded[name] for name in ("due_at", "user_id", "bucket")}
    session.execute(insert.on_conflict_do_update(index_elements=["visit_id", "slot"], set_=changed), list(rows))
    for row in rows:
        traces.mark("notice planned", visit=row["visit_id"], slot=row["slot"])
    ring(session, {(row["org_id"], row["due_at"], row["bucket"]) for row in rows})


def ring(session: Session, alarms: Iterable[tuple[str, datetime, int]]) -> None:
    """Have notices sent at their time, by one job for each organisation, second and bucket."""
    enqueue(
        session,
        [
            NewJob(DUE, {"bucket": bucket}, org_id, f"{DUE}:{org_id}:{at:%Y%m%dT%H%M%S}:{bucket}", at)
            for org_id, at, bucket in sorted(alarms)
        ],
    )


def forget_left_out(session: Session, org_id: str, user_ids: Collection[str], now: datetime) -> None:
    """Consider again what was left out, for example because there was no device then."""
    left_out = (NOTICES.c.state == "skipped", NOTICES.c.due_at > now - HORIZON)
    mine = (NOTICES.c.org_id == org_id, NOTICES.c.user_id.in_(user_ids))
    session.execute(sa.delete(NOTICES).where(*mine, *left_out))


def bucket_of(visit_id: str) -> int:
    """Which of the jobs of a second sends a visit's notices: always the same."""
    return zlib.crc32(visit_id.encode()) % BUCKETS


def _look_again(session: Session, org_id: str, account_ids: Collection[str], now: datetime) -> None:
    """Plan an update for every visit that somebody was told of, or may have been; whether there is anything to say is seen
    when it is due."""
    query = sa.select(NOTICES.c.visit_id, NOTICES.c.user_id, NOTICES.c.told).where(
        NOTICES.c.org_id == org_id,
        NOTICES.c.account_id.in_(account_ids),
        NOTICES.c.due_at > now - HORIZON,
        NOTICES.c.state.in_(("sent", "sending")),
    )
    at = _second(now + COALESCED)
    rows = {
        visit_id: {
            "visit_id": visit_id, "slot": UPDATE, "org_id": org_id, "user_id": user_id, "due_at": at,
            "bucket": bucket_of(visit_id),
        }
        for visit_id, user_id, told in session.execute(query)
        if datetime.fromisoformat(told["starts_at"]) > now
    }  # fmt: skip
    if rows:
        waiting = upsert(session, PLANNED).on_conflict_do_nothing(index_elements=["visit_id", "slot"])
        session.execute(waiting, list(rows.values()))
        for visit_id in rows:
            traces.mark("notice planned", visit=visit_id, slot=UPDATE)
        ring(session, {(org_id, at, row["bucket"]) for row in rows.values()})


# --- reading -------------------------------------------------------------------------------------------------------


def _users(session: Session, org_id: str, user_ids: Collection[str]) -> dict[str, Row]:
    query = sa.select(USERS.c.id, USERS.c.time_zone, *preference_columns())
    query = query.outerjoin(PREFERENCES, PREFERENCES.c.user_id == USERS.c.id)
    rows = session.execute(query.where(USERS.c.org_id == org_id, USERS.c.id.in_(user_ids), USERS.c.active)).mappings()
    return {row["id"]: dict(row) for row in rows}


def _visits(session: Session, org_id: str, user_ids: Collection[str], now: datetime) -> list[dict[str, Any]]:
    """Visits ahead, and those of the day before, which decide which is the first of its day."""
    query = sa.select(VISITS.c.id, VISITS.c.user_id, VISITS.c.starts_at, VISITS.c.status).where(
        VISITS.c.org_id == org_id,
        VISITS.c.user_id.in_(user_ids),
        VISITS.c.starts_at.between(now - DAY, now + HORIZON),
        VISITS.c.status != "cancelled",
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _told(
    session: Session, org_id: str, visits: Sequence[Row]
) -> defaultdict[str, tuple[Sequence[Told], Collection[str]]]:
    """By visit, what its user was told of it, and which notices are under way."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    columns = [NOTICES.c[name] for name in ("visit_id", "user_id", "slot", "state", "told", "sent_at")]
    whose = {visit["id"]: visit["user_id"] for visit in visits}
    visit_ids = list(whose)
    for start in range(0, len(visit_ids), CHUNK):
        some = visit_ids[start : start + CHUNK]
        query = sa.select(*columns).where(NOTICES.c.org_id == org_id, NOTICES.c.visit_id.in_(some))
        for row in session.execute(query).mappings():
            if row["user_id"] == whose[row["visit_id"]]:  # who had the visit before is not who has it now
                rows[row["visit_id"]].append(dict(row))
    found = {visit_id: (told_of(notices), under_way_of(notices)) for visit_id, notices in rows.items()}
    return defaultdict(lambda: ((), ()), found)


def _planned(session: Session, org_id: str, user_ids: Collection[str]) -> dict[tuple[str, str], tuple[Any, ...]]:
    query = sa.select(PLANNED).where(PLANNED.c.org_id == org_id, PLANNED.c.user_id.in_(user_ids))
    return {(row["visit_id"], row["slot"]): _place(dict(row)) for row in session.execute(query).mappings()}


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["user_id"], row["due_at"]


def _forget(
    session: Session, before: Iterable[tuple[str, str]], wanted: Collection[tuple[str, str]], looked_at: Collection[str]
) -> None:
    """Take away what was planned for these visits and is not wanted now; updates decide for themselves."""
    gone = [one for one in before if one[1] != UPDATE and one not in wanted and one[0] in looked_at]
    for visit_id, slot in gone:
        session.execute(sa.delete(PLANNED).where(PLANNED.c.visit_id == visit_id, PLANNED.c.slot == slot))


def _row(org_id: str, visit: Row, due: Due) -> dict[str, Any]:
    return {
        "visit_id": visit["id"],
        "slot": due.slot,
        "org_id": org_id,
        "user_id": visit["user_id"],
        "due_at": _second(due.at),
        "bucket": bucket_of(visit["id"]),
    }


def _second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def _due(
    visit: Row, first: bool, user: Row, told: Sequence[Told], under_way: Collection[str], now: datetime
) -> list[Due]:
    """What is due; of a visit that moved, no sooner than the update, which may hold more changes."""
    start, zone = visit["starts_at"], zone_of(user["time_zone"])
    found = plan.due_notices(start, first, _preferences(_key(user)), zone, told, now, under_way)
    soonest = now + COALESCED
    if soonest >= start or not is_moved(start, told):
        return found
    return [due if due.slot in under_way else Due(due.slot, max(due.at, soonest)) for due in found]


def _key(user: Row) -> tuple[Any, ...]:
    row = preferences_of(user)
    return tuple(tuple(value) if isinstance(value, list) else value for value in row.values())


@lru_cache(maxsize=4096)
def _preferences(key: tuple[Any, ...]) -> Preferences:
    return Preferences.of(dict(zip(DEFAULTS, key, strict=True)))
