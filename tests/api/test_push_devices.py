"""Devices that take notices: subscribed, renewed, tried, removed; every way in which a push service may answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import outbox
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.identity.rates import make_limiter
from app.push import jobs
from app.push.keys import base64url, vapid_keys
from app.push.sending import Office
from app.push.tables import PushDevice, VapidKey
from app.push.web_push import Sender
from tests.conftest import PASSWORD, make_application
from tests.support.phones import Api, Directory
from tests.support.push_service import Browser, PushService
from tests.support.pushing import Sender as Phone

KEYS, DEVICES = table_of(VapidKey), table_of(PushDevice)
PATIENCE = Limits(connect_timeout=5, read_timeout=5, deadline=6, max_bytes=16_384)


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


_application: list[Any] = []


@pytest.fixture
def rep(database: Database, directory: Directory, service: PushService) -> Api:
    """A rep's browser, at an application that may reach push services on this machine."""
    if not _application:
        _application.append(make_application(database, outbound_allow="127.0.0.1"))
    app = _application[0]
    app.extensions.update({"doorstep.database": database, "doorstep.rates": make_limiter("memory://")})
    client = OutboundClient("Doorstep/test", AddressPolicy.parse([service.host]), PATIENCE)
    jobs.register(Office(Sender(client, "mailto:it@north.example"), "https://sales.example"))
    return Api.signed_in(app, "rep@north.example", PASSWORD)


def subscribed(rep: Api, browser: Browser, **more: Any) -> dict[str, Any]:
    answer = rep.post("/push/devices", {**browser.to_json(), **more})
    assert answer.status_code == 201, answer.text
    device: dict[str, Any] = answer.json
    return device


def tried(rep: Api, database: Database, device: dict[str, Any]) -> dict[str, Any] | None:
    """The device after a test message; None when it is gone."""
    assert rep.post(f"/push/devices/{device['id']}:test").status_code == 202
    outbox.drain(database)
    found = [one for one in rep.get("/push/devices").json["data"] if one["id"] == device["id"]]
    return found[0] if found else None


def test_the_key_is_made_once_and_stays(rep: Api, database: Database) -> None:
    first = rep.get("/push/key").json["public_key"]
    assert len(first) == 87 and rep.get("/push/key").json["public_key"] == first
    assert vapid_keys(database).public == first
    assert vapid_keys(database).private not in repr(vapid_keys(database))


def test_of_many_that_start_at_once_all_get_the_same_key(database: Database) -> None:
    found: list[str] = []
    start = threading.Barrier(6)

    def begin() -> None:
        start.wait()
        found.append(vapid_keys(database).public)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(KEYS)) == 1


def test_a_test_message_arrives_signed_and_encrypted(rep: Api, database: Database, service: PushService) -> None:
    browser = service.subscribe(key=rep.get("/push/key").json["public_key"])
    device = subscribed(rep, browser, name="Work phone")
    assert (device["name"], device["service"], device["problem"]) == ("Work phone", "127.0.0.1", None)
    after = tried(rep, database, device)
    assert service.faults == [] and after is not None and after["last_sent_at"] is not None
    (message,) = browser.delivered
    assert message.document["web_push"] == 8030 and message.shown["data"]["kind"] == "test"
    assert (message.urgency, message.ttl) == ("high", 600)


def test_a_browser_that_subscribes_again_is_the_same_device_with_its_new_keys(rep: Api, service: PushService) -> None:
    browser = service.subscribe()
    device = subscribed(rep, browser, name="Phone")
    renewed = Browser(browser.endpoint)
    answer = rep.post("/push/devices", renewed.to_json())
    assert answer.status_code == 200 and answer.json["id"] == device["id"]
    assert len(rep.get("/push/devices").json["data"]) == 1


def test_a_subscription_is_renewed_and_named(rep: Api, database: Database, service: PushService) -> None:
    device = subscribed(rep, service.subscribe())
    renewed = service.subscribe()
    path = f"/push/devices/{device['id']}"
    answer = rep._send("PATCH", path, {"json": {**renewed.to_json(), "name": "Tablet"}})
    assert answer.status_code == 200 and answer.json["name"] == "Tablet"
    tried(rep, database, device)
    assert len(renewed.delivered) == 1
    assert rep.delete(path).status_code == 204 and rep.get("/push/devices").json["data"] == []
    assert rep.delete(path).status_code == 404


def test_the_devices_of_others_are_not_there(rep: Api, service: PushService) -> None:
    device = subscribed(rep, service.subscribe())
    other = Api.signed_in(rep.client.application, "rep2@north.example", PASSWORD)
    path = f"/push/devices/{device['id']}"
    assert other.get("/push/devices").json["data"] == []
    assert other.delete(path).status_code == 404 and other.post(f"{path}:test").status_code == 404
    assert other._send("PATCH", path, {"json": {"name": "Mine"}}).status_code == 404


def test_a_phone_that_is_handed_on_takes_notices_for_its_new_user_only(rep: Api, service: PushService) -> None:
    browser = service.subscribe()
    subscribed(rep, browser)
    other = Api.signed_in(rep.client.application, "rep2@north.example", PASSWORD)
    assert other.post("/push/devices", browser.to_json()).status_code == 201
    assert rep.get("/push/devices").json["data"] == []
    assert len(other.get("/push/devices").json["data"]) == 1


def test_a_phone_whose_user_signs_out_takes_no_more_notices(rep: Api, service: PushService, database: Database) -> None:
    unknown = rep.post("/push/devices", {**service.subscribe().to_json(), "client_group_id": new_id()})
    assert unknown.status_code == 409 and unknown.json["type"].endswith("/client-group-unknown")
    phone, browser = Phone(rep), service.subscribe()
    phone.pull()
    device = subscribed(rep, browser, client_group_id=phone.group)
    assert device["client_group_id"] == phone.group
    assert rep.delete("/session").status_code == 204
    with database.read() as session:
        assert session.scalars(sa.select(DEVICES.c.id)).all() == []


@pytest.mark.parametrize("how", ["ended from another browser", "password changed", "by an administrator"])
def test_a_phone_whose_session_was_ended_elsewhere_is_shown_as_signed_out(
    rep: Api, service: PushService, how: str
) -> None:
    phone = Phone(rep)
    phone.pull()
    device = subscribed(rep, service.subscribe(), client_group_id=phone.group)
    assert device["problem"] is None
    desk = Api.signed_in(rep.client.application, "rep@north.example", PASSWORD)
    if how == "ended from another browser":
        assert desk.delete("/sessions").status_code == 200
    elif how == "password changed":
        wanted = {"current_password": PASSWORD, "password": "a rather long new one 17"}
        changed = desk._send("PUT", "/session/password", {"json": wanted})
        assert changed.status_code == 200, changed.text
        desk = Api.signed_in(rep.client.application, "rep@north.example", wanted["password"])
    else:
        admin = Api.signed_in(rep.client.application, "admin@north.example", PASSWORD)
        me = desk.get("/session").json["user"]["id"]
        assert admin.delete(f"/users/{me}/sessions").status_code == 200
        desk = Api.signed_in(rep.client.application, "rep@north.example", PASSWORD)
    (shown,) = desk.get("/push/devices").json["data"]
    assert shown["id"] == device["id"] and shown["problem"]["type"] == "/docs/problems/push-device-signed-out"
    back = Phone(desk)
    back.group = phone.group
    back.pull()
    assert desk.get("/push/devices").json["data"][0]["problem"] is None


def test_an_eleventh_device_takes_the_place_of_the_oldest(rep: Api, service: PushService) -> None:
    first = subscribed(rep, service.subscribe())
    for _ in range(10):
        subscribed(rep, service.subscribe())
    ids = [device["id"] for device in rep.get("/push/devices").json["data"]]
    assert len(ids) == 10 and first["id"] not in ids


# -- what cannot be used -----------------------------------------------------------------------------------------------


def off_the_curve() -> str:
    return base64url(b"\x04" + b"\x01" * 64)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"endpoint": "http://push.example/s/1"}, "/endpoint"),
        ({"endpoint": "https://10.0.0.7/s/1"}, "/endpoint"),
        ({"endpoint": "https://[::1]/s/1"}, "/endpoint"),
        ({"endpoint": "https://169.254.169.254/latest"}, "/endpoint"),
        ({"endpoint": "https://intranet/s/1"}, "/endpoint"),
        ({"endpoint": "ftp://push.example/"}, "/endpoint"),
        ({"endpoint": "https://user:secret@push.example/"}, "/endpoint"),
        ({"endpoint": "https://push.example/a b"}, "/endpoint"),
        ({"p256dh": off_the_curve()}, "/keys/p256dh"),
        ({"p256dh": "AAAA"}, "/keys/p256dh"),
        ({"auth": base64url(b"x" * 12)}, "/keys/auth"),
        ({"auth": "%%%"}, "/keys/auth"),
    ],
)
def test_a_subscription_that_cannot_be_used_is_refused_with_its_fault(
    rep: Api, service: PushService, change: dict[str, str], pointer: str
) -> None:
    body = service.subscribe().to_json()
    body["keys"] |= {name: value for name, value in change.items() if name != "endpoint"}
    answer = rep.post("/push/devices", {**body, "endpoint": change.get("endpoint", body["endpoint"])})
    assert answer.status_code == 422 and answer.json["type"].endswith("/push-subscription-unusable")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_name_that_leads_into_the_private_network_is_found_when_a_message_is_sent(
    rep: Api, database: Database, service: PushService
) -> None:
    body = service.subscribe().to_json() | {"endpoint": "https://push.test.example/s/1"}
    device = rep.post("/push/devices", body).json
    client = OutboundClient(
        "Doorstep/test", AddressPolicy(), PATIENCE, resolver=lambda _host, _port: [(2, ("192.168.1.4", 443))]
    )
    jobs.register(Office(Sender(client, "mailto:it@north.example"), ""))
    after = tried(rep, database, device)
    assert after is not None and after["problem"]["type"].endswith("/address-forbidden")


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (429, "push-service-busy"),
        (503, "push-service-busy"),
        (413, "push-too-large"),
        (401, "push-key-refused"),
        (403, "push-key-refused"),
        (400, "push-refused"),
        (301, "push-refused"),
    ],
)
def test_what_a_push_service_refuses_is_kept_with_the_device(
    rep: Api, database: Database, service: PushService, status: int, problem: str
) -> None:
    browser = service.subscribe()
    browser.always = (status, {"Location": "http://10.0.0.1/"})
    after = tried(rep, database, subscribed(rep, browser))
    assert after is not None and after["problem"]["type"] == f"/docs/problems/{problem}"
    browser.always = None
    good = tried(rep, database, after)
    assert good is not None and good["problem"] is None


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_ended_is_removed(rep: Api, database: Database, service: PushService, status: int) -> None:
    browser = service.subscribe()
    browser.answer_once(status)
    assert tried(rep, database, subscribed(rep, browser)) is None


def test_a_push_service_that_hangs_is_left_alone_for_a_while(
    rep: Api, database: Database, service: PushService
) -> None:
    browser, neighbour = service.subscribe(), service.subscribe()
    browser.hangs = True
    after = tried(rep, database, subscribed(rep, browser))
    assert after is not None and after["problem"]["type"] in (
        "/docs/problems/read-timeout",
        "/docs/problems/deadline-exceeded",
    )
    kept_back = tried(rep, database, subscribed(rep, neighbour))
    assert kept_back is not None and kept_back["problem"]["type"].endswith("/push-service-hangs")
    assert neighbour.requests == 0


def test_a_browser_that_subscribed_with_another_key_is_a_named_problem(
    rep: Api, database: Database, service: PushService
) -> None:
    browser = service.subscribe(key="another")
    after = tried(rep, database, subscribed(rep, browser))
    assert after is not None and after["problem"]["type"].endswith("/push-key-refused")
    assert service.faults == ["VAPID: not the key that the browser subscribed with"]


# -- preferences -------------------------------------------------------------------------------------------------------


def test_preferences_have_defaults_and_change_one_by_one(rep: Api) -> None:
    before = rep.get("/notice-preferences").json
    assert before == {
        "lead_minutes": 60, "evening_before": True, "evening_at": "18:00", "quiet_from": "21:00", "quiet_to": "07:00",
        "working_days": [1, 2, 3, 4, 5], "only_if_new": False, "kinds": None, "email": True,
        "time_zone": "Europe/Stockholm",
    }  # fmt: skip
    changed = rep._send("PATCH", "/notice-preferences", {"json": {"lead_minutes": 90, "kinds": ["news", "service"]}})
    assert changed.status_code == 200
    again = rep._send("PATCH", "/notice-preferences", {"json": {"working_days": [6, 1, 6]}})
    assert again.json == {**before, "lead_minutes": 90, "kinds": ["service", "news"], "working_days": [1, 6]}
    assert rep.get("/notice-preferences").json == again.json


@pytest.mark.parametrize(
    "body",
    [{"lead_minutes": 4}, {"lead_minutes": 721}, {"evening_at": "24:00"}, {"quiet_from": "9:00"}, {"working_days": []},
     {"working_days": [0]}, {"kinds": ["weather"]}, {"time_zone": "UTC"}],
)  # fmt: skip
def test_preferences_that_make_no_sense_are_refused(rep: Api, body: dict[str, Any]) -> None:
    assert rep._send("PATCH", "/notice-preferences", {"json": body}).status_code == 422
