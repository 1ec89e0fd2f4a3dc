"""The fewest choices to give up, found by which choices can be kept together: by looking at every configuration, and at the limit."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from app.cpq import domains_diagram
from app.cpq.explain import explain, swap
from app.cpq.model import Choice, Choices, ConfigurationError, Model
from tests.support.configuration import Configuration, Everything, keeps, random_artefact


def _questions(count: int) -> Iterator[tuple[Model, Everything, Choices, Choice]]:
    """A choice of almost every feature of a small model that budgets limit, and a value that some configuration has."""
    rng = random.Random(20261122)
    while count:
        model = Model(random_artefact(rng, rng.choice((1, 2, 3))))
        every = Everything(model)
        if not every.valid or not model.asked.bounds:
            continue
        asked, *others = rng.sample(model.features, len(model.features))
        value = rng.choice(every.valid)[asked.id]
        choices = tuple(Choice(one.id, (rng.choice(one.values).id,)) for one in others)
        count -= 1
        yield model, every, choices, Choice(asked.id, (value,))


def _least(choices: Choices, having: list[Configuration]) -> Choices:
    """Fewest first, then newer before older ones."""

    def cost(given_up: Choices) -> tuple[int, list[bool]]:
        count = len(choices)
        numbers = [number for number, choice in enumerate(choices) if choice in given_up]
        return sum(count * count + 1 + count - number for number in numbers), [one in given_up for one in choices]

    return min((tuple(one for one in choices if not keeps(each, (one,))) for each in having), key=cost)


def test_choices_that_can_be_kept_together_tell_the_fewest_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains_diagram, "_SWAP_LIMIT", 0)
    several = 0
    for model, every, choices, asked in _questions(100):
        expected = _least(choices, [one for one in every.valid if keeps(one, (asked,))])
        found = swap(model, choices, asked.feature, asked.values[0])
        assert found.given_up == expected
        assert found.proven
        assert any(keeps(one, found.choices) for one in every.valid)
        several += len(found.given_up) > 1
    assert several > 20


def test_a_swap_that_ends_at_the_limit_still_has_a_configuration_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains_diagram, "_SWAP_LIMIT", 0)
    more = 0
    for limit in (1, 60, 130, 250):
        monkeypatch.setattr(domains_diagram, "NODE_LIMIT", limit)
        for model, every, choices, asked in _questions(15):
            fewest = _least(choices, [one for one in every.valid if keeps(one, (asked,))])
            try:
                found = swap(model, choices, asked.feature, asked.values[0])
            except ConfigurationError:
                continue
            assert any(keeps(one, found.choices) for one in every.valid)
            assert found.given_up == fewest or not found.proven
            assert explain(model, choices, asked.feature, asked.values[0]).proven == found.proven
            more += len(found.given_up) > len(fewest)
    assert more
