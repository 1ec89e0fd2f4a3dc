"""What every answer carries, whichever part of the application it comes from; hosts, proxies, and what is not served."""

from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.foundation.db import Database
from app.pwa import serve_pwa
from tests.conftest import PASSWORD, make_application, make_directory, settings_for
from tests.support import walk
from tests.support.phones import Api

PATHS = [
    ("GET", "/", 200), ("GET", "/accounts", 200), ("GET", "/worker.js", 200), ("GET", "/assets/app-1.js", 200),
    ("GET", "/assets/none.js", 404), ("GET", "/manifest.webmanifest", 200), ("GET", "/healthz", 200),
    ("GET", "/readyz", 200), ("GET", "/api/v1/openapi.json", 200), ("GET", "/api/v1/accounts", 401),
    ("GET", "/api/v1/nothing", 404), ("PUT", "/api/v1/accounts", 405), ("TRACE", "/api/v1/accounts", 405),
    ("TRACE", "/", 405), ("POST", "/api/v1/session", 415), ("POST", "/", 405), ("OPTIONS", "/api/v1/accounts", 200),
    ("GET", "/..%2f..%2fpyproject.toml", 404), ("GET", "/.git/config", 404), ("GET", "/.env", 404),
    ("GET", "/assets/", 404), ("GET", "/assets/../../app/config.py", 404), ("GET", "/docs/nothing-here", 404),
]  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A small build of the phone app."""
    build = tmp_path / "pwa"
    (build / "assets").mkdir(parents=True)
    for name in ("index.html", "worker.js", "manifest.webmanifest", "assets/app-1.js"):
        (build / name).write_text("x")
    return build


@pytest.fixture
def application(database: Database, built: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application with that build."""
    monkeypatch.setattr("app.pwa.serve_pwa", lambda app: serve_pwa(app, built))
    return make_application(database, max_body_bytes=5000)


def browse(application: Any, method: str, path: str, **headers: str) -> Any:
    return application.test_client().open(path, method=method, headers={"Accept": "text/html", **headers})


@pytest.mark.parametrize(("method", "path", "status"), PATHS)
def test_every_answer_has_the_security_headers(application: Any, method: str, path: str, status: int) -> None:
    accept = "*/*;q=0.1" if status == 404 else "text/html"
    answer = (
        browse(application, method, path, Accept=accept)
        if status != 404
        else browse(application, method, path, Accept="image/png")
    )
    assert answer.status_code == status, answer.text
    policy = answer.headers["Content-Security-Policy"]
    for directive in (
        "default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
        "require-trusted-types-for 'script'", "trusted-types doorstep", "script-src 'self'", "style-src 'self'",
    ):  # fmt: skip
        assert directive in policy
    assert "unsafe" not in policy and "*" not in policy and "http:" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert len(answer.headers["X-Request-Id"]) == 36
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1
    if answer.data and not path.startswith("/assets/app"):
        assert answer.content_type, "a body without a type"
    if path.startswith("/api/") and status >= 400:
        assert answer.headers["Cache-Control"] == "no-store" and answer.content_type == "application/problem+json"


def test_an_error_of_ours_tells_nothing_of_the_inside(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_options: Any) -> None:
        raise RuntimeError("secret detail at /srv/app/file.py line 7: SELECT password_hash")

    monkeypatch.setattr("app.identity.routes._spend_attempt", broken)
    answer = Api(application).post("/session", {"email": "a@b.example", "password": "x"})
    assert answer.status_code == 500 and answer.content_type == "application/problem+json"
    for told in ("secret detail", "Traceback", "SELECT", ".py", "RuntimeError"):
        assert told not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["X-Request-Id"] in answer.text


def test_what_is_read_of_people_is_not_cached(application: Any, database: Database) -> None:
    make_directory(database)
    admin = Api.signed_in(application, "admin@north.example", PASSWORD)
    for method, route in walk.routes(walk.document_of(application)):
        if method == "get" and "{" not in route and route != "/openapi.json":
            assert admin.get(route).headers["Cache-Control"] == "no-store", route


def test_every_json_answer_says_so(application: Any, database: Database) -> None:
    make_directory(database)
    admin = Api.signed_in(application, "admin@north.example", PASSWORD)
    for method, route in walk.routes(walk.document_of(application)):
        if method == "get" and "{" not in route:
            assert admin.get(route).content_type == "application/json", route


def test_strict_transport_is_asked_for_where_people_come_by_https(database: Database) -> None:
    plain = make_application(database)
    assert "Strict-Transport-Security" not in browse(plain, "GET", "/healthz").headers
    by_tls = plain.test_client().get("/healthz", base_url="https://localhost")
    public = make_application(database, public_url="https://sales.example")
    for answer in (by_tls, browse(public, "GET", "/healthz"), browse(public, "GET", "/api/v1/nothing")):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_forwarded_scheme_is_believed_only_of_a_trusted_proxy(database: Database) -> None:
    for proxies, told in ((0, False), (1, True)):
        app = make_application(database, trusted_proxies=proxies)
        answer = browse(app, "GET", "/healthz", **{"X-Forwarded-Proto": "https"})
        assert ("Strict-Transport-Security" in answer.headers) is told


@pytest.mark.parametrize(
    "host",
    ["evil.example", "sales.example.evil.example", "evil.example:443", "[::1", "a b", "sales.example@evil.example"],
)
def test_another_host_name_gets_nothing_where_ours_is_known(database: Database, host: str) -> None:
    app = make_application(database, public_url="https://sales.example")
    for path in ("/", "/api/v1/accounts"):
        answer = app.test_client().get(path, headers={"Host": host})
        assert answer.status_code in (400, 421), answer.text
        assert "evil" not in answer.text and "evil" not in str(answer.headers)


@pytest.mark.parametrize("host", ["sales.example", "sales.example:443", "localhost:8000", "127.0.0.1"])
def test_our_own_host_names_pass(database: Database, host: str) -> None:
    app = make_application(database, public_url="https://sales.example")
    assert app.test_client().get("/api/v1/accounts", headers={"Host": host}).status_code == 401
    assert app.test_client().get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 200


def test_a_host_name_is_never_sent_back(database: Database) -> None:
    make_directory(database)
    app = make_application(database)
    token = Api.signed_in(app, "admin@north.example", PASSWORD).token("accounts:write")
    made = token.post("/accounts", {"name": "A"}, headers={"Host": "evil.example"})
    assert "evil" not in made.text and made.headers["Location"].startswith("/api/v1/")
    for path in ("//evil.example/", "/\\evil.example", "/%0d%0aSet-Cookie:%20a=b", "/accounts//"):
        answer = app.test_client().get(path, headers={"Accept": "text/html"})
        assert (
            answer.status_code in (200, 404) and "Location" not in answer.headers and "Set-Cookie" not in answer.headers
        )


def test_nothing_is_redirected(database: Database) -> None:
    app = create_app(settings_for(database))
    for path in ("/api/v1/accounts/", "/api/v1", "/api", "/index.html", "/healthz/", "/docs"):
        answer = app.test_client().get(path, headers={"Accept": "text/html"})
        assert not 300 <= answer.status_code < 400 or answer.headers["Location"].startswith("/"), path
    app.extensions["doorstep.database"].dispose()


@pytest.mark.parametrize(
    "body",
    [b"[" * 4000, b'{"a":' * 800, b"{" + b'"a":1,' * 600 + b'"a":1}', b'{"email": 1e999}', b"\xff\xfe", b'"\\ud800"'],
)
def test_a_hostile_body_is_refused_and_not_an_error_of_ours(application: Any, body: bytes) -> None:
    answer = application.test_client().post("/api/v1/session", data=body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.text


def test_a_compressed_or_oversize_body_is_refused(application: Any) -> None:
    import gzip

    bomb = gzip.compress(b"[" + b" " * 1_000_000 + b"]")
    client = application.test_client()
    squeezed = client.post(
        "/api/v1/session", data=bomb, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert squeezed.status_code == 415
    assert client.post("/api/v1/session", data=b" " * 5001, content_type="application/json").status_code == 413
