"""Usage over the API: series, daily values, and events that become daily values."""

import json
from typing import Any

import pytest

from tests.support.phones import Api


@pytest.fixture
def admin(sign_in: Any) -> Api:
    api: Api = sign_in("admin@north")
    return api


def make_series(admin: Api, aggregation: str = "sum", zone: str = "Europe/Stockholm") -> str:
    account = admin.post("/accounts", {"name": "Norrvik", "time_zone": zone}).json["id"]
    body = {
        "account_id": account,
        "metric": "hours",
        "name": "Running hours",
        "unit": "h",
        "aggregation": aggregation,
        "external_ids": {"telemetry": "s-1"},
    }
    made = admin.post("/usage/series", body)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"/api/v1/usage/series/{made.json['id']}"
    series_id: str = made.json["id"]
    return series_id


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["status"] for row in answer.json["results"]]


def days(admin: Api, series: str, query: str = "") -> dict[str, float]:
    return {row["day"]: row["value"] for row in admin.get(f"/usage/series/{series}/daily{query}").json["data"]}


def test_daily_values_go_in_once_and_are_read_by_range(admin: Api) -> None:
    series = make_series(admin)
    rows = [
        {"series": series, "day": f"2026-03-0{n}", "value": n, "observed_at": "2026-03-09T00:00:00Z"}
        for n in range(1, 6)
    ]
    assert statuses(admin.post("/usage/daily/batch", {"rows": rows})) == ["created"] * 5
    assert statuses(admin.post("/usage/daily/batch", {"rows": rows})) == ["unchanged"] * 5
    assert statuses(admin.post("/usage/daily/batch", {"rows": [{**rows[0], "value": 9}]})) == ["changed"]
    assert days(admin, series, "?from=2026-03-01&to=2026-03-02") == {"2026-03-01": 9.0, "2026-03-02": 2.0}


def test_each_row_of_a_batch_has_its_own_answer(admin: Api) -> None:
    series = make_series(admin)
    good = {"series": {"system": "telemetry", "id": "s-1"}, "day": "2026-03-01", "value": 1.5}
    rows = [
        good,
        {**good, "day": "2026-02-30"},
        {**good, "value": "12"},
        {**good, "series": "01a00000-0000-7000-8000-000000000000"},
        {**good, "series": {"system": "telemetry", "id": "nobody"}},
        {**good, "colour": "red"},
        {**good, "day": "0001-01-01"},
        17,
    ]
    answer = admin.post("/usage/daily/batch", {"rows": rows})
    assert statuses(answer) == ["created"] + ["rejected"] * 7
    assert [row["errors"][0]["pointer"] for row in answer.json["results"][1:]] == [
        "/day", "/value", "/series", "/series", "", "/day", "",
    ]  # fmt: skip
    assert days(admin, series) == {"2026-03-01": 1.5}


@pytest.mark.parametrize(("aggregation", "value"), [("sum", 11.0), ("max", 7.0), ("last", 3.0)])
def test_events_are_rolled_up_as_the_series_says(admin: Api, aggregation: str, value: float) -> None:
    series = make_series(admin, aggregation)
    rows = [
        {"series": series, "external_id": "a", "at": "2026-03-01T08:00:00Z", "value": 1},
        {"series": series, "external_id": "b", "at": "2026-03-01T12:00:00Z", "value": 7},
        {"series": series, "external_id": "c", "at": "2026-03-01T20:00:00Z", "value": 3},
    ]
    assert statuses(admin.post("/usage/events/batch", {"rows": rows})) == ["created"] * 3
    assert days(admin, series) == {"2026-03-01": value}
    assert statuses(admin.post("/usage/events/batch", {"rows": rows})) == ["unchanged"] * 3
    assert days(admin, series) == {"2026-03-01": value}


def test_a_day_begins_and_ends_where_the_account_is(admin: Api) -> None:
    series = make_series(admin, zone="Pacific/Auckland")
    before = {"series": series, "external_id": "a", "at": "2026-03-01T10:59:59Z", "value": 1}
    after = {"series": series, "external_id": "b", "at": "2026-03-01T11:00:00Z", "value": 2}
    lines = f"{json.dumps(before)}\n{json.dumps(after)}\n\n"
    answer = admin.post("/usage/events/batch", data=lines, content_type="application/x-ndjson")
    assert statuses(answer) == ["created", "created"]
    assert days(admin, series) == {"2026-03-01": 1.0, "2026-03-02": 2.0}


def test_an_event_that_moves_takes_its_value_from_the_old_day_to_the_new(admin: Api) -> None:
    series = make_series(admin)
    event = {"series": series, "external_id": "a", "at": "2026-03-01T08:00:00Z", "value": 4}
    admin.post("/usage/events/batch", {"rows": [event]})
    moved = {**event, "at": "2026-05-01T08:00:00Z"}
    assert statuses(admin.post("/usage/events/batch", {"rows": [moved]})) == ["changed"]
    assert days(admin, series) == {"2026-05-01": 4.0}


def test_the_same_event_twice_in_one_batch_is_one_event(admin: Api) -> None:
    series = make_series(admin)
    event = {"series": series, "external_id": "a", "at": "2026-03-01T08:00:00Z", "value": 4}
    answer = admin.post("/usage/events/batch", {"rows": [event, event, {**event, "value": 5}]})
    assert statuses(answer) == ["created", "unchanged", "changed"]
    assert days(admin, series) == {"2026-03-01": 5.0}


def test_usage_of_an_account_outside_the_territory_is_not_there(admin: Api, sign_in: Any) -> None:
    series = make_series(admin)
    rep, stranger = sign_in("rep@north"), sign_in("admin@south")
    for caller in (rep, stranger):
        assert caller.get(f"/usage/series/{series}/daily").status_code == 404
    row = {"series": series, "day": "2026-03-01", "value": 1}
    assert rep.post("/usage/daily/batch", {"rows": [row]}).status_code == 403
    assert statuses(stranger.post("/usage/daily/batch", {"rows": [row]})) == ["rejected"]
    by_name = {
        "series": {"system": "telemetry", "id": "s-1"},
        "external_id": "a",
        "at": "2026-03-01T08:00:00Z",
        "value": 1,
    }
    assert statuses(stranger.post("/usage/events/batch", {"rows": [by_name]})) == ["rejected"]
    assert days(admin, series) == {}
