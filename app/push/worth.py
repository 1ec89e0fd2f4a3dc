"""What a notice is worth: whether it is sent, and which changes after it are worth another. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app.briefing.wire import wire_instant
from app.push.message import Change, Notice, VisitFacts, wanted_lines
from app.push.plan import EVENING, MOVED, UPDATE, Preferences, Told, allowed_from, due_notices

SERVICE, NEWS = "service", "news"


@dataclass(frozen=True, slots=True)
class Known:
    """What a rep knows of a visit by the last notice of it."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str
    urgent: frozenset[str]
    news: frozenset[str]
    cancelled: bool = False

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Known:
        """From the column `told` of a notice."""
        return cls(
            datetime.fromisoformat(told["starts_at"]),
            datetime.fromisoformat(told["ends_at"]),
            told["time_zone"],
            frozenset(told["urgent"]),
            frozenset(told["news"]),
            told["cancelled"],
        )


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that decides about one planned notice, as it is at this moment.

    `visit` is None when there is none any more; `urgent` and `news` are sentences by the id of what they tell of; `told` is
    what its user was told of this visit, `last_digest` what they were last told of the account, `under_way` what some channel
    did not take yet. `known` is what they know for sure, `perhaps` what they know if a notice arrived of which that is in doubt.
    """

    slot: str
    visit: VisitFacts | None
    may_see: bool
    first_of_day: bool
    preferences: Preferences
    zone: ZoneInfo
    told: Sequence[Told]
    known: Known | None
    briefing: Mapping[str, Any] | None
    urgent: Mapping[str, str] = field(default_factory=dict)
    news: Mapping[str, str] = field(default_factory=dict)
    only_if_new: bool = False
    wanted: frozenset[str] | None = None
    last_digest: str | None = None
    under_way: frozenset[str] = frozenset()
    perhaps: Known | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """It is to be sent now."""

    change: Change
    digest: str
    told: dict[str, Any]
    urgency: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Later:
    """Its time comes later."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """It is not sent, and that is remembered."""

    reason: str


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not to be sent any more, or not to be known of."""

    reason: str


Decision = Send | Later | LeaveOut | Drop


def decide(case: Case, now: datetime) -> Decision:
    """What becomes of a planned notice whose time has come, by the facts of this moment."""
    if not case.may_see:
        return Drop("its user may not see the account, or is not active any more")
    if case.slot == UPDATE or case.slot.startswith(f"{UPDATE}-"):
        return _update(case, now)
    visit = case.visit
    if visit is None or visit.status != "planned":
        return Drop("the visit is not planned any more")
    due = due_notices(visit.starts_at, case.first_of_day, case.preferences, case.zone, case.told, now, case.under_way)
    mine = next((one for one in due if one.slot == case.slot), None)
    if mine is None:
        return Drop("it was told, or its time is over")
    if mine.at > now:
        return Later(mine.at)
    digest, change = digest_of(case), what_changed(case, case.known) if case.known is not None else Change()
    if case.only_if_new and digest == case.last_digest and not change:
        return LeaveOut("nothing is new since the last notice")
    urgency = "normal" if case.slot.startswith(EVENING) and not change else "high"
    return Send(change, digest, _told(case, visit), urgency, _until(visit.starts_at, change))


def _update(case: Case, now: datetime) -> Decision:
    known, change = _what_to_tell(case)
    if known is None:
        return Drop("nothing was told that could have changed")
    if not change:
        return Drop("nothing that matters changed")
    visit = case.visit
    until = _until(known.starts_at if visit is None or change.cancelled else visit.starts_at, change)
    at = allowed_from(now, until, case.preferences, case.zone)
    if at is None:
        return Drop("the visit begins before it may be told")
    if at > now:
        return Later(at)
    told = _told(case, visit) if visit is not None else {**_of_known(known), "cancelled": True}
    return Send(change, digest_of(case), told, "high", until)


def _what_to_tell(case: Case) -> tuple[Known | None, Change]:
    """What changed since they were told, and since what they were told; else since what they were perhaps told.

    A visit that was moved, told of and moved back is where it was known to be, but the phone may have heard of the move.
    """
    for known in (case.known, case.perhaps):
        if known is not None and (change := what_changed(case, known)):
            return known, change
    return case.known or case.perhaps, Change()


def _until(start: datetime, change: Change) -> datetime:
    """Until when it is worth hearing: whoever waits for ten o'clock is told until then that it was moved to nine."""
    return start if change.moved_from is None else max(start, change.moved_from)


def what_changed(case: Case, known: Known) -> Change:
    """What is worth a second notice: the visit moved or was cancelled, a new urgent ticket, news of a breach or a sale."""
    gone = case.visit is None or case.visit.status == "cancelled"
    if gone or case.visit is None:
        return Change(cancelled=not known.cancelled)
    if case.visit.status != "planned":
        return Change()
    moved = abs(case.visit.starts_at - known.starts_at) >= MOVED
    learned = [
        *_new(case.urgent, known.urgent, SERVICE, case.wanted),
        *_new(case.news, known.news, NEWS, case.wanted),
    ]
    return Change(known.starts_at if moved else None, False, tuple(learned))


def _new(now: Mapping[str, str], before: frozenset[str], card: str, wanted: frozenset[str] | None) -> list[str]:
    if wanted is not None and card not in wanted:
        return []
    return [text for name, text in sorted(now.items()) if name not in before]


def digest_of(case: Case) -> str:
    """What a notice says, in 32 characters: the same for as long as it would say the same."""
    if case.visit is None:
        return ""
    notice = Notice("", case.visit, case.briefing, case.visit.starts_at, wanted=case.wanted)
    said = [[line["kind"], line["facts"]] for line in wanted_lines(notice)]
    return hashlib.sha256(orjson.dumps([said, sorted(case.urgent)], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _told(case: Case, visit: VisitFacts) -> dict[str, Any]:
    return {
        "starts_at": wire_instant(visit.starts_at),
        "ends_at": wire_instant(visit.ends_at),
        "time_zone": visit.time_zone,
        "urgent": sorted(case.urgent),
        "news": sorted(case.news),
        "cancelled": visit.status == "cancelled",
    }


def _of_known(known: Known) -> dict[str, Any]:
    return {
        "starts_at": wire_instant(known.starts_at),
        "ends_at": wire_instant(known.ends_at),
        "time_zone": known.time_zone,
        "urgent": sorted(known.urgent),
        "news": sorted(known.news),
        "cancelled": known.cancelled,
    }
