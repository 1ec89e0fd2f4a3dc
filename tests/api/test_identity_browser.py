"""What a browser may send: cross-site request forgery, of writes and of the sign-in itself."""

import json
from typing import Any

import pytest

from app.foundation.db import Database
from tests.conftest import PASSWORD
from tests.support.phones import Api


@pytest.fixture
def database(database: Database) -> Database:
    """These are decided before any database is asked."""
    return database


def attempt(app: Any, email: str, password: str, **headers: str) -> Any:
    return Api(app).post("/session", {"email": email, "password": password}, headers=headers)


@pytest.mark.parametrize("token", [None, "", "0" * 64, "Ω"])
def test_a_write_without_the_csrf_token_is_refused(app: Any, directory: Any, token: str | None) -> None:
    api = Api.signed_in(app, "admin@north.example", PASSWORD)
    headers = {} if token is None else {"X-CSRF-Token": token}
    answer = api.client.post("/api/v1/accounts", json={"name": "A"}, headers=headers)
    assert answer.status_code == 403 and answer.json["type"].endswith("csrf")
    assert api.get("/accounts").json["data"] == []


def test_the_csrf_token_of_another_session_does_not_do(app: Any, directory: Any) -> None:
    one, two = (Api.signed_in(app, "admin@north.example", PASSWORD) for _ in range(2))
    one.headers["X-CSRF-Token"] = two.headers["X-CSRF-Token"]
    assert one.post("/accounts", {"name": "A"}).status_code == 403


OTHER_SITES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8001"},
]


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_a_page_of_another_site_neither_writes_nor_signs_anybody_in(
    app: Any, directory: Any, headers: dict[str, str]
) -> None:
    api = Api.signed_in(app, "admin@north.example", PASSWORD)
    assert api.post("/accounts", {"name": "A"}, headers=headers).status_code == 403
    planted = attempt(app, "rep@north.example", PASSWORD, **headers)
    assert planted.status_code == 403 and "Set-Cookie" not in planted.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://sales.example"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_page_may_write(app: Any, directory: Any, headers: dict[str, str]) -> None:
    api = Api.signed_in(app, "admin@north.example", PASSWORD)
    assert api.post("/accounts", {"name": "A"}, headers=headers).status_code == 201


def test_a_form_of_another_site_cannot_sign_anybody_in(app: Any, directory: Any) -> None:
    body = json.dumps({"email": "rep@north.example", "password": PASSWORD})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = Api(app).client.post("/api/v1/session", data=body, content_type=kind)
        assert answer.status_code == 415 and "Set-Cookie" not in answer.headers
