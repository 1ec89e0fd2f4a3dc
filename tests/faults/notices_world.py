"""Reps with phones and visits, in an installation whose parts are killed while it tells them, and what must come of it."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.config import Settings
from app.customers.tables import Account
from app.foundation import changes, clock
from app.foundation.db import table_of
from app.foundation.outbox import JOBS
from app.identity.tables import TerritoryAssignment, User
from app.push.tables import Notice, NoticePreference, PlannedNotice, PushDevice
from app.visits.tables import Visit
from app.wiring import connect_work
from tests.faults.installation import PATIENCE_SECONDS, Ground, Installation, Zygote, ground
from tests.faults.notice_phones import BUILT, Phone, Phones
from tests.support.push_service import PushService

EMBEDDED = {"runner 1": ("office",), "runner 2": ("office",)}
DISTRIBUTED = {
    "relay": ("relay",),
    "push worker 1": ("worker", "--lane", "push"),
    "push worker 2": ("worker", "--lane", "push"),
    "worker": ("worker", "--lane", "quick"),
}
# Who may be about to write down that a message was accepted.
SENDERS = {"embedded": ("runner 1", "runner 2"), "celery": ("pool of push worker 1", "pool of push worker 2")}
NOTICES, PLANNED, VISITS = table_of(Notice), table_of(PlannedNotice), table_of(Visit)
REPS, PHONES_EACH = 3, 2
# Changes to a visit are gathered for two minutes; here for so long.
GATHER_SECONDS = "1"
LEAD = timedelta(minutes=60)
BRIEFING, UPDATE = "briefing", "update"
Part = tuple[str, str, str]
"""A phone's name, a visit's id, and which part of what is told of it."""


class KilledService(PushService):
    """A push service that has somebody killed when it has accepted a message, and may not have said so yet."""

    def __init__(self) -> None:
        super().__init__()
        self._armed: tuple[float, Callable[[], None]] | None = None
        self.went_off = threading.Event()
        self.last = ""
        # Whoever was killed hangs up in the middle of things: that is no news.
        self._httpd.handle_error = lambda *_: None  # type: ignore[method-assign]

    def arm(self, delay: float, kill: Callable[[], None]) -> None:
        """At the next message: accept it, wait so many seconds (0: answer only afterwards), and kill."""
        self.went_off.clear()
        self._armed = (delay, kill)

    def disarm(self) -> bool:
        """Whether nobody was killed yet, and now nobody will be."""
        with self._lock:
            armed, self._armed = self._armed, None
        return armed is not None

    def take(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str]]:
        """As ever, and then the kill."""
        answer = super().take(path, headers, body)
        if answer[0] == 201:
            with self._lock:
                armed, self._armed = self._armed, None
            if armed is not None:
                self.last = self.browsers[path].delivered[-1].shown["data"]["notice"]
                delay, kill = armed
                if delay:
                    threading.Timer(delay, self._go_off, (kill,)).start()
                else:
                    self._go_off(kill)
        return answer

    def _go_off(self, kill: Callable[[], None]) -> None:
        kill()
        self.went_off.set()


@dataclass
class Rep:
    """A rep of an organisation, with an account that is visited and some phones."""

    org_id: str
    user_id: str
    account_id: str
    phones: list[Phone]


@dataclass
class Figures:
    """What came of it all."""

    due: int = 0
    accepted: int = 0
    again: int = 0
    shown: int = 0
    faults: list[str] = field(default_factory=list)


class NoticeWorld(Installation):
    """Reps who are to be told of visits. `told_of` is the rep of each, `changed` the visits of which an update is due."""

    def __init__(self, made_on: Ground, service: KilledService, phones: Phones) -> None:
        settings = {
            "DOORSTEP_OUTBOUND_ALLOW": service.host,
            "DOORSTEP_PUBLIC_URL": "https://sales.example",
            "DOORSTEP_SECRET_KEY": "the key of a test, which seals nothing that anybody needs",
            "GATHER_SECONDS": GATHER_SECONDS,
        }
        super().__init__(made_on, DISTRIBUTED if made_on.broker else EMBEDDED, **settings)
        # Visits are written in this process, which has to know what follows from that.
        connect_work(Settings(database_url=made_on.url, secret_key=settings["DOORSTEP_SECRET_KEY"]))
        self._service, self._phones = service, phones
        self.told_of: dict[str, Rep] = {}
        self.changed: set[str] = set()
        self.reps = [self._rep(org, number) for org in self.organisations(2) for number in range(REPS)]
        self.start()

    def _rep(self, org_id: str, number: int) -> Rep:
        with self.database.write() as session:
            mine: dict[str, Any] = {"org_id": org_id}
            user = User(**mine, email=f"rep{number}@{org_id}.example", name="Rep", role="rep", time_zone="UTC")
            account = Account(**mine, name=f"Customer {number}", time_zone="UTC", phone="+46 26 100")
            session.add_all([user, account])
            session.flush()
            mine |= {"user_id": user.id}
            phones = [self._phones.add(user.id) for _ in range(PHONES_EACH)]
            session.add_all(
                [
                    TerritoryAssignment(**mine, account_id=account.id, starts_on=date(2020, 1, 1)),
                    NoticePreference(
                        **mine, lead_minutes=int(LEAD.total_seconds() / 60), evening_before=False, quiet_from="00:00",
                        quiet_to="00:00", working_days=[1, 2, 3, 4, 5, 6, 7],
                    ),
                    *(
                        PushDevice(**mine, endpoint=one.browser.endpoint, **one.browser.to_json()["keys"])
                        for one in phones
                    ),
                ]
            )  # fmt: skip
        return Rep(org_id, user.id, account.id, phones)

    def put(self, chance: random.Random) -> None:
        """Visits that somebody is to be told of now, or within the next minute; and some that change after they were told."""
        for _ in range(chance.randint(1, 3)):
            self._plan(chance.choice(self.reps), clock.now() + LEAD - timedelta(minutes=chance.uniform(0, 40)))
        if chance.random() < 0.3:
            self._plan(chance.choice(self.reps), clock.now() + LEAD + timedelta(seconds=chance.uniform(0, 30)))
        unchanged = sorted(self._told() - self.changed)
        if unchanged and chance.random() < 0.8:
            self._change(chance.choice(unchanged), chance)

    def _plan(self, rep: Rep, starts_at: Any) -> None:
        with self.database.write() as session:
            visit = Visit(
                org_id=rep.org_id, account_id=rep.account_id, user_id=rep.user_id, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1), time_zone="UTC",
            )  # fmt: skip
            session.add(visit)
            session.flush()
            changes.touch(session, rep.org_id, [rep.account_id])
        self.told_of[visit.id] = rep

    def _change(self, visit_id: str, chance: random.Random) -> None:
        """Move a visit by hours, or cancel it."""
        rep = self.told_of[visit_id]
        with self.database.write() as session:
            visit = session.get_one(Visit, visit_id)
            if chance.random() < 0.7:
                visit.starts_at += timedelta(hours=3)
                visit.ends_at += timedelta(hours=3)
            else:
                visit.status = "cancelled"
            changes.touch(session, rep.org_id, [rep.account_id])
        self.changed.add(visit_id)

    def _told(self) -> set[str]:
        """Visits of which every phone of the rep was told, as far as the rows say."""
        query = sa.select(NOTICES.c.visit_id).where(NOTICES.c.state == "sent").group_by(NOTICES.c.visit_id)
        with self.database.read() as session:
            return set(session.scalars(query.having(sa.func.count() >= PHONES_EACH)))

    def kill_a_sender(self, delay: float) -> bool:
        """Kill those who send, `delay` seconds after a message was accepted; whether its row says that it is on its way."""
        senders = SENDERS["celery" if self.is_distributed else "embedded"]
        self._service.arm(delay, lambda: [self.cut(one) for one in senders])
        state = None
        if not self._service.went_off.wait(10) and self._service.disarm():  # a busy machine: no message came yet
            for one in senders:
                self.cut(one)
        else:
            self._service.went_off.wait()
            with self.database.read() as session:
                state = session.scalar(sa.select(NOTICES.c.state).where(NOTICES.c.id == self._service.last))
        self.tend()
        return bool(state == "sending")

    def wait(self) -> list[str]:
        """Wait until all is told; what is left when it takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := self._left()) and time.monotonic() < deadline:
            self.retry_parked()
            self.tend()
            time.sleep(0.1)
        return left

    def _left(self) -> list[str]:
        now = clock.now()
        ours = sa.or_(JOBS.c.kind.startswith("notice."), JOBS.c.state == "parked")
        busy = sa.or_(JOBS.c.state != "queued", JOBS.c.run_at <= now)
        with self.database.read() as session:
            jobs = session.execute(sa.select(JOBS).where(ours, busy, JOBS.c.state != "done")).all()
            plans = session.execute(sa.select(PLANNED).where(PLANNED.c.due_at <= now)).all()
            notices = session.execute(sa.select(NOTICES).where(NOTICES.c.state == "sending")).all()
            sent = Counter(session.scalars(sa.select(NOTICES.c.visit_id).where(NOTICES.c.state == "sent")))
        left = [f"job {row.kind} is {row.state}, lease until {row.lease_until}: {row.last_error}" for row in jobs]
        left += [f"planned for {row.due_at} and there: {row.slot} of {row.visit_id}" for row in plans]
        left += [f"notice {row.slot} of {row.visit_id} is on its way, retry at {row.retry_at}" for row in notices]
        wanted = {one: PHONES_EACH * (2 if one in self.changed else 1) for one in self.told_of}
        return left + [f"{sent[one]} of {count} told of {one}" for one, count in wanted.items() if sent[one] != count]

    def judge(self) -> Figures:
        """What was promised: nothing lost, nothing shown twice, one id for each part; and what a phone shows last is last."""
        figures = Figures(faults=[f"left: {one}" for one in self.wait()])
        self._phones.all_online()
        figures.faults += [f"push service: {fault}" for fault in self._service.faults]
        accepted = self._accepted(figures)
        shown = self._phones.shown()
        for phone in self._phones.all:
            ids = Counter(one.notice for one in shown[phone.name])
            figures.shown += ids.total()
            figures.faults += [f"{times} times on {phone.name}: {one}" for one, times in ids.items() if times > 1]
            figures.faults += [
                f"said nothing on {phone.name}: {one.tag}" for one in shown[phone.name] if not one.notice
            ]
        for phone_name, visit, part in self._due():
            figures.due += 1
            ids_of_part = accepted[(phone_name, visit, part)]
            if len(ids_of_part) != 1:
                figures.faults.append(f"{part} of {visit} for {phone_name}: {len(ids_of_part)} ids were accepted")
        for name, visit in {(name, visit) for name, visit, _part in self._due()}:
            last = next((one for one in reversed(shown[name]) if one.tag == visit), None)
            wanted = UPDATE if visit in self.changed else BRIEFING
            if last is None or last.kind != wanted:
                figures.faults.append(f"{name} shows {last and last.kind} of {visit}, and not the {wanted}")
        figures.faults += [f"nobody asked for {part}" for part in accepted.keys() - set(self._due())]
        return figures

    def _due(self) -> list[Part]:
        return [
            (phone.name, visit, part)
            for visit, rep in self.told_of.items()
            for phone in rep.phones
            for part in ((BRIEFING, UPDATE) if visit in self.changed else (BRIEFING,))
        ]

    def _accepted(self, figures: Figures) -> defaultdict[Part, set[str]]:
        """The ids of the notices of each part that the push service accepted."""
        found: defaultdict[Part, set[str]] = defaultdict(set)
        for phone in self._phones.all:
            for one in phone.browser.delivered:
                data = one.shown["data"]
                ids = found[(phone.name, data["visit"]["id"], data["kind"])]
                figures.accepted += 1
                figures.again += data["notice"] in ids
                ids.add(data["notice"])
        return found


@contextlib.contextmanager
def notice_world(zygote: Zygote, kind: str, mode: str, app: Path = BUILT) -> Iterator[tuple[NoticeWorld, Phones]]:
    """An installation on a database of `kind`, its jobs run in `mode` (embedded or celery), and phones with a built app."""
    with ground(zygote, kind, mode) as made_on, KilledService() as service:
        phones = Phones(service, app)
        try:
            made = NoticeWorld(made_on, service, phones)
            try:
                yield made, phones
            finally:
                made.end()
        finally:
            phones.stop()
