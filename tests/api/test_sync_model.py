"""Push and pull against a model: phones that lose answers, repeat, reorder, are cleared and lose accounts, and an office.

The model is what people would say of it: a note is there once for every mutation that was applied, an account's field is
what its history of changes makes of it, and after a sync with nothing left to send a phone shows just that.

Longer runs: `SYNC_MODEL_EXAMPLES=500 SYNC_MODEL_STEPS=100 pytest tests/api/test_sync_model.py`.
"""

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.customers.tables import Account
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.tables import Organisation
from app.identity import service
from app.identity.tables import TerritoryAssignment, User
from app.sync.tables import ClientGroup, Draft, MutationRecord
from app.visits.tables import Note
from tests.conftest import PASSWORD, make_application
from tests.support.phones import Api
from tests.support.pulling import TODAY, Office, held_clock
from tests.support.pushing import Mutation, Sender, outcome

EXAMPLES = int(os.environ.get("SYNC_MODEL_EXAMPLES", "6"))
STEPS = int(os.environ.get("SYNC_MODEL_STEPS", "15"))
WHO = st.integers(0, 2)
FIELDS = st.sampled_from(["phone", "industry"])
# Account, value, a field to change (or a note), and whether it is made on top of what was entered before.
ENTRIES = st.tuples(st.integers(0, 2), st.sampled_from("12"), st.none() | FIELDS, st.booleans())
PULLS = st.sampled_from(["stored", "stored", "lost", "not"])
FATES = st.sampled_from(["stored", "stored", "lost", "twice", "second half", "reordered"])
PLANS = st.tuples(st.lists(ENTRIES, max_size=3), FATES, PULLS)
Entry = tuple[int, str, str | None, bool]
Plan = tuple[list[Entry], str, str]
HAPPENINGS = ["move", "move", "change", "forget", "clear", "decide"]


@dataclass
class Model:
    """What is true of the organisation, in words: who looks after what, what was noted, what the fields say."""

    territory: dict[str, set[str]]
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)
    fields: dict[str, dict[str, str | None]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, Mutation] = field(default_factory=dict)
    standing: dict[str, tuple[str, str]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    def takes(self, group: str, mutation: Mutation) -> bool:
        """Whether this is looked at: it is known, or the next of the phone's queue."""
        is_next = mutation["seq"] == self.last.get(group, 0) + 1
        if is_next:
            self.last[group] = mutation["seq"]
        return is_next or mutation["id"] in self.answers

    def sees(self, user: str, account: str) -> bool:
        return account in self.territory[user] or (user == "manager" and account in self.territory["rep"])

    def apply(self, user: str, mutation: Mutation) -> str:
        """What becomes of a mutation that arrives; its effect, if any, is then in the model."""
        if mutation["id"] in self.answers:
            return "duplicate"
        account, parent = self.account_of(mutation), self.rejected_parent(mutation)
        if parent is not None:
            became = "rejected:parent-rejected"
            status, where = self.standing.get(parent, ("", ""))
            if status == "open":
                self.keep(mutation, where)
        elif not self.sees(user, account):
            became = "rejected:territory-lost"
            self.keep(mutation, account)
        else:
            became = self.write(mutation["name"], mutation["args"])
        self.answers[mutation["id"]] = became
        return became

    def rejected_parent(self, mutation: Mutation) -> str | None:
        """The first that this depends on and that was rejected; one whose draft was accepted is as good as applied."""
        for parent in mutation.get("depends_on", ()):
            accepted = self.standing.get(parent, ("",))[0] == "accepted"
            if self.answers.get(parent, "").startswith("rejected") and not accepted:
                return str(parent)
        return None

    def keep(self, mutation: Mutation, account: str) -> None:
        self.drafts[mutation["id"]], self.standing[mutation["id"]] = mutation, ("open", account)

    def with_open_parents(self, mutation: Mutation) -> list[Mutation]:
        """What is accepted with it: drafts that it was made on top of, first."""
        parents = [self.drafts[one] for one in mutation.get("depends_on", ()) if one in self.drafts]
        return [*(one for parent in parents for one in self.with_open_parents(parent)), mutation]

    def settle(self, mutation: Mutation, status: str) -> None:
        del self.drafts[mutation["id"]]
        self.standing[mutation["id"]] = status, self.standing[mutation["id"]][1]

    def account_of(self, mutation: Mutation) -> str:
        args = mutation["args"]
        return args["account_id"] if mutation["name"] == "note.add" else args["id"]

    def write(self, name: str, args: dict[str, Any]) -> str:
        if name == "note.add":
            self.notes[args["id"]] = (args["account_id"], args["text"])
            return "applied"
        [(column, mine)], clash = args["fields"].items(), False
        base, now = args["base"][column], self.fields[args["id"]][column]
        if base != mine and now == base:
            self.fields[args["id"]][column] = mine
        else:
            clash = base != mine and now != mine
        return "conflict" if clash else "applied"

    def shown(self, user: str) -> dict[str, Any]:
        """Notes and fields on this user's phone."""
        notes = {note: text for note, (account, text) in self.notes.items() if self.sees(user, account)}
        return {"notes": notes, "accounts": {a: f for a, f in self.fields.items() if self.sees(user, a)}}


@dataclass
class Device:
    """A phone, its queue of what was not answered, and what it waits for."""

    user: str
    sender: Sender
    queue: list[Mutation] = field(default_factory=list)


class Syncing(RuleBasedStateMachine):
    """Three phones of two users in an office that moves accounts about."""

    database: Database
    app: Any
    numbers = itertools.count()

    @initialize()
    def open_office(self) -> None:
        self.clock = held_clock()
        self.clock.__enter__()
        with self.database.write() as session:
            organisation = Organisation(name="Model")
            session.add(organisation)
            session.flush()
            hashed, ids = service.hash_password(PASSWORD), {}
            for name in ("manager", "rep"):
                user = User(org_id=organisation.id, email=f"{new_id()}@m.example", name=name.title(), role=name)
                user.password_hash, user.manager_id = hashed, ids.get("manager")
                session.add(user)
                session.flush()
                ids[name] = user.id
            emails = {name: session.get_one(User, user_id).email for name, user_id in ids.items()}
        self.ids, self.office = ids, Office(self.database, organisation.id, ids["rep"])
        self.accounts = [self.office.account(f"Customer {number}", of=None) for number in range(3)]
        self.model = Model({"manager": set(), "rep": set(self.accounts[:2])})
        self.model.fields = {account: {"phone": None, "industry": None} for account in self.accounts}
        for account in self.accounts[:2]:
            self.office.assign(account, starts_on=TODAY - timedelta(days=1))
        self.devices = [
            Device(user, Sender(Api.signed_in(self.app, emails[user], PASSWORD))) for user in ("rep", "rep", "manager")
        ]

        for device in self.devices:
            self.pull(device)

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.__exit__(None, None, None)

    def enter(self, device: Device, entries: list[Entry]) -> None:
        """Notes, and changes of fields as the phone shows them; some on top of what was entered just before."""
        for account, text, column, child in entries:
            parents = device.queue[-1:] if child else []
            made = self.change(device, self.accounts[account], column, text) if column else None
            device.queue.append(device.sender.make(*(made or self.note(self.accounts[account])), *parents))

    def note(self, account: str) -> tuple[str, dict[str, Any]]:
        text = f"note {next(self.numbers)}"
        return "note.add", {"id": new_id(), "account_id": account, "text": text, "written_at": "2026-11-21T07:00:00Z"}

    def change(self, device: Device, account: str, column: str, value: str) -> tuple[str, dict[str, Any]] | None:
        row = device.sender.rows.get("account", {}).get(account)
        if row is None:
            return None
        return "account.change", {"id": account, "fields": {column: value}, "base": {column: row.get(column)}}

    @rule(plans=st.tuples(PLANS, PLANS, PLANS))
    def sync(self, plans: tuple[Plan, Plan, Plan]) -> None:
        """Every phone enters something, pushes, then pulls; either answer may be lost on the way."""
        for device, plan in zip(self.devices, plans, strict=True):
            self.sync_one(device, *plan)

    def sync_one(self, device: Device, entries: list[Entry], fate: str, pulls: str) -> None:
        self.enter(device, entries)
        sent = list(device.queue)
        if fate == "second half":
            sent = sent[len(sent) // 2 :]
        elif fate == "reordered" and len(sent) > 1:
            sent = [*sent[1:], sent[0]]
        for _ in range(2 if fate == "twice" else 1):
            answers = self.exchange(device, sent)
        if fate != "lost":
            self.settle(device, sent, answers)
        if pulls == "lost":
            assert device.sender.ask().status_code == 200
        elif pulls == "stored":
            self.pull(device)

    sync_again = sync_once_more = sync

    def exchange(self, device: Device, sent: list[Mutation]) -> list[dict[str, Any]]:
        """Send, and have the model do the same; retry answers leave the model as it is."""
        response = device.sender.send(*sent)
        assert response.status_code == 200, response.text
        answers: list[dict[str, Any]] = response.json["answers"]
        assert [answer["id"] for answer in answers] == [mutation["id"] for mutation in sent]
        group = device.sender.group
        for mutation, answer in zip(sent, answers, strict=True):
            retry = not self.model.takes(group, mutation)
            assert answer.get("retry", False) is retry, (answer, self.model.last)
            if not retry:
                expected = self.model.apply(device.user, mutation)
                assert outcome(answer).partition(":")[0] == expected.partition(":")[0], (answer, expected)
                first = {**answer, "result": answer.get("first", answer["result"])}
                assert outcome(first) == self.model.answers[mutation["id"]], answer
        self.last = response.json["seq"]
        assert self.last == self.model.last.get(group, 0)
        return answers

    def settle(self, device: Device, sent: list[Mutation], answers: list[dict[str, Any]]) -> None:
        """Take answered mutations out of the queue, and number the rest anew."""
        done = {m["id"] for m, answer in zip(sent, answers, strict=True) if not answer.get("retry")}
        device.queue = [mutation for mutation in device.queue if mutation["id"] not in done]
        for place, mutation in enumerate(device.queue):
            mutation["seq"] = self.last + 1 + place
        device.sender.next_seq = self.last + 1 + len(device.queue)

    def pull(self, device: Device) -> None:
        """A pull brings just what the model says that this user sees."""
        device.sender.pull()
        rows, shown = device.sender.rows, self.model.shown(device.user)
        assert {note: row["text"] for note, row in rows.get("note", {}).items()} == shown["notes"]
        fields = {
            account: {name: row.get(name) for name in ("phone", "industry")}
            for account, row in rows.get("account", {}).items()
        }
        assert fields == shown["accounts"]

    @rule(
        what=st.sampled_from(HAPPENINGS), account=st.integers(0, 2), who=WHO, column=FIELDS, value=st.sampled_from("34")
    )
    def happen(self, what: str, account: int, who: int, column: str, value: str) -> None:
        """Something that no phone knows of."""
        happenings: dict[str, Callable[[], None]] = {
            "move": lambda: self.move(account, self.devices[who].user),
            "change": lambda: self.change_in_the_office(account, column, value),
            "forget": lambda: self.forget(self.devices[who].sender.group),
            "clear": lambda: self.clear(self.devices[who]),
            "decide": self.decide,
        }
        happenings[what]()

    def move(self, account: int, user: str) -> None:
        """Give the account to somebody, or take it away from whoever has it."""
        row_id, held = self.accounts[account], self.model.territory[user]
        if row_id in held:
            held.discard(row_id)
            with self.database.write() as session:
                mine = TerritoryAssignment.account_id == row_id, TerritoryAssignment.user_id == self.ids[user]
                session.execute(sa.delete(TerritoryAssignment).where(*mine))
        else:
            held.add(row_id)
            self.office.assign(row_id, self.ids[user], starts_on=TODAY - timedelta(days=1))

    def change_in_the_office(self, account: int, column: str, value: str) -> None:
        self.office.change(Account, self.accounts[account], **{column: value})
        self.model.fields[self.accounts[account]][column] = value

    def forget(self, group: str) -> None:
        """The server forgets a phone: its number, and what it holds, though not what it sent."""
        self.office.delete(ClientGroup, group)
        self.model.last.pop(group, None)

    def clear(self, device: Device) -> None:
        """A phone loses what it holds and starts anew; what it has to send was kept elsewhere."""
        device.sender.group, device.sender.cookie, device.sender.rows = new_id(), None, {}

    def decide(self) -> None:
        """The manager accepts the oldest draft, or is refused when its account is out of sight and dismisses it."""
        manager = self.devices[2].sender
        found = manager.api.get("/drafts").json["data"]
        drafts = self.model.drafts
        seen = {m for m in drafts if self.model.sees("manager", self.model.standing[m][1])}
        assert len(found) == len(seen | (self.of_the_rep() & drafts.keys()))
        if not found:
            return
        with self.database.read() as session:
            mutation = drafts[session.get_one(Draft, found[0]["id"]).mutation_id]
        path = f"/drafts/{found[0]['id']}"
        # What was made on top of a draft is kept where that one is; its own account may be out of sight.
        may = mutation["id"] in seen and all(
            self.model.sees("manager", self.model.account_of(one)) for one in self.model.with_open_parents(mutation)
        )
        answer = manager.api.post(f"{path}/accept").status_code
        if may:
            assert answer == 200
            for one in self.model.with_open_parents(mutation):
                self.model.write(one["name"], one["args"])
                self.model.settle(one, "accepted")
        else:
            assert answer in (403, 404, 422)
            assert manager.api.post(f"{path}/dismiss").status_code == 200
            self.model.settle(mutation, "dismissed")

    def of_the_rep(self) -> set[str]:
        with self.database.read() as session:
            return set(session.scalars(sa.select(Draft.mutation_id).where(Draft.user_id == self.ids["rep"])))

    @invariant()
    def nothing_is_doubled_or_lost(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.database.read() as session:
            ours = {
                n.id: (n.account_id, n.text) for n in session.scalars(sa.select(Note)) if n.org_id == self.office.org_id
            }
            records = session.scalars(sa.select(MutationRecord.id).where(MutationRecord.org_id == self.office.org_id))
            assert ours == self.model.notes
            assert set(records) == set(self.model.answers)


@pytest.fixture
def machine(database: Database) -> type[Syncing]:
    """The machine on each kind of database."""
    return type("SyncingHere", (Syncing,), {"database": database, "app": make_application(database)})


def test_phones_and_server_agree_with_the_model_whatever_happens_on_the_way(machine: type[Syncing]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
