"""The phone's types are those of the server's schemas: the committed file is what the generator writes now."""

from __future__ import annotations

import re

import pytest
from marshmallow import Schema, fields

from app.sync.arguments import like
from app.sync.catalogue import all_mutations
from app.sync.mutation import MUTATION_SCHEMA
from app.sync.typescript import TARGET, current, source
from app.visits.schemas import VisitSchema


def test_the_committed_file_is_not_stale() -> None:
    assert TARGET.read_text() == current(), "run: python -m app.sync.typescript"


def test_every_mutation_has_a_type_limits_and_a_version() -> None:
    text = current()
    assert f"MUTATION_SCHEMA = {MUTATION_SCHEMA};" in text
    for mutation in all_mutations():
        interface = mutation.schema.__name__.removesuffix("Schema").removesuffix("Arguments")
        assert f"export interface {interface} {{" in text and f"'{mutation.name}': {interface};" in text
        assert f'"{mutation.name}": {{' in text.split("export const LIMITS")[1]


def test_limits_are_those_of_the_api() -> None:
    log = re.search(r'"visit.log": \{.*?\n  \}', current(), re.DOTALL)
    assert log is not None and '"maxLength": 20000' in log[0] and '"maxItems": 100' in log[0]


def test_a_field_without_a_type_is_not_written_wrongly() -> None:
    class StrangeSchema(Schema):
        """Strange."""

        when = fields.TimeDelta()

    with pytest.raises(TypeError, match="TimeDelta"):
        source([("strange.do", StrangeSchema)], 3, {})


def test_an_argument_is_a_copy_of_the_resources_field() -> None:
    assert like(VisitSchema, "place", required=True).required
    assert not VisitSchema._declared_fields["place"].required
    with pytest.raises(KeyError):
        like(VisitSchema, "nonsense")
