"""Small models made at random: every answer of both engines against a look at every configuration."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cpq.artefact import Artefact
from app.cpq.budgets import budget_ranges
from app.cpq.complete import Cheapest, Lightest, Nearest, Objective, Usual, complete
from app.cpq.domains import domains, ways
from app.cpq.explain import explain, take
from app.cpq.model import Choice, ConfigurationError, Model, NeverPossible, load
from tests.support.configuration import Configuration, Everything, by_sat, keeps, random_artefact, random_choices

SEEDS = st.integers(0, 2**32)
some = settings(max_examples=60, deadline=None)
Make = Callable[[Artefact], Artefact]


both = pytest.mark.parametrize("engine", [lambda made: made, by_sat], ids=["diagram", "sat"])


def _world(seed: int, engine: Make) -> tuple[random.Random, Model, Everything, tuple[Choice, ...]]:
    rng = random.Random(seed)
    model = load(engine(random_artefact(rng, rng.choice((0, 1, 2, 3)))).to_bytes())
    return rng, model, Everything(model), random_choices(rng, model)


def _in_effect(model: Model, choices: tuple[Choice, ...], conflicts: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(choice for choice in choices if choice.feature not in conflicts)


@both
@some
@given(seed=SEEDS)
def test_a_value_is_valid_when_some_configuration_has_it(engine: Make, seed: int) -> None:
    _, model, every, choices = _world(seed, engine)
    found = domains(model, choices)
    assert found.consistent == any(keeps(one, choices) for one in every.valid)
    effective = _in_effect(model, choices, found.conflicts)
    for domain, feature in zip(found.features, model.features, strict=True):
        others = [choice for choice in effective if choice.feature != feature.id or len(choice.values) > 1]
        left = [value for value in model.value_ids[feature.id] if _has(every, others, feature.id, value)]
        assert list(domain.valid) == left
        possible = [value for value in left if _has(every, effective, feature.id, value)]
        settled = any(choice.feature == feature.id and len(choice.values) == 1 for choice in effective)
        assert domain.forced == (possible[0] if len(possible) == 1 and not settled else None)
    left_over = [one for one in every.valid if keeps(one, choices)]
    one_each = all(len({one[feature.id] for one in left_over}) == 1 for feature in model.features)
    assert found.complete == (bool(left_over) and one_each)


def _has(every: Everything, choices: list[Choice] | tuple[Choice, ...], feature: str, value: str) -> bool:
    return any(one[feature] == value and keeps(one, choices) for one in every.valid)


@some
@given(seed=SEEDS)
def test_ways_are_counted_exactly(seed: int) -> None:
    _, model, every, choices = _world(seed, lambda made: made)
    left = [one for one in every.ruled if keeps(one, choices)]
    assert ways(model, choices) == len(left)
    assert domains(model, choices).ways_exact == all(every.within(one) for one in left)


@both
@some
@given(seed=SEEDS)
def test_budgets_range_over_what_the_rules_leave(engine: Make, seed: int) -> None:
    _, model, every, choices = _world(seed, engine)
    effective = _in_effect(model, choices, domains(model, choices).conflicts)
    for budget, found in zip(model.budgets, budget_ranges(model, choices), strict=True):
        totals = [every.total(budget, one) for one in every.ruled if keeps(one, effective)] if every.valid else []
        scaled = [Decimal(side) * 10**budget.scale for side in (found.min, found.max) if side is not None]
        assert scaled == ([min(totals), max(totals)] if totals else [])


def _cost(choices: tuple[Choice, ...], one: Configuration) -> tuple[int, list[bool]]:
    """What a configuration gives up: the cost, and by choice from the oldest whether it is given up."""
    count = len(choices)
    lost = [one[choice.feature] not in choice.values for choice in choices]
    return sum(count * count + 1 + count - number for number, out in enumerate(lost) if out), lost


@both
@some
@given(seed=SEEDS)
def test_a_swap_gives_up_the_fewest_choices_and_has_a_configuration(engine: Make, seed: int) -> None:
    rng, model, every, choices = _world(seed, engine)
    feature = rng.choice(model.features)
    value = rng.choice(feature.values).id
    questioned = tuple(
        choice
        for choice in choices
        if choice.feature != feature.id or (len(choice.values) > 1 and value not in choice.values)
    )
    with_value = [one for one in every.valid if one[feature.id] == value]
    if not with_value:
        with pytest.raises(NeverPossible) as fault:
            take(model, choices, feature.id, value)
        assert fault.value.rules or fault.value.budgets
        return
    _, lost = min(_cost(questioned, one) for one in with_value)
    expected = tuple(choice for choice, out in zip(questioned, lost, strict=True) if out)
    after, given_up = take(model, choices, feature.id, value)
    assert given_up == expected
    assert after[-1] == Choice(feature.id, (value,))
    assert any(keeps(one, after) for one in every.valid)
    assert domains(model, after).consistent
    explained = explain(model, choices, feature.id, value)
    assert explained.give_up == expected
    assert bool(explained.give_up) or not (explained.rules or explained.budgets)


@both
@some
@given(seed=SEEDS)
def test_rules_at_fault_are_needed_each(engine: Make, seed: int) -> None:
    rng, model, _, choices = _world(seed, engine)
    feature = rng.choice(model.features)
    value = rng.choice(feature.values).id
    others = tuple(choice for choice in choices if choice.feature != feature.id)
    try:
        rules = explain(model, others, feature.id, value).rules
        demanded: tuple[Choice, ...] = (*others, Choice(feature.id, (value,)))
    except NeverPossible as fault:
        rules, demanded = fault.rules, (Choice(feature.id, (value,)),)
    if rules:
        numbers = {number for number, rule in enumerate(model.rules, start=1) if rule.id in rules}
        assert not _allowed(model, demanded, numbers)
        assert all(_allowed(model, demanded, numbers - {number}) for number in numbers)


def _allowed(model: Model, choices: tuple[Choice, ...], rules: set[int]) -> bool:
    kept = tuple(clause for clause in model.artefact.clauses if clause.rule == 0 or clause.rule in rules)
    return any(keeps(one, choices) for one in Everything(Model(replace(model.artefact, clauses=kept))).ruled)


@both
@some
@given(seed=SEEDS)
def test_a_completion_is_the_best_and_of_equals_the_first(engine: Make, seed: int) -> None:
    rng, model, every, choices = _world(seed, engine)
    objectives: list[Objective] = [
        Cheapest(
            {
                (feature.id, value): rng.randint(-3, 9)
                for feature in model.features
                for value in model.value_ids[feature.id]
                if rng.random() < 0.6
            }
        ),
        Nearest(rng.choice(every.ruled)),
        *(Lightest(budget.id) for budget in model.budgets[:1]),
    ]
    effective = _in_effect(model, choices, domains(model, choices).conflicts)
    left = [one for one in every.valid if keeps(one, effective)]
    for objective in objectives:
        if not every.valid:
            with pytest.raises(ConfigurationError):
                complete(model, choices, objective)
            continue
        best = min(left, key=lambda one: (_worth(every, objective, one), _positions(model, one)))
        assert complete(model, choices, objective) == best


def _worth(every: Everything, objective: Objective, one: Configuration) -> int:
    match objective:
        case Cheapest(prices):
            return sum(prices.get(value, 0) for value in one.items())
        case Nearest(to):
            return sum(one[feature] != value for feature, value in to.items())
        case Lightest(budget):
            return every.total(every.model.budget(budget), one)
        case Usual():
            raise AssertionError("has rounds of its own")


def _positions(model: Model, one: Configuration) -> list[int]:
    return [model.value_ids[feature].index(value) for feature, value in one.items()]


@both
@some
@given(seed=SEEDS)
def test_the_usual_completion_prefers_defaults_and_what_defaults_lead_to(engine: Make, seed: int) -> None:
    _, model, every, choices = _world(seed, engine)
    if not every.valid:
        return
    left = [one for one in every.valid if keeps(one, _in_effect(model, choices, domains(model, choices).conflicts))]
    found: Configuration | None = None
    before: dict[str, str] | None = None
    for _ in range(10):
        preferred = {feature.id: feature.default for feature in model.features if feature.default is not None}
        for default in model.defaults if found else ():
            true = {literal for literal in model.literals_of(found or {}) if literal > 0}
            if all(any((abs(one) in true) == (one > 0) for one in clause) for clause in default.condition):
                preferred |= dict(model.owner[one] for one in default.sets if one in model.owner)
        if preferred == before:
            break
        before = preferred
        found = min(
            left,
            key=lambda one: (sum(one[name] != value for name, value in preferred.items()), _positions(model, one)),
        )
    assert complete(model, choices, Usual()) == found
