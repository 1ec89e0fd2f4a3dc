"""Whether a source that should report has stopped reporting."""

from __future__ import annotations

from datetime import datetime, timedelta

GRACE = 2.0
DEFAULT_HOURS = 72
MIN_HOURS = 24


def is_silent(last_received_at: datetime, expected_every_hours: int | None, now: datetime) -> bool:
    """Nothing has come for twice the time within which something should (at least a day), or for three days where nobody
    said how often.

    One late delivery is not silence.
    """
    hours = DEFAULT_HOURS if expected_every_hours is None else max(MIN_HOURS, expected_every_hours * GRACE)
    return now - last_received_at > timedelta(hours=hours)
