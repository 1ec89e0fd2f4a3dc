"""From the bytes of a catalogue to its document and its compiled models; what is wrong becomes a problem with its places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.cpq.artefact import Artefact, count_text
from app.cpq.catalogue import Catalogue, catalogue_of, read_catalogue
from app.cpq.compile import compile_catalogue
from app.cpq.reading import Document, ModelError
from app.foundation.problems import FieldError, Problem


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """The compiled model of one product, as it is kept."""

    data: bytes
    engine: str
    nodes: int | None
    solutions: str | None


def read_document(data: bytes) -> Catalogue:
    """The catalogue of a document, YAML or JSON; Problem 422 points at what is wrong, with the line of the file."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise refused(ModelError(0, "The document is not UTF-8.")) from None
    try:
        return read_catalogue(text, json_text=text.lstrip()[:1] in ("{", "["))
    except ModelError as fault:
        raise refused(fault) from None


def compile_models(document: Mapping[str, Any]) -> dict[str, CompiledModel]:
    """The models of the configurable products, by SKU; Problem 422 when the rules of one contradict each other."""
    try:
        compiled = compile_catalogue(catalogue_of(Document(document, {})))
    except ModelError as fault:
        raise refused(fault) from None
    return {sku: _model(one.artefact, one.data) for sku, one in compiled.items()}


def _model(artefact: Artefact, data: bytes) -> CompiledModel:
    nodes = None if artefact.nodes is None else len(artefact.nodes)
    return CompiledModel(
        data, artefact.engine, nodes, None if artefact.solutions is None else count_text(artefact.solutions)
    )


def refused(*faults: ModelError) -> Problem:
    """Problem 422 of what a reader or a compiler found."""
    return Problem(
        422,
        "catalogue-invalid",
        "Not a catalogue that can be sold from",
        "Put right what errors say, and send it again.",
        tuple(FieldError(fault.pointer, _with_line(fault)) for fault in faults),
    )


def _with_line(fault: ModelError) -> str:
    return f"{fault.detail} (line {fault.line})" if fault.line else fault.detail
