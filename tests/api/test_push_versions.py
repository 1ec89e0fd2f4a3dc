"""Mutations as every version of the app writes them are taken: frozen ones, pushed for real."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from app.customers.tables import Account, Goal, Person, Promise
from app.foundation.db import Database
from app.identity.tables import User
from app.sync.catalogue import all_mutations
from app.sync.mutation import MUTATION_SCHEMA, OLDEST_VERSION, upgraded
from app.visits.tables import Visit
from tests.conftest import ROOT
from tests.support.phones import Directory
from tests.support.pulling import NOW, TODAY, Office, held_clock
from tests.support.pushing import Sender, words

VERSIONS = range(OLDEST_VERSION, MUTATION_SCHEMA + 1)
KINDS = {mutation.name: mutation for mutation in all_mutations()}


def frozen(version: int) -> dict[str, Any]:
    """Mutations as that version of the app writes them."""
    found: dict[str, Any] = orjson.loads((ROOT / f"fixtures/vectors/mutations-v{version}.json").read_bytes())
    return found


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The rows that the frozen mutations speak of."""
    there = frozen(3)["there"]
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    office.add(Account, id=there["account"], name="Norrvik", aliases=["Norrvik"], address={"city": "Gävle"})
    office.assign(there["account"])
    office.add(User, id=there["manager"], email="boss@north.example", name="Boss", role="manager")
    office.change(User, office.rep_id, manager_id=there["manager"])
    office.add(Person, id=there["person"], account_id=there["account"], name="Eva Lindqvist")
    times = {"starts_at": NOW + timedelta(days=2, hours=1), "ends_at": NOW + timedelta(days=2, hours=2)}
    of_account = {"account_id": there["account"], "user_id": office.rep_id}
    office.add(Visit, id=there["visit"], time_zone="Europe/Stockholm", **times, **of_account)
    office.add(Goal, id=there["goal"], account_id=there["account"], title="Less waste")
    office.add(Promise, id=there["promise"], text="Ring back", made_on=TODAY, due_on=TODAY, **of_account)
    return office


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_a_version_of_the_app_writes_is_applied(sign_in: Any, office: Office, version: int) -> None:
    phone = Sender(sign_in("rep@north"))
    sent = [phone.make(one["name"], one["args"], version=version) for one in frozen(version)["mutations"]]
    answers = phone.push(*sent)
    assert dict(zip((one["name"] for one in sent), words(answers), strict=True)) == {
        one["name"]: "applied" for one in sent
    }, answers
    phone.pull()
    rows = phone.rows
    texts = {row_type: {row["text"] for row in rows[row_type].values()} for row_type in ("note", "message")}
    assert texts == {"note": {"Gate code changes on Mondays"}, "message": {"Can somebody bring the seal?"}}
    assert {row["text"]: row["due_on"] for row in rows["promise"].values()}["Send the vibration report"] == "2026-11-27"
    visit = rows["visit"][frozen(version)["there"]["visit"]]
    assert (visit["status"], visit["attendee_ids"]) == ("done", [frozen(version)["there"]["person"]])


@pytest.mark.parametrize("version", VERSIONS)
def test_each_mutation_is_among_those_of_each_version(version: int) -> None:
    names = [one["name"] for one in frozen(version)["mutations"]]
    assert sorted(names) == sorted(set(KINDS) - {"draft.decide"})


@pytest.mark.parametrize("version", VERSIONS)
def test_words_of_each_version_read_as_those_of_the_newest(version: int) -> None:
    changed = 0
    for one in frozen(version)["mutations"]:
        assert upgraded(KINDS[one["name"]], version, one["args"])[0] == one.get("as_newest", one["args"])
        changed += "as_newest" in one
    assert changed == {1: 4, 2: 2, 3: 0}[version]


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
