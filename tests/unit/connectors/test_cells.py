"""Cells become values by rules; what the fast readers accept is what the API's schemas accept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.connectors import mapping
from app.connectors.cells import value_reader
from app.connectors.errors import MISSING, Fault
from app.connectors.histories import Line, Shown, step
from app.connectors.targets import history_targets, targets

BASE = 'external_id: "crm:{no}"\n'


def read(kind: str, field: str, rules: str, cell: str, *, days: int = 0, loaded: bool = True) -> Any:
    """What the reader of one field makes of a cell; `rules` are lines of the mapping."""
    text = f"{BASE}{rules}\nfields:\n  {field}: c\n"
    spec = mapping.read(text, kind).fields[field]
    return value_reader(spec, targets(kind)[field], days, loaded=loaded)(cell)


def opened(rules: str, cell: str, days: int = 0) -> Any:
    return read("tickets", "opened_at", rules, cell, days=days)


DAY_FIRST = 'dates: "%d/%m/%Y %H:%M"'
STOCKHOLM = f"{DAY_FIRST}\ntime_zone: Europe/Stockholm"


@pytest.mark.parametrize(
    ("rules", "cell", "expected"),
    [
        (DAY_FIRST, "1/2/2016 03:04", datetime(2016, 2, 1, 3, 4, tzinfo=UTC)),
        (DAY_FIRST, " 29/2/2016 01:16 ", datetime(2016, 2, 29, 1, 16, tzinfo=UTC)),
        (STOCKHOLM, "1/7/2016 12:00", datetime(2016, 7, 1, 10, 0, tzinfo=UTC)),
        # Clocks went back at 03:00 on 30 October 2016: the first 02:30 counts. They went forward at 02:00 on 27 March.
        (STOCKHOLM, "30/10/2016 02:30", datetime(2016, 10, 30, 0, 30, tzinfo=UTC)),
        (STOCKHOLM, "27/3/2016 02:30", datetime(2016, 3, 27, 1, 30, tzinfo=UTC)),
        ("time_zone: Europe/Stockholm", "2016-07-01T12:00:00-05:00", datetime(2016, 7, 1, 17, tzinfo=UTC)),
        ('dates: ["%Y-%m-%d", "%d %b %Y"]', "3 Mar 2016", datetime(2016, 3, 3, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_by_format_and_time_zone(rules: str, cell: str, expected: datetime) -> None:
    assert opened(rules, cell) == expected


@pytest.mark.parametrize(
    ("rules", "cell", "said"),
    [
        (DAY_FIRST, "30/2/2016 10:00", "no such date"),
        (DAY_FIRST, "2/29/2016 10:00", "no such date"),
        (DAY_FIRST, "2016-02-01 10:00", "not written as"),
        (DAY_FIRST, "1/2/2016 25:00", "no such date"),
        (DAY_FIRST, "1/2/1066 10:00", "year is outside"),
        (DAY_FIRST, "١/2/2016 10:00", "not written as"),
        (STOCKHOLM + "\ndst: reject", "30/10/2016 02:30", "came twice"),
        (STOCKHOLM + "\ndst: reject", "27/3/2016 02:30", "left out"),
        ("", "yesterday", "ISO 8601"),
    ],
)
def test_an_instant_that_is_none_says_why(rules: str, cell: str, said: str) -> None:
    found = opened(rules, cell)
    assert isinstance(found, Fault) and said in found.reason and "opened_at" in found.reason


def test_dates_move_by_whole_days_and_keep_their_hour() -> None:
    assert opened(STOCKHOLM, "1/2/2016 12:00", days=182) == datetime(2016, 8, 1, 10, 0, tzinfo=UTC)
    assert isinstance(opened(STOCKHOLM, "1/2/2016 12:00", days=10**8), Fault)
    assert read("opportunities", "opened_on", "", "2016-02-28", days=2).isoformat() == "2016-03-01"


@pytest.mark.parametrize(
    ("rules", "cell", "expected"),
    [
        ("currency: EUR", "1234.5", {"amount": "1234.5", "currency": "EUR"}),
        ("currency: EUR\ndecimal: ','\nthousands: '.'", "1.234,50", {"amount": "1234.5", "currency": "EUR"}),
        ("currency: EUR\nthousands: ' '", "1\u00a0234", {"amount": "1234", "currency": "EUR"}),
        ("currency: JPY", "1e3", {"amount": "1000", "currency": "JPY"}),
    ],
)
def test_money_is_exact(rules: str, cell: str, expected: dict[str, str]) -> None:
    assert read("accounts", "revenue", rules, cell, loaded=False) == expected


@pytest.mark.parametrize("cell", ["1,5", "NaN", "1e99", "€5", "0x10", "--1", "٣"])
def test_what_is_no_amount_is_refused(cell: str) -> None:
    assert isinstance(read("accounts", "revenue", "currency: EUR", cell), Fault)


def test_an_amount_needs_a_currency() -> None:
    found = read("accounts", "revenue", "", "5")
    assert isinstance(found, Fault) and "currency" in found.reason


def test_missing_cells_say_nothing_and_never_zero() -> None:
    assert read("accounts", "employees", 'missing: ["?", n/a]', " ? ") is MISSING
    assert read("accounts", "employees", 'missing: ["?", n/a]', "") is MISSING
    assert read("accounts", "employees", "", "?") == Fault("employees: not a number (decimal sign .): '?'")


def wired(kind: str, field: str, value: Any) -> Any:
    """What the API's schema makes of a value: what it loads, or None when it refuses."""
    try:
        return targets(kind)[field].deserialize(value, field)
    except ValidationError:
        return None


TEXTS = ("number", "subject", "category", "assignee", "url", "description", "status", "priority")


@given(st.sampled_from(TEXTS), st.text(min_size=1, max_size=330))
def test_the_fast_reader_takes_the_texts_that_the_schema_takes(field: str, text: str) -> None:
    found = read("tickets", field, "", text)
    stripped = text.strip()
    if not stripped:
        assert found is MISSING
    else:
        assert found == wired("tickets", field, stripped) or (
            isinstance(found, Fault) and wired("tickets", field, stripped) is None
        )


@given(st.integers(-(10**12), 10**12))
def test_the_fast_reader_takes_the_numbers_that_the_schema_takes(number: int) -> None:
    found = read("tickets", "reopened_count", "", str(number))
    assert (None if isinstance(found, Fault) else found) == wired("tickets", "reopened_count", number)


@given(st.datetimes(datetime(1000, 1, 1), datetime(3000, 1, 1)))
def test_the_fast_reader_takes_the_instants_that_the_schema_takes(moment: datetime) -> None:
    found = opened("", moment.isoformat())
    assert (None if isinstance(found, Fault) else found) == wired("tickets", "opened_at", moment.isoformat() + "Z")


def test_history_fields_are_those_of_the_api() -> None:
    assert set(history_targets()) == {"at", "actor", "comment", "public"}


# --- histories ---


def line(
    status: Any = MISSING,
    priority: Any = MISSING,
    assignee: Any = MISSING,
    moved: Any = MISSING,
    comment: Any = MISSING,
) -> Line:
    return Line(0, datetime(2020, 1, 1, tzinfo=UTC), "x", status, priority, assignee, moved, comment, MISSING, MISSING)


@pytest.mark.parametrize(
    ("first", "second", "kind", "value"),
    [
        (line("new", "low"), line("open", "high"), "status", "open"),
        (line("new", "low"), line("new", "high"), "priority", "high"),
        (line("new", assignee="Eva"), line("new", assignee="Ola"), "assignment", "Ola"),
        (line("new", moved="0"), line("new", moved="1"), "assignment", None),
        (line("new"), line("new", comment="Called back"), "comment", "Called back"),
        (line("new", "low", "Eva"), line(), "update", None),
        (line("new"), line("new"), "update", None),
    ],
)
def test_a_line_becomes_the_step_that_it_changed(first: Line, second: Line, kind: str, value: str | None) -> None:
    _, shown = step(first, None)
    event, _ = step(second, shown)
    assert (event.kind, event.value) == (kind, value)


def test_the_first_line_tells_the_status_that_a_ticket_began_with() -> None:
    event, shown = step(line("new", "low", "Eva"), None)
    assert (event.kind, event.value) == ("status", "new") and shown[:3] == Shown("new", "low", "Eva")[:3]
