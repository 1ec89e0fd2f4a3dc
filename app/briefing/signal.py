"""What a capability says about an account: signals, people and charts, each with its evidence.

A capability's `signals(session, context)` yields `(account_id, Item)` pairs; `compose.py` turns them into a briefing. Text is not in
here: it is rendered from `kind` and `facts` by the message catalogue, on the server and on the phone alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.foundation.money import Money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Fact = str | int | float | bool | Decimal | date | datetime | Money

KIND_PATTERN = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
FACT_PATTERN = re.compile(r"[a-z][a-z0-9_]*")


class SignalError(ValueError):
    """A signal that must not reach a briefing: no evidence, no finite figures, or a name that no message can have."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that a line is about; two lines about the same subject say one thing twice."""

    type: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record that a claim rests on. `as_of` is the instant for which that record was true, in UTC."""

    type: str
    id: str
    source: str
    as_of: datetime
    label: str
    url: str | None = None

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise SignalError(f"evidence {self.type} {self.id}: as_of has no time zone")


@dataclass(frozen=True, slots=True)
class Audience:
    """Consent that a line needs: it is left out when the person has withdrawn consent to this channel."""

    person_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Signal:
    """One claim about an account.

    `weight` is 0..1 (how much a rep loses by not knowing it before the visit), `reason` says why it has that weight,
    `observed_at` is when it came about, `expires_at` when it stops being worth saying.
    Raises SignalError when it has no evidence, a weight outside 0..1, a naive instant, or a figure that is not finite.
    """

    kind: str
    subject: Subject
    facts: Mapping[str, Fact]
    evidence: tuple[Evidence, ...]
    weight: float
    reason: str
    observed_at: datetime
    expires_at: datetime | None = None
    audience: Audience | None = None

    def __post_init__(self) -> None:
        if not KIND_PATTERN.fullmatch(self.kind):
            raise SignalError(f"kind {self.kind!r} is not of the form family.name")
        if not self.evidence:
            raise SignalError(f"{self.kind} about {self.subject.id}: no evidence, no line")
        if not 0.0 <= self.weight <= 1.0:
            raise SignalError(f"{self.kind}: weight {self.weight!r} is not within 0..1")
        for instant in (self.observed_at, self.expires_at):
            if instant is not None and instant.tzinfo is None:
                raise SignalError(f"{self.kind}: an instant has no time zone")
        for name, fact in self.facts.items():
            _check_fact(self.kind, name, fact)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the rep may meet. `withdrawn` names the channels they no longer want to be reached by."""

    id: str
    name: str
    title: str = ""
    role: str = ""
    phone: str = ""
    email: str = ""
    channel: str = ""
    times: str = ""
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chart:
    """Daily values of one usage series, oldest first; None is a day without data (never zero).

    `plan` is the entitlement a day in the series' unit; `changed_on` and `change_pct` (signed, whole per cent) mark
    a shift. `weight` orders the charts of a card.
    """

    series_id: str
    name: str
    unit: str
    first_day: date
    values: Sequence[float | None]
    evidence: Evidence
    plan: float | None = None
    changed_on: date | None = None
    change_pct: int | None = None
    weight: float = field(default=0.0)


Item = Signal | Person | Chart


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account that signals are asked for; its own record is the evidence that something is missing from it."""

    id: str
    name: str
    time_zone: str
    evidence: Evidence

    @property
    def subject(self) -> Subject:
        return Subject("account", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Context:
    """What a source is asked: these accounts of one organisation, as they stand at `now`. Ask in batches, not by account."""

    org_id: str
    accounts: Mapping[str, AccountRef]
    now: datetime

    @property
    def account_ids(self) -> list[str]:
        return list(self.accounts)

    def today(self, account_id: str) -> date:
        """The calendar day at the account."""
        return self.now.astimezone(ZoneInfo(self.accounts[account_id].time_zone)).date()


Source = Callable[["Session", Context], Iterable[tuple[str, Item]]]


def at_midnight(day: date) -> datetime:
    """A day as an instant, where only a day is known: its first in UTC."""
    return datetime.combine(day, time(), UTC)


def source_name(external_ids: Mapping[str, object]) -> str:
    """Which connected systems a record came from; a record that was made here came from here."""
    return ", ".join(sorted(external_ids)) or "Doorstep"


def _check_fact(kind: str, name: str, fact: Fact) -> None:
    if not FACT_PATTERN.fullmatch(name):
        raise SignalError(f"{kind}: fact name {name!r} is not a message variable")
    if isinstance(fact, float) and not math.isfinite(fact):
        raise SignalError(f"{kind}: {name} is not a finite number")
    if isinstance(fact, Decimal) and not fact.is_finite():
        raise SignalError(f"{kind}: {name} is not a finite number")
    if isinstance(fact, datetime) and fact.tzinfo is None:
        raise SignalError(f"{kind}: {name} has no time zone")
