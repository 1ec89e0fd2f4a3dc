"""The door of the push: whatever comes is answered clearly, one by one, and nothing is applied twice or lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.foundation.db import Database
from app.foundation.ids import new_id
from app.sync.push import MAX_MUTATIONS
from app.sync.tables import ClientGroup, MutationRecord
from app.visits.tables import Note
from tests.support.phones import Api, Directory
from tests.support.pulling import Office, held_clock
from tests.support.pushing import Sender, words


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The organisation whose rep holds the phone."""
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def phone(sign_in: Any, office: Office) -> Sender:
    """The rep's phone."""
    return Sender(sign_in("rep@north"))


def count(database: Database, model: Any) -> int:
    """How many rows there are."""
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.mark.parametrize("stranger", ["rep2@north", "manager@north", "rep@south"])
def test_a_stolen_client_group_is_of_no_use_and_keeps_its_numbers(
    phone: Sender, sign_in: Any, office: Office, stranger: str
) -> None:
    account = office.account()
    phone.push(phone.note(account))
    thief = Sender(sign_in(stranger), phone.group)
    refused = thief.send(thief.note(account))
    assert refused.status_code == 403 and refused.json["type"].endswith("/client-group-of-another")
    assert phone.outcomes(phone.note(account)) == ["applied"]
    assert count(office.database, Note) == 2


def test_the_id_of_another_users_mutation_tells_nothing_of_it(phone: Sender, sign_in: Any, office: Office) -> None:
    account = office.account()
    note = phone.note(account)
    phone.push(note)
    managers = Sender(sign_in("manager@north"))
    same_id = {**managers.note(account, "Mine"), "id": note["id"]}
    assert managers.outcomes(same_id) == ["applied"]
    assert count(office.database, MutationRecord) == 2


def test_nobody_pushes_without_signing_in_from_another_page_or_without_the_scope(
    app: Any, sign_in: Any, phone: Sender
) -> None:
    assert Sender(Api(app)).send().status_code == 401
    token = Sender(phone.api.token("accounts:read"))
    assert token.send().status_code == 403
    del phone.api.headers["X-CSRF-Token"]
    assert phone.send().json["type"].endswith("/csrf")


def test_a_token_writes_through_the_push_only_what_it_may_write(phone: Sender, office: Office) -> None:
    account = office.account()
    api = phone.api.token("sync")
    sender = Sender(api)
    assert sender.outcomes(sender.note(account)) == ["rejected:forbidden"]
    assert count(office.database, Note) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"mutations": "\xff"}', b'"text"'])
def test_bodies_that_are_no_push_are_refused(phone: Sender, body: bytes) -> None:
    refused = phone.api.post("/sync/push", data=body, content_type="application/json")
    assert refused.status_code in (400, 422) and refused.content_type == "application/problem+json"


def test_a_body_that_is_cut_anywhere_changes_nothing(phone: Sender, office: Office) -> None:
    note = phone.note(office.account())
    members = {"client_group": phone.group, "schema": 3, "sent_at": note["made_at"], "mutations": [note]}
    whole = orjson.dumps(members)
    for cut in range(0, len(whole), 7):
        refused = phone.api.post("/sync/push", data=whole[:cut], content_type="application/json")
        assert refused.status_code in (400, 422)
    assert count(office.database, MutationRecord) == count(office.database, ClientGroup) == 0
    assert phone.outcomes(note) == ["applied"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"client_group": "phone"}, "/client_group"),
        ({"schema": "3"}, "/schema"),
        ({"sent_at": "today"}, "/sent_at"),
        ({"mutations": {}}, "/mutations"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_is_wrong_around_the_mutations_is_pointed_at(phone: Sender, changes: dict[str, Any], pointer: str) -> None:
    refused = phone.send(**changes)
    assert refused.status_code == 422 and [error["pointer"] for error in refused.json["errors"]] == [pointer]


@pytest.mark.parametrize("schema", [-1, 0, 4, 99])
def test_an_app_of_another_schema_is_told_so(phone: Sender, schema: int) -> None:
    refused = phone.send(schema=schema)
    assert refused.status_code == 409 and refused.json["type"].endswith("/unknown-schema")


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_apps_of_the_two_versions_before_are_served(phone: Sender, schema: int) -> None:
    assert phone.send(schema=schema).json["answers"] == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": "nobody.knows"}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "x" * 100}, "/name"),
        ({"version": 0}, "/version"),
        ({"version": 4}, "/version"),
        ({"version": True}, "/version"),
        ({"made_at": "yesterday"}, "/made_at"),
        ({"made_at": None}, "/made_at"),
        ({"skew_ms": 2**60}, "/skew_ms"),
        ({"skew_ms": "1"}, "/skew_ms"),
        ({"depends_on": "all"}, "/depends_on"),
        ({"depends_on": [7]}, "/depends_on"),
        ({"depends_on": [new_id()] * 51}, "/depends_on"),
        ({"args": []}, "/args"),
        ({"args": None}, "/args"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_is_wrong_in_a_mutation_rejects_it_for_good_and_no_other(
    phone: Sender, office: Office, changes: dict[str, Any], pointer: str
) -> None:
    account = office.account()
    wrong, good = {**phone.note(account), **changes}, phone.note(account)
    answers = phone.push(wrong, good)
    assert words(answers) == ["rejected:invalid", "applied"]
    assert pointer in [error["pointer"] for error in answers[0]["problem"]["errors"]]
    assert phone.push(wrong)[0]["first"] == "rejected"


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        "text",
        [],
        {},
        {"id": "1", "seq": 1},
        {"seq": 1},
        {"id": "01a2008e-32b2-4e67-a0b1-0123456789ab", "seq": 1},
    ],
)
def test_what_has_no_id_is_answered_in_its_place_and_forgotten(phone: Sender, office: Office, entry: Any) -> None:
    answers = phone.push(entry, phone.note(office.account()))
    assert words(answers) == ["rejected:invalid", "applied"]
    assert answers[0]["id"] is None and "retry" not in answers[0]
    assert count(office.database, MutationRecord) == 1


@pytest.mark.parametrize("seq", [0, -1, 1.5, "1", None, True, 2**31, 2**60])
def test_what_has_no_number_is_answered_under_its_id_and_forgotten(phone: Sender, office: Office, seq: Any) -> None:
    note = phone.note(office.account())
    answer = phone.push({**note, "seq": seq})[0]
    assert words([answer]) == ["rejected:invalid"] and answer["id"] == note["id"] and answer["seq"] is None
    assert count(office.database, MutationRecord) == 0


def test_of_ten_thousand_at_once_five_hundred_are_done_and_the_rest_stays_in_the_queue(
    phone: Sender, office: Office
) -> None:
    account = office.account()
    notes = [phone.note(account, f"number {number}") for number in range(10_000)]
    answers = phone.push(*notes)
    assert words(answers[:MAX_MUTATIONS]) == ["applied"] * MAX_MUTATIONS
    assert all(words([answer]) == ["rejected:too-many-mutations"] for answer in answers[MAX_MUTATIONS:])
    assert all(answer["retry"] is True for answer in answers[MAX_MUTATIONS:])
    assert [answer["id"] for answer in answers] == [note["id"] for note in notes]
    assert words(phone.push(*notes[MAX_MUTATIONS:])[:2]) == ["applied", "applied"]
    assert count(office.database, Note) == 2 * MAX_MUTATIONS


def test_the_same_push_at_once_many_times_is_done_once(phone: Sender, office: Office) -> None:
    account = office.account()
    notes = [phone.note(account, f"number {number}") for number in range(5)]
    with ThreadPoolExecutor(6) as pool:
        all_answers = list(pool.map(lambda _: words(phone.push(*notes)), range(6)))
    assert count(office.database, Note) == 5
    assert sorted(all_answers) == [["applied"] * 5] + [["duplicate"] * 5] * 5


def test_two_phones_of_one_user_that_send_the_same_and_others_at_once_lose_and_double_nothing(
    phone: Sender, sign_in: Any, office: Office
) -> None:
    account = office.account()
    tablet = Sender(sign_in("rep@north"))
    shared = [phone.note(account, f"shared {number}") for number in range(6)]
    own = [phone.note(account, f"own {number}") for number in range(6)]
    orders = [(phone, [*shared, *own]), (tablet, [{**m, "seq": 6 - place} for place, m in enumerate(shared)][::-1])] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: pair[0].push(*pair[1]), orders))
    assert count(office.database, Note) == 12


def test_users_who_change_the_same_rows_in_opposite_order_at_once_all_get_through(
    phone: Sender, sign_in: Any, office: Office
) -> None:
    accounts = [office.account(f"Customer {number}") for number in range(6)]
    other = Sender(sign_in("manager@north"))

    def changing(sender: Sender, order: list[str], field: str, value: str) -> list[dict[str, Any]]:
        return [
            sender.make("account.change", {"id": account, "fields": {field: value}, "base": {field: None}})
            for account in order
        ]

    jobs = [
        (phone, changing(phone, accounts, "phone", "1")),
        (other, changing(other, accounts[::-1], "industry", "Paper")),
    ]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda pair: words(pair[0].push(*pair[1])), jobs))
    assert results == [["applied"] * 6] * 2
    phone.pull()
    assert {(row["phone"], row["industry"]) for row in phone.rows["account"].values()} == {("1", "Paper")}


def _nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("base", [{"address": {"city": _nested(200)}}, {"phone": "1" * 300_000}])
def test_a_base_that_no_row_had_rejects_that_mutation_alone(phone: Sender, office: Office, base: Any) -> None:
    mine, lost = office.account(), office.account("Lost", of=None)
    change = {"fields": {"phone": "1", "address": {"city": "Luleå"}}, "base": base}
    mutations = [phone.make("account.change", {"id": account, **change}) for account in (mine, lost)]
    answers = phone.push(*mutations, phone.note(mine))
    assert words(answers) == ["rejected:invalid", "rejected:invalid", "applied"]
    assert [answer["problem"]["errors"][0]["pointer"] for answer in answers[:2]] == ["/args/base"] * 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_arguments_of_any_shape_are_answered_and_never_a_mistake_of_ours(
    phone: Sender, office: Office, data: st.DataObject
) -> None:
    from app.sync.catalogue import all_mutations

    sender = Sender(phone.api)
    kind = data.draw(st.sampled_from(all_mutations()))
    names = st.sampled_from(sorted(kind.schema._declared_fields)) | st.text(max_size=8)
    args = data.draw(st.dictionaries(names, JSON, max_size=6) | JSON)
    version = data.draw(st.sampled_from([1, 2, 3]))
    answers = sender.push(sender.make(kind.name, args, version=version))
    assert answers[0]["result"] in ("rejected", "applied") and "internal-error" not in words(answers)[0]
