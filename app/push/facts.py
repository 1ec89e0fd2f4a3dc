"""Reading what decides about notices, for many at once: a fixed number of queries however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.tables import StoredBriefing
from app.briefing.wire import wire_text
from app.customers.consent import withdrawn_channels
from app.customers.tables import Account, Person
from app.foundation import clock
from app.foundation.db import table_of
from app.identity.territory import USERS, person_sees, who_sees
from app.news.mentions import Relation
from app.news.tables import Mention, NewsItem
from app.news.triggers import trigger_of
from app.push.devices import is_signed_in
from app.push.message import VisitFacts
from app.push.people import ALL_CHANNELS, Present, still_there
from app.push.plan import EVENING, Preferences, Told, zone_of
from app.push.preferences import DEFAULTS, PREFERENCES
from app.push.tables import Notice, PushDevice
from app.push.worth import Case, Known
from app.sync.tables import ClientGroup
from app.tickets.history import FINISHED
from app.tickets.tables import Ticket
from app.visits.tables import Visit

VISITS, ACCOUNTS, PEOPLE, BRIEFINGS, NOTICES, DEVICES, GROUPS, TICKETS, ITEMS, MENTIONS = map(
    table_of, (Visit, Account, Person, StoredBriefing, Notice, PushDevice, ClientGroup, Ticket, NewsItem, Mention)
)
REMEMBERED = timedelta(days=60)
FRESH = timedelta(days=30)
DAY = timedelta(days=1)
NEVER_WORKED = frozenset({"push-key-refused", "push-refused", "push-keys-unusable"})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Planned:
    """A row of the plan."""

    visit_id: str
    slot: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is told: their devices that work, and their address where mail is wanted."""

    user_id: str
    name: str
    email: str | None
    devices: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A case, whom it is for, the account's name, and the notices of the visit that there are already."""

    case: Case
    account_id: str
    account_name: str
    to: Addressee
    notices: tuple[Row, ...]


@dataclass
class _Gathered:
    visits: dict[str, Row] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    notices: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    digests: dict[tuple[str, str], str] = field(default_factory=dict)
    users: dict[str, Row] = field(default_factory=dict)
    accounts: dict[str, Row] = field(default_factory=dict)
    devices: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    briefings: dict[str, bytes] = field(default_factory=dict)
    people: defaultdict[str, Present] = field(default_factory=lambda: defaultdict(dict))
    urgent: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    news: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    first: set[str] = field(default_factory=set)


def gather(session: Session, org_id: str, planned: Sequence[Planned], now: datetime) -> dict[tuple[str, str], Found]:
    """What there is to know about these, by (visit, slot); one whose user, account or every trace is gone is left out."""
    found = _Gathered()
    visit_ids = sorted({one.visit_id for one in planned})
    _read_visits(session, org_id, visit_ids, found)
    _read_notices(session, org_id, visit_ids, now, found)
    whose = {one.visit_id: _who(one, found) for one in planned}
    about = {visit_id: _account_of(visit_id, found) for visit_id in visit_ids}
    account_ids = sorted({account for account in about.values() if account})
    _read_users(session, org_id, sorted(set(whose.values())), now, found)
    _read_accounts(session, org_id, account_ids, found)
    pairs = {(user, account) for visit, user in whose.items() if (account := about[visit])}
    _read_rights(session, org_id, pairs, found)
    _read_digests(session, org_id, account_ids, now, found)
    _read_briefings(session, org_id, visit_ids, account_ids, found)
    _read_people(session, org_id, account_ids, found)
    _read_urgent(session, org_id, account_ids, found)
    _read_news(session, org_id, account_ids, now, found)
    _find_first(session, org_id, [one for one in planned if one.slot.startswith(EVENING)], found)
    cases = ((one, about[one.visit_id], whose[one.visit_id]) for one in planned)
    return {
        (one.visit_id, one.slot): _found(one, account, user, found)
        for one, account, user in cases
        if account in found.accounts and user in found.users
    }


def _who(one: Planned, found: _Gathered) -> str:
    visit = found.visits.get(one.visit_id)
    return str(visit["user_id"]) if visit is not None else one.user_id


def _account_of(visit_id: str, found: _Gathered) -> str | None:
    visit = found.visits.get(visit_id)
    if visit is not None:
        return str(visit["account_id"])
    return next((str(notice["account_id"]) for notice in found.notices[visit_id]), None)


def _found(one: Planned, account_id: str | None, user_id: str, found: _Gathered) -> Found:
    assert account_id is not None
    account, user, row = found.accounts[account_id], found.users[user_id], found.visits.get(one.visit_id)
    mine = [notice for notice in found.notices[one.visit_id] if notice["user_id"] == user_id]
    sent = sorted((n for n in mine if n["state"] == "sent"), key=lambda n: (n["sent_at"], n["slot"]))
    doubted = sorted(filter(in_doubt, mine), key=lambda n: (n["due_at"], n["slot"]))
    briefing = found.briefings.get(one.visit_id) or found.briefings.get(account_id)
    stored = still_there(orjson.loads(briefing), found.people[account_id]) if briefing else None
    preferences = preferences_of(user)
    case = Case(
        slot=one.slot,
        visit=_visit(row, account, stored) if row is not None else None,
        may_see=(user_id, account_id) in found.seen,
        first_of_day=one.visit_id in found.first,
        preferences=Preferences.of(preferences),
        zone=zone_of(user["time_zone"]),
        told=told_of(mine),
        under_way=under_way_of(mine),
        known=Known.of(sent[-1]["told"]) if sent else None,
        perhaps=Known.of(doubted[-1]["told"]) if doubted else None,
        briefing=stored,
        urgent=found.urgent[account_id],
        news=found.news[account_id],
        only_if_new=preferences["only_if_new"],
        wanted=None if preferences["kinds"] is None else frozenset(preferences["kinds"]),
        last_digest=found.digests.get((user_id, account_id)),
    )
    working = tuple(device for device in found.devices[user_id] if not _never_works(device))
    email = user["email"] if preferences["email"] else None
    to = Addressee(user_id, user["name"], email, working)
    return Found(case, account_id, account["name"], to, tuple(mine))


def preferences_of(user: Row) -> dict[str, Any]:
    """A user's preferences from a row with the columns of `preference_columns`: the defaults where none are kept."""
    if user["lead_minutes"] is None:
        return dict(DEFAULTS)
    return {name: user["by_email" if name == "email" else name] for name in DEFAULTS}


def preference_columns() -> list[sa.ColumnElement[Any]]:
    """What `preferences_of` reads, from an outer join of PREFERENCES; `email` is called `by_email` beside the address."""
    return [PREFERENCES.c[name] for name in DEFAULTS if name != "email"] + [PREFERENCES.c.email.label("by_email")]


def told_of(notices: Sequence[Row]) -> list[Told]:
    """What the notices of a visit say was told; not what is on its way to any channel still, and not what failed."""
    under_way = under_way_of(notices)
    return [
        Told(notice["slot"], datetime.fromisoformat(notice["told"]["starts_at"]), notice["sent_at"])
        for notice in notices
        if notice["state"] in ("sent", "skipped") and notice["slot"] not in under_way and notice["told"]
    ]


def under_way_of(notices: Sequence[Row]) -> frozenset[str]:
    """Slots of notices that some channel did not take yet."""
    return frozenset(notice["slot"] for notice in notices if notice["state"] == "sending")


def in_doubt(notice: Row) -> bool:
    """Whether nobody knows if it arrived: it was taken, and what came of it was not written."""
    return bool(notice["state"] == "sending" and notice["fence"] and notice["reason"] is None)


def _never_works(device: Row) -> bool:
    slug = (device["problem"] or {}).get("type", "").rpartition("/")[2]
    return slug in NEVER_WORKED


def _visit(row: Row, account: Row, briefing: Row | None) -> VisitFacts:
    return VisitFacts(
        row["id"], row["account_id"], account["name"], row["starts_at"], row["ends_at"], row["time_zone"], row["status"],
        row["place"], row["purpose"], _phone(briefing) or account["phone"],
    )  # fmt: skip


def _phone(briefing: Row | None) -> str | None:
    """Of whoever is met first and may be called."""
    cards = briefing["cards"] if briefing else ()
    people = (person for card in cards for person in card.get("people", ()))
    return next((str(person["phone"]) for person in people if person.get("phone")), None)


# --- queries -------------------------------------------------------------------------------------------------------


def _rows(session: Session, query: sa.Select[Any]) -> Iterable[dict[str, Any]]:
    return (dict(row) for row in session.execute(query).mappings())


def _read_visits(session: Session, org_id: str, ids: Collection[str], found: _Gathered) -> None:
    names = ("id", "account_id", "user_id", "starts_at", "ends_at", "time_zone", "place", "purpose", "status")
    query = sa.select(*(VISITS.c[name] for name in names)).where(VISITS.c.org_id == org_id, VISITS.c.id.in_(ids))
    found.visits = {row["id"]: row for row in _rows(session, query)}


def _read_notices(session: Session, org_id: str, ids: Collection[str], now: datetime, found: _Gathered) -> None:
    for row in _rows(session, sa.select(NOTICES).where(NOTICES.c.org_id == org_id, NOTICES.c.visit_id.in_(ids))):
        found.notices[row["visit_id"]].append(row)


def _read_users(session: Session, org_id: str, ids: Collection[str], now: datetime, found: _Gathered) -> None:
    columns = (USERS.c.id, USERS.c.name, USERS.c.email, USERS.c.time_zone, *preference_columns())
    query = sa.select(*columns).outerjoin(PREFERENCES, PREFERENCES.c.user_id == USERS.c.id)
    query = query.where(USERS.c.org_id == org_id, USERS.c.id.in_(ids))
    found.users = {row["id"]: row for row in _rows(session, query)}
    devices = (
        sa.select(DEVICES)
        .outerjoin(GROUPS, GROUPS.c.id == DEVICES.c.client_group_id)
        .where(DEVICES.c.org_id == org_id, DEVICES.c.user_id.in_(ids), GROUPS.c.revoked_at.is_(None), is_signed_in(now))
        .order_by(DEVICES.c.created_at, DEVICES.c.id)
    )
    for row in _rows(session, devices):
        found.devices[row["user_id"]].append(row)


def _read_accounts(session: Session, org_id: str, ids: Collection[str], found: _Gathered) -> None:
    columns = (ACCOUNTS.c.id, ACCOUNTS.c.name, ACCOUNTS.c.phone)
    query = sa.select(*columns).where(ACCOUNTS.c.org_id == org_id, ACCOUNTS.c.id.in_(ids))
    found.accounts = {row["id"]: row for row in _rows(session, query)}


def _read_rights(session: Session, org_id: str, pairs: Collection[tuple[str, str]], found: _Gathered) -> None:
    """Whom of the pairs (user, account) may see that account: by the visit, and one by one where there is none any more."""
    given = {"of_org": org_id, "of_visits": list(found.visits)}
    found.seen = {(user, account) for user, account in session.execute(_rights_on(clock.today()), given)}
    visited = {(visit["user_id"], visit["account_id"]) for visit in found.visits.values()}
    found.seen |= {
        (user, account) for user, account in set(pairs) - visited if who_sees(session, org_id, account, {user})
    }


@lru_cache(maxsize=2)
def _rights_on(_day: date) -> sa.Select[Any]:
    """Which visits' users may see their accounts on a day; built once a day, because it is long."""
    return (
        sa.select(VISITS.c.user_id, VISITS.c.account_id)
        .join(USERS, USERS.c.id == VISITS.c.user_id)
        .where(VISITS.c.org_id == sa.bindparam("of_org", type_=VISITS.c.org_id.type))
        .where(VISITS.c.id.in_(sa.bindparam("of_visits", type_=VISITS.c.id.type, expanding=True)))
        .where(person_sees(VISITS.c.org_id, VISITS.c.account_id))
    )


def _read_digests(session: Session, org_id: str, account_ids: Collection[str], now: datetime, found: _Gathered) -> None:
    query = (
        sa.select(NOTICES.c.user_id, NOTICES.c.account_id, NOTICES.c.digest)
        .where(
            NOTICES.c.org_id == org_id,
            NOTICES.c.account_id.in_(account_ids),
            NOTICES.c.due_at > now - REMEMBERED,
            NOTICES.c.state == "sent",
        )
        .order_by(NOTICES.c.sent_at)
    )
    found.digests = {(user, account): digest for user, account, digest in session.execute(query)}


def _read_briefings(
    session: Session, org_id: str, visit_ids: Collection[str], account_ids: Collection[str], found: _Gathered
) -> None:
    mine = sa.or_(
        BRIEFINGS.c.visit_id.in_(visit_ids),
        sa.and_(BRIEFINGS.c.account_id.in_(account_ids), BRIEFINGS.c.visit_id.is_(None)),
    )
    query = sa.select(BRIEFINGS.c.visit_id, BRIEFINGS.c.account_id, BRIEFINGS.c.body)
    for visit_id, account_id, body in session.execute(query.where(BRIEFINGS.c.org_id == org_id, mine)):
        found.briefings[visit_id or account_id] = body


def _read_people(session: Session, org_id: str, account_ids: Collection[str], found: _Gathered) -> None:
    """Who is at these accounts now, and which channels they closed: a briefing may be older than that."""
    columns = (PEOPLE.c.account_id, PEOPLE.c.id, PEOPLE.c.consent, PEOPLE.c.preferred_channel)
    query = sa.select(*columns).where(PEOPLE.c.org_id == org_id, PEOPLE.c.account_id.in_(account_ids))
    for account_id, person_id, consent, preferred in session.execute(query):
        found.people[account_id][person_id] = ALL_CHANNELS if preferred == "none" else withdrawn_channels(consent or ())


def _read_urgent(session: Session, org_id: str, account_ids: Collection[str], found: _Gathered) -> None:
    query = sa.select(TICKETS.c.account_id, TICKETS.c.id, TICKETS.c.number, TICKETS.c.subject).where(
        TICKETS.c.org_id == org_id,
        TICKETS.c.account_id.in_(account_ids),
        TICKETS.c.status.not_in(FINISHED),
        TICKETS.c.priority == "urgent",
    )
    for account_id, ticket_id, number, subject in session.execute(query):
        found.urgent[account_id][ticket_id] = f"New urgent ticket {number}: {wire_text(subject, 120)}."


def _read_news(session: Session, org_id: str, account_ids: Collection[str], now: datetime, found: _Gathered) -> None:
    query = (
        sa.select(MENTIONS.c.account_id, ITEMS.c.id, ITEMS.c.title)
        .join(ITEMS, ITEMS.c.id == MENTIONS.c.item_id)
        .where(
            MENTIONS.c.org_id == org_id,
            MENTIONS.c.account_id.in_(account_ids),
            MENTIONS.c.relation == Relation.SELF.value,
            ITEMS.c.published_at > now - FRESH,
            ITEMS.c.published_at <= now,
        )
    )
    for account_id, item_id, title in session.execute(query):
        if trigger_of(title) is not None:
            found.news[account_id][item_id] = f"In the news: {wire_text(title, 160)}"


def _find_first(session: Session, org_id: str, evenings: Sequence[Planned], found: _Gathered) -> None:
    """Which of the visits that an evening notice is planned for are the first of their day."""
    visits = [found.visits[one.visit_id] for one in evenings if one.visit_id in found.visits]
    if not visits:
        return
    starts = [visit["starts_at"] for visit in visits]
    query = sa.select(VISITS.c.id, VISITS.c.user_id, VISITS.c.starts_at).where(
        VISITS.c.org_id == org_id,
        VISITS.c.user_id.in_({visit["user_id"] for visit in visits}),
        VISITS.c.starts_at.between(min(starts) - DAY, max(starts) + DAY),
        VISITS.c.status != "cancelled",
    )
    found.first = first_of_days(_rows(session, query), {user: row["time_zone"] for user, row in found.users.items()})


def first_of_days(visits: Iterable[Row], zones: Mapping[str, str]) -> set[str]:
    """Of visits that were not cancelled, the first of each rep's day, in the rep's zone."""
    first: dict[tuple[str, Any], tuple[datetime, str]] = {}
    for visit in visits:
        zone = zones.get(visit["user_id"])
        if zone is not None:
            key = (visit["user_id"], visit["starts_at"].astimezone(zone_of(zone)).date())
            first[key] = min(first.get(key, (visit["starts_at"], visit["id"])), (visit["starts_at"], visit["id"]))
    return {visit_id for _, visit_id in first.values()}
