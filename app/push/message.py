"""What is inside a notice: title, text, and a briefing short enough to travel with it.

The form is that of declarative Web Push (W3C Push API, "declarative push message"), which a browser shows without running
any code of ours, with our own data inside, which our worker stores before it shows the notice. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app.briefing.render import CARD_ORDER, Renderer, UnknownKindError, kinds
from app.briefing.wire import wire_instant, wire_text

# Bytes of plain text that fit into the 4,096 that every push service takes (RFC 8291 § 4), and what is tried when one
# takes less.
SIZES = (3993, 2500, 1500)
MAX_NAME, MAX_BODY, MAX_BODY_LINES, MAX_PEOPLE = 80, 420, 4, 3
NOTHING_NEW = "Nothing urgent is known. Open the briefing for the rest."
NOTHING_CHOSEN = "Nothing of the kinds that you chose. Open the briefing for the rest."
NOT_COMPOSED = "Its briefing is not composed yet. Open it for what is known by then."
NO_ROOM = "What is known does not fit here. Open the briefing."
DECLARATIVE = 8030

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """The visit that a notice is about, as it is now."""

    id: str
    account_id: str
    account_name: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: str = "planned"
    place: str | None = None
    purpose: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Why a second notice comes: the visit moved (from when), it was cancelled, or something was learned."""

    moved_from: datetime | None = None
    cancelled: bool = False
    learned: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.moved_from is not None or self.cancelled or bool(self.learned)


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words: what a phone shows, what an e-mail says. `lines` are whole sentences, the most important first.

    `otherwise` is said where there are none.
    """

    title: str
    lines: tuple[str, ...]
    otherwise: str = NOTHING_NEW

    @property
    def body(self) -> str:
        """As much as a lock screen has room for; no line is cut."""
        return self.first(MAX_BODY_LINES)

    def first(self, most: int) -> str:
        """The first lines, at most so many and as many as a lock screen has room for."""
        shown: list[str] = []
        for line in self.lines[:most]:
            if sum(map(len, shown)) + len(line) <= MAX_BODY:
                shown.append(line)
        return "\n".join(shown) or (NO_ROOM if self.lines else self.otherwise)


@dataclass(frozen=True, slots=True)
class Notice:
    """Everything that a message is made from. `briefing` is the stored document; `wanted` are cards, None for all.

    `user_id` is whose notice it is: a phone that changed hands shows nothing of it.
    """

    id: str
    visit: VisitFacts
    briefing: Mapping[str, Any] | None
    now: datetime
    change: Change = field(default_factory=Change)
    wanted: frozenset[str] | None = None
    user_id: str = ""

    @property
    def kind(self) -> str:
        """`update` when it follows another notice of the visit."""
        return "update" if self.change else "briefing"


def words(notice: Notice) -> Message:
    """Title and lines. The title has the time, in the visit's zone, and the account; both are always there."""
    visit, change = notice.visit, notice.change
    when = spoken(visit.starts_at, notice.now, ZoneInfo(visit.time_zone))
    name = wire_text(visit.account_name, MAX_NAME)
    title = f"Moved to {_low(when)} · {name}" if change.moved_from is not None else f"{when} · {name}"
    if change.cancelled:
        title = f"Cancelled: {when} · {name}"
    return Message(title, (*_changes(notice), *(claim for claim, _ in _claims(notice))), _otherwise(notice))


def sourced(notice: Notice) -> list[tuple[str, str]]:
    """The lines of `words`, each with its record, source and date; with none what is of the visit itself."""
    zone = ZoneInfo(notice.visit.time_zone)
    lines = [(claim, _source(claim, line, notice, zone)) for claim, line in _claims(notice)]
    return [*((text, "") for text in _changes(notice)), *lines]


def spoken(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:30`, `Tomorrow 14:30`, `Monday 14:30`, or `12 March 14:30`, as the day at the visit is from now."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return f"Tomorrow {local:%H:%M}"
    return f"{local:%A %H:%M}" if 1 < days < 7 else f"{local.day} {local:%B %H:%M}"


def encode(notice: Notice, public_url: str, limit: int = SIZES[0]) -> bytes:
    """The message on the wire, at most `limit` bytes (1,500 or more) of UTF-8.

    What does not fit is left out from the least important on, whole lines at a time; of the rest nothing is changed.
    """
    said = words(notice)
    fixed = _fixed(notice, said.title, said.body, public_url)
    parts, kept = list(_parts(notice)), list[_Part]()
    encoded = orjson.dumps(_assembled(fixed, notice, parts))
    if len(encoded) <= limit:
        return encoded
    for most in range(MAX_BODY_LINES, -1, -1):  # long lines in a script of many bytes a letter: the text gives way
        fixed = _fixed(notice, said.title, said.first(most), public_url)
        encoded = orjson.dumps(_assembled(fixed, notice, kept))
        if len(encoded) <= limit:
            break
    # Most parts are settled by what they can weigh: to put the message together for each costs more than to encrypt it.
    size, exact = len(encoded), True
    for part in parts:
        least, most = _bytes(part, notice)
        if size + most <= limit:
            kept.append(part)
            size, exact = size + most, False
            continue
        if not exact:
            encoded = orjson.dumps(_assembled(fixed, notice, kept))
            size, exact = len(encoded), True
        if size + least > limit:
            continue
        tried = orjson.dumps(_assembled(fixed, notice, [*kept, part]))
        if len(tried) <= limit:
            kept.append(part)
            encoded, size = tried, len(tried)
    return encoded if exact else orjson.dumps(_assembled(fixed, notice, kept))


def encode_test(notice_id: str, public_url: str, now: datetime) -> bytes:
    """The message that shows a user that a device takes notices."""
    shown = {
        "title": "Doorstep",
        "body": "Notices reach this device.",
        "navigate": f"{public_url.rstrip('/')}/",
        "tag": "test",
        "lang": "en",
        "data": {"kind": "test", "notice": notice_id, "sent_at": wire_instant(now)},
    }
    return orjson.dumps({"web_push": DECLARATIVE, "notification": shown, "mutable": True})


def address_of(visit_id: str, public_url: str) -> str:
    """Where a notice leads; without a public URL, within the origin that the app came from."""
    return f"{public_url.rstrip('/')}/visits/{visit_id}"


# --- what there is to say ------------------------------------------------------------------------------------------


def _changes(notice: Notice) -> Iterator[str]:
    """What changed since the notice before."""
    change, zone = notice.change, ZoneInfo(notice.visit.time_zone)
    if change.cancelled:
        yield "The visit was cancelled."
    elif change.moved_from is not None:
        yield f"It was planned for {_low(spoken(change.moved_from, notice.now, zone))}."
    yield from change.learned


def _claims(notice: Notice) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Sentences of *Before you go in*, each with its line; none of a visit that does not take place."""
    for line in () if notice.change.cancelled else wanted_lines(notice):
        if claim := _claim(line, notice):
            yield claim, line


def _otherwise(notice: Notice) -> str:
    """What is said without a line: that nothing is known is said only where that is so."""
    if notice.briefing is None:
        return NOT_COMPOSED
    if notice.wanted is not None and any(card["kind"] == "before" for card in notice.briefing.get("cards", ())):
        return NOTHING_CHOSEN
    return NOTHING_NEW


def _source(claim: str, line: Mapping[str, Any], notice: Notice, zone: ZoneInfo) -> str:
    """`Ticket 4812 · Service desk, today 06:00`; the date, because a letter may be read late, and no name twice."""
    assert notice.briefing is not None
    entry = notice.briefing["evidence"][line["evidence"][0]]
    local, today = datetime.fromisoformat(entry["as_of"]).astimezone(zone), notice.now.astimezone(zone).date()
    day = f"{local.day} {local:%B}" if local.year == today.year else f"{local.day} {local:%B %Y}"
    source = entry["source"] if entry["label"] in claim else f"{entry['label']} · {entry['source']}"
    return f"{source}, {f'today {local:%H:%M}' if local.date() == today else day}"


def _low(when: str) -> str:
    return when.replace("Tomorrow", "tomorrow")


@cache
def _renderer() -> Renderer:
    return Renderer()


def _claim(line: Mapping[str, Any], notice: Notice) -> str:
    """The sentence of a line, without marks; empty when the catalogue does not know the line."""
    try:
        text = _renderer().line(line["kind"], line["facts"], notice.now, notice.visit.time_zone)
    except (UnknownKindError, ValueError, KeyError, TypeError):
        return ""
    return wire_text(text.claim.replace("**", ""), 1000)


def wanted_lines(notice: Notice) -> list[Mapping[str, Any]]:
    """Lines of *Before you go in* that are wanted, in its order."""
    return [line for card, line in _lines(notice) if card == "before"]


def _lines(notice: Notice) -> list[tuple[str, Mapping[str, Any]]]:
    """(card, line) that are wanted, the most important first, each line once, under the card where it comes first."""
    cards = notice.briefing.get("cards", ()) if notice.briefing else ()
    found = [(card["kind"], line) for card in cards for line in card.get("lines", ()) if _is_wanted(line, notice)]
    first = [(card, line) for card, line in found if card == "before"]
    rest = sorted((one for one in found if one[0] != "before"), key=lambda one: -float(one[1].get("weight", 0)))
    seen: set[bytes] = set()
    chosen = []
    for card, line in [*first, *rest]:
        key = orjson.dumps([line["kind"], line["facts"]], option=orjson.OPT_SORT_KEYS)
        if key not in seen:
            seen.add(key)
            chosen.append((card, line))
    return chosen


def _is_wanted(line: Mapping[str, Any], notice: Notice) -> bool:
    if notice.wanted is None:
        return True
    spec = kinds().get(line["kind"])
    return spec is not None and spec.card in notice.wanted


# A card's braces, names and commas, or those of a member: `{"kind":"people","lines":[],"people":[]},` is the longest.
MOST_AROUND = 50

# --- what travels --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """Something that may be left out: a member of the data, a line under its card, or somebody to meet."""

    member: str
    value: Any
    card: str = ""


def _parts(notice: Notice) -> Iterable[_Part]:
    """Everything that may be left out, the most important first."""
    visit, lines = notice.visit, [_Part("line", line, card) for card, line in _lines(notice)]
    place = wire_text(visit.place) if visit.place else None
    yield from lines[:2]
    if visit.phone:
        yield _Part("phone", visit.phone)
    if place:
        yield _Part("place", place)
    yield from lines[2:5]
    people = [_Part("person", _person(person), "people") for person in _people(notice)]
    yield from people[:MAX_PEOPLE]
    if visit.purpose:
        yield _Part("purpose", wire_text(visit.purpose, 300))
    if place:
        yield _Part("visit_place", place)
    yield from lines[5:]


def _bytes(part: _Part, notice: Notice) -> tuple[int, int]:
    """How many bytes a part adds at least and at most: a line may bring its card and its evidence along."""
    if part.member == "line":
        own = len(orjson.dumps({**part.value, "evidence": [0]}))
        assert notice.briefing is not None
        evidence = len(orjson.dumps(notice.briefing["evidence"][part.value["evidence"][0]]))
        return own, own + evidence + len(part.card) + MOST_AROUND
    own = len(orjson.dumps(part.value))
    return own - len("null"), own + MOST_AROUND


def _people(notice: Notice) -> Iterator[Mapping[str, Any]]:
    if notice.briefing and (notice.wanted is None or "people" in notice.wanted):
        for card in notice.briefing.get("cards", ()):
            yield from card.get("people", ())


def _person(person: Mapping[str, Any]) -> Document:
    return {**{name: value for name, value in person.items() if name != "lines"}, "lines": []}


def _fixed(notice: Notice, title: str, body: str, public_url: str) -> Document:
    """The message without anything that may be left out."""
    visit = notice.visit
    row = {
        "id": visit.id,
        "account_id": visit.account_id,
        "starts_at": wire_instant(visit.starts_at),
        "ends_at": wire_instant(visit.ends_at),
        "time_zone": visit.time_zone,
        "status": visit.status,
    }
    return {
        "title": title,
        "body": body,
        "navigate": address_of(visit.id, public_url),
        "tag": visit.id,
        "lang": "en",
        "data": {
            "kind": notice.kind,
            "notice": notice.id,
            "user_id": notice.user_id,
            "visit": row,
            "account": {"id": visit.account_id, "name": wire_text(visit.account_name, MAX_NAME)},
            "account_id": visit.account_id,
            "briefing": None,
            "phone": None,
            "place": None,
            "sent_at": wire_instant(notice.now),
        },
    }


def _assembled(fixed: Document, notice: Notice, parts: Sequence[_Part]) -> Document:
    data = {**fixed["data"], "visit": dict(fixed["data"]["visit"])}
    for part in parts:
        if part.member in ("phone", "place"):
            data[part.member] = part.value
        elif part.member in ("purpose", "visit_place"):
            data["visit"][part.member.removeprefix("visit_")] = part.value
    if notice.briefing is not None:
        data["briefing"] = _short(notice.briefing, parts)
    return {"web_push": DECLARATIVE, "notification": {**fixed, "data": data}, "mutable": True}


def _short(briefing: Mapping[str, Any], parts: Sequence[_Part]) -> Document:
    """A briefing of these lines and people in the form of the stored one, `short`, with the evidence of what is left."""
    sheet: list[Any] = []
    places: dict[int, int] = {}

    def line_of(line: Mapping[str, Any]) -> Document:
        first = line["evidence"][0]
        if first not in places:
            places[first] = len(sheet)
            sheet.append({name: value for name, value in briefing["evidence"][first].items() if name != "url"})
        return {**line, "evidence": [places[first]]}

    cards: dict[str, Document] = {}
    for part in parts:
        if part.member in ("line", "person"):
            card = cards.setdefault(part.card, {"kind": part.card, "lines": []})
            if part.member == "line":
                card["lines"].append(line_of(part.value))
            else:
                card.setdefault("people", []).append(part.value)
    names = ("id", "account_id", "visit_id", "as_of")
    ordered = [cards[name] for name in CARD_ORDER if name in cards]
    return {**{name: briefing.get(name) for name in names}, "short": True, "evidence": sheet, "cards": ordered}
