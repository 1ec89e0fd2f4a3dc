"""The phone app's files: compressed where wanted, for ever where hashed, and never a redirect."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.pwa import serve_pwa


@pytest.fixture
def client(tmp_path: Path) -> Any:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text("console.log(1);" * 200)
    (tmp_path / "index.html").write_text("<!doctype html><title>Doorstep</title>")
    (tmp_path / "icon.png").write_bytes(b"\x89PNG")
    (tmp_path.parent / "secret.txt").write_text("not of the build")
    app = Flask("files", static_folder=None)
    serve_pwa(app, tmp_path)
    return app.test_client()


def test_a_hashed_file_is_kept_for_ever_and_comes_compressed(client: Any) -> None:
    plain = client.get("/assets/index-1a2b.js")
    squeezed = client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(squeezed.data) == plain.data
    assert len(squeezed.data) < len(plain.data) / 10
    assert squeezed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    for answer in (plain, squeezed):
        assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Vary"] == "Accept-Encoding"
        assert answer.mimetype == "text/javascript"


def test_who_has_the_compressed_file_is_told_so(client: Any) -> None:
    first = client.get("/", headers={"Accept-Encoding": "gzip"})
    again = client.get("/", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "no-cache"


def test_who_refuses_gzip_gets_none(client: Any) -> None:
    answer = client.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    assert answer.status_code == 200 and "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("page", ["/", "/visits/1", "/accounts", "/index.html"])
def test_every_page_is_the_shell_and_no_redirect(client: Any, page: str) -> None:
    answer = client.get(page, headers={"Accept": "text/html"})
    assert answer.status_code == 200 and b"Doorstep" in answer.data


@pytest.mark.parametrize("path", ["/assets/gone.js", "/assets/../../secret.txt", "/..%2fsecret.txt", "/api/v1/none"])
def test_what_is_not_of_the_build_is_not_found(client: Any, path: str) -> None:
    answer = client.get(path, headers={"Accept": "*/*" if "api" in path or "assets" in path else "text/plain"})
    assert answer.status_code == 404


def test_pictures_stay_as_they_are(client: Any) -> None:
    answer = client.get("/icon.png", headers={"Accept-Encoding": "gzip"})
    assert answer.data == b"\x89PNG" and "Content-Encoding" not in answer.headers
