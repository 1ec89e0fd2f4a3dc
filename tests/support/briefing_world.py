"""An account with everything that a briefing can speak of, in a real database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.service import Rebuilt, compose_and_store
from app.briefing.tables import StoredBriefing
from app.customers.tables import Account
from app.foundation import clock
from app.foundation.db import Base, Database
from app.identity.tables import TerritoryAssignment
from app.usage.tables import UsageDaily, UsageSeries

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def ago(days: float) -> datetime:
    """An instant that many days before NOW."""
    return NOW - timedelta(days=days)


def day(offset: int) -> date:
    """A day that many days after TODAY."""
    return TODAY + timedelta(days=offset)


@dataclass
class World:
    """One account of an organisation, and ways to put things under it. Rows are made at NOW."""

    database: Database
    org_id: str
    rep_id: str
    account_id: str

    def add(self, model: type[Base], **values: Any) -> str:
        """Insert a row under the account and return its id."""
        with self.database.write() as session, clock.fixed(NOW):
            if "account_id" in model.__table__.c and "account_id" not in values:
                values["account_id"] = self.account_id
            row = model(org_id=self.org_id, **values)
            session.add(row)
            session.flush()
            return row.id

    def change(self, model: type[Base], row_id: str, **values: Any) -> None:
        """Change columns of a row."""
        with self.database.write() as session:
            session.execute(sa.update(model).where(model.__table__.c.id == row_id).values(**values))

    def usage(self, name: str, values: Iterable[float | None], last: date | None = None, **series: Any) -> str:
        """A series with these daily values, the last one on `last`; None is a day that did not come."""
        known = list(values)
        last = last or day(-1)
        first = last - timedelta(days=len(known) - 1)
        rows = [(first + timedelta(days=n), value) for n, value in enumerate(known) if value is not None]
        received = datetime.combine(rows[-1][0], time(22), UTC) if rows else None
        fields = {"metric": "hours", "unit": "h", "source": "meter", "last_received_at": received, **series}
        series_id = self.add(UsageSeries, name=name, **fields)
        if rows:
            with self.database.write() as session:
                session.execute(
                    sa.insert(UsageDaily),
                    [
                        {
                            "series_id": series_id,
                            "org_id": self.org_id,
                            "day": on,
                            "value": value,
                            "observed_at": received,
                        }
                        for on, value in rows
                    ],
                )
        return series_id

    def rebuild(self, now: datetime = NOW, **options: Any) -> Rebuilt:
        """Compose the account's briefings."""
        with self.database.write() as session:
            return compose_and_store(session, self.org_id, [self.account_id], now, **options)

    def stored(self, visit_id: str | None = None) -> StoredBriefing | None:
        """The stored briefing of the account or of a visit."""
        with self.database.read() as session:
            return _stored(session, self.account_id, visit_id)

    def document(self, visit_id: str | None = None, now: datetime = NOW) -> dict[str, Any]:
        """The briefing, composed now."""
        self.rebuild(now)
        row = self.stored(visit_id)
        assert row is not None
        return orjson.loads(row.body)

    def lines(self, now: datetime = NOW) -> dict[str, dict[str, Any]]:
        """Facts of every line of the account's briefing by kind, what is missing included; the heaviest of each kind."""
        found: dict[str, dict[str, Any]] = {}
        for card in self.document(now=now)["cards"]:
            people = [line for person in card.get("people", []) for line in person["lines"]]
            for line in [*card["lines"], *card.get("missing", []), *people]:
                found.setdefault(line["kind"], line["facts"])
        return found


def _stored(session: Session, account_id: str, visit_id: str | None) -> StoredBriefing | None:
    return session.scalars(
        sa.select(StoredBriefing).where(
            StoredBriefing.account_id == account_id,
            StoredBriefing.visit_id.is_(None) if visit_id is None else StoredBriefing.visit_id == visit_id,
        )
    ).one_or_none()


def make_world(database: Database, org_id: str, rep_id: str, name: str = "Norrvik Paper") -> World:
    """An account in Stockholm's time zone, in the rep's territory."""
    world = World(database, org_id, rep_id, "")
    world.account_id = world.add(Account, name=name, time_zone="Europe/Stockholm", external_ids={"crm": f"A-{name}"})
    world.add(TerritoryAssignment, user_id=rep_id, starts_on=date(2020, 1, 1))
    return world
