"""Drafts: what a rep entered for an account that left the territory is a manager's to decide about, and is never lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.tables import AuditEntry
from app.identity.tables import TerritoryAssignment, User
from app.sync import drafts
from app.sync.tables import Draft
from app.visits.tables import Note, Visit
from tests.support.phones import Directory
from tests.support.pulling import TODAY, Office, held_clock
from tests.support.pushing import Sender, words


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The organisation whose rep holds the phone."""
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def phone(sign_in: Any, office: Office) -> Sender:
    """The rep's phone."""
    return Sender(sign_in("rep@north"))


@pytest.fixture
def manager(sign_in: Any, phone: Sender) -> Sender:
    """The phone of the rep's manager."""
    return Sender(sign_in("manager@north"))


@pytest.fixture
def lost(office: Office, directory: Directory) -> str:
    """An account that left the rep's territory yesterday; the manager looks after it now."""
    account = office.account(of=None)
    office.assign(account, ends_on=TODAY - timedelta(days=1))
    office.assign(account, directory.users["manager@north"])
    return account


def only(database: Database, model: Any) -> Any:
    """The one row there is."""
    with database.read() as session:
        return session.scalars(sa.select(model)).one()


def drafts_of(phone: Sender) -> list[dict[str, Any]]:
    """What the phone's user may decide about."""
    answer = phone.api.get("/drafts")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def test_a_manager_sees_the_draft_accepts_it_and_it_stands_in_the_authors_name(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    note = phone.note(lost, made_at="2026-11-20T08:00:00Z")
    draft_id = phone.push(note)[0]["draft"]
    manager.pull()
    shown = {
        "id": draft_id, "account_id": lost, "account": "Norrvik Paper", "user_id": office.rep_id, "author": "Rep",
        "name": "note.add", "args": note["args"], "made_at": "2026-11-20T08:00:00Z", "reason": "territory-lost",
    }  # fmt: skip
    assert manager.rows["draft"] == {draft_id: {**shown, "state": "open"}}
    assert drafts_of(manager) == [{**shown, "status": "open", "decided_by": None, "decided_at": None}]
    answer = manager.api.post(f"/drafts/{draft_id}/accept")
    assert answer.status_code == 200 and answer.json["draft"]["status"] == "accepted"
    assert answer.json["draft"]["decided_by"] == manager.api.user["id"] and answer.json["conflicts"] == []
    written = only(office.database, Note)
    assert (written.user_id, written.author, written.text) == (office.rep_id, "Rep", note["args"]["text"])
    manager.pull()
    assert not manager.ids("draft") and drafts_of(manager) == []
    with office.database.read() as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "note")).one()
    assert entry.user_id == manager.api.user["id"]
    assert (entry.details["author"], entry.details["draft"]) == (office.rep_id, draft_id)


def test_a_manager_decides_by_a_mutation_too_also_offline(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    kept = [answer["draft"] for answer in phone.push(phone.note(lost, "keep"), phone.note(lost, "drop"))]
    decisions = [
        manager.make("draft.decide", {"id": draft_id, "decision": decision})
        for draft_id, decision in zip(kept, ("accept", "dismiss"), strict=True)
    ]
    assert manager.outcomes(*decisions) == ["applied", "applied"]
    assert manager.outcomes(*decisions) == ["duplicate", "duplicate"]
    assert only(office.database, Note).text == "keep"
    statuses = {
        status: manager.api.get(f"/drafts?status={status}").json["data"] for status in ("accepted", "dismissed")
    }
    assert {status: [d["id"] for d in found] for status, found in statuses.items()} == {
        "accepted": [kept[0]], "dismissed": [kept[1]],
    }  # fmt: skip


def test_what_a_draft_was_made_on_top_of_is_accepted_first(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    visit = phone.visit(lost)
    log = phone.log(visit)
    cancel = phone.make("visit.cancel", {"id": visit["args"]["id"]}, log)
    answers = phone.push(visit, log, cancel)
    assert words(answers) == ["rejected:territory-lost", "rejected:parent-rejected", "rejected:parent-rejected"]
    assert len(drafts_of(manager)) == 3
    assert manager.api.post(f"/drafts/{answers[1]['draft']}/accept").status_code == 200
    made = only(office.database, Visit)
    assert (made.status, made.outcome, made.user_id) == ("done", "Ordered two", office.rep_id)
    assert [draft["id"] for draft in drafts_of(manager)] == [answers[2]["draft"]]


def test_nobody_floods_their_managers_list(
    phone: Sender, manager: Sender, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_OPEN", 2)
    answers = phone.push(*(phone.visit(lost) for _ in range(3)))
    assert words(answers) == ["rejected:territory-lost"] * 3
    assert [bool(answer.get("draft")) for answer in answers] == [True, True, False]
    manager.api.post(f"/drafts/{answers[0]['draft']}/dismiss")
    assert phone.push(phone.visit(lost))[0]["draft"]


def test_a_child_that_arrives_after_its_parent_was_accepted_is_a_draft_of_its_own(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    visit = phone.visit(lost)
    manager.api.post(f"/drafts/{phone.push(visit)[0]['draft']}/accept")
    answer = phone.push(phone.log(visit))[0]
    assert words([answer]) == ["rejected:territory-lost"]
    assert manager.api.post(f"/drafts/{answer['draft']}/accept").status_code == 200
    assert only(office.database, Visit).status == "done"


def test_mutations_that_depend_on_each_other_in_a_ring_are_decided_all_the_same(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    one, two = phone.note(lost), phone.note(lost)
    one["depends_on"], two["depends_on"] = [two["id"], one["id"]], [one["id"]]
    answers = phone.push(one, two)
    assert manager.api.post(f"/drafts/{answers[0]['draft']}/accept").status_code == 200
    assert manager.api.post(f"/drafts/{answers[1]['draft']}/accept").status_code == 200
    with office.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Note)) == 2


def test_a_draft_that_cannot_be_applied_stays_undecided(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    person = office.person(lost)
    change = phone.make("person.change", {"id": person, "fields": {"title": "Head"}, "base": {}})
    draft_id = phone.push(change)[0]["draft"]
    office.delete(type_of("Person"), person)
    refused = manager.api.post(f"/drafts/{draft_id}/accept")
    assert refused.status_code == 404 and [draft["id"] for draft in drafts_of(manager)] == [draft_id]
    decide = manager.make("draft.decide", {"id": draft_id, "decision": "accept"})
    assert manager.outcomes(decide) == ["rejected:not-found"]
    assert manager.api.post(f"/drafts/{draft_id}/dismiss").json["draft"]["status"] == "dismissed"


def type_of(name: str) -> Any:
    """A table of the customers."""
    from app.customers import tables

    return getattr(tables, name)


def test_fields_that_others_changed_meanwhile_are_told_to_whoever_accepts(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    manager.api.patch(f"/accounts/{lost}", {"phone": "2"}, 1)
    fields = {"id": lost, "fields": {"phone": "3", "industry": "Paper"}, "base": {"phone": None, "industry": None}}
    draft_id = phone.push(phone.make("account.change", fields))[0]["draft"]
    answer = manager.push(manager.make("draft.decide", {"id": draft_id, "decision": "accept"}))[0]
    assert answer["result"] == "conflict"
    assert [(c["field"], c["mine"], c["theirs"]) for c in answer["conflicts"]] == [("phone", "3", "2")]
    assert manager.api.get(f"/accounts/{lost}").json["industry"] == "Paper"


def test_nobody_else_sees_or_decides_a_draft_and_administrators_do(
    phone: Sender, sign_in: Any, office: Office, directory: Directory
) -> None:
    account = office.account(of=None)
    office.assign(account, ends_on=TODAY - timedelta(days=1))
    draft_id = phone.push(phone.note(account))[0]["draft"]
    others = [phone, *(Sender(sign_in(name)) for name in ("rep2@north", "manager@south", "admin@south"))]
    for other in others:
        assert drafts_of(other) == []
        other.pull()
        assert other.ids("draft") == ({draft_id} if other is phone else set())
        assert other.api.post(f"/drafts/{draft_id}/accept").status_code == 404
        decide = other.make("draft.decide", {"id": draft_id, "decision": "dismiss"})
        answer = other.push({**decide, "seq": 2 if other is phone else 1})[0]
        assert words([answer]) == ["rejected:not-found"]
    assert sign_in("system@north").get("/drafts").status_code in (401, 403)
    admin = Sender(sign_in("admin@north"))
    admin.pull()
    assert admin.ids("draft") == {draft_id}
    assert admin.api.post(f"/drafts/{draft_id}/accept").status_code == 200


def test_the_authors_manager_dismisses_without_sight_of_the_account_and_accepts_only_with_it(
    phone: Sender, manager: Sender, office: Office, directory: Directory
) -> None:
    account = office.account(of=None)
    office.assign(account, ends_on=TODAY - timedelta(days=1))
    kept = [answer["draft"] for answer in phone.push(*(phone.note(account) for _ in range(2)))]
    manager.pull()
    assert manager.ids("draft") == set(kept) == {draft["id"] for draft in drafts_of(manager)}
    refused = manager.api.post(f"/drafts/{kept[0]}/accept")
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (403, "account-not-yours")
    decide = manager.make("draft.decide", {"id": kept[0], "decision": "accept"})
    assert manager.outcomes(decide) == ["rejected:account-not-yours"]
    assert manager.api.post(f"/drafts/{kept[1]}/dismiss").json["draft"]["status"] == "dismissed"
    office.assign(account, directory.users["manager@north"])
    assert manager.api.post(f"/drafts/{kept[0]}/accept").status_code == 200
    only(office.database, Note)


def test_a_manager_who_sees_the_account_decides_whoever_the_author_reports_to(
    phone: Sender, manager: Sender, office: Office, directory: Directory
) -> None:
    account = office.account(of=None)
    office.assign(account, ends_on=TODAY - timedelta(days=1))
    office.change(User, office.rep_id, manager_id=None)
    draft_id = phone.push(phone.note(account))[0]["draft"]
    manager.pull()
    assert not manager.ids("draft") and drafts_of(manager) == []
    assert manager.api.post(f"/drafts/{draft_id}/dismiss").status_code == 404
    # Somebody of the manager's team looks after it now.
    office.change(User, directory.users["rep2@north"], manager_id=directory.users["manager@north"])
    office.assign(account, directory.users["rep2@north"])
    manager.pull()
    assert manager.ids("draft") == {draft_id} == {draft["id"] for draft in drafts_of(manager)}
    assert manager.api.post(f"/drafts/{draft_id}/accept").status_code == 200
    assert only(office.database, Note).user_id == office.rep_id


def test_the_author_learns_what_became_of_a_draft_for_thirty_days(
    phone: Sender, manager: Sender, office: Office, lost: str, sign_in: Any
) -> None:
    kept = [answer["draft"] for answer in phone.push(*(phone.note(lost, text) for text in ("a", "b", "c")))]
    phone.pull()
    rows = phone.rows["draft"]
    assert [(rows[one]["state"], rows[one]["mine"], rows[one]["account"]) for one in kept] == [
        ("open", True, "Norrvik Paper")
    ] * 3
    manager.api.post(f"/drafts/{kept[0]}/accept")
    manager.api.post(f"/drafts/{kept[1]}/dismiss")
    phone.pull()
    told = [(rows[one]["state"], rows[one].get("decided_by"), rows[one].get("decided_at")) for one in kept]
    at = "2026-11-21T08:00:00Z"
    assert told == [("accepted", "Manager", at), ("dismissed", "Manager", at), ("open", None, None)]
    office.change(User, manager.api.user["id"], name="Mia Manager")
    phone.pull()
    assert phone.rows["draft"][kept[0]]["decided_by"] == "Mia Manager"
    assert not phone.ids("note") and not phone.ids("account")
    manager.pull()
    assert manager.ids("draft") == {kept[2]} and "mine" not in manager.rows["draft"][kept[2]]
    for days, held in ((29, set(kept)), (31, {kept[2]})):
        with held_clock(days):
            again = Sender(sign_in("rep@north"))
            again.pull()
            assert again.ids("draft") == held


def test_a_managers_own_draft_is_marked_as_theirs(manager: Sender, sign_in: Any, office: Office) -> None:
    account = office.account(of=None)
    office.assign(account, manager.api.user["id"], ends_on=TODAY - timedelta(days=1))
    draft_id = manager.push(manager.note(account))[0]["draft"]
    manager.pull()
    assert manager.rows["draft"][draft_id]["mine"] is True and drafts_of(manager) == []
    assert manager.api.post(f"/drafts/{draft_id}/accept").status_code == 404
    admin = Sender(sign_in("admin@north"))
    admin.pull()
    assert "mine" not in admin.rows["draft"][draft_id]


def test_of_two_who_decide_at_once_one_is_told_that_it_was_decided(
    phone: Sender, manager: Sender, sign_in: Any, office: Office, lost: str
) -> None:
    draft_id = phone.push(phone.note(lost))[0]["draft"]
    admin = Sender(sign_in("admin@north"))
    with ThreadPoolExecutor(2) as pool:
        tries = [(manager, "accept"), (admin, "dismiss")]
        answers = list(pool.map(lambda pair: pair[0].api.post(f"/drafts/{draft_id}/{pair[1]}"), tries))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert next(a for a in answers if a.status_code == 409).json["type"].endswith("/draft-decided")
    accepted = only(office.database, Draft).status == "accepted"
    with office.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Note)) == int(accepted)


def test_the_same_decision_twice_is_one(phone: Sender, manager: Sender, office: Office, lost: str) -> None:
    draft_id = phone.push(phone.note(lost))[0]["draft"]
    for _ in range(2):
        assert manager.api.post(f"/drafts/{draft_id}/accept").status_code == 200
    only(office.database, Note)


def test_a_rep_who_has_the_account_again_sends_anew_and_nothing_is_doubled(
    phone: Sender, manager: Sender, office: Office, lost: str
) -> None:
    note = phone.note(lost)
    draft_id = phone.push(note)[0]["draft"]
    stay = office.assign(lost, starts_on=TODAY)
    again = phone.make("note.add", note["args"])
    assert phone.outcomes(again) == ["applied"]
    assert manager.api.post(f"/drafts/{draft_id}/accept").status_code == 200
    only(office.database, Note)
    office.delete(TerritoryAssignment, stay)


def test_a_user_is_not_deleted_with_work_that_nobody_has_decided_about(
    phone: Sender, manager: Sender, office: Office, lost: str, sign_in: Any
) -> None:
    draft_id = phone.push(phone.note(lost))[0]["draft"]
    admin = sign_in("admin@north")
    refused = admin.delete(f"/users/{office.rep_id}")
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "in-use")
    assert [draft["id"] for draft in drafts_of(manager)] == [draft_id]
    assert manager.api.post(f"/drafts/{draft_id}/accept").status_code == 200
    assert admin.delete(f"/users/{office.rep_id}").status_code == 204


def test_drafts_are_listed_in_pages(phone: Sender, manager: Sender, lost: str) -> None:
    kept = [answer["draft"] for answer in phone.push(*(phone.note(lost, str(number)) for number in range(5)))]
    found, cursor = [], ""
    while True:
        page = manager.api.get(f"/drafts?limit=2{cursor}").json
        found += [draft["id"] for draft in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == kept


def test_an_unknown_draft_or_decision_is_refused(manager: Sender) -> None:
    assert manager.api.post(f"/drafts/{new_id()}/accept").status_code == 404
    assert manager.api.post(f"/drafts/{new_id()}/burn").status_code == 404
