"""Catalogues on the server: stored once and for ever, compiled, activated, retired, read."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.artefact import digest as artefact_digest
from app.foundation import audit, clock, pokes
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.outbox import NewJob, enqueue
from app.foundation.principal import principal_of
from app.foundation.problems import Problem, not_found
from app.quotes import compiling
from app.quotes.stock import packed, unpacked
from app.quotes.tables import Catalogue, CatalogueModel
from app.resources import wire

COMPILE = "catalogue.compile"
CATALOGUES, MODELS = table_of(Catalogue), table_of(CatalogueModel)
LISTED = (
    "id", "key", "version", "name", "format", "valid_from", "valid_to", "hash", "bytes", "products", "status",
    "compilation", "problem", "created_at", "updated_at", "row_version",
)  # fmt: skip
Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A catalogue version that was given: its id, and whether it is new."""

    id: str
    created: bool
    compiled: bool


def store(session: Session, data: bytes) -> Stored:
    """Keep a catalogue document (YAML or JSON). One that is there already, word for word, is left as it is.

    What there is to configure is compiled by a job, as that takes seconds. Problem 422 says what is wrong in the document
    and where; 409 when another document has its id and version.
    """
    given = compiling.read_document(data)
    document, content_hash = given.document, given.hash
    org_id = principal_of(session).org_id
    here = (CATALOGUES.c.org_id == org_id, CATALOGUES.c.key == document["id"])
    columns = (CATALOGUES.c.id, CATALOGUES.c.hash, CATALOGUES.c.compilation)
    there = session.execute(sa.select(*columns).where(*here, CATALOGUES.c.version == document["version"])).first()
    if there is not None:
        if there.hash != content_hash:
            raise _exists(document)
        return Stored(there.id, False, there.compilation == "ready")
    catalogue_id = new_id()
    session.execute(sa.insert(CATALOGUES), _row(catalogue_id, org_id, document, content_hash))
    audit.record(session, "catalogue.stored", "catalogue", catalogue_id, {"hash": content_hash})
    if not given.configurable:
        finish(session, catalogue_id, {})
    else:
        enqueue(session, [NewJob(COMPILE, {"catalogue": catalogue_id}, org_id, f"{COMPILE}:{catalogue_id}")])
    return Stored(catalogue_id, True, not given.configurable)


def _row(catalogue_id: str, org_id: str, document: Mapping[str, Any], content_hash: str) -> Members:
    now = clock.now()
    return {
        "id": catalogue_id, "org_id": org_id, "key": document["id"], "version": document["version"],
        "name": document["name"], "format": document.get("format", 1), "valid_from": _day(document.get("valid_from")),
        "valid_to": _day(document.get("valid_to")), "hash": content_hash, "document": packed(document), "content": None,
        "bytes": 0, "products": len(document.get("products", ())), "status": "draft", "compilation": "compiling",
        "problem": None, "created_at": now, "updated_at": now, "external_ids": {}, "row_version": 1,
    }  # fmt: skip


def _exists(document: Mapping[str, Any]) -> Problem:
    return Problem(
        409,
        "catalogue-exists",
        "This version exists already",
        f"{document['id']} {document['version']} is another document, and what is stored never changes; "
        "give yours the next version.",
    )


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def compile_stored(database: Database, catalogue_id: str) -> None:
    """Compile a stored catalogue and keep its models, or what is wrong with it; nothing when that was done before.

    The work is done between two transactions: nobody waits for it.
    """
    with database.read() as session:
        row = session.execute(sa.select(CATALOGUES).where(CATALOGUES.c.id == catalogue_id)).mappings().first()
    if row is None or row["compilation"] != "compiling":
        return
    document = unpacked(bytes(row["document"]))
    try:
        models = compiling.compile_models(document)
    except Problem as problem:
        with database.write() as session:
            _settle(session, catalogue_id, compilation="failed", problem=problem.as_dict())
        return
    with database.write() as session:
        finish(session, catalogue_id, models)


def finish(session: Session, catalogue_id: str, models: Mapping[str, compiling.CompiledModel]) -> None:
    """Keep the models of a catalogue, and what a phone downloads of it."""
    row = session.execute(sa.select(CATALOGUES).where(CATALOGUES.c.id == catalogue_id)).mappings().one()
    if row["compilation"] == "ready":
        return
    rows = [
        {
            "id": new_id(), "org_id": row["org_id"], "catalogue_id": catalogue_id, "sku": sku, "artefact": model.data,
            "hash": artefact_digest(model.data), "engine": model.engine, "nodes": model.nodes,
            "solutions": model.solutions,
        }
        for sku, model in models.items()
    ]  # fmt: skip
    session.execute(sa.delete(MODELS).where(MODELS.c.catalogue_id == catalogue_id))
    if rows:
        session.execute(sa.insert(MODELS), rows)
    told = {sku: base64.b64encode(model.data).decode() for sku, model in models.items()}
    document = orjson.Fragment(orjson.dumps(unpacked(bytes(row["document"])), option=orjson.OPT_SORT_KEYS))
    content = gzip.compress(orjson.dumps({"document": document, "models": told}), 9, mtime=0)
    _settle(session, catalogue_id, compilation="ready", content=content, bytes=len(content), problem=None)


def _settle(session: Session, catalogue_id: str, **columns: Any) -> None:
    session.execute(
        sa.update(CATALOGUES)
        .where(CATALOGUES.c.id == catalogue_id)
        .values(**columns, updated_at=clock.now(), row_version=CATALOGUES.c.row_version + 1)
    )


def activate(session: Session, catalogue_id: str) -> None:
    """Sell from a catalogue from now on; Problem 409 while it is not compiled."""
    row = _seen(session, catalogue_id)
    if row["compilation"] != "ready":
        why = "It is being compiled; ask again in a moment."
        if row["compilation"] == "failed":
            why = "It could not be compiled; its problem says why. Store it, put right, under the next version."
        raise Problem(409, "catalogue-not-ready", "Not compiled yet", why)
    _become(session, row, "active")


def retire(session: Session, catalogue_id: str) -> None:
    """Sell from a catalogue no more; quotes that were made from it stay."""
    _become(session, _seen(session, catalogue_id), "retired")


def _become(session: Session, row: Mapping[str, Any], status: str) -> None:
    if row["status"] == status:
        return
    _settle(session, row["id"], status=status)
    audit.record(session, f"catalogue.{status}", "catalogue", row["id"])
    pokes.tell(session, row["org_id"], everybody=True)


def read(session: Session, catalogue_id: str) -> Members:
    """A catalogue without its document, and its compiled models; Problem 404 when there is none."""
    row = _seen(session, catalogue_id)
    names = ("sku", "hash", "engine", "nodes", "solutions")
    columns = [MODELS.c[name] for name in names]
    query = sa.select(*columns, sa.func.length(MODELS.c.artefact)).where(MODELS.c.catalogue_id == catalogue_id)
    models = [
        dict(zip((*names, "bytes"), one, strict=True)) for one in session.execute(query.order_by(MODELS.c.sku)).all()
    ]
    return {**{name: row[name] for name in LISTED}, "models": models}


def page(session: Session, query: Mapping[str, Any]) -> bytes:
    """One page of catalogues, the newest first."""
    limit = query["limit"]
    here = [CATALOGUES.c.org_id == principal_of(session).org_id]
    here += [CATALOGUES.c[name] == query[name] for name in ("key", "status") if name in query]
    if "cursor" in query:
        here.append(CATALOGUES.c.id < query["cursor"])
    chosen = sa.select(*(CATALOGUES.c[name] for name in LISTED)).where(*here)
    rows = session.execute(chosen.order_by(CATALOGUES.c.id.desc()).limit(limit + 1)).mappings().all()
    more = len(rows) > limit
    data = [dict(row) for row in rows[:limit]]
    return wire.dumps({"data": data, "next_cursor": data[-1]["id"] if more else None})


def content(session: Session, catalogue_id: str) -> tuple[str, bytes]:
    """Hash and gzip JSON of what a phone downloads; Problem 409 while it is not compiled."""
    org_id = principal_of(session).org_id
    query = sa.select(CATALOGUES.c.hash, CATALOGUES.c.content)
    row = session.execute(query.where(CATALOGUES.c.org_id == org_id, CATALOGUES.c.id == catalogue_id)).first()
    if row is None:
        raise not_found("catalogue")
    if row.content is None:
        raise Problem(409, "catalogue-not-ready", "Not compiled yet", "It is being compiled; ask again in a moment.")
    return row.hash, bytes(row.content)


def artefact(session: Session, catalogue_id: str, sku: str) -> tuple[str, bytes]:
    """Hash and bytes of the compiled model of a product; Problem 404 when there is none."""
    here = (MODELS.c.org_id == principal_of(session).org_id, MODELS.c.catalogue_id == catalogue_id, MODELS.c.sku == sku)
    row = session.execute(sa.select(MODELS.c.hash, MODELS.c.artefact).where(*here)).first()
    if row is None:
        raise not_found("compiled model")
    return row.hash, bytes(row.artefact)


def _seen(session: Session, catalogue_id: str) -> Mapping[str, Any]:
    here = (CATALOGUES.c.org_id == principal_of(session).org_id, CATALOGUES.c.id == catalogue_id)
    columns = (CATALOGUES.c.org_id, *(CATALOGUES.c[name] for name in LISTED))
    row = session.execute(sa.select(*columns).where(*here)).mappings().first()
    if row is None:
        raise not_found("catalogue")
    return dict(row)
