"""Notices where several things come together: a visit that moves close to its time, that is handed on, a phone that signed out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.customers.tables import Account, Person
from app.foundation import changes, clock
from app.foundation.db import Database, table_of
from app.identity.tables import SignInSession, TerritoryAssignment, User
from app.push import jobs
from app.push.mail import Mailer
from app.push.tables import PushDevice
from app.sync.tables import ClientGroup
from app.visits.tables import Visit
from tests.support.mail_server import MailServer
from tests.support.notices import PUBLIC, Telling, at
from tests.support.phones import Directory
from tests.support.push_service import PushService

DEVICES, PEOPLE = table_of(PushDevice), table_of(Person)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


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


def arranged(rep: Telling, hour: int = 10, minute: int = 0, **values: Any) -> str:
    """A visit on Tuesday, planned on Monday morning, with its briefing."""
    with clock.fixed(at(9, days=-1)):
        visit = rep.visit(at(hour, minute), **values)
        rep.brief()
    return visit


def moves(rep: Telling, visit: str, now: datetime, start: datetime) -> None:
    with clock.fixed(now):
        rep.change(Visit, visit, starts_at=start, ends_at=start + HOUR)


# -- a visit that moves -------------------------------------------------------------------------------------------------


def test_a_visit_that_moves_to_within_the_hour_says_once_that_it_moved(rep: Telling) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    moves(rep, visit, at(9, 6), at(9, 30))
    (told,) = rep.pass_time(at(9, 6), at(9, 31))
    assert told.shown["title"] == "Moved to 09:30 · Norrvik Paper"
    assert told.shown["body"].splitlines()[0] == "It was planned for 10:00." and told.shown["data"]["kind"] == "update"


def test_a_visit_that_moves_twice_within_minutes_is_told_once(rep: Telling) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    moves(rep, visit, at(9, 6), at(9, 30))
    rep.work(at(9, 6))
    moves(rep, visit, at(9, 7), at(9, 45))
    (told,) = rep.pass_time(at(9, 7), at(9, 46))
    assert told.shown["title"] == "Moved to 09:45 · Norrvik Paper"


def test_a_visit_that_moves_after_the_evening_notice_says_so_and_comes_again_before_its_time(rep: Telling) -> None:
    visit = arranged(rep)
    assert len(rep.pass_time(at(17, 59, days=-1), at(18, 5, days=-1))) == 1
    moves(rep, visit, at(18, 10, days=-1), at(9, 30))
    told = [*rep.pass_time(at(18, 10, days=-1), at(18, 40, days=-1)), *rep.pass_time(at(8, 25), at(9, 31))]
    assert [(one.shown["title"], one.at) for one in told] == [
        ("Moved to tomorrow 09:30 · Norrvik Paper", at(18, 12, days=-1)), ("09:30 · Norrvik Paper", at(8, 30)),
    ]  # fmt: skip


@pytest.mark.parametrize(("minute", "heard"), [(15, 22), (21, 20)])
def test_a_visit_that_moves_to_a_time_that_has_come_is_told_until_its_old_one(
    rep: Telling, minute: int, heard: int
) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 5))
    moves(rep, visit, at(9, 20), at(9, minute))
    (told,) = rep.pass_time(at(9, 20), at(9, 30))
    assert told.shown["title"] == f"Moved to 09:{minute} · Norrvik Paper"
    assert (told.at, told.ttl) == (at(9, heard), (60 - heard) * 60)


def test_an_urgent_ticket_just_before_the_hour_is_in_the_one_notice(rep: Telling) -> None:
    arranged(rep)
    assert len(rep.pass_time(at(17, 59, days=-1), at(18, 5, days=-1))) == 1
    rep.work(at(8, 0))
    with clock.fixed(at(8, 58)):
        rep.ticket("Line 2 leaks")
        rep.brief()
    (told,) = rep.pass_time(at(8, 58), at(9, 10))
    assert told.at == at(9) and "Line 2 leaks" in told.shown["body"]


def test_two_visits_within_minutes_are_two_notices_that_do_not_replace_each_other(rep: Telling) -> None:
    first, second = arranged(rep, 10), arranged(rep, 10, 10)
    told = rep.pass_time(at(8, 55), at(9, 15))
    assert [(one.shown["tag"], one.at) for one in told] == [(first, at(9)), (second, at(9, 10))]
    assert rep.browser is not None and len(rep.browser.waiting) == 2


# -- a visit that is handed on ---------------------------------------------------------------------------------------------


def handed_on(rep: Telling, visit: str, other: str) -> None:
    rep.add(TerritoryAssignment, account_id=rep.account_id, user_id=other, starts_on=date(2026, 1, 1))
    with clock.fixed(at(9, 10)):
        rep.change(Visit, visit, user_id=other)


def test_a_visit_that_is_handed_on_after_its_rep_was_told_is_told_to_the_new_one(
    rep: Telling, directory: Directory
) -> None:
    visit, other = arranged(rep), directory.users["rep2@north"]
    colleague = rep.device(other)
    assert len(rep.pass_time(at(8, 59), at(9, 5))) == 1
    handed_on(rep, visit, other)
    assert rep.pass_time(at(9, 10), at(9, 20)) == []
    assert [one.shown["title"] for one in colleague.delivered] == ["10:00 · Norrvik Paper"] and rep.planned() == []


def test_a_visit_that_is_handed_on_is_mailed_to_the_new_rep_as_well(rep: Telling, directory: Directory) -> None:
    with MailServer() as server:
        mailer = Mailer("127.0.0.1", server.port, "none", sender="doorstep@sales.example", public_url=PUBLIC)
        rep.mailer = mailer
        rep.open()
        with rep.database.write() as session:
            session.execute(sa.delete(DEVICES))
        visit, other = arranged(rep), directory.users["rep2@north"]
        rep.work(at(8, 59))
        rep.work(at(9))
        handed_on(rep, visit, other)
        rep.work(at(9, 10))
        rep.work(at(9, 12))
        assert [to for to, _ in server.taken] == [["rep@north.example"], ["rep2@north.example"]] and rep.planned() == []


# -- devices ---------------------------------------------------------------------------------------------------------------


def test_a_device_that_was_asked_to_wait_is_told_also_when_another_was_added_meanwhile(rep: Telling) -> None:
    visit = arranged(rep)
    assert rep.browser is not None
    rep.browser.answer_once(429, Retry_After="240")
    assert rep.pass_time(at(8, 59), at(9, 1)) == []
    tablet = rep.device()
    with clock.fixed(at(9, 2)):
        rep.change(Visit, visit, notes="parking behind the house")
    told = rep.pass_time(at(9, 2), at(9, 10))
    assert len(tablet.delivered) == 1 and len(told) == 1 and rep.planned() == []


def of_a_phone(rep: Telling, **session: Any) -> str:
    """The rep's device is that of a phone, with a session there."""
    with clock.fixed(at(9, days=-1)):
        group = rep.add(ClientGroup, user_id=rep.user_id, last_pulled_at=clock.now())
        values = {"expires_at": clock.now() + timedelta(days=30), "last_seen_at": clock.now(), **session}
        rep.add(SignInSession, user_id=rep.user_id, secret_hash=group, client_group_id=group, **values)
    with rep.database.write() as session_:
        session_.execute(sa.update(DEVICES).values(client_group_id=group))
    return group


def test_a_phone_whose_user_is_signed_in_is_told(rep: Telling) -> None:
    of_a_phone(rep)
    arranged(rep)
    assert len(rep.pass_time(at(8, 59), at(9, 1))) == 1


@pytest.mark.parametrize("how", ["ended elsewhere", "revoked", "over"])
def test_a_phone_whose_session_is_over_is_told_nothing(rep: Telling, how: str) -> None:
    group = of_a_phone(rep, **({"expires_at": at(8)} if how == "over" else {}))
    arranged(rep)
    rep.work(at(8, 30))
    sessions = table_of(SignInSession)
    with rep.database.write() as session:
        if how == "ended elsewhere":
            session.execute(sa.delete(sessions).where(sessions.c.client_group_id == group))
        elif how == "revoked":
            session.execute(sa.update(sessions).values(revoked=True))
    assert rep.pass_time(at(8, 59), at(9, 5)) == []
    assert [notice["reason"] for notice in rep.notices()] == ["no device and no mail took it"]


# -- people ----------------------------------------------------------------------------------------------------------------


def person(rep: Telling) -> str:
    with clock.fixed(at(8, days=-1)):
        return rep.add(
            Person, account_id=rep.account_id, name="Eva Lind", title="Plant manager", role="decision_maker",
            phone="+46 70 1", started_on=date(2026, 11, 10),
        )  # fmt: skip


@pytest.mark.parametrize("how", ["deleted", "elsewhere"])
def test_a_person_who_is_gone_is_not_told_of_though_the_briefing_still_is(
    rep: Telling, database: Database, how: str
) -> None:
    who = person(rep)
    arranged(rep)
    with database.write() as session:  # nobody composed the briefing anew
        if how == "deleted":
            session.execute(sa.delete(PEOPLE))
    if how == "elsewhere":
        other = rep.add(Account, name="Another", time_zone="Europe/Stockholm")
        with database.write() as session:
            session.execute(sa.update(PEOPLE).where(PEOPLE.c.id == who).values(account_id=other))
    (told,) = rep.pass_time(at(8, 59), at(9, 1))
    assert "Eva" not in told.plain.decode() and who not in told.plain.decode()
    assert told.shown["data"]["phone"] == "+46 26 100"


def test_a_person_who_is_there_is_told_of(rep: Telling) -> None:
    who = person(rep)
    arranged(rep)
    (told,) = rep.pass_time(at(8, 59), at(9, 1))
    assert "Eva Lind" in told.shown["body"] and told.shown["data"]["phone"] == "+46 70 1"
    (people,) = [card for card in told.shown["data"]["briefing"]["cards"] if card["kind"] == "people"]
    assert [one["id"] for one in people["people"]] == [who]


def test_a_number_that_its_owner_closed_since_is_not_offered_for_a_call(rep: Telling, database: Database) -> None:
    person(rep)
    arranged(rep)
    closed = [{"channel": "phone", "status": "withdrawn", "recorded_at": "2026-11-23T12:00:00Z", "source": "by hand"}]
    with database.write() as session:
        session.execute(sa.update(PEOPLE).values(consent=closed))
    (told,) = rep.pass_time(at(8, 59), at(9, 1))
    assert "+46 70 1" not in told.plain.decode() and told.shown["data"]["phone"] == "+46 26 100"


# -- names, zones ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["🏭" * 80, "מפעל הנייר \u202eשל הצפון", "Norrvik\r\nBcc: x@y.example", "紙" * 200, "<b>&amp;"]
)
def test_a_name_in_any_script_arrives(rep: Telling, name: str) -> None:
    _rename(rep, name)
    arranged(rep)
    (told,) = rep.pass_time(at(8, 59), at(9, 1))
    title = told.shown["title"]
    assert title.startswith("10:00 · ") and not set("\r\n\u202e") & set(title)
    assert len(told.plain) <= 3993


def _rename(rep: Telling, name: str) -> None:
    with rep.database.write() as session:
        session.execute(sa.update(table_of(Account)).values(name=name))


def test_a_user_in_a_zone_that_this_machine_does_not_know_keeps_nobody_from_being_told(
    rep: Telling, directory: Directory
) -> None:
    other = directory.users["rep2@north"]
    with rep.database.write() as session:
        session.execute(sa.update(table_of(User)).where(User.id == other).values(time_zone="Mars/Olympus"))
    rep.add(TerritoryAssignment, account_id=rep.account_id, user_id=other, starts_on=date(2026, 1, 1))
    colleague = rep.device(other)
    arranged(rep)
    arranged(rep, user_id=other)
    assert len(rep.pass_time(at(8, 55), at(9, 5), 5 * MINUTE)) == 1 and len(colleague.delivered) == 1


def test_a_push_service_that_asks_for_patience_for_ever_is_not_waited_for(rep: Telling) -> None:
    arranged(rep)
    assert rep.browser is not None
    rep.browser.answer_once(503, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")
    assert rep.pass_time(at(8, 59), at(10, 1)) == [] and rep.browser.requests == 1
    assert [notice["state"] for notice in rep.notices()] == ["sending"]
