"""Ticket histories from lines: what each line changed, and what the ticket is after its last. Pure.

A desk's log has a line for every save of a ticket, with the whole ticket as it was then. A line becomes one step: a
change of status, else of priority, else of assignment, else a comment, else an update.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from app.connectors.errors import MISSING
from app.tickets.history import FINISHED

_RUNS = re.compile(r"(\D*)(\d{0,18})", re.ASCII)
FOLDED = ("status", "solved_at", "closed_at", "reopened_count")


class Line(NamedTuple):
    """The ticket as one line of the log shows it; what the line does not say is MISSING."""

    place: int
    at: datetime
    name: str
    status: Any
    priority: Any
    assignee: Any
    reassignments: Any
    comment: Any
    actor: Any
    public: Any


class Event(NamedTuple):
    """A step as it is stored."""

    at: datetime
    kind: str
    value: str | None
    actor: str | None
    public: bool


class State(NamedTuple):
    """A ticket after its last step; `began_at` is its first."""

    status: str
    began_at: datetime
    solved_at: datetime | None
    closed_at: datetime | None
    reopened_count: int


_at = attrgetter("at")
# A named tuple from a tuple, without a call of Python's own: there are hundreds of thousands.
_event: Callable[[tuple[Any, ...]], Event] = partial(tuple.__new__, Event)
line_of: Callable[[tuple[Any, ...]], Line] = partial(tuple.__new__, Line)


class Shown(NamedTuple):
    """What the lines so far showed of a ticket, None where no line said anything; `said` is the last line's own word."""

    status: str | None = None
    priority: str | None = None
    assignee: str | None = None
    reassignments: str | None = None
    said: tuple[Any, ...] = ()


def step(line: Line, before: Shown | None) -> tuple[Event, Shown]:
    """What a line changed against the one before (None: it is the ticket's first), and what is shown after it."""
    actor = None if line.actor is MISSING else line.actor
    said = line[3:7]
    if before is not None and said == before.said and line.comment is MISSING:
        return _event((line.at, "update", None, actor, line.public is True)), before
    old = before or Shown()
    status = old.status if line.status is MISSING else line.status
    priority = old.priority if line.priority is MISSING else line.priority
    assignee = old.assignee if line.assignee is MISSING else line.assignee
    moved = old.reassignments if line.reassignments is MISSING else line.reassignments
    kind, value = "update", None
    if status != old.status:
        kind, value = "status", status
    elif before is not None and priority != old.priority:
        kind, value = "priority", priority
    elif before is not None and (assignee != old.assignee or moved != (old.reassignments or moved)):
        kind, value = "assignment", assignee
    elif line.comment is not MISSING:
        kind, value = "comment", line.comment
    return Event(line.at, kind, value, actor, line.public is True), Shown(status, priority, assignee, moved, said)


def seed(events: Mapping[str, Event], ticket: Mapping[str, Any] | None, at: datetime) -> Shown | None:
    """What is known of a ticket before `at`, for a file that holds only the later lines of its log."""
    if ticket is None or not events:
        return None
    past = sorted((event for event in events.values() if event.at <= at and event.kind == "status"), key=lambda e: e.at)
    return Shown(past[-1].value if past else None, ticket["priority"], ticket["assignee"])


def state_of(events: Mapping[str, Event], order: Sequence[str] | None = None) -> State | None:
    """The state after all steps, in order of time. Steps of one instant keep the `order` of their names in the file.

    Without one (the file has only some of them) their names decide, numbers in them as numbers. The rules are those of
    `app.tickets.history.fold`, in one pass over what is stored rather than over its own steps.
    """
    names: Iterable[str] = dict.fromkeys(order) if order is not None else sorted(events, key=_natural)
    ordered = sorted([events[name] for name in names], key=_at)
    if not ordered:
        return None
    status, solved_at, closed_at, reopened = "new", None, None, 0
    for at, kind, value, _, _ in ordered:
        if kind != "status" or value is None or value == status:
            continue
        if value not in FINISHED:
            if status in FINISHED:
                solved_at, closed_at, reopened = None, None, reopened + 1
        elif status not in FINISHED:
            solved_at = at
        if value == "closed":
            closed_at = at
        status = value
    return State(status, ordered[0].at, solved_at, closed_at, reopened)


def _natural(name: str) -> list[tuple[str, int]]:
    """`4568/10` after `4568/9`."""
    return [(text, int(digits or 0)) for text, digits in _RUNS.findall(name)]


def folded(state: State, said: Mapping[str, Any]) -> dict[str, Any]:
    """Status, reopened count and times of a ticket: from its history, and from what the desk says of its end.

    The desk's own word for when a ticket was solved or closed counts while the history agrees that it is; its own count
    of reopenings always counts, since a log may begin late or have a line out of its time.
    """
    solved = said.get("solved_at") or state.solved_at if state.status in FINISHED else None
    closed = said.get("closed_at") or state.closed_at if state.closed_at else None
    reopened = said.get("reopened_count", state.reopened_count)
    return {"status": state.status, "solved_at": solved, "closed_at": closed, "reopened_count": reopened}


def latest(names: Sequence[str], values: Mapping[str, Sequence[Any]], order: Iterable[int]) -> dict[str, Any]:
    """For each field the last value that a line of the ticket gives; `order` are its lines in order of time."""
    backwards = list(order)[::-1]
    found = {}
    for name in names:
        column = values[name]
        for index in backwards:
            if column[index] is not MISSING:
                found[name] = column[index]
                break
    return found
