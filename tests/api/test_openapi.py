"""The OpenAPI document is complete, and the documentation pages tell it and every problem."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from app.docs.pages import problem_texts
from app.openapi import operations
from app.resources.resource import all_resources
from app.web import POLICY
from tests.conftest import ROOT, make_application


@pytest.fixture
def client(database: Any) -> Any:
    return make_application(database).test_client()


@pytest.fixture
def document(client: Any) -> Any:
    return client.get("/api/v1/openapi.json").json


def test_every_operation_says_what_it_does_and_every_answer_it_gives(document: Any) -> None:
    seen = set()
    for path, method, operation in operations(document):
        name = f"{method} {path}"
        assert operation.get("summary"), name
        assert operation["tags"] and operation["operationId"] not in seen, name
        seen.add(operation["operationId"])
        assert "default" not in operation["responses"], name
        assert any(status[0] == "2" for status in operation["responses"]), name
        if operation.get("security"):
            assert {"401", "403"} <= set(operation["responses"]), name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422", "429"} <= set(operation["responses"]), name
    assert len(seen) > 60


def test_every_error_is_a_problem(document: Any) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status < "400":
                continue
            told = (
                document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
            )
            assert list(told["content"]) == ["application/problem+json"], (method, path, status)


def test_every_reference_leads_somewhere(document: Any) -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', str(document).replace("'", '"'))):
        found = document
        for step in reference.split("/"):
            found = found[step]


def test_every_resource_has_its_doors(document: Any) -> None:
    for resource in all_resources():
        path = f"/api/v1/{resource.segment}"
        assert {"get", "post"} <= set(document["paths"][path]), path
        assert (f"{path}/batch" in document["paths"]) is not resource.append_only
        doors = {"get", "patch", "delete"} - ({"patch"} if resource.append_only else set())
        assert doors == set(document["paths"][f"{path}/{{row_id}}"]) & {"get", "patch", "delete"}


def test_no_helper_of_ours_is_left_in_the_document(document: Any) -> None:
    assert '"x-' not in str(document).replace("'", '"')


def test_the_api_is_documented_on_a_page_of_our_own(client: Any, document: Any) -> None:
    page = client.get("/docs")
    assert page.status_code == 200 and page.content_type.startswith("text/html")
    assert page.headers["Content-Security-Policy"] == POLICY
    assert "<script" not in page.text and "style=" not in page.text and "http://" not in page.text
    for path, method, operation in operations(document):
        assert f"{method.upper()} {path}" in page.text and f'id="{operation["operationId"]}"' in page.text
    assert client.get("/docs/style.css").content_type.startswith("text/css")


def slugs_in_code() -> dict[str, str]:
    """Every problem that the code can answer with or keep: slug → file."""
    found = {}
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            for slug in _slugs(node):
                found[slug] = str(file.relative_to(ROOT))
    return found


def _slugs(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        place = {"Problem": 1, "NamedProblem": 0}.get(node.func.id)
        texts = [node.args[place]] if place is not None and len(node.args) > place else []
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        texts = [node.value] if any(isinstance(t, ast.Name) and t.id == "problem" for t in targets) else []
    elif isinstance(node, ast.Tuple) and len(node.elts) == 3:
        texts = [node.elts[0]] if str(getattr(node.elts[0], "value", "")).startswith(("feed-", "calendar-")) else []
    else:
        return []
    return [text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]


# Errors that the framework raises before our code is reached, by the names that they have there.
OF_THE_FRAMEWORK = (
    "bad-request",
    "not-found",
    "method-not-allowed",
    "request-entity-too-large",
    "unsupported-media-type",
)


def test_every_problem_has_a_page(client: Any) -> None:
    used = slugs_in_code()
    assert len(used) > 40 and {"stale", "invalid", "feed-gone", "too-large", "malformed-feed"} <= set(used)
    missing = {slug: file for slug, file in used.items() if slug not in problem_texts()}
    assert not missing, f"no section in app/docs/problems.md for: {missing}"
    for slug in (*used, *OF_THE_FRAMEWORK):
        page = client.get(f"/docs/problems/{slug}")
        assert page.status_code == 200 and problem_texts()[slug].title in page.text.replace("&#39;", "'"), slug
        assert f'href="/docs/problems/{slug}"' in client.get("/docs/problems").text


def test_no_page_is_about_a_problem_that_there_is_not() -> None:
    unused = set(problem_texts()) - set(slugs_in_code()) - set(OF_THE_FRAMEWORK)
    assert not unused


def test_an_unknown_problem_is_itself_one(client: Any) -> None:
    answer = client.get("/docs/problems/nothing")
    assert answer.status_code == 404 and answer.content_type == "application/problem+json"


def test_the_pages_are_in_the_package() -> None:
    assert (Path(ROOT) / "app" / "docs" / "problems.md").is_file()
