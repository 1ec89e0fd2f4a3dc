"""A compiled model, ready to be asked; and what the configuration engine speaks in. The phone's twin is `pwa/src/cpq/config`.

A model is immutable and may be asked from several threads. Literals are signed variables; a literal's *slot* is
`2·(variable − 1)`, plus one when it is positive, and is how arrays over literals are indexed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app.cpq.artefact import Artefact, Budget, Default, Feature, Rule

if TYPE_CHECKING:
    from app.cpq.domains_look import Engine
    from app.cpq.domains_values import ValueSets
    from app.cpq.model_graph import Graph
    from app.cpq.sat_faults import Faults

Configuration = Mapping[str, str]
# Sums of weights stay below this on both sides: doubles hold integers to 2^53.
LARGEST_SUM = 2**50


class ConfigurationError(ValueError):
    """A question that the model cannot be asked: an unknown feature, value, budget or question, and which."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen of a feature: normally one value; several when it was narrowed."""

    feature: str
    values: tuple[str, ...]


Choices = tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class BudgetExcess:
    """A budget at fault, and by how much at least (a decimal in its unit; "0" where only budgets together are at fault)."""

    id: str
    by: str


class NeverPossible(ConfigurationError):
    """No configuration has the value, whatever is given up: the rules (ids, a minimal set) or budgets at fault."""

    def __init__(self, feature: str, value: str, rules: tuple[str, ...], budgets: tuple[BudgetExcess, ...]) -> None:
        super().__init__(f"No configuration has {feature} = {value}.")
        self.feature, self.value, self.rules, self.budgets = feature, value, rules, budgets


def slot(literal: int) -> int:
    """Where a literal stands in arrays over literals."""
    return 2 * abs(literal) - (1 if literal > 0 else 2)


def literal_at(number: int) -> int:
    """The literal of a slot."""
    variable = number // 2 + 1
    return variable if number % 2 else -variable


class Model:
    """One configurable product. `features`, `budgets`, `rules`, `defaults` are those of the artefact."""

    def __init__(self, artefact: Artefact) -> None:
        self.artefact = artefact
        self.engine = artefact.engine
        self.features: tuple[Feature, ...] = artefact.features
        self.budgets: tuple[Budget, ...] = artefact.budgets
        self.rules: tuple[Rule, ...] = artefact.rules
        self.defaults: tuple[Default, ...] = artefact.defaults
        self.numbers = {feature.id: number for number, feature in enumerate(self.features)}
        self._by_id = {feature.id: feature for feature in self.features}
        self._literals = {
            feature.id: dict(zip((value.id for value in feature.values), feature.literals, strict=True))
            for feature in self.features
        }
        self.slots = [[slot(literal) for literal in feature.literals] for feature in self.features]
        self.value_ids = {feature.id: [value.id for value in feature.values] for feature in self.features}
        for budget in self.budgets:
            if abs(budget.base) + sum(abs(weight) for _, weight in budget.weights) >= LARGEST_SUM:
                raise ConfigurationError(f"The weights of budget {budget.id} are too large to be added exactly.")

    def feature(self, feature: str) -> Feature:
        """A feature by its id; ConfigurationError when there is none."""
        try:
            return self._by_id[feature]
        except KeyError:
            raise ConfigurationError(f"The product has no feature {feature}.") from None

    def literal(self, feature: str, value: str) -> int:
        """The literal of a value; ConfigurationError for an unknown feature or value."""
        self.feature(feature)
        try:
            return self._literals[feature][value]
        except KeyError:
            raise ConfigurationError(f"The feature {feature} has no value {value}.") from None

    def budget(self, budget: str) -> Budget:
        """A budget by its id; ConfigurationError when there is none."""
        for candidate in self.budgets:
            if candidate.id == budget:
                return candidate
        raise ConfigurationError(f"The product has no budget {budget}.")

    def forbidden_by(self, choice: Choice) -> tuple[int, ...]:
        """The literals of the values that a choice leaves out; exactly one of a feature's literals holds in the end."""
        kept = {self.literal(choice.feature, value) for value in choice.values}
        return tuple(literal for literal in self.feature(choice.feature).literals if literal not in kept)

    @cached_property
    def owner(self) -> Mapping[int, tuple[str, str]]:
        """Literal → feature and value."""
        return {
            literal: (feature.id, value.id)
            for feature in self.features
            for literal, value in zip(feature.literals, feature.values, strict=True)
        }

    def configuration(self, holds: Iterable[int]) -> dict[str, str]:
        """Feature → value, in the order of features, from the public literals that hold."""
        found = dict(self.owner[literal] for literal in holds if literal in self.owner)
        return {feature.id: found[feature.id] for feature in self.features}

    def literals_of(self, configuration: Configuration) -> set[int]:
        """The literals of a configuration's values; those of values not taken are left out."""
        return {self.literal(feature, value) for feature, value in configuration.items()}

    @cached_property
    def graph(self) -> "Graph":
        """The diagram as arrays."""
        from app.cpq.model_graph import Graph

        return Graph(self.artefact)

    @cached_property
    def asked(self) -> "Engine":
        """What answers: the diagram, or SAT."""
        if self.engine == "diagram":
            from app.cpq.domains_diagram import Diagram

            return Diagram(self)
        from app.cpq.sat import Satisfiability

        return Satisfiability(self)

    @cached_property
    def value_sets(self) -> "ValueSets":
        """Literals to values."""
        from app.cpq.domains_values import ValueSets

        return ValueSets(self)

    @cached_property
    def faults(self) -> "Faults":
        """What finds the rules at fault."""
        from app.cpq.sat_faults import Faults

        return Faults(self.artefact)


def load(data: bytes) -> Model:
    """A model from the bytes of its artefact; ArtefactError when they are damaged or of a newer format."""
    return Model(Artefact.from_bytes(data))


def normal(model: Model, choices: Iterable[Choice]) -> Choices:
    """Choices in the order made, of each feature the latest; ConfigurationError for what the model does not know."""
    latest: dict[str, Choice] = {}
    for choice in choices:
        for value in choice.values:
            model.literal(choice.feature, value)
        if not choice.values:
            raise ConfigurationError(f"The choice of {choice.feature} names no value.")
        latest.pop(choice.feature, None)
        latest[choice.feature] = choice
    return tuple(latest.values())


def decimal_text(value: int, scale: int) -> str:
    """`value·10^−scale` without trailing zeros and without a negative zero: 31500 at scale 3 is "31.5"."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole, part = (digits[:-scale], digits[-scale:].rstrip("0")) if scale else (digits, "")
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
