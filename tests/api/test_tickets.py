"""Tickets over the API: the desk writes, histories decide, reps read."""

from typing import Any

import pytest

from tests.support.phones import Api


@pytest.fixture
def desk(sign_in: Any) -> Api:
    api: Api = sign_in("admin@north")
    return api


def make_ticket(desk: Api, **changes: Any) -> dict[str, Any]:
    account = desk.post("/accounts", {"name": "Norrvik"}).json["id"]
    body = {
        "account_id": account,
        "number": "4568",
        "subject": "Seal drips",
        "opened_at": "2026-03-01T08:00:00Z",
        "external_ids": {"desk": "4568"},
        **changes,
    }
    made = desk.post("/tickets", body)
    assert made.status_code == 201, made.text
    ticket: dict[str, Any] = made.json
    return ticket


def step(number: int, hour: int, kind: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {
        "ticket": {"system": "desk", "id": "4568"},
        "external_id": f"4568/{number}",
        "at": f"2026-03-02T{hour:02}:00:00Z",
        "kind": kind,
        "value": value,
        **more,
    }


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["status"] for row in answer.json["results"]]


def test_a_ticket_follows_its_history(desk: Api) -> None:
    ticket = make_ticket(desk)
    steps = [
        step(1, 8, "status", "open"),
        step(2, 9, "priority", "high"),
        step(3, 10, "status", "solved"),
        step(4, 11, "status", "open"),
        step(5, 12, "comment", "Again", actor="Eva", public=True),
    ]
    assert statuses(desk.post("/tickets/events/batch", {"rows": steps})) == ["created"] * 5
    now = desk.get(f"/tickets/{ticket['id']}").json
    assert (now["status"], now["priority"], now["reopened_count"], now["solved_at"]) == ("open", "high", 1, None)
    assert now["row_version"] == ticket["row_version"] + 1
    assert statuses(desk.post("/tickets/events/batch", {"rows": steps})) == ["unchanged"] * 5
    assert desk.get(f"/tickets/{ticket['id']}").json["row_version"] == now["row_version"]
    told = desk.get(f"/tickets/{ticket['id']}/events").json["data"]
    assert [entry["external_id"] for entry in told] == [f"4568/{n}" for n in range(1, 6)]
    assert told[4] == {
        "external_id": "4568/5", "at": "2026-03-02T12:00:00Z", "kind": "comment", "value": "Again", "actor": "Eva",
        "public": True,
    }  # fmt: skip


def test_steps_of_one_instant_keep_the_order_of_their_names(desk: Api) -> None:
    ticket = make_ticket(desk)
    steps = [step(10, 8, "status", "closed"), step(9, 8, "status", "open")]
    desk.post("/tickets/events/batch", {"rows": steps})
    assert desk.get(f"/tickets/{ticket['id']}").json["status"] == "closed"


def test_comments_alone_say_nothing_about_the_status(desk: Api) -> None:
    ticket = make_ticket(desk, status="pending", priority="urgent")
    desk.post("/tickets/events/batch", {"rows": [step(1, 8, "comment", "Called them")]})
    now = desk.get(f"/tickets/{ticket['id']}").json
    assert (now["status"], now["priority"], now["row_version"]) == ("pending", "urgent", 1)


def test_bad_steps_are_rejected_and_good_ones_go_in(desk: Api) -> None:
    ticket = make_ticket(desk)
    steps = [
        step(1, 8, "status", "exploded"),
        step(2, 8, "status", None),
        step(3, 8, "shouting", "x"),
        step(4, 8, "comment", "a\x00b"),
        {**step(5, 8, "comment", "x"), "ticket": "none"},
        step(6, 8, "status", "solved"),
    ]
    answer = desk.post("/tickets/events/batch", {"rows": steps})
    assert statuses(answer) == ["rejected"] * 5 + ["created"]
    pointers = [row["errors"][0]["pointer"] for row in answer.json["results"][:5]]
    assert pointers == ["/value", "/value", "/kind", "/value", "/ticket"]
    assert desk.get(f"/tickets/{ticket['id']}").json["status"] == "solved"


def test_a_rep_reads_tickets_of_the_territory_and_writes_none(desk: Api, sign_in: Any, directory: Any) -> None:
    ticket = make_ticket(desk)
    rep = sign_in("rep@north")
    path = f"/tickets/{ticket['id']}"
    assert rep.get(path).status_code == rep.get(f"{path}/events").status_code == 404
    body = {"user_id": directory.users["rep@north"], "account_id": ticket["account_id"], "starts_on": "2020-01-01"}
    desk.post("/territories", body)
    assert rep.get(path).status_code == rep.get(f"{path}/events").status_code == 200
    assert rep.patch(path, {"subject": "x"}, 1).status_code == 403
    assert rep.post("/tickets/events/batch", {"rows": [step(1, 8, "status", "open")]}).status_code == 403
