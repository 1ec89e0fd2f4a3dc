"""Receiving the content of attachments in pieces, and giving it out again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attachments.content import MAX_CHUNK, MIN_CHUNK, is_of_type
from app.attachments.resources import ATTACHMENTS
from app.attachments.tables import Attachment, Chunk
from app.foundation import audit, changes, clock
from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.foundation.problems import Problem, not_found
from app.identity.territory import visible
from app.resources import service

TABLE, CHUNKS = table_of(Attachment), table_of(Chunk)
ABANDONED_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the content is here; `problem` when what came is not what was announced, and has to come again."""

    received: int
    complete: bool
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The whole content of an attachment."""

    name: str
    media_type: str
    sha256: str
    data: bytes


def known_at(session: Session, account_id: str, ids: Collection[str]) -> set[str]:
    """Those of these attachments that are at the account."""
    if not ids:
        return set()
    query = sa.select(TABLE.c.id).where(TABLE.c.id.in_(sorted(ids)), TABLE.c.account_id == account_id)
    return set(session.scalars(query))


def receive(session: Session, attachment_id: str, offset: int, data: bytes) -> Progress:
    """Take the piece of an attachment that begins at `offset`; one that is here already changes nothing.

    The last piece has the whole checked: content with another SHA-256 is dropped, and `problem` says so (409). Problem
    404 or 403 when there is no such attachment of the caller's, 409 when another piece is next, or when this one cannot be
    part of what was announced. Who lost the account since still sends what they added: nobody else has it.
    """
    row = _own(session, attachment_id)
    _check_piece(row, offset, data)
    if offset + len(data) <= row["received"]:
        return Progress(row["received"], row["complete"])
    if offset != row["received"]:
        raise _not_next(row["received"])
    if offset == 0 and not is_of_type(data, row["media_type"]):
        detail = f"The content is not {row['media_type']}; add it again as what it is."
        raise Problem(409, "wrong-media-type", "Not what was announced", detail)
    session.execute(sa.insert(CHUNKS), {"attachment_id": attachment_id, "start": offset, "data": data})
    received = offset + len(data)
    if received < row["size"]:
        service.update_row(session, ATTACHMENTS, attachment_id, row["row_version"], {"received": received})
        return Progress(received, complete=False)
    return _finish(session, row)


def _own(session: Session, attachment_id: str) -> dict[str, Any]:
    """An attachment that the caller added, held until the transaction ends."""
    me = principal_of(session)
    mine = (TABLE.c.id == attachment_id, TABLE.c.org_id == me.org_id, TABLE.c.user_id == me.user_id)
    row = session.execute(sa.select(TABLE).where(*mine).with_for_update()).mappings().first()
    if row is None:
        service.held(session, ATTACHMENTS, attachment_id)
        raise Problem(403, "forbidden", "Not allowed", "Only whoever added this attachment may send its content.")
    return dict(row)


def _check_piece(row: dict[str, Any], offset: int, data: bytes) -> None:
    end = offset + len(data)
    if not data:
        raise _no_piece("It is empty.", row["received"])
    if end > row["size"]:
        raise _no_piece(f"It goes beyond the {row['size']} bytes that were announced.", row["received"])
    if len(data) < MIN_CHUNK and end != row["size"]:
        raise _no_piece(f"A piece has at least {MIN_CHUNK} bytes, unless it is the last.", row["received"])


def _no_piece(why: str, received: int) -> Problem:
    return Problem(409, "wrong-piece", "Not a piece of this attachment", why, members={"received": received})


def _not_next(received: int) -> Problem:
    return Problem(
        409,
        "wrong-offset",
        "Another piece is next",
        f"{received} bytes are here; go on from there.",
        members={"received": received},
    )


def _finish(session: Session, row: dict[str, Any]) -> Progress:
    digest = hashlib.sha256()
    for data in _pieces(session, row["id"]):
        digest.update(data)
    if digest.hexdigest() != row["sha256"]:
        session.execute(sa.delete(CHUNKS).where(CHUNKS.c.attachment_id == row["id"]))
        service.update_row(session, ATTACHMENTS, row["id"], row["row_version"], {"received": 0})
        detail = "The content has another SHA-256 than was announced, and was dropped; send it again from the start."
        problem = Problem(409, "wrong-checksum", "Not what was announced", detail, members={"received": 0})
        return Progress(0, complete=False, problem=problem)
    done = {"received": row["size"], "complete": True}
    service.update_row(session, ATTACHMENTS, row["id"], row["row_version"], done)
    audit.record(session, "change", "attachment", row["id"], {"fields": sorted(done)})
    changes.touch(session, row["org_id"], [row["account_id"]])
    return Progress(row["size"], complete=True)


def _pieces(session: Session, attachment_id: str) -> Iterator[bytes]:
    query = sa.select(CHUNKS.c.data).where(CHUNKS.c.attachment_id == attachment_id).order_by(CHUNKS.c.start)
    return iter(session.scalars(query))


def content(session: Session, attachment_id: str) -> Content:
    """The content of an attachment that the caller can see; Problem 404 without one, 409 while some of it is missing."""
    seen = visible(principal_of(session), TABLE, ATTACHMENTS.account_column)
    row = session.execute(sa.select(TABLE).where(TABLE.c.id == attachment_id, seen)).mappings().first()
    if row is None:
        raise not_found("attachment")
    if not row["complete"]:
        raise Problem(
            409,
            "incomplete",
            "Not all here yet",
            f"{row['received']} of {row['size']} bytes are here; the rest comes when its sender has a network.",
            members={"received": row["received"]},
        )
    return Content(row["name"], row["media_type"], row["sha256"], b"".join(_pieces(session, attachment_id)))


def forget_abandoned(session: Session) -> int:
    """Remove attachments whose content stopped coming; how many there were."""
    abandoned = (TABLE.c.complete.is_(False), TABLE.c.updated_at < clock.now() - ABANDONED_AFTER)
    rows = session.execute(sa.select(TABLE.c.id, TABLE.c.org_id, TABLE.c.account_id).where(*abandoned)).all()
    for row in rows:
        session.execute(sa.delete(TABLE).where(TABLE.c.id == row.id, *abandoned))
        gone = audit.Actor(row.org_id, via="system")
        audit.record(session, "delete", "attachment", row.id, principal=gone)
        changes.touch(session, row.org_id, [row.account_id])
    return len(rows)


__all__ = ["MAX_CHUNK", "Content", "Progress", "content", "forget_abandoned", "known_at", "receive"]
