"""The sample catalogue's pump, with its three budgets, held against a SAT solver that has the budgets as clauses."""

from __future__ import annotations

import random

import pytest

from app.cpq.budgets import budget_ranges
from app.cpq.catalogue import read_catalogue
from app.cpq.compile import compile_catalogue
from app.cpq.complete import Lightest, Usual, complete
from app.cpq.domains import domains
from app.cpq.explain import take
from app.cpq.model import Choice, Choices, Model, NeverPossible, load
from tests.benchmarks.configure_bench import CATALOGUE, Peer

SEED, STATES = 20261122, 8


@pytest.fixture(scope="module")
def pump() -> tuple[Model, Peer]:
    compiled = compile_catalogue(read_catalogue(CATALOGUE.read_text("utf-8")))
    model = load(max((one.data for one in compiled.values()), key=len))
    assert len(model.budgets) == 3
    return model, Peer(model, budgets=True)


def _literals(model: Model, choices: Choices) -> list[int]:
    return [model.literal(choice.feature, choice.values[0]) for choice in choices]


def test_domains_within_three_budgets_are_what_sat_says(pump: tuple[Model, Peer]) -> None:
    model, peer = pump
    rng = random.Random(SEED)
    for _ in range(STATES):
        choices: Choices = ()
        for feature in rng.sample(model.features, 6):
            value = rng.choice(feature.values).id
            try:
                choices, _ = take(model, choices, feature.id, value)
            except NeverPossible:
                continue
        found = domains(model, choices)
        assert found.consistent and not found.unproven
        chosen = {choice.feature for choice in choices}
        told = dict(zip(peer.literals, peer.ask(_literals(model, choices)), strict=True))
        for domain in found.features:
            if domain.feature not in chosen:
                values = [
                    value for value in model.value_ids[domain.feature] if told[model.literal(domain.feature, value)]
                ]
                assert list(domain.valid) == values, (choices, domain.feature)


def test_completions_keep_all_budgets(pump: tuple[Model, Peer]) -> None:
    model, peer = pump
    choices = (Choice(model.features[0].id, (domains(model, ()).features[0].valid[-1],)),)
    lightest = complete(model, choices, Lightest("weight"))
    for configuration in (lightest, complete(model, choices, Usual())):
        assert any(peer.ask(sorted(model.literals_of(configuration))))
        assert configuration[choices[0].feature] == choices[0].values[0]
    weight = next(entry for entry in budget_ranges(model, choices) if entry.id == "weight")
    whole = tuple(Choice(feature, (value,)) for feature, value in lightest.items())
    settled = next(entry for entry in budget_ranges(model, whole) if entry.id == "weight")
    assert settled.min == settled.max
    assert float(str(settled.min)) >= float(str(weight.min))
