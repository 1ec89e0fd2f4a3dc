"""The built PWA, served from this process: hashed assets for ever, the shell and the worker fresh."""

from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory
from werkzeug.routing import PathConverter

BUILD = Path(__file__).parent / "static" / "pwa"


class PageConverter(PathConverter):
    """Any path but those of the API and its neighbours: there, what is not found is not a page of the phone app."""

    regex = "(?!api/|docs|healthz|readyz)[^/].*?"


def serve_pwa(app: Flask, build: Path = BUILD) -> None:
    """Serve the files of the build, and the shell for every other page address (never by a redirect)."""

    app.url_map.converters["page"] = PageConverter

    @app.get("/", defaults={"path": ""})
    @app.get("/<page:path>")
    def pwa(path: str) -> Response:
        if path.startswith("assets/"):
            answer = send_from_directory(build, path, max_age=31536000)
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return answer
        if path and (build / path).is_file():
            answer = send_from_directory(build, path)
        elif not (build / "index.html").is_file():
            abort(404, "The phone app is not built; run make setup.")
        elif path and not request.accept_mimetypes.accept_html:
            abort(404)
        else:
            answer = send_from_directory(build, "index.html")
        answer.headers["Cache-Control"] = "no-cache"
        return answer
