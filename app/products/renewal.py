"""What comes next for a running subscription: notice, renewal or its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

AHEAD_DAYS = 90


class Outlook(StrEnum):
    """Named as the line that it becomes on a briefing."""

    NOTICE = "subscription.notice_near"
    RENEWAL = "subscription.renewal_near"
    END = "subscription.ends_near"


@dataclass(frozen=True, slots=True)
class NextDate:
    """The next date that matters, and what it is."""

    kind: Outlook
    on: date


def outlook(
    ends_on: date | None, renews_on: date | None, notice_days: int | None, auto_renew: bool, today: date
) -> NextDate | None:
    """The next date within 90 days, today included; None when none is near.

    A subscription that renews by itself can be stopped until `notice_days` before it renews: until then the notice is what
    matters, afterwards the renewal. One that does not renew by itself ends, or is up for renewal.
    """
    if auto_renew and renews_on is not None:
        last_notice = renews_on - timedelta(days=notice_days) if notice_days else None
        if last_notice is not None and last_notice >= today:
            return _near(Outlook.NOTICE, last_notice, today)
        return _near(Outlook.RENEWAL, renews_on, today)
    if ends_on is not None:
        return _near(Outlook.END, ends_on, today)
    return _near(Outlook.RENEWAL, renews_on, today) if renews_on is not None else None


def _near(kind: Outlook, on: date, today: date) -> NextDate | None:
    return NextDate(kind, on) if timedelta() <= on - today <= timedelta(days=AHEAD_DAYS) else None


def weight(coming: NextDate, today: date) -> float:
    """How much it matters on a briefing: notice more than an end, an end more than a renewal, and the nearer the more."""
    days = (coming.on - today).days
    near, soon, far = {
        Outlook.NOTICE: (0.85, 0.7, 0.5),
        Outlook.END: (0.75, 0.7, 0.55),
        Outlook.RENEWAL: (0.65, 0.6, 0.4),
    }[coming.kind]
    return near if days <= 14 else soon if days <= 30 else far
