"""A phone that keeps what pulls bring, and an office that changes things behind its back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attachments.tables import Attachment
from app.briefing.tables import StoredBriefing
from app.customers.tables import Account, Goal, Person, Promise
from app.foundation import clock
from app.foundation.db import Base, Database
from app.foundation.ids import new_id
from app.identity.tables import TerritoryAssignment
from app.products.tables import Product, Subscription
from app.threads.tables import Message
from app.tickets.tables import Ticket
from app.visits.tables import Note, Visit
from tests.support.phones import Api

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY = NOW.date()
Rows = dict[str, dict[str, Any]]


def store(rows: Rows, answer: Mapping[str, Any]) -> None:
    """Apply an answer as a phone does: reset, dels, puts."""
    if answer.get("reset"):
        rows.clear()
    for row_type, ids in answer.get("dels", {}).items():
        for row_id in ids:
            del rows[row_type][row_id]
    for row_type, puts in answer.get("puts", {}).items():
        rows.setdefault(row_type, {}).update({row["id"]: row for row in puts})


@dataclass
class Phone:
    """The rows and the cookie of one installation of the app, signed in through `api`."""

    api: Api
    group: str = field(default_factory=lambda: str(uuid.uuid4()))
    cookie: str | None = None
    rows: Rows = field(default_factory=dict)

    def ask(self, **changes: Any) -> Any:
        """A pull whose answer is not stored."""
        body = {"client_group": self.group, "cookie": self.cookie, "schema": 2, **changes}
        return self.api.post("/sync/pull", body)

    def pull(self) -> dict[str, Any]:
        """A pull whose answer is stored."""
        response = self.ask()
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json
        store(self.rows, answer)
        self.cookie = answer["cookie"]
        return answer

    def ids(self, row_type: str) -> set[str]:
        """Ids of the rows of a type that the phone holds."""
        return set(self.rows.get(row_type, {}))


@dataclass
class Office:
    """Writes rows of one organisation straight into the database, as imports and colleagues do."""

    database: Database
    org_id: str
    rep_id: str

    @contextmanager
    def writing(self) -> Any:
        """A write transaction."""
        with self.database.write() as session:
            yield session

    def add(self, model: type[Base], **values: Any) -> str:
        """Insert a row and return its id."""
        with self.writing() as session:
            return self.add_in(session, model, **values)

    def add_in(self, session: Session, model: type[Base], **values: Any) -> str:
        """Insert a row in a transaction that is under way."""
        row = cast(Any, model)(org_id=self.org_id, **values)
        session.add(row)
        session.flush()
        return cast(str, row.id)

    def change(self, model: type[Base], row_id: str, **values: Any) -> None:
        """Change a row, as everything that writes does: with its version."""
        with self.writing() as session:
            row = session.get_one(model, row_id)
            for name, value in values.items():
                setattr(row, name, value)

    def delete(self, model: type[Base], row_id: str) -> None:
        """Delete a row, and what hangs on it."""
        with self.writing() as session:
            session.execute(sa.delete(model).where(cast(Any, model).id == row_id))

    def account(self, name: str = "Norrvik Paper", *, of: str | None = "rep", **values: Any) -> str:
        """An account; the rep looks after it unless `of` names somebody else or nobody."""
        account_id = self.add(Account, name=name, time_zone="Europe/Stockholm", **values)
        if of is not None:
            self.assign(account_id, self.rep_id if of == "rep" else of)
        return account_id

    def assign(
        self, account_id: str, user_id: str | None = None, starts_on: date = date(2026, 1, 1), **values: Any
    ) -> str:
        """Put an account into somebody's territory."""
        return self.add(
            TerritoryAssignment, account_id=account_id, user_id=user_id or self.rep_id, starts_on=starts_on, **values
        )

    def visit(
        self, account_id: str, days: float, *, by: str | None = None, status: str = "planned", **values: Any
    ) -> str:
        """A visit that many days from NOW."""
        starts_at = NOW + timedelta(days=days)
        return self.add(
            Visit, account_id=account_id, user_id=by or self.rep_id, starts_at=starts_at, status=status,
            ends_at=starts_at + timedelta(hours=1), time_zone="Europe/Stockholm", **values,
        )  # fmt: skip

    def briefing(self, account_id: str, visit_id: str | None = None, text: str = "first") -> str:
        """A stored briefing."""
        row_id = new_id()
        return self.add(
            StoredBriefing, id=row_id, account_id=account_id, visit_id=visit_id, as_of=NOW, version=text,
            body=self.briefing_body(row_id, account_id, visit_id, text),
        )  # fmt: skip

    def briefing_body(self, row_id: str, account_id: str, visit_id: str | None, text: str) -> bytes:
        """Bytes as the composer stores them."""
        cards = [{"kind": "before", "lines": [], "text": text}]
        return orjson.dumps({"id": row_id, "account_id": account_id, "visit_id": visit_id, "cards": cards})

    def ticket(self, account_id: str, *, status: str = "open", solved_days_ago: float | None = None) -> str:
        """A ticket."""
        solved = None if solved_days_ago is None else NOW - timedelta(days=solved_days_ago)
        return self.add(
            Ticket, account_id=account_id, number=new_id()[-6:], subject="Seal leak", status=status, solved_at=solved,
            opened_at=NOW - timedelta(days=40),
        )  # fmt: skip

    def subscription(self, account_id: str, product_id: str) -> str:
        """A contract for a product."""
        return self.add(Subscription, account_id=account_id, product_id=product_id, starts_on=date(2026, 1, 1))

    def product(self, name: str = "Watch Plus") -> str:
        """A product."""
        return self.add(Product, sku=new_id(), name=name, kind="subscription")

    def person(self, account_id: str, name: str = "Anna Berg", **values: Any) -> str:
        """Somebody at the account."""
        return self.add(Person, account_id=account_id, name=name, **values)

    def promise(self, account_id: str, **values: Any) -> str:
        """A promise of the rep's."""
        return self.add(Promise, **{"account_id": account_id, "user_id": self.rep_id, "text": "Send the report",
                                    "made_on": TODAY, "due_on": TODAY, **values})  # fmt: skip

    def note(self, account_id: str, days: float = 0, **values: Any) -> str:
        """A note of the rep's."""
        written = {"author": "Rep", "text": "Wants two more pumps", "written_at": NOW + timedelta(days=days)}
        return self.add(Note, **{"account_id": account_id, "user_id": self.rep_id, **written, **values})

    def message(self, account_id: str, days: float = 0, **values: Any) -> str:
        """Something the rep said in the thread of the account."""
        written = {"author": "Rep", "text": "Who knows Eva?", "written_at": NOW + timedelta(days=days)}
        said = {"mentions": [], "attached": [], **written, **values}
        return self.add(Message, **{"account_id": account_id, "user_id": self.rep_id, **said})

    def attachment(self, account_id: str, days: float = 0, **values: Any) -> str:
        """A photo that the rep took."""
        kind = {"name": "pump.jpg", "media_type": "image/jpeg", "size": 3, "sha256": "0" * 64, "author": "Rep"}
        taken = {"user_id": self.rep_id, "created_at": NOW + timedelta(days=days), **kind, **values}
        return self.add(Attachment, account_id=account_id, **taken)

    def goal(self, account_id: str, **values: Any) -> str:
        """What the customer wants to reach."""
        return self.add(Goal, account_id=account_id, title="No standstill in the season", **values)


def held_clock(days: float = 0) -> Any:
    """Hold the clock that many days after NOW."""
    return clock.fixed(NOW + timedelta(days=days))
