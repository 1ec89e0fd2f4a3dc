"""Ticket histories folded to states, by example and on a service desk's real log."""

import csv
import gzip
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.history import FINISHED, STATUSES, Step, TicketHistoryError, by_name, fold, fold_named, settled
from app.tickets.standing import is_ageing, overdue_by, urgency_rank
from tests.conftest import shared_data

T0 = datetime(2026, 11, 1, 8, tzinfo=UTC)
SERVICENOW = {
    "New": "new",
    "Active": "open",
    "Awaiting User Info": "pending",
    "Awaiting Evidence": "pending",
    "Awaiting Problem": "on_hold",
    "Awaiting Vendor": "on_hold",
    "Resolved": "solved",
    "Closed": "closed",
}


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def statuses(*values: str) -> list[Step]:
    return [Step(at(hours), "status", value) for hours, value in enumerate(values)]


def test_a_ticket_that_was_solved_and_closed_keeps_both_times() -> None:
    state = fold(statuses("new", "open", "solved", "closed"))
    assert (state.status, state.solved_at, state.closed_at) == ("closed", at(2), at(3))
    assert state.reopened_count == 0 and not state.is_open


def test_a_ticket_that_comes_back_is_open_again_and_counts() -> None:
    state = fold(statuses("new", "solved", "open", "closed", "pending"))
    assert (state.status, state.solved_at, state.closed_at) == ("pending", None, None)
    assert (state.reopened_count, state.reopened_at) == (2, at(4))


def test_from_solved_to_closed_is_no_return_and_no_second_solution() -> None:
    state = fold(statuses("open", "solved", "solved", "closed", "solved"))
    assert (state.solved_at, state.closed_at, state.reopened_count) == (at(1), at(3), 0)


def test_steps_count_in_order_of_time_and_a_comment_moves_but_does_not_change() -> None:
    steps = [*statuses("new", "open"), Step(at(9), "comment", "Called them"), Step(at(0.5), "priority", "high")]
    state = fold(reversed(steps))
    assert (state.status, state.priority, state.moved_at, state.opened_at) == ("open", "high", at(9), T0)


def test_the_desks_own_opening_time_counts_over_the_first_step() -> None:
    assert fold(statuses("new"), opened_at=at(-5)).opened_at == at(-5)
    assert fold([]) is None


def test_a_status_that_is_none_of_ours_is_an_error() -> None:
    with pytest.raises(TicketHistoryError, match="-100"):
        fold(statuses("new", "-100"))
    with pytest.raises(TicketHistoryError, match="time zone"):
        fold([Step(datetime(2026, 11, 1), "status", "new")])


@given(st.lists(st.sampled_from(sorted(STATUSES)), min_size=1, max_size=12))
def test_a_finished_ticket_has_a_solution_and_an_open_one_has_none(values: list[str]) -> None:
    state = fold(statuses(*values))
    assert state.status == values[-1]
    assert (state.solved_at is not None) == (state.status in FINISHED)
    assert (state.reopened_at is not None) == (state.reopened_count > 0)


# --- the ticket's row, as its history moves ---

ROW = {"status": "new", "priority": "normal", "solved_at": None, "closed_at": None, "reopened_count": 0}


def moved(row: dict[str, Any], before: list[Step], after: list[Step]) -> dict[str, Any]:
    return {**row, **settled(row, fold(before), fold(after))}


@given(st.lists(st.sampled_from(sorted(STATUSES)), min_size=1, max_size=12), st.data())
def test_a_row_comes_to_the_same_however_its_history_is_cut(values: list[str], data: st.DataObject) -> None:
    steps, row, known = statuses(*values), ROW, []
    left = data.draw(st.permutations(steps))
    while left:
        size = data.draw(st.integers(1, len(left)))
        row, known, left = moved(row, known, known + left[:size]), known + left[:size], left[size:]
    state = fold(steps)
    assert row == {**ROW, **{name: getattr(state, name) for name in ROW if name != "priority"}}


@pytest.mark.parametrize(
    ("said", "before", "after", "count"),
    [
        (3, ["open", "solved"], ["open", "solved", "open"], 3),  # a log that began late
        (1, ["open", "solved"], ["open", "solved", "open"], 1),  # told ahead of the step that shows it
        (1, ["solved", "open", "solved"], ["solved", "open", "solved", "open"], 2),
        (
            0,
            ["solved", "open", "solved"],
            ["solved", "open", "solved", "open"],
            1,
        ),  # one of them the desk does not count
        (0, ["solved", "open", "solved"], ["solved"], 0),
        (1, ["solved", "open"], ["solved", "pending", "open"], 1),
    ],
)
def test_the_desks_own_count_of_reopenings_stands_and_new_ones_add(
    said: int, before: list[str], after: list[str], count: int
) -> None:
    row = {**ROW, "status": before[-1], "reopened_count": said}
    assert moved(row, statuses(*before), statuses(*after))["reopened_count"] == count


def test_the_desks_own_time_of_solution_stands_until_there_is_another() -> None:
    steps = statuses("open", "solved")
    row = {**ROW, "status": "solved", "solved_at": at(0.5)}
    assert moved(row, steps, [*steps, Step(at(3), "comment", "Thanks")]) == row
    closed = moved(row, steps, statuses("open", "solved", "closed"))
    assert (closed["solved_at"], closed["closed_at"]) == (at(0.5), at(2))
    back = moved(closed, statuses("open", "solved", "closed"), statuses("open", "solved", "closed", "open"))
    assert (back["status"], back["solved_at"], back["closed_at"]) == ("open", None, None)
    again = statuses("open", "solved", "open", "solved")
    assert moved(row, steps, again)["solved_at"] == at(3)
    assert moved(row, [], steps)["solved_at"] == at(0.5)


def test_a_priority_that_no_step_told_stands_until_a_step_tells_another() -> None:
    steps = [*statuses("new", "open"), Step(at(2), "priority", "high")]
    row = {**ROW, "status": "open", "priority": "urgent"}
    assert moved(row, steps, [*steps, Step(at(3), "comment", "Thanks")]) == row
    assert moved(row, steps, [*steps, Step(at(3), "priority", "low")])["priority"] == "low"


def test_steps_of_one_instant_are_in_the_order_of_their_names_with_numbers_as_numbers() -> None:
    assert sorted(["7/10", "7/9", "7/9b", "6/11"], key=by_name) == ["6/11", "7/9", "7/9b", "7/10"]
    state = fold_named({"7/10": Step(T0, "status", "closed"), "7/9": Step(T0, "status", "open")})
    assert state is not None and state.status == "closed"


def test_real_histories_fold_to_what_the_desk_counted() -> None:
    histories: dict[str, list[dict]] = defaultdict(list)
    with gzip.open(shared_data("territory") / "ticket_events.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            histories[row["number"]].append(row)
    assert len(histories) == 24_490
    wrong_status = near_solution = solutions = 0
    wrong_count: list[list[dict]] = []
    for rows in histories.values():
        state = fold(
            Step(_when(row["sys_updated_at"]), "status", SERVICENOW[row["incident_state"]])
            for row in rows
            if row["incident_state"] in SERVICENOW
        )
        if state.reopened_count != int(rows[-1]["reopen_count"]):
            wrong_count.append(rows)
        wrong_status += (state.status == "closed") != (rows[-1]["active"] == "False")
        if rows[-1]["resolved_at"] != "?" and state.solved_at:
            solutions += 1
            near_solution += abs(state.solved_at - _when(rows[-1]["resolved_at"])) <= timedelta(days=1)
    assert wrong_status == 0
    # One ticket was edited with the clock set back: its times contradict the order in which the desk numbered its edits.
    assert len(wrong_count) == 1
    times = [_when(row["sys_updated_at"]) for row in wrong_count[0]]
    assert times != sorted(times)
    # The desk writes the time of resolution with the last edit of a resolved ticket, so the two differ where one followed.
    assert near_solution / solutions > 0.9, (near_solution, solutions)


def _when(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def test_late_is_after_the_promise_and_only_then() -> None:
    assert overdue_by(at(1), at(3)) == timedelta(hours=2)
    assert overdue_by(at(3), at(3)) is None
    assert overdue_by(None, at(3)) is None


def test_the_more_urgent_a_ticket_the_sooner_it_has_waited_too_long() -> None:
    three_days = T0 + timedelta(days=3)
    assert [is_ageing(priority, T0, three_days) for priority in ("urgent", "high", "normal", "low")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert is_ageing("whatever", T0, T0 + timedelta(days=15))
    assert sorted(["low", "whatever", "urgent", "high"], key=urgency_rank) == ["urgent", "high", "whatever", "low"]
