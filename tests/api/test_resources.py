"""The shape that all resources share, on accounts: read, list, create, change, delete, batch."""

from datetime import timedelta
from typing import Any

from app.foundation import clock
from app.foundation.outbox import ClaimedJob
from app.resources.jobs import FORGET_AFTER, PURGE, purge
from tests.support.phones import Api


def test_an_account_is_created_read_changed_and_deleted(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    made = admin.post("/accounts", {"name": "Norrvik", "revenue": {"amount": "12.50", "currency": "EUR"}})
    assert made.status_code == 201
    path = f"/accounts/{made.json['id']}"
    assert made.headers["Location"].endswith(path)
    changed = admin.patch(path, {"name": "Norrvik Paper"}, made.json["row_version"])
    assert changed.json["name"] == "Norrvik Paper" and changed.json["row_version"] == 2
    assert changed.json["revenue"] == {"amount": "12.50", "currency": "EUR"}
    assert admin.get(path, headers={"If-None-Match": '"2"'}).status_code == 304
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404


def test_a_stale_change_is_refused_and_changes_nothing(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    made = admin.post("/accounts", {"name": "Norrvik"}).json
    path = f"/accounts/{made['id']}"
    assert admin.patch(path, {"name": "first"}, 1).status_code == 200
    late = admin.patch(path, {"name": "second"}, 1)
    assert late.status_code == 412 and late.content_type == "application/problem+json"
    assert admin.get(path).json["name"] == "first"


def test_a_batch_answers_per_row_and_repeating_it_changes_nothing(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    rows = [
        {"name": "A", "external_ids": {"crm": "1"}},
        {"name": "B", "external_ids": {"crm": "2"}},
        {"external_ids": {"crm": "3"}},
        {"name": "C"},
        "not an object",
    ]
    first = admin.post("/accounts/batch", {"rows": rows}).json["results"]
    assert [r["status"] for r in first] == ["created", "created", "rejected", "rejected", "rejected"]
    again = admin.post("/accounts/batch", {"rows": rows[:2]}).json["results"]
    assert [r["status"] for r in again] == ["unchanged", "unchanged"]
    assert [r["id"] for r in again] == [r["id"] for r in first[:2]]
    assert len(admin.get("/accounts").json["data"]) == 2


def test_an_idempotency_key_gives_the_first_answer_again(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    key = {"Idempotency-Key": "k-1"}
    first = admin.post("/accounts", {"name": "A"}, headers=key)
    again = admin.post("/accounts", {"name": "A"}, headers=key)
    assert first.status_code == again.status_code == 201 and first.data == again.data
    other = admin.post("/accounts", {"name": "B"}, headers=key)
    assert other.status_code == 422 and other.json["type"].endswith("idempotency-key-reused")
    assert len(admin.get("/accounts").json["data"]) == 1


def test_pages_follow_each_other_without_gaps(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    rows = [{"name": f"A{n}", "external_ids": {"crm": str(n)}} for n in range(7)]
    admin.post("/accounts/batch", {"rows": rows})
    for extra in ("", "&updated_since=2020-01-01T00:00:00Z"):
        seen, cursor = [], ""
        for _ in range(4):
            page = admin.get(f"/accounts?limit=3{extra}{cursor}").json
            seen += [row["name"] for row in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(seen) == [f"A{n}" for n in range(7)]


def test_a_rep_sees_only_the_territory(sign_in: Any, directory: Any) -> None:
    admin, rep, stranger = sign_in("admin@north"), sign_in("rep@north"), sign_in("admin@south")
    mine, other = (admin.post("/accounts", {"name": name}).json["id"] for name in ("Mine", "Other"))
    body = {"user_id": directory.users["rep@north"], "account_id": mine, "starts_on": "2020-01-01"}
    assert admin.post("/territories", body).status_code == 201
    assert [row["name"] for row in rep.get("/accounts").json["data"]] == ["Mine"]
    assert rep.get(f"/accounts/{other}").status_code == 404
    assert rep.patch(f"/accounts/{other}", {"name": "x"}, 1).status_code == 404
    assert sign_in("manager@north").get(f"/accounts/{mine}").status_code == 200
    assert stranger.get("/accounts").json["data"] == []


def test_an_idempotency_key_is_forgotten_after_its_time_and_not_before(sign_in: Any, database: Any) -> None:
    admin: Api = sign_in("admin@north")
    key, job = {"Idempotency-Key": "k-1"}, ClaimedJob("1", None, PURGE, {}, 1, 1)
    admin.post("/accounts", {"name": "A"}, headers=key)
    with clock.shifted(FORGET_AFTER - timedelta(minutes=1)):
        purge(database, job)
    assert "Idempotent-Replayed" in admin.post("/accounts", {"name": "A"}, headers=key).headers
    with clock.shifted(FORGET_AFTER + timedelta(minutes=1)):
        purge(database, job)
    assert "Idempotent-Replayed" not in admin.post("/accounts", {"name": "A"}, headers=key).headers


def test_rows_changed_in_one_instant_are_all_listed_and_each_once(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    with clock.fixed(clock.now().replace(microsecond=123457)):
        rows = [{"name": f"A{n}", "external_ids": {"crm": str(n)}} for n in range(7)]
        admin.post("/accounts/batch", {"rows": rows})
        since = clock.now().isoformat().replace("+00:00", "Z")
        seen, cursor = [], ""
        while True:
            page = admin.get(f"/accounts?limit=2&updated_since={since}{cursor}").json
            seen += [row["name"] for row in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == [f"A{n}" for n in range(7)]
        later = (clock.now() + timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")
        assert admin.get(f"/accounts?updated_since={later}").json["data"] == []


def test_a_row_that_changes_moves_to_the_end_of_what_changed(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    first, second = (admin.post("/accounts", {"name": name}).json for name in ("A", "B"))
    page = admin.get("/accounts?limit=1&updated_since=2020-01-01T00:00:00Z").json
    admin.patch(f"/accounts/{first['id']}", {"name": "A2"}, 1)
    rest = admin.get(f"/accounts?updated_since=2020-01-01T00:00:00Z&cursor={page['next_cursor']}").json["data"]
    assert [row["name"] for row in rest] == ["B", "A2"] and second["name"] == "B"
