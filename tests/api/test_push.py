"""The push: every mutation has its effect exactly once, in order, or is answered with what is wrong with it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import changes
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.tables import AuditEntry, Job
from app.identity.tables import TerritoryAssignment
from app.sync import jobs
from app.sync.tables import ClientGroup, MutationRecord
from app.visits.tables import Note, Visit
from tests.conftest import PASSWORD
from tests.support.phones import Directory
from tests.support.pulling import TODAY, Office, held_clock
from tests.support.pushing import Sender, id_now, words


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


def count(database: Database, model: Any, *conditions: Any) -> int:
    """How many rows there are."""
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


def test_what_is_sent_is_done_in_order_and_answered_one_by_one(phone: Sender, office: Office) -> None:
    account = office.account()
    visit = phone.visit(account)
    log, note = phone.log(visit), phone.note(account, "Eva is back in May")
    answer = phone.send(visit, log, note).json
    assert answer == {
        "as_of": "2026-11-21T08:00:00Z",
        "seq": 3,
        "answers": [{"id": m["id"], "seq": m["seq"], "result": "applied"} for m in (visit, log, note)],
    }
    with office.database.read() as session:
        made = session.get_one(Visit, visit["args"]["id"])
        assert (made.status, made.outcome, made.user_id) == ("done", "Ordered two", office.rep_id)
        assert session.get_one(Note, note["args"]["id"]).text == "Eva is back in May"


def test_what_is_sent_again_is_answered_as_the_first_time_and_not_done_again(phone: Sender, office: Office) -> None:
    account = office.account()
    note, wrong = phone.note(account), phone.make("note.add", {"id": new_id()})
    first = phone.push(note, wrong)
    again = phone.push(note, wrong)
    assert words(first) == ["applied", "rejected:invalid"]
    assert [(a["result"], a["first"]) for a in again] == [("duplicate", "applied"), ("duplicate", "rejected")]
    assert again[1]["problem"] == first[1]["problem"]
    assert count(office.database, Note) == 1


def test_a_mutation_is_known_by_its_id_whatever_its_number_and_from_whichever_phone_of_the_user(
    phone: Sender, sign_in: Any, office: Office
) -> None:
    note = phone.note(office.account())
    phone.push(note)
    tablet = Sender(sign_in("rep@north"))
    assert tablet.push({**note, "seq": 1})[0]["result"] == "duplicate"
    assert phone.push({**note, "seq": 7})[0]["result"] == "duplicate"
    assert count(office.database, Note) == 1


def test_a_mutation_twice_in_one_push_is_done_once(phone: Sender, office: Office) -> None:
    note = phone.note(office.account())
    assert phone.outcomes(note, note, {**note, "seq": 2}) == ["applied", "duplicate", "duplicate"]
    assert count(office.database, Note) == 1


def test_a_number_that_is_skipped_or_used_is_not_looked_at_and_stays_in_the_queue(
    phone: Sender, office: Office
) -> None:
    account = office.account()
    one, two, three = (phone.note(account, text) for text in ("one", "two", "three"))
    answers = phone.push(one, three)
    assert words(answers) == ["applied", "rejected:sequence-gap"] and answers[1]["retry"] is True
    used = {**two, "seq": 1}
    answers = phone.push(used)
    assert words(answers) == ["rejected:sequence-used"] and answers[0]["retry"] is True
    assert phone.outcomes(two, three) == ["applied", "applied"], "what was not looked at is not remembered"
    assert count(office.database, Note) == 3


def test_a_phone_that_the_server_forgot_numbers_its_queue_anew(phone: Sender, office: Office) -> None:
    account = office.account()
    sent, fresh, later = (phone.note(account, text) for text in ("sent", "fresh", "later"))
    phone.push(sent)
    office.delete(ClientGroup, phone.group)
    answer = phone.send(fresh, later).json
    assert answer["seq"] == 0 and words(answer["answers"]) == ["rejected:sequence-gap"] * 2
    assert phone.outcomes({**fresh, "seq": 1}, {**later, "seq": 2}) == ["applied", "applied"]
    assert phone.outcomes({**sent, "seq": 3}) == ["duplicate"]
    assert count(office.database, Note) == 3


def test_a_rejection_blocks_nothing_that_is_behind_it(phone: Sender, office: Office) -> None:
    account = office.account()
    bad = phone.make("note.add", {"id": new_id(), "account_id": account, "text": 7, "written_at": "today"})
    good = phone.note(account)
    answers = phone.push(bad, good)
    assert words(answers) == ["rejected:invalid", "applied"]
    assert [error["pointer"] for error in answers[0]["problem"]["errors"]] == ["/args/text", "/args/written_at"]


def test_children_of_a_rejected_mutation_are_rejected_with_it_also_when_they_come_later(
    phone: Sender, office: Office
) -> None:
    account = office.account()
    visit = phone.visit(account)
    visit["args"]["ends_at"] = "2026-11-22T07:00:00Z"
    log, note = phone.log(visit), phone.note(account)
    assert phone.outcomes(visit, log, note) == ["rejected:invalid", "rejected:parent-rejected", "applied"]
    late = phone.log(visit)
    answer = phone.push(late)[0]
    assert words([answer]) == ["rejected:parent-rejected"]
    assert answer["problem"]["errors"][0]["pointer"] == "/depends_on/0"
    grandchild = phone.make("visit.cancel", {"id": visit["args"]["id"]}, late)
    assert phone.outcomes(grandchild) == ["rejected:parent-rejected"]
    assert count(office.database, Visit) == 0


def test_a_clash_of_fields_is_told_with_both_sides_and_the_other_fields_are_written(
    phone: Sender, sign_in: Any, office: Office
) -> None:
    account = office.account(phone="1")
    managers = sign_in("manager@north")
    managers.patch(f"/accounts/{account}", {"phone": "2"}, 1)
    fields = {"phone": "3", "industry": "Paper"}
    change = phone.make("account.change", {"id": account, "fields": fields, "base": {"phone": "1", "industry": None}})
    answer = phone.push(change)[0]
    assert answer["result"] == "conflict"
    [clash] = answer["conflicts"]
    assert clash["by"] == {"id": managers.user["id"], "name": "Manager"} and clash["at"] == "2026-11-21T08:00:00Z"
    assert [clash[name] for name in ("entity", "row_id", "field", "base", "mine", "theirs")] == [
        "account", account, "phone", "1", "3", "2",
    ]  # fmt: skip
    phone.pull()
    assert phone.rows["account"][account]["phone"] == "2" and phone.rows["account"][account]["industry"] == "Paper"
    assert phone.push(change)[0] == {**answer, "result": "duplicate", "first": "conflict"}


def test_nothing_is_left_of_a_mutation_that_fails_within(
    phone: Sender, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.visits import mutations

    account = office.account()
    real, fails = mutations.add_once, iter([True, False])

    def breaks(*args: Any) -> Any:
        outcome = real(*args)
        if next(fails):
            raise RuntimeError("after the row was written")
        return outcome

    monkeypatch.setattr(mutations, "add_once", breaks)
    answers = phone.push(phone.note(account), phone.note(account))
    assert words(answers) == ["rejected:internal-error", "applied"]
    assert "RuntimeError" not in str(answers) and "after the row" not in str(answers)
    assert count(office.database, Note) == 1
    with office.database.read() as session:
        written = session.scalars(sa.select(AuditEntry.row_id).where(AuditEntry.entity == "note")).all()
        assert written == list(session.scalars(sa.select(Note.id)))


def test_an_id_of_another_organisations_row_is_refused_and_tells_nothing(
    phone: Sender, sign_in: Any, office: Office, directory: Directory
) -> None:
    theirs = Office(office.database, directory.orgs["south"], directory.users["rep@south"])
    account = theirs.account("Secret of the south")
    taken = theirs.note(account)
    ours = office.account()
    note = phone.note(ours)
    note["args"]["id"] = taken
    elsewhere = phone.note(account)
    change = phone.make("account.change", {"id": account, "fields": {"phone": "3"}, "base": {}})
    answers = phone.push(note, elsewhere, change)
    assert words(answers)[0] == "rejected:id-taken"
    assert all(answer["result"] == "rejected" and "draft" not in answer for answer in answers)
    assert "Secret" not in str(answers)
    assert count(office.database, Note) == 1


def test_accounts_touched_by_a_push_are_told_once(phone: Sender, office: Office) -> None:
    told: list[list[str]] = []
    one, other = office.account(), office.account("Bergvik")

    def listen(_session: Any, _org: str, accounts: Any) -> None:
        told.append(sorted(accounts))

    changes.subscribe(listen)
    try:
        phone.push(*(phone.note(account) for account in (one, other, one, other)), phone.note("no account"))
    finally:
        changes._listeners.remove(listen)
    assert told == [sorted((one, other))]
    jobs_waiting = count(office.database, Job, Job.dedup_key.in_([f"briefing:{one}", f"briefing:{other}"]))
    assert jobs_waiting == 2


def test_every_write_of_a_push_and_every_rejection_is_in_the_audit_log(phone: Sender, office: Office) -> None:
    account = office.account()
    note, wrong = phone.note(account), phone.make("nobody.knows", {})
    phone.push(note, wrong)
    with office.database.read() as session:
        entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.user_id == office.rep_id)).all()
    told = {(entry.action, entry.entity, entry.row_id): entry.details for entry in entries}
    assert told["create", "note", note["args"]["id"]]["mutation"] == note["id"]
    assert told["mutation.rejected", "mutation", wrong["id"]] == {"name": "nobody.knows", "problem": "invalid"}


def test_the_clock_of_the_device_is_kept_as_a_fact_and_orders_nothing(phone: Sender, office: Office) -> None:
    account = office.account()
    ahead = phone.note(account, made_at="2026-11-22T08:00:00Z", skew_ms=-86_400_000)
    assert phone.outcomes(ahead) == ["applied"]
    with office.database.read() as session:
        record = session.scalars(sa.select(MutationRecord)).one()
        assert record.made_at is not None and record.made_at - record.at == timedelta(days=1)
        assert record.skew_ms == -86_400_000 and record.client_group_id == phone.group


def test_a_pull_says_how_far_the_queue_was_done_in_its_moment(phone: Sender, office: Office) -> None:
    account = office.account()
    assert "seq" not in phone.pull()
    phone.push(phone.note(account), phone.make("nobody.knows", {}))
    answer = phone.pull()
    assert answer["seq"] == 2 and len(answer["puts"]["note"]) == 1
    assert phone.pull()["seq"] == 2


def test_rows_that_a_push_made_reach_the_other_phone_of_the_account(
    phone: Sender, sign_in: Any, office: Office
) -> None:
    account = office.account()
    managers = Sender(sign_in("manager@north"))
    managers.pull()
    note = phone.note(account)
    phone.push(note)
    managers.pull()
    assert managers.rows["note"][note["args"]["id"]]["author"] == "Rep"


def test_what_is_planned_months_ahead_stays_on_the_phone(phone: Sender, office: Office) -> None:
    far = {"starts_at": "2027-09-01T08:00:00Z", "ends_at": "2027-09-01T09:00:00Z", "time_zone": "Europe/Stockholm"}
    visit = phone.make("visit.plan", {"id": new_id(), "account_id": office.account(), **far})
    assert phone.outcomes(visit) == ["applied"]
    phone.pull()
    assert phone.ids("visit") == {visit["args"]["id"]}


def test_records_are_forgotten_after_ninety_days_and_what_comes_then_is_not_done_twice(
    phone: Sender, office: Office
) -> None:
    account = office.account()
    note = phone.note(account)
    phone.push(note)
    for days, kept in ((89, 1), (91, 0)):
        with held_clock(days):
            jobs.forget(office.database, None)  # type: ignore[arg-type]
        assert count(office.database, MutationRecord) == kept
    with held_clock(91):
        phone.api = type(phone.api).signed_in(phone.api.client.application, "rep@north.example", PASSWORD)
        assert phone.outcomes(note) == ["rejected:too-old"]
        assert phone.push({**note, "seq": 2})[0]["first"] == "rejected"
        assert phone.outcomes({**phone.note(account), "seq": 3}) == ["applied"]
    assert count(office.database, Note) == 2


def test_a_record_is_kept_longer_when_the_clock_of_the_device_ran_ahead(phone: Sender, office: Office) -> None:
    account = office.account()
    phone.push(phone.note(account, id=id_now(ahead=timedelta(days=200))))
    with held_clock(150):
        jobs.forget(office.database, None)  # type: ignore[arg-type]
        assert count(office.database, MutationRecord) == 1


def test_a_territory_that_ended_while_the_phone_was_away_rejects_and_keeps_a_draft(
    phone: Sender, office: Office
) -> None:
    account = office.account(of=None)
    stay = office.assign(account)
    phone.pull()
    office.change(TerritoryAssignment, stay, ends_on=TODAY - timedelta(days=1))
    note, other = phone.note(account), phone.note(office.account("Bergvik"))
    answers = phone.push(note, other)
    assert words(answers) == ["rejected:territory-lost", "applied"] and answers[0]["draft"]
    assert phone.push(note)[0]["draft"] == answers[0]["draft"]
    phone.pull()
    assert account not in phone.ids("account")
    kept = phone.rows["draft"][answers[0]["draft"]]
    assert kept["mine"] and kept["state"] == "open", "the author is told that nobody has decided yet"
