"""A whole configuration from some choices: the cheapest, the lightest, the nearest to another, or the usual one.

The configuration (rules and all budgets) that keeps the effective choices (`domains.py`) and has the least *objective*; of those with
an equal objective the first when values are compared by their position in the feature, feature by feature in the model's order. As
one weight on each literal of a value at position p (from 0) of feature number k (from 0), with r the numbers of values:
`objective(literal)·Π r[0…] + p·Π r[k+1…]`, and one search (`budgets.py`); the weights are integers of any size. For a boolean
feature, position 0 is `no` and 1 is `yes`.

- Cheapest: the sum of prices (minor units, may be negative; a value without a price costs 0).
- Lightest: the sum of one budget's weights.
- Nearest: 1 for each feature of the given mapping whose value differs; unknown features and values are left out of it.
- Usual: 1 for each feature that has a preferred value and another value. Preferred are the features' defaults; then, for each conditional
  default in the header's order whose condition holds in the configuration of the round before, the values that it sets (a later
  one overrides, and overrides the feature's default). Round 0 has no configuration before it, thus no conditional
  defaults. Rounds go on until the preferred values are the same as in the round before, at most ROUNDS rounds; the last is the answer.
  A literal −v of a choice or integer feature in what a default sets prefers nothing.

Choices that contradict each other are completed from the effective ones; ConfigurationError when the product has
no configuration at all, or none was found within the limit of the search. When the search ended at its limit (of nodes by the
diagram, of time by SAT), the answer is the best configuration that it knew, and it is not `proven`: another may be less in the objective,
or as good and before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.cpq.budgets_pass import weights_of
from app.cpq.domains import effective
from app.cpq.model import Choice, Choices, Configuration, ConfigurationError, Model, normal, slot

ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Prices in minor units by (feature, value)."""

    prices: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Lightest:
    """The id of a budget."""

    budget: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """The configuration to stay near to."""

    to: Configuration


@dataclass(frozen=True, slots=True)
class Usual:
    """Defaults and conditional defaults."""


Objective = Cheapest | Lightest | Nearest | Usual


@dataclass(frozen=True, slots=True)
class Completion:
    """Feature → value for every feature, in the model's order; `proven` is False where the search was ended."""

    configuration: dict[str, str]
    proven: bool


def complete(model: Model, choices: Iterable[Choice], objective: Objective) -> dict[str, str]:
    """The configuration of a completion, for callers to whom a good one is as welcome as the best."""
    return completion(model, choices, objective).configuration


def completion(model: Model, choices: Iterable[Choice], objective: Objective) -> Completion:
    """The best configuration that keeps the choices, or the best that was found."""
    kept = effective(model, normal(model, choices))
    match objective:
        case Cheapest(prices):
            weights = _weights(model, {model.literal(*value): price for value, price in prices.items()})
        case Lightest(budget):
            weights = weights_of(model.budget(budget), model.artefact.public)
        case Nearest(to):
            weights = _weights(model, _others(model, to))
        case Usual():
            return _usual(model, kept)
    return _lightest(model, weights, kept)


def _lightest(model: Model, weights: Sequence[int], kept: Choices) -> Completion:
    found = model.asked.lightest(weights, kept)
    if found.literals is None:
        raise ConfigurationError("No configuration was found that keeps all budgets.")
    return Completion(model.configuration(found.literals), found.proven)


def _weights(model: Model, by_literal: Mapping[int, int]) -> list[int]:
    weights = [0] * (2 * model.artefact.public)
    for literal, weight in by_literal.items():
        weights[slot(literal)] += weight
    return weights


def _others(model: Model, preferred: Configuration) -> dict[int, int]:
    """One for each value that differs from the preferred one of its feature."""
    return {
        literal: 1
        for feature in model.features
        if preferred.get(feature.id) in model.value_ids[feature.id]
        for literal, value in zip(feature.literals, feature.values, strict=True)
        if value.id != preferred[feature.id]
    }


def _usual(model: Model, kept: Choices) -> Completion:
    """A round that is not proven, or ends when the time of a question is over, is the last; the answer then is not proven."""
    deadline = model.asked.begin()
    defaults = {feature.id: feature.default for feature in model.features if feature.default is not None}
    preferred = dict(defaults)
    found = _lightest(model, _weights(model, _others(model, preferred)), kept)
    for _ in range(ROUNDS - 1):
        told = defaults | _conditional(model, found.configuration)
        if told == preferred or not found.proven:
            break
        if deadline.is_over:
            return Completion(found.configuration, False)
        preferred = told
        found = _lightest(model, _weights(model, _others(model, preferred)), kept)
    return found


def _conditional(model: Model, configuration: Configuration) -> dict[str, str]:
    """What the conditional defaults prefer that hold in a configuration."""
    true = {literal for literal in model.literals_of(configuration) if literal > 0}
    preferred: dict[str, str] = {}
    for default in model.defaults:
        if all(any((abs(one) in true) == (one > 0) for one in clause) for clause in default.condition):
            preferred |= dict(model.owner[literal] for literal in default.sets if literal in model.owner)
    return preferred
