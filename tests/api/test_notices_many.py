"""Ten thousand visits within one hour, in twelve time zones, across a night on which clocks change; time is simulated.

The jobs are the real ones; only the push service is a fake that counts. The day is Sunday, 25 October 2026:
Europe puts its clocks back at 01:00 UTC, hours before the visits, and after the evening notices of Saturday.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.briefing.tables import StoredBriefing
from app.customers.tables import Account
from app.foundation import clock, outbox
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.outbound import OutboundClient
from app.foundation.tables import Organisation
from app.identity.tables import TerritoryAssignment, User
from app.push import jobs
from app.push.plan import Preferences, due_notices, is_allowed
from app.push.preferences import DEFAULTS
from app.push.sending import Office
from app.push.tables import Notice, NoticePreference, PlannedNotice, PushDevice
from app.push.web_push import Envelope, Fate, Outcome, Sender, Subscription
from app.visits.tables import Visit
from tests.support.push_service import Browser

VISITS_OF_A_REP, ACCOUNTS = 2, 500
PLANNED = table_of(PlannedNotice)
ZONES = (
    "Europe/Stockholm", "Europe/London", "Europe/Athens", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo",
    "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "Pacific/Chatham", "Africa/Nairobi", "Asia/Dubai",
)  # fmt: skip
FIRST_START = datetime(2026, 10, 25, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEED = 20261025


@dataclass(frozen=True)
class Counting(Sender):
    """Takes every message, and notes to which device, when, and of which visit."""

    sent: list[tuple[str, datetime, str, str]] = field(default_factory=list)

    def send(self, keys: Any, to: Subscription, plain: bytes, envelope: Envelope, now: datetime) -> Outcome:
        shown = orjson.loads(plain)["notification"]
        self.sent.append((to.endpoint, now, shown["tag"], envelope.urgency))
        return Outcome(Fate.ACCEPTED)


@dataclass
class World:
    """Who is to be told of what, worked out from the rules alone."""

    preferences: dict[str, Preferences] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    visits: list[tuple[str, str, datetime]] = field(default_factory=list)

    def expected(self, begin: datetime) -> Counter[tuple[str, str, datetime]]:
        """(rep, visit, minute) of every notice that is wanted from `begin` on, when nothing was told yet."""
        first: dict[tuple[str, date], tuple[datetime, str]] = {}
        for visit, rep, start in self.visits:
            day = rep, start.astimezone(ZoneInfo(self.zones[rep])).date()
            first[day] = min(first.get(day, (start, visit)), (start, visit))
        firsts = {visit for _, visit in first.values()}
        return Counter(
            (rep, visit, due.at)
            for visit, rep, start in self.visits
            for due in due_notices(start, visit in firsts, self.preferences[rep], ZoneInfo(self.zones[rep]), [], begin)
        )


@pytest.fixture
def fast(database: Database) -> Iterator[Database]:
    """A database whose writes are not awaited: what a power cut does to it is not asked here."""
    on_sqlite = database.engine.dialect.name == "sqlite"
    unsafe = "PRAGMA synchronous=OFF" if on_sqlite else "SET synchronous_commit TO off"

    def connected(raw: Any, _record: Any) -> None:
        raw.cursor().execute(unsafe)

    event.listen(database.engine, "connect", connected)
    database.engine.dispose()
    yield database
    event.remove(database.engine, "connect", connected)
    database.engine.dispose()


def insert(database: Database, model: Any, rows: list[dict[str, Any]]) -> None:
    with database.write() as session:
        session.execute(sa.insert(table_of(model)), rows)


def settled(database: Database, chance: random.Random, visits: int) -> World:
    """Reps in twelve zones, each with a device, two visits and preferences of their own."""
    world, org, keys = World(), new_id(), Browser("x").to_json()["keys"]
    accounts = [new_id() for _ in range(ACCOUNTS)]
    briefing: dict[str, Any] = {
        "cards": [],
        "evidence": [],
        "as_of": "2026-10-24T00:00:00Z",
        "id": "x",
        "visit_id": None,
    }
    insert(database, Organisation, [{"id": org, "name": "North"}])
    insert(database, Account, [{"id": one, "org_id": org, "name": f"Account {n}"} for n, one in enumerate(accounts)])
    insert(database, StoredBriefing, [
        {"id": new_id(), "org_id": org, "account_id": one, "body": orjson.dumps({**briefing, "account_id": one}),
         "version": "x", "as_of": FIRST_START} for one in accounts
    ])  # fmt: skip
    rows: dict[Any, list[dict[str, Any]]] = {
        User: [], PushDevice: [], NoticePreference: [], TerritoryAssignment: [], Visit: []
    }  # fmt: skip
    for number in range(visits // VISITS_OF_A_REP):
        rep, zone = new_id(), ZONES[number % len(ZONES)]
        chosen = preferences(chance)
        world.zones[rep], world.preferences[rep] = zone, Preferences.of(chosen)
        mine = {"org_id": org, "user_id": rep}
        rows[User].append(
            {"id": rep, "org_id": org, "email": f"{number}@n.example", "name": "R", "role": "rep", "time_zone": zone}
        )
        rows[PushDevice].append({"id": new_id(), **mine, "endpoint": rep, **keys})
        rows[NoticePreference].append({"id": new_id(), **mine, **chosen})
        for account in chance.sample(accounts, VISITS_OF_A_REP):
            visit, start = new_id(), FIRST_START + chance.randrange(60) * MINUTE
            world.visits.append((visit, rep, start))
            rows[TerritoryAssignment].append(
                {"id": new_id(), **mine, "account_id": account, "starts_on": date(2026, 1, 1)}
            )
            rows[Visit].append(
                {"id": visit, **mine, "account_id": account, "starts_at": start, "ends_at": start, "time_zone": zone}
            )
    for model, many in rows.items():
        insert(database, model, many)
    return world


def preferences(chance: random.Random) -> dict[str, Any]:
    """What reps choose; a third leaves everything as it is but works on Sundays, a tenth does not."""
    if chance.random() < 0.34:
        return {**DEFAULTS, "working_days": [1, 2, 3, 4, 5, 6, 7]}
    quiet = chance.choice(
        [("21:00", "07:00"), ("22:30", "05:45"), ("00:00", "00:00"), ("19:00", "02:30"), ("13:00", "15:00")]
    )
    return {
        **DEFAULTS,
        "lead_minutes": chance.choice([15, 30, 60, 90, 120]),
        "evening_before": chance.random() < 0.5,
        "evening_at": chance.choice(["17:00", "18:00", "19:30"]),
        "quiet_from": quiet[0],
        "quiet_to": quiet[1],
        "working_days": [1, 2, 3, 4, 5, 6] if chance.random() < 0.15 else [1, 2, 3, 4, 5, 6, 7],
    }


def pass_time(database: Database, begin: datetime) -> None:
    """Every minute in which a tick or a notice is due, until the last visit has begun."""
    now = begin
    while now < FIRST_START + timedelta(hours=1):
        with clock.fixed(now):
            outbox.write_ticks(database, jobs.TICKS)
            outbox.drain(database)
            with database.read() as session:
                due = session.scalar(sa.select(sa.func.min(PLANNED.c.due_at)))
        tick = now + jobs.EVERY - (now - datetime.min.replace(tzinfo=UTC)) % jobs.EVERY
        now = tick if due is None else min(tick, max(due, now + MINUTE))


@pytest.mark.parametrize(
    ("visits", "begin"),
    [(10_000, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)), (400, datetime(2026, 10, 24, 3, tzinfo=UTC))],
    ids=["ten thousand in the night of the change", "the evening before too"],
)
def test_visits_within_one_hour_are_told_in_their_minute_once_and_never_in_quiet_hours(
    fast: Database, visits: int, begin: datetime
) -> None:
    world = settled(fast, random.Random(SEED), visits)
    sender = Counting(OutboundClient("test"), "mailto:it@north.example")
    jobs.register(Office(sender, "https://sales.example"))
    pass_time(fast, begin)
    told = Counter((rep, visit, at) for rep, at, visit, _ in sender.sent)
    expected = world.expected(begin)
    missing, unasked = list((expected - told).items())[:3], list((told - expected).items())[:3]
    assert told == expected, (len(told), len(expected), missing, unasked)
    assert (
        set(told.values()) == {1} and len({visit for _, visit, _ in told}) > visits * 0.75
    )  # others had to be told before, or are on a day off
    for rep, _, at in told:
        assert is_allowed(at, world.preferences[rep], ZoneInfo(world.zones[rep]))
    with fast.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PLANNED)) == 0
        states = session.execute(sa.select(Notice.state, sa.func.count()).group_by(Notice.state)).all()
    assert dict(states) == {"sent": len(sender.sent)}
