"""How an open ticket stands: late, due, or waiting for longer than its priority allows."""

from __future__ import annotations

from datetime import datetime, timedelta

AGEING = {
    "urgent": timedelta(days=2),
    "high": timedelta(days=5),
    "normal": timedelta(days=14),
    "low": timedelta(days=30),
}
PRIORITIES = ("urgent", "high", "normal", "low")


def overdue_by(due_at: datetime | None, now: datetime) -> timedelta | None:
    """How long ago the ticket should have been solved; None when it still has time or nobody promised any."""
    return now - due_at if due_at is not None and now > due_at else None


def is_ageing(priority: str, opened_at: datetime, now: datetime) -> bool:
    """Open for longer than a ticket of its priority should be (an unknown priority counts as normal)."""
    return now - opened_at > AGEING.get(priority, AGEING["normal"])


def urgency_rank(priority: str) -> int:
    """0 for urgent … 3 for low; an unknown priority counts as normal."""
    return PRIORITIES.index(priority) if priority in PRIORITIES else PRIORITIES.index("normal")
