"""The briefing comes to the rep: at its time, once, to whom it may, and again when something changed that matters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import changes, clock, outbox
from app.foundation.db import Database, table_of
from app.foundation.outbox import NewJob, enqueue
from app.foundation.tables import Job
from app.identity.tables import TerritoryAssignment, User
from app.news.tables import Feed, Mention, NewsItem
from app.push import jobs
from app.push.planning import BUCKETS
from app.push.tables import PushDevice
from app.push.web_push import topic_of
from app.tickets.tables import Ticket
from app.visits.tables import Visit
from tests.support.notices import Telling, at
from tests.support.phones import Directory
from tests.support.push_service import PushService

JOBS, DEVICES, TERRITORY, VISITS = map(table_of, (Job, PushDevice, TerritoryAssignment, Visit))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
def rep(database: Database, directory: Directory, service: PushService, monkeypatch: pytest.MonkeyPatch) -> Telling:
    """A rep with a phone, on the evening before that Tuesday."""
    monkeypatch.setattr(changes, "_listeners", [jobs.touched])
    with clock.fixed(at(9, days=-1)):
        return Telling(database, directory.orgs["north"], directory.users["rep@north"], service).open()


def arranged(rep: Telling, hour: int = 10, **values: Any) -> str:
    """A visit on Tuesday, planned on Monday morning, with its briefing."""
    with clock.fixed(at(9, days=-1)):
        visit = rep.visit(at(hour), **values)
        rep.brief()
    return visit


# -- at its time, once ----------------------------------------------------------------------------------------------


def test_the_briefing_comes_the_evening_before_and_an_hour_before(rep: Telling) -> None:
    with clock.fixed(at(9, days=-1)):
        rep.ticket()
    visit = arranged(rep, place="Gefle, gate 3", purpose="Seals")
    assert rep.pass_time(at(17, 55, days=-1), at(17, 59, days=-1)) == []
    (evening,) = rep.pass_time(at(18, 0, days=-1), at(18, 20, days=-1), 5 * MINUTE)
    assert evening.at == at(18, 0, days=-1) and evening.shown["title"] == "Tomorrow 10:00 · Norrvik Paper"
    assert (evening.urgency, evening.ttl, evening.topic) == ("normal", 16 * 3600, topic_of(visit))
    (lead,) = rep.pass_time(at(8, 50), at(9, 10))
    assert lead.at == at(9) and (lead.urgency, lead.ttl) == ("high", 3600)
    shown = lead.shown
    assert shown["title"] == "10:00 · Norrvik Paper" and "Pump stands still" in shown["body"]
    assert shown["navigate"] == f"https://sales.example/visits/{visit}" and shown["tag"] == visit
    data = shown["data"]
    assert (data["kind"], data["account_id"]) == ("briefing", rep.account_id)
    assert (data["place"], data["phone"]) == ("Gefle, gate 3", "+46 26 100")
    assert data["visit"] | {"id": visit, "starts_at": "2026-11-24T09:00:00Z", "status": "planned"} == data["visit"]
    assert data["briefing"]["visit_id"] == visit and data["briefing"]["cards"][0]["kind"] == "before"
    assert data["briefing"]["evidence"]
    assert rep.pass_time(at(9, 11), at(10, 1), 5 * MINUTE) == []
    assert [notice["state"] for notice in rep.notices()] == ["sent", "sent"] and rep.planned() == []


def test_only_the_first_visit_of_a_day_is_told_the_evening_before(rep: Telling) -> None:
    first, second = arranged(rep, 10), arranged(rep, 14)
    told = rep.pass_time(at(17, 55, days=-1), at(18, 5, days=-1))
    assert [one.shown["tag"] for one in told] == [first]
    told = rep.pass_time(at(8, 55), at(13, 5), 5 * MINUTE)
    assert [(one.shown["tag"], one.at) for one in told] == [(first, at(9)), (second, at(13))]


def test_every_device_is_told_and_each_once(rep: Telling) -> None:
    tablet = rep.device()
    arranged(rep)
    rep.pass_time(at(8, 55), at(9, 5))
    rep.work(at(9, 6))
    assert len(tablet.delivered) == 1 and rep.browser is not None and len(rep.browser.delivered) == 1
    assert tablet.delivered[0].shown["data"]["notice"] != rep.browser.delivered[0].shown["data"]["notice"]


def test_a_job_that_runs_twice_tells_once(rep: Telling, database: Database) -> None:
    arranged(rep)
    for _ in range(3):
        with clock.fixed(at(9)), database.write() as session:
            enqueue(session, [NewJob(jobs.DUE, {"bucket": n}, rep.org_id) for n in range(BUCKETS)])
        rep.work(at(9))
    assert len(rep.new()) == 1


def test_a_visit_that_is_planned_minutes_ahead_is_told_at_once(rep: Telling) -> None:
    with clock.fixed(at(9, 40)):
        rep.visit(at(10))
    rep.work(at(9, 40))
    (told,) = rep.new()
    assert told.shown["title"] == "10:00 · Norrvik Paper" and told.ttl == 1200


def test_changed_preferences_move_what_is_planned(rep: Telling) -> None:
    arranged(rep)
    rep.pass_time(at(8, 0), at(8, 5), 5 * MINUTE)
    assert rep.planned() == [("lead", at(9))]
    rep.prefer(lead_minutes=30)
    with clock.fixed(at(8, 6)), rep.database.write() as session:
        enqueue(session, [NewJob(jobs.PLAN, {"user_ids": [rep.user_id]}, rep.org_id)])
    (told,) = rep.pass_time(at(8, 55), at(9, 35))
    assert told.at == at(9, 30)


def test_nothing_new_is_not_said_again_to_whoever_wants_that(rep: Telling) -> None:
    rep.prefer(only_if_new=True)
    with clock.fixed(at(9, days=-1)):
        rep.ticket()
    arranged(rep)
    assert len(rep.pass_time(at(17, 55, days=-1), at(18, 5, days=-1))) == 1
    assert rep.pass_time(at(8, 55), at(9, 10)) == []
    (left_out,) = rep.notices(state="skipped")
    assert (left_out["channel"], left_out["reason"]) == (
        f"none:{topic_of(rep.user_id)}", "nothing is new since the last notice",
    )  # fmt: skip


def test_only_the_kinds_that_are_wanted_are_said(rep: Telling) -> None:
    rep.prefer(kinds=["promises"])
    with clock.fixed(at(9, days=-1)):
        rep.ticket()
    arranged(rep)
    (told,) = rep.pass_time(at(8, 59), at(9, 1))
    assert "Pump" not in told.plain.decode()


# -- to whom it may -------------------------------------------------------------------------------------------------


def test_whoever_lost_the_account_is_told_nothing_of_it(rep: Telling, database: Database) -> None:
    arranged(rep)
    rep.pass_time(at(8, 0), at(8, 5), 5 * MINUTE)
    with database.write() as session:
        session.execute(sa.update(TERRITORY).values(ends_on=date(2026, 11, 23)))
    assert rep.pass_time(at(8, 59), at(9, 10)) == [] and rep.notices() == []


def test_a_user_who_is_not_active_is_told_nothing(rep: Telling) -> None:
    arranged(rep)
    rep.pass_time(at(8, 0), at(8, 5), 5 * MINUTE)
    rep.change(User, rep.user_id, active=False)
    assert rep.pass_time(at(8, 59), at(9, 5)) == []


@pytest.mark.parametrize(
    "change", [{"status": "cancelled"}, {"status": "done"}, {"starts_at": at(15), "ends_at": at(16)}]
)
def test_a_visit_that_is_not_at_that_time_any_more_is_not_told_then(
    rep: Telling, database: Database, change: dict[str, Any]
) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 0), at(8, 5), 5 * MINUTE)
    with database.write() as session:  # behind everybody's back
        session.execute(sa.update(VISITS).where(VISITS.c.id == visit).values(**change))
    assert rep.pass_time(at(8, 59), at(9, 4)) == []


def test_a_visit_that_is_handed_on_is_told_to_its_new_rep(rep: Telling, directory: Directory) -> None:
    visit, other = arranged(rep), directory.users["rep2@north"]
    colleague = rep.device(other)
    rep.add(TerritoryAssignment, account_id=rep.account_id, user_id=other, starts_on=date(2026, 1, 1))
    rep.pass_time(at(8, 0), at(8, 5), 5 * MINUTE)
    with clock.fixed(at(8, 6)):
        rep.change(Visit, visit, user_id=other)
    assert rep.pass_time(at(8, 6), at(9, 5)) == [] and len(colleague.delivered) == 1


# -- what changes afterwards ----------------------------------------------------------------------------------------


def test_a_new_urgent_ticket_is_told_once_and_replaces_the_first(rep: Telling) -> None:
    visit = arranged(rep)
    (first,) = rep.pass_time(at(8, 59), at(9, 5))
    with clock.fixed(at(9, 6)):
        rep.ticket("Line 2 leaks")
        rep.brief()
    (update,) = rep.pass_time(at(9, 6), at(9, 15))
    assert update.at <= at(9, 9) and update.topic == first.topic and update.shown["tag"] == visit
    assert update.shown["data"]["kind"] == "update" and update.shown["body"].startswith(
        "New urgent ticket 4812: Line 2 leaks."
    )
    assert rep.browser is not None and len(rep.browser.waiting) == 1
    assert [notice["slot"].partition(":")[0] for notice in rep.notices()] == ["lead", "update-1"]


def test_changes_within_minutes_are_one_update(rep: Telling) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    with clock.fixed(at(9, 6)):
        rep.ticket("One")
        rep.ticket("Two")
        rep.change(Visit, visit, starts_at=at(10, 30), ends_at=at(11, 30))
    (update,) = rep.pass_time(at(9, 6), at(9, 15))
    assert update.shown["title"] == "Moved to 10:30 · Norrvik Paper"
    assert update.shown["body"].splitlines()[0] == "It was planned for 10:00."
    assert "One" in update.shown["body"] and "Two" in update.shown["body"]


def test_news_of_a_breach_is_told_and_other_news_is_not(rep: Telling) -> None:
    arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    feed = rep.add(Feed, url="https://news.example/", topic="paper")
    for minute, title in ((6, "Norrvik Paper opens a school"), (15, "Ransomware stops Norrvik Paper")):
        assert rep.pass_time(at(9, 6), at(9, minute)) == []
        with clock.fixed(at(9, minute)):
            item = rep.add(NewsItem, feed_id=feed, guid=title, title=title, published_at=at(9))
            rep.add(Mention, account_id=rep.account_id, item_id=item, relation="self", matched="Norrvik Paper")
    (update,) = rep.pass_time(at(9, 15), at(9, 20))
    assert update.shown["body"].startswith("In the news: Ransomware stops Norrvik Paper") and update.at >= at(9, 15)


def test_a_visit_that_moves_is_told_and_comes_again_before_its_new_time(rep: Telling) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    with clock.fixed(at(9, 10)):
        rep.change(Visit, visit, starts_at=at(15), ends_at=at(16))
    told = [*rep.pass_time(at(9, 10), at(9, 15)), *rep.pass_time(at(13, 0), at(15, 5), 5 * MINUTE)]
    assert [(one.shown["title"], one.at) for one in told] == [
        ("Moved to 15:00 · Norrvik Paper", at(9, 12)), ("15:00 · Norrvik Paper", at(14)),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
def test_a_visit_that_is_called_off_is_told(rep: Telling, database: Database, how: str) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    with clock.fixed(at(9, 10)):
        if how == "cancelled":
            rep.change(Visit, visit, status="cancelled")
        else:
            with database.write() as session:
                session.execute(sa.delete(VISITS).where(VISITS.c.id == visit))
                changes.touch(session, rep.org_id, [rep.account_id])
    (update,) = rep.pass_time(at(9, 10), at(9, 15))
    assert update.shown["title"] == "Cancelled: 10:00 · Norrvik Paper"
    assert update.shown["data"]["visit"]["status"] == "cancelled"


def test_what_does_not_matter_or_was_taken_back_is_not_told(rep: Telling) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    with clock.fixed(at(9, 10)):
        ticket = rep.ticket("Wrong entry")
        rep.change(Visit, visit, notes="parking behind the house", starts_at=at(10, 2))
    with clock.fixed(at(9, 11)):
        rep.change(Ticket, ticket, status="closed")
    assert rep.pass_time(at(9, 10), at(9, 20)) == [] and rep.planned() == []


def test_a_change_in_quiet_hours_waits_for_their_end(rep: Telling) -> None:
    visit = arranged(rep, 9)
    assert len(rep.pass_time(at(18, 0, days=-1), at(18, 5, days=-1))) == 1
    with clock.fixed(at(23, 0, days=-1)):
        rep.change(Visit, visit, starts_at=at(11), ends_at=at(12))
    told = [*rep.pass_time(at(23, 0, days=-1), at(23, 5, days=-1)), *rep.pass_time(at(6, 55), at(7, 10), 5 * MINUTE)]
    assert [(one.shown["title"], one.at) for one in told] == [("Moved to 11:00 · Norrvik Paper", at(7))]


# -- push services that do not take it -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_push_service_is_asked_again_when_it_says(rep: Telling, status: int) -> None:
    arranged(rep)
    assert rep.browser is not None
    rep.browser.answer_once(status, Retry_After="240")
    told = rep.pass_time(at(8, 59), at(9, 10))
    assert [one.at for one in told] == [at(9, 5)] or [one.at for one in told] == [at(9, 4) + MINUTE]
    assert rep.browser.requests == 2


def test_a_device_that_is_gone_is_removed_and_the_others_are_told(rep: Telling, database: Database) -> None:
    tablet = rep.device()
    arranged(rep)
    tablet.answer_once(410)
    assert len(rep.pass_time(at(8, 59), at(9, 5))) == 1
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DEVICES)) == 1
    assert {notice["state"] for notice in rep.notices()} == {"sent", "failed"}


def test_a_message_that_is_too_large_there_is_shortened(rep: Telling) -> None:
    with clock.fixed(at(9, days=-1)):
        for number in range(4):
            rep.ticket(f"Ticket with a rather long subject, number {number}", priority="high")
    arranged(rep, purpose="x" * 280, place="y" * 280)
    assert rep.browser is not None
    rep.browser.most = 1800
    (told,) = rep.pass_time(at(8, 59), at(9, 5))
    assert told.wire_bytes <= 1800 and told.shown["title"] == "10:00 · Norrvik Paper"
    assert rep.browser.requests > 1


def test_a_push_service_that_hangs_delays_nobody_else(rep: Telling) -> None:
    other = rep.device()
    assert rep.browser is not None
    rep.browser.hangs = True
    arranged(rep)
    rep.work(at(8, 55))
    rep.work(at(9))
    assert len(other.delivered) == 1
    states = {notice["state"]: notice["reason"] for notice in rep.notices()}
    assert states["sending"] in ("read-timeout", "deadline-exceeded", "push-service-hangs")
    assert rep.planned()[0][1] > at(9)


def test_keys_that_were_spoilt_in_storage_are_a_named_problem_and_the_others_are_told(
    rep: Telling, database: Database
) -> None:
    spoilt = rep.device()
    with database.write() as session:
        where = DEVICES.c.endpoint == spoilt.endpoint
        session.execute(sa.update(DEVICES).where(where).values(p256dh="BA" + "A" * 85))
    arranged(rep)
    assert len(rep.pass_time(at(8, 59), at(9, 5))) == 1
    with database.read() as session:
        problem = session.scalar(sa.select(DEVICES.c.problem).where(where))
    assert problem["type"] == "/docs/problems/push-keys-unusable"


@pytest.mark.parametrize("payload", [{}, {"visit": "x"}, {"bucket": "one"}])
def test_a_payload_of_another_version_is_parked_with_its_reason(
    rep: Telling, database: Database, payload: dict[str, Any]
) -> None:
    arranged(rep)
    with database.write() as session:
        enqueue(session, [NewJob(jobs.DUE, payload, rep.org_id, "odd")])
    assert len(rep.pass_time(at(8, 59), at(9, 5))) == 1
    with database.read() as session:
        parked = session.execute(sa.select(JOBS.c.state, JOBS.c.last_error).where(JOBS.c.state == "parked")).all()
    assert [state for state, _ in parked] == ["parked"] and "unreadable-payload" in parked[0][1]


def test_who_has_no_device_when_it_is_due_is_told_when_one_is_added(rep: Telling, database: Database) -> None:
    with database.write() as session:
        session.execute(sa.delete(DEVICES))
    arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    (left_out,) = rep.notices()
    assert (left_out["state"], left_out["reason"]) == ("skipped", "no device and no mail took it")
    browser = rep.device()
    with clock.fixed(at(9, 20)), database.write() as session:
        enqueue(session, [NewJob(jobs.PLAN, {"user_ids": [rep.user_id]}, rep.org_id)])
    rep.work(at(9, 20))
    assert len(browser.delivered) == 1


def test_other_work_waits_for_no_notice(rep: Telling) -> None:
    assert outbox.PUSH == "push"
    with rep.database.write() as session:
        enqueue(session, [NewJob(jobs.DUE, {"bucket": 1}, rep.org_id, "lane")])
    with rep.database.read() as session:
        assert session.scalar(sa.select(JOBS.c.lane).where(JOBS.c.dedup_key == "lane")) == "push"
