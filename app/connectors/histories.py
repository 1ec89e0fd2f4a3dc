"""Ticket histories from lines: what each line changed, and what the ticket is after its last. Pure.

A desk's log has a line for every save of a ticket, with the whole ticket as it was then. A line becomes one step: a
change of status, else of priority, else of assignment, else a comment, else an update.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from app.connectors.errors import MISSING
from app.tickets.history import FINISHED, Step

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


# A named tuple from a tuple, without a call of Python's own: there are hundreds of thousands.
_step: Callable[[tuple[Any, ...]], Step] = partial(tuple.__new__, Step)
line_of: Callable[[tuple[Any, ...]], Line] = partial(tuple.__new__, Line)


class Shown(NamedTuple):
    """What the lines so far showed of a ticket, None where no line said anything; `said` is the last line's own word."""

    status: str | None = None
    priority: str | None = None
    assignee: str | None = None
    reassignments: str | None = None
    said: tuple[Any, ...] = ()


def step(line: Line, before: Shown | None) -> tuple[Step, Shown]:
    """What a line changed against the one before (None: it is the ticket's first), and what is shown after it."""
    actor = None if line.actor is MISSING else line.actor
    said = line[3:7]
    if before is not None and said == before.said and line.comment is MISSING:
        return _step((line.at, "update", None, actor, line.public is True)), before
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
    return Step(line.at, kind, value, actor, line.public is True), Shown(status, priority, assignee, moved, said)


def seed(events: Mapping[str, Step], ticket: Mapping[str, Any] | None, at: datetime) -> Shown | None:
    """What is known of a ticket before `at`, for a file that holds only the later lines of its log."""
    if ticket is None or not events:
        return None
    past = sorted((event for event in events.values() if event.at <= at and event.kind == "status"), key=lambda e: e.at)
    return Shown(past[-1].value if past else None, ticket["priority"], ticket["assignee"])


def own_word(ticket: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What the desk says of a ticket's end, as far as the history agrees that it has come to it.

    Its own count of reopenings always counts, since a log may begin late or have a line out of its time.
    """
    word = {name: value for name, value in said.items() if value is not None}
    if ticket["status"] not in FINISHED:
        word.pop("solved_at", None)
    if ticket["closed_at"] is None:
        word.pop("closed_at", None)
    return word


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
