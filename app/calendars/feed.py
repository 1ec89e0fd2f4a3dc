"""The rep's visits as a calendar, under an address that nobody can guess (RFC 5545; RFC 7986 for how often to ask)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars.ours import uid_of
from app.calendars.tables import CalendarFeed
from app.customers.tables import Account
from app.foundation import audit, clock
from app.foundation.db import table_of, upsert
from app.foundation.ids import new_id
from app.foundation.principal import Principal, Role, bind_principal, principal_of
from app.foundation.problems import Problem
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import User
from app.identity.territory import visible
from app.visits.tables import Visit

FEEDS, USERS, VISITS, ACCOUNTS = map(table_of, (CalendarFeed, User, Visit, Account))
BACK, AHEAD = timedelta(days=30), timedelta(days=366)
MAX_VISITS = 2000
SEEN_EVERY = timedelta(hours=1)
Row = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """Whose visits an address shows."""

    feed_id: str
    principal: Principal
    name: str
    stale: bool


def status(session: Session) -> Row:
    """When the caller's address was made and last read; nothing when there is none."""
    query = sa.select(FEEDS.c.created_at, FEEDS.c.last_read_at).where(FEEDS.c.user_id == principal_of(session).user_id)
    row = session.execute(query).mappings().first()
    return dict(row) if row is not None else {"created_at": None, "last_read_at": None}


def renew(session: Session) -> str:
    """A new address for the caller's visits, as its secret part; the one before is worthless from now on."""
    principal = principal_of(session)
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    made = {"secret_hash": _hash(secret), "created_at": clock.now(), "last_read_at": None}
    row = {"id": new_id(), "org_id": principal.org_id, "user_id": principal.user_id, **made}
    session.execute(upsert(session, FEEDS).values(row).on_conflict_do_update(index_elements=["user_id"], set_=made))
    audit.record(session, "calendar_feed.made", "user", principal.user_id)
    return secret


def revoke(session: Session) -> None:
    """Take the caller's address back."""
    principal = principal_of(session)
    session.execute(sa.delete(FEEDS).where(FEEDS.c.user_id == principal.user_id))
    audit.record(session, "calendar_feed.revoked", "user", principal.user_id)


def reader_of(session: Session, secret: str) -> Reader:
    """Whose visits this address shows; Problem 404 for one that was never given out, or was taken back."""
    query = (
        sa.select(
            FEEDS.c.id, FEEDS.c.last_read_at, USERS.c.id.label("user_id"), USERS.c.org_id, USERS.c.role, USERS.c.name
        )
        .join(USERS, USERS.c.id == FEEDS.c.user_id)
        .where(FEEDS.c.secret_hash == _hash(secret), USERS.c.active)
    )
    row = session.execute(query).first()
    if row is None:
        raise Problem(404, "feed-address-unknown", "No such calendar", "Nothing is under this address. Make a new one.")
    role = Role(row.role)
    principal = Principal(row.org_id, row.user_id, role, SCOPES_OF_ROLE[role], "feed", row.id)
    stale = row.last_read_at is None or row.last_read_at + SEEN_EVERY <= clock.now()
    return Reader(row.id, principal, row.name, stale)


def note_read(session: Session, feed_id: str) -> None:
    """Keep about when an address was last read, so that its owner sees whether anybody uses it."""
    session.execute(sa.update(FEEDS).where(FEEDS.c.id == feed_id).values(last_read_at=clock.now()))


def visits_of(session: Session, principal: Principal) -> list[Row]:
    """The rep's own visits of about a year, to accounts that they may see today."""
    bind_principal(session, principal)
    now = clock.now()
    names = ("id", "starts_at", "ends_at", "time_zone", "place", "status", "row_version", "created_at", "updated_at")
    query = (
        sa.select(*(VISITS.c[name] for name in names), ACCOUNTS.c.name.label("account"))
        .join(ACCOUNTS, ACCOUNTS.c.id == VISITS.c.account_id)
        .where(
            VISITS.c.user_id == principal.user_id,
            visible(principal, VISITS, "account_id"),
            VISITS.c.starts_at >= now - BACK,
            VISITS.c.starts_at <= now + AHEAD,
        )
        .order_by(VISITS.c.starts_at, VISITS.c.id)
        .limit(MAX_VISITS)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def etag_of(rows: list[Row], site: str) -> str:
    """A version of the feed: the same as long as nothing in it changes."""
    text = "\n".join(f"{row['id']} {row['row_version']} {row['account']}" for row in rows)
    digest = hashlib.sha256(f"{site}\n{text}".encode()).hexdigest()
    return f'"{digest[:32]}"'


def render(rows: list[Row], owner: str, site: str) -> bytes:
    """The calendar document: account, place and a link to the briefing for each visit, and nothing else about anybody."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Doorstep//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Visits of {owner}")
    calendar.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    zones: dict[str, tuple[datetime, datetime]] = {}
    for row in rows:
        first, last = zones.get(row["time_zone"], (row["starts_at"], row["ends_at"]))
        zones[row["time_zone"]] = min(first, row["starts_at"]), max(last, row["ends_at"])
    for name, (first, last) in sorted(zones.items()):
        if name not in ("UTC", "Etc/UTC"):
            days = (first - timedelta(days=366)).date(), (last + timedelta(days=366)).date()
            calendar.add_component(icalendar.Timezone.from_tzid(name, first_date=days[0], last_date=days[1]))
    for row in rows:
        calendar.add_component(_event(row, site))
    return bytes(calendar.to_ical())


def _event(row: Row, site: str) -> icalendar.Event:
    zone = ZoneInfo(row["time_zone"])
    link = f"{site}/visits/{row['id']}"
    event = icalendar.Event()
    event.add("uid", uid_of(row["id"]))
    event.add("dtstamp", row["updated_at"])
    event.add("created", row["created_at"])
    event.add("last-modified", row["updated_at"])
    event.add("sequence", row["row_version"])
    event.add("dtstart", row["starts_at"].astimezone(zone))
    event.add("dtend", row["ends_at"].astimezone(zone))
    event.add("summary", row["account"])
    event.add("status", "CANCELLED" if row["status"] == "cancelled" else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if row["status"] == "cancelled" else "OPAQUE")
    event.add("url", link)
    event.add("description", f"Briefing: {link}")
    if row["place"]:
        event.add("location", row["place"])
    return event


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
