"""Background work of the notices: planning after a change, a sweep that finds what no change told of, and sending."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.config import Settings
from app.foundation import changes, clock, outbox
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.outbox import PUSH, ClaimedJob, GiveUp, NewJob, Tick, enqueue, task
from app.foundation.principal import principal_of
from app.push import planning, sending, snooze
from app.push.facts import NOTICES
from app.push.mail import Mailer
from app.push.planning import DUE
from app.push.sending import Office
from app.push.web_push import Sender

TEST, PLAN, SWEEP, SWEEP_ONE = "notice.test", "notice.plan", "notice.sweep", "notice.sweep_organisation"
EVERY, EVERYBODY = timedelta(minutes=5), timedelta(hours=1)
TICKS = (Tick(SWEEP, EVERY),)
KEPT = timedelta(days=90)
MOST_ACCOUNTS = 200
_ASKED = "notices to plan"


def connect(settings: Settings) -> None:
    """Have this process send notices as its settings say, and plan them anew where something changes."""
    changes.subscribe(touched)
    lease = timedelta(seconds=settings.job_lease_seconds)
    register(Office(Sender.from_settings(settings), settings.public_url, Mailer.from_settings(settings), lease))


def register(office: Office) -> None:
    """Have this office do the jobs of this process."""

    @task(TEST, lane=PUSH)
    def send_test_message(database: Database, job: ClaimedJob) -> None:
        sending.send_test(database, office, job.payload["device_id"], job.payload["notice_id"])

    @task(DUE, lane=PUSH)
    def send_due(database: Database, job: ClaimedJob) -> None:
        bucket = job.payload.get("bucket")
        if job.org_id is None or not isinstance(bucket, int):
            raise GiveUp("unreadable-payload: it takes an organisation and a bucket")
        sending.send_due(database, office, job.org_id, bucket)

    @task(snooze.SNOOZED, lane=PUSH)
    def send_again(database: Database, job: ClaimedJob) -> None:
        if job.org_id is None:
            raise GiveUp("unreadable-payload: a notice is of an organisation")
        snooze.send_again(database, office, job.org_id, job.payload["notice_id"], job.payload["id"])


@task(PLAN)
def plan_anew(database: Database, job: ClaimedJob) -> None:
    """Plan for everybody whom a change concerns."""
    if job.org_id is None:
        raise GiveUp("unreadable-payload: notices are planned for an organisation")
    now, users = clock.now(), job.payload.get("user_ids", [])
    with database.write() as session:
        planning.forget_left_out(session, job.org_id, users, now)
        planning.plan_users(session, job.org_id, users, now)
        planning.plan_accounts(session, job.org_id, job.payload.get("account_ids", []), now)


@task(SWEEP)
def sweep(database: Database, _job: ClaimedJob) -> None:
    """Look through every organisation's visits ahead; forget what is long over."""
    now = clock.now()
    with database.write() as session:
        jobs = [
            NewJob(SWEEP_ONE, {}, org_id, f"{SWEEP_ONE}:{org_id}")
            for org_id in planning.organisations_with_visits(session, now)
        ]
        enqueue(session, jobs)
        session.execute(sa.delete(NOTICES).where(NOTICES.c.due_at < now - KEPT))


@task(SWEEP_ONE)
def sweep_organisation(database: Database, job: ClaimedJob) -> None:
    """Plan what no change told of: visits that came near, zones and territories that changed, what a fault left behind."""
    if job.org_id is None:
        raise GiveUp("unreadable-payload: notices are planned for an organisation")
    now = clock.now()
    everybody = _is_time_for_everybody(f"{database.url} {job.org_id}", now)
    with database.read() as session:
        look = planning.users_with_visits if everybody else planning.users_forgotten
        chunks = look(session, job.org_id, now)
    for users in chunks:
        with database.write() as session:
            planning.plan_users(session, job.org_id, users, now)
    with database.write() as session:
        planning.ring_again(session, job.org_id, now)


_looked_at_everybody: dict[str, datetime] = {}


def _is_time_for_everybody(which: str, now: datetime) -> bool:
    """Whether this process looked at all visits ahead an hour ago, or never: what a stop left undone is found at the start."""
    last = _looked_at_everybody.get(which)
    if last is not None and timedelta() <= now - last < EVERYBODY:
        return False
    _looked_at_everybody[which] = now
    return True


def touched(session: Session, org_id: str, account_ids: Iterable[str]) -> None:
    """Ask, in the caller's transaction, for the plan to be made anew where these accounts are visited."""
    asked: dict[str, set[str]] = session.info.setdefault(_ASKED, {})
    if not asked:
        sa.event.listen(session, "before_commit", _enqueue_asked, once=True)
    asked.setdefault(org_id, set()).update(account_ids)


def _enqueue_asked(session: Session) -> None:
    asked: dict[str, set[str]] = session.info.pop(_ASKED, {})
    for org_id, account_ids in sorted(asked.items()):
        ids, now = sorted(account_ids), clock.now()
        for start in range(0, len(ids), MOST_ACCOUNTS):
            some = planning.concerned(session, org_id, ids[start : start + MOST_ACCOUNTS], now)
            outbox.enqueue(session, [NewJob(PLAN, {"account_ids": [one]}, org_id, f"{PLAN}:{one}") for one in some])


def plan_for_caller(session: Session) -> None:
    """Plan anew for the caller, whose devices or preferences changed."""
    principal = principal_of(session)
    payload = {"user_ids": [principal.user_id]}
    enqueue(session, [NewJob(PLAN, payload, principal.org_id, f"{PLAN}:user:{principal.user_id}")])


def send_test(session: Session, device_id: str) -> None:
    """Send a test message to a device, once the caller's transaction has committed."""
    payload = {"device_id": device_id, "notice_id": new_id()}
    enqueue(session, [NewJob(TEST, payload, principal_of(session).org_id, f"{TEST}:{device_id}")])
