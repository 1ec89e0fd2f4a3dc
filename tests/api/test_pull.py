"""The pull: a phone ends up with exactly what its user may hold, whatever happened in between and on the way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.briefing.tables import StoredBriefing
from app.customers.tables import Account, Person
from app.foundation.db import Database
from app.identity.tables import TerritoryAssignment, User
from app.products.tables import Product
from app.sync import groups, service
from app.sync.tables import ClientGroup, ClientView
from app.tickets.tables import Ticket
from tests.support.phones import Directory
from tests.support.pulling import TODAY, Office, Phone, held_clock


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The organisation whose rep holds the phone."""
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def phone(sign_in: Any, office: Office) -> Phone:
    """The rep's phone, before its first pull."""
    return Phone(sign_in("rep@north"))


def test_the_first_pull_brings_everything_of_the_territory(phone: Phone, office: Office, directory: Directory) -> None:
    account = office.account(aliases=["Norrvik"], address={"city": "Gävle"}, employees=120, notes="Ring first")
    made = {
        "me": office.rep_id,
        "account": account,
        "person": office.person(account),
        "visit": office.visit(account, 1),
        "briefing": office.briefing(account),
        "subscription": office.subscription(account, office.product()),
        "ticket": office.ticket(account),
        "promise": office.promise(account),
        "goal": office.goal(account),
        "note": office.note(account),
        "message": office.message(account, mentions=[directory.users["manager@north"]]),
        "attachment": office.attachment(account),
        "colleague": directory.users["manager@north"],
    }
    answer = phone.pull()
    assert answer["reset"] is True and answer["as_of"] == "2026-11-21T08:00:00Z"
    assert {row_type: phone.ids(row_type) for row_type in phone.rows} == {t: {row_id} for t, row_id in made.items()}
    assert phone.rows["account"][account] == {
        "id": account, "name": "Norrvik Paper", "status": "customer", "time_zone": "Europe/Stockholm",
        "aliases": ["Norrvik"], "address": {"city": "Gävle"}, "employees": 120, "notes": "Ring first",
    }  # fmt: skip
    assert phone.rows["subscription"][made["subscription"]]["product"] == "Watch Plus"
    assert phone.rows["me"][office.rep_id]["org"] == {"id": office.org_id, "name": "North"}
    assert phone.rows["me"][office.rep_id]["offline_lease_days"] == 14
    assert phone.rows["colleague"][made["colleague"]] == {
        "id": made["colleague"], "name": "Manager", "role": "manager",
    }  # fmt: skip
    assert phone.rows["message"][made["message"]] == {
        "id": made["message"], "account_id": account, "user_id": office.rep_id, "author": "Rep",
        "text": "Who knows Eva?", "mentions": [made["colleague"]], "written_at": "2026-11-21T08:00:00Z",
    }  # fmt: skip
    assert phone.rows["attachment"][made["attachment"]]["complete"] is False
    assert phone.rows["visit"][made["visit"]]["user_id"] == office.rep_id


def test_nothing_new_is_said_in_a_hundred_bytes_and_writes_nothing(phone: Phone, office: Office) -> None:
    office.account()
    phone.pull()
    before = _views(office.database)
    again = phone.ask()
    assert again.json == {"cookie": phone.cookie, "as_of": "2026-11-21T08:00:00Z"}
    assert len(again.data) <= 100
    assert _views(office.database) == before


def test_a_changed_row_is_put_and_nothing_else_is_sent(phone: Phone, office: Office) -> None:
    account, other = office.account(), office.account("Bergvik")
    phone.pull()
    office.change(Account, other, name="Bergvik Board")
    answer = phone.pull()
    assert "reset" not in answer and "dels" not in answer
    assert {t: [row["id"] for row in rows] for t, rows in answer["puts"].items()} == {"account": [other]}
    assert phone.rows["account"][other]["name"] == "Bergvik Board" and account in phone.rows["account"]


def test_a_deleted_row_is_gone_with_all_that_hung_on_it(phone: Phone, office: Office) -> None:
    account = office.account()
    person = office.person(account)
    phone.pull()
    office.delete(Account, account)
    answer = phone.pull()
    assert answer["dels"] == {"account": [account], "person": [person]} and "puts" not in answer


def test_an_account_that_leaves_the_territory_is_gone_from_the_phone_at_the_next_pull(
    phone: Phone, office: Office
) -> None:
    account = office.account(of=None)
    stay = office.assign(account)
    rows = [office.person(account), office.briefing(account), office.ticket(account), office.visit(account, 1)]
    phone.pull()
    office.change(TerritoryAssignment, stay, ends_on=TODAY - timedelta(days=1))
    office.change(Account, account, name="Secret of the successor")
    office.person(account, name="Unknown to the predecessor")
    response = phone.ask()
    assert "Secret" not in response.text and "Unknown" not in response.text
    phone.pull()
    assert not any(phone.ids(t) for t in ("account", "person", "briefing", "ticket", "visit")), rows
    assert phone.ids("me") == {office.rep_id}


def test_territory_begins_and_ends_by_the_calendar_without_a_write(phone: Phone, office: Office) -> None:
    soon, ending = office.account("Soon", of=None), office.account("Ending", of=None)
    office.assign(soon, starts_on=TODAY + timedelta(days=2))
    office.assign(ending, ends_on=TODAY + timedelta(days=1))
    phone.pull()
    assert phone.ids("account") == {ending}
    with held_clock(1):
        phone.pull()
        assert phone.ids("account") == {ending}
    with held_clock(2):
        phone.pull()
        assert phone.ids("account") == {soon}


def test_an_account_assigned_twice_comes_once(phone: Phone, office: Office) -> None:
    account = office.account()
    office.assign(account, starts_on=TODAY)
    assert [row["id"] for row in phone.pull()["puts"]["account"]] == [account]


def test_a_manager_holds_the_accounts_of_the_team(sign_in: Any, office: Office, directory: Directory) -> None:
    of_report, of_stranger = office.account("Of the rep"), office.account(of=directory.users["rep2@north"])
    managers = Phone(sign_in("manager@north"))
    managers.pull()
    assert managers.ids("account") == {of_report} and of_stranger not in managers.ids("account")


def test_an_administrator_holds_the_organisation_but_no_other(
    sign_in: Any, office: Office, directory: Directory
) -> None:
    ours = office.account(of=None)
    south = Office(office.database, directory.orgs["south"], directory.users["rep@south"])
    south.account("Southern")
    admins = Phone(sign_in("admin@north"))
    admins.pull()
    assert admins.ids("account") == {ours} and admins.ids("me") == {directory.users["admin@north"]}


def test_more_accounts_than_a_phone_carries_are_refused_clearly(
    sign_in: Any, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sync.permission.MAX_ACCOUNTS", 2)
    for number in range(3):
        office.account(str(number))
    for user in ("admin@north", "rep@north"):
        refused = Phone(sign_in(user)).ask()
        assert refused.status_code == 409 and refused.json["type"].endswith("/territory-too-large")


# --- which visits, tickets and briefings ------------------------------------------------------------------------------


def test_visits_move_through_the_window_as_days_pass(phone: Phone, office: Office) -> None:
    account = office.account()
    past, soon, later = (office.visit(account, days) for days in (-29, 365, 367))
    phone.pull()
    assert phone.ids("visit") == {past, soon}
    with held_clock(2):
        answer = phone.pull()
    assert answer["dels"] == {"visit": [past]} and phone.ids("visit") == {soon, later}


def test_the_last_visit_done_is_kept_however_old_and_whoever_made_it(
    phone: Phone, office: Office, directory: Directory
) -> None:
    account = office.account()
    colleague = directory.users["rep2@north"]
    office.visit(account, -300, status="done")
    last = office.visit(account, -200, status="done", by=colleague)
    office.visit(account, -100, status="cancelled", by=colleague)
    phone.pull()
    assert phone.ids("visit") == {last}


def test_plans_of_colleagues_are_sent_for_the_coming_month_and_not_their_briefings(
    phone: Phone, office: Office, directory: Directory
) -> None:
    account, colleague = office.account(), directory.users["rep2@north"]
    soon, later = office.visit(account, 0.9, by=colleague), office.visit(account, 31, by=colleague)
    this_morning = office.visit(account, -0.2, by=colleague)
    office.visit(account, -2, by=colleague)
    office.visit(account, 1, by=colleague, status="cancelled")
    office.visit(office.account("Ekvik Dairy", of=colleague), 1, by=colleague)
    office.briefing(account, soon)
    phone.pull()
    assert phone.ids("visit") == {soon, this_morning} and not phone.ids("briefing")
    assert phone.rows["visit"][soon]["user_id"] == colleague
    with held_clock(2):
        phone.pull()
        assert phone.ids("visit") == {later}


def test_own_visits_to_accounts_of_others_are_not_sent(phone: Phone, office: Office, directory: Directory) -> None:
    office.visit(office.account(of=directory.users["rep2@north"]), 1)
    phone.pull()
    assert not phone.ids("visit")


def test_a_visit_has_its_briefing_from_a_week_before(phone: Phone, office: Office) -> None:
    account = office.account()
    general = office.briefing(account)
    special = office.briefing(account, office.visit(account, 8))
    phone.pull()
    assert phone.ids("briefing") == {general}
    with held_clock(2):
        phone.pull()
        assert phone.ids("briefing") == {general, special}


def test_a_briefing_composed_anew_replaces_the_old_one(phone: Phone, office: Office) -> None:
    account = office.account()
    briefing = office.briefing(account)
    phone.pull()
    body = office.briefing_body(briefing, account, None, "second")
    office.change(StoredBriefing, briefing, body=body, row_version=2)
    phone.pull()
    assert phone.rows["briefing"][briefing]["cards"][0]["text"] == "second"


def test_notes_stay_a_year_and_talk_and_photos_ninety_days(phone: Phone, office: Office) -> None:
    account = office.account()
    kept = office.note(account, -365), office.message(account, -90), office.attachment(account, -90)
    for old in (office.note, office.message, office.attachment):
        old(account, -366)
    phone.pull()
    assert (phone.ids("note"), phone.ids("message"), phone.ids("attachment")) == ({kept[0]}, {kept[1]}, {kept[2]})


def test_colleagues_are_those_who_share_an_account_today_the_manager_and_the_team(
    phone: Phone, sign_in: Any, office: Office, directory: Directory
) -> None:
    account = office.account()
    users = directory.users
    phone.pull()
    assert phone.ids("colleague") == {users["manager@north"]}
    office.assign(account, users["rep2@north"], ends_on=TODAY)
    phone.pull()
    assert phone.ids("colleague") == {users["manager@north"], users["rep2@north"]}
    with held_clock(1):
        phone.pull()
    assert phone.ids("colleague") == {users["manager@north"]}
    office.change(User, users["rep2@north"], manager_id=users["manager@north"])
    phone.pull()
    assert phone.ids("colleague") == {users["manager@north"], users["rep2@north"]}
    office.change(User, users["rep2@north"], active=False)
    phone.pull()
    assert phone.ids("colleague") == {users["manager@north"]}
    managers, admins = Phone(sign_in("manager@north")), Phone(sign_in("admin@north"))
    managers.pull()
    admins.pull()
    assert managers.ids("colleague") == {office.rep_id}
    assert admins.ids("colleague") == {office.rep_id, users["manager@north"]}


def test_solved_tickets_stay_thirty_days(phone: Phone, office: Office) -> None:
    account = office.account()
    opened = office.ticket(account)
    lately = office.ticket(account, status="solved", solved_days_ago=29)
    office.ticket(account, status="closed", solved_days_ago=31)
    phone.pull()
    assert phone.ids("ticket") == {opened, lately}
    with held_clock(2):
        assert phone.pull()["dels"] == {"ticket": [lately]}
        office.change(Ticket, opened, status="closed")
        assert phone.pull()["dels"] == {"ticket": [opened]}


# --- what a row shows of other rows -----------------------------------------------------------------------------------


def test_a_product_that_is_renamed_is_renamed_on_the_phone(phone: Phone, office: Office) -> None:
    product = office.product("Watch")
    subscription = office.subscription(office.account(), product)
    phone.pull()
    office.change(Product, product, name="Watch Plus")
    phone.pull()
    assert phone.rows["subscription"][subscription]["product"] == "Watch Plus"


def test_a_reference_that_the_database_clears_is_cleared_on_the_phone(phone: Phone, office: Office) -> None:
    account = office.account()
    person = office.person(account)
    promise, goal = office.promise(account, person_id=person), office.goal(account, person_id=person)
    phone.pull()
    office.delete(Person, person)
    phone.pull()
    assert "person_id" not in phone.rows["promise"][promise] and "person_id" not in phone.rows["goal"][goal]


def test_consent_is_sent_as_it_stands_now(phone: Phone, office: Office) -> None:
    history = [
        {"channel": "phone", "status": "withdrawn", "recorded_at": "2026-05-01T00:00:00Z", "source": "Call"},
        {"channel": "phone", "status": "granted", "recorded_at": "2025-01-01T00:00:00Z", "source": "Contract"},
        {"channel": "email", "status": "granted", "recorded_at": "2025-01-01T00:00:00Z", "source": "Contract"},
    ]
    person = office.person(office.account(), consent=history)
    phone.pull()
    assert phone.rows["person"][person]["consent"] == {"phone": "withdrawn", "email": "granted"}


def test_a_user_who_is_renamed_sees_it_on_the_phone(phone: Phone, office: Office) -> None:
    phone.pull()
    office.change(User, office.rep_id, name="Elin Falk")
    assert phone.pull()["puts"]["me"][0]["name"] == "Elin Falk"


# --- on the way -------------------------------------------------------------------------------------------------------


def test_an_answer_that_was_lost_is_given_again(phone: Phone, office: Office) -> None:
    account = office.account()
    phone.pull()
    gone = office.account("Goes")
    phone.pull()
    office.delete(Account, gone)
    added = office.account("Comes")
    lost = phone.ask().json
    again = phone.pull()
    assert again["cookie"] == lost["cookie"] and again["puts"] == lost["puts"] and again["dels"] == lost["dels"]
    assert phone.ids("account") == {account, added}
    assert "puts" not in phone.pull()


def test_more_changes_after_a_lost_answer_are_not_missed(phone: Phone, office: Office) -> None:
    account = office.account()
    phone.pull()
    office.change(Account, account, name="second")
    assert phone.ask().status_code == 200
    office.change(Account, account, name="third")
    added = office.account("Comes")
    phone.pull()
    assert phone.rows["account"][account]["name"] == "third" and added in phone.ids("account")


def test_a_change_that_is_taken_back_after_a_lost_answer_leaves_the_phone_right(phone: Phone, office: Office) -> None:
    office.account()
    phone.pull()
    brief = office.account("Comes and goes")
    assert phone.ask().json["puts"]["account"][0]["id"] == brief
    office.delete(Account, brief)
    answer = phone.pull()
    assert "puts" not in answer and brief not in phone.ids("account")


def test_an_outdated_cookie_is_answered_with_everything(phone: Phone, office: Office) -> None:
    account = office.account()
    phone.pull()
    outdated = phone.cookie
    for name in ("second", "third"):
        office.change(Account, account, name=name)
        phone.pull()
    phone.cookie, phone.rows["account"]["left-over"] = outdated, {}
    answer = phone.pull()
    assert answer["reset"] is True and phone.ids("account") == {account}


def test_a_server_restored_from_a_backup_starts_the_phone_anew(phone: Phone, office: Office) -> None:
    account = office.account()
    phone.pull()
    with office.writing() as session:
        session.execute(sa.delete(ClientGroup))
    assert phone.pull()["reset"] is True and phone.ids("account") == {account}


def test_an_upgrade_that_changes_phone_rows_sends_everything_anew(
    phone: Phone, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.account()
    phone.pull()
    monkeypatch.setattr("app.sync.views.REVISION", 99)
    assert phone.pull()["reset"] is True
    assert "reset" not in phone.pull()


def test_two_phones_of_one_user_do_not_disturb_each_other(phone: Phone, sign_in: Any, office: Office) -> None:
    office.account()
    tablet = Phone(sign_in("rep@north"))
    phone.pull()
    tablet.pull()
    added = office.account("Comes")
    for one in (phone, tablet, phone, tablet):
        one.pull()
    assert phone.rows == tablet.rows and added in phone.ids("account")


def test_only_two_views_are_kept_for_a_phone(phone: Phone, office: Office) -> None:
    account = office.account()
    for name in ("a", "b", "c", "d"):
        office.change(Account, account, name=name)
        phone.pull()
        assert phone.ask().status_code == 200
    assert len(_views(office.database)) <= 2


def test_the_phones_of_a_user_that_pulled_longest_ago_are_forgotten(
    sign_in: Any, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_GROUPS", 2)
    monkeypatch.setattr(groups, "MAX_KNOWN", 3)
    api = sign_in("rep@north")
    phones = [Phone(api) for _ in range(4)]
    for number, one in enumerate(phones):
        with held_clock(number / 24):
            one.pull()
    with office.database.read() as session:
        assert set(session.scalars(sa.select(ClientView.client_group_id))) == {phones[2].group, phones[3].group}
        # How far their queues were done is remembered longer.
        assert set(session.scalars(sa.select(ClientGroup.id))) == {phone.group for phone in phones[1:]}
    with held_clock(1):
        assert phones[0].pull()["reset"] is True and phones[1].pull()["reset"] is True


# SQLite has one writer: there, no transaction can begin earlier and commit later than another.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_commits_late_is_seen_by_the_next_pull(phone: Phone, office: Office) -> None:
    early, late = office.account("early"), office.account("late")
    phone.pull()
    with office.writing() as slow:
        slow.get_one(Account, early).name = "began first, committed last"
        slow.flush()
        office.change(Account, late, name="began last, committed first")
        phone.pull()
        assert phone.rows["account"][late]["name"] == "began last, committed first"
    phone.pull()
    assert phone.rows["account"][early]["name"] == "began first, committed last"


def test_a_pull_sees_one_moment_while_others_write(
    phone: Phone, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, person = office.account("before"), None
    real = service.fetch

    def fetch_after_a_change(*arguments: Any) -> Any:
        nonlocal person
        monkeypatch.setattr(service, "fetch", real)
        office.change(Account, account, name="after")
        person = office.person(account)
        return real(*arguments)

    monkeypatch.setattr(service, "fetch", fetch_after_a_change)
    phone.pull()
    assert phone.rows["account"][account]["name"] == "before" and not phone.ids("person")
    phone.pull()
    assert phone.rows["account"][account]["name"] == "after" and phone.ids("person") == {person}


def test_two_pulls_at_once_with_one_cookie_both_lead_to_the_truth(
    phone: Phone, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = office.account()
    phone.pull()
    office.change(Account, account, name="second")
    real = service.remember
    overtaking: list[dict[str, Any]] = []

    def remember_after_another(*arguments: Any) -> str:
        return real(*arguments)

    def answer_while_another_answers(*arguments: Any) -> Any:
        monkeypatch.setattr(service, "answer", real_answer)
        slow = real_answer(*arguments)
        office.change(Account, account, name="third")
        overtaking.append(phone.ask().json)
        return slow

    real_answer = service.answer
    monkeypatch.setattr(service, "remember", remember_after_another)
    monkeypatch.setattr(service, "answer", answer_while_another_answers)
    slow_answer = phone.ask().json
    assert slow_answer["cookie"] != overtaking[0]["cookie"]
    for applied in (slow_answer, overtaking[0]):
        other = Phone(phone.api, phone.group, phone.cookie, {t: dict(rows) for t, rows in phone.rows.items()})
        other.rows["account"].update({row["id"]: row for row in applied["puts"]["account"]})
        other.cookie = applied["cookie"]
        other.pull()
        assert other.rows["account"][account]["name"] == "third"


def _views(database: Database) -> list[tuple[str, int]]:
    with database.read() as session:
        return [(row[0], row[1]) for row in session.execute(sa.select(ClientView.client_group_id, ClientView.order))]
