"""The built PWA, served from this process: hashed assets for ever, the shell and the worker fresh."""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory
from werkzeug.routing import PathConverter
from werkzeug.security import safe_join

BUILD = Path(__file__).parent / "static" / "pwa"
FRESH, FOR_EVER = "no-cache", "public, max-age=31536000, immutable"
# Pictures are compressed already.
COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg", ".webmanifest"})
OFFER_PAGE = "customer.html"
# Whoever has the address has the offer: no search engine keeps it, no other site hears of it, and the page can do less
# than the phone app: no worker, no manifest, no script that makes scripts.
OFFER_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
}
mimetypes.add_type("application/manifest+json", ".webmanifest")


class PageConverter(PathConverter):
    """Any path but those of the API and its neighbours: there, what is not found is not a page of the phone app."""

    regex = "(?!api/|docs|healthz|readyz)[^/].*?"


def serve_pwa(app: Flask, build: Path = BUILD) -> None:
    """Serve the files of the build, and the shell for every other page address (never by a redirect)."""

    app.url_map.converters["page"] = PageConverter

    @app.get("/q/<token>")
    def offer_page(token: str) -> Response:  # the page asks the API what the token is of
        if not (build / OFFER_PAGE).is_file():
            abort(404, "The customer's page is not built; run make setup.")
        answer = _answer(build, OFFER_PAGE, "no-store")
        answer.headers.update(OFFER_HEADERS)
        return answer

    @app.get("/", defaults={"path": ""})
    @app.get("/<page:path>")
    def pwa(path: str) -> Response:
        if path.startswith("assets/"):
            return _answer(build, path, FOR_EVER)
        if path and path != OFFER_PAGE and (build / path).is_file():
            return _answer(build, path, FRESH)
        if not (build / "index.html").is_file():
            abort(404, "The phone app is not built; run make setup.")
        if path and not request.accept_mimetypes.accept_html:
            abort(404)
        return _answer(build, "index.html", FRESH)


def _answer(build: Path, path: str, cache_control: str) -> Response:
    """A file of the build, as gzip where that is smaller and wanted."""
    file = safe_join(str(build), path)
    if file is None or not Path(file).is_file():
        abort(404)
    squeezed = Path(file).suffix in COMPRESSED
    if squeezed and request.accept_encodings["gzip"] and "Range" not in request.headers:
        stat = Path(file).stat()
        answer = Response(_gzipped(file, stat.st_mtime_ns), mimetype=mimetypes.guess_type(file)[0])
        answer.headers["Content-Encoding"] = "gzip"
        answer.set_etag(f"{stat.st_mtime_ns:x}-{stat.st_size:x}-gzip")
        answer.make_conditional(request)
    else:
        answer = send_from_directory(build, path)
    if squeezed:
        answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = cache_control
    return answer


@lru_cache(maxsize=64)
def _gzipped(file: str, _changed_ns: int) -> bytes:
    return gzip.compress(Path(file).read_bytes(), 9, mtime=0)
