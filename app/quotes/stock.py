"""Catalogues and compiled models as they are asked for all day: found by name, kept in this process by what is in them.

A stored catalogue never changes, so what was read once is good for ever; the newest few are kept.
"""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.model import Model, load
from app.foundation.db import Id, table_of
from app.foundation.prepared import Prepared
from app.foundation.principal import principal_of
from app.quotes.tables import Catalogue, CatalogueModel

CATALOGUES, MODELS = table_of(Catalogue), table_of(CatalogueModel)
KEPT_DOCUMENTS, KEPT_MODELS = 16, 64
V = TypeVar("V")


class _Kept(Generic[V]):
    """The values that were asked for last; two threads may make one at the same time, which does no harm."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made when it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Stocked:
    """A catalogue version at hand: its document, and which of its products have a compiled model."""

    id: str
    key: str
    version: str
    hash: str
    status: str
    compilation: str
    document: Mapping[str, Any]
    configurable: frozenset[str]


_documents: _Kept[dict[str, Any]] = _Kept(KEPT_DOCUMENTS)
_models: _Kept[Model] = _Kept(KEPT_MODELS)
_COLUMNS = [CATALOGUES.c[name] for name in ("id", "key", "version", "hash", "status", "compilation")]
_BY_NAME = Prepared(
    sa.select(*_COLUMNS).where(
        CATALOGUES.c.org_id == sa.bindparam("org", type_=Id()),
        CATALOGUES.c.key == sa.bindparam("wanted_key"),
        CATALOGUES.c.version == sa.bindparam("wanted_version"),
    )
)
_BY_ID = Prepared(
    sa.select(*_COLUMNS).where(
        CATALOGUES.c.org_id == sa.bindparam("org", type_=Id()), CATALOGUES.c.id == sa.bindparam("wanted", type_=Id())
    )
)


def by_name(session: Session, key: str, version: str) -> Stocked | None:
    """The catalogue of this name and version in the caller's organisation."""
    values = {"org": principal_of(session).org_id, "wanted_key": key, "wanted_version": version}
    return _stocked(session, _BY_NAME.first(session.connection(), values))


def by_id(session: Session, catalogue_id: str) -> Stocked | None:
    """The catalogue of this id in the caller's organisation."""
    values = {"org": principal_of(session).org_id, "wanted": catalogue_id}
    return _stocked(session, _BY_ID.first(session.connection(), values))


def model_of(session: Session, stocked: Stocked, sku: str) -> Model | None:
    """The compiled model of a product; None when it is not configurable, or not compiled yet."""
    if sku not in stocked.configurable or stocked.compilation != "ready":
        return None

    def read() -> Model:
        here = (MODELS.c.catalogue_id == stocked.id, MODELS.c.sku == sku)
        return load(bytes(session.execute(sa.select(MODELS.c.artefact).where(*here)).scalar_one()))

    return _models.get((stocked.id, sku), read)


def packed(document: Mapping[str, Any]) -> bytes:
    """A document as it is stored."""
    return gzip.compress(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), 6, mtime=0)


def unpacked(stored: bytes) -> dict[str, Any]:
    """A stored document."""
    document: dict[str, Any] = orjson.loads(gzip.decompress(stored))
    return document


def _stocked(session: Session, found: Any) -> Stocked | None:
    if found is None:
        return None
    catalogue_id, key, version, content_hash, status, compilation = found

    def read() -> dict[str, Any]:
        stored = session.execute(sa.select(CATALOGUES.c.document).where(CATALOGUES.c.id == catalogue_id)).scalar_one()
        return unpacked(bytes(stored))

    document = _documents.get(content_hash, read)
    configurable = frozenset(product["sku"] for product in document.get("products", ()) if product.get("features"))
    return Stocked(catalogue_id, key, version, content_hash, status, compilation, document, configurable)
