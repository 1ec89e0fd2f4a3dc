"""A briefing: a deterministic function of account, visit, items and the moment.

The order in which items arrive does not matter: everything that decides an order is in the items themselves.
The content is canonical JSON bytes (fixed key order), so that equal briefings have equal versions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from app.briefing.render import CARD_ORDER, KindSpec, kinds, missing_facts
from app.briefing.signal import Chart, Evidence, Item, Person, Signal
from app.briefing.wire import wire_evidence, wire_facts, wire_instant, wire_text

MAX_BEFORE = 5
MAX_LINES = 12
MAX_CHARTS = 4
MAX_OTHER_PEOPLE = 6
BEFORE_THRESHOLD = 0.3
ATTENDEE_BONUS = 0.1
ROLE_ORDER = ("decision_maker", "influencer", "finance", "technical", "user", "gatekeeper", "other", "")


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit that a briefing is for, and who will be there, in the order of the invitation."""

    id: str
    attendee_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A signal that could not become a line, and why; the caller logs it."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Briefing:
    """`content` is the JSON document, `version` its SHA-256 (20 hex digits), `as_of` the newest evidence in it."""

    id: str
    account_id: str
    visit_id: str | None
    as_of: datetime
    content: bytes
    version: str
    rejected: tuple[Rejection, ...]


def compose(
    briefing_id: str, account_id: str, items: Iterable[Item], as_of: datetime, visit: Visit | None = None
) -> Briefing:
    """Compose the briefing of an account, for a visit when one is given. `as_of` decides what has expired."""
    collected = list(items)
    people = _people(collected, visit)
    accepted, rejected = _accept((item for item in collected if isinstance(item, Signal)), as_of)
    withdrawn = {(p.id, channel) for p in collected if isinstance(p, Person) for channel in p.withdrawn}
    signals = _rank(_merge(s for s in accepted if _may_be_said(s, withdrawn)), visit)
    charts = _charts(item for item in collected if isinstance(item, Chart))
    sheet = _Sheet(_newest_evidence(signals, charts))
    cards = [card for card in _cards(sheet, signals, people, charts) if card is not None]
    newest = max((evidence.as_of for evidence in sheet.used), default=as_of)
    document = {
        "id": briefing_id,
        "account_id": account_id,
        "visit_id": visit.id if visit else None,
        "as_of": wire_instant(newest),
        "evidence": [wire_evidence(evidence) for evidence in sheet.used],
        "cards": cards,
    }
    content = orjson.dumps(document)
    version = hashlib.sha256(content).hexdigest()[:20]
    return Briefing(briefing_id, account_id, visit.id if visit else None, newest, content, version, rejected)


# --- which signals -------------------------------------------------------------------------------------------------


def _accept(signals: Iterable[Signal], as_of: datetime) -> tuple[list[Signal], tuple[Rejection, ...]]:
    """Drop what has expired; reject what the catalogue cannot say."""
    accepted: list[Signal] = []
    rejected: set[Rejection] = set()
    for signal in signals:
        if signal.kind not in kinds():
            rejected.add(Rejection(signal.kind, "the catalogue has no such kind"))
        elif absent := missing_facts(signal.kind, signal.facts):
            rejected.add(Rejection(signal.kind, f"its message needs {', '.join(sorted(absent))}"))
        elif signal.expires_at is None or signal.expires_at > as_of:
            accepted.append(signal)
    return accepted, tuple(sorted(rejected, key=lambda r: (r.kind, r.reason)))


def _may_be_said(signal: Signal, withdrawn: set[tuple[str, str]]) -> bool:
    return signal.audience is None or (signal.audience.person_id, signal.audience.channel) not in withdrawn


def _identity(signal: Signal) -> tuple[str, str, str, bytes]:
    return signal.kind, signal.subject.type, signal.subject.id, orjson.dumps(wire_facts(signal.facts))


def _evidence_key(evidence: Evidence) -> tuple[str, str, str, datetime, str, str]:
    return evidence.type, evidence.id, evidence.source, evidence.as_of, evidence.label, evidence.url or ""


def _merge(signals: Iterable[Signal]) -> list[Signal]:
    """The same claim from two sources becomes one line with the evidence of both."""
    merged: dict[tuple[str, str, str, bytes], Signal] = {}
    for signal in sorted(signals, key=lambda s: (-s.weight, s.observed_at, s.subject.name, s.reason)):
        key = _identity(signal)
        known = merged.get(key)
        if known is None:
            merged[key] = signal
        else:
            merged[key] = replace(known, evidence=known.evidence + signal.evidence)
    return [
        replace(signal, evidence=tuple(sorted(set(signal.evidence), key=_evidence_key))) for signal in merged.values()
    ]


def _rank(signals: Sequence[Signal], visit: Visit | None) -> list[Signal]:
    """Heaviest first; what concerns somebody who will be there weighs a little more; ties by card, kind and subject."""
    attendees = set(visit.attendee_ids) if visit else set()

    def weighted(signal: Signal) -> Signal:
        concerns = {signal.subject.id, *(evidence.id for evidence in signal.evidence)}
        bonus = ATTENDEE_BONUS if attendees & concerns else 0.0
        return replace(signal, weight=round(min(1.0, signal.weight + bonus), 2))

    def order(signal: Signal) -> tuple[Any, ...]:
        return (-signal.weight, CARD_ORDER.index(_spec(signal).card), *_identity(signal))

    return sorted((weighted(signal) for signal in signals), key=order)


def _spec(signal: Signal) -> KindSpec:
    return kinds()[signal.kind]


# --- evidence ------------------------------------------------------------------------------------------------------


def _newest_evidence(signals: Iterable[Signal], charts: Iterable[Chart]) -> dict[tuple[str, str, str], Evidence]:
    """One entry a record and source: the newest."""
    newest: dict[tuple[str, str, str], Evidence] = {}
    every = [e for signal in signals for e in signal.evidence] + [chart.evidence for chart in charts]
    for evidence in sorted(every, key=lambda e: (e.as_of, e.label, e.url or "")):
        newest[evidence.type, evidence.id, evidence.source] = evidence
    return newest


class _Sheet:
    """The evidence list of a briefing: lines refer to it by index, in the order of first use."""

    def __init__(self, newest: Mapping[tuple[str, str, str], Evidence]) -> None:
        self._newest = newest
        self._index: dict[tuple[str, str, str], int] = {}
        self.used: list[Evidence] = []

    def index(self, evidence: Evidence) -> int:
        key = (evidence.type, evidence.id, evidence.source)
        if key not in self._index:
            self._index[key] = len(self.used)
            self.used.append(self._newest[key])
        return self._index[key]

    def line(self, signal: Signal) -> dict[str, Any]:
        """A line; its subject is named only where neither the account nor the evidence is that subject."""
        indexes = list(dict.fromkeys(self.index(evidence) for evidence in signal.evidence))
        line: dict[str, Any] = {
            "kind": signal.kind,
            "facts": wire_facts(signal.facts),
            "evidence": indexes,
            "weight": signal.weight,
        }
        subject = (signal.subject.type, signal.subject.id)
        if signal.subject.type != "account" and all(subject != (e.type, e.id) for e in signal.evidence):
            line["subject"] = {
                "type": signal.subject.type,
                "id": signal.subject.id,
                "name": wire_text(signal.subject.name),
            }
        return line


# --- cards ---------------------------------------------------------------------------------------------------------


def _cards(
    sheet: _Sheet, signals: Sequence[Signal], people: Sequence[Person], charts: Sequence[Chart]
) -> Iterable[dict[str, Any] | None]:
    yield _card(sheet, "before", _before(signals))
    yield _people_card(sheet, people, _of_card(signals, "people"))
    yield _since_card(sheet, signals)
    yield _usage_card(sheet, _of_card(signals, "usage"), charts)
    for name in CARD_ORDER[4:]:
        yield _card(sheet, name, _of_card(signals, name))


def _of_card(signals: Iterable[Signal], card: str) -> list[Signal]:
    return [signal for signal in signals if _spec(signal).card == card]


def _card(sheet: _Sheet, name: str, signals: Sequence[Signal]) -> dict[str, Any] | None:
    """A card of its lines, heaviest first, and of what is missing; None when it has nothing to say."""
    if not signals:
        return None
    present = [s for s in signals if name == "before" or not _spec(s).missing]
    absent = [s for s in signals if name != "before" and _spec(s).missing]
    card: dict[str, Any] = {"kind": name, "lines": [sheet.line(s) for s in present[:MAX_LINES]]}
    if absent:
        card["missing"] = [sheet.line(s) for s in absent[:MAX_LINES]]
    return card


def _before(ranked: Sequence[Signal]) -> list[Signal]:
    """At most five lines: the heaviest, but nothing twice.

    Two lines about one subject, or that rest on a common record, say one thing twice: the lighter is left to its own card.
    Each kind comes once before any comes a second time, and none a third.
    """
    chosen: list[Signal] = []
    candidates = [signal for signal in ranked if signal.weight >= BEFORE_THRESHOLD]
    for allowed in (1, 2):
        for signal in candidates:
            if len(chosen) == MAX_BEFORE:
                break
            if signal in chosen:
                continue
            same_kind = sum(1 for other in chosen if other.kind == signal.kind)
            if same_kind < allowed and not any(_overlap(signal, other) for other in chosen):
                chosen.append(signal)
    return sorted(chosen, key=ranked.index)


def _overlap(one: Signal, other: Signal) -> bool:
    """The account itself is no subject to be exhausted: many things can be said of it."""
    return not _records(one).isdisjoint(_records(other))


def _records(signal: Signal) -> set[tuple[str, str]]:
    records = {(signal.subject.type, signal.subject.id), *((e.type, e.id) for e in signal.evidence)}
    return {record for record in records if record[0] != "account"}


def _since_card(sheet: _Sheet, ranked: Sequence[Signal]) -> dict[str, Any] | None:
    """What was said at the last meeting, and the events after it. Without a meeting, only that there was none."""
    meetings = [signal for signal in ranked if _spec(signal).meeting]
    own = _of_card(ranked, "since")
    if not meetings:
        return _card(sheet, "since", own)
    last = max(meetings, key=lambda s: (s.observed_at, s.subject.id))
    events = [s for s in ranked if _spec(s).since and s.observed_at > last.observed_at]
    lines = [s for s in own if not _spec(s).missing] + events
    card: dict[str, Any] = {"kind": "since", "lines": [sheet.line(s) for s in lines[:MAX_LINES]]}
    met = wire_facts(last.facts).get("met")
    card["since"] = met["date"] if isinstance(met, dict) and "date" in met else last.observed_at.date().isoformat()
    return card


def _usage_card(sheet: _Sheet, signals: Sequence[Signal], charts: Sequence[Chart]) -> dict[str, Any] | None:
    card = _card(sheet, "usage", signals)
    if not charts:
        return card
    card = card or {"kind": "usage", "lines": []}
    card["charts"] = [_chart(sheet, chart) for chart in charts]
    return card


def _charts(charts: Iterable[Chart]) -> list[Chart]:
    unique = {chart.series_id: chart for chart in sorted(charts, key=lambda c: (c.series_id, c.first_day))}
    with_values = [chart for chart in unique.values() if any(_figure(v) is not None for v in chart.values)]
    return sorted(with_values, key=lambda c: (-c.weight, c.name, c.series_id))[:MAX_CHARTS]


def _chart(sheet: _Sheet, chart: Chart) -> dict[str, Any]:
    change = None
    if chart.changed_on is not None and chart.change_pct is not None:
        change = {"on": chart.changed_on.isoformat(), "pct": chart.change_pct}
    return {
        "series_id": chart.series_id,
        "name": wire_text(chart.name),
        "unit": wire_text(chart.unit),
        "from": chart.first_day.isoformat(),
        "values": [_figure(value) for value in chart.values],
        "plan": _figure(chart.plan),
        "change": change,
        "evidence": sheet.index(chart.evidence),
    }


def _figure(value: float | None) -> float | int | None:
    """Four significant digits, which is what a chart and its table show; None for a day without data."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


# --- people --------------------------------------------------------------------------------------------------------


def _people(items: Iterable[Item], visit: Visit | None) -> list[Person]:
    """Who will be there, in the order of the invitation; then the others who decide, at most six."""
    known = {item.id: item for item in items if isinstance(item, Person)}
    attending = [known[person_id] for person_id in (visit.attendee_ids if visit else ()) if person_id in known]
    ids = {person.id for person in attending}
    others = sorted((p for p in known.values() if p.id not in ids), key=lambda p: (_role_rank(p.role), p.name, p.id))
    return list(dict.fromkeys(attending)) + others[:MAX_OTHER_PEOPLE]


def _role_rank(role: str) -> int:
    return ROLE_ORDER.index(role) if role in ROLE_ORDER else len(ROLE_ORDER)


def _people_card(sheet: _Sheet, people: Sequence[Person], signals: Sequence[Signal]) -> dict[str, Any] | None:
    """Each person with the lines about them; lines about anybody else stand on the card itself."""
    shown = {person.id for person in people}
    card = _card(sheet, "people", [s for s in signals if s.subject.type != "person" or s.subject.id not in shown])
    if not people:
        return card
    card = card or {"kind": "people", "lines": []}
    card["people"] = [_person(sheet, person, signals) for person in people]
    return card


def _person(sheet: _Sheet, person: Person, signals: Sequence[Signal]) -> dict[str, Any]:
    """A person as the card shows them: no number or address for a channel that they have withdrawn."""
    entry: dict[str, Any] = {
        "id": person.id,
        "name": wire_text(person.name),
        "title": wire_text(person.title),
        "role": person.role,
    }
    optional = {
        "phone": "" if "phone" in person.withdrawn else person.phone,
        "email": "" if "email" in person.withdrawn else person.email,
        "channel": "" if person.channel in person.withdrawn else person.channel,
        "times": wire_text(person.times),
    }
    entry |= {name: value for name, value in optional.items() if value}
    entry["lines"] = [sheet.line(s) for s in signals if s.subject.type == "person" and s.subject.id == person.id]
    return entry
