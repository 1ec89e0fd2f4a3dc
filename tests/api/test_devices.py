"""Devices: their user sees them, names them, and takes the access of one away; it hears so at its next contact."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.tables import AuditEntry
from app.sync.tables import ClientGroup, ClientView
from tests.conftest import PASSWORD, make_application
from tests.support.phones import Api, Directory
from tests.support.pulling import Office
from tests.support.pushing import Sender


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    """The organisation of the rep."""
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def phone(sign_in: Any, office: Office) -> Sender:
    """The phone that gets lost."""
    return Sender(sign_in("rep@north"))


@pytest.fixture
def tablet(sign_in: Any, phone: Sender) -> Sender:
    """The rep's other device."""
    return Sender(sign_in("rep@north"))


def devices(phone: Sender) -> list[dict[str, Any]]:
    """What the phone's user sees of devices."""
    found: list[dict[str, Any]] = phone.api.get("/devices").json["data"]
    return found


def is_revoked(answer: Any) -> bool:
    """Whether the phone is told to wipe itself."""
    return bool(answer.status_code == 401 and answer.json["type"].endswith("/device-revoked"))


def test_a_user_sees_the_own_devices_and_which_one_asks(phone: Sender, tablet: Sender, sign_in: Any) -> None:
    phone.api.headers["User-Agent"] = "Phone/1"
    phone.pull()
    tablet.pull()
    Sender(sign_in("rep2@north")).pull()
    listed = {device["id"]: device for device in devices(phone)}
    assert set(listed) == {phone.group, tablet.group}
    assert [listed[one.group]["current"] for one in (phone, tablet)] == [True, False]
    assert all(device["signed_in"] for device in listed.values())
    assert listed[phone.group]["user_agent"] == "Phone/1" and listed[phone.group]["name"] is None


def test_a_device_is_given_a_name(phone: Sender, tablet: Sender, sign_in: Any) -> None:
    phone.pull()
    named = tablet.api.patch(f"/devices/{phone.group}", {"name": "Work phone"}, 1)
    assert named.status_code == 200 and named.json["name"] == "Work phone"
    assert [device["name"] for device in devices(phone)] == ["Work phone"]
    assert sign_in("rep2@north").patch(f"/devices/{phone.group}", {"name": "Mine"}, 1).status_code == 404
    assert phone.api.patch(f"/devices/{phone.group}", {"name": "x" * 101}, 1).status_code == 422


def test_a_revoked_device_is_told_to_wipe_itself_at_whatever_it_asks(
    phone: Sender, tablet: Sender, office: Office
) -> None:
    account = office.account()
    office.briefing(account)
    phone.pull()
    tablet.pull()
    assert phone.api.get(f"/accounts/{account}/briefing").status_code == 200
    assert tablet.api.delete(f"/devices/{phone.group}").status_code == 204
    for answer in (
        phone.ask(),
        phone.api.get(f"/accounts/{account}/briefing"),
        phone.send(phone.note(account)),
        phone.api.get("/session"),
        phone.api.get("/accounts"),
        phone.api.get("/devices"),
    ):
        assert is_revoked(answer), answer.text
    assert tablet.ask().status_code == 200
    assert [device["id"] for device in devices(tablet)] == [tablet.group]
    with office.database.read() as session:
        assert phone.group not in session.scalars(sa.select(ClientView.client_group_id)).all()
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "device.revoked")).one()
    assert (entry.row_id, entry.details) == (phone.group, {"sessions": 1})


def test_a_revoked_device_that_signs_in_again_must_still_wipe_itself_and_then_starts_anew(
    phone: Sender, tablet: Sender, sign_in: Any, office: Office
) -> None:
    account = office.account()
    phone.pull()
    tablet.api.delete(f"/devices/{phone.group}")
    phone.api = sign_in("rep@north")
    assert is_revoked(phone.ask()) and is_revoked(phone.send(phone.note(account)))
    anew = Sender(phone.api)
    assert anew.pull()["reset"] is True and anew.outcomes(anew.note(account)) == ["applied"]


def test_what_a_revoked_device_sends_is_not_applied_also_while_it_is_being_revoked(
    phone: Sender, tablet: Sender, office: Office
) -> None:
    account = office.account()
    phone.pull()
    note = phone.note(account)
    tablet.api.delete(f"/devices/{phone.group}")
    assert is_revoked(phone.send(note))
    tablet.pull()
    assert not tablet.ids("note")


def test_only_the_user_of_a_device_revokes_it_and_not_by_token(
    phone: Sender, tablet: Sender, sign_in: Any, directory: Directory
) -> None:
    phone.pull()
    for stranger in ("rep2@north", "manager@north", "admin@north", "rep@south"):
        assert sign_in(stranger).delete(f"/devices/{phone.group}").status_code == 404
    token = tablet.api.token("sync")
    assert token.delete(f"/devices/{phone.group}").json["type"].endswith("/session-needed")
    assert token.patch(f"/devices/{phone.group}", {"name": "Mine"}, 1).status_code == 403
    assert tablet.api.delete(f"/devices/{new_id()}").status_code == 404
    assert phone.ask().status_code == 200


def test_whoever_holds_a_phone_does_not_wipe_the_users_others(phone: Sender, tablet: Sender) -> None:
    phone.pull()
    with clock.shifted(timedelta(minutes=16)):
        assert tablet.api.delete(f"/devices/{phone.group}").json["type"].endswith("/sign-in-again")
        assert phone.ask().status_code == 200


def test_a_revoked_session_is_no_open_session_and_outlasts_the_ending_of_all(
    phone: Sender, tablet: Sender, sign_in: Any
) -> None:
    phone.pull()
    tablet.api.delete(f"/devices/{phone.group}")
    assert [one["current"] for one in tablet.api.get("/sessions").json["data"]] == [True]
    assert tablet.api.delete("/sessions").json == {"sessions": 0}
    for _ in range(21):
        sign_in("rep@north")
    assert is_revoked(phone.ask())


def test_a_phone_that_signed_out_is_no_device_any_more(phone: Sender, tablet: Sender, office: Office) -> None:
    phone.pull()
    tablet.pull()
    assert phone.api.delete("/session").status_code == 204
    assert [device["id"] for device in devices(tablet)] == [tablet.group]
    with office.database.read() as session:
        assert session.scalars(sa.select(ClientGroup.id)).all() == [tablet.group]


def test_a_device_whose_session_ended_is_still_listed_for_it_holds_data(
    phone: Sender, tablet: Sender, office: Office
) -> None:
    phone.pull()
    assert tablet.api.delete("/sessions").json == {"sessions": 1}
    assert [(device["id"], device["signed_in"]) for device in devices(tablet)] == [(phone.group, False)]
    assert tablet.api.delete(f"/devices/{phone.group}").status_code == 204
    assert phone.ask().json["type"].endswith("/unauthenticated")


def test_the_phone_is_told_how_long_it_opens_without_contact(database: Database, office: Office) -> None:
    app = make_application(database, offline_lease_days=3)
    phone = Sender(Api.signed_in(app, "rep@north.example", PASSWORD))
    assert phone.api.get("/session").json["offline_lease_days"] == 3
    phone.pull()
    assert phone.rows["me"][office.rep_id]["offline_lease_days"] == 3
    longer = Sender(phone.api, phone.group, phone.cookie, phone.rows)
    longer.api = Api.signed_in(make_application(database, offline_lease_days=7), "rep@north.example", PASSWORD)
    assert [row["offline_lease_days"] for row in longer.pull()["puts"]["me"]] == [7]
