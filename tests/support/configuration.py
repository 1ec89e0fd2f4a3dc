"""Small configuration models made at random, and what is true of them by looking at every configuration."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from dd import autoref

from app.cpq.artefact import Artefact, Budget, Clause, Default, Feature, Nodes, Rule, Value
from app.cpq.model import Choice, Model

Configuration = dict[str, str]


def diagram(public: int, order: Sequence[int], clauses: Iterable[Sequence[int]]) -> Nodes:
    """The reduced diagram of clauses over variables 1…public, without complement edges; levels deepest first."""
    bdd = autoref.BDD()
    bdd.configure(reordering=False)
    bdd.declare(*(f"v{variable}" for variable in order))
    whole = bdd.true
    for clause in clauses:
        part = bdd.false
        for literal in clause:
            variable = bdd.var(f"v{abs(literal)}")
            part |= variable if literal > 0 else ~variable
        whole &= part
    if whole == bdd.false:
        raise ValueError("the clauses have no solution")
    found: dict[int, tuple[int, object, object]] = {}
    open_nodes = [whole]
    while open_nodes:
        node = open_nodes.pop()
        if int(node) in found or node in (bdd.true, bdd.false):
            continue
        low, high = (~node.low, ~node.high) if node.negated else (node.low, node.high)
        found[int(node)] = (node.level, low, high)
        open_nodes += [low, high]
    ids = {int(bdd.false): 0, int(bdd.true): 1}
    sorted_nodes = sorted(found, key=lambda key: (-found[key][0], key))
    ids |= {key: number for number, key in enumerate(sorted_nodes, start=2)}
    columns = [found[key] for key in sorted_nodes]
    return Nodes(
        tuple(level for level, _, _ in columns),
        tuple(ids[int(low)] for _, low, _ in columns),  # type: ignore[call-overload]
        tuple(ids[int(high)] for _, _, high in columns),  # type: ignore[call-overload]
    )


def artefact(
    features: Sequence[Feature],
    ruled: Sequence[tuple[str, Sequence[Sequence[int]]]],
    budgets: Sequence[Budget] = (),
    defaults: Sequence[Default] = (),
    engine: Literal["diagram", "sat"] = "diagram",
    order: Sequence[int] | None = None,
) -> Artefact:
    """A model from features and rules (id, clauses); that exactly one value of a feature holds is added."""
    public = max(abs(literal) for feature in features for literal in feature.literals)
    clauses = [Clause(0, clause) for feature in features for clause in _one_value(feature)]
    for number, (_, bodies) in enumerate(ruled, start=1):
        clauses += [Clause(number, tuple(sorted(body, key=abs))) for body in bodies]
    order = tuple(order) if order else tuple(range(1, public + 1))
    nodes = diagram(public, order, [clause.literals for clause in clauses])
    return Artefact(
        catalogue_id="small", catalogue_version="1", catalogue_hash="0" * 64, product="P", name="Small", engine=engine,
        variables=public, public=public, features=tuple(features), clauses=tuple(clauses),
        rules=tuple(Rule(rule, f"Rule {rule}.") for rule, _ in ruled), defaults=tuple(defaults),
        budgets=tuple(budgets), order=order if engine == "diagram" else (),
        nodes=nodes if engine == "diagram" else None,
        solutions=_count(public, nodes) if engine == "diagram" else None,
    )  # fmt: skip


def by_sat(made: Artefact) -> Artefact:
    """The same model, served by SAT."""
    return replace(made, engine="sat", nodes=None, order=(), solutions=None)


def _count(public: int, nodes: Nodes) -> int:
    levels = [public, public, *nodes.levels]
    counts = [0, 1]
    for level, low, high in zip(nodes.levels, nodes.lows, nodes.highs, strict=True):
        counts.append(sum(counts[child] << (levels[child] - level - 1) for child in (low, high)))
    return counts[-1] << levels[-1] if len(levels) > 2 else 1 << public


def _one_value(feature: Feature) -> list[tuple[int, ...]]:
    if feature.type == "boolean":
        return []
    pairs = itertools.combinations(feature.literals, 2)
    return [tuple(sorted(feature.literals)), *((-a, -b) for a, b in (sorted(pair) for pair in pairs))]


def random_artefact(rng: random.Random, budgets: int = 2) -> Artefact:
    """A satisfiable model of three to six features, with rules, budgets and defaults."""
    while True:
        made = _random_artefact(rng, budgets)
        if made is not None:
            return made


def _random_artefact(rng: random.Random, budgets: int) -> Artefact | None:
    features, variable = [], 0
    for number in range(rng.randint(3, 6)):
        if rng.random() < 0.4:
            variable += 1
            literals, values, kind = (-variable, variable), ("no", "yes"), "boolean"
        else:
            size = rng.randint(2, 4)
            literals = tuple(range(variable + 1, variable + size + 1))
            values, kind, variable = tuple(f"v{position}" for position in range(size)), "choice", variable + size
        default = rng.choice(values) if rng.random() < 0.5 else None
        features.append(
            Feature(f"f{number}", f"F {number}", kind, literals, tuple(Value(v, v) for v in values), None, default)  # type: ignore[arg-type]
        )
    literals = [literal for feature in features for literal in feature.literals]
    ruled = []
    for number in range(rng.randint(0, 6)):
        bodies = [
            tuple({abs(lit): lit * rng.choice((1, -1)) for lit in rng.sample(literals, rng.randint(1, 3))}.values())
            for _ in range(rng.randint(1, 2))
        ]
        ruled.append((f"R{number}", bodies))
    order = rng.sample(range(1, variable + 1), variable) if rng.random() < 0.7 else None
    try:
        return artefact(
            features, ruled, [_budget(rng, number, features) for number in range(budgets)],
            [_default(rng, literals, number) for number in range(rng.randint(0, 2))], order=order,
        )  # fmt: skip
    except ValueError:
        return None


def _budget(rng: random.Random, number: int, features: Sequence[Feature]) -> Budget:
    weights = tuple(
        (literal, rng.randint(-5, 30)) for feature in features for literal in feature.literals if rng.random() < 0.7
    )
    base = rng.randint(0, 20)
    middle = base + sum(weight for _, weight in weights) // 2
    sides = rng.choice(("max", "max", "min", "both", "none"))
    return Budget(
        f"b{number}", f"B {number}", "kg", rng.choice((0, 1, 3)), base, weights,
        maximum=middle + rng.randint(-15, 10) if sides in ("max", "both") else None,
        minimum=middle - rng.randint(5, 40) if sides in ("min", "both") else None,
    )  # fmt: skip


def _default(rng: random.Random, literals: Sequence[int], number: int) -> Default:
    condition = tuple((rng.choice(literals),) for _ in range(rng.randint(0, 1)))
    return Default(f"D{number}", condition, tuple(rng.sample(literals, 2)))


def random_choices(rng: random.Random, model: Model, most: int = 4) -> tuple[Choice, ...]:
    """Choices without regard to the rules, some of them narrowed."""
    picked = rng.sample(model.features, min(len(model.features), rng.randint(0, most)))
    return tuple(
        Choice(feature.id, tuple(value.id for value in rng.sample(feature.values, size)))
        for feature in picked
        for size in [2 if len(feature.values) > 2 and rng.random() < 0.2 else 1]
    )


def random_prices(rng: random.Random, model: Model) -> dict[tuple[str, str], int]:
    """Prices in minor units for most values of a model, a few of them below zero."""
    return {
        (feature.id, value.id): rng.randint(-500, 100_000)
        for feature in model.features
        for value in feature.values
        if rng.random() < 0.7
    }


class Everything:
    """All configurations of a small model, listed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ruled = list(self._ruled())
        self.valid = [found for found in self.ruled if self.within(found)]

    def _ruled(self) -> Iterator[Configuration]:
        features = self.model.features
        public = range(1, self.model.artefact.public + 1)
        for picked in itertools.product(*(feature.values for feature in features)):
            configuration = {feature.id: value.id for feature, value in zip(features, picked, strict=True)}
            true = {literal for literal in self.model.literals_of(configuration) if literal > 0}
            holds = true | {-variable for variable in public if variable not in true}
            if all(any(literal in holds for literal in clause.literals) for clause in self.model.artefact.clauses):
                yield configuration

    def total(self, budget: Budget, configuration: Configuration) -> int:
        """Base and the weights of the literals that hold."""
        true = {literal for literal in self.model.literals_of(configuration) if literal > 0}
        return budget.base + sum(
            weight for literal, weight in budget.weights if (literal in true) or (literal < 0 and -literal not in true)
        )

    def within(self, configuration: Configuration) -> bool:
        """Whether all budgets are kept."""
        return all(
            (budget.maximum is None or self.total(budget, configuration) <= budget.maximum)
            and (budget.minimum is None or self.total(budget, configuration) >= budget.minimum)
            for budget in self.model.budgets
        )


def keeps(configuration: Configuration, choices: Iterable[Choice]) -> bool:
    """Whether a configuration has a value of each choice."""
    return all(configuration[choice.feature] in choice.values for choice in choices)
