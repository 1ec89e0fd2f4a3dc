"""Every case of the public price test suites, priced by both engines; the file is `PRICE_CASES`. Ours come on top."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cpq.price import price_json
from tests.conformance.price_adapter import UnknownModel, adapt, differences
from tests.conftest import ROOT, shared_data
from tests.support.node import ask

Json = dict[str, Any]
Engine = Callable[[Json], Json]
GIVEN = os.environ.get("PRICE_CASES")
FILE = Path(GIVEN).resolve() if GIVEN else ROOT / "../shared/data/pricing/cases.json"
OURS = Path(__file__).with_name("price_cases.json")


def _cases(path: Path) -> list[Json]:
    if not path.exists():
        return []
    return list(json.loads(path.read_text("utf-8"))["cases"])


PUBLIC = _cases(FILE)
CASES = [*PUBLIC, *_cases(OURS)]


def test_there_are_cases() -> None:
    if GIVEN is None:
        shared_data("pricing")
    assert PUBLIC, f"no cases in {FILE.name}"


@pytest.fixture(scope="module", params=["python", "typescript"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine: Python's, or the phone's, which is asked for everything at once."""
    if request.param == "python":
        return price_json
    requests: list[Json] = []
    for case in CASES:
        try:
            requests.append(adapt(case).request)
        except (UnknownModel, KeyError, TypeError, ValueError):
            continue  # its own test says what is wrong
    answers = ask("price", requests)
    by_request = {json.dumps(one): answer for one, answer in zip(requests, answers, strict=True)}

    def priced(asked: Json) -> Json:
        answer = by_request[json.dumps(asked)]
        assert "result" in answer, answer
        return dict(answer["result"])

    return priced


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_figures_of_a_case_are_met_to_the_digit(engine: Engine, case: Json) -> None:
    try:
        adapted = adapt(case)
        wrong = differences(adapted, case["expected"], engine(adapted.request))
    except UnknownModel as unknown:
        pytest.fail(str(unknown))
    assert not wrong, "; ".join(wrong)
