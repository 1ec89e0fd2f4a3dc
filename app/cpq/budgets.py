"""Additive budgets: exact one at a time, and together by witnesses.

- A configuration's *sum* of a budget is `base + Σ weights of the literals that hold` (public literals, signed); it keeps the budget
  when `minimum ≤ sum ≤ maximum`, whichever of the two there is. Where a feature gives the limit (`limit_of`), its values carry the
  limit as negative weights; the *use* is the sum with those limits added back.
- A side of a budget is a *bound*: maximum as `Σ weights ≤ maximum − base`, minimum as `Σ −weights ≤ base − minimum`. Bounds are
  ordered as the budgets, of each the maximum first. One bound is exact by the lightest path through each literal. Whether a value
  is valid under all bounds together is decided by a *witness*, a configuration of the rules that keeps them all; a witness
  speaks for each of its values. Which witnesses are found, and in which order, cannot be seen in the answer.
- Without a witness at hand, `within` searches the diagram (below). When that has taken too long (here: 20,000 nodes entered after
  one click; the phone: NODE_LIMIT visits), the value is shown as valid and named in `unproven`; only there may both sides differ.

Ranges. `min`, `max`: least and greatest use over the configurations of the *rules* that keep the effective choices, no budget
counted. `limit`: the maximum (of `limit_of`: the greatest that the still possible values of that feature give, else the
budget's), null when the budget has only a minimum; `at_least`: likewise the minimum (the least), absent when there is none.
JSON: {"min","max","limit","unit","at_least"?,"unproven"?}, decimals as text without trailing zeros; min and max null where there is
no configuration. Where SAT has too little time, `unproven` is true, and no use is less than `min` or greater than `max`.

The search, of the lightest configuration under all bounds, for a weight on each literal (integers of any size, no ties that matter):

1. One pass up the diagram gives for each node the least weight, and the least sum of each bound, of a path from there to
   true that takes no forbidden literal. A skipped level takes the lightest literal that is allowed (each sum its own).
2. From the root, levels downwards. A visit to (level, node) with the sums so far ends when, with the least that is still to
   come, a bound is broken, or the weight is not less than that of the best configuration found so far, or when an
   earlier visit of the same (level, node) had no greater weight and no greater sum in any bound. Otherwise both literals of the level
   are tried (a skipped level leads to the same node twice), the one with the smaller least weight to come first, at equality −.
3. The best configuration found when all visits are done is the answer. After NODE_LIMIT visits the search ends with the best so far.
   (The phone visits only nodes at which a path can branch, and all bounds as one are a bound more: it comes to its limit later.)
   `within` asks only whether there is one: all weights are 0, and the first that is found ends the search.
   Which choices to give up is soon asked otherwise here: which of them can be kept together (`budgets_swap.py`), to the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cpq.artefact import Budget
from app.cpq.model import Choice, Model, decimal_text, normal, slot

if TYPE_CHECKING:
    from app.cpq.domains_look import Look

NODE_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class BudgetRange:
    """Least and greatest use, and the limits, as decimals in the budget's unit."""

    id: str
    unit: str
    min: str | None
    max: str | None
    limit: str | None
    at_least: str | None = None
    proven: bool = True


def budget_ranges(model: Model, choices: Iterable[Choice]) -> tuple[BudgetRange, ...]:
    """The range of every budget after some choices."""
    return ranges(model, model.asked.look(normal(model, choices)))


def ranges(model: Model, look: "Look") -> tuple[BudgetRange, ...]:
    """The ranges of what is left."""
    found = []
    for budget, use in zip(model.budgets, look.uses(), strict=True):
        least, greatest = (use.least, use.greatest) if use else (None, None)
        sides = (least, greatest, _limit(model, budget, "max", look), _limit(model, budget, "min", look))
        low, high, limit, at_least = (_text(side, budget.scale) for side in sides)
        proven = use is None or use.proven
        found.append(BudgetRange(budget.id, budget.unit, low, high, limit, at_least, proven))
    return tuple(found)


def _text(value: int | None, scale: int) -> str | None:
    return None if value is None else decimal_text(value, scale)


def _limit(model: Model, budget: Budget, side: str, look: "Look") -> int | None:
    fixed = budget.maximum if side == "max" else budget.minimum
    if side not in budget.limit_of:
        return fixed
    feature, limits = budget.limit_of[side]
    left = [limit for value, limit in limits.items() if look.possible[slot(model.literal(feature, value))]]
    if not left:
        return fixed
    return max(left) if side == "max" else min(left)
