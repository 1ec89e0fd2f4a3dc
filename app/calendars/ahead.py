"""What a large calendar brings, stored ahead in small steps, so that no other writer waits long for it.

Every step is whole: some events, their visits, and all that follows from those. What a calendar says as one (what is gone
from it, its tag, its state) is stored afterwards, in one transaction that finds nearly everything done. A process that ends
in between leaves events of which each is complete; the next time they are found by their names, and the others are added.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import storing
from app.calendars.ical import Occurrence, ParsedCalendar
from app.calendars.matching import Knowledge
from app.calendars.pairing import Named, pair
from app.calendars.storing import Matcher, Owner, Row
from app.calendars.tables import Calendar
from app.calendars.turns import take_turn
from app.foundation.db import Database, table_of
from app.foundation.principal import Principal, bind_principal
from app.foundation.problems import Problem

CALENDARS = table_of(Calendar)
# Fewer events than these are stored at once.
FEW = 20
# Of work, not of waiting: on a busy machine a step must not shrink to nothing.
STEP_SECONDS, LONGEST_STEP, SHORTEST_PAUSE = 0.04, 50, 0.005
pause = time.sleep


@dataclass(frozen=True)
class _Work:
    """What is to be stored of one calendar, all that it says by UID, and what is known for it."""

    calendar: Row
    owner: Owner
    known: Knowledge
    present: Mapping[str, Sequence[Occurrence]]
    new: Sequence[Occurrence]


def store_ahead(database: Database, principal: Principal, calendar: Row, parsed: ParsedCalendar) -> None:
    """Store the events that are new or changed, as far as that can be done in steps; the rest is left to `storing.store`.

    It ends early when the calendar was changed meanwhile, or something that it refers to went.
    """
    if len(parsed.occurrences) < FEW:
        return
    with database.read() as session:
        bind_principal(session, principal)
        work = _to_do(session, calendar, parsed)
    left = list(work.new)
    while len(left) >= FEW:
        try:
            with database.write() as session:
                began = time.thread_time()
                bind_principal(session, principal)
                done = _step(session, work, left[:LONGEST_STEP], began + STEP_SECONDS)
        except Problem:
            return
        if not done:
            return
        del left[:done]
        # As long again belongs to others, where there is one writer alone.
        pause(max(SHORTEST_PAUSE, time.thread_time() - began) if database.is_sqlite else 0)


def _to_do(session: Session, calendar: Row, parsed: ParsedCalendar) -> _Work:
    owner = storing.owner_of(session, calendar["user_id"])
    present = storing.present_in(parsed, owner)
    told = storing.heads(session, calendar["id"])
    pairs = pair([one.named for one in told.values()], [_named(one) for one in present])

    def is_new(one: Occurrence) -> bool:
        before = pairs.stored_of.get((one.uid, one.recurrence_id))
        return before is None or told[before.key].digest != storing.digest_of(one, owner)

    new = [one for one in present if is_new(one)]
    known = storing.matcher_of(session, calendar["id"], [storing.invitation_of(one) for one in new]).known
    series: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for one in present:
        series[one.uid].append(one)
    return _Work(calendar, owner, known, series, new)


def _step(session: Session, work: _Work, batch: Sequence[Occurrence], until: float) -> int:
    """Store the first events of a batch, until the time is over; how many, none where it is not to be gone on with."""
    calendar = work.calendar
    take_turn(session, calendar["user_id"])
    version = sa.select(CALENDARS.c.row_version).where(CALENDARS.c.id == calendar["id"])
    if session.scalar(version.with_for_update()) != calendar["row_version"]:
        return 0
    uids = {one.uid for one in batch}
    rows = storing.stored(session, calendar["id"], uids)
    names = [Named(row["uid"], row["recurrence_id"], row["starts_at"]) for row in rows.values()]
    pairs = pair(names, [_named(one) for uid in uids for one in work.present[uid]])
    matcher = Matcher(work.known, storing.answers_of(session, calendar["id"]))
    done = 0
    with storing.as_one(session):
        for one in batch:
            before = pairs.stored_of.get((one.uid, one.recurrence_id))
            storing.keep(session, calendar, rows[before.key] if before else None, one, matcher, work.owner)
            done += 1
            if time.thread_time() > until:
                break
    return done


def _named(one: Occurrence) -> Named:
    return Named(one.uid, one.recurrence_id, one.starts_at)
