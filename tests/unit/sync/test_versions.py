"""What phones of every version write is understood: the arguments of versions 1, 2 and 3 are frozen in the vectors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.sync.catalogue import all_mutations
from app.sync.mutation import MUTATION_SCHEMA, ArgumentError, load_args, mutation_named, upgraded
from tests.conftest import ROOT

VERSIONS = range(1, MUTATION_SCHEMA + 1)


def vectors(version: int) -> list[dict[str, Any]]:
    """One mutation of every kind, as a phone of this version writes it, and in the words of the newest."""
    found: list[dict[str, Any]] = json.loads((ROOT / f"fixtures/vectors/mutations-v{version}.json").read_text("utf-8"))
    return found


CASES = [pytest.param(case, id=f"v{version}-{case['name']}") for version in VERSIONS for case in vectors(version)]


@pytest.mark.parametrize("case", CASES)
def test_arguments_of_every_version_are_read_in_the_words_of_the_newest(case: dict[str, Any]) -> None:
    mutation = mutation_named(case["name"])
    assert mutation is not None
    assert upgraded(mutation, case["version"], case["args"])[0] == case["newest"]
    assert load_args(mutation, case["version"], case["args"]) == load_args(mutation, MUTATION_SCHEMA, case["newest"])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_mutation_has_an_example_in_every_version_that_writes_it(version: int) -> None:
    # Apps before the newest had no quotes.
    names = {mutation.name for mutation in all_mutations()}
    written = names if version == MUTATION_SCHEMA else {name for name in names if not name.startswith("quote.")}
    assert {case["name"] for case in vectors(version)} == written
    assert {case["version"] for case in vectors(version)} == {version}


def test_words_of_an_old_version_are_unknown_in_a_newer_one() -> None:
    old = {case["name"]: case for case in vectors(1)}
    for name in ("note.add", "message.post"):
        mutation = mutation_named(name)
        assert mutation is not None
        with pytest.raises(ArgumentError):
            load_args(mutation, 2, old[name]["args"])
