"""The pull against a model: whatever is written, assigned, lost or late, the phone ends up with what the words say."""

import itertools
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.briefing.tables import StoredBriefing
from app.customers.tables import Account, Goal, Person, Promise
from app.foundation import clock
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.principal import Principal, Role, bind_principal
from app.foundation.tables import Organisation
from app.identity.tables import TerritoryAssignment, User
from app.products.tables import Subscription
from app.sync import service
from app.tickets.tables import Ticket
from app.visits.tables import Visit
from tests.support.pulling import NOW, Office, Rows, store

TYPES = {
    "person": Person, "subscription": Subscription, "ticket": Ticket, "promise": Promise, "goal": Goal,
    "visit": Visit, "briefing": StoredBriefing,
}  # fmt: skip


# Around the edges of the windows, where mistakes are made.
DAYS = st.sampled_from([-60, -32, -31, -30, -29, -28, -2, -1, 0, 1, 3, 6, 7, 8, 9, 28, 29, 30, 31, 33, 365, 366, 367])

FATES = st.sampled_from(["stored"] * 6 + ["lost"] * 2 + ["forgotten"])


class Model:
    """What a phone of `user_id` may hold at `now`, in words as plain as the contract's, over all rows there are."""

    def __init__(self, database: Database, org_id: str, user_id: str, now: datetime) -> None:
        self.user_id, self.now, self.day = user_id, now, now.date()
        with database.read() as session:
            stays = session.scalars(sa.select(TerritoryAssignment).where(TerritoryAssignment.user_id == user_id)).all()
            self.mine = {stay.account_id for stay in stays if self._now(stay.starts_on, stay.ends_on)}
            ours = sa.select(Account.id).where(Account.org_id == org_id)
            self.rows: dict[str, Any] = {
                row_type: [row for row in session.scalars(sa.select(model)) if row.account_id in self.mine]
                for row_type, model in TYPES.items()
            }
            self.accounts = self.mine & set(session.scalars(ours))

    def _now(self, starts_on: date, ends_on: date | None) -> bool:
        return starts_on <= self.day and (ends_on is None or self.day <= ends_on)

    def _within(self, at: datetime, back: int, ahead: int) -> bool:
        return self.now - timedelta(days=back) <= at <= self.now + timedelta(days=ahead)

    def visits(self) -> set[str]:
        done = [visit for visit in self.rows["visit"] if visit.status == "done"]
        last = {v.account_id: v.id for v in sorted(done, key=lambda visit: (visit.starts_at, visit.id))}
        own = {v.id for v in self.rows["visit"] if v.user_id == self.user_id and self._within(v.starts_at, 30, 366)}
        planned = [v for v in self.rows["visit"] if v.user_id != self.user_id and v.status == "planned"]
        return own | set(last.values()) | {v.id for v in planned if self._within(v.starts_at, 1, 30)}

    def tickets(self) -> set[str]:
        lately = self.now - timedelta(days=30)
        return {
            ticket.id for ticket in self.rows["ticket"]
            if ticket.status not in ("solved", "closed") or (ticket.solved_at is not None and ticket.solved_at >= lately)
        }  # fmt: skip

    def briefings(self) -> set[str]:
        soon = {
            v.id for v in self.rows["visit"]
            if v.user_id == self.user_id and v.status == "planned" and self._within(v.starts_at, 1, 7)
        }  # fmt: skip
        return {b.id for b in self.rows["briefing"] if b.visit_id is None or b.visit_id in soon}

    def ids(self) -> dict[str, set[str]]:
        """Ids by row type."""
        plain = {t: {row.id for row in self.rows[t]} for t in ("person", "subscription", "promise", "goal")}
        special = {"visit": self.visits(), "ticket": self.tickets(), "briefing": self.briefings()}
        return {"me": {self.user_id}, "account": self.accounts, **plain, **special}


class Pulling(RuleBasedStateMachine):
    """Two phones of two reps, and everything that happens around them."""

    database: Database
    numbers = itertools.count()

    @initialize()
    def open_office(self) -> None:
        self.now = NOW
        with self.database.write() as session:
            organisation = Organisation(name="Model")
            session.add(organisation)
            session.flush()
            users = [User(org_id=organisation.id, email=f"{new_id()}@m.example", name="R", role="rep") for _ in "ab"]
            session.add_all(users)
            session.flush()
            self.users = [user.id for user in users]
        self.office = Office(self.database, organisation.id, self.users[0])
        self.product = self.office.product()
        self.groups = {user: new_id() for user in self.users}
        self.cookies: dict[str, str | None] = dict.fromkeys(self.users)
        self.phones: dict[str, Rows] = {user: {} for user in self.users}
        self.accounts: list[str] = []
        self.made: list[tuple[Any, str]] = []
        for who in (0, 1, 0, 1):
            self.assign_new_account(who, -1, None)

    def someone(self) -> str | None:
        """The person added last, if still there."""
        people = [row_id for model, row_id in self.made if model is Person][-1:]
        with self.database.read() as session:
            return session.scalar(sa.select(Person.id).where(Person.id.in_(people)))

    def answer(self, user: str) -> dict[str, Any]:
        """Ask as the phone of a user does, by the way a request takes through the service."""
        principal = Principal(self.office.org_id, user, Role.REP, frozenset(), "session", user)
        with clock.fixed(self.now):
            with self.database.read() as reading:
                bind_principal(reading, principal)
                answered = service.answer(reading, self.groups[user], self.cookies[user])
            with self.database.write() as writing:
                bind_principal(writing, principal)
                cookie = service.remember(writing, answered)
        answer: dict[str, Any] = orjson.loads(answered.body(cookie))
        return answer

    @rule(who=st.integers(0, 1), starts=st.integers(-3, 3), days=st.none() | st.integers(0, 4))
    def assign_new_account(self, who: int, starts: int, days: int | None) -> None:
        # Called by `open_office` too, to have something to begin with.
        account = self.office.account(f"A{next(self.numbers)}", of=None)
        self.accounts.append(account)
        self.made.append((Account, account))
        first = self.now.date() + timedelta(days=starts)
        last = None if days is None else first + timedelta(days=days)
        stay = self.office.assign(account, self.users[who], starts_on=first, ends_on=last)
        self.made.append((TerritoryAssignment, stay))

    @precondition(lambda self: self.accounts)
    @rule(data=st.data(), kind=st.sampled_from(sorted(TYPES)), days=DAYS, who=st.integers(0, 1))
    def add_row(self, data: st.DataObject, kind: str, days: int, who: int) -> None:
        account = data.draw(st.sampled_from(self.accounts))
        office, user = self.office, self.users[who]
        state, solved = ("solved", -days) if days < 0 else ("open", None)
        with clock.fixed(NOW):
            make: dict[str, Any] = {
                "person": lambda: office.person(account),
                "subscription": lambda: office.subscription(account, self.product),
                "ticket": lambda: office.ticket(account, status=state, solved_days_ago=solved),
                "promise": lambda: office.promise(account, person_id=self.someone()),
                "goal": lambda: office.goal(account),
                "visit": lambda: office.visit(account, days, by=user, status="done" if days < -1 else "planned"),
                "briefing": lambda: office.briefing(account),
            }  # fmt: skip
            self.made.append((TYPES[kind], make[kind]()))
        if kind == "visit" and days % 2:
            self.made.append((StoredBriefing, office.briefing(account, self.made[-1][1])))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def change_row(self, data: st.DataObject) -> None:
        model, row_id = data.draw(st.sampled_from(self.made))
        text = f"changed {next(self.numbers)}"
        with self.database.write() as session:
            row = session.get(model, row_id)
            if row is None:
                return
            if model is StoredBriefing:
                row.body = self.office.briefing_body(row_id, row.account_id, row.visit_id, text)
                row.row_version += 1
            else:
                field = next(
                    name for name in ("name", "subject", "text", "title", "notes", "external_ids") if hasattr(row, name)
                )
                setattr(row, field, {"erp": text} if field == "external_ids" else text)

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def delete_row(self, data: st.DataObject) -> None:
        model, row_id = data.draw(st.sampled_from(self.made))
        self.office.delete(model, row_id)
        self.accounts = [account for account in self.accounts if account != row_id]

    @rule(hours=st.integers(1, 80))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(fates=st.tuples(FATES, FATES))
    def sync(self, fates: tuple[str, str]) -> None:
        for user, fate in zip(self.users, fates, strict=True):
            if fate == "forgotten":
                self.phones[user], self.cookies[user] = {}, None
            elif fate == "lost":
                self.answer(user)
            else:
                self.pull(user)

    sync_again = sync_once_more = sync_another_time = sync

    def pull(self, user: str) -> None:
        answer = self.answer(user)
        store(self.phones[user], answer)
        self.cookies[user] = answer["cookie"]
        rows = self.phones[user]
        model = Model(self.database, self.office.org_id, user, self.now)
        assert {t: set(held) for t, held in rows.items() if held} == {t: ids for t, ids in model.ids().items() if ids}
        self.check_contents(rows, model)

    def check_contents(self, rows: Rows, model: Model) -> None:
        """Rows of the model and of the phone say the same."""
        for row_type, field in (
            ("person", "name"),
            ("ticket", "subject"),
            ("promise", "text"),
            ("goal", "title"),
            ("visit", "notes"),
        ):
            for row in model.rows[row_type]:
                if row.id in rows.get(row_type, {}):
                    assert rows[row_type][row.id].get(field) == getattr(row, field)
        for promise in model.rows["promise"]:
            assert rows["promise"][promise.id].get("person_id") == promise.person_id
        for briefing in model.rows["briefing"]:
            if briefing.id in rows.get("briefing", {}):
                assert rows["briefing"][briefing.id] == orjson.loads(briefing.body)

    @invariant()
    def one_phone_holds_nothing_of_the_other(self) -> None:
        for user, rows in getattr(self, "phones", {}).items():
            assert set(rows.get("me", {})) <= {user}


@pytest.fixture
def machine(database: Database) -> type[Pulling]:
    """The machine on each kind of database."""
    return type("PullingHere", (Pulling,), {"database": database})


def test_a_phone_holds_exactly_what_its_user_may_hold_after_every_pull(machine: type[Pulling]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
