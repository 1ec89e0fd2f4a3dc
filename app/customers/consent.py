"""Which channels a person has closed, from the record of what they allowed and withdrew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def withdrawn_channels(records: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Channels whose newest record says withdrawn.

    `records` are `{channel, status, recorded_at, source}` with instants as RFC 3339 text in UTC, in any order; of two with
    the same instant, or with none, the later in the list counts.
    """
    newest: dict[str, tuple[str, str]] = {}
    for record in records:
        channel, recorded_at = str(record["channel"]), str(record.get("recorded_at") or "")
        if channel not in newest or recorded_at >= newest[channel][0]:
            newest[channel] = (recorded_at, str(record["status"]))
    return frozenset(channel for channel, (_, status) in newest.items() if status == "withdrawn")
