"""API tokens: scoped, expiring, revocable, kept hashed, never wider than who issued them."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database, table_of
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import ApiToken, User
from app.identity.tokens import MOST_TOKENS
from tests.support.phones import Api

TOKENS = table_of(ApiToken)


def test_a_token_does_what_its_scopes_say_and_no_more(sign_in: Any) -> None:
    token: Api = sign_in("admin@north").token("accounts:read")
    assert token.get("/accounts").status_code == 200
    refused = [token.post("/accounts", {"name": "A"}), token.get("/people"), token.get("/users"), token.get("/tokens")]
    assert {answer.status_code for answer in refused} == {403}


def test_a_token_needs_no_csrf_token_and_a_cookie_beside_it_adds_nothing(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    token = admin.token("accounts:write", "accounts:read")
    assert token.post("/accounts", {"name": "A"}).status_code == 201
    cookie = admin.client.get_cookie("__Host-session").value
    token.client.set_cookie("__Host-session", cookie)
    assert token.get("/users").status_code == 403


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer dst_nothing", "dst_nothing", "Bearer Ω", "Bearer a b"]
)
def test_what_is_no_token_of_ours_is_nobody(app: Any, directory: Any, header: str) -> None:
    answer = Api(app, {"Authorization": header.encode().decode("latin-1")}).get("/accounts")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_is_kept_hashed_and_told_once(sign_in: Any, database: Database) -> None:
    admin: Api = sign_in("admin@north")
    answer = admin.post("/tokens", {"name": "CRM", "scopes": ["accounts:read"]})
    secret = answer.json["secret"]
    assert secret.startswith("dst_") and len(secret) >= 47 and answer.headers["Cache-Control"] == "no-store"
    with database.read() as session:
        assert secret not in str(session.execute(sa.select(TOKENS)).mappings().all())
    assert "secret" not in admin.get("/tokens").json["data"][0]


def test_a_token_expires(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    secret = admin.post("/tokens", {"name": "t", "scopes": ["accounts:read"], "days": 7}).json["secret"]
    token = Api(admin.client.application, {"Authorization": f"Bearer {secret}"})
    with clock.shifted(timedelta(days=6, hours=23)):
        assert token.get("/accounts").status_code == 200
    with clock.shifted(timedelta(days=7, seconds=1)):
        assert token.get("/accounts").status_code == 401


def test_a_revoked_token_is_worthless_at_once(sign_in: Any) -> None:
    admin: Api = sign_in("admin@north")
    token = admin.token("accounts:read")
    token_id = admin.get("/tokens").json["data"][0]["id"]
    assert token.get("/accounts").status_code == 200
    assert admin.delete(f"/tokens/{token_id}").status_code == 204
    assert token.get("/accounts").status_code == 401
    assert admin.delete(f"/tokens/{token_id}").status_code == 204, "revoking again is harmless"


def test_an_administrator_sees_and_revokes_all_tokens_of_the_organisation_and_no_other(sign_in: Any) -> None:
    admin, rep, stranger = sign_in("admin@north"), sign_in("rep@north"), sign_in("admin@south")
    token = rep.token("accounts:read")
    listed = admin.get("/organisation/tokens").json["data"]
    assert [one["user_id"] for one in listed] == [rep.user["id"]]
    path = f"/tokens/{listed[0]['id']}"
    assert stranger.get("/organisation/tokens").json["data"] == []
    assert stranger.delete(path).status_code == sign_in("rep2@north").delete(path).status_code == 404
    assert rep.get("/organisation/tokens").status_code == 403
    assert token.get("/accounts").status_code == 200
    assert admin.delete(path).status_code == 204 and token.get("/accounts").status_code == 401


def test_a_token_has_no_scope_that_its_user_lost(sign_in: Any, directory: Any, database: Database) -> None:
    admin: Api = sign_in("admin@north")
    token = sign_in("manager@north").token("territories:read")
    assert token.get("/territories").status_code == 200
    path = f"/users/{directory.users['manager@north']}"
    assert admin.patch(path, {"role": "rep"}, admin.get(path).json["row_version"]).status_code == 200
    assert token.get("/territories").status_code == 403


def test_no_scope_beyond_the_role_can_be_asked_for(sign_in: Any) -> None:
    rep: Api = sign_in("rep@north")
    for scope in ("users:write", "tickets:write", "audit:read", "everything"):
        answer = rep.post("/tokens", {"name": "t", "scopes": [scope]})
        assert answer.status_code == 422, scope
    assert rep.get("/tokens").json["data"] == []


def test_no_token_makes_a_token(sign_in: Any) -> None:
    everything = sign_in("admin@north").token(*sorted(SCOPES_OF_ROLE["administrator"]))  # type: ignore[index]
    answer = everything.post("/tokens", {"name": "longer", "scopes": ["accounts:read"], "days": 400})
    assert answer.status_code == 403 and answer.json["type"].endswith("session-needed")


def test_a_token_takes_a_recent_sign_in(sign_in: Any) -> None:
    rep: Api = sign_in("rep@north")
    with clock.shifted(timedelta(minutes=16)):
        answer = rep.post("/tokens", {"name": "t", "scopes": ["accounts:read"]})
    assert answer.status_code == 403 and answer.json["type"].endswith("sign-in-again")


def test_an_administrator_issues_for_integrations_of_their_own_and_for_nobody_else(
    sign_in: Any, directory: Any
) -> None:
    admin: Api = sign_in("admin@north")
    body = {"name": "CRM", "scopes": ["accounts:read"]}
    issued = admin.post("/tokens", {**body, "user_id": directory.users["system@north"]})
    assert issued.status_code == 201 and issued.json["user_id"] == directory.users["system@north"]
    token = Api(admin.client.application, {"Authorization": f"Bearer {issued.json['secret']}"})
    assert token.get("/session").json["user"]["role"] == "integration"
    for other in ("rep@north", "system@south", "admin@south"):
        assert admin.post("/tokens", {**body, "user_id": directory.users[other]}).status_code == 422
    for scope in ("users:write", "audit:read", "tokens"):
        wide = {"name": "CRM", "scopes": [scope], "user_id": directory.users["system@north"]}
        assert admin.post("/tokens", wide).status_code == 422, "an integration has no such scope"
    rep: Api = sign_in("rep@north")
    assert rep.post("/tokens", {**body, "user_id": directory.users["system@north"]}).status_code == 422


def test_a_user_has_not_any_number_of_tokens(sign_in: Any, database: Database, directory: Any) -> None:
    rep: Api = sign_in("rep@north")
    now = clock.now()
    with database.write() as session:
        session.execute(
            sa.insert(TOKENS),
            [
                {"org_id": directory.orgs["north"], "user_id": rep.user["id"], "name": "t", "secret_hash": f"{n:064}",
                 "scopes": [], "expires_at": now + timedelta(days=1)}
                for n in range(MOST_TOKENS)
            ],
        )  # fmt: skip
    assert rep.post("/tokens", {"name": "t", "scopes": ["accounts:read"]}).status_code == 409
    with clock.shifted(timedelta(days=2)):
        again: Api = sign_in("rep@north")
        assert again.post("/tokens", {"name": "t", "scopes": ["accounts:read"]}).status_code == 201


def test_the_use_of_a_token_is_noted_at_most_every_five_minutes_also_when_it_fails(
    sign_in: Any, database: Database
) -> None:
    admin: Api = sign_in("admin@north")
    token = admin.token("accounts:read")

    def uses() -> int:
        return len(admin.get("/audit?action=token.used").json["data"])

    missing = "/accounts/00000000-0000-7000-8000-000000000001"
    assert token.get(missing).status_code == 404 and uses() == 1, "a request that found nothing was a use"
    for _ in range(3):
        token.get("/accounts")
    assert uses() == 1
    with clock.shifted(timedelta(minutes=5, seconds=1)):
        token.get("/accounts")
        assert uses() == 2
        last = admin.get("/tokens").json["data"][0]["last_used_at"]
    assert last is not None
    with database.read() as session:
        assert session.scalars(sa.select(User.id)).first() is not None
