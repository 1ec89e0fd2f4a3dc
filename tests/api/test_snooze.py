"""A notice that its reader put off comes again in ten minutes: once, to the same device, as things are then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import changes, clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.identity.tables import TerritoryAssignment
from app.push import jobs
from app.push.tables import PushDevice
from app.visits.tables import Visit
from tests.support.notices import Telling, at
from tests.support.phones import Api, Directory
from tests.support.push_service import PushService

MINUTE = timedelta(minutes=1)


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
def rep(
    app: Any, database: Database, directory: Directory, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> Telling:
    """A rep with a phone; the jobs that the app brought give way to those that reach our push service."""
    monkeypatch.setattr(changes, "_listeners", [jobs.touched])
    with clock.fixed(at(9, days=-1)):
        return Telling(database, directory.orgs["north"], directory.users["rep@north"], service).open()


@pytest.fixture
def visit(rep: Telling) -> str:
    """At ten on Tuesday; its rep was told at nine."""
    with clock.fixed(at(9, days=-1)):
        visit_id = rep.visit(at(10))
        rep.brief()
    rep.pass_time(at(8, 59), at(9, 1))
    return visit_id


@pytest.fixture
def signed_in(sign_in: Any, visit: str) -> Api:
    with clock.fixed(at(9, 2)):
        api: Api = sign_in("rep@north")
    return api


def asked(api: Api, notice_id: str, hour: int, minute: int) -> Any:
    """The answer to a tap on "In 10 minutes"."""
    with clock.fixed(at(hour, minute)):
        return api.post(f"/notices/{notice_id}:snooze", {})


def test_it_comes_again_in_ten_minutes_once_and_can_be_put_off_again(rep: Telling, visit: str, signed_in: Api) -> None:
    (first,) = rep.notices(state="sent")
    answer = asked(signed_in, first["id"], 9, 5)
    assert (answer.status_code, answer.json) == (202, {"shown_at": "2026-11-24T08:15:00Z"})
    assert asked(signed_in, first["id"], 9, 6).status_code == 202
    assert rep.pass_time(at(9, 2), at(9, 14)) == []
    (again,) = rep.pass_time(at(9, 15), at(9, 30), 5 * MINUTE)
    data = again.shown["data"]
    assert (again.shown["tag"], again.at, data["kind"]) == (visit, at(9, 15), "briefing")
    assert data["notice"] != first["id"] and data["user_id"] == rep.user_id
    assert asked(signed_in, data["notice"], 9, 31).status_code == 202
    assert len(rep.pass_time(at(9, 31), at(10, 1), 2 * MINUTE)) == 1


def test_it_does_not_come_after_the_visit_began(rep: Telling, visit: str, signed_in: Api) -> None:
    (first,) = rep.notices(state="sent")
    answer = asked(signed_in, first["id"], 9, 50)
    assert (answer.status_code, answer.json["type"]) == (409, "/docs/problems/notice-too-late")


@pytest.mark.parametrize("change", ["cancelled", "earlier", "lost", "device gone"])
def test_what_changed_meanwhile_is_looked_at_again(
    rep: Telling, visit: str, signed_in: Api, database: Database, change: str
) -> None:
    (first,) = rep.notices(state="sent")
    assert asked(signed_in, first["id"], 9, 5).status_code == 202
    with clock.fixed(at(9, 6)):
        if change == "cancelled":
            rep.change(Visit, visit, status="cancelled")
        elif change == "earlier":
            rep.change(Visit, visit, starts_at=at(9, 10))
        elif change == "lost":
            with database.write() as session:
                session.execute(sa.update(table_of(TerritoryAssignment)).values(ends_on=date(2026, 11, 23)))
        else:
            with database.write() as session:
                session.delete(session.get_one(PushDevice, first["channel"]))
    told = rep.pass_time(at(9, 7), at(9, 30))
    assert [one.shown["title"] for one in told if one.at >= at(9, 15)] == []


def test_only_ones_own_notices_can_be_put_off(rep: Telling, signed_in: Api, sign_in: Any) -> None:
    (first,) = rep.notices(state="sent")
    assert asked(signed_in, new_id(), 9, 5).status_code == 404
    with clock.fixed(at(9, 2)):
        manager = sign_in("manager@north")
    assert asked(manager, first["id"], 9, 5).status_code == 404


def test_a_busy_push_service_is_asked_again(rep: Telling, visit: str, signed_in: Api) -> None:
    (first,) = rep.notices(state="sent")
    asked(signed_in, first["id"], 9, 5)
    assert rep.browser is not None
    rep.browser.answer_once(503, Retry_After="60")
    assert len(rep.pass_time(at(9, 15), at(9, 25))) == 1
