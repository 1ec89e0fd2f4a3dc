"""The compiled configuration model of one product, and its bytes: what the server stores and a phone loads.

`gzip("DSCM" | format | sections | sha256)`; a section is a tag byte, a varint length and that many bytes: `H` the header
(UTF-8 JSON), `N` the nodes of the decision diagram (absent when SAT serves the model), `C` the clauses. A varint is
unsigned LEB128. The extra field of the gzip header holds a checksum of the compressed bytes, so that a flip in bits that
inflating ignores is seen too. `docs/cpq.md` goes through it byte by byte.
"""

import gzip
import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from app.cpq.artefact_sections import (
    Clause,
    Nodes,
    Section,
    read_clauses,
    read_nodes,
    sections_of,
    write_clauses,
    write_nodes,
    write_section,
)

MAGIC = b"DSCM"
FORMAT = 1
MAX_PAYLOAD = 64 * 2**20
# gzip: magic, deflate, FEXTRA, no time, best compression, unknown system; then one subfield "DS" of 16 bytes.
_GZIP_HEAD = b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x02\xff" + struct.pack("<H2sH", 20, b"DS", 16)
_CHECKSUM = 16
_DIGEST = 32

__all__ = [
    "Artefact",
    "ArtefactError",
    "Budget",
    "Clause",
    "Default",
    "Feature",
    "Nodes",
    "Rule",
    "Value",
    "count_text",
    "digest",
]

Engine = Literal["diagram", "sat"]
FeatureType = Literal["choice", "boolean", "integer"]


class ArtefactError(ValueError):
    """Bytes that are not a whole compiled model of a format that this version reads."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a feature."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature and the signed literal of each of its values: choice and integer +v a value; boolean −v (no), +v (yes)."""

    id: str
    name: str
    type: FeatureType
    literals: tuple[int, ...]
    values: tuple[Value, ...]
    group: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the catalogue, in its words."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Default:
    """A soft rule (`rule` is its id): where every clause of `condition` holds, prefer the literals of `sets`."""

    rule: str
    condition: tuple[tuple[int, ...], ...]
    sets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """`minimum ≤ base + Σ weight of the literals that hold ≤ maximum`, all integers in units of 10^−scale.

    Where a feature gives the limit, its values carry the limit as negative weights, the bound is 0, and `limit_of` says
    (for people) which feature, and the limit that each of its values gives: `{"max": (feature, {value: limit})}`.
    """

    id: str
    name: str
    unit: str
    scale: int
    base: int
    weights: tuple[tuple[int, int], ...]
    maximum: int | None = None
    minimum: int | None = None
    limit_of: Mapping[str, tuple[str, Mapping[str, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artefact:
    """One compiled model. Variables are 1…`variables`; the first `public` stand for values, the rest are auxiliary."""

    catalogue_id: str
    catalogue_version: str
    catalogue_hash: str
    product: str
    name: str
    engine: Engine
    variables: int
    public: int
    features: tuple[Feature, ...]
    rules: tuple[Rule, ...]
    clauses: tuple[Clause, ...]
    defaults: tuple[Default, ...] = ()
    budgets: tuple[Budget, ...] = ()
    order: tuple[int, ...] = ()
    nodes: Nodes | None = None
    solutions: int | None = None

    def to_bytes(self) -> bytes:
        """The artefact as it is stored and sent; the same model gives the same bytes."""
        body = bytearray(MAGIC)
        body.append(FORMAT)
        write_section(
            body, Section.HEADER, json.dumps(_header(self), ensure_ascii=False, separators=(",", ":")).encode()
        )
        if self.nodes is not None:
            write_section(body, Section.NODES, write_nodes(self.nodes, self.public))
        write_section(body, Section.CLAUSES, write_clauses(self.clauses))
        body += hashlib.sha256(body).digest()
        return _zip(bytes(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Artefact":
        """Read and verify; ArtefactError says what is wrong: cut, changed, of a newer format, or not an artefact."""
        body = _unzip(data)
        if body[:4] != MAGIC:
            raise ArtefactError("This is not a compiled configuration model: it does not begin with DSCM.")
        if len(body) < len(MAGIC) + 1 + _DIGEST:
            raise ArtefactError("The compiled configuration model is cut short.")
        if body[4] > FORMAT:
            raise ArtefactError(
                f"The compiled model has format {body[4]}; this version reads up to {FORMAT}. Update Doorstep."
            )
        if hashlib.sha256(body[:-_DIGEST]).digest() != body[-_DIGEST:]:
            raise ArtefactError("The compiled configuration model was changed or damaged: its SHA-256 does not match.")
        if body[4] != FORMAT:
            raise ArtefactError(f"The compiled model has format {body[4]}, which never existed.")
        try:
            return _parse(sections_of(body[5:-_DIGEST]))
        except (KeyError, TypeError, ValueError, IndexError, UnicodeDecodeError) as fault:
            raise ArtefactError(f"The compiled configuration model is malformed: {fault}.") from fault


def digest(data: bytes) -> str:
    """SHA-256 of the stored bytes, hex: what a phone and a cache know the artefact by."""
    return hashlib.sha256(data).hexdigest()


def count_text(count: int) -> str:
    """A count in decimal digits, however many: Python itself refuses to write more than 4,300."""
    return str(Decimal(count))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("the number of solutions is not a number")
    return int(Decimal(text))


def _zip(body: bytes) -> bytes:
    plain = gzip.compress(body, compresslevel=9, mtime=0)
    rest = plain[10:]
    return _GZIP_HEAD + hashlib.sha256(rest).digest()[:_CHECKSUM] + rest


def _unzip(data: bytes) -> bytes:
    head = len(_GZIP_HEAD)
    if data[:2] != _GZIP_HEAD[:2]:
        raise ArtefactError("This is not a compiled configuration model: it is not gzip.")
    if len(data) < head + _CHECKSUM + 18:
        raise ArtefactError("The compiled configuration model is cut short.")
    rest = data[head + _CHECKSUM :]
    if data[:head] != _GZIP_HEAD or hashlib.sha256(rest).digest()[:_CHECKSUM] != data[head : head + _CHECKSUM]:
        raise ArtefactError(
            "The compiled configuration model was changed, damaged or cut: its checksum does not match."
        )
    inflater = zlib.decompressobj(wbits=31)
    try:
        body = inflater.decompress(data, MAX_PAYLOAD)
    except zlib.error as fault:
        raise ArtefactError(f"The compiled configuration model cannot be inflated: {fault}.") from fault
    if not inflater.eof or inflater.unused_data:
        raise ArtefactError("The compiled configuration model is cut short, too large, or followed by other bytes.")
    return body


def _header(model: Artefact) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "catalogue": {"id": model.catalogue_id, "version": model.catalogue_version, "hash": model.catalogue_hash},
        "product": model.product,
        "name": model.name,
        "engine": model.engine,
        "variables": model.variables,
        "public": model.public,
        "order": list(model.order),
        "solutions": None if model.solutions is None else count_text(model.solutions),
        "features": [_feature_header(feature) for feature in model.features],
        "rules": [{"id": rule.id, "text": rule.text} for rule in model.rules],
        "defaults": [
            {"rule": default.rule, "if": [list(clause) for clause in default.condition], "set": list(default.sets)}
            for default in model.defaults
        ],
        "budgets": [_budget_header(budget) for budget in model.budgets],
    }


def _feature_header(feature: Feature) -> dict[str, Any]:
    header: dict[str, Any] = {"id": feature.id, "name": feature.name, "type": feature.type}
    if feature.group is not None:
        header["group"] = feature.group
    header["literals"] = list(feature.literals)
    header["values"] = [{"id": value.id, "name": value.name} for value in feature.values]
    if feature.default is not None:
        header["default"] = feature.default
    return header


def _budget_header(budget: Budget) -> dict[str, Any]:
    header: dict[str, Any] = {"id": budget.id, "name": budget.name, "unit": budget.unit}
    header |= {"scale": budget.scale, "base": budget.base}
    if budget.maximum is not None:
        header["max"] = budget.maximum
    if budget.minimum is not None:
        header["min"] = budget.minimum
    header["weights"] = [[literal, weight] for literal, weight in budget.weights]
    if budget.limit_of:
        header["limit_of"] = {
            side: {"feature": feature, "values": dict(values)} for side, (feature, values) in budget.limit_of.items()
        }
    return header


def _parse(parts: Mapping[Section, bytes]) -> Artefact:
    header = json.loads(parts[Section.HEADER])
    variables, public = int(header["variables"]), int(header["public"])
    if not 0 <= public <= variables:
        raise ValueError("more public variables than variables")
    order = tuple(int(variable) for variable in header["order"])
    nodes = read_nodes(parts[Section.NODES], public) if Section.NODES in parts else None
    if (nodes is not None) != (header["engine"] == "diagram"):
        raise ValueError("the engine and the nodes do not agree")
    if nodes is not None and sorted(order) != list(range(1, public + 1)):
        raise ValueError("the order does not name every public variable once")
    solutions = header["solutions"]
    return Artefact(
        catalogue_id=header["catalogue"]["id"],
        catalogue_version=header["catalogue"]["version"],
        catalogue_hash=header["catalogue"]["hash"],
        product=header["product"],
        name=header["name"],
        engine=header["engine"],
        variables=variables,
        public=public,
        features=tuple(_feature(entry, public) for entry in header["features"]),
        rules=tuple(Rule(entry["id"], entry["text"]) for entry in header["rules"]),
        clauses=read_clauses(parts[Section.CLAUSES], variables, len(header["rules"])),
        defaults=tuple(
            Default(entry["rule"], tuple(tuple(clause) for clause in entry["if"]), tuple(entry["set"]))
            for entry in header["defaults"]
        ),
        budgets=tuple(_budget(entry) for entry in header["budgets"]),
        order=order,
        nodes=nodes,
        solutions=None if solutions is None else _count(solutions),
    )


def _feature(entry: Mapping[str, Any], public: int) -> Feature:
    literals = tuple(int(literal) for literal in entry["literals"])
    values = tuple(Value(value["id"], value["name"]) for value in entry["values"])
    if len(literals) != len(values) or any(not 1 <= abs(literal) <= public for literal in literals):
        raise ValueError(f"feature {entry['id']} has values without a public literal")
    if entry["type"] not in ("choice", "boolean", "integer"):
        raise ValueError(f"feature {entry['id']} has the unknown type {entry['type']}")
    return Feature(
        entry["id"], entry["name"], entry["type"], literals, values, entry.get("group"), entry.get("default")
    )


def _budget(entry: Mapping[str, Any]) -> Budget:
    limits = entry.get("limit_of", {})
    return Budget(
        id=entry["id"],
        name=entry["name"],
        unit=entry["unit"],
        scale=int(entry["scale"]),
        base=int(entry["base"]),
        weights=tuple((int(literal), int(weight)) for literal, weight in entry["weights"]),
        maximum=entry.get("max"),
        minimum=entry.get("min"),
        limit_of={side: (limit["feature"], limit["values"]) for side, limit in limits.items()},
    )
