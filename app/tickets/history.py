"""A ticket's state, folded from its history: what it is now, when it was solved, how often it came back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

FINISHED = frozenset({"solved", "closed"})
STATUSES = frozenset({"new", "open", "pending", "on_hold"}) | FINISHED


class TicketHistoryError(ValueError):
    """A history that no ticket can have: a status that is none of ours, or an instant without a time zone."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a history. `kind` is status, priority, assignment, comment or update; `value` the new value."""

    at: datetime
    kind: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class TicketState:
    """A ticket after its last step.

    `solved_at` is when it was last finished and `closed_at` when it was last closed, both None while it is open again;
    `reopened_count` counts how often it went from solved or closed back to work, last at `reopened_at`; `moved_at` is the
    last step of any kind.
    """

    status: str
    priority: str | None
    opened_at: datetime
    moved_at: datetime
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened_count: int = 0
    reopened_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.status not in FINISHED


def fold(steps: Iterable[Step], opened_at: datetime | None = None) -> TicketState | None:
    """The state after all steps, in order of time; steps of the same instant keep the order in which they come.

    `opened_at` is the desk's own word for when the ticket was opened, else that is the first step. None for no steps.
    Raises TicketHistoryError for an unknown status or a naive instant.
    """
    ordered = sorted(_checked(steps), key=lambda step: step.at)
    if not ordered:
        return None
    first = ordered[0]
    state = TicketState("new", None, opened_at or first.at, first.at)
    for step in ordered:
        state = replace(_after(state, step), moved_at=step.at)
    return state


def _checked(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        if step.at.tzinfo is None:
            raise TicketHistoryError(f"step at {step.at} has no time zone")
        if step.kind == "status" and step.value not in STATUSES:
            raise TicketHistoryError(f"{step.value!r} is no status; ours are {', '.join(sorted(STATUSES))}")
        yield step


def _after(state: TicketState, step: Step) -> TicketState:
    if step.kind == "priority":
        return replace(state, priority=step.value)
    if step.kind != "status" or step.value is None or step.value == state.status:
        return state
    was_finished, is_finished = state.status in FINISHED, step.value in FINISHED
    moved = replace(state, status=step.value)
    if was_finished and not is_finished:
        return replace(
            moved, solved_at=None, closed_at=None, reopened_count=state.reopened_count + 1, reopened_at=step.at
        )
    if is_finished and not was_finished:
        moved = replace(moved, solved_at=step.at)
    return replace(moved, closed_at=step.at) if step.value == "closed" else moved
