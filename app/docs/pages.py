"""`/docs`: the API for people. Plain HTML from the OpenAPI document, without a script, under the same strict policy."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, abort, current_app, render_template
from markupsafe import Markup, escape

from app.foundation.problems import MEDIA_TYPE
from app.openapi import Document, ProblemApi, operations

HERE = Path(__file__).parent
pages = Blueprint("docs", __name__, template_folder="templates", url_prefix="/docs")


@dataclass(frozen=True, slots=True)
class ProblemText:
    """What a problem means and what to do about it."""

    slug: str
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A parameter, or a member of a body: its name, what it may be, and what it means."""

    name: str
    kind: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Door:
    """One operation of the API as the page tells it."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Member, ...]
    bodies: tuple[tuple[str, tuple[Member, ...]], ...]
    answers: tuple[tuple[str, str, str], ...]


def serve_docs(app: Flask, api: ProblemApi) -> None:
    """Serve the pages of this API."""
    app.extensions["doorstep.docs"] = api
    app.register_blueprint(pages)


@pages.get("")
def index() -> str:
    """The API on one page."""
    document = current_app.extensions["doorstep.docs"].document
    schemes = document["components"]["securitySchemes"]
    shapes = {
        name: (schema.get("description", ""), tuple(_members(document, schema)))
        for name, schema in sorted(document["components"]["schemas"].items())
    }
    chapters = _chapters(document)
    return render_template("docs/index.html", info=document["info"], schemes=schemes, chapters=chapters, shapes=shapes)


@pages.app_template_filter("prose")
def prose(text: str) -> Markup:
    """Text in which `backticks` mark code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


@pages.get("/problems")
def problems() -> str:
    """Every problem."""
    return render_template("docs/problems.html", problems=problem_texts().values())


@pages.get("/problems/<slug>")
def problem(slug: str) -> str:
    """One problem: what the `type` of a problem document leads to."""
    found = problem_texts().get(slug)
    if found is None:
        abort(404)
    return render_template("docs/problem.html", problem=found)


@pages.get("/style.css")
def style() -> Response:
    """The style of these pages."""
    answer = Response((HERE / "style.css").read_bytes(), content_type="text/css; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@cache
def problem_texts() -> Mapping[str, ProblemText]:
    """Every problem by its slug, from `problems.md`: a heading `## slug: Title`, then paragraphs."""
    text = (HERE / "problems.md").read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, rest = part.partition("\n")
        slug, _, title = heading.partition(": ")
        found[slug] = ProblemText(slug, title.strip(), tuple(p.strip() for p in rest.split("\n\n") if p.strip()))
    return found


def _chapters(document: Document) -> dict[str, list[Door]]:
    chapters: dict[str, list[Door]] = {}
    for path, method, operation in operations(document):
        chapters.setdefault(operation.get("tags", ["other"])[0], []).append(_door(document, path, method, operation))
    return chapters


def _door(document: Document, path: str, method: str, operation: Document) -> Door:
    shared = document["paths"][path].get("parameters", [])
    parameters = [*shared, *operation.get("parameters", [])]
    content = operation.get("requestBody", {}).get("content", {})
    return Door(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=tuple(_parameter(document, parameter) for parameter in parameters),
        bodies=tuple((kind, tuple(_members(document, told["schema"]))) for kind, told in content.items()),
        answers=tuple(_answer(document, status, told) for status, told in operation["responses"].items()),
    )


def _parameter(document: Document, parameter: Document) -> Member:
    told = _resolved(document, parameter)
    schema = told.get("schema", {})
    name = f"{told['name']} ({told['in']})"
    return Member(name, _kind(document, schema), bool(told.get("required")), _meaning(told, schema))


def _members(document: Document, schema: Document) -> Iterator[Member]:
    told = _resolved(document, schema)
    for name, member in told.get("properties", {}).items():
        yield Member(name, _kind(document, member), name in told.get("required", ()), _meaning(member, member))


def _answer(document: Document, status: str, answer: Document) -> tuple[str, str, str]:
    told = _resolved(document, answer)
    schemas = [content.get("schema", {}) for kind, content in told.get("content", {}).items() if kind != MEDIA_TYPE]
    return status, told.get("description", ""), ", ".join(_kind(document, schema) for schema in schemas)


def _resolved(document: Document, node: Document) -> Document:
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def _kind(document: Document, schema: Document) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(document, one) for one in schema[several]))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kinds = schema.get("type", "any value")
    text = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "items" in schema:
        return f"{text} of {_kind(document, schema['items'])}"
    return f"{text} ({schema['format']})" if "format" in schema else text


def _meaning(told: Document, schema: Document) -> str:
    parts = [told.get("description") or schema.get("description", "")]
    if "maxLength" in schema:
        parts.append(f"At most {schema['maxLength']} characters.")
    if "default" in schema:
        parts.append(f"{schema['default']} when left out.")
    if "example" in schema:
        example = schema["example"]
        parts.append(f"Example: `{example if isinstance(example, str) else orjson.dumps(example).decode()}`")
    return " ".join(part for part in parts if part)
