"""What is still possible: the valid domain of every feature after every choice.

The answer, on the server and on the phone, for both engines (rules = the diagram, or the clauses):

- *Choices* are normalised first: of each feature the latest counts, in the order made. A choice is *kept* by a configuration
  when the feature's value is one of the choice's values. A choice of one value is *single*, one of several *narrowed*.
- A *configuration* satisfies the rules and all budgets together (`budgets.py`).
- `consistent`: some configuration keeps all choices. When none does, the choices that have to be given up (`explain.py`, with no
  value asked for) are the `conflicts`, and everything below is said of the other choices, the *effective* ones. Where there is
  no configuration at all, all choices are conflicts, every domain is empty, ways is 0 and budgets have null ranges.
- `valid` of a feature: in the order of its values, each value that some configuration has which keeps the effective choices,
  not counting a single choice of the feature itself (which the value would replace). A narrowed choice of the feature counts:
  values outside it are not valid.
- `possible` of a feature (not sent): as `valid`, but its own single choice counts too.
- `chosen`: the choice as made, also when it is a conflict: one value as text, several as a list. `forced`: the only possible
  value, where the feature has no single choice that is in effect.
- `complete`: consistent, and one value is possible of every feature.
- `ways`: how many configurations of the *rules* keep all choices as made, budgets not counted; 0 for choices that contradict each
  other; null by SAT. `ways_exact`: whether no configuration so counted breaks a budget (false by SAT when there are budgets).
- `unproven`: values shown as valid because the search for a configuration within all budgets ended at its node limit.

JSON of `evaluate`: {"engine","consistent","complete","ways","ways_exact","features":{id:{"valid":[…],"chosen"?:…,"forced"?:…}},
"budgets":{…budgets.py},"conflicts"?:[feature…],"unproven"?:{feature:[value…]}}, features and budgets in the model's order;
members with "?" are absent when there is nothing to say.

How the diagram answers. Taking a literal that an effective single choice leaves out costs 1, one that a narrowed choice leaves out
costs 2; cost of a path: the sum. A skipped level is "either": it takes the cheaper literal. One pass down and one up give the
cheapest path through each literal; as exactly one value of a feature holds, a value is valid when that costs no more than the
literal itself costs, and that is at most 1. Budgets ask the same of paths of cost 0 and of cost at most 1 (`budgets.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.cpq.model import Choice, Model


@dataclass(frozen=True, slots=True)
class FeatureDomain:
    """What is left of one feature; value ids in the order of the feature."""

    feature: str
    valid: tuple[str, ...]
    chosen: tuple[str, ...] = ()
    forced: str | None = None


@dataclass(frozen=True, slots=True)
class Domains:
    """What is left after some choices; see the head of this file."""

    engine: str
    features: tuple[FeatureDomain, ...]
    consistent: bool
    complete: bool
    ways: int | None
    ways_exact: bool
    conflicts: tuple[str, ...] = ()
    unproven: tuple[tuple[str, str], ...] = field(default=())


def domains(model: Model, choices: Iterable[Choice]) -> Domains:
    """The valid domain of every feature."""
    raise NotImplementedError


def ways(model: Model, choices: Iterable[Choice]) -> int | None:
    """How many configurations of the rules keep the choices, budgets not counted; None by SAT."""
    raise NotImplementedError


def evaluate(model: Model, choices: Iterable[Choice]) -> dict[str, Any]:
    """Domains and budgets as JSON: the body of `configurations:evaluate`."""
    raise NotImplementedError
