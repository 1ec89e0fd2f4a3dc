"""The catalogue: a versioned, immutable document of products, rules and prices, read and held against itself.

`read_catalogue` checks the form by `catalogue.schema.json`, then every reference, rule and figure; what is wrong is a
ModelError with line and JSON pointer. Rules and budgets become dataclasses here; prices, terms and clauses stay the JSON that
the price engine reads, once its own validation has passed them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from app.cpq import catalogue_prices, catalogue_relations
from app.cpq.catalogue_features import Feature, read_features
from app.cpq.catalogue_normal import normal
from app.cpq.catalogue_rules import Budget, Rule, read_budgets, read_rules
from app.cpq.reading import Document, ModelError, escaped, read_json, read_yaml

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold. With features it is configurable and has a model; `document` is its part of the catalogue as JSON."""

    sku: str
    name: str
    kind: str
    family: str
    features: tuple[Feature, ...]
    rules: tuple[Rule, ...]
    budgets: tuple[Budget, ...]
    document: Mapping[str, Any]
    pointer: str

    @property
    def configurable(self) -> bool:
        """Whether there is something to choose."""
        return bool(self.features)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue version. `document` is JSON in its normal form, `hash` the SHA-256 of that in canonical JSON."""

    id: str
    version: str
    name: str
    valid_from: str | None
    valid_to: str | None
    products: tuple[Product, ...]
    document: Mapping[str, Any]
    hash: str
    source: Document

    @property
    def configurable(self) -> tuple[Product, ...]:
        """The products that have a configuration model."""
        return tuple(product for product in self.products if product.configurable)

    @property
    def rules(self) -> int:
        """How many rules there are, over all products."""
        return sum(len(product.rules) for product in self.products)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text = resources.files("app.cpq").joinpath("catalogue.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def read_catalogue(text: str, json_text: bool = False) -> Catalogue:
    """Read a catalogue from YAML (or JSON); ModelError names line and pointer of the first thing that is wrong."""
    return catalogue_of(read_json(text) if json_text else read_yaml(text))


def catalogue_of(source: Document) -> Catalogue:
    """The catalogue that a document holds; ModelError as for `read_catalogue`."""
    if not isinstance(source.value, dict):
        raise source.error("", "A catalogue is a mapping that begins with `format: 1`.")
    _check_format(source)
    _check_form(source)
    document = normal(source.value)
    catalogue_relations.check(document, source)
    products = tuple(_product(entry, f"/products/{at}", source) for at, entry in enumerate(document["products"]))
    catalogue_prices.check(document, products, source)
    return Catalogue(
        document["id"],
        document["version"],
        document["name"],
        document.get("valid_from"),
        document.get("valid_to"),
        products,
        document,
        hashlib.sha256(canonical(document)).hexdigest(),
        source,
    )


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8: what is hashed."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _check_format(source: Document) -> None:
    stated = source.value.get("format")
    if isinstance(stated, str) and stated.isascii() and stated.isdecimal():
        stated = int(stated)
    if isinstance(stated, int) and not isinstance(stated, bool) and stated > FORMAT:
        raise source.error(
            "/format", f"The catalogue has format {stated}; this version reads up to {FORMAT}. Update Doorstep."
        )


def _check_form(source: Document) -> None:
    faults = sorted(Draft202012Validator(schema()).iter_errors(source.value), key=lambda fault: _place(fault, source))
    if faults:
        fault = _innermost(faults[0])
        raise source.error(_pointer(fault), _said(fault))


def _place(fault: ValidationError, source: Document) -> tuple[int, int]:
    return (source.line(_pointer(fault)), -len(fault.absolute_path))


def _pointer(fault: ValidationError) -> str:
    pointer = "".join(f"/{escaped(str(part))}" for part in fault.absolute_path)
    extra = _extra(fault)
    return pointer if extra is None else f"{pointer}/{escaped(extra)}"


def _extra(fault: ValidationError) -> str | None:
    """The first key of an object that it may not have, when that is the fault."""
    if fault.validator != "additionalProperties" or not isinstance(fault.instance, dict):
        return None
    known = fault.schema.get("properties", {}) if isinstance(fault.schema, dict) else {}
    return next((str(key) for key in fault.instance if key not in known), None)


def _innermost(fault: ValidationError) -> ValidationError:
    """Of alternatives, the fault that lies deepest says most, when it lies deeper than where the alternatives part."""
    while fault.context:
        deepest = max(fault.context, key=lambda inner: len(inner.absolute_path))
        if len(deepest.absolute_path) <= len(fault.absolute_path):
            return fault
        fault = deepest
    return fault


def _said(fault: ValidationError) -> str:
    shown = json.dumps(fault.instance, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    if fault.validator == "oneOf" and isinstance(fault.schema, dict) and fault.schema is schema()["$defs"]["rule"]:
        bodies = ", ".join(alternative["required"][0] for alternative in fault.schema["oneOf"])
        return f"A rule has exactly one body: {bodies}."
    description = fault.schema.get("description") if isinstance(fault.schema, dict) else None
    if fault.validator in ("anyOf", "oneOf", "pattern") and fault.schema is not None:
        return f"{shown} does not fit here. {description or 'Expected: ' + _alternatives(fault)}"
    extra = _extra(fault)
    if extra is not None and isinstance(fault.schema, dict):
        return f"There is no key {extra[:40]!r} here; there are {', '.join(fault.schema.get('properties', {}))}."
    return f"{fault.message[:200]}."


def _alternatives(fault: ValidationError) -> str:
    if fault.validator == "pattern":
        return f"text of the form {fault.validator_value}."
    kinds = [str(part.get("type") or part.get("$ref", "").rpartition("/")[2]) for part in fault.validator_value]
    return " or ".join(kind.replace("_", " ") for kind in kinds if kind) + "."


def _product(entry: Mapping[str, Any], pointer: str, source: Document) -> Product:
    features = read_features(entry, pointer, source)
    return Product(
        entry["sku"],
        entry["name"],
        entry.get("kind", "device"),
        entry.get("family", ""),
        features,
        read_rules(entry, features, pointer, source),
        read_budgets(entry, features, pointer, source),
        entry,
        pointer,
    )


__all__ = ["Catalogue", "ModelError", "Product", "canonical", "catalogue_of", "read_catalogue", "schema"]
