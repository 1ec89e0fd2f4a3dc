"""Rows of one line each, by the door that the API's batches take."""

from collections.abc import Collection
from typing import Any

import orjson
from sqlalchemy.orm import Session

from app.connectors.counts import Counts
from app.connectors.mapping import ImportMapping
from app.connectors.records import Reject
from app.connectors.rows import Rows
from app.connectors.targets import KINDS
from app.resources.batch import upsert_many


class DocumentSink:
    """Upserts accounts, people, products and the like. A name that comes twice must say the same both times."""

    loaded: Collection[str] = frozenset()

    def __init__(self, mapping: ImportMapping) -> None:
        self._resource = KINDS[mapping.kind]
        self._system = mapping.system
        self._seen: dict[str, tuple[int, int]] = {}

    def write(self, session: Session, rows: Rows, counts: Counts) -> list[Reject]:
        """Write converted rows; returns those that the rules of the resource refuse."""
        rejects: list[Reject] = []
        chosen: list[int] = []
        documents: list[dict[str, Any]] = []
        for index, key in enumerate(rows.keys):
            document = nested(rows.row(index)) | {"external_ids": {self._system: key}}
            digest = hash(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
            line, before = self._seen.setdefault(key, (rows.lines[index], digest))
            if line == rows.lines[index]:
                chosen.append(index)
                documents.append(document)
            elif before == digest:
                counts.unchanged += 1
            else:
                rejects.append(
                    rows.reject(index, f"external_id: {key!r} was on line {line} already, with other values")
                )
        for index, result in zip(chosen, upsert_many(session, self._resource, documents), strict=True):
            if result.status == "rejected":
                reasons = [f"{fault.pointer.lstrip('/')}: {fault.detail}".lstrip(": ") for fault in result.errors]
                rejects.append(rows.reject(index, "; ".join(reasons)))
            else:
                counts.add(result.status)
        return rejects


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """`address.city` as the member `city` of `address`."""
    document: dict[str, Any] = {}
    for name, value in values.items():
        outer, dot, inner = name.partition(".")
        if dot:
            document.setdefault(outer, {})[inner] = value
        else:
            document[name] = value
    return document
