"""Rows that come by the thousand: decoded straight into msgspec structs, each with its own answer.

A request of good rows is decoded in one pass; only one with a fault in it is looked at row by row, to say where.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import orjson
from flask import request
from msgspec import Meta

from app.foundation.fields import MAX_NUMBER, YEARS, ExternalRef, text_fault
from app.foundation.ids import CANONICAL
from app.foundation.problems import FieldError
from app.resources.bodies import batch_lines, check_count, parse_json, wrong_envelope

_PLACE = re.compile(r"^(.*?)(?: - at `\$\.?(.*)`)?$", re.DOTALL)
R = TypeVar("R", bound=msgspec.Struct)

OurId = Annotated[str, Meta(pattern=f"(?i)^{CANONICAL.pattern}$")]
ExternalKey = Annotated[str, Meta(min_length=1, max_length=200)]
Figure = Annotated[float, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]


class ExternalName(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A row named by what a connected system calls it."""

    system: Annotated[str, Meta(min_length=1, max_length=60)]
    id: ExternalKey


Ref = OurId | ExternalName


class _Envelope(msgspec.Struct, Generic[R], forbid_unknown_fields=True):
    rows: list[R]


class Rows(Generic[R]):
    """Decodes the batches of one kind of row; `check` says what its type cannot."""

    def __init__(self, row: type[R], check: Callable[[R], Sequence[FieldError]]) -> None:
        self._row = row
        self._check = check
        self._one = msgspec.json.Decoder(row)
        self._many = msgspec.json.Decoder(_Envelope[row])  # type: ignore[valid-type]

    def of_request(self) -> "list[R | Sequence[FieldError]]":
        """Each row of the running request, or what is wrong with it; Problem 400, 415 or 422 when it is no batch."""
        lines = batch_lines()
        if lines is not None:
            return [self._line(line) for line in lines]
        body = request.get_data()
        try:
            rows = self._many.decode(body).rows
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(body)
        check_count(rows)
        return [self._check(row) or row for row in rows]

    def _one_by_one(self, body: bytes) -> "list[R | Sequence[FieldError]]":
        document = parse_json(body)
        if not isinstance(document, dict) or set(document) != {"rows"} or not isinstance(document["rows"], list):
            raise wrong_envelope()
        check_count(document["rows"])
        return [self._convert(row) for row in document["rows"]]

    def _line(self, line: bytes) -> "R | Sequence[FieldError]":
        try:
            row = self._one.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            try:
                return self._convert(orjson.loads(line))
            except orjson.JSONDecodeError as fault:
                return [FieldError("", f"Malformed JSON: {fault}.")]
        return self._check(row) or row

    def _convert(self, value: Any) -> "R | Sequence[FieldError]":
        try:
            row = msgspec.convert(value, self._row)
        except msgspec.ValidationError as fault:
            return [_pointed(str(fault))]
        return self._check(row) or row


def _pointed(message: str) -> FieldError:
    found = _PLACE.match(message)
    detail, place = (found[1], found[2] or "") if found else (message, "")
    pointer = "/" + place.replace(".", "/") if place else ""
    return FieldError(pointer, f"{detail}.".replace("`", ""))


def text_faults(**texts: str | None) -> list[FieldError]:
    """What keeps these texts out of a database, by the name of the field."""
    faults = []
    for name, text in texts.items():
        fault = text_fault(text) if text else None
        if fault:
            faults.append(FieldError(f"/{name}", fault))
    return faults


def year_faults(name: str, year: int) -> list[FieldError]:
    """A year that cannot be meant."""
    return [] if year in YEARS else [FieldError(f"/{name}", f"The year is outside {YEARS[0]} to {YEARS[-1]}.")]


def as_reference(ref: str | ExternalName) -> str | ExternalRef:
    """The reference as the shared shape knows it."""
    return ref.lower() if isinstance(ref, str) else ExternalRef(ref.system, ref.id)
