"""A briefing as it may be told now: of people who are there, by numbers and addresses that they have not closed. Pure.

A stored briefing is composed anew within moments of a change; a notice that leaves in between says nothing that the change
took away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ALL_CHANNELS = frozenset({"phone", "email", "sms"})
# The channels that each person of an account has closed, by id.
Present = dict[str, frozenset[str]]
Document = Mapping[str, Any]


def still_there(briefing: Document, present: Present) -> Document:
    """The briefing without people who are not at the account any more and lines about them; unchanged when all are there."""
    entries = [person for card in briefing["cards"] for person in card.get("people", ())]
    if _named(briefing, entries) <= present.keys() and not any(_is_closed(one, present) for one in entries):
        return briefing
    gone = {n for n, one in enumerate(briefing["evidence"]) if one["type"] == "person" and one["id"] not in present}
    return {**briefing, "cards": [_card(card, gone, present) for card in briefing["cards"]]}


def _named(briefing: Document, entries: Iterable[Document]) -> set[str]:
    """Ids of people on the people card, in subjects and in evidence."""
    lines = (line for card in briefing["cards"] for line in card.get("lines", ()))
    subjects = (line["subject"] for line in lines if "subject" in line)
    records = [*briefing["evidence"], *subjects]
    return {one["id"] for one in entries} | {one["id"] for one in records if one["type"] == "person"}


def _is_closed(person: Document, present: Present) -> bool:
    return any(person.get(channel) for channel in present[person["id"]])


def _card(card: Document, gone: set[int], present: Present) -> dict[str, Any]:
    kept = {name: _lines(card[name], gone, present) for name in ("lines", "missing") if name in card}
    if "people" in card:
        there = [person for person in card["people"] if person["id"] in present]
        kept["people"] = [_person(person, gone, present) for person in there]
    return {**card, **kept}


def _person(person: Document, gone: set[int], present: Present) -> dict[str, Any]:
    closed = present[person["id"]]
    entry = {name: value for name, value in person.items() if name not in closed}
    if entry.get("channel") in closed:
        del entry["channel"]
    return {**entry, "lines": _lines(person["lines"], gone, present)}


def _lines(lines: Iterable[Document], gone: set[int], present: Present) -> list[Document]:
    return [line for line in lines if gone.isdisjoint(line["evidence"]) and not _is_about_gone(line, present)]


def _is_about_gone(line: Document, present: Present) -> bool:
    subject = line.get("subject")
    return subject is not None and subject["type"] == "person" and subject["id"] not in present
