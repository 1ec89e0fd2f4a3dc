"""Three-way merge of fields: what commutes, what is never lost, what is called a clash."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sync.merge import Clash, Merged, Rules, merge, same

RULES = Rules(
    sets=frozenset({"tags"}), objects=frozenset({"address"}), together=(("starts", "ends"),)
)  # fmt: skip
SCALARS = st.sampled_from([None, "", "a", "b", "c", 1, 0, False])
TAGS = st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=5)
ADDRESS = st.none() | st.dictionaries(st.sampled_from(["street", "city", "region"]), st.sampled_from(["a", "b", None]))
ROW = st.fixed_dictionaries(
    {"name": SCALARS, "phone": SCALARS, "tags": TAGS, "address": ADDRESS, "starts": SCALARS, "ends": SCALARS}
)


def after(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> tuple[dict[str, Any], Merged]:
    """The row once mine is merged into theirs, and what was merged."""
    merged = merge(base, mine, theirs, RULES)
    return {**theirs, **merged.write}, merged


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "row", "clash"),
    [
        ("a", "b", "a", "b", None),  # only mine changed
        ("a", "a", "b", "b", None),  # only theirs changed
        ("a", "b", "b", "b", None),  # both to the same
        ("a", "b", "c", "c", ("a", "b", "c")),  # both, differently
        (None, "b", "", "b", None),  # empty is empty
        ("a", None, "a", None, None),  # emptied
        ("a", None, "b", "b", ("a", None, "b")),  # emptied against changed
        ("a", None, "", "", None),  # both emptied
        (0, 1, False, 1, None),  # 0 and False are values, and equal in Python
        (None, 0, None, 0, None),  # a nought is no emptiness
    ],
)
def test_a_scalar(base: Any, mine: Any, theirs: Any, row: Any, clash: Any) -> None:
    now, merged = after({"name": base}, {"name": mine}, {"name": theirs})
    assert now["name"] == row
    assert merged.clashes == ((Clash("name", *clash),) if clash else ())


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "row"),
    [
        ([], ["a"], ["b"], ["b", "a"]),
        (["a", "b"], ["a"], ["a", "b", "c"], ["a", "c"]),
        (["a"], [], ["a"], []),
        (["a"], ["a", "b"], [], ["b"]),
        (None, ["a"], None, ["a"]),
        (["a"], ["b"], ["a"], ["b"]),
        (["a", "b"], ["b", "a"], ["a", "b", "c"], ["a", "b", "c"]),
    ],
)
def test_a_set_keeps_what_either_added_and_drops_what_either_removed(
    base: Any, mine: Any, theirs: Any, row: list[str]
) -> None:
    now, merged = after({"tags": base}, {"tags": mine}, {"tags": theirs})
    assert list(now["tags"] or []) == row and merged.clashes == ()


def test_an_address_merges_member_by_member() -> None:
    base = {"street": "Old 1", "city": "Umea"}
    now, merged = after(
        {"address": base},
        {"address": {"street": "New 2", "city": "Umeå"}},
        {"address": {**base, "city": "Luleå", "region": "N"}},
    )
    assert now["address"] == {"street": "New 2", "city": "Luleå", "region": "N"}
    assert merged.clashes == (Clash("address.city", "Umea", "Umeå", "Luleå"),)


def test_members_that_are_not_mentioned_stay_and_null_takes_all_away() -> None:
    there = {"street": "Old 1", "city": "Umeå"}
    assert after({"address": there}, {"address": {"street": None}}, {"address": there})[0]["address"] == {
        "city": "Umeå"
    }
    assert after({"address": there}, {"address": None}, {"address": there})[0]["address"] is None


def test_begin_and_end_clash_together_and_agree_together() -> None:
    base = {"starts": 9, "ends": 10}
    _, merged = after(base, {"starts": 14, "ends": 15}, {"starts": 9, "ends": 11})
    assert merged.write == {} and {clash.field for clash in merged.clashes} == {"starts", "ends"}
    _, merged = after(base, {"starts": 14}, {"starts": 9, "ends": 11})
    assert merged.write == {} and [clash.field for clash in merged.clashes] == ["starts"]
    now, merged = after(base, {"starts": 8, "ends": 11}, {"starts": 9, "ends": 11})
    assert now == {"starts": 8, "ends": 11} and merged.clashes == ()


@settings(max_examples=300, deadline=None)
@given(ROW, ROW, ROW)
def test_no_side_loses_a_change_in_silence(base: Any, mine: Any, theirs: Any) -> None:
    now, merged = after(base, mine, theirs)
    clashing = {clash.field.partition(".")[0] for clash in merged.clashes}
    for name in ("name", "phone", "starts", "ends"):
        mine_changed, theirs_changed = not same(mine[name], base[name]), not same(theirs[name], base[name])
        if theirs_changed or name in clashing:
            assert same(now[name], theirs[name])  # what is there is never overwritten
        elif mine_changed:
            assert same(now[name], mine[name])
        if mine_changed and name not in clashing:
            assert same(now[name], mine[name])  # and what was wanted is there, or said to clash
    for one in mine["tags"]:
        assert one in now["tags"] or one in base["tags"]
    assert set(now["tags"]) == (set(theirs["tags"]) - (set(base["tags"]) - set(mine["tags"]))) | (
        set(mine["tags"]) - set(base["tags"])
    )


@settings(max_examples=300, deadline=None)
@given(ROW, ROW, ROW)
def test_where_nothing_clashes_the_order_of_two_phones_does_not_matter(base: Any, one: Any, other: Any) -> None:
    rows = []
    for first, second in ((one, other), (other, one)):
        begun, merged = after(base, first, base)
        assert merged.clashes == ()
        row, merged = after(base, second, begun)
        if merged.clashes:
            return
        rows.append(row)
    assert plain(rows[0]) == plain(rows[1])


@settings(max_examples=200, deadline=None)
@given(ROW, ROW, ROW)
def test_merging_again_changes_nothing(base: Any, mine: Any, theirs: Any) -> None:
    now, _ = after(base, mine, theirs)
    again, merged = after(base, mine, now)
    assert plain(again) == plain(now)
    assert {clash.field for clash in merged.clashes} == {clash.field for clash in after(base, mine, theirs)[1].clashes}


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without order in its sets and without its empty fields."""
    found = {**row, "tags": sorted(row["tags"])}
    found["address"] = {name: value for name, value in (row["address"] or {}).items() if value}
    return {name: value for name, value in found.items() if not same(value, None)}
