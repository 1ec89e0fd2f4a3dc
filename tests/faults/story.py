"""What the harness knows of phones, of what was entered on them, and of a schedule that was played."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults import world


@dataclass
class Handset:
    """What the harness knows of a phone."""

    name: str
    user: str
    clock_ms: int = 0
    # The client group that was revoked, and was not yet told: what is entered until then is wiped with the rest.
    doomed: str = ""


@dataclass
class Entered:
    """One mutation that a rep entered: `saved` once the phone said so; None when it lost its power before it could."""

    mark: str
    phone: str
    user: str
    name: str
    args: dict[str, Any]
    saved: bool | None
    given_up: bool = False
    # The id of the mutation, when the phone said that it was taken back in time.
    taken_back: str = ""
    # Why it may be gone without a trace: an eviction of everything, a device that was revoked, a sign-out.
    may_be_lost: str = ""
    # What was saved together with it: the step's number.
    batch: int = -1


@dataclass
class ApiWrite:
    """A write of the manager's over the API: `status` is None when the server was killed before it answered."""

    table: str
    row_id: str
    fields: dict[str, Any]
    base: dict[str, Any]
    status: int | None


@dataclass
class Story:
    """What happened in a schedule, for the checks and for whoever reads a failure."""

    company: world.Company
    entered: list[Entered] = field(default_factory=list)
    api: list[ApiWrite] = field(default_factory=list)
    initial: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    # What the office wrote of quotes: id, the revision that it saw, the title that it gave, the answer's status.
    quotes: list[tuple[str, int, str, int | None]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)
