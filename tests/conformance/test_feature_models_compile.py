"""Public feature models compile to their exact number of configurations, or are served by SAT beyond the gate.

`FEATURE_MODELS=full` takes both models beyond the gate to the full gate (up to a minute each); the default run takes the smaller
one to a lower gate.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from app.cpq.artefact import Artefact
from app.cpq.check import check_problem
from app.cpq.compile import compile_dimacs, compile_uvl
from app.cpq.diagram_build import Gate
from app.cpq.dimacs import parse_dimacs
from app.cpq.uvl import parse_uvl
from tests.conftest import SHARED, shared_data

FULL = os.environ.get("FEATURE_MODELS") == "full"
MANIFEST = SHARED / "feature_models" / "manifest.json"
MODELS: list[dict[str, Any]] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
COUNTED = [model for model in MODELS if model["computed_count"] is not None]
BEYOND = [model for model in MODELS if model["computed_count"] is None and (FULL or model["name"] != "automotive01")]
# The UVL file of this model lacks a card slot (13 features) that its DIMACS file has, which makes a factor of 6.
LACKING = {"pc-richmond": 6}


def text_of(file: str) -> str:
    folder: Path = shared_data("feature_models")
    return (folder / file).read_text()


def test_the_models_are_here() -> None:
    shared_data("feature_models")
    assert len(COUNTED) >= 9


@pytest.mark.parametrize("model", COUNTED, ids=lambda model: model["name"])
def test_dimacs_counts_are_exact(model: dict[str, Any]) -> None:
    compiled = compile_dimacs(text_of(model["file"]), model["name"])
    assert compiled.summary()["solutions"] == model["computed_count"]
    assert compiled.artefact.engine == "diagram"
    assert Artefact.from_bytes(compiled.data) == compiled.artefact


@pytest.mark.parametrize("model", [model for model in COUNTED if model["uvl"]], ids=lambda model: model["name"])
def test_uvl_counts_are_exact(model: dict[str, Any]) -> None:
    compiled = compile_uvl(text_of(model["uvl"]), model["name"])
    assert compiled.artefact.solutions is not None
    assert str(compiled.artefact.solutions * LACKING.get(model["name"], 1)) == model["computed_count"]
    assert Artefact.from_bytes(compiled.data) == compiled.artefact


@pytest.mark.parametrize("model", BEYOND, ids=lambda model: model["name"])
def test_models_beyond_the_gate_are_served_by_sat(model: dict[str, Any]) -> None:
    compiled = compile_dimacs(text_of(model["file"]), model["name"], Gate() if FULL else Gate(nodes=4_000))
    assert compiled.artefact.engine == "sat"
    assert compiled.summary()["solutions"] is None
    assert compiled.summary()["nodes"] is None
    assert Artefact.from_bytes(compiled.data) == compiled.artefact


@pytest.mark.parametrize("name", ["berkeleydb", "pc-richmond", "decisional"])
def test_dead_features_are_those_of_the_collection(name: str) -> None:
    model = next((model for model in MODELS if model["name"] == name), None)
    assert model is not None, shared_data("feature_models")
    for problem in (parse_dimacs(text_of(model["file"]), name), parse_uvl(text_of(model["uvl"]), name)):
        dead = [finding for finding in check_problem(problem) if finding.kind == "dead_feature"]
        assert len(dead) == int(model["dead"])
