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
  the answer depends on no solver. Empty when all rules together allow it. Given in the order of the header.
- `budgets`, only when `rules` is empty and something is given up: each bound that cannot be kept by itself, with the least by which
  configurations of the rules with x and the choices in question exceed it. When each can be kept by itself, a minimal set
  that cannot be kept together (bounds are dropped, the last first, while the others still cannot be kept), each by "0".
  In the order of bounds; a budget is named once, with the larger.
- A value that no configuration has raises NeverPossible, with `rules` and `budgets` as above for no choices at all.

`take` gives up `give_up`, takes the feature's own choice away, and adds x as the newest choice. What it returns has a
configuration, always. A value that is valid gives up nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.cpq.model import BudgetExcess, Choice, Choices, Model


@dataclass(frozen=True, slots=True)
class Explanation:
    """The fewest choices to give up for a value, and the rules (ids) or budgets at fault; all empty when it is valid."""

    give_up: Choices
    rules: tuple[str, ...]
    budgets: tuple[BudgetExcess, ...]


def explain(model: Model, choices: Iterable[Choice], feature: str, value: str) -> Explanation:
    """Why a value cannot be had with the choices; NeverPossible when it cannot be had at all."""
    raise NotImplementedError


def take(model: Model, choices: Iterable[Choice], feature: str, value: str) -> tuple[Choices, Choices]:
    """The choices with the value taken, and what was given up for it; NeverPossible when it cannot be had at all."""
    raise NotImplementedError
