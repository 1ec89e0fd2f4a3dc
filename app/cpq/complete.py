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
no configuration at all, or (`unproven`) none was found within the node limit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.cpq.model import Choice, Configuration, Model

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


def complete(model: Model, choices: Iterable[Choice], objective: Objective) -> dict[str, str]:
    """Feature → value for every feature, in the model's order."""
    raise NotImplementedError
