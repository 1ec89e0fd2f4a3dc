"""Why a value is excluded, and the swap that takes it: the fewest choices to give up, rules and budgets at fault.

Asked for a value x of feature f, with n choices (normalised; numbered 0 the oldest … n − 1 the newest):

- *The choices in question* are all but a single choice of f (which x replaces), and but a narrowed choice of f that has x.
- `give_up`: giving up choice i costs `n·n + 1 + (n − i)`; the set of least cost such that some configuration (rules and all budgets)
  has x and keeps the others of the choices in question. Of sets of equal cost the one is taken that, going from the oldest choice to
  the newest, keeps where the other gives up. That is one weight a choice, `cost·2^n + 2^(n − 1 − i)`, on each literal that it
  leaves out, and one search (`budgets.py`). Given in the order made.
- `rules`: a minimal set of rules R such that the structure (clauses of rule 0), x, the choices in question and R have no solution:
  starting from nothing found, take the smallest k such that structure, x, choices, what was found and the first k rules of the
  header have no solution (by bisection), add the k-th, and repeat until what was found suffices. So the earlier rules are preferred, and
  the answer depends on no solver. Empty when all rules together allow it, and when the structure alone does not (a narrowed choice of
  f without x: both `rules` and `budgets` are empty). Given in the order of the header.
- `budgets`, only when all rules together allow it and something is given up: each bound that cannot be kept by itself, with the
  least by which configurations of the rules with x and the choices in question exceed it. When each can be kept by itself, a minimal set
  that cannot be kept together (bounds are dropped, the last first, while the others still cannot be kept), each by "0".
  In the order of bounds; a budget is named once, with the larger.
- A value that no configuration has raises NeverPossible, with `rules` and `budgets` as above for no choices at all.

- When the search was ended (at the limit of nodes or of time), `give_up` suffices, but perhaps fewer would do: then it is not `proven`.

`take` gives up `give_up`, takes the feature's own choice away, and adds x as the newest choice. What it returns has a
configuration, always. A value that is valid gives up nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.cpq.domains_look import GivenUp
from app.cpq.model import BudgetExcess, Choice, Choices, Model, NeverPossible, decimal_text, normal


@dataclass(frozen=True, slots=True)
class Explanation:
    """The fewest choices to give up for a value, and the rules (ids) or budgets at fault; all empty when it is valid."""

    give_up: Choices
    rules: tuple[str, ...]
    budgets: tuple[BudgetExcess, ...]
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Swap:
    """The choices with a value taken, and what was given up for it; perhaps not the fewest where that is not `proven`."""

    choices: Choices
    given_up: Choices
    proven: bool


def explain(model: Model, choices: Iterable[Choice], feature: str, value: str) -> Explanation:
    """Why a value cannot be had with the choices; NeverPossible when it cannot be had at all."""
    asked = Choice(feature, (value,))
    questioned = _in_question(normal(model, choices), feature, value)
    give_up, proven = _give_up(model, questioned, asked)
    if not give_up:
        return Explanation((), (), ())
    rules, budgets = _at_fault(model, (*questioned, asked))
    return Explanation(give_up, rules, budgets, proven)


def take(model: Model, choices: Iterable[Choice], feature: str, value: str) -> tuple[Choices, Choices]:
    """The choices of a `swap`, and what it gives up, for callers to whom one that suffices is as welcome as the smallest."""
    found = swap(model, choices, feature, value)
    return found.choices, found.given_up


def swap(model: Model, choices: Iterable[Choice], feature: str, value: str) -> Swap:
    """Take a value, and give up what contradicts it; NeverPossible when it cannot be had at all."""
    asked = Choice(feature, (value,))
    made = normal(model, choices)
    give_up, proven = _give_up(model, _in_question(made, feature, value), asked)
    kept = tuple(choice for choice in made if choice.feature != feature and choice not in give_up)
    return Swap((*kept, asked), give_up, proven)


def _in_question(made: Choices, feature: str, value: str) -> Choices:
    return tuple(
        choice
        for choice in made
        if choice.feature != feature or (len(choice.values) > 1 and value not in choice.values)
    )


def _give_up(model: Model, questioned: Choices, asked: Choice) -> GivenUp:
    model.literal(asked.feature, asked.values[0])
    give_up = model.asked.conflicts(questioned, (asked,))
    if give_up is None:
        raise NeverPossible(asked.feature, asked.values[0], *_at_fault(model, (asked,)))
    return give_up


def _at_fault(model: Model, choices: Choices) -> tuple[tuple[str, ...], tuple[BudgetExcess, ...]]:
    rules = model.faults.of(_demands(model, choices))
    return ((), _budgets_at_fault(model, choices)) if rules is None else (rules, ())


def _demands(model: Model, choices: Choices) -> list[int]:
    """The literals that hold by the choices; each value alone, so that two values of a feature contradict each other."""
    single = [model.literal(choice.feature, choice.values[0]) for choice in choices if len(choice.values) == 1]
    narrowed = (choice for choice in choices if len(choice.values) > 1)
    return single + [-literal for choice in narrowed for literal in model.forbidden_by(choice)]


def _budgets_at_fault(model: Model, choices: Choices) -> tuple[BudgetExcess, ...]:
    engine = model.asked
    excess: dict[int, int] = {}
    for bound, least in zip(engine.bounds, engine.least_sums(choices), strict=True):
        if least > bound.limit:
            excess[bound.budget] = max(excess.get(bound.budget, 0), least - bound.limit)
    if not excess:
        left = list(engine.bounds)
        for bound in reversed(engine.bounds):
            without = [other for other in left if other != bound]
            if not engine.can_keep(choices, without):
                left = without
        excess = {bound.budget: 0 for bound in left}
    budgets = [(model.budgets[number], by) for number, by in sorted(excess.items())]
    return tuple(BudgetExcess(budget.id, decimal_text(by, budget.scale)) for budget, by in budgets)
