"""What is inside a notice, for briefings by chance: it fits, no sentence is cut, time and account are always there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.briefing.render import CARD_ORDER
from app.briefing.schemas import BriefingSchema
from app.briefing.wire import wire_text
from app.push import message
from app.push.message import (
    NO_ROOM,
    NOT_COMPOSED,
    NOTHING_CHOSEN,
    NOTHING_NEW,
    SIZES,
    Change,
    Notice,
    VisitFacts,
    encode,
    encode_test,
    words,
)

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ID = "0193d5a0-0000-7000-8000-00000000000{}".format
PUBLIC = "https://sales.example"
LONG = st.text(st.characters(codec="utf-8"), max_size=200) | st.text('🚜é漢"\\<', min_size=50, max_size=300)
TEXTS = LONG.map(wire_text)


def line(kind: str, facts: dict[str, Any], evidence: int, weight: float = 0.5) -> dict[str, Any]:
    return {"kind": kind, "facts": facts, "evidence": [evidence], "weight": weight}


LINES = st.builds(
    line,
    st.sampled_from(["custom.news", "custom.service", "custom.promises"]),
    st.builds(lambda text: {"text": text}, TEXTS),
    st.integers(0, 2),
    st.floats(0, 1),
)
PEOPLE = st.builds(
    lambda name, title: {"id": ID(7), "name": name, "title": title, "role": "user", "lines": []},
    TEXTS.filter(bool),
    TEXTS,
)


@st.composite
def briefings(draw: st.DrawFn) -> dict[str, Any]:
    cards: list[dict[str, Any]] = []
    for kind in CARD_ORDER:
        lines = draw(st.lists(LINES, max_size=5))
        if kind == "people":
            cards.append({"kind": kind, "lines": lines, "people": draw(st.lists(PEOPLE, max_size=5))})
        elif lines:
            cards.append({"kind": kind, "lines": lines})
    entry = {"type": "note", "id": "1", "source": "crm", "as_of": "2026-11-20T08:00:00Z", "label": "x"}
    evidence = [{**entry, "id": str(n), "url": "https://crm.example/" + "x" * 200} for n in range(3)]
    return {
        "id": ID(1),
        "account_id": ID(2),
        "visit_id": ID(3),
        "as_of": "2026-11-20T08:00:00Z",
        "evidence": evidence,
        "cards": cards,
    }


VISITS = st.builds(
    lambda name, place, purpose, phone: VisitFacts(
        ID(3), ID(2), name, NOW + timedelta(hours=1), NOW + timedelta(hours=2), "Europe/Stockholm", "planned", place, purpose, phone
    ),
    LONG, st.none() | LONG, st.none() | LONG, st.none() | st.just("+46 26 100"),
)  # fmt: skip
CHANGES = st.builds(
    Change, st.none() | st.just(NOW + timedelta(hours=3)), st.booleans(), st.lists(TEXTS, max_size=3).map(tuple)
)
WANTED = st.none() | st.frozensets(st.sampled_from(CARD_ORDER[1:]))
NOTICES = st.builds(Notice, st.just(ID(4)), VISITS, st.none() | briefings(), st.just(NOW), CHANGES, WANTED)


def lines_of(briefing: Any) -> list[tuple[str, bytes]]:
    cards = briefing["cards"] if briefing else []
    return [(one["kind"], orjson.dumps(one["facts"])) for card in cards for one in card["lines"]]


@settings(max_examples=200, deadline=None)
@given(NOTICES, st.sampled_from(SIZES))
def test_every_message_fits_says_when_and_who_and_cuts_no_line(notice: Notice, limit: int) -> None:
    encoded = encode(notice, PUBLIC, limit)
    assert len(encoded) <= limit
    document = orjson.loads(encoded)
    shown = document["notification"]
    data = shown["data"]
    assert document["web_push"] == 8030 and shown["navigate"] == f"{PUBLIC}/visits/{ID(3)}" and shown["tag"] == ID(3)
    assert "10:00" in shown["title"] and wire_text(notice.visit.account_name, 80) in shown["title"]
    lines = words(notice).lines
    assert shown["body"] in (NO_ROOM, words(notice).otherwise) or set(shown["body"].split("\n")) <= set(lines)
    assert (shown["body"] == words(notice).otherwise) == (not lines)
    short = data["briefing"]
    assert (short is None) == (notice.briefing is None)
    assert set(lines_of(short)) <= set(lines_of(notice.briefing))
    assert data["place"] in (None, wire_text(notice.visit.place or "")) and data["phone"] in (None, notice.visit.phone)
    if short is not None:
        assert (
            BriefingSchema(exclude=()).validate({name: value for name, value in short.items() if name != "short"}) == {}
        )
        for card in short["cards"]:
            assert all(one["evidence"] and max(one["evidence"]) < len(short["evidence"]) for one in card["lines"])


@settings(max_examples=60, deadline=None)
@given(NOTICES)
def test_what_is_left_out_is_the_least_important(notice: Notice) -> None:
    whole, cut = (encode(notice, PUBLIC, size) for size in (10**6, 1500))
    full, short = (orjson.loads(one)["notification"]["data"]["briefing"] for one in (whole, cut))
    if short is None:
        return
    assert set(lines_of(short)) <= set(lines_of(full))
    before = [card["lines"] for card in full["cards"] if card["kind"] == "before"]
    if notice.wanted is None and not notice.change.cancelled and before and not lines_of(short):
        first = before[0][0]
        needed = [first, *(full["evidence"][number] for number in first["evidence"])]
        # With the card around it, and what the line says in the notification's own text.
        assert len(cut) + 2 * sum(len(orjson.dumps(one)) for one in needed) + 200 > 1500


def test_the_most_important_lines_come_first_and_only_whole_sentences_are_shown() -> None:
    texts = [f"Sentence number {n} that is rather long and has an end." for n in range(40)]
    lines = [line("custom.service", {"text": text}, 0, 0.9 - n / 100) for n, text in enumerate(texts)]
    entry = {"type": "note", "id": "1", "source": "crm", "as_of": "2026-11-20T08:00:00Z", "label": "x"}
    briefing = {
        "id": ID(1), "account_id": ID(2), "visit_id": ID(3), "as_of": entry["as_of"], "evidence": [entry],
        "cards": [{"kind": "before", "lines": lines[:5]}, {"kind": "service", "lines": lines}],
    }  # fmt: skip
    visit = VisitFacts(ID(3), ID(2), "Norrvik Paper", NOW, NOW, "Europe/Stockholm")
    document = orjson.loads(encode(Notice(ID(4), visit, briefing, NOW - timedelta(hours=1)), PUBLIC))["notification"]
    assert document["title"] == "09:00 · Norrvik Paper" and document["body"].split("\n") == texts[:4]
    cards = {
        card["kind"]: [one["facts"]["text"] for one in card["lines"]] for card in document["data"]["briefing"]["cards"]
    }
    assert (
        cards["before"] == texts[:5]
        and cards["service"] == texts[5 : 5 + len(cards["service"])]
        and len(cards["service"]) > 5
    )


@pytest.mark.parametrize(
    ("hours", "change", "title"),
    [
        (1, Change(), "10:00 · Norrvik Paper"),
        (25, Change(), "Tomorrow 10:00 · Norrvik Paper"),
        (73, Change(), "Friday 10:00 · Norrvik Paper"),
        (24 * 10 + 1, Change(), "4 December 10:00 · Norrvik Paper"),
        (1, Change(cancelled=True), "Cancelled: 10:00 · Norrvik Paper"),
        (25, Change(moved_from=NOW), "Moved to tomorrow 10:00 · Norrvik Paper"),
    ],
)
def test_titles(hours: int, change: Change, title: str) -> None:
    start = NOW + timedelta(hours=hours)
    visit = VisitFacts(ID(3), ID(2), "Norrvik Paper", start, start, "Europe/Stockholm")
    assert words(Notice(ID(4), visit, None, NOW, change)).title == title


def test_the_test_message_is_short_and_of_the_same_form() -> None:
    document = orjson.loads(encode_test(ID(4), PUBLIC, NOW))
    assert document["notification"]["data"] == {"kind": "test", "notice": ID(4), "sent_at": "2026-11-24T08:00:00Z"}


def one_by_one(notice: Notice, limit: int) -> bytes:
    """Each part tried in turn, the message put together each time."""
    said = words(notice)
    for most in range(message.MAX_BODY_LINES, -1, -1):
        fixed = message._fixed(notice, said.title, said.first(most), PUBLIC)
        kept: list[message._Part] = []
        encoded = orjson.dumps(message._assembled(fixed, notice, kept))
        if len(encoded) <= limit:
            break
    for part in message._parts(notice):
        tried = orjson.dumps(message._assembled(fixed, notice, [*kept, part]))
        if len(tried) <= limit:
            kept.append(part)
            encoded = tried
    return encoded


@settings(max_examples=300, deadline=None)
@given(NOTICES, st.integers(1500, 3993))
def test_what_goes_in_is_what_would_when_each_part_is_tried(notice: Notice, limit: int) -> None:
    encoded = encode(notice, PUBLIC, limit)
    whole = encode(notice, PUBLIC, 10**6)
    assert encoded == (whole if len(whole) <= limit else one_by_one(notice, limit))


@pytest.mark.parametrize(
    ("texts", "wanted", "body"),
    [
        ([], None, NOTHING_NEW),
        (["Pump 7 leaks."], frozenset({"news"}), NOTHING_CHOSEN),
        (["Pump 7 leaks."], frozenset({"service"}), "Pump 7 leaks."),
        (None, None, NOT_COMPOSED),
    ],
)
def test_that_nothing_is_known_is_said_only_where_that_is_so(
    texts: list[str] | None, wanted: frozenset[str] | None, body: str
) -> None:
    entry = {"type": "note", "id": "1", "source": "crm", "as_of": "2026-11-20T08:00:00Z", "label": "x"}
    lines = [line("custom.service", {"text": text}, 0, 0.5) for text in texts or ()]
    briefing = {
        "id": ID(1), "account_id": ID(2), "visit_id": ID(3), "as_of": entry["as_of"], "evidence": [entry],
        "cards": [{"kind": "before", "lines": lines}] if lines else [],
    }  # fmt: skip
    visit = VisitFacts(ID(3), ID(2), "Norrvik Paper", NOW, NOW, "Europe/Stockholm")
    notice = Notice(ID(4), visit, None if texts is None else briefing, NOW - timedelta(hours=1), wanted=wanted)
    assert words(notice).body == body


def test_the_body_gives_way_whole_lines_at_a_time_and_never_says_that_nothing_is_known() -> None:
    texts = [f"{n}." + "警" * 80 for n in range(4)]
    entry = {"type": "note", "id": "1", "source": "crm", "as_of": "2026-11-20T08:00:00Z", "label": "x"}
    briefing = {
        "id": ID(1), "account_id": ID(2), "visit_id": ID(3), "as_of": entry["as_of"], "evidence": [entry],
        "cards": [{"kind": "before", "lines": [line("custom.service", {"text": text}, 0, 0.5) for text in texts]}],
    }  # fmt: skip
    visit = VisitFacts(ID(3), ID(2), "紙" * 20, NOW, NOW, "Europe/Stockholm")
    notice = Notice(ID(4), visit, briefing, NOW - timedelta(hours=1))
    encoded = encode(notice, PUBLIC, 1500)
    assert len(encoded) <= 1500 and orjson.loads(encoded)["notification"]["body"] == texts[0]
