"""Calendars become visits: imported or followed, matched with accounts, moved and cancelled, the same however often."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.calendars import service
from app.calendars.poller import Poller
from app.foundation import clock
from app.foundation.db import Database
from tests.conftest import settings_for
from tests.support.calendars import ICALENDAR, NOW, Rep, calendar, event, stockholm


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


@pytest.fixture
def rep(sign_in: Any) -> Rep:
    return Rep(sign_in("rep@north"))


@pytest.fixture
def norrvik(rep: Rep) -> str:
    account_id = rep.account("Norrvik Paper AB", website="https://www.norrvik.example")
    rep.person(account_id, "anna@norrvik.example")
    return account_id


ANNA = "ATTENDEE;CN=Anna:mailto:Anna@norrvik.example"
WEDNESDAY = "2026-03-04T09:00:00Z"


def meeting(uid: str = "m1", at: str = "20260304T100000", *lines: str) -> str:
    return event(uid, stockholm(at), "DURATION:PT1H", ANNA, "LOCATION:Storgatan 1", *lines, summary="Service review")


def test_an_event_with_somebody_of_an_account_becomes_a_visit_there(rep: Rep, norrvik: str) -> None:
    made = rep.imports(calendar(meeting()))
    (visit,) = rep.visits()
    assert (visit["account_id"], visit["starts_at"], visit["ends_at"]) == (norrvik, WEDNESDAY, "2026-03-04T10:00:00Z")
    assert (visit["purpose"], visit["place"], visit["time_zone"]) == (
        "Service review",
        "Storgatan 1",
        "Europe/Stockholm",
    )
    assert visit["external_ids"] == {"calendar": f"{made['id']}/m1/"}
    assert len(visit["attendee_ids"]) == 1
    (shown,) = rep.events()
    assert (shown["match"], shown["visit_id"], shown["account_name"]) == ("matched", visit["id"], "Norrvik Paper AB")


def test_the_same_calendar_again_changes_nothing(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()))
    before = rep.visits()
    assert rep.imports(calendar(meeting()))["name"] == "Mine"
    assert rep.visits() == before
    assert len(rep.api.get("/calendars").json["data"]) == 1


def test_an_event_that_moved_moves_its_visit(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()))
    (before,) = rep.visits()
    rep.imports(calendar(meeting("m1", "20260305T130000")))
    (after,) = rep.visits()
    assert (after["id"], after["starts_at"]) == (before["id"], "2026-03-05T12:00:00Z")
    assert after["row_version"] > before["row_version"]


def test_a_cancelled_event_cancels_its_visit_and_one_that_is_on_again_plans_it_again(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()))
    rep.imports(calendar(meeting("m1", "20260304T100000", "STATUS:CANCELLED")))
    assert [visit["status"] for visit in rep.visits()] == ["cancelled"]
    rep.imports(calendar(meeting()))
    assert [visit["status"] for visit in rep.visits()] == ["planned"]


# -- what the rep does by hand -----------------------------------------------------------------------------------------


def alter(rep: Rep, path: str, body: dict[str, Any]) -> None:
    row = rep.api.get(path).json
    answer = rep.api.patch(path, body, row["row_version"])
    assert answer.status_code == 200, answer.text


def test_what_the_rep_changed_by_hand_stays_and_a_new_time_of_the_calendar_counts(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()))
    (visit,) = rep.visits()
    alter(rep, f"/visits/{visit['id']}", {"purpose": "Pumps", "notes": "Bring the drawing", "attendee_ids": []})
    rep.imports(calendar(meeting("m1", "20260305T130000").replace("Service review", "Yearly review")))
    (after,) = rep.visits()
    assert (after["purpose"], after["notes"], after["attendee_ids"]) == ("Pumps", "Bring the drawing", [])
    assert after["starts_at"] == "2026-03-05T12:00:00Z"
    alter(rep, f"/visits/{visit['id']}", {"starts_at": "2026-03-05T14:00:00Z", "ends_at": "2026-03-05T15:00:00Z"})
    rep.imports(calendar(meeting("m1", "20260305T130000", "SEQUENCE:1")))
    assert rep.visits()[0]["starts_at"] == "2026-03-05T14:00:00Z"


def test_a_visit_that_took_place_is_not_cancelled_and_one_that_was_deleted_is_not_made_again(
    rep: Rep, norrvik: str
) -> None:
    rep.imports(calendar(meeting("m1"), meeting("m2", "20260306T100000")))
    first, second = rep.visits()
    alter(rep, f"/visits/{first['id']}", {"status": "done", "done_at": "2026-03-02T08:00:00Z"})
    assert rep.api.delete(f"/visits/{second['id']}").status_code == 204
    rep.imports(calendar(meeting("m1", "20260304T100000", "STATUS:CANCELLED"), meeting("m2", "20260306T110000")))
    assert [(visit["id"], visit["status"]) for visit in rep.visits()] == [(first["id"], "done")]
    assert {shown["match"] for shown in rep.events()} == {"dismissed"}


def test_a_visit_that_was_planned_by_hand_is_not_planned_twice(rep: Rep, norrvik: str) -> None:
    body = {"account_id": norrvik, "starts_at": WEDNESDAY, "ends_at": "2026-03-04T10:00:00Z", "time_zone": "UTC"}
    planned = rep.api.post("/visits", body).json["id"]
    rep.imports(calendar(meeting()))
    assert [visit["id"] for visit in rep.visits()] == [planned]
    rep.imports(calendar(meeting("m1", "20260304T150000")))
    assert [visit["starts_at"] for visit in rep.visits()] == ["2026-03-04T14:00:00Z"]


def test_the_same_event_in_two_calendars_is_one_visit_until_both_are_without_it(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()), "Work")
    rep.imports(calendar(meeting()), "Phone")
    (visit,) = rep.visits()
    gone = calendar(meeting("m1", "20260304T100000", "STATUS:CANCELLED"))
    rep.imports(gone, "Work")
    assert rep.visits()[0]["status"] == "planned"
    rep.imports(gone, "Phone")
    assert [(one["id"], one["status"]) for one in rep.visits()] == [(visit["id"], "cancelled")]


def test_an_older_invitation_that_is_imported_later_changes_nothing(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting("m1", "20260305T130000", "SEQUENCE:2")))
    rep.imports(calendar(meeting("m1", "20260304T100000", "SEQUENCE:1")))
    assert [at for _, at in rep.planned()] == ["2026-03-05T12:00:00Z"]
    rep.imports(calendar(meeting("m9", "20260306T130000")))  # another invitation says nothing of the first
    assert len(rep.planned()) == 2


# -- asking ------------------------------------------------------------------------------------------------------------


def unsure(uid: str = "u1", *lines: str) -> str:
    """A weekly event that may be about Vesta: one word is not enough."""
    return event(uid, stockholm("20260304T140000"), "RRULE:FREQ=WEEKLY;COUNT=3", *lines, summary="Vesta")


def ask(rep: Rep) -> dict[str, Any]:
    (question,) = rep.events(match="asked")
    return question


def test_an_unsure_match_is_asked_once_for_its_series_and_the_answer_holds_for_it(rep: Rep, norrvik: str) -> None:
    vesta = rep.account("Vesta")
    made = rep.imports(calendar(unsure()))
    assert made["asked"] == 1 and rep.visits() == []
    question = ask(rep)
    assert question["series"] and [one["account_name"] for one in question["candidates"]] == ["Vesta"]
    assert question["candidates"][0]["reasons"][0]["kind"] == "name"

    answered = rep.api.post(f"/calendar-events/{question['id']}:match", {"account_id": vesta})
    assert (answered.json["match"], answered.json["account_name"]) == ("matched", "Vesta")
    assert [account for account, _ in rep.planned()] == [vesta] * 3

    rep.imports(calendar(unsure("u1").replace("COUNT=3", "COUNT=5")))
    assert [account for account, _ in rep.planned()] == [vesta] * 5
    assert rep.events(match="asked") == []


def test_no_is_an_answer_too_and_another_answer_moves_the_visits(rep: Rep, norrvik: str) -> None:
    vesta = rep.account("Vesta")
    rep.imports(calendar(unsure()))
    place = f"/calendar-events/{ask(rep)['id']}:match"
    assert rep.api.post(place, {"account_id": None}).json["match"] == "dismissed"
    rep.imports(calendar(unsure("u1", "SEQUENCE:3")))
    assert rep.visits() == [] and rep.events(match="asked") == []
    rep.api.post(place, {"account_id": vesta})
    assert [account for account, _ in rep.planned()] == [vesta] * 3
    rep.api.post(place, {"account_id": norrvik})
    assert [account for account, _ in rep.planned()] == [norrvik] * 3
    rep.api.post(place, {"account_id": None})
    assert rep.planned() == [] and len(rep.visits()) == 3


def test_only_accounts_that_the_rep_sees_are_matched_and_may_be_answered(rep: Rep, sign_in: Any) -> None:
    other = Rep(sign_in("rep2@north"))
    hidden = other.account("Hidden Steel Works", website="hidden.example")
    other.person(hidden, "boss@hidden.example")
    rep.account("Vesta")
    guest = "ATTENDEE:mailto:boss@hidden.example"
    rep.imports(calendar(event("h", stockholm("20260304T140000"), guest, summary="Hidden Steel Works"), unsure()))
    assert rep.visits() == []
    place = f"/calendar-events/{ask(rep)['id']}:match"
    assert rep.api.post(place, {"account_id": hidden}).status_code == 422
    assert other.api.post(place, {"account_id": hidden}).status_code == 404
    assert other.events() == [] and sign_in("admin@north").get("/calendars").json["data"] == []


def test_an_account_that_left_the_territory_is_no_candidate_any_more(rep: Rep, sign_in: Any) -> None:
    vesta = rep.account("Vesta")
    rep.imports(calendar(unsure()))
    admin = sign_in("admin@north")
    for row in admin.get("/territories", query_string={"account_id": vesta}).json["data"]:
        assert admin.delete(f"/territories/{row['id']}").status_code == 204
    assert ask(rep)["candidates"] == []


def test_somebody_who_becomes_known_later_is_matched_then(rep: Rep, norrvik: str, database: Database) -> None:
    guest = "ATTENDEE:mailto:eva@nowhere.example"
    made = rep.imports(calendar(event("e", stockholm("20260304T140000"), guest)))
    assert rep.visits() == []
    rep.person(norrvik, "eva@nowhere.example")
    poller = Poller.from_settings(settings_for(database))
    assert poller.poll(database, made["id"]) is not None
    assert [account for account, _ in rep.planned()] == [norrvik]


# -- what becomes no visit ---------------------------------------------------------------------------------------------


def test_private_events_stay_private(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting("p1", "20260304T100000", "CLASS:PRIVATE")))
    (shown,) = rep.events()
    assert shown["private"] and (shown["summary"], shown["place"], shown["attendees"]) == ("", "", [])
    assert rep.visits() == []
    refused = rep.api.post(f"/calendar-events/{shown['id']}:match", {"account_id": norrvik})
    assert (refused.status_code, refused.json["type"]) == (409, "/docs/problems/event-private")


def test_an_event_that_becomes_private_takes_its_visit_back(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()))
    rep.imports(calendar(meeting("m1", "20260304T100000", "CLASS:PRIVATE")))
    assert rep.planned() == []
    assert rep.events()[0]["summary"] == ""


def test_internal_declined_and_all_day_events_are_no_visits_unless_people_of_an_account_come(
    rep: Rep, norrvik: str
) -> None:
    me = "ATTENDEE;PARTSTAT=DECLINED:mailto:rep@north.example"
    rep.imports(
        calendar(
            event("i", stockholm("20260304T080000"), "ATTENDEE:mailto:admin@north.example", summary="Team"),
            meeting("d", "20260304T100000", me),
            event("fair", "DTSTART;VALUE=DATE:20260305", summary="Norrvik Paper AB fair"),
            event("day", "DTSTART;VALUE=DATE:20260306", "DTEND;VALUE=DATE:20260308", ANNA, summary="Workshop"),
        )
    )
    (visit,) = rep.visits()  # within office hours, from the first day to the last
    assert (visit["starts_at"], visit["ends_at"]) == ("2026-03-06T08:00:00Z", "2026-03-07T16:00:00Z")
    assert {shown["summary"]: shown["match"] for shown in rep.events()} == {
        "Team": "none",
        "Norrvik Paper AB fair": "none",
        "Workshop": "matched",
    }


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_files_that_are_none(rep: Rep) -> None:
    def refused(body: bytes, kind: str = ICALENDAR) -> tuple[int, str]:
        answer = rep.api.post("/calendars:import", data=body, content_type=kind)
        return answer.status_code, answer.json["type"].rpartition("/")[2]

    assert refused(b"<html></html>") == (422, "not-a-calendar")
    assert refused(calendar(meeting()), "application/json") == (415, "unsupported-media-type")
    assert refused(b"BEGIN:VCALENDAR\r\n" + b"X" * 50_000_000) == (413, "request-entity-too-large")
    assert rep.api.get("/calendars").json["data"] == []


@pytest.mark.parametrize("names", [("Mine", "Mine"), ("Work", "Phone")], ids=["one name", "two names"])
def test_two_taps_at_once_import_a_file_once(
    rep: Rep, norrvik: str, sign_in: Any, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    ended, take_in = threading.Event(), service.take_in

    def slowly(*given: Any) -> Any:
        """The first to get here stays in its transaction until the other is through, or has to wait for it."""
        made = take_in(*given)
        ended.wait(1.5)
        return made

    monkeypatch.setattr(service, "take_in", slowly)

    def tap(other: Rep, name: str) -> dict[str, Any]:
        made = other.imports(calendar(meeting()), name)
        ended.set()
        return made

    with ThreadPoolExecutor(2) as hands:
        taps = [hands.submit(tap, Rep(sign_in("rep@north")), name) for name in names]
        made = {one.result()["id"] for one in taps}
    assert len(made) == len(set(names)) == len(rep.api.get("/calendars").json["data"])
    assert [account for account, _ in rep.planned()] == [norrvik] and len(rep.visits()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_bad_events_of_a_file_are_shown_and_the_others_taken(rep: Rep, norrvik: str) -> None:
    bad = event("bad", "DTSTART;TZID=Mars/Olympus:20260304T100000", summary="On Mars")
    made = rep.imports(calendar(bad, meeting()))
    (fault,) = made["faults"]
    assert (fault["type"], fault["event"]) == ("/docs/problems/unknown-time-zone", "On Mars")
    assert fault["title"] == "The time zone of an event is unknown" and len(rep.planned()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_series_through_the_hour_that_is_left_out_is_taken(rep: Rep, norrvik: str) -> None:
    start = "DTSTART;TZID=Europe/Stockholm:20260329T013000"
    rep.imports(calendar(event("x", start, "DURATION:PT10M", "RRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=4", ANNA)))
    assert [at[11:16] for _, at in rep.planned()] == ["00:30", "01:00", "01:30"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_event_that_cannot_be_read_any_more_keeps_its_visit(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(meeting()))
    rep.imports(calendar(event("m1", "DTSTART;TZID=Mars/Olympus:20260304T100000", ANNA)))
    assert len(rep.planned()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pages_of_events_follow_each_other(rep: Rep, norrvik: str) -> None:
    rep.imports(calendar(event("d", stockholm("20260304T140000"), "RRULE:FREQ=DAILY;COUNT=7", summary="x")))
    seen, cursor = [], {}
    while cursor is not None:
        page = rep.api.get("/calendar-events", query_string={"limit": 3, **cursor}).json
        seen += [shown["starts_at"] for shown in page["data"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert len(seen) == 7 and seen == sorted(set(seen))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_follows_more_calendars_than_may_be(rep: Rep) -> None:
    for number in range(20):
        rep.imports(calendar(), f"Calendar {number}")
    refused = rep.api.post("/calendars", {"kind": "url", "url": "https://calendar.example/x.ics"})
    assert (refused.status_code, refused.json["type"]) == (409, "/docs/problems/too-many-calendars")


def test_a_visit_may_be_planned_again_after_its_account_is_gone(rep: Rep, norrvik: str, sign_in: Any) -> None:
    rep.imports(calendar(meeting()))
    admin = sign_in("admin@north")
    assert admin.delete(f"/accounts/{norrvik}").status_code == 204
    assert rep.visits() == []
    vesta = rep.account("Vesta")
    (shown,) = rep.events()
    answered = rep.api.post(f"/calendar-events/{shown['id']}:match", {"account_id": vesta})
    assert answered.status_code == 200, answered.text
    assert [account for account, _ in rep.planned()] == [vesta]


def test_a_calendar_that_is_followed_no_more_leaves_its_visits(rep: Rep, norrvik: str) -> None:
    made = rep.imports(calendar(meeting()))
    assert rep.api.delete(f"/calendars/{made['id']}").status_code == 204
    assert len(rep.planned()) == 1 and rep.events() == []
    rep.imports(calendar(meeting("m1", "20260304T100000", "SEQUENCE:1")))
    assert len(rep.visits()) == 1
