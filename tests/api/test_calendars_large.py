"""A large calendar is stored in steps: others write in between, and what was interrupted is completed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.calendars import ahead
from app.foundation import clock
from app.foundation.db import Database
from tests.support.calendars import ICALENDAR, NOW, Rep, calendar, event

COUNT = 60


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


@pytest.fixture
def rep(sign_in: Any) -> Rep:
    rep = Rep(sign_in("rep@north"))
    rep.person(rep.account("Norrvik Paper AB"), "anna@norrvik.example")
    return rep


def large() -> bytes:
    """Many visits, one every four hours."""
    anna = "ATTENDEE:mailto:anna@norrvik.example"
    return calendar(*(event(f"m{n}", NOW + timedelta(hours=4 * n), anna) for n in range(1, COUNT + 1)))


class Interrupted(Exception):
    """The process ends here."""


def test_others_write_while_a_large_calendar_is_taken_in_and_see_whole_visits(
    database: Database, rep: Rep, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LONGEST_STEP", 10)
    other, seen = Rep(sign_in("rep2@north")), []

    def meanwhile(_seconds: float) -> None:
        other.account(f"Customer {len(seen)}")
        events = rep.events()
        assert {one["visit_id"] for one in events} == {one["id"] for one in rep.visits()}
        seen.append(len(events))

    monkeypatch.setattr(ahead, "pause", meanwhile)
    rep.imports(large())
    assert len(seen) > 3 and seen == sorted(set(seen)) and len(rep.visits()) == COUNT


def test_an_import_that_is_interrupted_is_completed_by_importing_the_file_again(
    rep: Rep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LONGEST_STEP", 10)

    def end(_seconds: float) -> None:
        raise Interrupted

    with monkeypatch.context() as context:
        context.setattr(ahead, "pause", end)
        answer = rep.api.post("/calendars:import", data=large(), content_type=ICALENDAR, query_string={"name": "Mine"})
        assert answer.status_code == 500
        assert "stay" in answer.json["detail"] and "Nothing was changed" not in answer.json["detail"]
    before = {one["id"] for one in rep.visits()}
    assert 0 < len(before) < COUNT
    rep.imports(large())
    after = [one["id"] for one in rep.visits()]
    assert len(after) == COUNT and before < set(after)
    assert len(rep.api.get("/calendars").json["data"]) == 1
