"""Which account an event is about: by who is invited, by where it is, by whom its words name. Pure.

Every candidate has its reasons and a score between 0 and 1, made of them as of independent evidence. One clear winner is
matched; anything unsure is asked. Nothing is ever guessed in silence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from app.news.mentions import NameIndex, Relation, WatchedName
from app.news.names import LEGAL_FORMS, words_of

ATTENDEE, FORMER, DOMAIN, SHARED_DOMAIN = 0.97, 0.6, 0.85, 0.5
ADDRESS, STREET = 0.8, 0.5
FULL_NAME, SHORT_NAME = 0.8, 0.55
SURE, MARGIN, WORTH_ASKING = 0.75, 0.35, 0.3
MAX_CANDIDATES = 5
_HOST = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True)
class Invitation:
    """What an event says: its words, its place, and the addresses of those invited, lower case."""

    summary: str = ""
    place: str = ""
    emails: tuple[str, ...] = ()
    all_day: bool = False


@dataclass(frozen=True)
class Contact:
    """A person of an account, by their address in lower case."""

    email: str
    person_id: str
    account_id: str
    former: bool = False


@dataclass(frozen=True)
class Place:
    """An account's postal address."""

    account_id: str
    street: str
    postal_code: str = ""
    city: str = ""


@dataclass(frozen=True)
class Reason:
    """Why an account may be meant: `attendee`, `former_attendee`, `domain`, `place` or `name`, and what said so."""

    kind: str
    value: str
    weight: float


@dataclass(frozen=True)
class Candidate:
    """An account that an event may be about."""

    account_id: str
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Match:
    """What came of matching: `matched` with the first candidate's account, `asked`, or `none`."""

    match: str
    account_id: str | None = None
    candidates: tuple[Candidate, ...] = ()
    person_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Knowledge:
    """What is known of the accounts that a rep sees, and of the rep's own organisation.

    `domains` are the accounts' own, by domain; `own_domains` those of colleagues; `names` finds accounts in text.
    """

    contacts: Mapping[str, Sequence[Contact]] = field(default_factory=dict)
    domains: Mapping[str, frozenset[str]] = field(default_factory=dict)
    places: Sequence[Place] = ()
    names: NameIndex = field(default_factory=lambda: NameIndex(()))
    own_domains: frozenset[str] = frozenset()
    own_addresses: frozenset[str] = frozenset()


@cache
def freemail_domains() -> frozenset[str]:
    """Domains where anybody has an address."""
    text = (files("app.calendars") / "freemail.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def domain_of(email: str) -> str:
    """The domain of an address, lower case; "" when it is one where anybody has an address."""
    domain = email.rpartition("@")[2].lower().strip().rstrip(".")
    return "" if domain in freemail_domains() else domain


def site_domain(website: str | None) -> str:
    """The domain of a website without `www.`; "" when there is none, or when anybody may have pages there."""
    text = (website or "").strip()
    try:
        host = urlsplit(text if _HOST.match(text) else f"//{text}").hostname or ""
    except ValueError:
        return ""
    host = host.lower().rstrip(".").removeprefix("www.")
    return host if "." in host and host not in freemail_domains() else ""


def find(invitation: Invitation, known: Knowledge) -> Match:
    """The account that an event is about, or those it may be about.

    An all-day event is seldom a visit: only people of the account among the invited make it one.
    """
    reasons: dict[str, dict[tuple[str, str], Reason]] = defaultdict(dict)
    _by_people(invitation, known, reasons)
    if not invitation.all_day:
        _by_place(invitation, known, reasons)
        _by_name(invitation, known, reasons)
    candidates = sorted(
        (_candidate(account_id, found.values()) for account_id, found in reasons.items()),
        key=lambda one: (-one.score, one.account_id),
    )
    candidates = [one for one in candidates if one.score >= WORTH_ASKING][:MAX_CANDIDATES]
    if not candidates:
        return Match("none")
    winner = candidates[0]
    runner_up = candidates[1].score if len(candidates) > 1 else 0.0
    if winner.score >= SURE and winner.score - runner_up >= MARGIN:
        return Match("matched", winner.account_id, tuple(candidates), people_of(invitation, known, winner.account_id))
    return Match("asked", None, tuple(candidates))


def people_of(invitation: Invitation, known: Knowledge, account_id: str) -> tuple[str, ...]:
    """The people of an account who are invited, each once."""
    present = [
        contact.person_id
        for email in invitation.emails
        for contact in known.contacts.get(email, ())
        if contact.account_id == account_id
    ]
    return tuple(sorted(set(present)))


def _candidate(account_id: str, reasons: Iterable[Reason]) -> Candidate:
    """The score is the chance that not all reasons are wrong; of each kind the strongest alone counts."""
    ordered = sorted(reasons, key=lambda one: (-one.weight, one.kind, one.value))
    strongest: dict[str, float] = {}
    for reason in ordered:
        kind = "people" if reason.kind in ("attendee", "former_attendee", "domain") else reason.kind
        strongest.setdefault(kind, reason.weight)
    wrong = 1.0
    for _, weight in sorted(strongest.items()):
        wrong *= 1 - weight
    return Candidate(account_id, round(1 - wrong, 4), tuple(ordered))


def _by_people(invitation: Invitation, known: Knowledge, reasons: dict[str, dict[tuple[str, str], Reason]]) -> None:
    for email in dict.fromkeys(invitation.emails):
        domain = domain_of(email)
        if email in known.own_addresses or (domain and domain in known.own_domains):
            continue
        contacts = known.contacts.get(email, ())
        for contact in contacts:
            kind, weight = ("former_attendee", FORMER) if contact.former else ("attendee", ATTENDEE)
            reasons[contact.account_id][kind, email] = Reason(kind, email, weight)
        if any(not contact.former for contact in contacts):
            continue  # who it is says more than where their mail is
        owners = _owners(domain, known)
        for account_id in owners:
            weight = DOMAIN if len(owners) == 1 else SHARED_DOMAIN
            reasons[account_id]["domain", domain] = Reason("domain", domain, weight)


def _owners(domain: str, known: Knowledge) -> frozenset[str]:
    """Accounts whose domain this is, or is under: `plant.norrvik.example` is Norrvik's."""
    while domain.count("."):
        if domain in known.domains:
            return known.domains[domain]
        domain = domain.partition(".")[2]
    return frozenset()


def _by_place(invitation: Invitation, known: Knowledge, reasons: dict[str, dict[tuple[str, str], Reason]]) -> None:
    words = _folded(invitation.place)
    if not words:
        return
    for place in known.places:
        street = _folded(place.street)
        # A street without a number is a whole street.
        if not street or not any(any(c.isdigit() for c in word) for word in street) or not _within(street, words):
            continue
        near = [part for part in (_folded(place.city), _folded(place.postal_code)) if part]
        sure = any(_within(part, words) for part in near)
        weight = ADDRESS if sure else STREET
        reasons[place.account_id]["place", place.street] = Reason("place", place.street, weight)


def _by_name(invitation: Invitation, known: Knowledge, reasons: dict[str, dict[tuple[str, str], Reason]]) -> None:
    for text in (invitation.summary, invitation.place):
        for mention in known.names.find(text):
            weight = FULL_NAME if _telling(mention.matched) else SHORT_NAME
            reasons[mention.account_id]["name", mention.matched] = Reason("name", mention.matched, weight)


def _telling(name: str) -> bool:
    """Whether a name is of two words or more, legal forms not counted: one word may be many things."""
    return sum(word.folded not in LEGAL_FORMS for word in words_of(name)) > 1


def _folded(text: str) -> list[str]:
    return [word.folded for word in words_of(text)]


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    return any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


def name_index(names: Iterable[tuple[str, str]]) -> NameIndex:
    """An index of (account id, name) for `Knowledge.names`."""
    return NameIndex(WatchedName(account_id, Relation.SELF, name) for account_id, name in names)
