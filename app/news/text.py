"""Dates and names of entries out of feeds that anyone may have written."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from app.foundation.text import clean

MAX_TITLE = 300
MAX_SUMMARY = 600
MAX_GUID = 400

EARLIEST = datetime(1990, 1, 2, tzinfo=UTC)  # before the web; also catches the epoch and "year 1"
FUTURE_TOLERANCE = timedelta(days=1)


def credible_date(instant: datetime | None, now: datetime) -> datetime | None:
    """`instant` in UTC; None when it is missing, before 1990 or more than a day ahead.

    Up to a day ahead is a wrong time zone, the commonest fault, and counts as just published.
    """
    if instant is None:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    try:
        instant = instant.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None
    if instant < EARLIEST or instant > now + FUTURE_TOLERANCE:
        return None
    return min(instant, now)


def stable_guid(identity: str | None, url: str | None, *content: str) -> str:
    """The entry's own id, else its URL, when it is fit to be stored; otherwise a hash of all that is known."""
    own = identity or url or ""
    if 0 < len(own) <= MAX_GUID and clean(own, MAX_GUID) == own:
        return own
    return content_guid(own, *content)


def content_guid(*parts: str) -> str:
    """A guid for an entry that has none of its own: a hash of what it says."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass"))
    return f"sha256:{digest.hexdigest()}"
