"""What is done with quotes: one transaction each, for the API, phones and commands alike."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.sync.mutation import Conflict

Values = Mapping[str, Any]
Shown = Mapping[str, str] | None


def create(session: Session, args: Values, by: str) -> str:
    """Make a quote of an id that the author's device gave; one that is there already is left alone."""
    raise NotImplementedError


def change(
    session: Session, quote_id: str, revision: int, fields: Values, shown: Shown, by: str
) -> tuple[Conflict, ...]:
    """Change a quote that was not sent; the conflicts are fields that somebody else changed since `revision`."""
    raise NotImplementedError


def submit(session: Session, quote_id: str, revision: int, reason: str, by: str) -> None:
    """Ask for the approvals that a quote needs."""
    raise NotImplementedError


def decide(session: Session, quote_id: str, revision: int, decision: str, reason: str | None) -> None:
    """`approve` a quote, as far as it is the caller's to approve, or `refuse` to."""
    raise NotImplementedError


def send(session: Session, quote_id: str, revision: int, shown: Shown, by: str) -> None:
    """Send a quote: its version stays as it is from then on."""
    raise NotImplementedError


def revise(session: Session, quote_id: str, revision: int, fields: Values, shown: Shown, by: str) -> None:
    """Begin the next version of a quote that was sent."""
    raise NotImplementedError


def withdraw(session: Session, quote_id: str, reason: str) -> None:
    """Withdraw a quote that the customer has."""
    raise NotImplementedError
