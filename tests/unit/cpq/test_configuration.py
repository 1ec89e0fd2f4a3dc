"""Configuring: what is asked wrongly, what is at the edge, and several threads at once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.cpq import budgets_walk, domains_diagram
from app.cpq.artefact import Artefact, ArtefactError, Budget, Feature, Value
from app.cpq.compare import Difference, compare
from app.cpq.complete import Cheapest, Lightest, Usual, complete
from app.cpq.domains import domains, evaluate, ways
from app.cpq.explain import explain, take
from app.cpq.model import BudgetExcess, Choice, ConfigurationError, Model, NeverPossible, decimal_text, load
from tests.support.configuration import artefact, by_sat, random_artefact, random_choices
from tests.support.configuration_vectors import cabinet

both = pytest.mark.parametrize("served", [lambda made: made, by_sat], ids=["diagram", "sat"])


def _boolean(variable: int) -> Feature:
    values = (Value("no", "No"), Value("yes", "Yes"))
    return Feature(f"b{variable}", f"B {variable}", "boolean", (-variable, variable), values)


def _knapsack(size: int) -> Artefact:
    """Booleans without rules, whose two budgets together are hard to keep: one sum exactly."""
    rng = random.Random(size)
    weights = [(variable, rng.randrange(10**5, 10**6)) for variable in range(1, size + 1)]
    half = sum(weight for _, weight in weights) // 2
    return artefact(
        [_boolean(variable) for variable in range(1, size + 1)],
        [],
        [
            Budget("heavy", "Heavy", "g", 0, 0, tuple(weights), maximum=half),
            Budget("light", "Light", "g", 0, 0, tuple(weights), minimum=half),
        ],
    )


@pytest.mark.parametrize(
    "choice", [Choice("nothing", ("no",)), Choice("filter", ("perhaps",)), Choice("filter", ())], ids=str
)
def test_choices_that_the_model_does_not_know_are_refused_by_name(choice: Choice) -> None:
    with pytest.raises(ConfigurationError, match=choice.feature):
        domains(load(cabinet().to_bytes()), [choice])


def test_values_and_budgets_that_the_model_does_not_know_are_refused_by_name() -> None:
    model = load(cabinet().to_bytes())
    with pytest.raises(ConfigurationError, match="perhaps"):
        explain(model, (), "filter", "perhaps")
    with pytest.raises(ConfigurationError, match="length"):
        complete(model, (), Lightest("length"))
    with pytest.raises(ConfigurationError, match="nothing"):
        complete(model, (), Cheapest({("nothing", "no"): 1}))


def test_weights_that_cannot_be_added_exactly_are_refused() -> None:
    huge = Budget("b", "B", "kg", 0, 0, ((1, 2**50),), maximum=1)
    with pytest.raises(ConfigurationError, match="too large"):
        Model(artefact([_boolean(1)], [], [huge]))


def test_an_artefact_with_a_flipped_bit_is_not_loaded() -> None:
    data = bytearray(cabinet().to_bytes())
    data[len(data) // 2] ^= 4
    with pytest.raises(ArtefactError):
        load(bytes(data))


@both
def test_a_model_without_rules_leaves_everything(served: type) -> None:
    model = load(served(artefact([_boolean(1), _boolean(2)], [])).to_bytes())
    found = domains(model, (Choice("b1", ("yes",)),))
    assert [domain.valid for domain in found.features] == [("no", "yes"), ("no", "yes")]
    assert ways(model, (Choice("b1", ("yes",)),)) == (2 if model.engine == "diagram" else None)
    assert complete(model, (), Usual()) == {"b1": "no", "b2": "no"}


def test_a_later_choice_of_the_same_feature_replaces() -> None:
    model = load(cabinet().to_bytes())
    twice = (Choice("filter", ("yes",)), Choice("heater", ("no",)), Choice("filter", ("no",)))
    assert evaluate(model, twice) == evaluate(model, (Choice("heater", ("no",)), Choice("filter", ("no",))))


@both
def test_a_limit_that_a_feature_gives_is_shown_as_a_limit(served: type) -> None:
    model = load(served(cabinet()).to_bytes())
    small = evaluate(model, (Choice("cabinet", ("b",)), Choice("stages", ("1",))))["budgets"]["width"]
    assert (small["limit"], small["unit"]) == ("600", "mm")
    assert evaluate(model, (Choice("stages", ("1",)),))["budgets"]["width"]["limit"] == "800"


@both
def test_a_budget_at_fault_is_named_with_its_excess(served: type) -> None:
    model = load(served(cabinet()).to_bytes())
    choices = (Choice("drive", ("kw55",)), Choice("stages", ("4",)), Choice("filter", ("yes",)))
    found = explain(model, choices, "cabinet", "b")
    # 50 + 350 + 240 + 200 mm in a cabinet of 600 mm; 10 + 26 + 54 + 26 + 2.5 kg where 90 may be.
    assert (found.rules, found.budgets) == ((), (BudgetExcess("width", "240"), BudgetExcess("weight", "28.5")))
    assert found.give_up


@both
def test_a_value_that_rules_alone_exclude_is_never_possible(served: type) -> None:
    made = artefact([_boolean(1), _boolean(2)], [("R-1", [(-1, 2)]), ("R-2", [(-1, -2)]), ("R-3", [(1, 2)])])
    with pytest.raises(NeverPossible) as fault:
        take(load(served(made).to_bytes()), (), "b1", "yes")
    assert fault.value.rules == ("R-1", "R-2")


def test_what_the_search_cannot_decide_in_time_is_shown_as_valid_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains_diagram, "_WALK_LIMIT", 50)
    found = domains(Model(_knapsack(14)), ())
    assert found.consistent
    assert found.unproven
    assert set(found.unproven) <= {(domain.feature, value) for domain in found.features for value in domain.valid}


def test_a_hard_budget_is_decided_all_the_same() -> None:
    made = _knapsack(9)
    weights = dict(made.budgets[0].weights)
    half = made.budgets[0].maximum
    exact = any(
        sum(weights[position + 1] for position in range(9) if number >> position & 1) == half for number in range(2**9)
    )
    found = domains(Model(made), ())
    assert (found.consistent, found.unproven) == (exact, ())
    assert domains(Model(by_sat(made)), ()).consistent == exact


def test_witnesses_are_forgotten_beyond_the_most_that_are_kept() -> None:
    pool = budgets_walk.Pool(1, 2)
    for _ in range(5):
        pool.add(domains_diagram.np.array([True, False]))
    assert pool.witnessed([], [], []).tolist() == [True, False]
    assert len(pool._rows) == 2


@both
def test_threads_that_ask_at_once_get_what_one_gets_alone(served: type) -> None:
    rng = random.Random(7)
    model = load(served(random_artefact(rng, 3)).to_bytes())
    asked = [random_choices(rng, model) for _ in range(60)]
    alone = [evaluate(load(model.artefact.to_bytes()), choices) for choices in asked]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda choices: evaluate(model, choices), asked)) == alone


def test_configurations_are_compared_feature_by_feature() -> None:
    a, b = {"size": "s", "seal": "x", "old": "1"}, {"size": "m", "seal": "x", "new": "2"}
    assert compare(a, b) == (Difference("size", "s", "m"), Difference("old", "1", None), Difference("new", None, "2"))
    assert compare(a, a) == ()


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [(31500, 3, "31.5"), (0, 2, "0"), (-5, 2, "-0.05"), (450, 0, "450"), (100, 2, "1"), (-1200, 1, "-120")],
)
def test_decimals_have_no_trailing_zeros(value: int, scale: int, text: str) -> None:
    assert decimal_text(value, scale) == text
