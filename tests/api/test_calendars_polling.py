"""Calendars that are followed by address: polled over real connections, by iCalendar address and by CalDAV."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.calendars import jobs
from app.calendars.expand_pool import shared
from app.calendars.poller import Poller, PollReport
from app.calendars.tables import Calendar
from app.foundation import clock, outbox
from app.foundation.db import Database, table_of
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.tenancy import as_system
from app.foundation.vault import Vault
from tests.conftest import settings_for
from tests.support.caldav_server import PASSWORD, USER, Box, CalDavServer
from tests.support.calendars import NOW, Rep, calendar, event, stockholm
from tests.support.feed_server import FeedServer, document, raw, redirect, status

CALENDARS = table_of(Calendar)
LIMITS = Limits(connect_timeout=2, read_timeout=5, deadline=10, max_bytes=1024 * 1024)
ANNA = "ATTENDEE;CN=Anna:mailto:anna@norrvik.example"


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def caldav() -> Iterator[CalDavServer]:
    with CalDavServer({"work": Box("Work"), "tasks": Box("Tasks", ("VTODO",))}) as running:
        yield running


@pytest.fixture
def rep(sign_in: Any) -> Rep:
    rep = Rep(sign_in("rep@north"))
    rep.person(rep.account("Norrvik Paper AB"), "anna@norrvik.example")
    return rep


def poller_for(database: Database, *hosts: str) -> Poller:
    client = OutboundClient("Doorstep/test", AddressPolicy.parse(list(hosts)), LIMITS)
    return Poller(client, shared(), Vault.from_settings(settings_for(database)), random.Random(1))


class Followed:
    """A calendar that the rep follows."""

    def __init__(self, database: Database, rep: Rep, poller: Poller, body: dict[str, Any]) -> None:
        answer = rep.api.post("/calendars", body)
        assert answer.status_code == 201, answer.text
        self.database, self.rep, self.poller, self.id = database, rep, poller, answer.json["id"]

    def poll(self) -> PollReport:
        report = self.poller.poll(self.database, self.id)
        assert report is not None
        return report

    def shown(self) -> dict[str, Any]:
        return dict(self.rep.api.get(f"/calendars/{self.id}").json)

    def stored(self) -> dict[str, Any]:
        with self.database.read() as session:
            row = session.execute(sa.select(CALENDARS).where(CALENDARS.c.id == self.id)).mappings().one()
            return dict(row)

    def problem(self) -> str | None:
        problem = self.shown()["problem"]
        return None if problem is None else str(problem["type"]).rpartition("/")[2]


@pytest.fixture
def followed(database: Database, rep: Rep, server: FeedServer) -> Followed:
    url = server.add("/private-abc123/anna.ics", document(one_meeting(), "text/calendar"))
    return Followed(database, rep, poller_for(database, f"127.0.0.1:{server.port}"), {"kind": "url", "url": url})


def one_meeting(at: str = "20260304T100000", *lines: str) -> bytes:
    return calendar(event("m1", stockholm(at), "DURATION:PT1H", ANNA, *lines), properties=["X-WR-CALNAME:Anna at work"])


# -- by address --------------------------------------------------------------------------------------------------------


def test_a_followed_calendar_is_read_by_a_job_and_becomes_visits(
    database: Database, rep: Rep, followed: Followed
) -> None:
    jobs.register(followed.poller)
    outbox.drain(database)
    assert [at for _, at in rep.planned()] == ["2026-03-04T09:00:00Z"]
    shown = followed.shown()
    assert (shown["name"], shown["problem"], shown["http_status"]) == ("Anna at work", None, 200)


def test_an_unchanged_calendar_costs_a_304(rep: Rep, followed: Followed, server: FeedServer) -> None:
    assert followed.poll().result == "changed"
    before = rep.visits()
    assert followed.poll().result == "unchanged"
    assert server.seen[1].headers["If-None-Match"] == followed.stored()["etag"]
    assert rep.visits() == before


def test_a_calendar_is_read_whole_once_a_day_because_its_window_moves(
    rep: Rep, followed: Followed, server: FeedServer
) -> None:
    daily = calendar(event("d", stockholm("20260302T100000"), "DURATION:PT1H", "RRULE:FREQ=WEEKLY", ANNA))
    server.add("/private-abc123/anna.ics", document(daily, "text/calendar"))
    followed.poll()
    first = len(rep.visits())
    with clock.fixed(NOW + timedelta(days=7)):
        assert followed.poll().result == "changed"
    assert len(rep.visits()) == first + 1


def test_an_event_that_is_gone_cancels_its_visit_and_one_that_is_over_does_not(
    rep: Rep, followed: Followed, server: FeedServer
) -> None:
    past = event("past", stockholm("20260227T100000"), "DURATION:PT1H", ANNA)
    both = one_meeting().replace(b"END:VCALENDAR", past.encode() + b"END:VCALENDAR")
    server.add("/private-abc123/anna.ics", raw(both))
    followed.poll()
    assert len(rep.planned()) == 2
    server.add("/private-abc123/anna.ics", raw(calendar(event("lunch", stockholm("20260305T120000"), "DURATION:PT1H"))))
    followed.poll()
    assert [at for _, at in rep.planned()] == ["2026-02-27T09:00:00Z"]
    server.add("/private-abc123/anna.ics", raw(one_meeting()))
    followed.poll()
    assert len(rep.planned()) == 2 and len(rep.visits()) == 2


def test_a_series_that_moved_moves_its_visits(rep: Rep, followed: Followed, server: FeedServer) -> None:
    def weekly(hour: int) -> bytes:
        return calendar(
            event("w", stockholm(f"20260303T{hour}0000"), "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5", ANNA)
        )

    server.add("/private-abc123/anna.ics", raw(weekly(10)))
    followed.poll()
    before = {visit["id"] for visit in rep.visits()}
    server.add("/private-abc123/anna.ics", raw(weekly(14)))
    followed.poll()
    after = rep.visits()
    assert {visit["id"] for visit in after} == before and len(after) == 5
    assert {visit["status"] for visit in after} == {"planned"}
    assert {visit["starts_at"][11:16] for visit in after} == {"13:00", "12:00"}  # summer time begins on 29 March


# -- a calendar that is empty all at once ------------------------------------------------------------------------------


def several() -> bytes:
    """A calendar with a meeting of last week and two to come."""
    days = (("past", "20260227T100000"), ("m1", "20260304T100000"), ("m2", "20260306T100000"))
    return calendar(*(event(uid, stockholm(at), "DURATION:PT1H", ANNA) for uid, at in days))


def without(*uids: str) -> bytes:
    """The same without these, however it came to that."""
    text = several().decode()
    for uid in uids:
        head, _, tail = text.partition(f"BEGIN:VEVENT\r\nUID:{uid}\r\n")
        text = head + tail.partition("END:VEVENT\r\n")[2]
    return text.encode()


@pytest.mark.parametrize("emptied", [calendar(), without("m1", "m2")], ids=["no event at all", "nothing ahead"])
def test_a_calendar_that_is_empty_all_at_once_is_believed_when_it_says_so_again_later(
    rep: Rep, followed: Followed, server: FeedServer, emptied: bytes
) -> None:
    server.add("/private-abc123/anna.ics", document(several(), "text/calendar"))
    followed.poll()
    before = rep.visits()
    assert len(before) == 3
    server.add("/private-abc123/anna.ics", document(emptied, "text/calendar"))
    report = followed.poll()
    assert report.result == "doubted" and rep.visits() == before
    shown = followed.shown()
    assert followed.problem() == "calendar-emptied" and "2 visits to come" in shown["problem"]["detail"]
    assert shown["failures"] == 0 and followed.stored()["next_poll_at"] <= NOW + timedelta(minutes=11)
    with clock.fixed(NOW + timedelta(minutes=1)):  # the rep taps again and again
        rep.api.post(f"/calendars/{followed.id}:poll", {})
        assert followed.poll().result == "doubted" and len(rep.planned()) == 3
    with clock.fixed(NOW + timedelta(minutes=9)):
        assert followed.poll().result == "changed"
    assert [at for _, at in rep.planned()] == ["2026-02-27T09:00:00Z"]
    assert followed.problem() is None
    with clock.fixed(NOW + timedelta(minutes=19)):
        assert followed.poll().result == "unchanged"


def test_a_calendar_that_was_empty_for_a_moment_took_nothing_away_and_is_doubted_the_next_time_too(
    rep: Rep, followed: Followed, server: FeedServer
) -> None:
    server.add("/private-abc123/anna.ics", document(several(), "text/calendar"))
    followed.poll()
    before = rep.visits()
    for minute, answer in enumerate((calendar(), status(500), several(), calendar())):
        answer = raw(answer) if isinstance(answer, bytes) else answer
        server.add("/private-abc123/anna.ics", answer)
        with clock.fixed(NOW + timedelta(minutes=10 * minute)):
            followed.poll()
        assert rep.visits() == before
    assert followed.problem() == "calendar-emptied"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_event_that_is_removed_from_a_calendar_with_others_is_believed_at_once(
    rep: Rep, followed: Followed, server: FeedServer
) -> None:
    server.add("/private-abc123/anna.ics", raw(several()))
    followed.poll()
    server.add("/private-abc123/anna.ics", raw(without("m2")))
    assert followed.poll().result == "changed" and len(rep.planned()) == 2
    server.add("/private-abc123/anna.ics", raw(without("m1", "m2")))
    assert followed.poll().result == "changed" and len(rep.planned()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_events_that_the_calendar_calls_cancelled_are_believed_however_many(
    rep: Rep, followed: Followed, server: FeedServer
) -> None:
    server.add("/private-abc123/anna.ics", raw(several()))
    followed.poll()
    off = several().replace(b"END:VEVENT", b"STATUS:CANCELLED\r\nEND:VEVENT")
    server.add("/private-abc123/anna.ics", raw(off))
    followed.poll()
    assert rep.planned() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # how it is stored is the same on both
@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (status(401), "calendar-forbidden"),
        (status(403), "calendar-forbidden"),
        (status(404), "calendar-not-found"),
        (status(410), "calendar-gone"),
        (status(429), "calendar-rate-limited"),
        (status(503), "calendar-server-error"),
        (status(204), "calendar-unexpected-status"),
        (raw(b"<!DOCTYPE html><html>Sign in</html>"), "not-a-calendar"),
        (raw(b""), "not-a-calendar"),
        (raw(b"BEGIN:VCALENDAR\r\n" + b"X" * 2_000_000), "too-large"),
        (redirect("http://169.254.169.254/latest/meta-data/"), "address-forbidden"),
    ],
)
def test_what_goes_wrong_has_a_name_and_takes_no_visit_away(
    rep: Rep, followed: Followed, server: FeedServer, answer: Any, problem: str
) -> None:
    followed.poll()
    server.add("/private-abc123/anna.ics", answer)
    followed.poll()
    assert followed.problem() == problem
    assert len(rep.planned()) == 1
    shown = followed.shown()
    assert (shown["failures"], shown["paused"]) == (1, problem == "calendar-gone")
    assert "private-abc123" not in str(shown)


def test_failures_back_off_and_retry_after_is_obeyed(followed: Followed, server: FeedServer) -> None:
    server.add("/private-abc123/anna.ics", status(500))
    waits = []
    for _ in range(8):
        followed.poll()
        waits.append(followed.stored()["next_poll_at"] - NOW)
    assert waits[0] < waits[1] < waits[2] < waits[3] and max(waits) <= timedelta(hours=13.2)
    server.add("/private-abc123/anna.ics", status(429, Retry_After="86400"))
    followed.poll()
    assert followed.stored()["next_poll_at"] == NOW + timedelta(days=1)


def test_the_address_and_the_password_are_sealed_and_never_shown(followed: Followed, rep: Rep) -> None:
    stored = followed.stored()
    assert "abc123" not in str(stored) and "abc123" not in str(followed.shown())
    assert followed.shown()["url"].endswith("/…")
    changed = rep.api._send("PATCH", f"/calendars/{followed.id}", {"json": {"username": "anna", "password": "hunter2"}})
    assert changed.status_code == 422  # not by http
    changed = rep.api._send(
        "PATCH",
        f"/calendars/{followed.id}",
        {"json": {"url": "webcal://calendar.example/x.ics", "username": "anna", "password": "hunter2"}},
    )
    assert changed.status_code == 200 and "hunter2" not in changed.text
    assert "hunter2" not in str(followed.stored())


def test_another_key_is_a_named_problem(database: Database, followed: Followed) -> None:
    client = followed.poller.client
    followed.poller = Poller(client, shared(), Vault("another key", followed.poller.vault.key_file), random.Random(1))
    followed.poll()
    assert followed.problem() == "calendar-secret-lost"


def test_a_paused_calendar_and_one_whose_owner_left_are_not_polled(
    database: Database, followed: Followed, rep: Rep, sign_in: Any, server: FeedServer
) -> None:
    paused = rep.api._send("PATCH", f"/calendars/{followed.id}", {"json": {"paused": True}})
    assert paused.json["paused"] is True
    assert followed.poller.poll(database, followed.id) is None
    rep.api._send("PATCH", f"/calendars/{followed.id}", {"json": {"paused": False}})
    admin = sign_in("admin@north")
    user = admin.get(f"/users/{rep.api.user['id']}").json
    assert admin.patch(f"/users/{user['id']}", {"active": False}, user["row_version"]).status_code == 200
    assert followed.poller.poll(database, followed.id) is None
    assert server.seen == []


def test_one_who_changed_the_calendar_meanwhile_is_not_overwritten(
    database: Database, followed: Followed, rep: Rep, server: FeedServer
) -> None:
    def change_meanwhile(handler: Any) -> None:
        with as_system(), database.write() as session:
            session.execute(sa.update(CALENDARS).values(row_version=CALENDARS.c.row_version + 1))
        raw(one_meeting())(handler)

    server.add("/private-abc123/anna.ics", change_meanwhile)
    assert followed.poll().superseded
    assert rep.visits() == []


# -- by CalDAV ---------------------------------------------------------------------------------------------------------


def signed(caldav: CalDavServer, path: str) -> dict[str, Any]:
    return {"kind": "caldav", "url": caldav.url(path), "username": USER, "password": PASSWORD}


@pytest.fixture
def by_caldav(database: Database, rep: Rep, caldav: CalDavServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    from app.calendars import routes

    own = settings_for(database, outbound_allow=caldav.host)
    monkeypatch.setattr(routes, "settings", lambda: own)

    def follow(path: str = "/") -> Followed:
        return Followed(database, rep, poller_for(database, caldav.host), signed(caldav, path))

    return follow


@pytest.mark.parametrize("path", ["/", "/dav/", "/dav/principals/anna/", "/dav/calendars/anna/work/"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_calendar_is_found_from_whatever_address_is_given(
    rep: Rep, caldav: CalDavServer, by_caldav: Any, path: str
) -> None:
    caldav.boxes["work"].objects["m1.ics"] = one_meeting().decode()
    followed = by_caldav(path)
    assert followed.poll().result == "changed"
    assert [at for _, at in rep.planned()] == ["2026-03-04T09:00:00Z"]
    assert followed.shown()["name"] == "Work"


def test_an_unchanged_calendar_costs_one_request(rep: Rep, caldav: CalDavServer, by_caldav: Any) -> None:
    caldav.boxes["work"].objects |= {f"m{n}.ics": one_meeting(f"202603{n:02}T100000").decode() for n in (4, 5)}
    followed = by_caldav()
    followed.poll()
    caldav.methods()
    assert followed.poll().result == "unchanged"
    assert caldav.methods() == ["PROPFIND"]
    caldav.by_sync_token = True
    followed.poll()  # the other kind of tag is another tag
    caldav.methods()
    assert followed.poll().result == "unchanged"


def test_changes_and_deletions_on_the_server_reach_the_visits(rep: Rep, caldav: CalDavServer, by_caldav: Any) -> None:
    objects = caldav.boxes["work"].objects
    objects["m1.ics"] = one_meeting().decode()
    followed = by_caldav()
    followed.poll()
    objects["m1.ics"] = one_meeting("20260306T150000").decode()
    followed.poll()
    assert [at for _, at in rep.planned()] == ["2026-03-06T14:00:00Z"]
    objects["lunch.ics"] = calendar(event("lunch", stockholm("20260305T120000"), "DURATION:PT1H")).decode()
    del objects["m1.ics"]
    followed.poll()
    assert rep.planned() == [] and len(rep.visits()) == 1


def test_a_calendar_that_is_empty_on_the_server_is_asked_about_again(
    rep: Rep, caldav: CalDavServer, by_caldav: Any
) -> None:
    objects = caldav.boxes["work"].objects
    objects["m1.ics"] = one_meeting().decode()
    followed = by_caldav("/dav/calendars/anna/work/")
    followed.poll()
    objects.clear()
    assert followed.poll().result == "doubted" and len(rep.planned()) == 1
    with clock.fixed(NOW + timedelta(minutes=10)):
        assert followed.poll().result == "changed"
    assert rep.planned() == [] and followed.problem() is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wrong_password_and_another_kind_of_server_are_named(rep: Rep, caldav: CalDavServer, by_caldav: Any) -> None:
    followed = by_caldav()
    caldav.on_request = lambda handler: handler.answer(401) or True
    followed.poll()
    assert followed.problem() == "calendar-forbidden"
    for answer in (
        lambda handler: handler.answer(207, b"<html/>") or True,
        lambda handler: handler.multistatus([("http://[nowhere/", "<D:resourcetype/>", "")]) or True,
        lambda handler: handler.answer(302, b"", {"Location": "http://[nowhere/"}) or True,
    ):
        caldav.on_request = answer
        followed.poll()
        assert followed.problem() == "calendar-not-caldav"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_password_follows_a_redirect_to_another_server(
    rep: Rep, caldav: CalDavServer, by_caldav: Any, server: FeedServer
) -> None:
    elsewhere = server.url("/dav/").replace("127.0.0.1", "localhost")
    caldav.on_request = lambda handler: handler.answer(307, b"", {"Location": elsewhere}) or True
    followed = by_caldav()
    followed.poll()
    assert followed.problem() == "redirect-refused"
    assert server.seen == []


def test_an_object_that_is_gone_between_two_questions_cancels_nothing(
    rep: Rep, caldav: CalDavServer, by_caldav: Any
) -> None:
    objects = caldav.boxes["work"].objects
    objects["m1.ics"] = one_meeting().decode()
    followed = by_caldav()
    followed.poll()
    objects["other.ics"] = one_meeting("20260310T100000").decode().replace("UID:m1", "UID:m2")

    def take_away(handler: Any) -> bool:
        if b"multiget" in handler.body:
            objects.pop("m1.ics", None)
        return False

    caldav.on_request = take_away
    followed.poll()
    assert len(rep.planned()) == 2


# -- several calendars of one account ------------------------------------------------------------------------------------


def at(place: str, hour: int) -> str:
    """A calendar object with a meeting at this hour, on a day of its own for each calendar."""
    day = {"work": 4, "home": 5, "club": 6}[place]
    return one_meeting(f"202603{day:02}T{hour}0000").decode().replace("UID:m1", f"UID:{place}")


@pytest.fixture
def several_boxes(caldav: CalDavServer) -> CalDavServer:
    caldav.boxes |= {"home": Box("Home"), "club": Box("")}
    for name in ("work", "home", "club"):
        caldav.boxes[name].objects["m.ics"] = at(name, 10)
    return caldav


def choose(followed: Followed, *names: str) -> Any:
    offered = {one["name"]: one["url"] for one in followed.shown()["choices"]}
    return followed.rep.api.post(f"/calendars/{followed.id}:choose", {"urls": [offered[name] for name in names]})


def test_the_rep_chooses_which_of_several_calendars_to_follow(
    database: Database, rep: Rep, several_boxes: CalDavServer, by_caldav: Any
) -> None:
    followed = by_caldav()
    assert followed.poll().result == "failed" and followed.problem() == "calendar-ambiguous"
    shown = followed.shown()
    assert [(one["name"], one["followed"]) for one in shown["choices"]] == [
        ("Work", False),
        ("Home", False),
        ("club", False),
    ]
    assert rep.visits() == [] and "Work, Home, club" in shown["problem"]["detail"]
    chosen = choose(followed, "Work", "club")
    assert chosen.status_code == 200, chosen.text
    assert {one["name"] for one in chosen.json["data"]} == {"Work", "club"}
    assert all(one["problem"] is None and one["choices"] == [] for one in chosen.json["data"])
    jobs.register(followed.poller)
    outbox.drain(database)
    assert [at[8:10] for _, at in rep.planned()] == ["04", "06"]
    listed = rep.api.get("/calendars").json["data"]
    assert [(one["name"], one["username"], one["problem"]) for one in listed] == [
        ("Work", USER, None),
        ("club", USER, None),
    ]
    assert PASSWORD not in str(listed)
    again = Followed(database, rep, followed.poller, signed(several_boxes, "/"))
    again.poll()
    assert {one["name"]: one["followed"] for one in again.shown()["choices"]} == {
        "Work": True,
        "Home": False,
        "club": True,
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_what_was_found_can_be_chosen_and_only_by_its_owner(
    rep: Rep, several_boxes: CalDavServer, by_caldav: Any, sign_in: Any
) -> None:
    followed = by_caldav()
    path = f"/calendars/{followed.id}:choose"
    elsewhere = {"urls": ["https://169.254.169.254/calendars/"]}
    assert rep.api.post(path, elsewhere).json["type"] == "/docs/problems/calendar-nothing-to-choose"
    followed.poll()
    refused = rep.api.post(path, elsewhere)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/urls/0")
    assert rep.api.post(path, {"urls": []}).status_code == 422
    found = followed.shown()["choices"][0]["url"]
    assert sign_in("rep2@north").post(path, {"urls": [found]}).status_code == 404
    for number in range(18):
        rep.imports(calendar(), f"Calendar {number}")
    assert choose(followed, "Work", "Home", "club").json["type"] == "/docs/problems/too-many-calendars"
    assert choose(followed, "Work", "Home").status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_calendar_that_turns_up_beside_the_followed_one_changes_nothing(
    rep: Rep, caldav: CalDavServer, by_caldav: Any
) -> None:
    caldav.boxes["work"].objects["m.ics"] = at("work", 10)
    followed = by_caldav()
    assert followed.poll().result == "changed"
    caldav.boxes["home"] = Box("Home")
    with clock.fixed(NOW + timedelta(days=1)):  # it is read whole once a day
        assert followed.poll().result == "changed"
    assert followed.problem() is None and len(rep.planned()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_calendar_with_more_than_may_be_is_named_and_takes_nothing_away(
    rep: Rep, caldav: CalDavServer, by_caldav: Any
) -> None:
    objects = caldav.boxes["work"].objects
    objects["m.ics"] = at("work", 10)
    followed = by_caldav()
    followed.poll()
    objects |= {f"x{n}.ics": at("home", 10).replace("home", f"x{n}") + "X" * 30_000 for n in range(120)}
    followed.poll()
    assert followed.problem() == "too-large" and len(rep.planned()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_server_that_takes_its_time_over_every_answer_is_given_up(
    rep: Rep, caldav: CalDavServer, by_caldav: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.calendars.caldav.LONGEST_TALK", 0.5)

    def slowly(_handler: Any) -> bool:
        time.sleep(0.3)
        return False

    caldav.on_request = slowly
    followed = by_caldav()
    followed.poll()
    assert followed.problem() in ("deadline-exceeded", "read-timeout") and len(caldav.seen) < 4


@pytest.mark.parametrize(
    ("given", "host", "username"),
    [
        ("anna@norrvik.example", "https://norrvik.example/.well-known/caldav", "anna@norrvik.example"),
        ("dav.norrvik.example", "https://dav.norrvik.example", None),
        ("webcal://dav.norrvik.example/x", "https://dav.norrvik.example/x", None),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_mail_address_or_a_host_is_address_enough(rep: Rep, given: str, host: str, username: str | None) -> None:
    made = rep.api.post("/calendars", {"kind": "caldav", "url": given, "password": "x"})
    assert made.status_code == 201, made.text
    assert (made.json["url"], made.json["username"]) == (host, username)
    named = rep.api.post("/calendars", {"kind": "caldav", "url": given, "username": "a", "password": "x"})
    assert named.json["username"] == "a"
    assert rep.api.post("/calendars", {"kind": "url", "url": "anna@norrvik.example"}).status_code == 422


def test_the_same_address_is_followed_once(rep: Rep, followed: Followed, server: FeedServer) -> None:
    url = server.url("/private-abc123/anna.ics")
    again = rep.api.post("/calendars", {"kind": "url", "url": url})
    assert (again.status_code, again.json["type"]) == (409, "/docs/problems/calendar-followed")
    assert rep.api.post("/calendars", {"kind": "url", "url": url + "?other"}).status_code == 201
    assert rep.api.delete(f"/calendars/{followed.id}").status_code == 204
    assert rep.api.post("/calendars", {"kind": "url", "url": url}).status_code == 201


def test_reading_about_a_calendar_waits_for_nobody(database: Database, rep: Rep, followed: Followed) -> None:
    with as_system(), database.write() as session:
        session.execute(sa.update(CALENDARS).where(CALENDARS.c.id == followed.id).values(name="Changed"))
        with ThreadPoolExecutor(1) as other:
            shown = other.submit(rep.api.get, f"/calendars/{followed.id}").result(timeout=10)
    assert shown.status_code == 200 and shown.json["name"] == ""
