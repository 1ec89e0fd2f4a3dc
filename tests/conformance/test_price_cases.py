"""Every case of the public price test suites, priced by both engines; the file is `PRICE_CASES`. Ours come on top."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.cpq.price import PriceError, price_json
from tests.conformance.price_adapter import UnknownModel, adapt, differences
from tests.conftest import ROOT, shared_data
from tests.support.node import ask

Json = dict[str, Any]
Engine = Callable[[Json], Json]
GIVEN = os.environ.get("PRICE_CASES")
FILE = Path(GIVEN).resolve() if GIVEN else ROOT / "../shared/data/pricing/cases.json"
OURS = Path(__file__).with_name("price_cases.json")


def _cases(path: Path) -> list[Json]:
    """The cases of a file; none when it is not there. ValueError says what is wrong with its form."""
    if not path.exists():
        return []
    try:
        read = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    except ValueError as fault:
        raise ValueError(f"{path} is not JSON: {fault}") from None
    cases = read.get("cases") if isinstance(read, dict) else None
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise ValueError(f'{path} has no cases: {{"cases": [{{"id", "model", "inputs", "expected"}}]}} is needed')
    return [{**case, "id": str(case.get("id") or f"case {place}")} for place, case in enumerate(cases)]


PUBLIC = _cases(FILE)
CASES = [*PUBLIC, *_cases(OURS)]


def test_there_are_cases() -> None:
    if GIVEN is None:
        shared_data("pricing")
    assert FILE.exists(), f"there is no file {FILE}; PRICE_CASES names the file of the cases"
    assert PUBLIC, f"no cases in {FILE}"


@pytest.fixture(scope="module", params=["python", "typescript"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine: Python's, or the phone's, which is asked for everything at once."""
    if request.param == "python":
        return price_json
    requests: list[Json] = []
    for case in CASES:
        try:
            requests.append(adapt(case).request)
        except UnknownModel:
            continue  # its own test says what is wrong
    answers = ask("price", requests)
    by_request = {json.dumps(one): answer for one, answer in zip(requests, answers, strict=True)}

    def priced(asked: Json) -> Json:
        answer = by_request[json.dumps(asked)]
        if "error" in answer:
            raise PriceError(**answer["error"])
        return dict(answer["result"])

    return priced


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_figures_of_a_case_are_met_to_the_digit(engine: Engine, case: Json) -> None:
    try:
        adapted = adapt(case)
        wrong = differences(adapted, case["expected"], engine(adapted.request))
    except (UnknownModel, PriceError) as refused:
        pytest.fail(f"{case['id']}: {refused}", pytrace=False)
    assert not wrong, f"{case['id']}: {'; '.join(wrong)}"


SPOILT = {
    "no inputs": ({"inputs": None}, "inputs is not so"),
    "an unknown model": ({"model": "barter"}, "no adapter for the model 'barter'; there are allocate_by_weight"),
    "an input too many": (
        {"inputs": {"quantity": "1", "unit_amount": "2", "moon": "full"}},
        "no place for the inputs moon",
    ),
    "an input too few": ({"inputs": {"quantity": "1"}}, "the input 'unit_amount' is missing"),
    "a figure of a tier too few": (
        {"model": "graduated", "inputs": {"quantity": "1", "tiers": [{"to_value": None, "flat": "1"}]}},
        "the input 'per_unit' is missing",
    ),
    "a rounding that is no word": ({"expected": {"amount": "2", "rounding": 2}}, "no rounding is called 2"),
    "tiers that are no list of tiers": (
        {"model": "volume", "inputs": {"quantity": "1", "tiers": ["x"]}},
        "an input has another form than the model's",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_case_that_cannot_be_understood_says_why(name: str) -> None:
    spoilt, words = SPOILT[name]
    case = {"model": "per_unit", "inputs": {"quantity": "1", "unit_amount": "2"}, "expected": {"amount": "2"}}
    adapt(case)
    with pytest.raises(UnknownModel) as unknown:
        adapt({**case, **spoilt})
    assert words in str(unknown.value)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({}, "no expected figure"),
        ({"amount": None}, "'amount' is not a number: None"),
        ({"amount": ["2", "x"]}, "'amount' is not a number"),
        ({"amount_rounded_two": "2"}, "write amount_rounded_2"),
        ({"moon": "2"}, "no place for the expected figure 'moon'; there are amount, unit_amount"),
    ],
)
def test_an_expected_figure_that_cannot_be_understood_says_why(expected: Json, words: str) -> None:
    case = {"model": "per_unit", "inputs": {"quantity": "1", "unit_amount": "2"}, "expected": expected}
    adapted = adapt(case)
    with pytest.raises(UnknownModel) as unknown:
        differences(adapted, case["expected"], price_json(adapted.request))
    assert words in str(unknown.value)
