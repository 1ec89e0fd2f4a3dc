"""Python and the phone price the same requests the same: every row of every waterfall, and every refusal."""

from __future__ import annotations

import json
import os
import random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support.node import ask
from tests.support.price_requests import requests
from tests.support.price_vectors import answer

Json = dict[str, Any]
RUNS = int(os.environ.get("PRICE_RUNS", "120"))
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**9))


def made(runs: int, start: int) -> list[Json]:
    """Requests of hypothesis, from a seed; about one in ten with a member that is spoilt."""
    found: list[Json] = []

    @seed(start)
    @settings(
        max_examples=runs,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(requests())
    def collect(one: Json) -> None:
        found.append(json.loads(json.dumps(one)))

    collect()
    chance = random.Random(start)
    for one in found:
        if chance.random() < 0.1:
            spoil(one, chance)
    return found


def spoil(document: Json, chance: random.Random) -> None:
    """Change one member, somewhere, to what may be wrong there."""
    place: Any = document
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else list(place)
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.8:
            place = place[key]
            continue
        place[key] = chance.choice(["-1", "1e3", "", "x", None, 5, True, [], {}, "99999999999999", "0"])
        return


def test_both_languages_give_the_same_answer_to_every_request() -> None:
    print(f"{RUNS} requests from SEED={SEED}")
    asked = made(RUNS, SEED)
    answers = ask("price", asked)
    for one, phone in zip(asked, answers, strict=True):
        assert answer(one) == phone, f"SEED={SEED}: {json.dumps(one)}"
