"""Which values the customer may choose in what the seller left open: free, with a swap, or not, and why. Pure.

What is not left open stays as the seller configured it. What is open may move: a value that does not go with the others that
are open is taken with a swap, to the nearest configuration that has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.cpq.complete import Nearest, complete
from app.cpq.domains import domains
from app.cpq.explain import explain
from app.cpq.model import Choice, Model, NeverPossible
from app.quotes.configured import configuration_faults
from app.quotes.document import value_text

Json = dict[str, Any]
MAX_EXPLAINED = 200


def has_value(model: Model, feature: str, value: str) -> bool:
    """Whether a feature of this name has this value; a seller may have left open what the product has not."""
    return any(one.id == feature and value in {other.id for other in one.values} for one in model.features)


def completed(
    model: Model, configuration: Mapping[str, str], open_: Sequence[str], feature: str, value: str
) -> Json | None:
    """The configuration nearest to this one that has the value and all that is not open; None when there is none."""
    alone = {**configuration, feature: value}
    if feature in open_ and not configuration_faults(model, alone, ""):
        return alone  # nothing is nearer, and it takes no search
    choices = (*_choices(configuration, set(configuration) - set(open_)), Choice(feature, (value,)))
    if not domains(model, choices).consistent:
        return None
    return dict(complete(model, choices, Nearest(configuration)))


def reachable(model: Model, configuration: Mapping[str, str], open_: Sequence[str], feature: str) -> tuple[str, ...]:
    """The values of a feature that can be had with all that is not open."""
    fixed = _choices(configuration, set(configuration) - set(open_))
    return next((tuple(one.valid) for one in domains(model, fixed).features if one.feature == feature), ())


def feature_options(
    model: Model, product: Mapping[str, Any], configuration: Mapping[str, str], open_: Sequence[str]
) -> list[Json]:
    """For each open feature its values: `status` is chosen, free, swap or never; `why` names the rules, `swaps` what moves."""
    fixed = _choices(configuration, set(configuration) - set(open_))
    current = (*fixed, *_choices(configuration, set(open_)))
    reachable = {domain.feature: domain.valid for domain in domains(model, fixed).features}
    now = {domain.feature: domain.valid for domain in domains(model, current).features}
    rules = {rule.id: rule.text for rule in model.rules}
    by_id = {feature["id"]: feature for feature in product.get("features", ())}
    found = []
    for name in open_:
        feature = by_id.get(name)
        if feature is None or name not in reachable:
            continue
        values: list[Json] = []
        for value in _value_ids(model, name):
            status = _status(value, configuration.get(name), now[name], reachable[name])
            entry: Json = {"id": value, "name": value_text(feature, value), "status": status}
            if status in ("swap", "never") and len(values) < MAX_EXPLAINED:
                entry["why"] = _why(model, current if status == "swap" else fixed, name, value, rules)
            if status == "swap" and len(values) < MAX_EXPLAINED:
                entry["swaps"] = _swaps(
                    by_id, configuration, completed(model, configuration, open_, name, value) or {}, name
                )
            values.append(entry)
        found.append({"id": name, "name": feature.get("name", name), "help": feature.get("help", ""), "values": values})
    return found


def _choices(configuration: Mapping[str, str], features: Iterable[str]) -> tuple[Choice, ...]:
    names = set(features)
    return tuple(Choice(name, (value,)) for name, value in configuration.items() if name in names)


def _value_ids(model: Model, feature: str) -> list[str]:
    return [value.id for value in model.feature(feature).values]


def _status(value: str, chosen: str | None, now: Sequence[str], reachable: Sequence[str]) -> str:
    if value == chosen:
        return "chosen"
    if value in now:
        return "free"
    return "swap" if value in reachable else "never"


def _why(model: Model, choices: Sequence[Choice], feature: str, value: str, rules: Mapping[str, str]) -> list[str]:
    try:
        fault = explain(model, choices, feature, value)
        named, budgets = fault.rules, fault.budgets
    except NeverPossible as never:
        named, budgets = never.rules, never.budgets
    names = {budget.id: budget for budget in model.budgets}
    said = [rules.get(rule, rule) for rule in named]
    for excess in budgets:
        budget = names[excess.id]
        over = f" by {excess.by} {budget.unit}".rstrip() if excess.by != "0" else " together with others"
        said.append(f"{budget.name} would be passed{over}.")
    return said


def _swaps(
    by_id: Mapping[str, Mapping[str, Any]], before: Mapping[str, str], after: Mapping[str, str], chosen: str
) -> list[Json]:
    return [
        {
            "feature": by_id[name].get("name", name),
            "before": value_text(by_id[name], before[name]),
            "after": value_text(by_id[name], value),
        }
        for name, value in after.items()
        if name != chosen and name in by_id and before.get(name) != value
    ]
