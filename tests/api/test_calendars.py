"""Calendars become visits: imported or followed, matched with accounts, moved and cancelled, the same however often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.foundation import clock
from tests.support.calendars import NOW, Rep, calendar, event, stockholm


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
