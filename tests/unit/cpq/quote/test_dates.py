"""Days and months: clamps at the end of months, and periods that fill a stretch of time without gap or overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpq.quote import QuoteError
from app.cpq.quote_dates import add_months, day, iso, span_back, span_forward, whole_months

DAYS = st.dates(
    min_value=__import__("datetime").date(1990, 1, 1), max_value=__import__("datetime").date(2090, 12, 31)
).map(lambda found: day(found.isoformat(), ""))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-05-30", 0, "2026-05-30"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_one(start: str, months: int, expected: str) -> None:
    assert iso(add_months(day(start, ""), months)) == expected


@pytest.mark.parametrize(
    "text", ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "1899-12-31", "", None, "2026-01-01T00:00"]
)
def test_what_is_no_day_is_refused_at_its_place(text: str | None) -> None:
    with pytest.raises(QuoteError) as refused:
        day(text, "/on")
    assert refused.value.pointer == "/on"


@given(DAYS, st.integers(0, 4000), st.sampled_from([1, 12]))
def test_periods_counted_back_fill_the_stretch(first: int, length: int, months: int) -> None:
    end = first + 1 + length
    span = span_back(first, end, months)
    boundary = add_months(end, -span.whole * months)
    if span.partial is None:
        assert boundary == first
    else:
        assert (span.partial.first, span.partial.last) == (first, boundary - 1)
        assert 0 < span.partial.days < span.partial.of


@given(DAYS, st.integers(0, 4000), st.sampled_from([1, 12]))
def test_periods_counted_forward_fill_the_stretch(first: int, length: int, months: int) -> None:
    end = first + 1 + length
    span = span_forward(first, end, months)
    boundary = add_months(first, span.whole * months)
    if span.partial is None:
        assert boundary == end
    else:
        assert (span.partial.first, span.partial.last) == (boundary, end - 1)
        assert 0 < span.partial.days < span.partial.of


@given(DAYS, st.integers(0, 600))
def test_whole_months_undo_added_months(first: int, months: int) -> None:
    assert whole_months(first, add_months(first, months)) == months
