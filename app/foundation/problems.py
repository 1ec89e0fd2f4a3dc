"""Errors as problem details (RFC 9457): what went wrong, where, and what to do; never a stack trace or SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in the input: a JSON pointer (RFC 6901) to the place and a sentence about it."""

    pointer: str
    detail: str


@dataclass
class Problem(Exception):
    """A fault that is the caller's to read. `type` is a stable slug, documented at `/docs/problems/{slug}`.

    `members` are more members of the document (RFC 9457, section 3.2), for a program to act on.
    """

    status: int
    slug: str
    title: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The members of the problem document; absent ones are left out."""
        body: dict[str, Any] = {
            "type": f"/docs/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return {**body, **self.members}

    def response(self) -> Response:
        """The HTTP answer."""
        return Response(orjson.dumps(self.as_dict()), self.status, headers=self.headers, content_type=MEDIA_TYPE)


def not_found(what: str) -> Problem:
    """Also the answer for a row that exists but is not the caller's to see: the two must not differ."""
    return Problem(404, "not-found", "Not found", f"There is no such {what} that you can see.")


def invalid(errors: Iterable[FieldError], detail: str = "Some values are not valid; see errors.") -> Problem:
    """The input was understood but its values are wrong."""
    return Problem(422, "invalid", "Invalid input", detail, tuple(errors))


def field_errors(messages: Mapping[Any, Any] | list[Any] | str, pointer: str = "") -> list[FieldError]:
    """Flatten marshmallow's nested messages into JSON pointers."""
    if isinstance(messages, str):
        return [FieldError(pointer or "/", messages)]
    if isinstance(messages, list):
        return [error for message in messages for error in field_errors(message, pointer)]
    found: list[FieldError] = []
    for key, value in messages.items():
        step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
        found.extend(field_errors(value, pointer + step))
    return found
