"""Writes `fixtures/vectors/configuration-*.json`: `python -m tests.support.configuration_vectors`.

Each file is a small model (`model`: the artefact, base64) with states (`choices`, and the whole answer of `evaluate`), and for each state
answers of explain, take and complete. Both languages read them and answer the same. `configuration-guide.json` has guided questions.
The models are made from fixed seeds: running this again changes nothing unless the answers change.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.cpq.artefact import Artefact, Budget, Default, Feature, Value
from app.cpq.complete import Cheapest, Lightest, Nearest, Objective, Usual, complete
from app.cpq.domains import evaluate
from app.cpq.explain import explain, take
from app.cpq.guide import answer
from app.cpq.model import BudgetExcess, Choice, Choices, ConfigurationError, Model, NeverPossible, load
from tests.support.configuration import artefact, by_sat, random_artefact, random_choices

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "vectors"
RANDOM_MODELS, STATES, ASKED = 8, 5, 3


def files() -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and contents."""
    models = {f"random-{seed}": random_artefact(random.Random(seed), seed % 4) for seed in range(1, RANDOM_MODELS + 1)}
    models["cabinet"] = cabinet()
    for name, made in models.items():
        yield f"configuration-{name}.json", _file(made, random.Random(name))
    yield "configuration-cabinet-sat.json", _file(by_sat(models["cabinet"]), random.Random("sat"))
    yield "configuration-random-1-sat.json", _file(by_sat(models["random-1"]), random.Random("sat"))
    yield "configuration-guide.json", _guide()


def cabinet() -> Artefact:
    """A cabinet whose size limits the width of what is in it, with a choice, an integer and booleans."""
    cabinet_ids, drives, stages = ("a", "b", "c"), ("none", "kw4", "kw55"), ("1", "2", "3", "4")
    features = [
        _feature("cabinet", "choice", range(1, 4), cabinet_ids, "a"),
        _feature("drive", "choice", range(4, 7), drives, None),
        _feature("stages", "integer", range(7, 11), stages, "2"),
        Feature("filter", "Filter", "boolean", (-11, 11), (Value("no", "No"), Value("yes", "Yes")), "extras", "no"),
        Feature("heater", "Heater", "boolean", (-12, 12), (Value("no", "No"), Value("yes", "Yes")), "extras"),
    ]
    limits = {"a": 4000, "b": 6000, "c": 8000}
    width = Budget(
        "width", "Width", "mm", 1, 500, ((1, -4000), (2, -6000), (3, -8000), (5, 1500), (6, 3500), (11, 2000), (12, 1000),
        *((6 + stage, 600 * stage) for stage in range(1, 5))), maximum=0, limit_of={"max": ("cabinet", limits)},
    )  # fmt: skip
    weight = Budget(
        "weight", "Weight", "kg", 2, 1000, ((1, 2000), (2, 2600), (3, 3400), (5, 3150), (6, 5400), (11, 250),
        *((6 + stage, 650 * stage) for stage in range(1, 5))), maximum=9000, minimum=4000,
    )  # fmt: skip
    ruled = [
        ("four-stages", [(-10, 6)]),
        ("no-drive-no-filter", [(-4, -11)]),
        ("heater", [(-12, 11, 6)]),
        ("small-cabinet", [(-1, -10), (-1, -9)]),
    ]
    defaults = [Default("D-1", ((6,),), (2, 11)), Default("D-2", ((11,), (8, 9)), (12,))]
    return artefact(features, ruled, [width, weight], defaults, order=[4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3])


def _feature(name: str, kind: Any, variables: range, ids: tuple[str, ...], default: str | None) -> Feature:
    values = tuple(Value(one, one) for one in ids)
    return Feature(name, name.capitalize(), kind, tuple(variables), values, None, default)


def _file(made: Artefact, rng: random.Random) -> dict[str, Any]:
    data = made.to_bytes()
    model = load(data)
    states: list[Choices] = [(), *(random_choices(rng, model, most=len(model.features)) for _ in range(STATES))]
    return {"model": base64.b64encode(data).decode(), "states": [_state(model, state, rng) for state in states]}


def _state(model: Model, choices: Choices, rng: random.Random) -> dict[str, Any]:
    values = [(feature.id, value) for feature in model.features for value in model.value_ids[feature.id]]
    asked = rng.sample(values, min(ASKED, len(values)))
    return {
        "choices": _choices(choices),
        "evaluate": evaluate(model, choices),
        "explain": [_explained(model, choices, *value) for value in asked],
        "take": [_taken(model, choices, *value) for value in asked],
        "complete": [_completed(model, choices, objective) for objective in _objectives(model, rng)],
    }


def _choices(choices: Choices) -> list[dict[str, Any]]:
    return [{"feature": choice.feature, "values": list(choice.values)} for choice in choices]


def _budgets(excesses: tuple[BudgetExcess, ...]) -> list[dict[str, str]]:
    return [{"id": excess.id, "by": excess.by} for excess in excesses]


def _never(fault: NeverPossible) -> dict[str, Any]:
    return {"never": {"rules": list(fault.rules), "budgets": _budgets(fault.budgets)}}


def _explained(model: Model, choices: Choices, feature: str, value: str) -> dict[str, Any]:
    asked = {"feature": feature, "value": value}
    try:
        found = explain(model, choices, feature, value)
    except NeverPossible as fault:
        return asked | _never(fault)
    told = {"give_up": _choices(found.give_up), "rules": list(found.rules), "budgets": _budgets(found.budgets)}
    return asked | told


def _taken(model: Model, choices: Choices, feature: str, value: str) -> dict[str, Any]:
    asked = {"feature": feature, "value": value}
    try:
        after, given_up = take(model, choices, feature, value)
    except NeverPossible as fault:
        return asked | _never(fault)
    return asked | {"choices": _choices(after), "given_up": _choices(given_up)}


def _objectives(model: Model, rng: random.Random) -> list[Objective]:
    prices = {
        (feature.id, value): rng.randint(-300, 900)
        for feature in model.features
        for value in model.value_ids[feature.id]
        if rng.random() < 0.7
    }
    near = {feature.id: rng.choice(model.value_ids[feature.id]) for feature in model.features}
    return [Cheapest(prices), *(Lightest(budget.id) for budget in model.budgets[:1]), Nearest(near), Usual()]


def _completed(model: Model, choices: Choices, objective: Objective) -> dict[str, Any]:
    try:
        found: dict[str, str] | None = complete(model, choices, objective)
    except ConfigurationError:
        found = None
    return {"objective": _objective(objective), "configuration": found}


def _objective(objective: Objective) -> dict[str, Any]:
    match objective:
        case Cheapest(prices):
            nested: dict[str, dict[str, int]] = {}
            for (feature, value), price in prices.items():
                nested.setdefault(feature, {})[value] = price
            return {"kind": "cheapest", "prices": nested}
        case Lightest(budget):
            return {"kind": "lightest", "budget": budget}
        case Nearest(to):
            return {"kind": "nearest", "to": dict(to)}
        case Usual():
            return {"kind": "usual"}


def _guide() -> dict[str, Any]:
    product = {
        "features": [
            {"id": "size", "type": "choice", "values": [{"id": "s50"}, {"id": "s65"}, {"id": "s100"}]},
            {"id": "stages", "type": "integer", "min": 1, "max": 12, "step": 2},
            {"id": "soft_start", "type": "boolean"},
        ],
        "guide": [
            {"id": "flow", "ask": "What flow?", "type": "number", "unit": "m³/h", "ranges": [
                {"upto": "50", "sets": {"size": ["s50", "s65"]}},
                {"upto": "80.5", "sets": {"size": "s65", "stages": {"min": 4}}},
                {"upto": None, "sets": {"size": "s100", "stages": {"min": 2, "max": 6}, "soft_start": "yes"}}]},
            {"id": "head", "ask": "What head?", "type": "number", "ranges": [{"upto": "10", "sets": {"stages": "1"}}]},
            {"id": "medium", "ask": "What medium?", "type": "choice", "answers": [
                {"id": "pulp", "name": "Pulp", "sets": {"soft_start": "yes"}}, {"id": "water", "name": "Water"}]},
        ],
    }  # fmt: skip
    asked = [
        ("flow", "50"), ("flow", "50.0"), ("flow", "50.01"), ("flow", "80.5"), ("flow", "900"), ("flow", "0"), ("flow", " 12 "),
        ("flow", "NaN"), ("flow", "1e999"), ("flow", "-3"), ("flow", "much"), ("flow", ""), ("head", "10"), ("head", "11"),
        ("medium", "pulp"), ("medium", "water"), ("medium", "sand"), ("colour", "red"),
    ]  # fmt: skip
    return {"product": product, "questions": [_answered(product, *one) for one in asked]}


def _answered(product: dict[str, Any], question: str, reply: str) -> dict[str, Any]:
    try:
        found = [Choice(choice.feature, choice.values) for choice in answer(product, question, reply)]
    except ConfigurationError:
        return {"question": question, "reply": reply, "choices": None}
    return {"question": question, "reply": reply, "choices": _choices(tuple(found))}


def text(content: dict[str, Any]) -> str:
    """As it is written."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace('{"choices":', '\n{"choices":') + "\n"


def main() -> None:
    """Write all files."""
    for name, content in files():
        (FOLDER / name).write_text(text(content), "utf-8")


if __name__ == "__main__":
    main()
