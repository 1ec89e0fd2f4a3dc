"""The vectors that both languages run; the phone's run is `pwa/tests/price.test.ts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.cpq.price import typescript
from tests.support import price_vectors

Json = dict[str, Any]


def _read(path: Path) -> list[Json]:
    return list(json.loads(path.read_text("utf-8")))


ANSWERS = _read(price_vectors.ANSWERS)
REFUSALS = _read(price_vectors.REFUSALS)


@pytest.mark.parametrize("vector", ANSWERS, ids=[vector["name"] for vector in ANSWERS])
def test_a_request_is_priced_as_written_down(vector: Json) -> None:
    assert price_vectors.answer(vector["request"]) == {"result": vector["result"]}


@pytest.mark.parametrize("vector", REFUSALS, ids=[vector["name"] for vector in REFUSALS])
def test_a_bad_request_is_refused_with_its_place(vector: Json) -> None:
    assert price_vectors.answer(vector["request"]) == {"error": vector["error"]}


def test_every_request_of_the_vectors_is_written_down() -> None:
    assert [vector["name"] for vector in ANSWERS] == list(price_vectors.answers())
    assert [vector["name"] for vector in REFUSALS] == list(price_vectors.refusals())
    assert [vector["request"] for vector in (*ANSWERS, *REFUSALS)] == [
        *price_vectors.answers().values(),
        *price_vectors.refusals().values(),
    ]


def test_the_phone_knows_the_same_currencies() -> None:
    assert typescript.TARGET.read_text("utf-8") == typescript.source(), "run python -m app.cpq.price.typescript"
