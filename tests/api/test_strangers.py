"""The stranger walk: all routes of the OpenAPI document, with credentials that may see none of what is asked for.

Real ids of an organisation are put into every path parameter, query filter, reference of a body and row of a batch. A
stranger finds nothing, and afterwards the organisation's rows are what they were, byte for byte. A new route is walked as
soon as it is in the document; one that no row is made for fails the test.
"""

from datetime import timedelta
from typing import Any

import pytest

from app.attachments.tables import Attachment, Chunk
from app.foundation import clock, outbox
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.identity import service
from app.identity.tables import User
from app.quotes.tables import Quote
from tests.conftest import PASSWORD
from tests.support import walk
from tests.support.calendars import Rep, calendar, event
from tests.support.phones import Api
from tests.support.push_service import Browser
from tests.support.selling import content, sell
from tests.support.writing import Writer

GROUP = "0193d5a0-0000-7000-8000-000000000001"


class Walked:
    """Two organisations with a row of everything, and a second territory in the first."""

    def __init__(self, app: Any, database: Database, directory: Any) -> None:
        self.app, self.database, self.directory = app, database, directory
        self.document = walk.document_of(app)
        self.owner = Api.signed_in(app, "admin@north.example", PASSWORD)
        self.rows = walk.World("secret")
        walk.settle(self.owner, self.document, self.rows)
        with database.write() as session:
            session.get_one(User, self.rows.ids["user"]).password_hash = service.hash_password(PASSWORD)
        self._complete(self.rows.ids["attachment"])
        outbox.drain(database)
        self._settle_what_is_no_resource()

    def _settle_what_is_no_resource(self) -> None:
        phone = Api.signed_in(self.app, "secret-user@walk.example", PASSWORD)
        pulled = phone.post("/sync/pull", {"client_group": GROUP, "cookie": None, "schema": 2})
        assert pulled.status_code == 200, pulled.text
        elsewhere = self.owner.post("/accounts", {"name": "secret-elsewhere"}).json["id"]
        late = Writer(phone, GROUP).write(
            "note.add", id=new_id(), account_id=elsewhere, text="secret-draft", written_at="2026-03-02T08:00:00Z"
        )
        token = phone.post("/tokens", {"name": "secret-token", "scopes": ["accounts:read"]})
        mine = phone.get("/sessions").json["data"][0]["id"]
        self.rows.ids |= {
            "session": mine, "token": token.json["id"], "client_group": GROUP, "cookie": pulled.json["cookie"],
            "device": GROUP, "draft": late["draft"], "decision": "accept",
        }  # fmt: skip
        self._settle_quotes(self.owner)
        self._settle_notices(phone)
        self._settle_calendars(Rep(self.owner))
        self.rows.ids["job"] = walk.a_job(self.database, self.directory.orgs["north"])

    def _settle_notices(self, phone: Api) -> None:
        """The installation's key, a device that takes notices, and how its user wants to be told."""
        assert phone.get("/push/key").status_code == 200
        made = phone.post(
            "/push/devices", {**Browser("https://push.example/secret-endpoint").to_json(), "name": "secret-push"}
        )
        assert made.status_code == 201, made.text
        assert phone._send("PATCH", "/notice-preferences", {"json": {"lead_minutes": 45}}).status_code == 200
        self.rows.ids["push_device"] = made.json["id"]
        self.rows.ids["notice"] = walk.a_notice(self.database, self.rows, self.directory.orgs["north"])

    def _settle_calendars(self, owner: Rep) -> None:
        """A calendar with an event in a week's time, which may be about the account, and what was answered about it."""
        soon = clock.now() + timedelta(days=7)
        calendar_id = owner.imports(calendar(event("secret-uid", soon, summary="secret-account")))["id"]
        (shown,) = owner.events()
        answered = owner.api.post(f"/calendar-events/{shown['id']}:match", {"account_id": self.rows.ids["account"]})
        assert answered.status_code == 200, answered.text
        assert owner.api.post("/calendar-feed").status_code == 201
        self.rows.ids |= {"calendar": calendar_id, "event": shown["id"]}

    def _settle_quotes(self, owner: Api) -> None:
        """A catalogue, a quote that was sent, and a question about it."""
        ids = self.rows.ids
        ids["catalogue"] = sell(self.database, self.directory.orgs["north"])
        named = {f"{name}_id": ids[name] for name in ("account", "person", "visit")}
        body = {**named, "title": "secret-quote", "valid_until": "2199-12-31", "content": content()}
        made = owner.post("/quotes", body)
        assert made.status_code == 201, made.text
        sent = owner.post(f"/quotes/{made.json['id']}:send", {"revision": 1})
        assert sent.status_code == 200, sent.text
        asked = owner.post(f"/offers/{sent.json['link'].removeprefix('/q/')}:ask", {"text": "secret-question"})
        assert asked.status_code in (200, 201), asked.text
        ids |= {"quote": made.json["id"], "question": asked.json["id"]}
        with self.database.write() as session:
            session.get_one(Quote, ids["quote"]).user_id = ids["user"]

    def _complete(self, attachment_id: str) -> None:
        """The content of the attachment is there, as after its last piece."""
        with self.database.write() as session:
            session.add(Chunk(attachment_id=attachment_id, start=0, data=b"secret-content"))
            session.get_one(Attachment, attachment_id).complete = True

    def another_organisation(self) -> tuple[Api, walk.World]:
        """Its administrator, and a row of everything of theirs."""
        stranger = Api.signed_in(self.app, "admin@south.example", PASSWORD)
        world = walk.World("other")
        walk.settle(stranger, self.document, world)
        return stranger, world

    def another_territory(self) -> tuple[Api, walk.World]:
        """A rep of the same organisation who looks after another account, and the rows there."""
        world = walk.World("nearby")
        walk.settle(self.owner, self.document, world, only={"user": self.directory.users["rep2@north"]})
        outbox.drain(self.database)
        return Api.signed_in(self.app, "rep2@north.example", PASSWORD), world


@pytest.fixture
def walked(app: Any, database: Database, directory: Any) -> Walked:
    """Everything seeded."""
    return Walked(app, database, directory)


def found_in(answer: Any, call: walk.Call, world: walk.World, shared: frozenset[str] = frozenset()) -> list[str]:
    """What of a world's an answer says that the request did not."""
    asked = f"{call.path} {call.body}"
    kept = {entity: row_id for entity, row_id in world.ids.items() if entity not in shared}
    marks = [f"{world.mark}-{entity}" for entity in kept]
    told = answer.data.decode(errors="replace")  # a compiled model is no text
    return [text for text in (*kept.values(), *marks) if text in told and text not in asked]


def is_refused(call: walk.Call, answer: Any) -> bool:
    """Whether a request that reached for another's got nothing: an error, no rows, or every row rejected."""
    if answer.status_code in (401, 403, 404, 409, 422):
        return True
    if answer.status_code != 200:
        return False
    if "answers" in answer.json:
        return {told["result"] for told in answer.json["answers"]} == {"rejected"}
    if "data" in answer.json:
        return bool(answer.json["data"] == [])
    return "results" in answer.json and {row["status"] for row in answer.json["results"]} == {"rejected"}


def test_the_owner_finds_everything_that_strangers_are_tried_on(walked: Walked) -> None:
    for call in walk.calls(walked.document, walked.rows, walked.rows):
        if call.method != "get" or "cursor=" in call.path:
            continue
        answer = call.send(walked.owner)
        assert answer.status_code == 200, f"{call}: {answer.text}"
        if call.crosses and answer.is_json and "data" in answer.json and call.route != "/audit":
            assert answer.json["data"], f"{call}: an empty list proves nothing"


def test_every_reference_of_a_body_is_declared_and_therefore_checked(walked: Walked) -> None:
    assert walk.unchecked_references(walked.document) == []


def test_the_administrator_of_another_organisation_finds_nothing_and_changes_nothing(walked: Walked) -> None:
    stranger, world = walked.another_organisation()
    before = walk.rows_of(walked.database, walked.directory.orgs["north"])
    tried = 0
    for call in walk.calls(walked.document, world, walked.rows):
        answer = call.send(stranger)
        assert answer.status_code < 500, f"{call}: {answer.text}"
        assert found_in(answer, call, walked.rows) == [], f"{call}: {answer.text}"
        if call.crosses:
            tried += 1
            assert is_refused(call, answer), f"{call}: {answer.status_code} {answer.text}"
    assert tried > 60
    after = walk.rows_of(walked.database, walked.directory.orgs["north"])
    own = ("audit_entry", "client_view")
    assert {name: rows for name, rows in after.items() if name not in own} == {
        name: rows for name, rows in before.items() if name not in own
    }
    for name in own:
        assert before[name] <= after[name]


def test_a_rep_of_another_territory_finds_nothing_and_changes_nothing(walked: Walked) -> None:
    from app.resources.resource import all_resources

    rep, world = walked.another_territory()
    shared = frozenset(resource.entity for resource in all_resources() if resource.account_column is None)
    shared |= {"catalogue"}
    before = walk.rows_of(walked.database, walked.directory.orgs["north"])
    for call in walk.calls(walked.document, world, walked.rows, shared):
        if call.route == "/session" or (call.route, call.method) == ("/sessions", "delete"):
            continue
        answer = call.send(rep)
        assert answer.status_code < 500, f"{call}: {answer.text}"
        assert found_in(answer, call, walked.rows, shared) == [], f"{call}: {answer.text}"
        if call.crosses:
            assert is_refused(call, answer), f"{call}: {answer.status_code} {answer.text}"
    after = walk.rows_of(walked.database, walked.directory.orgs["north"])
    before["sign_in_session"] = {
        row for row in before["sign_in_session"] if rep.user["id"] not in row
    }  # tied to its phone
    for name, rows in before.items():
        assert rows <= after[name], f"{name}: {rows - after[name]}"


@pytest.mark.parametrize("who", ["nobody", "expired", "revoked", "deactivated"])
def test_without_a_valid_credential_there_is_nothing(walked: Walked, who: str) -> None:
    caller = nobody(walked, who)
    before = walk.rows_of(walked.database, walked.directory.orgs["north"])
    ahead = timedelta(days=2) if who == "expired" else timedelta()
    with clock.shifted(ahead):
        for call in walk.calls(walked.document, walked.rows, walked.rows):
            if (call.method, call.route) in walk.PUBLIC:
                continue
            answer = call.send(caller)
            assert answer.status_code == 401, f"{call}: {answer.status_code} {answer.text}"
            assert found_in(answer, call, walked.rows) == []
    assert walk.rows_of(walked.database, walked.directory.orgs["north"]) == before


def nobody(walked: Walked, who: str) -> Api:
    """A caller whose credential is none any more."""
    if who == "nobody":
        return Api(walked.app)
    rep = Api.signed_in(walked.app, "rep@north.example", PASSWORD)
    issued = rep.post("/tokens", {"name": "t", "scopes": ["accounts:read", "accounts:write"], "days": 1}).json
    caller = Api(walked.app, {"Authorization": f"Bearer {issued['secret']}"})
    assert caller.get("/accounts").status_code == 200
    if who == "revoked":
        rep.delete(f"/tokens/{issued['id']}")
    if who == "deactivated":
        path = f"/users/{rep.user['id']}"
        done = walked.owner.patch(path, {"active": False}, walked.owner.get(path).json["row_version"])
        assert done.status_code == 200
    return caller
