"""Mutations as every version of the app writes them are taken: frozen ones, pushed for real."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from app.customers.tables import Account, Person
from app.foundation.db import Database
from app.identity.tables import User
from app.sync.mutation import MUTATION_SCHEMA, OLDEST_VERSION
from app.visits.tables import Visit
from tests.conftest import ROOT
from tests.support.phones import Directory
from tests.support.pulling import NOW, Office, held_clock
from tests.support.pushing import Sender, words
from tests.support.selling import sell

VERSIONS = range(OLDEST_VERSION, MUTATION_SCHEMA + 1)


ACCOUNT, VISIT, PERSON = (f"0193d5a0-0000-7000-8000-0000000000{end}" for end in ("0a", "0b", "0c"))
# Kept before it is broken, and a draft that this rep does not decide about.
# Nor does a rep approve, and nobody asked the question that is answered.
EXPECTED = {
    "promise.break": "conflict",
    "draft.decide": "rejected:not-found",
    "quote.decide": "rejected:approval-not-yours",
    "quote.answer": "rejected:not-found",
}


def frozen(version: int) -> list[dict[str, Any]]:
    """One mutation of each kind as that version of the app writes it, what is attached before what it is attached to."""
    found: list[dict[str, Any]] = orjson.loads((ROOT / f"fixtures/vectors/mutations-v{version}.json").read_bytes())
    return sorted(found, key=lambda one: bool(one["name"] == "message.post"))


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The rows that the frozen mutations speak of."""
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    office.add(Account, id=ACCOUNT, name="Norrvik", address={"city": "Gavle"})
    office.assign(ACCOUNT)
    office.add(Person, id=PERSON, account_id=ACCOUNT, name="Eva Lindqvist", preferred_channel="email")
    # Whom the message mentions, by the same id as the person.
    office.add(User, id=PERSON, email="boss@north.example", name="Boss", role="manager")
    office.change(User, office.rep_id, manager_id=PERSON)
    times = {"starts_at": NOW + timedelta(days=2, hours=1), "ends_at": NOW + timedelta(days=2, hours=2)}
    whose = {"account_id": ACCOUNT, "user_id": office.rep_id}
    sell(database, directory.orgs["north"])
    office.add(Visit, id=VISIT, time_zone="Europe/Stockholm", place="Gate 3", **times, **whose)
    return office


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_a_version_of_the_app_writes_is_applied(sign_in: Any, office: Office, version: int) -> None:
    phone = Sender(sign_in("rep@north"))
    sent = [phone.make(one["name"], one["args"], version=one["version"]) for one in frozen(version)]
    answers = phone.push(*sent)
    became = dict(zip((one["name"] for one in sent), words(answers), strict=True))
    assert became == {name: EXPECTED.get(name, "applied") for name in became}, answers
    phone.pull()
    rows = phone.rows
    assert {row["text"] for row in rows["note"].values()} == {"Ask for the key at gate 3."}
    assert {row["text"] for row in rows["message"].values()} == {"Who has the offer of last spring?"}
    assert [row["due_on"] for row in rows["promise"].values()] == ["2026-11-27"]
    assert (rows["visit"][VISIT]["status"], rows["visit"][VISIT]["attendee_ids"]) == ("done", [PERSON])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("version", "name", "args", "pointer"),
    [
        (1, "note.add", {"text": "newer words"}, "/args/text"),
        (1, "note.add", {"body": 7}, "/args/body"),
        (2, "note.add", {"body": "older words"}, "/args/body"),
        (2, "promise.make", {"by": "soon"}, "/args/by"),
        (3, "promise.make", {"by": "2026-11-27"}, "/args/by"),
    ],
)
def test_faults_point_at_the_words_that_were_sent(
    sign_in: Any, office: Office, version: int, name: str, args: dict[str, Any], pointer: str
) -> None:
    phone = Sender(sign_in("rep@north"))
    answer = phone.push(phone.make(name, args, version=version))[0]
    assert pointer in [error["pointer"] for error in answer["problem"]["errors"]]
