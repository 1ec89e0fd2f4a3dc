"""Bodies of batches: rows as JSON, or as one JSON object a line."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import request

from app.foundation.problems import FieldError, Problem, invalid

MAX_BATCH = 1000
NDJSON = "application/x-ndjson"


class Unreadable(str):
    """What is wrong with a line that is not JSON: its row is answered as rejected, and the others go in."""

    __slots__ = ()


def batch_lines() -> list[bytes] | None:
    """The lines of an NDJSON request that have something on them; None when the request is JSON.

    Raises Problem 415 for another type and 422 for too many or no rows.
    """
    if request.mimetype == "application/json":
        return None
    if request.mimetype != NDJSON:
        raise Problem(415, "unsupported-media-type", "Unsupported media type", f"Send application/json or {NDJSON}.")
    lines = [line for line in request.get_data().split(b"\n") if line.strip()]
    check_count(lines)
    return lines


def batch_documents() -> list[Any]:
    """The rows of a batch request: `{"rows": […]}` or one JSON object a line (NDJSON)."""
    lines = batch_lines()
    if lines is not None:
        return [_line(line) for line in lines]
    document = parse_json(request.get_data())
    if not isinstance(document, dict) or set(document) != {"rows"} or not isinstance(document["rows"], list):
        raise wrong_envelope()
    check_count(document["rows"])
    return document["rows"]


def wrong_envelope() -> Problem:
    """The body is JSON, but not a batch."""
    return invalid([FieldError("", 'Send {"rows": […]}, and nothing beside the rows.')])


def check_count(rows: Sequence[Any]) -> None:
    """Problem 422 unless there are 1 to MAX_BATCH rows."""
    if not 0 < len(rows) <= MAX_BATCH:
        raise invalid([FieldError("/rows", f"Send 1 to {MAX_BATCH} rows at once; this has {len(rows)}.")])


def parse_json(body: bytes) -> Any:
    """Any JSON value; Problem 400 when it is malformed, not UTF-8, or nested too deeply."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise malformed_json(str(fault)) from None


def malformed_json(fault: str) -> Problem:
    """The body is not JSON."""
    return Problem(400, "malformed-json", "Malformed JSON", f"{fault[:1].upper()}{fault[1:]}.")


def _line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        return Unreadable(f"Malformed JSON: {fault}.")
