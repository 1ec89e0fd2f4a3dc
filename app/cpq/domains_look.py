"""What both engines answer, in literals: the diagram (`domains_diagram.py`) and SAT (`sat.py`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from app.cpq.budgets_pass import weights_of
from app.cpq.budgets_search import Bound, Found
from app.cpq.domains_reach import Flags
from app.cpq.model import Choice, Choices, Model, slot
from app.cpq.sat_limit import Deadline


class Use(NamedTuple):
    """Least and greatest use of a budget in units of its scale; when they are not proven, no use is less or greater."""

    least: int
    greatest: int
    proven: bool = True


class GivenUp(NamedTuple):
    """Choices to give up; where they are not `proven` the search was ended, and perhaps fewer would do."""

    choices: Choices
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """What is left, by literal slot; `uses` gives the use by budget, None where there is no configuration."""

    valid: Flags
    possible: Flags
    unproven: tuple[int, ...]
    uses: Callable[[], tuple[Use | None, ...]]
    conflicts: Choices


class Engine(Protocol):
    """A model that can be asked. Choices are normalised; each choice is of another feature."""

    bounds: tuple[Bound, ...]

    def begin(self) -> Deadline:
        """How long several questions may take together, for whoever asks them; each has its own limit besides."""

    def look(self, choices: Choices) -> Look:
        """Domains and ranges after the choices, or after those of them that are in effect."""

    def ways(self, choices: Choices) -> tuple[int | None, bool]:
        """Configurations of the rules that keep the choices, and whether all of them keep all budgets."""

    def conflicts(self, choices: Choices, kept: Sequence[Choice] = ()) -> GivenUp | None:
        """The choices of least cost to give up so that the others, and `kept`, have a configuration; None when there is none.

        When the search was ended, the best that are known to suffice; ConfigurationError when none are.
        """

    def lightest(self, weights: Sequence[int], choices: Choices) -> Found:
        """The configuration of least weight (by slot) that keeps the choices; of equals the first by its values.

        The best that is known when the search was ended.
        """

    def least_sums(self, choices: Choices) -> tuple[int, ...]:
        """The least sum of each bound over the configurations of the rules that keep the choices; there must be one."""

    def can_keep(self, choices: Choices, bounds: Sequence[Bound]) -> bool:
        """Whether a configuration of the rules keeps the choices and these bounds."""


def give_up_cost(number: int, count: int) -> int:
    """What giving up choice `number` of `count` costs: fewest first, then newer before older, and no two sets alike."""
    return (count * count + 1 + count - number) << count | 1 << (count - 1 - number)


def use_weights(model: Model, number: int) -> list[int]:
    """The weights of a budget by slot, without the limits that a feature gives."""
    budget = model.budgets[number]
    weights = weights_of(budget, model.artefact.public)
    for feature, limits in budget.limit_of.values():
        for value, limit in limits.items():
            weights[slot(model.literal(feature, value))] += limit
    return weights
