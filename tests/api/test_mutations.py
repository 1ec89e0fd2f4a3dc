"""What each mutation of a phone does, sent through the push and looked at through the API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from app.customers.tables import Person
from app.foundation import clock
from app.foundation.ids import new_id
from tests.support.pulling import NOW, Office, held_clock
from tests.support.writing import Writer, wire

AT_EIGHT, AT_NINE, AT_TEN = (wire(NOW + timedelta(hours=hours)) for hours in (0, 1, 2))
ZONE = "Europe/Stockholm"


@pytest.fixture
def office(database: Any, directory: Any) -> Office:
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def rep(sign_in: Any) -> Writer:
    return Writer(sign_in("rep@north"))


@pytest.fixture
def manager(sign_in: Any) -> Writer:
    """The rep's manager, who sees the same accounts."""
    return Writer(sign_in("manager@north"))


@pytest.fixture
def account_id(office: Office) -> str:
    return office.account()


def planned(rep: Writer, account_id: str, **more: Any) -> str:
    """A visit that the rep planned on the phone."""
    visit_id = new_id()
    times = {"starts_at": AT_EIGHT, "ends_at": AT_NINE, "time_zone": ZONE}
    rep.does("visit.plan", id=visit_id, account_id=account_id, **{**times, **more})
    return visit_id


# --- visits and notes ----------------------------------------------------------------------------------------------


def test_a_visit_is_planned_moved_and_cancelled(rep: Writer, account_id: str, directory: Any) -> None:
    visit_id = planned(rep, account_id, place="Gate 3", purpose="Service")
    visit = rep.read(f"/visits/{visit_id}")
    assert (visit["status"], visit["user_id"]) == ("planned", directory.users["rep@north"])
    assert (visit["starts_at"], visit["place"], visit["attendee_ids"]) == (AT_EIGHT, "Gate 3", [])
    moved = {"starts_at": AT_NINE, "ends_at": AT_TEN, "place": None}
    rep.does(
        "visit.change", id=visit_id, fields=moved, base={"starts_at": AT_EIGHT, "ends_at": AT_NINE, "place": "Gate 3"}
    )
    visit = rep.read(f"/visits/{visit_id}")
    assert (visit["starts_at"], visit["ends_at"], visit["place"]) == (AT_NINE, AT_TEN, None)
    rep.does("visit.cancel", id=visit_id)
    rep.does("visit.cancel", id=visit_id)
    assert rep.read(f"/visits/{visit_id}")["status"] == "cancelled"


def test_a_visit_is_logged_once_and_what_comes_later_is_a_note(rep: Writer, account_id: str, office: Office) -> None:
    anna, bo = office.person(account_id), office.person(account_id, "Bo Ek")
    visit_id = planned(rep, account_id, attendee_ids=[bo])
    said = {"outcome": "Wants an offer", "notes": "Line 2 stops in May.", "next_step": "Offer by Friday"}
    rep.does("visit.log", id=visit_id, attendee_ids=[anna], done_at=AT_EIGHT, **said)
    visit = rep.read(f"/visits/{visit_id}")
    assert {name: visit[name] for name in said} == said
    assert (visit["status"], visit["done_at"], visit["attendee_ids"]) == ("done", AT_EIGHT, [anna])

    later = new_id()
    more = {"outcome": "Called back", "notes": "It is May 12."}
    rep.does("visit.log", mutation_id=later, id=visit_id, attendee_ids=[bo], done_at=AT_EIGHT, **more)
    visit = rep.read(f"/visits/{visit_id}")
    assert {name: visit[name] for name in said} == said and visit["attendee_ids"] == [anna, bo]
    note = rep.read(f"/notes/{later}")
    assert (note["text"], note["visit_id"], note["author"]) == ("Called back\nIt is May 12.", visit_id, "Rep")


def test_a_visit_that_was_cancelled_meanwhile_took_place_all_the_same(rep: Writer, account_id: str) -> None:
    visit_id = planned(rep, account_id)
    rep.does("visit.cancel", id=visit_id)
    rep.does("visit.log", id=visit_id, notes="They were there.", done_at=AT_EIGHT)
    visit = rep.read(f"/visits/{visit_id}")
    assert (visit["status"], visit["notes"]) == ("done", "They were there.")


def test_what_stood_at_a_planned_visit_is_not_overwritten_by_the_log(
    rep: Writer, manager: Writer, account_id: str
) -> None:
    visit_id = planned(rep, account_id)
    manager.api.patch(f"/visits/{visit_id}", {"notes": "Bring the samples."}, 1)
    rep.does("visit.log", id=visit_id, notes="They liked them.", done_at=AT_EIGHT)
    assert rep.read(f"/visits/{visit_id}")["notes"] == "They liked them."
    [note] = rep.rows(f"/notes?visit_id={visit_id}")
    assert (note["text"], note["author"]) == ("Bring the samples.", "Manager")


def test_logging_the_same_twice_adds_nothing(rep: Writer, account_id: str) -> None:
    visit_id = planned(rep, account_id)
    for _ in range(2):
        rep.does("visit.log", id=visit_id, notes="Said.", done_at=AT_EIGHT)
    assert rep.rows(f"/notes?account_id={account_id}") == []


def test_a_visit_that_is_done_cannot_be_cancelled_unknowingly(rep: Writer, account_id: str) -> None:
    visit_id = planned(rep, account_id)
    rep.does("visit.log", id=visit_id, done_at=AT_EIGHT)
    [clash] = rep.clashes("visit.cancel", id=visit_id)
    assert (clash["field"], clash["base"], clash["mine"], clash["theirs"]) == ("status", "planned", "cancelled", "done")
    rep.does("visit.cancel", id=visit_id, base="done")
    assert rep.read(f"/visits/{visit_id}")["status"] == "cancelled"


def test_begin_and_end_of_a_visit_are_moved_together_or_not_at_all(
    rep: Writer, manager: Writer, account_id: str
) -> None:
    visit_id = planned(rep, account_id)
    manager.does("visit.change", id=visit_id, fields={"ends_at": AT_TEN}, base={"ends_at": AT_NINE})
    moved = {"starts_at": wire(NOW + timedelta(hours=5)), "ends_at": wire(NOW + timedelta(hours=6)), "place": "Gate 3"}
    clashes = rep.clashes("visit.change", id=visit_id, fields=moved, base={"starts_at": AT_EIGHT, "ends_at": AT_NINE})
    assert {clash["field"] for clash in clashes} == {"starts_at", "ends_at"}
    visit = rep.read(f"/visits/{visit_id}")
    assert (visit["starts_at"], visit["ends_at"], visit["place"]) == (AT_EIGHT, AT_TEN, "Gate 3")


def test_somebody_who_was_deleted_meanwhile_keeps_nobody_from_changing_a_visit(
    rep: Writer, account_id: str, office: Office
) -> None:
    anna, bo, eva = (office.person(account_id, name) for name in ("Anna", "Bo", "Eva"))
    visit_id = planned(rep, account_id, attendee_ids=[anna, bo])
    assert rep.api.delete(f"/people/{anna}").status_code == 204
    attendees = {"fields": {"attendee_ids": [anna, bo, eva]}, "base": {"attendee_ids": [anna, bo]}}
    rep.does("visit.change", id=visit_id, **attendees)
    assert rep.read(f"/visits/{visit_id}")["attendee_ids"] == [bo, eva]
    assert rep.api.delete(f"/people/{bo}").status_code == 204
    rep.does("visit.log", id=visit_id, attendee_ids=[bo, eva], done_at=AT_EIGHT)
    assert rep.read(f"/visits/{visit_id}")["attendee_ids"] == [eva]


def test_a_note_is_kept_as_it_was_written(rep: Writer, account_id: str) -> None:
    visit_id, note_id = planned(rep, account_id), new_id()
    args = {"account_id": account_id, "visit_id": visit_id, "text": "Ask for Eva.", "written_at": AT_EIGHT}
    with held_clock(1):
        rep.does("note.add", id=note_id, **args)
        rep.does("note.add", id=note_id, **args)
    note = rep.read(f"/notes/{note_id}")
    assert {name: note[name] for name in args} == args and note["author"] == "Rep" and note["row_version"] == 1
    assert rep.api.patch(f"/notes/{note_id}", {"text": "Other."}, 1).status_code == 405


def test_what_was_written_is_dated_by_the_phones_best_knowledge_and_never_after_it_came(
    rep: Writer, account_id: str
) -> None:
    earlier, ahead = new_id(), new_id()
    with clock.fixed(NOW):
        written_at = wire(NOW - timedelta(hours=1))
        rep.does("note.add", id=earlier, account_id=account_id, text="a", written_at=written_at, skew_ms=86_400_000)
        rep.does("note.add", id=ahead, account_id=account_id, text="b", written_at=wire(NOW + timedelta(hours=1)))
    assert rep.read(f"/notes/{earlier}")["written_at"] == written_at
    assert rep.read(f"/notes/{ahead}")["written_at"] == AT_EIGHT


def test_a_visit_to_another_account_cannot_be_named(rep: Writer, account_id: str, office: Office) -> None:
    visit_id = planned(rep, office.account("Other"))
    problem = rep.refused(
        "note.add", id=new_id(), account_id=account_id, visit_id=visit_id, text="x", written_at=AT_EIGHT
    )
    assert problem["errors"][0]["pointer"].endswith("/visit_id")


def test_an_id_that_names_another_row_is_refused(rep: Writer, account_id: str, office: Office, sign_in: Any) -> None:
    note_id = office.note(office.account("Not mine", of=None))
    problem = rep.refused("note.add", id=note_id, account_id=account_id, text="x", written_at=AT_EIGHT)
    assert problem["type"].endswith("/id-taken")
    assert sign_in("admin@north").get(f"/notes/{note_id}").json["text"] == "Wants two more pumps"


# --- promises and goals --------------------------------------------------------------------------------------------


def promised(rep: Writer, account_id: str, **more: Any) -> str:
    """A promise that the rep made on the phone."""
    promise_id = new_id()
    given = {"text": "Send the report", "made_on": "2026-11-21", "due_on": "2026-11-27", **more}
    rep.does("promise.make", id=promise_id, account_id=account_id, **given)
    return promise_id


def test_a_promise_is_made_and_kept(rep: Writer, account_id: str, office: Office, directory: Any) -> None:
    person_id = office.person(account_id)
    promise_id = promised(rep, account_id, person_id=person_id)
    promise = rep.read(f"/promises/{promise_id}")
    assert (promise["user_id"], promise["person_id"]) == (directory.users["rep@north"], person_id)
    assert (promise["status"], promise["due_on"]) == ("open", "2026-11-27")
    rep.does("promise.keep", id=promise_id, kept_on="2026-11-24")
    rep.does("promise.keep", id=promise_id, kept_on="2026-11-25")
    promise = rep.read(f"/promises/{promise_id}")
    assert (promise["status"], promise["kept_on"]) == ("kept", "2026-11-24")


def test_kept_against_broken_is_a_clash_that_can_be_settled(rep: Writer, manager: Writer, account_id: str) -> None:
    promise_id = promised(rep, account_id)
    manager.does("promise.break", id=promise_id)
    [clash] = rep.clashes("promise.keep", id=promise_id, kept_on="2026-11-24")
    assert (clash["entity"], clash["row_id"], clash["field"]) == ("promise", promise_id, "status")
    assert (clash["base"], clash["mine"], clash["theirs"]) == ("open", "kept", "broken")
    assert clash["by"]["name"] == "Manager" and clash["at"]
    assert rep.read(f"/promises/{promise_id}")["kept_on"] is None
    rep.does("promise.keep", id=promise_id, kept_on="2026-11-24", base="broken")
    assert rep.read(f"/promises/{promise_id}")["status"] == "kept"
    rep.does("promise.break", id=promise_id, base="kept")
    promise = rep.read(f"/promises/{promise_id}")
    assert (promise["status"], promise["kept_on"]) == ("broken", None)


def test_a_goal_is_set_and_changed(rep: Writer, account_id: str) -> None:
    goal_id = new_id()
    rep.does("goal.set", id=goal_id, account_id=account_id, title="No standstill", due_on="2027-05-01")
    change = {"target": "0 hours", "status": "reached", "due_on": None}
    rep.does("goal.change", id=goal_id, fields=change, base={"due_on": "2027-05-01", "status": "open"})
    goal = rep.read(f"/goals/{goal_id}")
    assert {name: goal[name] for name in change} == change and goal["title"] == "No standstill"


def test_promises_and_goals_name_people_and_visits_of_their_own_account(
    rep: Writer, account_id: str, office: Office
) -> None:
    other = office.account("Ekvik Dairy")
    there = {"person_id": office.person(other), "visit_id": planned(rep, other)}
    here = {"person_id": office.person(account_id), "visit_id": planned(rep, account_id)}
    promise = {"account_id": account_id, "text": "Send it", "made_on": "2026-11-21", "due_on": "2026-11-27"}
    goal = {"account_id": account_id, "title": "No standstill"}
    for name, path, given, fields in (
        ("promise.make", "/promises", promise, ("person_id", "visit_id")),
        ("goal.set", "/goals", goal, ("person_id",)),
    ):
        for field in fields:
            elsewhere = {**given, field: there[field]}
            refused = rep.refused(name, id=new_id(), **elsewhere)
            assert [error["pointer"] for error in refused["errors"]] == [f"/{field}"]
            answer = rep.api.post(path, elsewhere)
            assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/{field}")
            row = rep.api.post(path, {**given, field: here[field]}).json
            assert rep.api.patch(f"{path}/{row['id']}", {field: there[field]}, 1).status_code == 422
            batch = {"rows": [{**elsewhere, "external_ids": {"crm": field}}]}
            assert rep.api.post(f"{path}/batch", batch).json["results"][0]["status"] == "rejected"
        assert len(rep.api.get(path).json["data"]) == len(fields)


def test_what_was_promised_to_somebody_who_moved_to_another_account_can_still_be_kept(
    rep: Writer, account_id: str, office: Office
) -> None:
    person_id = office.person(account_id)
    promise_id = promised(rep, account_id, person_id=person_id)
    office.change(Person, person_id, account_id=office.account("Ekvik Dairy"))
    rep.does("promise.keep", id=promise_id, kept_on="2026-11-24")


# --- accounts and people -------------------------------------------------------------------------------------------


def test_two_people_change_different_fields_of_an_account(rep: Writer, manager: Writer, account_id: str) -> None:
    base = {"phone": None, "website": None, "address": None, "aliases": []}
    theirs = {"website": "https://norrvik.example", "address": {"city": "Umeå"}, "aliases": ["NP"]}
    manager.does("account.change", id=account_id, fields=theirs, base=base)
    mine = {"phone": "+46 90 1", "address": {"street": "Hamngatan 1"}, "aliases": ["Norrvik"]}
    rep.does("account.change", id=account_id, fields=mine, base=base)
    account = rep.read(f"/accounts/{account_id}")
    assert (account["phone"], account["website"]) == ("+46 90 1", "https://norrvik.example")
    assert account["address"] == {"city": "Umeå", "street": "Hamngatan 1"}
    assert account["aliases"] == ["NP", "Norrvik"]


def test_a_true_clash_names_both_sides_who_and_when_and_the_rest_is_written(
    rep: Writer, manager: Writer, account_id: str, directory: Any
) -> None:
    base = {"phone": None, "employees": None, "address": {"city": "Umea"}}
    manager.does("account.change", id=account_id, fields={"address": {"city": "Umea"}}, base={})
    with clock.fixed(NOW):
        manager.does("account.change", id=account_id, fields={"phone": "1", "address": {"city": "Umeå"}}, base=base)
    mine = {"phone": "2", "employees": 40, "address": {"city": "Luleå", "region": "North"}}
    clashes = {clash["field"]: clash for clash in rep.clashes("account.change", id=account_id, fields=mine, base=base)}
    assert clashes.keys() == {"phone", "address.city"}
    assert clashes["phone"] == {
        "entity": "account", "row_id": account_id, "field": "phone", "base": None, "mine": "2", "theirs": "1",
        "by": {"id": directory.users["manager@north"], "name": "Manager"}, "at": AT_EIGHT,
    }  # fmt: skip
    assert (clashes["address.city"]["mine"], clashes["address.city"]["theirs"]) == ("Luleå", "Umeå")
    account = rep.read(f"/accounts/{account_id}")
    assert (account["phone"], account["employees"]) == ("1", 40)
    assert account["address"] == {"city": "Umeå", "region": "North"}
    rep.does("account.change", id=account_id, fields={"phone": "2"}, base={"phone": "1"})
    assert rep.read(f"/accounts/{account_id}")["phone"] == "2"


@pytest.mark.parametrize("nonsense", [7, "x", ["y"], {"z": 1}, [[]], True])
def test_a_base_that_makes_no_sense_is_another_base(rep: Writer, account_id: str, nonsense: Any) -> None:
    names = ("name", "phone", "aliases", "address", "employees")
    fields = {"name": "N", "phone": "1", "aliases": ["A"], "address": {"city": "C"}, "employees": 3}
    rep.does("account.change", id=account_id, fields=fields, base={"name": "Norrvik Paper"})
    mine = {"name": "M", "phone": "2", "aliases": ["B"], "address": {"city": "D"}, "employees": 4}
    clashes = rep.clashes("account.change", id=account_id, fields=mine, base=dict.fromkeys(names, nonsense))
    assert {clash["field"] for clash in clashes} >= {"name", "phone", "employees"}
    account = rep.read(f"/accounts/{account_id}")
    assert (account["name"], account["phone"], account["employees"]) == ("N", "1", 3)
    assert set(account["aliases"]) == {"A", "B"}
    visit_id = planned(rep, account_id)
    rep.does("visit.change", id=visit_id, fields={"attendee_ids": []}, base={"attendee_ids": nonsense})


def test_a_change_by_an_import_is_nobodys(rep: Writer, account_id: str, sign_in: Any) -> None:
    rep.does("account.change", id=account_id, fields={"phone": "0"}, base={"phone": None})
    rows = [{"id": account_id, "external_ids": {"crm": "1"}, "phone": "1"}]
    assert sign_in("admin@north").post("/accounts/batch", {"rows": rows}).json["results"][0]["status"] == "changed"
    [clash] = rep.clashes("account.change", id=account_id, fields={"phone": "2"}, base={"phone": "0"})
    assert "by" not in clash and clash["theirs"] == "1" and clash["at"]


def test_the_same_change_by_two_is_applied(rep: Writer, manager: Writer, account_id: str) -> None:
    for one in (rep, manager):
        one.does("account.change", id=account_id, fields={"phone": "1"}, base={"phone": None})
    assert rep.read(f"/accounts/{account_id}")["phone"] == "1"


def test_a_person_is_added_and_changed(rep: Writer, manager: Writer, account_id: str) -> None:
    person_id = new_id()
    rep.does("person.add", id=person_id, account_id=account_id, name="Eva Lind", role="technical", mobile="1")
    manager.does("person.change", id=person_id, fields={"title": "CTO"}, base={"title": None})
    fields = {"preferred_channel": "email", "preferred_times": "after 4 pm", "left_on": "2026-12-31"}
    [clash] = rep.clashes("person.change", id=person_id, fields={**fields, "title": "Chief"}, base={"title": None})
    person = rep.read(f"/people/{person_id}")
    assert {name: person[name] for name in fields} == fields
    assert (person["title"], clash["theirs"], clash["by"]["name"]) == ("CTO", "CTO", "Manager")


def test_records_of_consent_are_added_and_the_last_counts(rep: Writer, account_id: str, office: Office) -> None:
    person_id = office.person(account_id)
    args = {"person_id": person_id, "channel": "phone", "source": "On the phone"}
    record_id = new_id()
    with clock.fixed(NOW):
        for _ in range(2):
            ahead = wire(NOW + timedelta(days=1))
            rep.does("consent.record", id=record_id, status="granted", recorded_at=ahead, skew_ms=-86_400_000, **args)
    with clock.fixed(NOW + timedelta(hours=1)):
        rep.does("consent.record", id=new_id(), status="withdrawn", recorded_at=AT_NINE, **args)
    records = rep.read(f"/people/{person_id}")["consent"]
    assert [(r["status"], r["recorded_at"]) for r in records] == [("granted", AT_EIGHT), ("withdrawn", AT_NINE)]
    assert records[0]["id"] == record_id


# --- threads -------------------------------------------------------------------------------------------------------


def test_a_message_mentions_colleagues_and_carries_what_is_on_the_briefing(
    rep: Writer, manager: Writer, account_id: str, directory: Any
) -> None:
    photo_id, message_id = new_id(), new_id()
    rep.does("attachment.add", id=photo_id, account_id=account_id, name="pump.jpg", media_type="image/jpeg", size=10,
             sha256="a" * 64)  # fmt: skip
    line = {"kind": "promise.due", "facts": {"text": "Report", "due": {"date": "2026-11-27"}, "days": 6}}
    attached = [{"kind": "line", "line": line, "label": "Report is due"}, {"kind": "attachment", "id": photo_id}]
    mentions = [directory.users["manager@north"], directory.users["admin@north"]]
    rep.does("message.post", id=message_id, account_id=account_id, text="Look at this", mentions=mentions,
             attached=attached, written_at=AT_EIGHT)  # fmt: skip
    message = manager.read(f"/messages/{message_id}")
    assert (message["text"], message["author"], message["mentions"]) == ("Look at this", "Rep", mentions)
    assert message["attached"] == attached


@pytest.mark.parametrize("whom", ["rep2@north", "system@north", "rep@south"])
def test_only_people_who_see_the_account_can_be_mentioned(
    rep: Writer, account_id: str, directory: Any, whom: str
) -> None:
    args = {"id": new_id(), "account_id": account_id, "text": "Hi", "written_at": AT_EIGHT}
    mentions = [directory.users["manager@north"], directory.users[whom]]
    problem = rep.refused("message.post", mentions=mentions, **args)
    [error] = problem["errors"]
    who = "Somebody unknown" if whom.endswith("south") else whom.partition("@")[0].title()
    assert error["pointer"].endswith("/mentions/1") and error["detail"].startswith(f"{who} does not see")
    assert rep.rows("/messages") == []


def test_somebody_who_left_cannot_be_mentioned(rep: Writer, account_id: str, directory: Any, sign_in: Any) -> None:
    manager_id = directory.users["manager@north"]
    admin = sign_in("admin@north")
    version = admin.get(f"/users/{manager_id}").json["row_version"]
    assert admin.patch(f"/users/{manager_id}", {"active": False}, version).status_code == 200
    args = {"id": new_id(), "account_id": account_id, "text": "Hi", "written_at": AT_EIGHT}
    assert "errors" in rep.refused("message.post", mentions=[manager_id], **args)


def test_an_attachment_of_another_account_cannot_be_attached(rep: Writer, account_id: str, office: Office) -> None:
    photo_id = office.attachment(office.account("Other"))
    args = {"id": new_id(), "account_id": account_id, "text": "Hi", "written_at": AT_EIGHT}
    problem = rep.refused("message.post", attached=[{"kind": "attachment", "id": photo_id}], **args)
    assert problem["errors"][0]["pointer"].endswith("/attached/0/id")


@pytest.mark.parametrize(
    "attached",
    [
        {"kind": "line"},
        {"kind": "attachment", "label": "x"},
        {"kind": "line", "label": "x", "line": {"kind": "nonsense", "facts": {}}},
        {"kind": "line", "label": "x", "line": {"kind": "promise.due", "facts": {"a": {"date": "2026-02-30"}}}},
        {"kind": "line", "label": "x", "line": {"kind": "promise.due", "facts": {"a": {"html": "<b>"}}}},
        {"kind": "line", "label": "x", "line": {"kind": "promise.due", "facts": {"A-b": 1}}},
    ],
)
def test_what_is_no_line_cannot_be_attached(rep: Writer, account_id: str, attached: Any) -> None:
    args = {"id": new_id(), "account_id": account_id, "text": "Hi", "written_at": AT_EIGHT}
    assert rep.refused("message.post", attached=[attached], **args)["type"].endswith("/invalid")


# --- who may -------------------------------------------------------------------------------------------------------


def test_only_the_writer_takes_a_note_or_a_message_away(
    rep: Writer, manager: Writer, account_id: str, sign_in: Any
) -> None:
    note_id, message_id = new_id(), new_id()
    rep.does("note.add", id=note_id, account_id=account_id, text="x", written_at=AT_EIGHT)
    rep.does("message.post", id=message_id, account_id=account_id, text="x", written_at=AT_EIGHT)
    for path in (f"/notes/{note_id}", f"/messages/{message_id}"):
        assert manager.api.delete(path).status_code == 403
        assert sign_in("admin@north").delete(path).status_code == 403
        assert sign_in("rep2@north").delete(path).status_code == 404
        assert rep.api.delete(path).status_code == 204


def test_nobody_writes_in_anothers_name_but_integrations(
    manager: Writer, account_id: str, directory: Any, sign_in: Any
) -> None:
    rep_id = directory.users["rep@north"]
    body = {"account_id": account_id, "text": "x", "user_id": rep_id, "written_at": AT_EIGHT}
    assert manager.api.post("/notes", body).status_code == 403
    brought = sign_in("system@north").post("/notes", body)
    assert (brought.status_code, brought.json["author"]) == (201, "Rep")
    mine = manager.api.post("/messages", {"account_id": account_id, "text": "x"})
    assert (mine.status_code, mine.json["author"]) == (201, "Manager")


def test_accounts_of_others_take_nothing(rep: Writer, office: Office) -> None:
    other = office.account("Other", of=None)
    for name, args in (
        ("note.add", {"account_id": other, "text": "x", "written_at": AT_EIGHT}),
        ("account.change", {"id": other, "fields": {"name": "x"}, "base": {}}),
        ("person.add", {"account_id": other, "name": "x"}),
    ):
        assert rep.write(name, **{"id": new_id(), **args})["result"] == "rejected"
    assert rep.api.get(f"/notes?account_id={other}").json["data"] == []


def test_a_colleagues_visit_is_theirs_to_move(rep: Writer, account_id: str, office: Office, directory: Any) -> None:
    visit_id = office.visit(account_id, 1, by=directory.users["rep2@north"])
    problem = rep.refused("visit.change", id=visit_id, fields={"place": "x"}, base={"place": None})
    assert problem["type"].endswith("/forbidden")


def test_what_a_colleague_says_about_a_visit_that_is_done_becomes_a_note(
    rep: Writer, account_id: str, office: Office, directory: Any, sign_in: Any
) -> None:
    office.assign(account_id, directory.users["rep2@north"])
    colleague, anna = Writer(sign_in("rep2@north")), office.person(account_id)
    visit_id, later = planned(rep, account_id), new_id()
    rep.does("visit.log", id=visit_id, notes="Short talk.", done_at=AT_EIGHT)
    colleague.does(
        "visit.log", mutation_id=later, id=visit_id, notes="And the gate.", attendee_ids=[anna], done_at=AT_NINE
    )
    assert (rep.read(f"/notes/{later}")["author"], rep.read(f"/visits/{visit_id}")["attendee_ids"]) == ("Rep2", [])


# --- at the same time ----------------------------------------------------------------------------------------------


def test_two_phones_that_send_at_once_lose_nothing(app: Any, rep: Writer, manager: Writer, account_id: str) -> None:
    fields = {"phone": ("+46 90 1", rep), "website": ("https://norrvik.example", manager)}
    for turn in range(10):
        start = Barrier(len(fields))

        def change(name: str, value: str, writer: Writer, start: Barrier = start, turn: int = turn) -> Any:
            base = f"{value} {turn - 1}" if turn else None
            start.wait()
            return writer.write("account.change", id=account_id, fields={name: f"{value} {turn}"}, base={name: base})[
                "result"
            ]

        with ThreadPoolExecutor() as pool:
            done = [pool.submit(change, name, value, writer) for name, (value, writer) in fields.items()]
            assert [one.result() for one in done] == ["applied", "applied"]
    account = rep.read(f"/accounts/{account_id}")
    assert (account["phone"], account["website"]) == ("+46 90 1 9", "https://norrvik.example 9")


def test_consent_that_two_phones_record_at_once_is_all_there(
    rep: Writer, manager: Writer, account_id: str, office: Office
) -> None:
    person_id = office.person(account_id)

    def record(writer: Writer, channel: str) -> None:
        args = {"channel": channel, "status": "granted", "source": "Asked", "recorded_at": AT_EIGHT}
        writer.does("consent.record", id=new_id(), person_id=person_id, **args)

    with ThreadPoolExecutor() as pool:
        for _ in range(5):
            done = [pool.submit(record, rep, "phone"), pool.submit(record, manager, "visit")]
            for one in done:
                one.result()
    assert len(rep.read(f"/people/{person_id}")["consent"]) == 10
