"""Sending notices: every fact is read again, once, for as many as are due together.

A notice is a row for each visit, channel and slot, which there is once. It is taken before it is sent: taking counts its
fence up and keeps others from it for as long as a job's lease lasts, and what came of it is written only under that fence.
A process that dies between sending and writing has its notices sent again under the same id, topic and tag, and a phone
shows an id once. What is to be said by then, and is not what was said, goes under another id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock, traces
from app.foundation.db import Database, upsert
from app.foundation.ids import new_id
from app.foundation.logs import log
from app.foundation.metrics import metrics
from app.foundation.outbox import LEASE
from app.push import message
from app.push.facts import DEVICES, NOTICES, Addressee, Found, Planned, Row, gather
from app.push.keys import VapidKeys, vapid_keys
from app.push.mail import Mailer
from app.push.message import SIZES, VisitFacts
from app.push.plan import UPDATE
from app.push.planning import PLANNED, ring
from app.push.web_push import Envelope, Fate, Outcome, Sender, Subscription, topic_of
from app.push.worth import Drop, Known, Later, LeaveOut, Send, decide

TEST_TTL = 600
BATCH = 64
THREADS = 8  # they wait for push services, mostly
LONGEST_PAUSE = timedelta(minutes=10)
NONE, EMAIL = "none", "email"
Key = tuple[str, str]


@dataclass(frozen=True)
class Office:
    """What notices are sent with. What a process took is taken up by another `lease` after it vanished."""

    sender: Sender
    public_url: str
    mailer: Mailer | None = None
    lease: timedelta = LEASE


@dataclass(frozen=True, slots=True)
class _Errand:
    """One notice on its way by one channel."""

    key: Key
    notice_id: str
    fence: int
    device: Row | None
    to: Addressee
    notice: message.Notice
    envelope: Envelope


@dataclass
class _Round:
    """What is to be written before anything leaves, and the notices to take; `waits` is until when some channel is held."""

    new: list[dict[str, Any]] = field(default_factory=list)
    done: list[Key] = field(default_factory=list)
    later: dict[Key, datetime] = field(default_factory=dict)
    sends: dict[Key, tuple[Found, Send]] = field(default_factory=dict)
    wanted: dict[str, tuple[Key, Row | None]] = field(default_factory=dict)
    waits: dict[Key, datetime] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    retold: list[dict[str, Any]] = field(default_factory=list)


def send_due(database: Database, office: Office, org_id: str, bucket: int) -> int:
    """Send what is due of a bucket, some at a time, until nothing is; how many messages were accepted.

    Of a visit one notice at a time: the next one is looked at again when its reader knows what the first said.
    """
    sent = 0
    while planned := _due(database, org_id, bucket, clock.now()):
        one_each = list({one.visit_id: one for one in reversed(planned)}.values())
        sent += _send(database, office, org_id, bucket, one_each)
    return sent


def _due(database: Database, org_id: str, bucket: int, now: datetime) -> list[Planned]:
    query = (
        sa.select(PLANNED.c.visit_id, PLANNED.c.slot, PLANNED.c.user_id)
        .where(PLANNED.c.org_id == org_id, PLANNED.c.bucket == bucket, PLANNED.c.due_at <= now)
        .order_by(PLANNED.c.due_at, PLANNED.c.visit_id, PLANNED.c.slot.desc())  # of two an update says more
        .limit(BATCH)
    )
    with database.read() as session:
        return [Planned(*row) for row in session.execute(query)]


def _send(database: Database, office: Office, org_id: str, bucket: int, planned: Sequence[Planned]) -> int:
    now = clock.now()
    with database.read() as session:
        found = gather(session, org_id, planned, now)
    with database.write() as session:
        begun = _decided(found, planned, org_id, office.mailer is not None, now)
        errands = _take(session, begun, now, office.lease)
        _write_plan(session, org_id, bucket, begun.done, begun.later)
    outcomes = _deliver(database, office, errands)
    if errands:
        with database.write() as session:
            _record(session, org_id, bucket, begun, errands, outcomes)
    return sum(outcome.fate is Fate.ACCEPTED for outcome in outcomes)


# --- before anything leaves ----------------------------------------------------------------------------------------


def _decided(
    found: Mapping[Key, Found], planned: Sequence[Planned], org_id: str, by_mail: bool, now: datetime
) -> _Round:
    begun = _Round()
    for one in planned:
        key = (one.visit_id, one.slot)
        case = found.get(key)
        decision = decide(case.case, now) if case is not None else Drop("its user or account is gone")
        if isinstance(decision, Send) and case is not None:
            _address(begun, key, case, decision, org_id, by_mail, now)
        elif isinstance(decision, Later):
            begun.later[key] = _whole_second(decision.at)
        else:
            begun.done.append(key)
            if isinstance(decision, LeaveOut) and case is not None:
                begun.new.append(_left_out(key, case, org_id, decision.reason, now))
            elif case is not None:
                begun.failed += [notice["id"] for notice in _mine(case, key[1]) if notice["state"] == "sending"]
    return begun


def _address(begun: _Round, key: Key, found: Found, decision: Send, org_id: str, by_mail: bool, now: datetime) -> None:
    """Rows for the channels that a notice takes; those that there are already are taken up again."""
    slot = _numbered(key[1], found)
    there = {notice["channel"]: notice for notice in found.notices if notice["slot"] == slot}
    channels = _channels(found, there, by_mail)
    if not channels:
        begun.done.append(key)
        if not any(notice["state"] == "sent" for notice in there.values()):
            begun.new.append(_left_out((key[0], slot), found, org_id, "no device and no mail took it", now))
        return
    waits = [there[name]["retry_at"] for name in channels if name in there and there[name]["retry_at"]]
    held = [at for at in waits if at > now]
    if len(held) == len(channels):
        begun.later[key] = _after(min(held))
        return
    if held:
        begun.waits[key] = _after(min(held))
    begun.sends[key] = (found, decision)
    for name, device in channels.items():
        known = there.get(name)
        notice_id = known["id"] if known and known["told"] == decision.told else new_id()
        begun.wanted[notice_id] = (key, device)
        if known is None:
            begun.new.append(_row(notice_id, key[0], found, org_id, name, slot, decision, now))
        elif notice_id != known["id"]:
            begun.retold.append(
                {"of_id": known["id"], "new_id": notice_id, "new_told": decision.told, "new_digest": decision.digest}
            )


def _channels(found: Found, there: Mapping[str, Row], by_mail: bool) -> dict[str, Row | None]:
    """By which a notice still has to go: every device that has not had it, and mail where no device takes any."""

    def is_open(name: str) -> bool:
        return name not in there or there[name]["state"] == "sending"

    devices: dict[str, Row | None] = {one["id"]: one for one in found.to.devices if is_open(one["id"])}
    reached, mail = any(notice["state"] == "sent" for notice in there.values()), _own(EMAIL, found)
    if devices or reached or not by_mail or found.to.email is None or not is_open(mail):
        return devices
    return {mail: None}


def _own(channel: str, found: Found) -> str:
    """A channel that is no device, of one user: a visit that is handed on is told to its new rep as well."""
    return f"{channel}:{topic_of(found.to.user_id)}"


def _take(session: Session, begun: _Round, now: datetime, lease: timedelta) -> list[_Errand]:
    """Write the new rows and take those that nobody holds."""
    if begun.new:
        session.execute(
            upsert(session, NOTICES).on_conflict_do_nothing(index_elements=["visit_id", "channel", "slot"]), begun.new
        )
    if begun.failed:
        late = {"state": "failed", "reason": "the time for it passed before it could be sent"}
        session.execute(sa.update(NOTICES).where(NOTICES.c.id.in_(begun.failed)).values(**late))
    if not begun.wanted:
        return []
    free = sa.or_(NOTICES.c.retry_at.is_(None), NOTICES.c.retry_at <= now)
    if begun.retold:
        session.connection().execute(_RETELL.where(NOTICES.c.state == "sending", free), begun.retold)
    taken = session.execute(
        sa.update(NOTICES)
        .where(NOTICES.c.id.in_(list(begun.wanted)), NOTICES.c.state == "sending", free)
        .values(fence=NOTICES.c.fence + 1, retry_at=now + lease, reason=None)
        .returning(NOTICES.c.id, NOTICES.c.fence)
    )
    errands = [_errand(begun, notice_id, fence, now) for notice_id, fence in taken]
    # What another process took in between is its; whether anything is left of it is seen in a while.
    begun.later |= dict.fromkeys(begun.sends.keys() - {errand.key for errand in errands}, _after(now + lease))
    return errands


def _errand(begun: _Round, notice_id: str, fence: int, now: datetime) -> _Errand:
    key, device = begun.wanted[notice_id]
    found, decision = begun.sends[key]
    visit = found.case.visit or _cancelled(key[0], found)
    notice = message.Notice(
        notice_id, visit, found.case.briefing, now, decision.change, found.case.wanted, found.to.user_id
    )
    ttl = int((decision.until - now).total_seconds())
    envelope = Envelope(topic_of(key[0]), decision.urgency, ttl)
    return _Errand(key, notice_id, fence, device, found.to, notice, envelope)


def _cancelled(visit_id: str, found: Found) -> VisitFacts:
    """A visit that was deleted, as its rep knew it."""
    known = found.case.known
    assert isinstance(known, Known)
    return VisitFacts(
        visit_id, found.account_id, found.account_name, known.starts_at, known.ends_at, known.time_zone, "cancelled"
    )


def _mine(found: Found, slot: str) -> Iterable[Row]:
    prefix = f"{UPDATE}-" if slot == UPDATE else slot
    return (notice for notice in found.notices if notice["slot"].startswith(prefix))


def _numbered(slot: str, found: Found) -> str:
    """Updates are counted by those that arrived or were left out; one that did not get that far keeps its number."""
    if slot != UPDATE:
        return slot
    mine = list(_mine(found, slot))
    open_one = next((notice["slot"] for notice in mine if notice["state"] == "sending"), None)
    over = {notice["slot"] for notice in mine if notice["state"] in ("sent", "skipped")}
    return open_one or f"{UPDATE}-{len(over) + 1}"


def _row(
    notice_id: str, visit_id: str, found: Found, org_id: str, channel: str, slot: str, decision: Send, now: datetime
) -> dict[str, Any]:
    return {
        "id": notice_id, "org_id": org_id, "visit_id": visit_id, "account_id": found.account_id,
        "user_id": found.to.user_id, "channel": channel, "slot": slot, "due_at": now, "state": "sending", "fence": 0,
        "retry_at": None, "reason": None, "digest": decision.digest, "told": decision.told, "created_at": now,
        "sent_at": None,
    }  # fmt: skip


def _left_out(key: Key, found: Found, org_id: str, reason: str, now: datetime) -> dict[str, Any]:
    visit = found.case.visit
    told = {} if visit is None else {"starts_at": visit.starts_at.isoformat()}
    left = Send(message.Change(), "", told, "", now)
    row = _row(new_id(), key[0], found, org_id, _own(NONE, found), key[1], left, now)
    return {**row, "state": "skipped", "reason": reason, "sent_at": now, "digest": None}


def _whole_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def _after(instant: datetime) -> datetime:
    return _whole_second(instant) + timedelta(seconds=1)


def _write_plan(session: Session, org_id: str, bucket: int, done: Iterable[Key], later: Mapping[Key, datetime]) -> None:
    gone = [{"of_visit": visit_id, "of_slot": slot} for visit_id, slot in done]
    if gone:
        session.connection().execute(_DELETE, gone)
    moved = [{"of_visit": visit_id, "of_slot": slot, "at": at} for (visit_id, slot), at in later.items()]
    if moved:
        session.connection().execute(_MOVE, moved)
    ring(session, {(org_id, at, bucket) for at in later.values()})


# A phone shows an id once. What says something else than what it may have heard under it goes under another.
_RETELL = (
    sa.update(NOTICES)
    .where(NOTICES.c.id == sa.bindparam("of_id"))
    .values(id=sa.bindparam("new_id"), told=sa.bindparam("new_told"), digest=sa.bindparam("new_digest"))
)
_THIS = sa.and_(PLANNED.c.visit_id == sa.bindparam("of_visit"), PLANNED.c.slot == sa.bindparam("of_slot"))
_DELETE = sa.delete(PLANNED).where(_THIS)
_MOVE = sa.update(PLANNED).where(_THIS).values(due_at=sa.bindparam("at"))


# --- on the way ----------------------------------------------------------------------------------------------------


def _deliver(database: Database, office: Office, errands: Sequence[_Errand]) -> list[Outcome]:
    """Send all; several at once, so that one that has to wait does not keep the others waiting."""
    if not errands:
        return []
    keys = vapid_keys(database)
    if len(errands) == 1:
        return [_run(office, keys, errands[0], traces.current_traceparent())]
    trace = traces.current_traceparent()  # threads begin without one
    with ThreadPoolExecutor(min(THREADS, len(errands)), "doorstep-notice") as pool:
        return list(pool.map(lambda errand: _run(office, keys, errand, trace), errands))


def _run(office: Office, keys: VapidKeys, errand: _Errand, trace: str | None) -> Outcome:
    try:
        with traces.continued(trace, "notice sent", notice=errand.notice_id, visit=errand.key[0]):
            outcome = _push(office, keys, errand) if errand.device is not None else _mail(office, errand)
            traces.note(result=outcome.fate.value)
            return outcome
    except Exception as error:
        log.error("notice could not be made", notice=errand.notice_id, exc_info=True)
        return Outcome(Fate.LATER, None, timedelta(minutes=1)) if isinstance(error, OSError) else Outcome(Fate.REFUSED)


def _push(office: Office, keys: VapidKeys, errand: _Errand) -> Outcome:
    assert errand.device is not None
    return push_to(office, keys, errand.device, errand.notice, errand.envelope)


def push_to(office: Office, keys: VapidKeys, device: Row, notice: message.Notice, envelope: Envelope) -> Outcome:
    """By Web Push; shorter when the push service takes no message of this size."""
    to = Subscription(device["endpoint"], device["p256dh"], device["auth"])
    outcome = Outcome(Fate.TOO_LARGE)
    for size in SIZES:
        plain = message.encode(notice, office.public_url, size)
        outcome = office.sender.send(keys, to, plain, envelope, clock.now())
        if outcome.fate is not Fate.TOO_LARGE:
            break
    return outcome


def _mail(office: Office, errand: _Errand) -> Outcome:
    assert office.mailer is not None and errand.to.email is not None
    outcome = office.mailer.send(errand.notice, errand.to.name, errand.to.email, clock.now())
    if (problem := outcome.problem) is not None:
        log.warning("mail not taken", notice=errand.notice_id, problem=problem.slug, detail=problem.detail)
    return outcome


# --- afterwards ----------------------------------------------------------------------------------------------------


def _record(
    session: Session, org_id: str, bucket: int, begun: _Round, errands: Sequence[_Errand], outcomes: Sequence[Outcome]
) -> None:
    """Write what came of each, only where its fence still stands; what is finished leaves the plan."""
    now = clock.now()
    retries = dict(begun.waits)
    accepted: set[Key] = set()
    results: list[dict[str, Any]] = []
    reached: list[str] = []
    for errand, outcome in zip(errands, outcomes, strict=True):
        values = _values(errand, outcome, now)
        state = values["new_state"]
        metrics.notice("e-mail" if errand.device is None else "web push", "later" if state == "sending" else state)
        results.append({"of_id": errand.notice_id, "of_fence": errand.fence, **values})
        if errand.device is not None and outcome.fate is Fate.ACCEPTED:
            reached.append(errand.device["id"])
        elif errand.device is not None:
            session.execute(noted(errand.device["id"], outcome))
        if outcome.fate is Fate.ACCEPTED:
            accepted.add(errand.key)
        elif outcome.fate is Fate.LATER:
            again = _after(values["new_retry"])
            retries[errand.key] = min(again, retries.get(errand.key, again))
    session.connection().execute(_RESULT, results)
    if reached:
        working = {"last_sent_at": now, "problem": None}
        session.execute(sa.update(DEVICES).where(DEVICES.c.id.in_(reached)).values(**working))
    # What no channel took stays due: the next round looks for another channel.
    settled = [key for key in begun.sends if key in accepted and key not in retries]
    _write_plan(session, org_id, bucket, settled, retries)


_RESULT = (
    sa.update(NOTICES)
    .where(NOTICES.c.id == sa.bindparam("of_id"), NOTICES.c.fence == sa.bindparam("of_fence"))
    .values(
        state=sa.bindparam("new_state"),
        sent_at=sa.bindparam("new_sent"),
        retry_at=sa.bindparam("new_retry"),
        reason=sa.bindparam("new_reason"),
    )
)


def _values(errand: _Errand, outcome: Outcome, now: datetime) -> dict[str, Any]:
    reason = outcome.problem.slug if outcome.problem else None
    if outcome.fate is Fate.ACCEPTED:
        return {"new_state": "sent", "new_sent": now, "new_retry": None, "new_reason": None}
    if outcome.fate is Fate.LATER:
        wait = outcome.retry_after or timedelta(seconds=30)
        pause = min(wait * 2 ** min(errand.fence - 1, 5), LONGEST_PAUSE)
        return {"new_state": "sending", "new_sent": None, "new_retry": now + max(wait, pause), "new_reason": reason}
    return {"new_state": "failed", "new_sent": None, "new_retry": None, "new_reason": reason}


def noted(device_id: str, outcome: Outcome) -> sa.UpdateBase:
    """Keep with a device what came of a message; one that takes no more goes."""
    mine = DEVICES.c.id == device_id
    if outcome.fate is Fate.GONE:
        return sa.delete(DEVICES).where(mine)
    if outcome.fate is Fate.ACCEPTED:
        return sa.update(DEVICES).where(mine).values(last_sent_at=clock.now(), problem=None)
    problem = outcome.problem.as_dict() if outcome.problem else None
    return sa.update(DEVICES).where(mine).values(problem=problem)


def send_test(database: Database, office: Office, device_id: str, notice_id: str) -> None:
    """Send a test message; what comes of it is kept with the device."""
    with database.read() as session:
        device = session.execute(sa.select(DEVICES).where(DEVICES.c.id == device_id)).mappings().first()
    if device is None:
        return
    to = Subscription(device["endpoint"], device["p256dh"], device["auth"])
    plain = message.encode_test(notice_id, office.public_url, clock.now())
    outcome = office.sender.send(vapid_keys(database), to, plain, Envelope(None, "high", TEST_TTL), clock.now())
    with database.write() as session:
        session.execute(noted(device_id, outcome))
