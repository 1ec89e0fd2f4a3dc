"""From what a calendar says to events and visits: one transaction, the same however often it is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import knowledge, matching
from app.calendars.doubt import is_doubtful
from app.calendars.ical import Attendee, Occurrence, ParsedCalendar
from app.calendars.matching import Invitation, Knowledge, Match
from app.calendars.ours import is_ours
from app.calendars.pairing import Named, pair
from app.calendars.tables import CalendarAnswer, CalendarEvent
from app.foundation import audit, changes
from app.foundation.db import table_of
from app.foundation.ids import new_id
from app.foundation.problems import Problem
from app.identity.tables import User
from app.resources.references import remembered, visible_ids
from app.visits import service as visits
from app.visits.service import Appointment

EVENTS, ANSWERS, USERS = table_of(CalendarEvent), table_of(CalendarAnswer), table_of(User)
Row = dict[str, Any]
KEPT_FOR = timedelta(days=30)  # an event that is over is forgotten then; its visit stays
SETTLED = ("matched", "dismissed")
MANY = 500
ALL_DAY_FROM, ALL_DAY_TO = time(9), time(17)


@dataclass(frozen=True)
class Owner:
    """The rep whose calendar it is."""

    email: str
    time_zone: str


@dataclass(frozen=True)
class Matcher:
    """What decides whom an event is about: what is known, and what the rep answered for each series."""

    known: Knowledge
    answers: Mapping[str, str | None]


def store(session: Session, calendar: Row, parsed: ParsedCalendar, now: datetime, *, believed: bool = False) -> int:
    """Make the events of a calendar, and their visits, what the calendar says; how many visits it is doubted about.

    The session's principal is the calendar's owner. What is not in a file says nothing: the file may hold one invitation.
    A calendar that is empty all at once takes no visit away unless it is `believed`.
    """
    owner = owner_of(session, calendar["user_id"])
    present = present_in(parsed, owner)
    told = heads(session, calendar["id"])
    pairs = pair(
        [one.named for one in told.values()],
        [Named(one.uid, one.recurrence_id, one.starts_at) for one in present],
    )
    before = {one: pairs.stored_of.get((one.uid, one.recurrence_id)) for one in present}
    open_ones = [one for one, was in before.items() if was is None or not told[was.key].says(one, owner)]
    vanished = list(_gone(pairs.vanished, calendar, parsed, now))
    known = stored(session, calendar["id"], {one.uid for one in (*filter(None, map(before.get, open_ones)), *vanished)})
    matcher = matcher_of(session, calendar["id"], [invitation_of(one) for one in open_ones])
    with as_one(session):
        for one in open_ones:
            was = before[one]
            keep(session, calendar, known[was.key] if was else None, one, matcher, owner)
        gone = [known[one.key] for one in vanished]
        lost = [row for row in gone if row["visit_id"] is not None and not row["cancelled"]]
        ahead = sum(one.ends_at >= now and not one.cancelled for one in present)
        doubted = not believed and is_doubtful([row["uid"] for row in lost], ahead, any_event=bool(parsed.uids))
        for row in () if doubted else gone:
            _vanish(session, row)
    _forget_old(session, calendar["id"], now)
    return len(lost) if doubted else 0


def _gone(vanished: Sequence[Named], calendar: Row, parsed: ParsedCalendar, now: datetime) -> Iterator[Named]:
    """Those of the stored events that the calendar does not have any more, as far as what it lacks says anything."""
    unread = {fault.uid for fault in parsed.faults}
    until = parsed.complete_until
    for one in vanished:
        told = calendar["kind"] != "file" or one.uid in parsed.uids
        if told and until is not None and now <= one.starts_at <= until and one.uid not in unread:
            yield one


def rematch(session: Session, calendar: Row, now: datetime) -> None:
    """Match again what was not matched yet: people and accounts may be known by now that were not."""
    open_ones = [
        row
        for row in stored(session, calendar["id"]).values()
        if row["match"] in ("none", "asked") and not row["private"] and not row["cancelled"] and row["ends_at"] >= now
    ]
    if not open_ones:
        return
    owner = owner_of(session, calendar["user_id"])
    occurrences = [occurrence_of(row) for row in open_ones]
    matcher = matcher_of(session, calendar["id"], [invitation_of(one) for one in occurrences])
    with as_one(session):
        for row, occurrence in zip(open_ones, occurrences, strict=True):
            keep(session, calendar, row, occurrence, matcher, owner)


def matcher_of(session: Session, calendar_id: str, invitations: Sequence[Invitation]) -> Matcher:
    """What decides about these invitations. An answer that names an account out of the rep's sight does not count."""
    return Matcher(knowledge.gather(session, invitations), answers_of(session, calendar_id))


def answers_of(session: Session, calendar_id: str) -> dict[str, str | None]:
    """What the rep answered for each series, where that account is in their sight."""
    query = sa.select(ANSWERS.c.uid, ANSWERS.c.account_id).where(ANSWERS.c.calendar_id == calendar_id)
    answers = {row.uid: row.account_id for row in session.execute(query)}
    seen = visible_ids(session, "account", {one for one in answers.values() if one})
    return {uid: account_id for uid, account_id in answers.items() if account_id is None or account_id in seen}


@contextmanager
def as_one(session: Session) -> Iterator[None]:
    """For a block that writes events: what follows from them is said once, and what they refer to is looked for once."""
    with changes.held(session), audit.held(session), remembered(session):
        yield


def present_in(parsed: ParsedCalendar, owner: Owner) -> list[Occurrence]:
    """What a calendar says that is not our own feed, with what the rep declined as cancelled."""
    return [_attended(one, owner) for one in parsed.occurrences if not is_ours(one.uid)]


def decide(matcher: Matcher, occurrence: Occurrence, before: Row | None) -> Match:
    """Whom an event is about. What was matched stays so until its words name somebody else for sure."""
    if occurrence.private:
        return Match("none")
    invitation = invitation_of(occurrence)
    if occurrence.uid in matcher.answers:
        account_id = matcher.answers[occurrence.uid]
        if account_id is None:
            return Match("dismissed")
        return Match("matched", account_id, (), matching.people_of(invitation, matcher.known, account_id))
    if before is not None and before["match"] == "dismissed":
        return Match("dismissed")
    found = matching.find(invitation, matcher.known)
    if before is None or before["match"] != "matched" or before["account_id"] is None:
        return found
    still = found.match != "matched" or found.account_id == before["account_id"]
    if not still:
        return found
    account_id = before["account_id"]
    return Match("matched", account_id, found.candidates, matching.people_of(invitation, matcher.known, account_id))


def keep(
    session: Session, calendar: Row, before: Row | None, occurrence: Occurrence, matcher: Matcher, owner: Owner
) -> None:
    """Store one event as it is now, and have its visit follow."""
    digest = digest_of(occurrence, owner)
    settled = before is not None and before["match"] in SETTLED
    if before is not None and settled and before["digest"] == digest and _named_alike(before, occurrence):
        return
    if before is not None and calendar["kind"] == "file" and occurrence.sequence < before["sequence"]:
        return  # an older invitation that was found again
    match = Match("none") if occurrence.cancelled and before is None else decide(matcher, occurrence, before)
    if before is not None and before["match"] == "matched" and before["visit_id"] is None and not before["cancelled"]:
        match = Match("dismissed")  # the rep deleted the visit: it is not made again
    after = {
        **_columns(occurrence, owner),
        "digest": digest,
        "match": match.match,
        "account_id": match.account_id,
        "person_ids": list(match.person_ids),
        "candidates": [asdict(one) for one in match.candidates],
    }
    write(session, calendar, before, after)


def write(session: Session, calendar: Row, before: Row | None, after: Row) -> None:
    """Write the row of one event after its visit, which may be new."""
    row_id = before["id"] if before else new_id()
    visit_id = before["visit_id"] if before else None
    visit_id = _visit(session, calendar, visit_id, before, {**after, "id": row_id})
    now = {**after, "visit_id": visit_id}
    if before is None:
        given = {"id": row_id, "org_id": calendar["org_id"], "user_id": calendar["user_id"]}
        session.execute(sa.insert(EVENTS), {**now, **given, "calendar_id": calendar["id"]})
    elif any(before[name] != value for name, value in now.items()):
        session.execute(sa.update(EVENTS).where(EVENTS.c.id == row_id).values(**now))


def _visit(session: Session, calendar: Row, visit_id: str | None, before: Row | None, after: Row) -> str | None:
    """Have the visit of an event follow it; its id, None where there is none."""
    wanted = after["match"] == "matched" and not after["private"]
    if visit_id is not None and before is not None:
        if not wanted or after["cancelled"]:
            if not _stands_elsewhere(session, visit_id, after["id"]):
                visits.cancel(session, visit_id)
            return visit_id
        if before["cancelled"] or before["match"] != "matched":
            visits.restore(session, visit_id, appointment(after))
        visits.follow(session, visit_id, appointment(before), appointment(after))
        return visit_id
    if not wanted or after["cancelled"]:
        return None
    known = _of_other_calendar(session, calendar, after) or _planned_by_hand(session, after)
    if known is not None:
        return known
    return _plan(session, appointment(after), external_name(calendar["id"], after))


def _plan(session: Session, wanted: Appointment, name: str) -> str:
    """Plan a visit under its calendar's name for it, or without where that is taken: its account went, and all with it."""
    try:
        with session.begin_nested():
            return visits.plan(session, wanted, {"calendar": name})
    except Problem as problem:
        if problem.slug != "external-id-taken":
            raise
    return visits.plan(session, wanted, {})


def appointment(row: Row) -> Appointment:
    """An event as a visit. One that lasts all day is a visit within office hours."""
    starts_at, ends_at = row["starts_at"], row["ends_at"]
    if row["all_day"]:
        zone = ZoneInfo(row["time_zone"])
        first = starts_at.astimezone(zone).date()
        last = max((ends_at - timedelta(seconds=1)).astimezone(zone).date(), first)
        starts_at = datetime.combine(first, ALL_DAY_FROM, zone)
        ends_at = datetime.combine(last, ALL_DAY_TO, zone)
    return Appointment(
        account_id=row["account_id"] or "",
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=row["time_zone"],
        place=row["place"] or None,
        purpose=row["summary"] or None,
        attendee_ids=tuple(row["person_ids"]),
    )


def external_name(calendar_id: str, row: Row) -> str:
    """What a visit is called by its calendar."""
    name = f"{row['uid']}/{row['recurrence_id']}"
    if len(name) > 160:
        name = sha256(name.encode()).hexdigest()
    return f"{calendar_id}/{name}"


def owner_of(session: Session, user_id: str) -> Owner:
    """The rep whose calendar it is."""
    row = session.execute(sa.select(USERS.c.email, USERS.c.time_zone).where(USERS.c.id == user_id)).one()
    return Owner(row.email.lower(), row.time_zone)


def occurrence_of(row: Row) -> Occurrence:
    """A stored event as it was read."""
    names = ("uid", "recurrence_id", "starts_at", "ends_at", "time_zone", "all_day", "summary", "place")
    given = {name: row[name] for name in (*names, "private", "cancelled", "sequence")}
    return Occurrence(**given, attendees=tuple(Attendee(**one) for one in row["attendees"]))


def _attended(occurrence: Occurrence, owner: Owner) -> Occurrence:
    """An event that the rep declined is no visit, as if it were cancelled."""
    declined = any(one.email == owner.email and one.status == "declined" for one in occurrence.attendees)
    return replace(occurrence, cancelled=True) if declined else occurrence


def invitation_of(occurrence: Occurrence) -> Invitation:
    """What an event says of whom it is about."""
    emails = tuple(one.email for one in occurrence.attendees)
    return Invitation(occurrence.summary, occurrence.place, emails, occurrence.all_day)


def _columns(occurrence: Occurrence, owner: Owner) -> Row:
    values = {**asdict(occurrence), "time_zone": occurrence.time_zone or owner.time_zone}
    return {**values, "attendees": [asdict(one) for one in occurrence.attendees]}


@lru_cache(maxsize=4096)
def digest_of(occurrence: Occurrence, owner: Owner) -> str:
    """Changes with anything that an event says."""
    return sha256(orjson.dumps(_columns(occurrence, owner), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _named_alike(row: Row, occurrence: Occurrence) -> bool:
    return bool((row["uid"], row["recurrence_id"]) == (occurrence.uid, occurrence.recurrence_id))


@dataclass(frozen=True, slots=True)
class Head:
    """What is needed of a stored event to see whether its calendar says it still."""

    named: Named
    digest: str
    match: str

    def says(self, occurrence: Occurrence, owner: Owner) -> bool:
        """Whether nothing is to be done about it."""
        alike = self.named.key == (occurrence.uid, occurrence.recurrence_id)
        return alike and self.match in SETTLED and self.digest == digest_of(occurrence, owner)


def heads(session: Session, calendar_id: str) -> dict[tuple[str, str], Head]:
    """The events of a calendar by name."""
    columns = (EVENTS.c.uid, EVENTS.c.recurrence_id, EVENTS.c.starts_at, EVENTS.c.digest, EVENTS.c.match)
    rows = session.execute(sa.select(*columns).where(EVENTS.c.calendar_id == calendar_id))
    found = (Head(Named(uid, recurrence_id, at), digest, match) for uid, recurrence_id, at, digest, match in rows)
    return {one.named.key: one for one in found}


def stored(session: Session, calendar_id: str, uids: Collection[str] | None = None) -> dict[tuple[str, str], Row]:
    """The events of a calendar as they are stored, by name: all, or those of these series."""
    query = sa.select(EVENTS).where(EVENTS.c.calendar_id == calendar_id)
    if uids is not None and len(uids) < MANY:
        query = query.where(EVENTS.c.uid.in_(uids))
    return {(row["uid"], row["recurrence_id"]): dict(row) for row in session.execute(query).mappings()}


def _vanish(session: Session, row: Row) -> None:
    """An event that is to come is no longer in its calendar: as if it were cancelled, until it turns up again."""
    if row["cancelled"]:
        return
    if row["visit_id"] is not None and not _stands_elsewhere(session, row["visit_id"], row["id"]):
        visits.cancel(session, row["visit_id"])
    session.execute(sa.update(EVENTS).where(EVENTS.c.id == row["id"]).values(cancelled=True, digest=""))


def _forget_old(session: Session, calendar_id: str, now: datetime) -> None:
    session.execute(sa.delete(EVENTS).where(EVENTS.c.calendar_id == calendar_id, EVENTS.c.ends_at < now - KEPT_FOR))


def _stands_elsewhere(session: Session, visit_id: str, event_id: str) -> bool:
    """Whether another calendar still has the event of this visit."""
    others = sa.select(EVENTS.c.id).where(
        EVENTS.c.visit_id == visit_id,
        EVENTS.c.id != event_id,
        EVENTS.c.match == "matched",
        sa.not_(EVENTS.c.cancelled),
    )
    return session.scalar(others.limit(1)) is not None


def _of_other_calendar(session: Session, calendar: Row, row: Row) -> str | None:
    """The visit that was made of the same event in another calendar of the rep."""
    query = sa.select(EVENTS.c.visit_id).where(
        EVENTS.c.user_id == calendar["user_id"],
        EVENTS.c.calendar_id != calendar["id"],
        EVENTS.c.uid == row["uid"],
        EVENTS.c.recurrence_id == row["recurrence_id"],
        EVENTS.c.account_id == row["account_id"],
        EVENTS.c.visit_id.is_not(None),
        sa.not_(EVENTS.c.cancelled),
    )
    return session.scalar(query.limit(1))


def _planned_by_hand(session: Session, row: Row) -> str | None:
    """A visit that the rep planned by hand, to the same account at the same time."""
    planned = visits.planned_at(session, row["account_id"], appointment(row).starts_at)
    if not planned:
        return None
    of_calendars = set(session.scalars(sa.select(EVENTS.c.visit_id).where(EVENTS.c.visit_id.in_(planned))))
    return next((one for one in planned if one not in of_calendars), None)
