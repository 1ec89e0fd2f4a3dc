"""Expanding in processes of its own, so that a hostile calendar costs a few seconds of a worker and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Protocol

from app.calendars.ical import (
    PROBLEMS,
    Attendee,
    CalendarDocument,
    CalendarProblem,
    CalendarReaderLost,
    CalendarTimeout,
    EventFault,
    Occurrence,
    ParsedCalendar,
)
from app.foundation.killable import WorkerLost, WorkerPool


class Expander(Protocol):
    """Reads a document as a calendar, or raises a CalendarProblem."""

    def __call__(self, document: CalendarDocument) -> ParsedCalendar: ...


@dataclass
class ExpandPool(WorkerPool):
    """An Expander on at most `size` worker processes; further callers wait. Safe to share between threads."""

    timeout: float = 20.0
    memory: int = 1024

    module: ClassVar[str] = "app.calendars.expand_worker"

    def __call__(self, document: CalendarDocument) -> ParsedCalendar:
        """Raises a CalendarProblem; CalendarTimeout and CalendarReaderLost say that the worker had to be given up."""
        head = {
            "starts_at": document.starts_at.isoformat(),
            "ends_at": document.ends_at.isoformat(),
            "time_zone": document.time_zone,
        }
        try:
            return _result(self.ask(head, document.body))
        except WorkerLost as lost:
            raise (CalendarTimeout if lost.timed_out else CalendarReaderLost)(lost.detail) from lost


@cache
def shared() -> ExpandPool:
    """The one pool of this process; its workers start when they are first needed."""
    return ExpandPool()


def _result(reply: dict[str, Any]) -> ParsedCalendar:
    if "problem" in reply:
        raise PROBLEMS.get(reply["problem"], CalendarProblem)(reply["detail"])
    calendar = reply["calendar"]
    return ParsedCalendar(
        calendar["name"],
        tuple(_occurrence(one) for one in calendar["occurrences"]),
        tuple(EventFault(**one) for one in calendar["faults"]),
        frozenset(calendar["uids"]),
        calendar["complete_until"] and datetime.fromisoformat(calendar["complete_until"]),
    )


def _occurrence(one: dict[str, Any]) -> Occurrence:
    times = {name: datetime.fromisoformat(one[name]) for name in ("starts_at", "ends_at")}
    return Occurrence(**{**one, **times, "attendees": tuple(Attendee(**person) for person in one["attendees"])})
