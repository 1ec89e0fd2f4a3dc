"""The features of a product, and conditions over them as formulas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.cpq import artefact
from app.cpq.artefact import FeatureType, Value
from app.cpq.clauses import And, Formula, Or, negate
from app.cpq.reading import Document, escaped

MAX_VALUES = 1_000
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature with its literals; `attributes` are by value id, as decimal text; `numbers` only of an integer feature."""

    id: str
    name: str
    type: FeatureType
    literals: Mapping[str, int]
    names: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, int]
    pointer: str
    group: str | None = None
    default: str | None = None

    def entry(self) -> artefact.Feature:
        """What the artefact says of it."""
        values = tuple(Value(value, self.names[value]) for value in self.literals)
        literals = tuple(self.literals.values())
        return artefact.Feature(self.id, self.name, self.type, literals, values, self.group, self.default)


def read_features(product: Mapping[str, Any], pointer: str, source: Document) -> tuple[Feature, ...]:
    """Features in order, with variables from 1; ModelError for what comes twice or is not there."""
    groups = _unique([group["id"] for group in product.get("groups", ())], f"{pointer}/groups", "id", source)
    entries = product.get("features", ())
    _unique([entry["id"] for entry in entries], f"{pointer}/features", "id", source)
    features: list[Feature] = []
    used = 0
    for at, entry in enumerate(entries):
        where = f"{pointer}/features/{at}"
        feature = _feature(entry, used, where, source)
        if feature.group is not None and feature.group not in groups:
            raise source.error(f"{where}/group", f"There is no group {feature.group!r} in this product.")
        if feature.default is not None and feature.default not in feature.literals:
            raise source.error(f"{where}/default", f"{feature.id} has no value {feature.default!r}.")
        used += 1 if feature.type == "boolean" else len(feature.literals)
        features.append(feature)
    return tuple(features)


def _unique(ids: list[str], pointer: str, key: str, source: Document) -> set[str]:
    seen: set[str] = set()
    for at, own in enumerate(ids):
        if own in seen:
            raise source.error(f"{pointer}/{at}/{key}", f"{own!r} is there twice.")
        seen.add(own)
    return seen


def _feature(entry: Mapping[str, Any], used: int, where: str, source: Document) -> Feature:
    kind: FeatureType = entry["type"]
    names: dict[str, str]
    attributes: dict[str, Mapping[str, str]] = {}
    numbers: dict[str, int] = {}
    if kind == "boolean":
        literals = {"no": -used - 1, "yes": used + 1}
        names = {"no": "No", "yes": "Yes"}
        attributes["yes"] = entry.get("attributes", {})
    elif kind == "choice":
        ids = [value["id"] for value in entry["values"]]
        _unique(ids, f"{where}/values", "id", source)
        literals = {own: used + at for at, own in enumerate(ids, start=1)}
        names = {value["id"]: value.get("name", value["id"]) for value in entry["values"]}
        attributes = {value["id"]: value.get("attributes", {}) for value in entry["values"]}
    else:
        numbers = _numbers(entry, where, source)
        literals = {own: used + at for at, own in enumerate(numbers, start=1)}
        unit = f" {entry['unit']}" if entry.get("unit") else ""
        names = {own: f"{own}{unit}" for own in numbers}
    return Feature(
        entry["id"], entry.get("name", entry["id"]), kind, literals, names, attributes, numbers, where,
        entry.get("group"), entry.get("default"),
    )  # fmt: skip


def _numbers(entry: Mapping[str, Any], where: str, source: Document) -> dict[str, int]:
    low, high, step = entry["min"], entry["max"], entry.get("step", 1)
    if step < 1:
        raise source.error(f"{where}/step", "A step is 1 or more.")
    if low > high:
        raise source.error(f"{where}/max", f"{entry['id']} goes from {low} to {high}: nothing lies between.")
    numbers = range(low, high + 1, step)
    if len(numbers) > MAX_VALUES:
        raise source.error(where, f"{entry['id']} has {len(numbers):,} values; at most {MAX_VALUES:,} can be compiled.")
    return {str(number): number for number in numbers}


class Conditions:
    """Turns conditions into formulas over the literals of a product's features."""

    def __init__(self, features: tuple[Feature, ...], source: Document) -> None:
        self.features = {feature.id: feature for feature in features}
        self.source = source

    def feature(self, name: Any, pointer: str) -> Feature:
        """The feature of that id; ModelError names the place when there is none."""
        found = self.features.get(str(name))
        if found is None:
            raise self.source.error(pointer, f"There is no feature {name!r} in this product.")
        return found

    def formula(self, condition: Any, pointer: str, depth: int = 0) -> Formula:
        """A condition; its members are and-ed."""
        if depth > MAX_DEPTH:
            raise self.source.error(pointer, f"Conditions are nested more than {MAX_DEPTH} deep.")
        if not isinstance(condition, dict):
            raise self.source.error(
                pointer, "A condition is `{feature: value}`, `{all: []}`, `{any: []}` or `{not: …}`."
            )
        parts = [self._member(name, told, f"{pointer}/{escaped(name)}", depth) for name, told in condition.items()]
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _member(self, name: str, told: Any, pointer: str, depth: int) -> Formula:
        if name in ("all", "any") and name not in self.features:
            if not isinstance(told, list) or not told:
                raise self.source.error(pointer, f"`{name}` takes a list of conditions.")
            parts = tuple(self.formula(part, f"{pointer}/{at}", depth + 1) for at, part in enumerate(told))
            return And(parts) if name == "all" else Or(parts)
        if name == "not" and name not in self.features:
            return negate(self.formula(told, pointer, depth + 1))
        return self.one_of(self.feature(name, pointer), told, pointer)

    def one_of(self, feature: Feature, told: Any, pointer: str) -> Formula:
        """The feature has one of the values told: a value, a list, `*`, or `{min, max}` of an integer feature."""
        values = self.values(feature, told, pointer)
        if feature.type == "boolean" and len(values) == 2:
            return And(())
        literals = tuple(feature.literals[value] for value in values)
        return literals[0] if len(literals) == 1 else Or(literals)

    def values(self, feature: Feature, told: Any, pointer: str) -> tuple[str, ...]:
        """The value ids told; ModelError for one that the feature has not."""
        if told == "*":
            return tuple(feature.literals)
        if isinstance(told, dict):
            return self._between(feature, told, pointer)
        if isinstance(told, list):
            if not told:
                raise self.source.error(pointer, f"No value of {feature.id} is named.")
            named = [self._value(feature, value, f"{pointer}/{at}") for at, value in enumerate(told)]
            return tuple(dict.fromkeys(named))
        return (self._value(feature, told, pointer),)

    def _value(self, feature: Feature, told: Any, pointer: str) -> str:
        value = {True: "yes", False: "no"}[told] if isinstance(told, bool) else str(told)
        if value not in feature.literals:
            some = ", ".join(list(feature.literals)[:12])
            raise self.source.error(pointer, f"{feature.id} has no value {value!r}; it has {some}.")
        return value

    def _between(self, feature: Feature, told: Mapping[str, Any], pointer: str) -> tuple[str, ...]:
        if feature.type != "integer":
            raise self.source.error(pointer, f"{feature.id} is not an integer feature: name its values.")
        try:
            low, high = (None if told.get(side) is None else int(told[side]) for side in ("min", "max"))
        except (TypeError, ValueError):
            raise self.source.error(pointer, "`min` and `max` are whole numbers.") from None
        if told.keys() - {"min", "max"}:
            raise self.source.error(pointer, "A range has `min`, `max` or both.")
        values = tuple(
            own
            for own, number in feature.numbers.items()
            if (low is None or number >= low) and (high is None or number <= high)
        )
        if not values:
            raise self.source.error(pointer, f"No value of {feature.id} lies in this range.")
        return values
