"""Configuration over the public feature models, held against a SAT solver that knows nothing of ours.

`make configuration SEED=…` runs more of it: RUNS times as many states, sequences and conflicts.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pysat.solvers import Solver

from app.cpq.complete import Cheapest, Nearest, Usual, complete, completion
from app.cpq.domains import Domains, domains
from app.cpq.explain import explain, take
from app.cpq.model import Choice, Choices, Model, NeverPossible, load, slot
from tests.conftest import shared_data
from tests.support.compiled_models import BEYOND_THE_GATE, compiled, within_the_gate
from tests.support.configuration import random_prices

SEED = int(os.environ.get("SEED", "20261122"))
RUNS = int(os.environ.get("RUNS", "1"))
LITERALS, SEQUENCES, CONFLICTS = 50_000 * RUNS, 10_000 * RUNS, 1_000 * RUNS
CLICKS = 4


class Peer:
    """The clauses as they are in the file, asked one assumption after another."""

    def __init__(self, source: Path) -> None:
        lines = source.read_text().splitlines()
        self.clauses = [[int(word) for word in line.split()[:-1]] for line in lines if line and line[0] not in "cp"]
        self._solver = Solver(name="minisat22", bootstrap_with=self.clauses)

    def solves(self, model: Model, choices: Iterable[Choice]) -> bool:
        literals = [model.literal(choice.feature, choice.values[0]) for choice in choices]
        return bool(self._solver.solve(assumptions=literals))

    def allows(self, model: Model, configuration: dict[str, str]) -> bool:
        holds = model.literals_of(configuration)
        return all(not holds.isdisjoint(clause) for clause in self.clauses)


@pytest.fixture(scope="module")
def models() -> list[tuple[Model, Peer]]:
    """Those within the gate."""
    sources = within_the_gate(shared_data("feature_models"))
    assert len(sources) == 9
    return [(load(compiled(source)), Peer(source)) for source in sources]


def _clicked(rng: random.Random, model: Model, most: int) -> Choices:
    """Random values of random features, each valid when it was clicked."""
    choices: Choices = ()
    for feature in rng.sample(model.features, min(most, len(model.features))):
        valid = model.asked.look(choices).valid
        left = [
            value.id for value, literal in zip(feature.values, feature.literals, strict=True) if valid[slot(literal)]
        ]
        choices = (*choices, Choice(feature.id, (rng.choice(left),)))
    return choices


def _wrong(model: Model, peer: Peer, choices: Choices, found: Domains) -> Iterator[tuple[str, str]]:
    """Values whose domain is not what the solver says."""
    for domain in found.features:
        others = [choice for choice in choices if choice.feature != domain.feature]
        for value in model.value_ids[domain.feature]:
            if peer.solves(model, [*others, Choice(domain.feature, (value,))]) != (value in domain.valid):
                yield domain.feature, value


def test_domains_are_what_sat_says_of_50_000_literals(models: list[tuple[Model, Peer]]) -> None:
    rng, checked = random.Random(SEED), 0
    while checked < LITERALS:
        for model, peer in models:
            choices = _clicked(rng, model, rng.randint(0, 12))
            assert list(_wrong(model, peer, choices, domains(model, choices))) == [], (
                model.artefact.name,
                choices,
                SEED,
            )
            checked += sum(len(feature.literals) for feature in model.features)


def test_10_000_click_sequences_have_no_dead_end(models: list[tuple[Model, Peer]]) -> None:
    rng = random.Random(SEED)
    for number in range(SEQUENCES):
        model, peer = models[number % len(models)]
        choices = _sequence(rng, model)
        look = model.asked.look(choices)
        assert not look.conflicts and look.valid[model.slots[0]].any(), (model.artefact.name, choices, SEED)
        if number % 25 == 0:
            configuration = complete(model, choices, Usual())
            assert peer.allows(model, configuration), (model.artefact.name, choices, SEED)
            assert all(configuration[choice.feature] in choice.values for choice in choices)


def _sequence(rng: random.Random, model: Model) -> Choices:
    """Clicks on any value of any feature: what is valid is chosen, of the others one in eight is taken all the same."""
    choices: Choices = ()
    for _ in range(CLICKS):
        feature = rng.choice(model.features)
        position = rng.randrange(len(feature.values))
        value = feature.values[position].id
        if model.asked.look(choices).valid[slot(feature.literals[position])]:
            choices = (*(choice for choice in choices if choice.feature != feature.id), Choice(feature.id, (value,)))
        elif rng.random() < 0.125:
            try:
                choices, _ = take(model, choices, feature.id, value)
            except NeverPossible:
                assert not model.asked.look(()).valid[slot(feature.literals[position])]
    return choices


def test_swaps_of_1_000_conflicts_are_the_smallest(models: list[tuple[Model, Peer]]) -> None:
    rng = random.Random(SEED)
    for number in range(CONFLICTS):
        model, peer = models[number % len(models)]
        choices, feature, value = _conflict(rng, model)
        after, given_up = take(model, choices, feature, value)
        assert peer.solves(model, after), (model.artefact.name, choices, feature, value, SEED)
        _assert_smallest(model, peer, choices, Choice(feature, (value,)), given_up)


def _conflict(rng: random.Random, model: Model) -> tuple[Choices, str, str]:
    """Choices, and a value that they exclude though some configuration has it."""
    ever = model.asked.look(()).valid
    while True:
        choices = _clicked(rng, model, rng.randint(1, 10))
        now = model.asked.look(choices).valid
        excluded = [
            literal
            for feature in model.features
            for literal in feature.literals
            if ever[slot(literal)] and not now[slot(literal)]
        ]
        if excluded:
            return (choices, *model.owner[rng.choice(excluded)])


def _assert_smallest(model: Model, peer: Peer, choices: Choices, asked: Choice, given_up: Choices) -> None:
    others = [choice for choice in choices if choice.feature != asked.feature]
    assert set(given_up) <= set(others) and given_up
    for fewer in itertools.combinations(others, len(given_up) - 1):
        kept = [choice for choice in others if choice not in fewer]
        assert not peer.solves(model, [*kept, asked]), (model.artefact.name, choices, asked, given_up, SEED)


@pytest.mark.parametrize("name", BEYOND_THE_GATE)
def test_models_beyond_the_gate_are_served_by_sat(name: str) -> None:
    source = shared_data("feature_models") / f"{name}.dimacs"
    model, peer, rng = load(compiled(source)), Peer(source), random.Random(SEED)
    assert model.engine == "sat"
    choices: Choices = ()
    for _ in range(2):
        found = domains(model, choices)
        open_domains = [domain for domain in found.features if len(domain.valid) > 1 and not domain.chosen]
        assert found.consistent and found.ways is None
        _assert_sampled(rng, model, peer, choices, found)
        chosen = rng.choice(open_domains)
        choices = (*choices, Choice(chosen.feature, (rng.choice(chosen.valid),)))
    _assert_swaps(rng, model, peer)
    near = {feature.id: "yes" for feature in model.features}
    for objective in (Usual(), Nearest(near), Cheapest({(feature.id, "yes"): 1 for feature in model.features})):
        configuration = complete(model, choices, objective)
        assert peer.allows(model, configuration)
        assert all(configuration[choice.feature] in choice.values for choice in choices)


def test_the_cheapest_of_2_513_features_is_proven_and_is_what_another_search_proves() -> None:
    model = load(compiled(shared_data("feature_models") / f"{BEYOND_THE_GATE[0]}.dimacs"))
    prices = random_prices(random.Random(1), model)
    found = completion(model, (), Cheapest(prices))
    assert found.proven
    # RC2 with CaDiCaL, stratified, proves the same after a hundred times as long.
    assert sum(prices.get(value, 0) for value in found.configuration.items()) == 71_243_569


def _assert_sampled(rng: random.Random, model: Model, peer: Peer, choices: Choices, found: Domains) -> None:
    for domain in rng.sample(found.features, 100):
        others = [choice for choice in choices if choice.feature != domain.feature]
        for value in model.value_ids[domain.feature]:
            assert peer.solves(model, [*others, Choice(domain.feature, (value,))]) == (value in domain.valid)


def _assert_swaps(rng: random.Random, model: Model, peer: Peer) -> None:
    """Values clicked without regard to the domains: each is taken, and what is given up is the least."""
    choices: Choices = ()
    swaps = 0
    for feature in rng.sample(model.features, 30):
        asked = Choice(feature.id, (rng.choice(feature.values).id,))
        if not peer.solves(model, [asked]):
            with pytest.raises(NeverPossible) as fault:
                take(model, choices, feature.id, asked.values[0])
            assert fault.value.rules
            continue
        after, given_up = take(model, choices, feature.id, asked.values[0])
        assert peer.solves(model, after)
        if given_up:
            _assert_smallest(model, peer, choices, asked, given_up)
            assert explain(model, choices, feature.id, asked.values[0]).rules
            swaps += 1
        choices = after[-10:]
    assert swaps
