"""What SAT answers when its time is over: the best that is known, which says so; and never anything that is wrong."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from app.cpq.artefact import Artefact, Budget, Feature, Value
from app.cpq.budgets import budget_ranges
from app.cpq.complete import Cheapest, Usual, complete, completion
from app.cpq.domains import domains, evaluate
from app.cpq.explain import explain, swap, take
from app.cpq.model import Choice, ConfigurationError, Model, load
from app.cpq.sat import Satisfiability
from app.cpq.sat_faults import Faults
from app.cpq.sat_lightest import Lightest, lightest_first
from app.cpq.sat_limit import SECONDS, Deadline
from tests.support.configuration import Everything, by_sat, keeps, random_artefact, random_choices

LOOKS = (2, 3, 5, 8, 13, 21, 34, 55, 89, 144)


def looks(count: int) -> dict[str, object]:
    """A clock that goes on by a second at each look, and as many seconds."""
    ticks = itertools.count()
    return {"seconds": float(count), "clock": lambda: float(next(ticks))}


def in_looks(made: Artefact, count: int) -> Model:
    """A model whose questions end after so many looks at the clock."""
    model = load(by_sat(made).to_bytes())
    model.__dict__["asked"] = Satisfiability(model, **looks(count))  # type: ignore[arg-type]
    model.__dict__["faults"] = Faults(model.artefact, (), **looks(count))  # type: ignore[arg-type]
    return model


def worlds(seed: int, budgets: int = 2) -> Iterator[tuple[random.Random, Artefact, Everything]]:
    """Small models that have a configuration, with all that is true of them."""
    rng = random.Random(seed)
    while True:
        made = random_artefact(rng, budgets)
        every = Everything(Model(made))
        if every.valid:
            yield rng, made, every


def knapsack(size: int, budgets: int) -> Artefact:
    """So many options of random weight and worth, and half the room for them: hard to choose the best of."""
    rng = random.Random(size)
    features = tuple(
        Feature(f"f{n}", f"F{n}", "boolean", (-n, n), (Value("no", "No"), Value("yes", "Yes")), None, None)
        for n in range(1, size + 1)
    )
    limited = []
    for number in range(budgets):
        weights = tuple((n, rng.randint(10_000, 99_999)) for n in range(1, size + 1))
        most = sum(weight for _, weight in weights) // 2
        limited.append(Budget(f"b{number}", "B", "kg", 0, 0, weights, maximum=most, minimum=None))
    return Artefact(
        catalogue_id="k", catalogue_version="1", catalogue_hash="0" * 64, product="K", name="K", engine="sat",
        variables=size, public=size, features=features, clauses=(), rules=(), defaults=(), budgets=tuple(limited),
        order=(), nodes=None, solutions=None,
    )  # fmt: skip


WORTH = {(f"f{n}", "yes"): -10_000 - n * 7_919 % 90_000 for n in range(1, 61)}


def test_a_hard_completion_ends_in_time_with_a_good_configuration_that_is_not_proven() -> None:
    made = knapsack(60, 3)
    every = Everything.__new__(Everything)
    every.model = Model(made)
    best_by_looks = []
    for count in (3, 60):
        model = in_looks(made, count)
        found = completion(model, (), Cheapest(WORTH))
        assert not found.proven
        assert every.within(found.configuration)
        best_by_looks.append(sum(WORTH.get(value, 0) for value in found.configuration.items()))
    assert best_by_looks[1] < 0.3 * sum(WORTH.values()) < best_by_looks[0]


def test_the_time_of_a_completion_is_that_of_the_clock_on_the_wall() -> None:
    import time

    model = load(knapsack(60, 3).to_bytes())
    model.__dict__["asked"] = Satisfiability(model, seconds=0.5)
    begun = time.monotonic()
    assert not completion(model, (), Cheapest(WORTH)).proven
    assert time.monotonic() - begun < SECONDS


def test_with_enough_time_a_completion_is_proven_and_with_less_it_is_never_better() -> None:
    proven = 0
    for rng, made, every in itertools.islice(worlds(1), 25):
        prices = {(one.id, value.id): rng.randint(-3, 9) for one in made.features for value in one.values}
        worth = {count: _completed(made, count, prices, every) for count in (*LOOKS, 10_000)}
        assert worth[10_000] is not None
        proven += sum(one == worth[10_000] for one in worth.values())
        best = worth[10_000]
        assert all(one is None or best <= one for one in worth.values())
    assert proven > 100


def _completed(made: Artefact, count: int, prices: dict[tuple[str, str], int], every: Everything) -> int | None:
    """What the completion costs that is found in so many looks; it must be right, and best when it says so."""
    model = in_looks(made, count)
    try:
        found = completion(model, (), Cheapest(prices))
    except ConfigurationError:
        return None
    assert found.configuration in every.valid
    worth = [sum(prices[value] for value in one.items()) for one in every.valid]
    own = sum(prices[value] for value in found.configuration.items())
    assert found.proven <= (own == min(worth))
    if count == 10_000:
        assert found.proven
    return own


def test_values_without_time_are_shown_and_named_as_unproven() -> None:
    named = 0
    for rng, made, _ in itertools.islice(worlds(2), 25):
        choices = random_choices(rng, Model(made))
        exact = domains(Model(made), choices)
        if not exact.consistent:
            continue
        for count in LOOKS:
            found = domains(in_looks(made, count), choices)
            assert found.consistent
            for right, told in zip(exact.features, found.features, strict=True):
                wrong = set(told.valid) - set(right.valid)
                assert set(right.valid) <= set(told.valid)
                assert all((right.feature, value) in found.unproven for value in wrong)
            named += len(found.unproven)
        assert not domains(in_looks(made, 10_000), choices).unproven
    assert named > 300


def test_a_swap_without_time_still_has_a_configuration_and_says_that_it_may_not_be_the_smallest() -> None:
    longer = 0
    for rng, made, every in itertools.islice(worlds(3), 40):
        choices = random_choices(rng, Model(made), 6)
        wanted = rng.choice([value for one in every.valid for value in one.items()])
        fewest = take(Model(made), choices, *wanted)[1]
        for count in LOOKS:
            try:
                found = swap(in_looks(made, count), choices, *wanted)
            except ConfigurationError:
                continue
            assert any(keeps(one, found.choices) for one in every.valid)
            assert found.given_up == fewest or not found.proven
            longer += len(found.given_up) > len(fewest)
    assert longer


def test_rules_at_fault_without_time_suffice_though_some_could_be_left_out() -> None:
    more = 0
    for rng, made, every in itertools.islice(worlds(4, budgets=0), 60):
        choices = tuple(choice for choice in random_choices(rng, Model(made), 6) if len(choice.values) == 1)
        feature = rng.choice(made.features)
        value = rng.choice(feature.values).id
        others = tuple(choice for choice in choices if choice.feature != feature.id)
        if not any(one[feature.id] == value for one in every.valid):
            continue
        exact = explain(Model(made), others, feature.id, value).rules
        for count in LOOKS:
            rules = in_looks(made, count).faults.of(_literals(Model(made), (*others, Choice(feature.id, (value,)))))
            if exact and rules:
                kept = [one for one in made.clauses if one.rule == 0 or made.rules[one.rule - 1].id in rules]
                left = Everything(Model(_with_clauses(made, tuple(kept)))).ruled
                assert not any(keeps(one, (*others, Choice(feature.id, (value,)))) for one in left)
                more += len(rules) > len(exact)
    assert more


def _literals(model: Model, choices: tuple[Choice, ...]) -> list[int]:
    return [model.literal(choice.feature, choice.values[0]) for choice in choices]


def _with_clauses(made: Artefact, clauses: tuple[object, ...]) -> Artefact:
    from dataclasses import replace

    return replace(made, clauses=clauses)  # type: ignore[arg-type]


def test_ranges_without_time_leave_nothing_out_and_say_so() -> None:
    unproven = 0
    for _, made, _ in itertools.islice(worlds(5), 25):
        exact = budget_ranges(Model(made), ())
        for count in (*LOOKS, 10_000):
            model = in_looks(made, count)
            told = evaluate(model, ())["budgets"]
            for right, found in zip(exact, budget_ranges(model, ()), strict=True):
                assert float(found.min or 0) <= float(right.min or 0)
                assert float(found.max or 0) >= float(right.max or 0)
                assert found.proven or count < 10_000
                assert found.proven <= ((found.min, found.max) == (right.min, right.max))
                assert found.proven != told[found.id].get("unproven", False)
                unproven += not found.proven
    assert unproven > 20


def test_rounds_of_usual_end_with_one_that_is_not_proven() -> None:
    seen = set()
    for _, made, every in itertools.islice(worlds(6), 20):
        for count in LOOKS:
            try:
                found = completion(in_looks(made, count), (), Usual())
            except ConfigurationError:
                continue
            assert found.configuration in every.valid
            seen.add(found.proven)
        assert complete(in_looks(made, 10_000), (), Usual()) == complete(Model(made), (), Usual())
    assert seen == {True, False}


@pytest.mark.parametrize("seed", range(40))
def test_the_lightest_of_random_clauses_is_the_one_found_by_trying_all(seed: int) -> None:
    rng = random.Random(seed)
    variables = rng.randint(2, 9)

    def literal() -> int:
        return rng.choice((1, -1)) * rng.randint(1, variables)

    clauses = [[literal() for _ in range(rng.randint(1, 4))] for _ in range(rng.randint(0, 2 * variables))]
    weights = {literal(): rng.choice((1, 1, 1, 5, 10**30)) * rng.randint(-5, 5) for _ in range(2 * variables)}
    groups = [rng.choice(([one, -one], [-one, one])) for one in range(1, variables + 1)]
    found = lightest_first(clauses, weights, groups, Deadline(60), Deadline(60))
    assert found == Lightest(_by_trying(variables, clauses, weights, groups), True)


def _by_trying(
    variables: int, clauses: list[list[int]], weights: dict[int, int], groups: list[list[int]]
) -> tuple[int, ...] | None:
    signs = itertools.product((1, -1), repeat=variables)
    all_ = [tuple(sign * one for one, sign in enumerate(row, start=1)) for row in signs]
    models = [one for one in all_ if all(set(clause) & set(one) for clause in clauses)]

    def rank(model: tuple[int, ...]) -> tuple[int, list[int]]:
        held = set(model)
        weight = sum(weight for literal, weight in weights.items() if literal in held)
        return weight, [next(place for place, literal in enumerate(group) if literal in held) for group in groups]

    return min(models, key=rank, default=None)
