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
- `unproven`: values shown as valid because the search for a configuration ended at its limit: of nodes within all budgets, by SAT
  of time.

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
from itertools import groupby
from typing import Any

from app.cpq.artefact import count_text
from app.cpq.budgets import BudgetRange, ranges
from app.cpq.domains_look import Look
from app.cpq.domains_values import FeatureDomain
from app.cpq.model import Choice, Choices, ConfigurationError, Model, normal


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
    made = normal(model, choices)
    return _domains(model, made, model.asked.look(made))


def ways(model: Model, choices: Iterable[Choice]) -> int | None:
    """How many configurations of the rules keep the choices, budgets not counted; None by SAT."""
    return model.asked.ways(normal(model, choices))[0]


def evaluate(model: Model, choices: Iterable[Choice]) -> dict[str, Any]:
    """Domains and budgets as JSON: the body of `configurations:evaluate`."""
    made = normal(model, choices)
    look = model.asked.look(made)
    found = _domains(model, made, look)
    body: dict[str, Any] = {
        "engine": found.engine,
        "consistent": found.consistent,
        "complete": found.complete,
        "ways": None if found.ways is None else count_text(found.ways),
        "ways_exact": found.ways_exact,
        "features": {domain.feature: _feature(domain) for domain in found.features},
        "budgets": {entry.id: _budget(entry) for entry in ranges(model, look)},
    }
    if found.conflicts:
        body["conflicts"] = list(found.conflicts)
    if found.unproven:
        body["unproven"] = {
            feature: [value for _, value in group] for feature, group in groupby(found.unproven, key=lambda one: one[0])
        }
    return body


def effective(model: Model, choices: Choices) -> Choices:
    """The choices without those that have to be given up; ConfigurationError when there is no configuration at all."""
    given_up = model.asked.conflicts(choices)
    if given_up is None:
        raise ConfigurationError("The product has no configuration at all.")
    return tuple(choice for choice in choices if choice not in given_up.choices)


def _domains(model: Model, choices: Choices, look: Look) -> Domains:
    lost = {choice.feature for choice in look.conflicts}
    tables = model.value_sets
    valid, possible = tables.patterns(look.valid), tables.patterns(look.possible)
    found = tables.open_domains(valid, possible)
    for choice in choices:
        number = model.numbers[choice.feature]
        left = tables.values(number, possible[number])
        settled = len(choice.values) == 1 and choice.feature not in lost
        forced = left[0] if len(left) == 1 and not settled else None
        found[number] = FeatureDomain(choice.feature, tables.values(number, valid[number]), choice.values, forced)
    count, exact = model.asked.ways(choices)
    open_slots = set(look.unproven)
    return Domains(
        engine=model.engine,
        features=tuple(found),
        consistent=not look.conflicts and 0 not in valid,
        complete=not look.conflicts and all(pattern.bit_count() == 1 for pattern in possible),
        ways=count,
        ways_exact=exact,
        conflicts=tuple(choice.feature for choice in look.conflicts),
        unproven=_values_at(model, open_slots) if open_slots else (),
    )


def _values_at(model: Model, slots: set[int]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (feature.id, value)
        for feature, own in zip(model.features, model.slots, strict=True)
        for value, number in zip(model.value_ids[feature.id], own, strict=True)
        if number in slots
    )


def _feature(domain: FeatureDomain) -> dict[str, Any]:
    body: dict[str, Any] = {"valid": list(domain.valid)}
    if domain.chosen:
        body["chosen"] = domain.chosen[0] if len(domain.chosen) == 1 else list(domain.chosen)
    if domain.forced is not None:
        body["forced"] = domain.forced
    return body


def _budget(entry: BudgetRange) -> dict[str, Any]:
    body: dict[str, Any] = {"min": entry.min, "max": entry.max, "limit": entry.limit, "unit": entry.unit}
    if entry.at_least is not None:
        body["at_least"] = entry.at_least
    if not entry.proven:
        body["unproven"] = True
    return body
