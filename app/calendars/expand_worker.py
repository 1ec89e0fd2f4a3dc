"""A process that expands calendars for an ExpandPool: `python -m app.calendars.expand_worker`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from types import FrameType
from typing import Any

from app.calendars.expand import expand
from app.calendars.ical import CalendarDocument, CalendarProblem
from app.calendars.zones import OutOfTime
from app.foundation.killable_worker import serve


@contextmanager
def cpu_budget(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block once this process has worked for `seconds` on it; waiting does not count."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def answer(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    """What takes place in a calendar, or its problem, as plain data."""
    window = (datetime.fromisoformat(head["starts_at"]), datetime.fromisoformat(head["ends_at"]))
    try:
        parsed = expand(CalendarDocument(body, *window, head["time_zone"]), cpu_budget)
    except CalendarProblem as problem:
        return {"problem": problem.problem, "detail": problem.detail}
    except MemoryError:
        return {"problem": "calendar-reader-lost", "detail": "The calendar needs too much memory to be read."}
    except Exception as error:  # a fault of the reader, which is to cost this one calendar only
        return {"problem": "unreadable-calendar", "detail": f"The reader gave up ({type(error).__name__})."}
    return {"calendar": {**asdict(parsed), "uids": sorted(parsed.uids)}}


if __name__ == "__main__":
    serve(answer)
