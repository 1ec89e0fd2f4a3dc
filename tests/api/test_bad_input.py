"""Bad input gets a clear problem and leaves nothing half-written, on both databases."""

import gzip
import threading
from typing import Any

import pytest

from tests.conftest import PASSWORD
from tests.support.phones import Api

STRANGE_ID = "01a00000-0000-7000-8000-000000000000"


@pytest.fixture
def admin(sign_in: Any) -> Api:
    api: Api = sign_in("admin@north")
    return api


def problem(answer: Any, status: int, slug: str, pointer: str | None = None) -> dict[str, Any]:
    """The problem that an answer is; checks that it is one, and where it points."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert body["type"] == f"/docs/problems/{slug}" and body["status"] == status and body["title"] and body["detail"]
    assert not any(word in answer.text.lower() for word in ("traceback", "sqlalchemy", "psycopg", "select ", "insert "))
    if pointer is not None:
        assert pointer in [error["pointer"] for error in body["errors"]], body
    return body


def raw(api: Api, body: bytes, content_type: str = "application/json", path: str = "/accounts", **headers: str) -> Any:
    return api.post(path, data=body, content_type=content_type, headers=headers)


def names(api: Api) -> list[str]:
    return sorted(row["name"] for row in api.get("/accounts?limit=200").json["data"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5), ("name", None), ("name", ""), ("name", "x" * 201), ("name", "a\x00b"), ("name", ["x"]),
        ("status", "boss"), ("status", {}), ("employees", "12"), ("employees", True), ("employees", 1.5),
        ("employees", -1), ("employees", 2**31), ("latitude", 91),
        ("latitude", "60"), ("aliases", "A"), ("aliases", [1]), ("aliases", ["x"] * 51), ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"), ("parent_id", "not-a-uuid"), ("parent_id", STRANGE_ID),
        ("parent_id", {"system": "crm", "id": "nobody"}), ("parent_id", {"system": "crm"}), ("colour", "red"),
        ("id", STRANGE_ID), ("org_id", STRANGE_ID), ("row_version", 7), ("external_ids", {"crm": 5}),
        ("external_ids", {"": "1"}), ("external_ids", {f"s{n}": "1" for n in range(21)}), ("external_ids", None),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_by_its_pointer(admin: Api, field: str, value: Any) -> None:
    body = problem(admin.post("/accounts", {"name": "A", field: value}), 422, "invalid")
    assert any(error["pointer"].startswith(f"/{field}") for error in body["errors"]), body
    assert names(admin) == []


@pytest.mark.parametrize("number", ["1180591620717411303424", "1" + "0" * 300, "1e300", "-1e300", "1.0000001"])
def test_a_number_that_is_too_large_is_named_by_its_pointer(admin: Api, number: str) -> None:
    problem(raw(admin, b'{"name": "A", "employees": %s}' % number.encode()), 422, "invalid", "/employees")
    lines = b'{"name": "A", "external_ids": {"crm": "1"}, "employees": %s}' % number.encode()
    answer = raw(admin, lines, "application/x-ndjson", "/accounts/batch").json["results"][0]
    assert (answer["status"], answer["errors"][0]["pointer"]) == ("rejected", "/employees")
    assert names(admin) == []


@pytest.mark.parametrize(
    ("money", "pointer"),
    [
        ({"amount": "12.345", "currency": "EUR"}, "/revenue/amount"),
        ({"amount": "1.5", "currency": "JPY"}, "/revenue/amount"),
        ({"amount": 12, "currency": "EUR"}, "/revenue/amount"),
        ({"amount": "1e5", "currency": "EUR"}, "/revenue/amount"),
        ({"amount": "NaN", "currency": "EUR"}, "/revenue/amount"),
        ({"amount": "9" * 20, "currency": "EUR"}, "/revenue/amount"),
        ({"amount": "١٢", "currency": "EUR"}, "/revenue/amount"),
        ({"amount": "12", "currency": "XXX"}, "/revenue/currency"),
        ({"amount": "12"}, "/revenue/currency"),
        ("12 EUR", "/revenue"),
    ],
)
def test_money_that_cannot_be_kept_exactly_is_refused(admin: Api, money: Any, pointer: str) -> None:
    answer = admin.post("/accounts", {"name": "A", "revenue": money})
    assert problem(answer, 422, "invalid")["errors"][0]["pointer"].startswith(pointer)
    made = admin.post("/accounts", {"name": "A"}).json
    assert admin.patch(f"/accounts/{made['id']}", {"revenue": money}, 1).status_code == 422


@pytest.mark.parametrize(
    "value", ["2026-02-30", "2026-13-01", "26-01-01", "2026-01-01T00:00:00Z", "", 20260101, "0001-01-01", "2026-1-1"]
)
def test_a_date_that_does_not_exist_is_refused(admin: Api, value: Any) -> None:
    account = admin.post("/accounts", {"name": "A"}).json["id"]
    body = {"account_id": account, "title": "Less waste", "due_on": value}
    problem(admin.post("/goals", body), 422, "invalid", "/due_on")


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30T08:00:00Z", "2026-02-03T25:00:00Z", "2026-02-03T08:00:00", "2026-02-03 08:00:00Z",
        "2026-02-03T08:00:00+25:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1770000000, "now",
    ],
)  # fmt: skip
def test_an_instant_that_does_not_exist_is_refused(admin: Api, value: Any) -> None:
    account = admin.post("/accounts", {"name": "A"}).json["id"]
    body = {"account_id": account, "number": "1", "subject": "Leak", "opened_at": value}
    problem(admin.post("/tickets", body), 422, "invalid", "/opened_at")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "A"', b"", b"null", b"[]", b'"A"', b"{'name': 'A'}", b'{"name": "\xff\xfe"}', b'{"name": "\\ud800"}',
        b'{"name": "A", "latitude": NaN}', b'{"name": "A", "latitude": Infinity}', b'{"name": "A", "latitude": 1e400}',
        b"[" * 100_000 + b"]" * 100_000, b'{"name":' * 100_000, b"\xef\xbb\xbf{}", b"\x00", "{}".encode("utf-16"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(admin: Api, body: bytes) -> None:
    for path in ("/accounts", "/accounts/batch", "/usage/events/batch"):
        answer = raw(admin, body, path=path)
        assert answer.status_code in (400, 422), answer.text
        problem(answer, answer.status_code, "malformed-json" if answer.status_code == 400 else "invalid")
    assert names(admin) == []


def test_a_body_of_another_type_is_refused(admin: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""):
        problem(raw(admin, b'{"name": "A"}', kind), 415, "unsupported-media-type")
        problem(raw(admin, b'{"rows": []}', kind, "/accounts/batch"), 415, "unsupported-media-type")
    assert raw(admin, b'{"name": "A"}', "application/json; charset=utf-8").status_code == 201


def test_a_compressed_body_is_refused_with_what_to_do(admin: Api) -> None:
    answer = raw(admin, gzip.compress(b'{"name": "A"}'), **{"Content-Encoding": "gzip"})
    problem(answer, 415, "unsupported-content-encoding")
    assert names(admin) == []


def test_an_oversize_body_is_refused(admin: Api) -> None:
    problem(admin.post("/accounts", {"name": "A", "notes": "x" * 1_000_001}), 413, "request-entity-too-large")
    rows = [{"name": "A", "notes": "x" * 20_000, "external_ids": {"crm": str(n)}} for n in range(600)]
    problem(admin.post("/accounts/batch", {"rows": rows}), 413, "request-entity-too-large")
    assert names(admin) == []


def test_a_query_that_is_too_long_or_unknown_is_refused(admin: Api) -> None:
    problem(admin.get("/accounts?q=" + "x" * 9000), 414, "query-too-long")
    problem(admin.get("/accounts?colour=red"), 422, "invalid", "/query/colour")
    for query in (
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=1e2",
        "updated_since=yesterday",
        "q=a%00b",
        "status=boss",
        "external_id=crm",
        "external_id=:1",
    ):
        problem(admin.get(f"/accounts?{query}"), 422, "invalid", f"/query/{query.partition('=')[0]}")


@pytest.mark.parametrize("cursor", ["x", "", "0", "WyIx", "é", "1.zzz", f"-1.{STRANGE_ID}", f"{'9' * 17}.{STRANGE_ID}"])
def test_a_cursor_that_is_none_is_refused(admin: Api, cursor: str) -> None:
    problem(admin.get("/accounts", query_string={"cursor": cursor}), 422, "invalid", "/query/cursor")


def test_a_method_or_address_that_is_none_is_refused(admin: Api) -> None:
    problem(admin.client.put("/api/v1/accounts", headers=admin.headers), 405, "method-not-allowed")
    assert "POST" in admin.client.put("/api/v1/accounts").headers["Allow"]
    problem(admin.get("/nothing"), 404, "not-found")
    problem(admin.get("/accounts/17"), 404, "not-found")
    problem(admin.client.post("/api/v1/nothing", headers=admin.headers), 404, "not-found")


def test_ids_of_another_organisation_are_ids_of_nothing(admin: Api, sign_in: Any) -> None:
    stranger: Api = sign_in("admin@south")
    theirs = stranger.post("/accounts", {"name": "Theirs", "external_ids": {"crm": "9"}}).json["id"]
    for call in (
        admin.get(f"/accounts/{theirs}"), admin.patch(f"/accounts/{theirs}", {"name": "x"}, 1),
        admin.delete(f"/accounts/{theirs}"), admin.get(f"/accounts/{theirs}", headers={"If-None-Match": '"1"'}),
    ):  # fmt: skip
        problem(call, 404, "not-found")
    for reference in (theirs, {"system": "crm", "id": "9"}):
        problem(admin.post("/accounts", {"name": "A", "parent_id": reference}), 422, "invalid", "/parent_id")
        problem(admin.post("/people", {"name": "Eva", "account_id": reference}), 422, "invalid", "/account_id")
    results = admin.post("/accounts/batch", {"rows": [{"id": theirs, "name": "Mine now"}]}).json["results"]
    assert [(row["status"], row["errors"][0]["pointer"]) for row in results] == [("rejected", "/id")]
    assert admin.get(f"/people?account_id={theirs}").json["data"] == []
    assert admin.get("/accounts?external_id=crm:9").json["data"] == []
    assert admin.get(f"/accounts?cursor=0.{theirs}").json["data"] == []
    assert admin.post("/accounts", {"name": "Ours", "external_ids": {"crm": "9"}}).status_code == 201
    assert names(stranger) == ["Theirs"] and stranger.get(f"/accounts/{theirs}").json["row_version"] == 1


def test_a_change_says_which_version_it_is_based_on(admin: Api) -> None:
    made = admin.post("/accounts", {"name": "A"}).json
    path = f"/accounts/{made['id']}"
    missing = admin.client.patch(f"/api/v1{path}", json={"name": "B"}, headers=admin.headers)
    problem(missing, 428, "precondition-required")
    for stale in ('"2"', "1", 'W/"1"', '"x"', '""', "junk", '"1'):
        problem(admin.patch(path, {"name": "B"}, 1, headers={"If-Match": stale}), 412, "stale")
    problem(admin.delete(path, headers={"If-Match": '"9"'}), 412, "stale")
    assert admin.get(path).json == made
    assert admin.patch(path, {"name": "B"}, 1, headers={"If-Match": '"7", "1"'}).json["name"] == "B"
    assert admin.patch(path, {"name": "C"}, 1, headers={"If-Match": "*"}).json["name"] == "C"


def test_an_empty_change_changes_nothing(admin: Api) -> None:
    made = admin.post("/accounts", {"name": "A"}).json
    assert admin.patch(f"/accounts/{made['id']}", {}, 1).json == made


def test_what_is_inside_a_row_is_whole_even_in_a_change(admin: Api) -> None:
    account = admin.post("/accounts", {"name": "A"}).json["id"]
    person = admin.post("/people", {"name": "Eva", "account_id": account}).json
    answer = admin.patch(f"/people/{person['id']}", {"consent": [{"channel": "phone"}]}, 1)
    problem(answer, 422, "invalid", "/consent/0/status")


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', 'W/"7",W/"1"', "*"])
def test_a_reader_who_has_the_version_is_told_so(admin: Api, tag: str) -> None:
    path = f"/accounts/{admin.post('/accounts', {'name': 'A'}).json['id']}"
    for method in ("GET", "HEAD"):
        answer = admin.client.open(f"/api/v1{path}", method=method, headers={**admin.headers, "If-None-Match": tag})
        assert (answer.status_code, answer.headers["ETag"], answer.data) == (304, '"1"', b"")
    assert admin.get(path, headers={"If-None-Match": '"2"'}).status_code == 200
    head = admin.client.head(f"/api/v1{path}", headers=admin.headers)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", '"1"')


def test_a_key_used_for_another_request_is_refused(admin: Api) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert admin.post("/accounts", {"name": "A"}, headers=key).status_code == 201
    problem(admin.post("/accounts", {"name": "B"}, headers=key), 422, "idempotency-key-reused")
    problem(admin.post("/accounts/batch", {"rows": [{"name": "A"}]}, headers=key), 422, "idempotency-key-reused")
    for bad in ("", "x" * 201, "é"):
        answer = admin.post("/accounts", {"name": "C"}, headers={"Idempotency-Key": bad})
        assert answer.status_code in (422, 201) and (answer.status_code == 422 or bad == "é"), answer.text
    assert "B" not in names(admin)


def test_a_request_that_failed_may_be_put_right_under_its_key(admin: Api) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert admin.post("/accounts", {"name": "A", "parent_id": STRANGE_ID}, headers=key).status_code == 422
    assert admin.post("/accounts", {"name": "A"}, headers=key).status_code == 201


def test_a_key_sent_twice_at_once_has_its_effect_once(app: Any, admin: Api) -> None:
    clients = [Api.signed_in(app, "admin@north.example", PASSWORD) for _ in range(2)]
    gate, answers = threading.Barrier(2), []

    def send(api: Api) -> None:
        gate.wait()
        answers.append(api.post("/accounts", {"name": "Once"}, headers={"Idempotency-Key": "same"}))

    threads = [threading.Thread(target=send, args=(api,)) for api in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data and names(admin) == ["Once"]


def test_an_external_id_that_is_taken_is_a_conflict(admin: Api) -> None:
    admin.post("/accounts", {"name": "A", "external_ids": {"crm": "1"}})
    problem(admin.post("/accounts", {"name": "B", "external_ids": {"crm": "1"}}), 409, "external-id-taken")
    other = admin.post("/accounts", {"name": "C"}).json
    problem(admin.patch(f"/accounts/{other['id']}", {"external_ids": {"crm": "1"}}, 1), 409, "external-id-taken")
    assert names(admin) == ["A", "C"]
    assert admin.get(f"/accounts/{other['id']}").json == other


def test_a_unique_value_that_is_taken_is_a_conflict(admin: Api) -> None:
    admin.post("/products", {"sku": "PX-300", "name": "Pump"})
    problem(admin.post("/products", {"sku": "PX-300", "name": "Other"}), 409, "conflict")
    other = admin.post("/products", {"sku": "PX-400", "name": "Other"}).json
    problem(admin.patch(f"/products/{other['id']}", {"sku": "PX-300"}, 1), 409, "conflict")


def test_one_clashing_row_of_a_batch_stops_no_other(admin: Api) -> None:
    rows = [
        {"sku": "A", "name": "A", "external_ids": {"erp": "1"}},
        {"sku": "A", "name": "Same number", "external_ids": {"erp": "2"}},
        {"sku": "B", "name": "B", "external_ids": {"erp": "3"}},
    ]
    results = admin.post("/products/batch", {"rows": rows}).json["results"]
    assert [row["status"] for row in results] == ["created", "rejected", "created"]
    assert [row["name"] for row in admin.get("/products").json["data"]] == ["A", "B"]
    assert admin.get("/products?external_id=erp:2").json["data"] == []


def test_two_rows_for_one_external_id_are_one_row(admin: Api) -> None:
    rows = [{"name": "A", "external_ids": {"crm": "1"}}, {"name": "B", "external_ids": {"crm": "1"}}]
    results = admin.post("/accounts/batch", {"rows": rows}).json["results"]
    assert [row["status"] for row in results] == ["created", "changed"] and results[0]["id"] == results[1]["id"]
    assert names(admin) == ["B"]


@pytest.mark.parametrize("rows", [[], [{"name": "A", "external_ids": {"crm": "1"}}] * 1001])
def test_a_batch_of_none_or_too_many_is_refused(admin: Api, rows: list[Any]) -> None:
    for path in ("/accounts/batch", "/usage/daily/batch"):
        problem(admin.post(path, {"rows": rows}), 422, "invalid", "/rows")
    lines = b'{"name": "A", "external_ids": {"crm": "1"}}\n' * len(rows)
    problem(raw(admin, lines, "application/x-ndjson", "/accounts/batch"), 422, "invalid", "/rows")
    assert names(admin) == []


@pytest.mark.parametrize("body", [{"rows": {}}, {"rows": [], "more": 1}, {"row": []}, [], "rows"])
def test_a_body_that_is_no_batch_is_refused(admin: Api, body: Any) -> None:
    for path in ("/accounts/batch", "/usage/daily/batch", "/tickets/events/batch"):
        problem(admin.post(path, body), 422, "invalid")


def test_one_broken_line_stops_no_other(admin: Api) -> None:
    lines = [
        b'{"name": "A", "external_ids": {"crm": "1"}}', b'{"name": "B", ', b"", b'{"name": "\xff"}', b"[" * 100_000,
        b'{"name": "C", "external_ids": {"crm": "3"}, "employees": 1e999}', b'{"name": "D", "external_ids": {"crm": "4"}}\r',
    ]  # fmt: skip
    answer = raw(admin, b"\n".join(lines), "application/x-ndjson", "/accounts/batch")
    results = answer.json["results"]
    assert [row["status"] for row in results] == ["created", "rejected", "rejected", "rejected", "rejected", "created"]
    assert all("Malformed JSON" in row["errors"][0]["detail"] for row in results[1:5])
    assert names(admin) == ["A", "D"]


def test_a_rep_cannot_move_rows_to_where_they_see_nothing(admin: Api, sign_in: Any, directory: Any) -> None:
    rep: Api = sign_in("rep@north")
    mine, other = (admin.post("/accounts", {"name": name}).json["id"] for name in ("Mine", "Other"))
    admin.post("/territories", {"user_id": rep.user["id"], "account_id": mine, "starts_on": "2020-01-01"})
    person = rep.post("/people", {"name": "Eva", "account_id": mine}).json
    problem(rep.patch(f"/people/{person['id']}", {"account_id": other}, 1), 422, "invalid", "/account_id")
    moved = rep.post("/people/batch", {"rows": [{"id": person["id"], "account_id": other}]}).json["results"]
    assert moved[0]["status"] == "rejected"
    problem(rep.post("/people", {"name": "Bo", "account_id": other}), 422, "invalid", "/account_id")
    assert admin.get(f"/people/{person['id']}").json == person
    territory = {"user_id": rep.user["id"], "account_id": mine, "starts_on": "2026-01-01"}
    problem(rep.post("/territories", territory), 403, "forbidden")
    problem(rep.post("/users", {"email": "x@north.example", "name": "X", "role": "administrator"}), 403, "forbidden")


def test_a_rep_plans_visits_for_nobody_else(admin: Api, sign_in: Any, directory: Any) -> None:
    rep, manager = sign_in("rep@north"), sign_in("manager@north")
    account = admin.post("/accounts", {"name": "Mine"}).json["id"]
    for name in ("rep@north", "rep2@north"):
        territory = {"user_id": directory.users[name], "account_id": account, "starts_on": "2020-01-01"}
        assert admin.post("/territories", territory).status_code == 201
    visit = {
        "account_id": account,
        "starts_at": "2026-03-02T08:00:00Z",
        "ends_at": "2026-03-02T09:00:00Z",
        "time_zone": "Europe/Stockholm",
    }
    colleague = directory.users["rep2@north"]
    mine = rep.post("/visits", visit).json
    assert mine["user_id"] == rep.user["id"]
    problem(rep.post("/visits", {**visit, "user_id": colleague}), 403, "forbidden")
    problem(rep.patch(f"/visits/{mine['id']}", {"user_id": colleague}, 1), 403, "forbidden")
    theirs = admin.post("/visits", {**visit, "user_id": colleague}).json
    problem(rep.delete(f"/visits/{theirs['id']}"), 403, "forbidden")
    batch = rep.post("/visits/batch", {"rows": [{"id": theirs["id"], "user_id": rep.user["id"]}]}).json["results"]
    assert batch[0]["status"] == "rejected"
    assert manager.post("/visits", {**visit, "user_id": rep.user["id"]}).status_code == 201
    problem(manager.post("/visits", {**visit, "user_id": colleague}), 403, "forbidden")
