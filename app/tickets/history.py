"""A ticket's state, folded from its history: what it is now, when it was solved, how often it came back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
FINISHED = frozenset({"solved", "closed"})
STATUSES = frozenset({"new", "open", "pending", "on_hold"}) | FINISHED
_RUNS = re.compile(r"(\D*)(\d{0,18})", re.ASCII)


class TicketHistoryError(ValueError):
    """A history that no ticket can have: a status that is none of ours, or an instant without a time zone."""


class Step(NamedTuple):
    """One entry of a history. `kind` is status, priority, assignment, comment or update; `value` the new value."""

    at: datetime
    kind: str
    value: str | None = None
    actor: str | None = None
    public: bool = False


_at = attrgetter("at")


@dataclass(frozen=True, slots=True)
class TicketState:
    """A ticket after its last step.

    `solved_at` is when it was last finished and `closed_at` when it was last closed, both None while it is open again;
    `reopened_count` counts how often it went from solved or closed back to work, last at `reopened_at`; `moved_at` is the
    last step of any kind. Without `has_status` no step told a status, and `status` is the one that every ticket begins with.
    """

    status: str
    priority: str | None
    opened_at: datetime
    moved_at: datetime
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened_count: int = 0
    reopened_at: datetime | None = None
    has_status: bool = False

    @property
    def is_open(self) -> bool:
        return self.status not in FINISHED


def fold(steps: Iterable[Step], opened_at: datetime | None = None) -> TicketState | None:
    """The state after all steps, in order of time; steps of the same instant keep the order in which they come.

    `opened_at` is the desk's own word for when the ticket was opened, else that is the first step. None for no steps.
    Raises TicketHistoryError for an unknown status or a naive instant.
    """
    ordered = _in_time(steps)
    if not ordered:
        return None
    status, priority, has_status = "new", None, False
    solved_at, closed_at, reopened, reopened_at = None, None, 0, None
    for at, kind, value, _, _ in ordered:
        if kind == "priority":
            priority = value
        if kind != "status":
            continue
        if value not in STATUSES:
            raise TicketHistoryError(f"{value!r} is no status; ours are {', '.join(sorted(STATUSES))}")
        has_status = True
        if value == status:
            continue
        if value not in FINISHED:
            if status in FINISHED:
                solved_at, closed_at, reopened, reopened_at = None, None, reopened + 1, at
        elif status not in FINISHED:
            solved_at = at
        if value == "closed":
            closed_at = at
        status = value
    begun, moved_at = opened_at or ordered[0].at, ordered[-1].at
    return TicketState(
        status, priority, begun, moved_at, solved_at, closed_at, reopened, reopened_at, has_status=has_status
    )


def _in_time(steps: Iterable[Step]) -> list[Step]:
    try:
        ordered = sorted(steps, key=_at)
    except TypeError as fault:  # an aware instant beside a naive one
        raise TicketHistoryError("a step has no time zone") from fault
    if ordered and ordered[0].at.tzinfo is None:
        raise TicketHistoryError(f"step at {ordered[0].at} has no time zone")
    return ordered


def by_name(name: str) -> list[tuple[str, int]]:
    """The order of names: `4568/10` after `4568/9`."""
    return [(text, int(digits or 0)) for text, digits in _RUNS.findall(name)]


def in_order(rows: Iterable[T], at: Callable[[T], datetime], name: Callable[[T], str]) -> list[T]:
    """Rows of a history, oldest first; those of one instant in the order of their names."""
    ordered = sorted(rows, key=at)
    if len(set(map(at, ordered))) == len(ordered):
        return ordered
    # Names are read only where they decide: that takes long.
    together = [list(tied) for _, tied in groupby(ordered, at)]
    for tied in together:
        if len(tied) > 1:
            tied.sort(key=lambda row: by_name(name(row)))
    return list(chain.from_iterable(together))


def fold_named(steps: Mapping[str, Step]) -> TicketState | None:
    """`fold` of steps by their names, which decide between those of one instant."""
    return fold(step for _, step in in_order(steps.items(), lambda item: item[1].at, itemgetter(0)))


def settled(ticket: Mapping[str, Any], before: TicketState | None, after: TicketState | None) -> dict[str, Any]:
    """The fields of a ticket's row that follow from its history, when that moves from `before` to `after`.

    A field moves when the history's word for it moves. Until then the row stands, since it may be the desk's own word:
    a log may begin late, tell a change of priority within a change of status, or date a solution after the fact. A
    history without a step of status says nothing about the status, and one without a priority nothing about that.
    """
    if after is None:
        return {}
    told: dict[str, Any] = {}
    if after.priority is not None and (before is None or before.priority != after.priority):
        told["priority"] = after.priority
    if not after.has_status:
        return told
    past = before if before is not None and before.has_status else None
    told["status"] = ticket["status"] if past is not None and past.status == after.status else after.status
    count = past.reopened_count if past is not None else 0
    told["reopened_count"] = _reopened(ticket["reopened_count"], count, after.reopened_count)
    is_finished = told["status"] in FINISHED
    for name in ("solved_at", "closed_at"):
        earlier = getattr(past, name) if past is not None else None
        told[name] = _moment(ticket[name], earlier, getattr(after, name)) if is_finished else None
    return told


def _moment(said: datetime | None, before: datetime | None, after: datetime | None) -> datetime | None:
    """When a ticket was finished. A desk may say so ahead of the step that tells it; its word then stands."""
    is_said_ahead = before is None and said is not None and after is not None
    return said if before == after or is_said_ahead else after


def _reopened(said: int, before: int, after: int) -> int:
    """A desk that counts more than the history is not taken back, nor counted twice as its history catches up; one that
    counts less keeps its distance."""
    return max(said, after) if said > before else max(0, said + after - before)
