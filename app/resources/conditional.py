"""Conditional requests (RFC 9110, section 13): ETags that are row versions."""

from collections.abc import Iterator

from flask import Response, request

from app.foundation.problems import Problem
from app.resources.listing import Stored

Versions = frozenset[int] | None


def json_answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Bytes that are JSON already."""
    return Response(body, status, headers, content_type="application/json")


def stored_answer(row: Stored, status: int = 200) -> Response:
    """A row with its ETag; 304 to a read by a caller who has that version."""
    etag = f'"{row.row_version}"'
    if request.method in ("GET", "HEAD") and has_version(request.headers.get("If-None-Match"), etag):
        return Response(status=304, headers={"ETag": etag})
    return json_answer(row.body, status, {"ETag": etag})


def has_version(header: str | None, etag: str) -> bool:
    """Whether an `If-None-Match` names this ETag: `*`, or any of a list, weak or strong (a read compares weakly)."""
    if header is None:
        return False
    return header == etag or any(tag in ("*", etag) for tag in _tags(header, weak=True))


def wanted_versions(header: str | None) -> Versions:
    """The row versions that an `If-Match` allows, None for any (`*`, or no header).

    A change compares strongly: a weak ETag, or one that is no version of ours, matches nothing.
    """
    if header is None:
        return None
    tags = list(_tags(header, weak=False))
    if "*" in tags:
        return None
    numbers = [tag[1:-1] for tag in tags if len(tag) < 14]
    return frozenset(int(number) for number in numbers if number.isascii() and number.isdigit())


def required_versions(header: str | None) -> Versions:
    """`wanted_versions`; Problem 428 when there is no `If-Match` at all."""
    if header is None:
        raise Problem(
            428,
            "precondition-required",
            "Say which version you change",
            "Read the row and send its ETag in If-Match, so that nobody's change is lost.",
        )
    return wanted_versions(header)


def _tags(header: str, *, weak: bool) -> Iterator[str]:
    for part in header.split(","):
        tag = part.strip()
        if weak:
            tag = tag.removeprefix("W/")
        if tag == "*" or (len(tag) >= 2 and tag[0] == tag[-1] == '"'):
            yield tag
