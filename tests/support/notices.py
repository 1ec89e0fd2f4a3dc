"""A rep with visits, a phone that takes notices, and time that passes: what tests of notices stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.briefing.service import compose_and_store
from app.customers.tables import Account
from app.foundation import changes, clock, outbox
from app.foundation.db import Base, Database, table_of
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.identity.tables import TerritoryAssignment, User
from app.push import jobs
from app.push.mail import Mailer
from app.push.sending import Office
from app.push.tables import Notice, NoticePreference, PlannedNotice, PushDevice
from app.push.web_push import Sender
from app.tickets.tables import Ticket
from app.visits.tables import Visit
from tests.support.push_service import Browser, Delivered, PushService

# A Tuesday.
DAY = datetime(2026, 11, 24, tzinfo=UTC)
NOTICES, PLANNED = table_of(Notice), table_of(PlannedNotice)
PATIENCE = Limits(connect_timeout=5, read_timeout=5, deadline=6, max_bytes=16_384)
PUBLIC = "https://sales.example"
HOUR = timedelta(hours=1)


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """A time of that Tuesday in Stockholm, which is an hour ahead of UTC then."""
    return DAY + timedelta(days=days, hours=hour - 1, minutes=minute)


@dataclass
class Telling:
    """One rep of an organisation. Rows are written as the services write them: with a touch of their account."""

    database: Database
    org_id: str
    user_id: str
    service: PushService
    mailer: Mailer | None = None
    browser: Browser | None = None
    account_id: str = ""
    seen: int = 0
    written: list[str] = field(default_factory=list)

    def open(self) -> Telling:
        """Register the jobs of this process, and give the rep an account and a phone."""
        client = OutboundClient("Doorstep/test", AddressPolicy.parse([self.service.host]), PATIENCE)
        jobs.register(Office(Sender(client, "mailto:it@north.example"), PUBLIC, self.mailer))
        self.account_id = self.account()
        self.browser = self.device()
        return self

    def account(self, name: str = "Norrvik Paper", user_id: str | None = None) -> str:
        """An account in the territory of the rep."""
        account_id = self.add(Account, name=name, time_zone="Europe/Stockholm", phone="+46 26 100")
        self.add(
            TerritoryAssignment, account_id=account_id, user_id=user_id or self.user_id, starts_on=date(2026, 1, 1)
        )
        return account_id

    def device(self, user_id: str | None = None) -> Browser:
        """A browser of a user that takes notices."""
        browser = self.service.subscribe()
        keys = browser.to_json()["keys"]
        self.add(PushDevice, user_id=user_id or self.user_id, endpoint=browser.endpoint, **keys)
        return browser

    def prefer(self, **values: Any) -> None:
        """Change the rep's preferences."""
        self.add(NoticePreference, user_id=self.user_id, **values)

    def add(self, model: type[Base], **values: Any) -> str:
        """Insert a row; its account is touched."""
        with self.database.write() as session:
            row: Any = model(org_id=self.org_id, **values)
            session.add(row)
            session.flush()
            if values.get("account_id"):
                changes.touch(session, self.org_id, [values["account_id"]])
        return str(getattr(row, "id", ""))

    def change(self, model: type[Base], row_id: str, **values: Any) -> None:
        """Change a row; its account is touched."""
        with self.database.write() as session:
            row: Any = session.get_one(model, row_id)
            for name, value in values.items():
                setattr(row, name, value)
            changes.touch(session, self.org_id, [getattr(row, "account_id", None)])

    def visit(self, starts_at: datetime, account_id: str | None = None, **values: Any) -> str:
        """A visit of an hour."""
        rows = {"user_id": self.user_id, "time_zone": "Europe/Stockholm", "ends_at": starts_at + HOUR, **values}
        return self.add(Visit, account_id=account_id or self.account_id, starts_at=starts_at, **rows)

    def ticket(self, subject: str = "Pump stands still", priority: str = "urgent") -> str:
        """A ticket that was opened now."""
        return self.add(
            Ticket, account_id=self.account_id, number="4812", subject=subject, priority=priority, opened_at=clock.now()
        )

    def brief(self) -> None:
        """Compose the account's briefings."""
        with self.database.write() as session:
            compose_and_store(session, self.org_id, [self.account_id], clock.now())

    def pass_time(self, begin: datetime, end: datetime, step: timedelta = timedelta(minutes=1)) -> list[Delivered]:
        """Let time pass, with the jobs and ticks of each minute; what came to the rep's phone meanwhile."""
        now = begin
        while now <= end:
            self.work(now)
            now += step
        return self.new()

    def work(self, now: datetime) -> None:
        """Everything that is due at a moment."""
        with clock.fixed(now):
            outbox.write_ticks(self.database, jobs.TICKS)
            outbox.drain(self.database)

    def new(self) -> list[Delivered]:
        """What came to the rep's phone since this was last asked."""
        assert self.browser is not None
        assert self.service.faults == []
        found = self.browser.delivered[self.seen :]
        self.seen = len(self.browser.delivered)
        return found

    def notices(self, **where: Any) -> list[dict[str, Any]]:
        """Rows of notices with these values, the oldest first."""
        query = sa.select(NOTICES).where(*(NOTICES.c[name] == value for name, value in where.items()))
        with self.database.read() as session:
            return [dict(row) for row in session.execute(query.order_by(NOTICES.c.id)).mappings()]

    def planned(self) -> list[tuple[str, datetime]]:
        """(slot's kind, due) of the plan."""
        with self.database.read() as session:
            rows = session.execute(sa.select(PLANNED.c.slot, PLANNED.c.due_at).order_by(PLANNED.c.due_at))
            return [(slot.partition(":")[0], due) for slot, due in rows]


__all__ = ["DAY", "NOTICES", "PUBLIC", "Telling", "User", "at"]
