"""Packed rows: nothing is lost, and both sides read them alike (`fixtures/vectors/packed-rows.json`)."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.sync.packing import pack
from tests.support.unpacking import unpack

VECTORS = Path(__file__).resolve().parents[3] / "fixtures" / "vectors" / "packed-rows.json"
ids = st.uuids().map(str)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | st.text(max_size=6) | ids,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
rows = st.dictionaries(
    st.sampled_from(["me", "account", "person"]),
    st.lists(st.dictionaries(st.sampled_from(["id", "name", "a.b", "a", ""]), values, max_size=4), max_size=5),
)


@given(rows)
def test_rows_are_unpacked_as_they_were_packed(content: dict[str, list[Any]]) -> None:
    sent = json.loads(json.dumps(pack(content)))
    assert unpack(sent) == content
    assert [list(row) for some in unpack(sent).values() for row in some] == [
        list(row) for some in content.values() for row in some
    ]


def test_packing_makes_the_shared_vectors() -> None:
    for vector in json.loads(VECTORS.read_text("utf-8")):
        assert pack(vector["rows"]) == vector["packed"], vector["name"]
        assert unpack(vector["packed"]) == vector["rows"], vector["name"]
