"""Events are told apart by name, and a series that moves is the same series."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.calendars.pairing import Named, pair

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def weekly(hours: int = 0, weeks: int = 3) -> list[Named]:
    starts = [MONDAY + timedelta(weeks=week, hours=hours) for week in range(weeks)]
    return [Named("w", f"{start:%Y%m%dT%H%M%SZ}", start) for start in starts]


def test_a_single_event_that_moves_is_the_same() -> None:
    moved = Named("m", "", MONDAY + timedelta(days=3))
    assert pair([Named("m", "", MONDAY)], [moved]).stored_of == {("m", ""): Named("m", "", MONDAY)}


def test_a_series_that_moves_by_hours_keeps_each_of_its_days() -> None:
    pairs = pair(weekly(), weekly(hours=4))
    assert [pairs.stored_of[one.key] for one in weekly(hours=4)] == weekly()
    assert pairs.vanished == ()


def test_a_single_event_that_becomes_a_series_is_the_first_of_it() -> None:
    pairs = pair([Named("w", "", MONDAY)], weekly())
    assert pairs.stored_of == {weekly()[0].key: Named("w", "", MONDAY)}


def test_what_is_no_more_has_vanished() -> None:
    assert pair(weekly(), weekly()[1:]).vanished == (weekly()[0],)


named = st.builds(
    Named,
    st.sampled_from("ab"),
    st.sampled_from(["", "1", "2", "3"]),
    st.integers(0, 60).map(lambda hour: MONDAY + timedelta(hours=hour)),
)
lists = st.lists(named, unique_by=lambda one: one.key, max_size=8)


@given(lists, lists)
def test_each_stored_event_is_one_present_one_or_has_vanished(stored: list[Named], present: list[Named]) -> None:
    pairs = pair(stored, present)
    assert sorted([*pairs.stored_of.values(), *pairs.vanished], key=repr) == sorted(stored, key=repr)
    assert set(pairs.stored_of) <= {one.key for one in present}
    for key, before in pairs.stored_of.items():
        assert key[0] == before.uid
        if key in {one.key for one in stored}:
            assert before.key == key
    assert all(gone.key not in {one.key for one in present} for gone in pairs.vanished)
