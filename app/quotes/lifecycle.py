"""The life of a quote: which status follows on which event. Pure.

    draft → (in_approval → approved | refused) → sent → viewed → accepted | declined | expired

`withdrawn` is what was sent and taken back; `revise` begins the next version of what was sent and not accepted.
"""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Where a quote stands."""

    DRAFT = "draft"
    IN_APPROVAL = "in_approval"
    APPROVED = "approved"
    REFUSED = "refused"
    SENT = "sent"
    VIEWED = "viewed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What happens to a quote. `rewrite` is a change of what it costs; other changes leave the status as it is."""

    REWRITE = "rewrite"
    SUBMIT = "submit"
    APPROVE = "approve"
    REFUSE = "refuse"
    SEND = "send"
    VIEW = "view"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    REVISE = "revise"


class TransitionError(ValueError):
    """An event that a quote of this status does not allow."""

    def __init__(self, status: Status, event: Event) -> None:
        super().__init__(f"A quote that is {words(status)} cannot {_VERBS[event]}.")
        self.status, self.event = status, event


_VERBS = {
    Event.REWRITE: "be changed",
    Event.SUBMIT: "be submitted for approval",
    Event.APPROVE: "be approved",
    Event.REFUSE: "be refused",
    Event.SEND: "be sent",
    Event.VIEW: "be viewed",
    Event.ACCEPT: "be accepted",
    Event.DECLINE: "be declined",
    Event.EXPIRE: "expire",
    Event.WITHDRAW: "be withdrawn",
    Event.REVISE: "be revised",
}
# Not sent yet: what is in it may change. With the customer: what is in it stays. Over: nothing more happens to this version.
UNSENT = frozenset({Status.DRAFT, Status.IN_APPROVAL, Status.APPROVED, Status.REFUSED})
OPEN = frozenset({Status.SENT, Status.VIEWED})
OVER = frozenset({Status.ACCEPTED, Status.DECLINED, Status.EXPIRED, Status.WITHDRAWN})

_AFTER: Mapping[Event, Mapping[Status, Status]] = {
    Event.REWRITE: dict.fromkeys(UNSENT, Status.DRAFT),
    Event.SUBMIT: {Status.DRAFT: Status.IN_APPROVAL, Status.REFUSED: Status.IN_APPROVAL},
    Event.APPROVE: {Status.IN_APPROVAL: Status.APPROVED},
    Event.REFUSE: {Status.IN_APPROVAL: Status.REFUSED},
    Event.SEND: {Status.DRAFT: Status.SENT, Status.APPROVED: Status.SENT},
    Event.VIEW: dict.fromkeys(OPEN, Status.VIEWED),
    Event.ACCEPT: dict.fromkeys(OPEN, Status.ACCEPTED),
    Event.DECLINE: dict.fromkeys(OPEN, Status.DECLINED),
    Event.EXPIRE: dict.fromkeys(OPEN, Status.EXPIRED),
    Event.WITHDRAW: dict.fromkeys(OPEN, Status.WITHDRAWN),
    Event.REVISE: dict.fromkeys((OPEN | OVER) - {Status.ACCEPTED}, Status.DRAFT),
}


def after(status: str, event: Event) -> Status:
    """The status that follows; TransitionError when this cannot happen to a quote of this status."""
    here = Status(status)
    found = _AFTER[event].get(here)
    if found is None:
        raise TransitionError(here, event)
    return found


def allowed(status: str, event: Event) -> bool:
    """Whether this can happen to a quote of this status."""
    return Status(status) in _AFTER[event]


def words(status: str) -> str:
    """A status as it is said."""
    return status.replace("_", " ")
