"""The audit log: every write leaves an entry, nobody changes one, and none of it, nor of the logs, tells a secret."""

import ast
import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from app.attachments.tables import Attachment
from app.calendars.poller import sealed
from app.calendars.tables import Calendar
from app.foundation import clock, logs, outbox
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.tables import AuditEntry
from app.foundation.vault import Vault
from app.identity import service
from app.identity.tables import User
from app.threads.tables import Message
from app.visits.tables import Note
from tests.conftest import PASSWORD, ROOT, settings_for
from tests.support import walk
from tests.support.calendars import Rep, calendar, event
from tests.support.phones import Api
from tests.support.push_service import Browser
from tests.support.writing import Writer

ENTRIES = table_of(AuditEntry)
# A POST that asks: nothing is written but what the phone was sent, or a job for the caller's own device or calendar.
ASKS = {
    "/sync/pull",
    "/push/devices/{push_device_id}:test",
    "/notices/{notice_id}:snooze",
    "/calendars/{calendar_id}:poll",
}
# A file, not JSON: `_calendar` sends one, and its entry is looked for at the end.
FILES = {"/calendars:import"}
# Pieces of a content are no writes of their own: the content is one, when it is whole.
PIECES = {"/attachments/{row_id}/content"}
# What is done with quotes and catalogues follows on each other: test_quotes.py reads the log of a quote's whole life.
LIVES = ("/quotes", "/catalogs", "/configurations:", "/prices:")
# Mutations that change nothing: the draft is decided by then, and the queue is not the caller's.
OVER = {"draft.decide", "client_group", "client_group_id"}


def entries(database: Database) -> list[dict[str, Any]]:
    """The whole log, oldest first."""
    with database.read() as session:
        return [dict(row) for row in session.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id)).mappings()]


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the process logs, as text."""
    before = structlog.get_config()
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    logs.configure("DEBUG", "json")
    structlog.configure(cache_logger_on_first_use=False)
    monkeypatch.setattr("app.web.log", structlog.get_logger())
    monkeypatch.setattr("app.identity.access.log", structlog.get_logger())
    monkeypatch.setattr("app.foundation.outbox_running.log", structlog.get_logger())
    yield out.getvalue
    structlog.configure(**before)


def test_every_write_leaves_an_entry_and_neither_log_tells_a_secret(
    app: Any, database: Database, directory: Any, log_lines: Any
) -> None:
    document = walk.document_of(app)
    admin = Api.signed_in(app, "admin@north.example", PASSWORD)
    world = walk.World("private")
    walk.settle(admin, document, world)
    with database.write() as session:
        session.get_one(User, world.ids["user"]).password_hash = service.hash_password(PASSWORD)
        for signed in (Note, Message, Attachment):  # whoever wrote them takes them away
            session.get_one(signed, world.ids[signed.__tablename__]).user_id = admin.user["id"]
    outbox.drain(database)
    phone = Api.signed_in(app, "private-user@walk.example", PASSWORD)
    issued = phone.post("/tokens", {"name": "t", "scopes": ["accounts:read"]}).json
    token = Api(app, {"Authorization": f"Bearer {issued['secret']}"})
    assert token.get("/accounts").status_code == 200 and token.get("/users").status_code == 403
    Api.signed_in(app, "admin@north.example", PASSWORD)
    other = next(one["id"] for one in admin.get("/sessions").json["data"] if not one["current"])
    world.ids |= {"token": issued["id"], "session": other}
    world.ids |= {"client_group": "0193d5a0-0000-7000-8000-000000000001", "cookie": "none"}
    world.ids |= {"quote": new_id(), "question": new_id(), "catalogue": new_id()}
    world.ids["job"] = walk.a_job(database, directory.orgs["north"])
    world.ids |= {"device": _device(app), "draft": _draft(admin, phone), "decision": "accept"}
    world.ids |= _calendar(admin, database)
    world.ids["push_device"] = _push_device(admin)
    world.ids["notice"] = walk.a_notice(database, world, directory.orgs["north"], admin.user["id"])
    secrets = [PASSWORD, issued["secret"], admin.headers["X-CSRF-Token"], phone.headers["X-CSRF-Token"]]
    secrets += [api.client.get_cookie("__Host-session").value for api in (admin, phone)]
    with database.read() as session:
        secrets += [hashed for hashed in session.scalars(sa.select(User.password_hash)) if hashed]

    silent = [str(call) for call in _writes(document, world) if not _leaves_an_entry(admin, call, database)]
    assert silent == []

    log = entries(database)
    assert {"sign_in", "token.issued", "token.used", "create", "change", "delete", "batch", "password.refused"} <= {
        entry["action"] for entry in log
    }
    assert ("create", "calendar") in {(entry["action"], entry["entity"]) for entry in log}
    for name, text in {"audit": str(log), "lines": log_lines()}.items():
        assert text, name
        for secret in (*secrets, "wrong horse battery staple", "lighthouse marmalade", issued["secret"][4:]):
            assert secret not in text, f"{secret} in {name}"
    assert "private-" not in str(log), "values of people's data are in the audit log"
    assert "private-" not in log_lines()
    assert '"request_id"' in log_lines() and all(entry["request_id"] for entry in log if entry["via"] != "system")


def _device(app: Any) -> str:
    """A phone on which the administrator signed in."""
    group = "0193d5a0-0000-7000-8000-000000000002"
    elsewhere = Api.signed_in(app, "admin@north.example", PASSWORD)
    assert elsewhere.post("/sync/pull", {"client_group": group, "cookie": None, "schema": 2}).status_code == 200
    return group


def _push_device(admin: Api) -> str:
    """A browser that takes notices."""
    made = admin.post("/push/devices", {**Browser("https://push.example/private-1").to_json(), "name": "private-push"})
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def _calendar(admin: Api, database: Database) -> dict[str, str]:
    """A calendar of the administrator with one event, beside which its server has another."""
    rep = Rep(admin)
    held = calendar(event("private-uid", clock.now() + timedelta(days=7), summary="private-event"))
    calendar_id = rep.imports(held)["id"]
    (shown,) = rep.events()
    offered = {"choices": [{"url": "https://dav.walk.example/work/", "name": "private-work"}]}
    secret = sealed(
        Vault.from_settings(settings_for(database)), calendar_id, "https://dav.walk.example/", "private-word"
    )
    with database.write() as session:
        at_a_server = {"kind": "caldav", "url": "https://dav.walk.example/", "secret": secret, "state": offered}
        session.execute(sa.update(Calendar).where(Calendar.id == calendar_id).values(**at_a_server))
    return {"calendar": calendar_id, "event": shown["id"]}


def _draft(admin: Api, phone: Api) -> str:
    """What a rep wrote about an account that is not theirs any more."""
    account_id = admin.post("/accounts", {"name": "private-elsewhere"}).json["id"]
    args = {"account_id": account_id, "text": "private-draft", "written_at": "2026-03-02T08:00:00Z"}
    return str(Writer(phone).write("note.add", id=new_id(), **args)["draft"])


def _writes(document: walk.Document, world: walk.World) -> list[walk.Call]:
    """Every write as its owner asks for it; what hangs on another row goes before that."""
    resources = walk.ordered_resources()[::-1]
    resources.sort(key=lambda resource: resource.account_column is None)
    order = [*(f"/{resource.segment}/{{row_id}}" for resource in resources), "/sessions"]
    calls = [
        call
        for call in walk.calls(document, world, world)
        if call.method != "get"
        and call.route not in (ASKS | PIECES | FILES)
        and call.crosses not in OVER
        and not call.route.startswith(LIVES)
        and not (call.crosses or "").startswith("quote.")
        and (call.method, call.route) != ("delete", "/session")
    ]
    return sorted(
        calls, key=lambda call: order.index(call.route) + 1 if call.method == "delete" and call.route in order else 0
    )


def _leaves_an_entry(api: Api, call: walk.Call, database: Database) -> bool:
    if call.route == "/tokens" and call.method == "post":
        call = walk.Call(call.method, call.route, call.path, {"name": "t", "scopes": ["accounts:read"]})
    before = len(entries(database))
    numbered = call.method == "patch" and call.route.endswith(("{row_id}", "{calendar_id}"))
    version = api.get(call.path).json["row_version"] if numbered else 0
    answer = api.patch(call.path, call.body, version) if version else call.send(api)
    assert answer.status_code < 300 or call.route in ("/session", "/session/password"), f"{call}: {answer.text}"
    return len(entries(database)) > before


def test_signing_out_leaves_an_entry(app: Any, database: Database, directory: Any) -> None:
    rep = Api.signed_in(app, "rep@north.example", PASSWORD)
    rep.delete("/session")
    last = entries(database)[-1]
    assert last["action"] == "sign_out" and last["user_id"] == rep.user["id"] and last["address"] == "127.0.0.1"


def test_a_refused_sign_in_leaves_an_entry_without_what_was_tried(app: Any, database: Database, directory: Any) -> None:
    for email in ("rep@north.example", "nobody@elsewhere.example"):
        Api(app).post("/session", {"email": email, "password": "wrong horse battery"})
    known, unknown = entries(database)
    assert known["action"] == unknown["action"] == "sign_in.refused"
    assert known["user_id"] == directory.users["rep@north"] and known["org_id"] == directory.orgs["north"]
    assert unknown["user_id"] is None and unknown["org_id"] == directory.orgs["north"], (
        "the first organisation keeps it"
    )
    assert "nobody" not in str(unknown) and "wrong horse" not in str((known, unknown))


def test_administrators_read_the_log_of_their_organisation_page_by_page(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    for number in range(5):
        admin.post("/accounts", {"name": f"A{number}"})
    sign_in("admin@south").post("/accounts", {"name": "B"})
    seen, cursor = [], ""
    for _ in range(4):
        page = admin.get(f"/audit?limit=2{cursor}").json
        seen += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [entry["action"] for entry in seen] == ["create"] * 5 + ["sign_in"]
    assert all(entry["user_id"] == admin.user["id"] for entry in seen)
    one = seen[0]["row_id"]
    assert [entry["id"] for entry in admin.get(f"/audit?row_id={one}").json["data"]] == [seen[0]["id"]]
    assert admin.get("/audit?action=sign_in").json["data"][0]["id"] == seen[-1]["id"]


def test_no_route_writes_the_log_but_by_adding_to_it(app: Any, database: Database, directory: Any) -> None:
    document = walk.document_of(app)
    assert [method for method, route in walk.routes(document) if route.startswith("/audit")] == ["get"]
    admin = Api.signed_in(app, "admin@north.example", PASSWORD)
    world = walk.World("kept")
    walk.settle(admin, document, world)
    before = entries(database)
    for method in ("post", "put", "patch", "delete"):
        for path in ("/audit", f"/audit/{before[0]['id']}"):
            assert admin._send(method.upper(), path, {"json": {}}).status_code in (404, 405)
    for resource in reversed(walk.ordered_resources()):
        admin.delete(f"/{resource.segment}/{world.ids[resource.entity]}")
    assert entries(database)[: len(before)] == before


def test_no_code_of_ours_changes_or_deletes_an_entry() -> None:
    found = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        if "migrations" in path.parts:
            continue
        found += [f"{path}:{node.lineno}" for node in ast.walk(ast.parse(path.read_text())) if _changes_entries(node)]
    assert found == []
    assert _changes_entries(ast.parse("sa.delete(AuditEntry)").body[0].value), "the check sees what it looks for"  # type: ignore[attr-defined]


def _changes_entries(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    target = node.args[0]
    named = target.id if isinstance(target, ast.Name) else ""
    return node.func.attr in ("update", "delete", "upsert") and named in ("AuditEntry", "ENTRIES", "AUDIT")
