"""`Idempotency-Key`: the same request sent twice has its effect once and gets the same answer twice."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import sqlalchemy as sa
from flask import Response, request

from app.foundation import clock
from app.foundation.db import table_of, upsert
from app.foundation.problems import FieldError, Problem, invalid
from app.foundation.tables import IdempotencyRecord
from app.identity.access import current_principal, current_session

P = ParamSpec("P")

RECORDS = table_of(IdempotencyRecord)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_RESERVED = 0


def idempotent(view: Callable[P, Response]) -> Callable[P, Response]:
    """Give the first answer again when the same `Idempotency-Key` comes with the same request; 422 with another one.

    The key is reserved before the view runs, in its transaction: of two at once the second waits for the first, then
    gets its answer. A request that fails leaves no record, so that it can be repeated once it is put right.
    """

    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 0 < len(key) <= 200 or not key.isascii() or not key.isprintable():
            raise invalid([FieldError("/header/Idempotency-Key", "Use 1 to 200 printable ASCII characters.")])
        digest = _digest()
        if not _reserve(key, digest):
            return _first_answer(key, digest)
        answer = view(*args, **kwargs)
        _remember(key, answer)
        return answer

    return wrapped


def _digest() -> str:
    parts = (request.method, request.path, request.mimetype)
    return hashlib.sha256(b"\0".join([*(part.encode() for part in parts), request.get_data()])).hexdigest()


def _reserve(key: str, digest: str) -> bool:
    session, who = current_session(), current_principal()
    row = {
        "org_id": who.org_id,
        "user_id": who.user_id,
        "key": key,
        "request_hash": digest,
        "status": _RESERVED,
        "body": b"",
        "headers": {},
        "created_at": clock.now(),
    }
    insert = upsert(session, RECORDS).values(row).on_conflict_do_nothing(index_elements=["org_id", "user_id", "key"])
    return session.execute(insert.returning(RECORDS.c.key)).first() is not None


def _mine(key: str) -> sa.ColumnElement[bool]:
    who = current_principal()
    return sa.and_(RECORDS.c.org_id == who.org_id, RECORDS.c.user_id == who.user_id, RECORDS.c.key == key)


def _first_answer(key: str, digest: str) -> Response:
    record = current_session().execute(sa.select(RECORDS).where(_mine(key))).mappings().one()
    if record["request_hash"] != digest:
        raise Problem(
            422,
            "idempotency-key-reused",
            "Idempotency-Key used before",
            "It came with another request; use a new key for a new request.",
        )
    return Response(record["body"], record["status"], {**record["headers"], "Idempotent-Replayed": "true"})


def _remember(key: str, answer: Response) -> None:
    kept = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    told = {"status": answer.status_code, "body": answer.get_data(), "headers": kept}
    current_session().execute(sa.update(RECORDS).where(_mine(key)).values(told))
