"""Whether to believe a calendar that is empty all at once. Pure.

A server with a fault may answer 200 with a calendar without events, and a file may be written just while it is read. What
it says is believed when it says so again later; until then visits stay.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from app.foundation.polling import NamedProblem

BELIEVED_AFTER = timedelta(minutes=5)


def is_doubtful(lost: Collection[str], upcoming: int, *, any_event: bool) -> bool:
    """Whether a calendar lost so much that it may be a fault.

    `lost` are the series (by UID) with visits ahead that it no longer has, `upcoming` is how many events ahead it still
    has, and `any_event` says whether it has any event at all, past ones included. One series that was removed from a
    calendar that has others is what people do; and so is anything where something ahead is left.
    """
    return bool(lost) and not upcoming and (len(set(lost)) > 1 or not any_event)


def is_believed(since: datetime | None, now: datetime) -> bool:
    """Whether a calendar that is empty since then has said so for long enough."""
    return since is not None and now - since >= BELIEVED_AFTER


def problem(visits: int) -> NamedProblem:
    """What the rep is told while their visits are kept."""
    what = "a visit" if visits == 1 else f"{visits} visits"
    stay = "It stays" if visits == 1 else "They stay"
    they = "it is" if visits == 1 else "they are"
    detail = (
        f"It held {what} to come and now answers with nothing ahead. {stay} planned: only if it says the same when it is "
        f"read again, in about ten minutes, {they} cancelled."
    )
    return NamedProblem("calendar-emptied", "The calendar is empty all at once", detail)
