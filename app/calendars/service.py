"""What a rep does with calendars: subscribe, import, look, answer. Each use case runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import polling, storing
from app.calendars.addresses import https
from app.calendars.ical import ParsedCalendar
from app.calendars.jobs import poll_job
from app.calendars.poller import faults_of, sealed, subscription_of, write_state
from app.calendars.tables import Calendar, CalendarAnswer, CalendarEvent
from app.calendars.turns import take_turn
from app.customers.tables import Account
from app.foundation import audit, clock
from app.foundation.db import table_of, upsert
from app.foundation.ids import new_id
from app.foundation.outbox import enqueue
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, Problem, invalid, not_found
from app.foundation.vault import SealBroken, Vault
from app.identity.territory import visible
from app.resources.conditional import Versions
from app.resources.references import defaults_of, visible_ids

CALENDARS, EVENTS, ANSWERS = map(table_of, (Calendar, CalendarEvent, CalendarAnswer))
ACCOUNTS = table_of(Account)
MAX_CALENDARS = 20
Row = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """Where a calendar is, and how to sign in there."""

    kind: str
    url: str
    username: str
    password: str


def mine(session: Session) -> Sequence[Row]:
    """The caller's calendars, oldest first, with how many of their events wait for an answer, and what is to choose."""
    query = sa.select(CALENDARS).where(_own(session, CALENDARS)).order_by(CALENDARS.c.id)
    counts, rows = _asked(session), [dict(row) for row in session.execute(query).mappings()]
    followed = {address for row in rows for address in _addresses(row)}
    return [{**row, "asked": counts.get(row["id"], 0), "choices": _choices(row, followed)} for row in rows]


def read(session: Session, calendar_id: str) -> Row:
    """One of the caller's calendars; Problem 404 otherwise."""
    found = next((row for row in mine(session) if row["id"] == calendar_id), None)
    if found is None:
        raise not_found("calendar")
    return found


def _addresses(row: Mapping[str, Any]) -> Iterator[str]:
    """Where a CalDAV calendar is: as the rep said, and as it was found from there."""
    if row["kind"] == "caldav":
        yield row["url"]
        if found := row["state"].get("url"):
            yield polling.shown_address(found, whole=True)


def _choices(row: Mapping[str, Any], followed: Collection[str]) -> list[Row]:
    """The calendars under an address that names none of them, and whether the rep follows them already."""
    return [
        {**one, "followed": polling.shown_address(one["url"], whole=True) in followed}
        for one in row["state"].get("choices", ())
    ]


def subscribe(session: Session, vault: Vault, allowed: str, given: Mapping[str, Any]) -> Row:
    """Follow a calendar by its address. It is polled at once, in the background."""
    principal = principal_of(session)
    take_turn(session, principal.user_id)
    check_room(session)
    address = _address(given["kind"], given["url"], given.get("username"), given.get("password"), allowed)
    _check_new(session, vault, address)
    row = {
        **new_row(session, address.kind, given.get("name") or ""),
        "url": polling.shown_address(address.url, whole=address.kind == "caldav"),
        "username": address.username or None,
        "next_poll_at": clock.now(),
    }
    row["secret"] = sealed(vault, row["id"], address.url, address.password)
    session.execute(sa.insert(CALENDARS), row)
    enqueue(session, [poll_job(principal.org_id, row["id"])])
    audit.record(session, "create", "calendar", row["id"], {"kind": address.kind})
    return read(session, row["id"])


def open_file(session: Session, name: str) -> tuple[Row, bool]:
    """The caller's calendar of imported files of this name, made where there is none; and whether that is new."""
    take_turn(session, principal_of(session).user_id)
    query = sa.select(CALENDARS).where(_own(session, CALENDARS), CALENDARS.c.kind == "file", CALENDARS.c.name == name)
    known = session.execute(query.with_for_update()).mappings().first()
    if known is not None:
        return dict(known), False
    check_room(session)
    row = {**new_row(session, "file", name), "next_poll_at": clock.now() + polling.REFRESH_EVERY}
    session.execute(sa.insert(CALENDARS), row)
    return row, True


def take_in(session: Session, name: str, parsed: ParsedCalendar) -> tuple[Row, bool]:
    """Take in what a file says, into the caller's calendar of this name; and whether that is new."""
    row, new = open_file(session, name)
    now = clock.now()
    state = {"expanded_at": now, "last_polled_at": now, "faults": faults_of(parsed.faults)}
    write_state(session, row, state, now)
    storing.store(session, row, parsed, now)
    audit.record(session, "calendar.imported", "calendar", row["id"], {"events": len(parsed.occurrences)})
    return read(session, row["id"]), new


def change(session: Session, vault: Vault, allowed: str, calendar_id: str, expected: Versions, given: Row) -> Row:
    """Change name, address, password or whether it is paused; a new address is polled at once, as if for the first time."""
    row = held(session, calendar_id)
    if expected is not None and row["row_version"] not in expected:
        raise Problem(412, "stale", "Changed meanwhile", "This calendar changed since you read it; read it again.")
    changed: Row = {name: given[name] for name in ("name", "paused") if name in given}
    address: Row = {name: given[name] for name in ("url", "username", "password") if name in given}
    if address and row["kind"] == "file":
        detail = "It grows with the files that you import; follow an address as a calendar of its own."
        raise Problem(409, "calendar-of-files", "A calendar of files has no address", detail)
    if address:
        changed |= _new_address(vault, allowed, row, address)
    if address or (row["paused"] and given.get("paused") is False):
        changed |= {"next_poll_at": clock.now(), "problem": None, "failures": 0}
    if changed:
        write_state(session, row, changed, clock.now())
        audit.record(session, "change", "calendar", calendar_id, {"fields": sorted(given)})
    if "next_poll_at" in changed and row["kind"] != "file":
        enqueue(session, [poll_job(row["org_id"], calendar_id)])
    return read(session, calendar_id)


def delete(session: Session, calendar_id: str) -> None:
    """Stop following a calendar. Its events go; visits that were made of them stay, as the rep's own."""
    take_turn(session, principal_of(session).user_id)
    held(session, calendar_id)
    session.execute(sa.delete(CALENDARS).where(CALENDARS.c.id == calendar_id))
    audit.record(session, "delete", "calendar", calendar_id)


def poll_soon(session: Session, calendar_id: str) -> Row:
    """Have a calendar polled now, and whole."""
    row = held(session, calendar_id)
    if row["paused"]:
        raise Problem(409, "calendar-paused", "The calendar is paused", "Take the pause away first.")
    write_state(session, row, {"next_poll_at": clock.now(), "expanded_at": None}, clock.now())
    enqueue(session, [poll_job(row["org_id"], calendar_id)])
    return read(session, calendar_id)


def events(session: Session, query: Mapping[str, Any]) -> tuple[list[Row], bool]:
    """Events of the caller's calendars in order of time, and whether there are more.

    Of a series that waits for an answer the next event alone is given: the answer is for all of them.
    """
    table = EVENTS
    conditions = [_own(session, table), sa.not_(table.c.cancelled)]
    conditions += [table.c[name] == query[name] for name in ("match", "calendar_id") if name in query]
    if query.get("match") == "asked":
        now, earlier = clock.now(), EVENTS.alias("earlier")
        conditions.append(table.c.ends_at >= now)
        same = (earlier.c.calendar_id == table.c.calendar_id, earlier.c.uid == table.c.uid)
        before = (earlier.c.match == "asked", sa.not_(earlier.c.cancelled), earlier.c.ends_at >= now)
        conditions.append(~sa.exists().where(*same, *before, earlier.c.starts_at < table.c.starts_at))
    if "starts_from" in query:
        conditions.append(table.c.starts_at >= query["starts_from"])
    if "after" in query:
        at, row_id = query["after"]
        later = sa.and_(table.c.starts_at == at, table.c.id > row_id)
        conditions.append(sa.or_(table.c.starts_at > at, later))
    found = session.execute(
        sa.select(table).where(*conditions).order_by(table.c.starts_at, table.c.id).limit(query["limit"] + 1)
    )
    rows = [dict(row) for row in found.mappings()]
    return _shown(session, rows[: query["limit"]]), len(rows) > query["limit"]


def answer(session: Session, event_id: str, account_id: str | None) -> Row:
    """Say what an event is about: an account, or none. It holds for its whole series, now and later."""
    take_turn(session, principal_of(session).user_id)
    query = sa.select(EVENTS).where(EVENTS.c.id == event_id, _own(session, EVENTS))
    event = session.execute(query.with_for_update()).mappings().first()
    if event is None:
        raise not_found("event")
    if event["private"]:
        raise Problem(409, "event-private", "A private event", "Private events stay private: no visit is made of them.")
    if account_id is not None and account_id not in visible_ids(session, "account", {account_id}):
        raise invalid([FieldError("/account_id", "There is no such account that you can see.")])
    given = {"calendar_id": event["calendar_id"], "uid": event["uid"], "org_id": event["org_id"]}
    insert = upsert(session, ANSWERS).values(**given, account_id=account_id, answered_at=clock.now())
    kept = {"account_id": account_id, "answered_at": insert.excluded.answered_at}
    session.execute(insert.on_conflict_do_update(index_elements=["calendar_id", "uid"], set_=kept))
    _apply_answer(session, dict(event))
    audit.record(session, "calendar_event.answered", "calendar_event", event_id)
    found = session.execute(sa.select(EVENTS).where(EVENTS.c.id == event_id)).mappings().one()
    return _shown(session, [dict(found)])[0]


def _apply_answer(session: Session, event: Row) -> None:
    calendar = held(session, event["calendar_id"])
    query = sa.select(EVENTS).where(EVENTS.c.calendar_id == event["calendar_id"], EVENTS.c.uid == event["uid"])
    rows = [dict(row) for row in session.execute(query.order_by(EVENTS.c.starts_at)).mappings()]
    occurrences = [storing.occurrence_of(row) for row in rows]
    matcher = storing.matcher_of(session, calendar["id"], [storing.invitation_of(one) for one in occurrences])
    with storing.as_one(session):
        for row, occurrence in zip(rows, occurrences, strict=True):
            match = storing.decide(matcher, occurrence, row)
            decided = {"match": match.match, "account_id": match.account_id, "person_ids": list(match.person_ids)}
            storing.write(session, calendar, row, {**row, **decided})


def new_row(session: Session, kind: str, name: str) -> Row:
    """The row of a calendar of the caller, not yet stored."""
    principal = principal_of(session)
    values = {**defaults_of(CALENDARS), "id": new_id(), "org_id": principal.org_id, "user_id": principal.user_id}
    return {**values, "kind": kind, "name": name}


def _new_address(vault: Vault, allowed: str, row: Row, given: Row) -> Row:
    """The columns of a calendar with another address or another sign-in. Another host gets no old password."""
    try:
        old = subscription_of(vault, row, "UTC", clock.now())
        url, username, password = old.url, old.username, old.password
    except SealBroken:
        url, username, password = "", "", ""
    new_url = given.get("url") or url
    if not new_url:
        raise invalid([FieldError("/url", "Give the address again.")])
    if urlsplit(https(new_url)).netloc != urlsplit(url).netloc:
        username, password = "", ""
    username, password = (given.get(name, old) for name, old in (("username", username), ("password", password)))
    address = _address(row["kind"], new_url, username, password, allowed)
    return {
        "url": polling.shown_address(address.url, whole=row["kind"] == "caldav"),
        "username": address.username or None,
        "secret": sealed(vault, row["id"], address.url, address.password),
        "etag": None,
        "last_modified": None,
        "state": {},
        "expanded_at": None,
    }


def _address(kind: str, url: str, username: str | None, password: str | None, allowed: str) -> Address:
    """A checked address. A password goes over https only, or to a host that the installation names as its own."""
    url = https(url)
    host = urlsplit(url).netloc
    if password and not url.startswith("https://") and host not in {one.strip() for one in allowed.split(",")}:
        raise invalid([FieldError("/url", "A password is sent by https:// only.")])
    return Address(kind, url, username or "", password or "")


def check_room(session: Session, more: int = 1) -> None:
    """Problem 409 when the caller may not follow so many calendars more."""
    count = session.scalar(sa.select(sa.func.count()).select_from(CALENDARS).where(_own(session, CALENDARS)))
    if (count or 0) + more > MAX_CALENDARS:
        detail = f"You may follow {MAX_CALENDARS} calendars; take one away first."
        raise Problem(409, "too-many-calendars", "Too many calendars", detail)


def _check_new(session: Session, vault: Vault, address: Address) -> None:
    """Problem 409 when the caller follows this very address already."""
    query = sa.select(CALENDARS).where(_own(session, CALENDARS), CALENDARS.c.kind == address.kind)
    for row in session.execute(query).mappings():
        with suppress(SealBroken):
            known = subscription_of(vault, dict(row), "UTC", clock.now())
            if (known.url, known.username) == (address.url, address.username):
                detail = "You follow this calendar already. Take it away first, or change the one that is there."
                raise Problem(409, "calendar-followed", "Followed already", detail)


def _own(session: Session, table: sa.Table) -> sa.ColumnElement[bool]:
    """A calendar is its owner's alone: no manager and no administrator sees it."""
    principal = principal_of(session)
    return sa.and_(table.c.user_id == principal.user_id, table.c.org_id == principal.org_id)


def held(session: Session, calendar_id: str) -> Row:
    """One of the caller's calendars, held until the transaction ends; Problem 404 otherwise."""
    query = sa.select(CALENDARS).where(CALENDARS.c.id == calendar_id, _own(session, CALENDARS))
    row = session.execute(query.with_for_update()).mappings().first()
    if row is None:
        raise not_found("calendar")
    return dict(row)


def _asked(session: Session) -> dict[str, int]:
    """How many series of each calendar wait for an answer."""
    waiting = (EVENTS.c.match == "asked", sa.not_(EVENTS.c.cancelled), EVENTS.c.ends_at >= clock.now())
    query = sa.select(EVENTS.c.calendar_id, sa.func.count(EVENTS.c.uid.distinct()).label("waiting"))
    query = query.where(_own(session, EVENTS), *waiting).group_by(EVENTS.c.calendar_id)
    return {row.calendar_id: row.waiting for row in session.execute(query)}


def _shown(session: Session, rows: Sequence[Row]) -> list[Row]:
    """Events as they are answered: candidates and accounts by name, those alone that the caller sees today."""
    ids = {one["account_id"] for row in rows for one in row["candidates"]} | {row["account_id"] for row in rows}
    table = ACCOUNTS
    query = sa.select(table.c.id, table.c.name).where(
        table.c.id.in_(sorted(filter(None, ids))), visible(principal_of(session), table, "id")
    )
    names = {row.id: row.name for row in session.execute(query)}
    shown = []
    for row in rows:
        candidates = [
            {**one, "account_name": names[one["account_id"]]} for one in row["candidates"] if one["account_id"] in names
        ]
        account_id = row["account_id"] if row["account_id"] in names else None
        given = {"candidates": candidates, "account_id": account_id, "account_name": names.get(account_id or "")}
        shown.append({**row, **given, "series": bool(row["recurrence_id"])})
    return shown


def cursor_of(row: Row) -> tuple[datetime, str]:
    """The place of an event in a list."""
    return row["starts_at"], row["id"]
