"""Rules and budgets of a product: rules to formulas, budgets to whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.cpq import artefact
from app.cpq.catalogue_features import Conditions, Feature
from app.cpq.clauses import TRUE, And, Count, Formula, Or, implies, multiplied_out, negate
from app.cpq.reading import Document, escaped

# JavaScript adds whole numbers exactly up to 2^53.
MAX_SUM = 2**53 - 1
BODIES = ("excludes", "requires", "table", "cardinality", "default")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; a hard one has a `formula`, a soft one (`default`) prefers the literals of `sets` where `condition` holds."""

    id: str
    text: str
    kind: str
    pointer: str
    formula: Formula | None = None
    condition: tuple[tuple[int, ...], ...] = ()
    sets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget ready for the artefact, and where it stands."""

    entry: artefact.Budget
    pointer: str


def read_rules(
    product: Mapping[str, Any], features: tuple[Feature, ...], pointer: str, source: Document
) -> tuple[Rule, ...]:
    """The rules of a product in order; ModelError for an unknown feature or value, and for an id that comes twice."""
    conditions = Conditions(features, source)
    rules: list[Rule] = []
    seen: set[str] = set()
    for at, entry in enumerate(product.get("rules", ())):
        where = f"{pointer}/rules/{at}"
        if entry["id"] in seen:
            raise source.error(f"{where}/id", f"The rule {entry['id']!r} is there twice.")
        seen.add(entry["id"])
        rules.append(_rule(entry, conditions, where))
    return tuple(rules)


def _rule(entry: Mapping[str, Any], conditions: Conditions, where: str) -> Rule:
    kind = next(body for body in BODIES if body in entry)
    own, text, body, place = entry["id"], entry.get("text", entry["id"]), entry[kind], f"{where}/{kind}"
    if kind == "default":
        return _soft(own, text, body, conditions, where)
    if kind == "excludes":
        parts = [conditions.formula(part, f"{place}/{at}") for at, part in enumerate(body)]
        formula: Formula = Or(tuple(negate(part) for part in parts))
    elif kind == "requires":
        needed = conditions.formula(body["then"], f"{place}/then")
        formula = implies(conditions.formula(body["if"], f"{place}/if"), needed) if "if" in body else needed
    elif kind == "table":
        formula = _table(body, conditions, place)
    else:
        formula = _cardinality(body, conditions, place)
    return Rule(own, text, kind, where, formula)


def _table(body: Mapping[str, Any], conditions: Conditions, place: str) -> Formula:
    columns = [conditions.feature(name, f"{place}/features/{at}") for at, name in enumerate(body["features"])]
    if len({column.id for column in columns}) < len(columns):
        raise conditions.source.error(f"{place}/features", "A feature stands twice in this table.")
    rows: list[Formula] = []
    for at, row in enumerate(body["rows"]):
        if len(row) != len(columns):
            said = f"This row has {len(row)} cells and the table {len(columns)} features."
            raise conditions.source.error(f"{place}/rows/{at}", said)
        cells = [
            conditions.one_of(column, cell, f"{place}/rows/{at}/{n}")
            for n, (column, cell) in enumerate(zip(columns, row, strict=True))
            if cell != "*"
        ]
        rows.append(And(tuple(cells)))
    return Or(tuple(rows))


def _cardinality(body: Mapping[str, Any], conditions: Conditions, place: str) -> Formula:
    parts = tuple(conditions.formula(part, f"{place}/of/{at}") for at, part in enumerate(body["of"]))
    least, most = body.get("min", 0), body.get("max", len(parts))
    if not 0 <= least <= most:
        raise conditions.source.error(place, f"Between {least} and {most} of {len(parts)} cannot hold.")
    if least > len(parts):
        raise conditions.source.error(f"{place}/min", f"{least} of {len(parts)} conditions cannot hold.")
    return Count(least, most, parts)


def _soft(own: str, text: str, body: Mapping[str, Any], conditions: Conditions, where: str) -> Rule:
    place = f"{where}/default"
    condition = conditions.formula(body["if"], f"{place}/if") if "if" in body else TRUE
    clauses = multiplied_out(condition)
    if clauses is None:
        raise conditions.source.error(f"{place}/if", "The condition of a default is too long; split the rule.")
    sets = []
    for name, told in body["set"].items():
        pointer = f"{place}/set/{escaped(name)}"
        feature = conditions.feature(name, pointer)
        values = conditions.values(feature, told, pointer)
        if len(values) != 1:
            raise conditions.source.error(pointer, f"A default sets {feature.id} to one value.")
        sets.append(feature.literals[values[0]])
    return Rule(
        own, text, "default", where, None, tuple(tuple(sorted(clause, key=abs)) for clause in clauses), tuple(sets)
    )


def read_budgets(
    product: Mapping[str, Any], features: tuple[Feature, ...], pointer: str, source: Document
) -> tuple[Budget, ...]:
    """The budgets of a product in whole numbers; ModelError for an attribute that no value has, or a limit that lacks."""
    conditions = Conditions(features, source)
    budgets: list[Budget] = []
    for at, entry in enumerate(product.get("budgets", ())):
        where = f"{pointer}/budgets/{at}"
        if entry["id"] in {budget.entry.id for budget in budgets}:
            raise source.error(f"{where}/id", f"The budget {entry['id']!r} is there twice.")
        budgets.append(Budget(_budget(entry, product, conditions, where), where))
    return tuple(budgets)


def _budget(
    entry: Mapping[str, Any], product: Mapping[str, Any], conditions: Conditions, where: str
) -> artefact.Budget:
    weights = _weights(entry["attribute"], product, conditions)
    if not weights:
        raise conditions.source.error(f"{where}/attribute", f"No value has the attribute {entry['attribute']!r}.")
    base = Decimal(entry.get("base", "0"))
    sides = {side: _limit(entry[side], conditions, f"{where}/{side}") for side in ("max", "min") if side in entry}
    given = {side: limit for side, limit in sides.items() if isinstance(limit, tuple)}
    if given and len(sides) > 1:
        raise conditions.source.error(where, "With a limit that a feature gives, write min and max as two budgets.")
    shown: dict[str, tuple[str, dict[str, Decimal]]] = {}
    for side, (feature, values) in given.items():
        shown[side] = (feature.id, values)
        for value, limit in values.items():
            literal = feature.literals[value]
            weights[literal] = weights.get(literal, Decimal(0)) - limit
    bounds = {side: Decimal(0) if isinstance(limit, tuple) else limit for side, limit in sides.items()}
    figures = [
        base,
        *weights.values(),
        *bounds.values(),
        *(one for _, limits in shown.values() for one in limits.values()),
    ]
    scale = max(0, *(-int(figure.normalize().as_tuple().exponent) for figure in figures))

    def whole(figure: Decimal) -> int:
        return int(figure.scaleb(scale))

    if sum(abs(whole(figure)) for figure in figures) > MAX_SUM:
        raise conditions.source.error(
            where, "The figures of this budget are too large, or have too many decimal places."
        )
    return artefact.Budget(
        id=entry["id"],
        name=entry.get("name", entry["id"]),
        unit=entry.get("unit", ""),
        scale=scale,
        base=whole(base),
        weights=tuple((literal, whole(weights[literal])) for literal in sorted(weights, key=abs) if weights[literal]),
        maximum=whole(bounds["max"]) if "max" in bounds else None,
        minimum=whole(bounds["min"]) if "min" in bounds else None,
        limit_of={
            side: (feature, {value: whole(limit) for value, limit in limits.items()})
            for side, (feature, limits) in shown.items()
        },
    )


def _weights(attribute: str, product: Mapping[str, Any], conditions: Conditions) -> dict[int, Decimal]:
    weights: dict[int, Decimal] = {}
    for entry in product["features"]:
        feature = conditions.features[entry["id"]]
        for value, attributes in feature.attributes.items():
            if attribute in attributes:
                weights[feature.literals[value]] = Decimal(attributes[attribute])
        each = entry.get("attributes_each", {}).get(attribute)
        for value, number in feature.numbers.items():
            if each is not None:
                weights[feature.literals[value]] = Decimal(each) * number
    return weights


def _limit(limit: Any, conditions: Conditions, place: str) -> Decimal | tuple[Feature, dict[str, Decimal]]:
    if not isinstance(limit, dict):
        return Decimal(limit)
    feature = conditions.feature(limit["feature"], f"{place}/feature")
    for value in limit["values"]:
        if value not in feature.literals:
            raise conditions.source.error(f"{place}/values/{escaped(value)}", f"{feature.id} has no value {value!r}.")
    for value in feature.literals:
        if value not in limit["values"]:
            raise conditions.source.error(f"{place}/values", f"The limit for {feature.id} = {value} is missing.")
    return feature, {value: Decimal(given) for value, given in limit["values"].items()}
