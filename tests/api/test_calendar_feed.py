"""A rep's visits as a calendar: by an address that nobody can guess, with no more in it than account, place and link."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest

from app.foundation import clock
from app.foundation.db import Database
from app.foundation.logs import hide_secrets
from tests.support.calendars import NOW, Rep
from tests.support.phones import Api


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


@pytest.fixture
def rep(sign_in: Any) -> Rep:
    return Rep(sign_in("rep@north"))


class Subscriber:
    """A calendar program that has the address."""

    def __init__(self, app: Any, rep: Rep) -> None:
        made = rep.api.post("/calendar-feed")
        assert made.status_code == 201 and made.headers["Cache-Control"] == "no-store"
        self.address = made.json["address"]
        self.path = urlsplit(self.address).path.removeprefix("/api/v1")
        self.api = Api(app)

    def read(self, **headers: str) -> Any:
        return self.api.get(self.path, headers=headers)

    def events(self) -> list[Any]:
        answer = self.read()
        assert answer.status_code == 200, answer.text
        return list(icalendar.Calendar.from_ical(answer.data).walk("VEVENT"))


def visit(rep: Rep, account_id: str, **more: Any) -> str:
    body = {
        "account_id": account_id,
        "starts_at": "2026-03-27T09:00:00Z",
        "ends_at": "2026-03-27T10:00:00Z",
        "time_zone": "Europe/Stockholm",
        **more,
    }
    answer = rep.api.post("/visits", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_visits_are_served_with_account_place_and_link_and_nothing_else(app: Any, rep: Rep) -> None:
    account = rep.account('Norrvik Paper; AB, "Gävle"', notes="secret-notes")
    person = rep.person(account, "secret-anna@norrvik.example")
    one = visit(rep, account, place="Hamngatan 7", purpose="secret-purpose", notes="secret-text", attendee_ids=[person])
    subscriber = Subscriber(app, rep)
    (event,) = subscriber.events()
    assert event["SUMMARY"] == 'Norrvik Paper; AB, "Gävle"' and event["LOCATION"] == "Hamngatan 7"
    assert event["URL"].endswith(f"/visits/{one}") and event["STATUS"] == "CONFIRMED"
    assert event["DTSTART"].dt.isoformat() == "2026-03-27T10:00:00+01:00"
    assert event["DTSTART"].params["TZID"] == "Europe/Stockholm"
    answer = subscriber.read()
    assert b"secret" not in answer.data and b"BEGIN:VTIMEZONE" in answer.data
    assert answer.content_type.startswith("text/calendar")
    assert answer.headers["Cache-Control"].startswith("private")


def test_the_zone_that_is_served_says_the_same_as_ours_on_both_sides_of_summer_time(app: Any, rep: Rep) -> None:
    account = rep.account("Norrvik")
    visit(rep, account)
    visit(rep, account, starts_at="2026-03-31T09:00:00Z", ends_at="2026-03-31T10:00:00Z")
    text = Subscriber(app, rep).read().data.decode()
    renamed = text.replace("Europe/Stockholm", "Somewhere Else")  # known by its definition alone
    starts = [event["DTSTART"].dt for event in icalendar.Calendar.from_ical(renamed).walk("VEVENT")]
    assert [start.utcoffset() for start in starts] == [timedelta(hours=1), timedelta(hours=2)]


def test_an_unchanged_feed_is_a_304_and_any_change_is_seen(app: Any, rep: Rep) -> None:
    one = visit(rep, rep.account("Norrvik"))
    subscriber = Subscriber(app, rep)
    etag = subscriber.read().headers["ETag"]
    assert subscriber.read(**{"If-None-Match": etag}).status_code == 304
    row = rep.api.get(f"/visits/{one}").json
    assert rep.api.patch(f"/visits/{one}", {"status": "cancelled"}, row["row_version"]).status_code == 200
    (event,) = subscriber.events()
    assert event["STATUS"] == "CANCELLED" and int(event["SEQUENCE"]) > 1
    assert subscriber.read().headers["ETag"] != etag


def test_the_address_is_shown_once_kept_as_a_hash_renewed_and_taken_back(
    app: Any, rep: Rep, database: Database
) -> None:
    assert rep.api.get("/calendar-feed").json == {"created_at": None, "last_read_at": None}
    first = Subscriber(app, rep)
    secret = first.path.rpartition("/")[2].removesuffix(".ics")
    assert len(secret) == 43 and secret not in rep.api.get("/calendar-feed").text
    with database.read() as session:
        stored = session.connection().exec_driver_sql("SELECT * FROM calendar_feed").all()
    assert secret not in str(stored) and len(stored) == 1
    assert secret not in str(hide_secrets(None, "", {"path": urlsplit(first.address).path}))

    second = Subscriber(app, rep)
    assert (first.read().status_code, second.read().status_code) == (404, 200)
    assert rep.api.get("/calendar-feed").json["last_read_at"] == "2026-03-02T08:00:00Z"
    assert rep.api.delete("/calendar-feed").status_code == 204
    gone = second.read()
    assert (gone.status_code, gone.json["type"]) == (404, "/docs/problems/feed-address-unknown")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_addresses_cannot_be_tried_out(app: Any, rep: Rep) -> None:
    stranger = Api(app)
    answers = {stranger.get(f"/calendars/feed/{'x' * 42}{number % 10}.ics").status_code for number in range(70)}
    assert answers == {404, 429}


def test_the_feed_ends_with_the_users_access_and_with_their_right_to_see_an_account(
    app: Any, rep: Rep, sign_in: Any
) -> None:
    norrvik, vesta = rep.account("Norrvik"), rep.account("Vesta")
    visit(rep, norrvik)
    visit(rep, vesta)
    subscriber, admin = Subscriber(app, rep), sign_in("admin@north")
    for row in admin.get("/territories", query_string={"account_id": vesta}).json["data"]:
        admin.delete(f"/territories/{row['id']}")
    assert [event["SUMMARY"] for event in subscriber.events()] == ["Norrvik"]
    user = admin.get(f"/users/{rep.api.user['id']}").json
    assert admin.patch(f"/users/{user['id']}", {"active": False}, user["row_version"]).status_code == 200
    assert subscriber.read().status_code == 404


def test_our_own_feed_that_comes_back_makes_no_visit_twice(app: Any, rep: Rep) -> None:
    visit(rep, rep.account("Norrvik Paper"))
    served = Subscriber(app, rep).read().data
    rep.imports(served)
    assert len(rep.visits()) == 1 and rep.events() == []
