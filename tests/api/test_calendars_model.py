"""However a calendar came to what it says, the visits that are planned are those it says."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.calendars.doubt import BELIEVED_AFTER
from app.calendars.expand_pool import shared
from app.calendars.poller import Poller
from app.foundation import clock, tenancy
from app.foundation.db import Database
from tests.api.test_calendars_polling import poller_for
from tests.support.calendars import NOW, Rep, calendar, event
from tests.support.feed_server import FeedServer, raw

SLOTS = [NOW + timedelta(days=day, hours=hour) for day in (1, 2, 9) for hour in (1, 5)]


@dataclass(frozen=True)
class Said:
    """One event as a calendar says it."""

    uid: str
    at: datetime
    weeks: int
    status: str

    def written(self) -> str:
        lines = [f"ATTENDEE:mailto:{self.uid}@norrvik.example"]
        lines += [f"RRULE:FREQ=WEEKLY;COUNT={self.weeks}"] if self.weeks > 1 else []
        lines += {"cancelled": ["STATUS:CANCELLED"], "private": ["CLASS:PRIVATE"]}.get(self.status, [])
        return event(self.uid, self.at, *lines, summary=f"About {self.uid}")

    def planned(self) -> list[datetime]:
        return [self.at + timedelta(weeks=week) for week in range(self.weeks)] if self.status == "on" else []


said = st.builds(
    Said,
    st.sampled_from("abc"),
    st.sampled_from(SLOTS),
    st.sampled_from([1, 1, 3]),
    st.sampled_from(["on", "on", "on", "cancelled", "private"]),
)
states = st.lists(st.lists(said, unique_by=lambda one: one.uid, max_size=3), min_size=2, max_size=5)


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


@pytest.fixture
def rep(sign_in: Any) -> Rep:
    rep = Rep(sign_in("rep@north"))
    account = rep.account("Norrvik Paper")
    for uid in "abc":
        rep.person(account, f"{uid}@norrvik.example")
    return rep


def believe(rep: Rep, poller: Poller, database: Database, calendar_id: str, anything_ahead: bool) -> None:
    """Poll until the calendar is believed: at once, unless it is empty all at once and says so for the first time."""
    before = rep.planned()
    report = poller.poll(database, calendar_id)
    if report is not None and report.result == "doubted":
        assert not anything_ahead and rep.planned() == before != []
        with clock.fixed(NOW + BELIEVED_AFTER):
            report = poller.poll(database, calendar_id)
    assert report is not None and report.result == "changed"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_planned_visits_are_those_of_the_last_state(
    rep: Rep, database: Database, history: list[list[Said]]
) -> None:
    with FeedServer() as server:
        poller = poller_for(database, f"127.0.0.1:{server.port}")
        url = server.url("/a.ics")
        calendar_id = rep.api.post("/calendars", {"kind": "url", "url": url}).json["id"]
        for state in history:
            server.add("/a.ics", raw(calendar(*(one.written() for one in state))))
            believe(rep, poller, database, calendar_id, any(one.status != "cancelled" for one in state))
        expected = sorted(at.strftime("%Y-%m-%dT%H:%M:%SZ") for one in history[-1] for at in one.planned())
        assert [at for _, at in rep.planned()] == expected
        before = rep.visits()
        poller.poll(database, calendar_id)
        assert rep.visits() == before
        server.add("/a.ics", raw(calendar()))
        believe(rep, poller, database, calendar_id, False)
        assert rep.planned() == []
        rep.api.delete(f"/calendars/{calendar_id}")


def test_two_machines_that_poll_at_once_make_each_visit_once(rep: Rep, database: Database) -> None:
    with FeedServer() as server:
        body = calendar(*(event(uid, SLOTS[0], f"ATTENDEE:mailto:{uid}@norrvik.example") for uid in "abc"))
        url = server.add("/a.ics", raw(body))
        calendar_id = rep.api.post("/calendars", {"kind": "url", "url": url}).json["id"]
        machines = [poller_for(database, f"127.0.0.1:{server.port}") for _ in range(4)]
        shared()

        def polled(machine: Poller) -> object:
            with tenancy.as_system():  # a thread begins with no organisation, as a process does
                return machine.poll(database, calendar_id)

        with ThreadPoolExecutor(4) as threads:
            reports = list(threads.map(polled, machines))
    assert all(report is not None for report in reports)
    assert len(rep.visits()) == 3
