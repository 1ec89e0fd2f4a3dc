"""The door of the pull: who may ask, what a request must look like, how the answer is packed."""

import gzip
import uuid
from typing import Any

import orjson
import pytest

from app.foundation.db import Database
from app.sync.views import tag
from tests.support.phones import Api, Directory
from tests.support.pulling import Office, Phone, held_clock
from tests.support.unpacking import unpack


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The organisation whose rep holds the phone."""
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.mark.parametrize("stranger", ["rep2@north", "rep@south"])
def test_a_client_group_of_another_user_is_refused_and_tells_nothing(
    sign_in: Any, office: Office, stranger: str
) -> None:
    phone = Phone(sign_in("rep@north"))
    office.account("Norrvik Paper")
    phone.pull()
    thief = Phone(sign_in(stranger), phone.group)
    refused = thief.ask()
    assert refused.status_code == 403 and refused.json["type"].endswith("/client-group-of-another")
    assert "Norrvik" not in refused.text and phone.ask().status_code == 200
    answers = {Phone(sign_in(user), phone.group).ask().text for user in ("rep2@north", "rep@south")}
    assert len(answers) == 1, "the refusal tells organisations apart"


def test_a_phone_that_changed_hands_is_refused_until_it_starts_anew(sign_in: Any, office: Office) -> None:
    phone = Phone(sign_in("rep@north"))
    phone.pull()
    handed_on = Phone(sign_in("rep2@north"), phone.group, phone.cookie)
    assert handed_on.ask().json["type"].endswith("/foreign-cookie")
    handed_on.cookie = None
    assert handed_on.ask().json["type"].endswith("/client-group-of-another")
    assert Phone(handed_on.api).pull()["reset"] is True


def test_a_cookie_of_another_phone_is_refused(sign_in: Any, office: Office) -> None:
    api = sign_in("rep@north")
    one, other = Phone(api), Phone(api)
    one.pull()
    other.pull()
    refused = one.ask(cookie=other.cookie)
    assert refused.status_code == 409 and refused.json["type"].endswith("/foreign-cookie")


def test_a_cookie_that_was_never_given_yet_is_refused(sign_in: Any, office: Office) -> None:
    phone = Phone(sign_in("rep@north"))
    phone.pull()
    future = f"fffffffffff-{tag(phone.group, office.rep_id)}"
    refused = phone.ask(cookie=future)
    assert refused.status_code == 409 and refused.json["type"].endswith("/future-cookie")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"cookie": "12"}, "/cookie"),
        ({"cookie": "zzzzzzzzzzz-0123456789"}, "/cookie"),
        ({"cookie": "0" * 41}, "/cookie"),
        ({"cookie": 7}, "/cookie"),
        ({"cookie": ""}, "/cookie"),
        ({"client_group": "phone"}, "/client_group"),
        ({"client_group": None}, "/client_group"),
        ({"schema": "1"}, "/schema"),
        ({"schema": 0}, "/schema"),
        ({"schema": 2**40}, "/schema"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_is_wrong_in_a_request_is_pointed_at(sign_in: Any, changes: dict[str, Any], pointer: str) -> None:
    refused = Phone(sign_in("rep@north")).ask(**changes)
    assert refused.status_code == 422 and refused.content_type == "application/problem+json"
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]


def test_a_request_without_its_cookie_is_not_taken_for_a_first_one(sign_in: Any) -> None:
    refused = sign_in("rep@north").post("/sync/pull", {"client_group": str(uuid.uuid4()), "schema": 2})
    assert refused.status_code == 422


@pytest.mark.parametrize("schema", [1, 4, 99])
def test_an_app_of_another_schema_is_told_so(sign_in: Any, schema: int) -> None:
    refused = Phone(sign_in("rep@north")).ask(schema=schema)
    assert refused.status_code == 409 and refused.json["type"].endswith("/unknown-schema")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"cookie": "\xff"}', b"1" * 100])
def test_bodies_that_are_no_request_are_refused(sign_in: Any, body: bytes) -> None:
    refused = sign_in("rep@north").post("/sync/pull", data=body, content_type="application/json")
    assert refused.status_code in (400, 422) and refused.content_type == "application/problem+json"


def test_nobody_pulls_without_signing_in_or_from_another_page(app: Any, sign_in: Any, directory: Directory) -> None:
    assert Phone(Api(app)).ask().status_code == 401
    api = sign_in("rep@north")
    del api.headers["X-CSRF-Token"]
    assert Phone(api).ask().json["type"].endswith("/csrf")


def test_a_token_needs_the_scope_of_the_pull(sign_in: Any) -> None:
    api = sign_in("rep@north")
    assert Phone(api.token("accounts:read")).ask().status_code == 403
    assert Phone(api.token("sync")).pull()["reset"] is True


def test_a_user_who_was_deactivated_gets_nothing_more(sign_in: Any, office: Office) -> None:
    from app.identity.tables import User

    phone = Phone(sign_in("rep@north"))
    phone.pull()
    office.change(User, office.rep_id, active=False)
    assert phone.ask().status_code == 401


def test_answers_are_packed_for_those_who_accept_it_where_it_pays(sign_in: Any, office: Office) -> None:
    for number in range(20):
        office.account(f"Customer {number}")
    phone = Phone(sign_in("rep@north"))
    with held_clock():
        plain = phone.ask()
        phone.api.headers["Accept-Encoding"] = "gzip, br"
        packed = phone.ask()
        assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.data) == plain.data and len(packed.data) < len(plain.data) / 3
        phone.cookie = orjson.loads(plain.data)["cookie"]
        assert "Content-Encoding" not in phone.ask().headers
        phone.api.headers["Accept-Encoding"] = "gzip;q=0"
        assert "Content-Encoding" not in phone.ask(cookie=None).headers


def test_rows_come_packed_for_those_who_ask_and_are_the_same(sign_in: Any, office: Office) -> None:
    account = office.account(aliases=["Norrvik"])
    office.briefing(account)
    office.ticket(account)
    phone = Phone(sign_in("rep@north"))
    plain, packed = phone.ask(packed=False).json, phone.ask(packed=True).json
    assert unpack(packed["packed"]) == plain["puts"] and "puts" not in packed
    assert packed["cookie"] == plain["cookie"] and packed["reset"] is True
    phone.cookie = packed["cookie"]
    assert set(phone.ask(packed=True).json) == {"cookie", "as_of"}
    assert phone.ask(packed="yes").status_code == 422


def test_answers_stay_in_no_cache(sign_in: Any) -> None:
    assert Phone(sign_in("rep@north")).ask().headers["Cache-Control"] == "no-store"
