"""Polling calendars and keeping what they say: fetch and read first, then short transactions that store it."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import caldav, doubt, knowledge, polling, storing
from app.calendars.ahead import store_ahead
from app.calendars.expand_pool import Expander, shared
from app.calendars.ical import FAULT_TITLES, EventFault, ParsedCalendar
from app.calendars.polling import FetchedCalendar, Outcome, SeveralCalendars, Subscription
from app.calendars.tables import Calendar
from app.calendars.turns import take_turn
from app.config import Settings
from app.foundation import clock, traces
from app.foundation.db import Database, table_of, write_unless_changed
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.polling import Failed, Fetched, NamedProblem, NotModified, Validators
from app.foundation.principal import Principal, Role, bind_principal
from app.foundation.vault import SealBroken, Vault
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import User

CALENDARS, USERS = table_of(Calendar), table_of(User)
USER_AGENT = "Doorstep/0.1 (calendars of field sales)"
PURPOSE = "calendar"
DUE_AT_ONCE = 500
MAX_FAULTS = 20
REMATCH_EVERY = timedelta(hours=6)
EMPTY_SINCE = "empty_since"
Row = dict[str, Any]


@dataclass(frozen=True)
class PollReport:
    """What one poll brought: `changed`, `unchanged`, `doubted` (empty all at once) or `failed`.

    `superseded`: the calendar was changed or deleted meanwhile, so nothing was stored.
    """

    calendar_id: str
    result: str
    problem: NamedProblem | None = None
    superseded: bool = False


@dataclass
class Poller:
    """Polls calendars with one client, one reader and one vault. Safe to share between threads."""

    client: OutboundClient
    expander: Expander
    vault: Vault
    chance: random.Random = field(default_factory=random.SystemRandom)

    @classmethod
    def from_settings(cls, settings: Settings) -> Poller:
        """A poller with the installation's outbound limits. Raises ValueError for a bad DOORSTEP_OUTBOUND_ALLOW."""
        limits = Limits(deadline=settings.outbound_deadline_seconds, max_bytes=settings.calendar_max_bytes)
        policy = AddressPolicy.parse(settings.outbound_allow.split(","))
        return cls(OutboundClient(USER_AGENT, policy, limits), shared(), Vault.from_settings(settings))

    def poll(self, database: Database, calendar_id: str) -> PollReport | None:
        """Poll a calendar and make of it what it says; None when there is none, it is paused, or its owner is away.

        What goes wrong with the calendar is stored with it and is in the report; only the database raises here.
        """
        now = clock.now()
        with database.read() as session:
            found = _calendar(session, calendar_id)
        if found is None:
            return None
        calendar, owner = found
        with traces.span("calendar asked", calendar=calendar_id, kind=calendar["kind"]):
            outcome = NotModified(200) if calendar["kind"] == "file" else self._fetch(calendar, owner, now)
        principal = _principal(owner, calendar_id)
        with traces.span("calendar stored", calendar=calendar_id):
            if isinstance(outcome, Fetched):
                store_ahead(database, principal, calendar, outcome.content)
            with database.write() as session:
                bind_principal(session, principal)
                take_turn(session, owner["id"])
                return self._store(session, calendar, outcome, now)

    def _fetch(self, calendar: Row, owner: Row, now: datetime) -> Outcome:
        try:
            request = subscription_of(self.vault, calendar, owner["time_zone"], now)
        except SealBroken:
            detail = "What was stored of its address cannot be opened here. Give address and password again."
            return Failed(NamedProblem("calendar-secret-lost", "The calendar's password is lost", detail))
        ask = caldav.poll if calendar["kind"] == "caldav" else polling.poll
        return ask(request, self.client, self.expander, now)

    def _store(self, session: Session, calendar: Row, outcome: Outcome, now: datetime) -> PollReport:
        failures = calendar["failures"] + 1 if isinstance(outcome, Failed) else 0
        state = _next_state(calendar, outcome, now) | {
            "last_polled_at": now,
            "failures": failures,
            "next_poll_at": polling.PACE.next(outcome, failures, now, self.chance),
        }
        if calendar["kind"] == "file":
            state["next_poll_at"] = now + REMATCH_EVERY
        if not write_state(session, calendar, state, now):
            return PollReport(calendar["id"], "superseded", superseded=True)
        if isinstance(outcome, Fetched):
            return _take(session, calendar, outcome, now)
        if isinstance(outcome, Failed):
            return PollReport(calendar["id"], "failed", outcome.problem)
        if knowledge.grew_since(session, calendar["last_polled_at"]):
            storing.rematch(session, calendar, now)
        return PollReport(calendar["id"], "unchanged")


def _take(session: Session, calendar: Row, outcome: Fetched[ParsedCalendar], now: datetime) -> PollReport:
    """Store what a calendar says; what is doubted is asked for whole the next time, and since when is remembered."""
    said = calendar["state"].get(EMPTY_SINCE)
    since = datetime.fromisoformat(said) if said else None
    doubted = storing.store(session, calendar, outcome.content, now, believed=doubt.is_believed(since, now))
    if not doubted:
        return PollReport(calendar["id"], "changed")
    problem = doubt.problem(doubted)
    found = outcome.state.get("url") if isinstance(outcome, FetchedCalendar) else None
    state = {EMPTY_SINCE: (since or now).isoformat(), **({"url": found} if found else {})}
    asked_whole = {"etag": None, "last_modified": None, "state": state, "problem": problem.as_dict()}
    write_state(session, {**calendar, "row_version": calendar["row_version"] + 1}, asked_whole, now)
    return PollReport(calendar["id"], "doubted", problem)


def due_calendars(session: Session, now: datetime, limit: int = DUE_AT_ONCE) -> list[tuple[str, str]]:
    """(organisation id, calendar id) of calendars whose time has come, the longest waiting first."""
    query = (
        sa.select(CALENDARS.c.org_id, CALENDARS.c.id)
        .join(USERS, USERS.c.id == CALENDARS.c.user_id)
        .where(USERS.c.active, sa.not_(CALENDARS.c.paused), CALENDARS.c.next_poll_at <= now)
        .order_by(CALENDARS.c.next_poll_at)
    )
    return [(row.org_id, row.id) for row in session.execute(query.limit(limit))]


def subscription_of(vault: Vault, calendar: Row, time_zone: str, now: datetime) -> Subscription:
    """How to ask for a calendar. Raises SealBroken.

    Once in a while it is asked for whole, however little changed: the window moves with the days. Which of a server's
    calendars it is stays known: another one that turns up beside it is none of its business.
    """
    secret = orjson.loads(vault.open(PURPOSE, calendar["id"], calendar["secret"] or ""))
    fresh = calendar["expanded_at"] is not None and calendar["expanded_at"] > now - polling.REFRESH_EVERY
    kept = ("url", "ctag") if fresh else ("url",)
    return Subscription(
        url=secret["url"],
        time_zone=time_zone,
        username=calendar["username"] or "",
        password=secret.get("password") or "",
        validators=Validators(calendar["etag"], calendar["last_modified"]) if fresh else Validators(),
        state={name: calendar["state"][name] for name in kept if name in calendar["state"]},
    )


def sealed(vault: Vault, calendar_id: str, url: str, password: str) -> str:
    """Address and password of a calendar as they are stored."""
    return vault.seal(PURPOSE, calendar_id, orjson.dumps({"url": url, "password": password}).decode())


def faults_of(faults: tuple[EventFault, ...]) -> list[dict[str, str]]:
    """Events that could not be read, as they are stored and shown."""
    return [
        {
            "type": f"/docs/problems/{one.problem}",
            "title": FAULT_TITLES.get(one.problem, "An event could not be read"),
            "detail": one.detail,
            "event": one.event,
        }
        for one in faults[:MAX_FAULTS]
    ]


def write_state(session: Session, calendar: Row, state: Row, now: datetime) -> bool:
    """Write the state unless somebody changed the calendar since it was read; whoever does so next waits here."""
    return write_unless_changed(session, CALENDARS, calendar, state, now)


def _calendar(session: Session, calendar_id: str) -> tuple[Row, Row] | None:
    query = sa.select(CALENDARS).where(CALENDARS.c.id == calendar_id, sa.not_(CALENDARS.c.paused))
    calendar = session.execute(query).mappings().first()
    if calendar is None:
        return None
    columns = (USERS.c.id, USERS.c.org_id, USERS.c.role, USERS.c.time_zone)
    owner = session.execute(sa.select(*columns).where(USERS.c.id == calendar["user_id"], USERS.c.active))
    row = owner.mappings().first()
    return None if row is None else (dict(calendar), dict(row))


def _principal(owner: Row, calendar_id: str) -> Principal:
    """The rep, by way of their calendar: it may do no more than they may."""
    role = Role(owner["role"])
    return Principal(owner["org_id"], owner["id"], role, SCOPES_OF_ROLE[role], "calendar", calendar_id)


def _next_state(calendar: Row, outcome: Outcome, now: datetime) -> Row:
    """The columns of a calendar that follow from an outcome alone."""
    if isinstance(outcome, Failed):
        state: Row = {"http_status": outcome.status, "problem": outcome.problem.as_dict()}
        if isinstance(outcome, SeveralCalendars):
            state["state"] = {"choices": [asdict(one) for one in outcome.choices]}
        return state | ({"paused": True} if outcome.gone else {})
    state = {"http_status": outcome.status, "problem": None}
    if isinstance(outcome, NotModified):
        return state
    return state | {
        **asdict(outcome.validators),
        "state": outcome.state if isinstance(outcome, FetchedCalendar) else {},
        "expanded_at": now,
        "faults": faults_of(outcome.content.faults),
        "name": calendar["name"] or outcome.content.name or urlsplit(calendar["url"] or "").hostname or "",
    }
