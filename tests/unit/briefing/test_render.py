"""The catalogue says on the server what the shared vectors promise that both sides say."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.briefing.render import CARD_ORDER, Renderer, UnknownKindError, kinds, message_id, missing_facts, money_text
from app.briefing.wire import wire_facts, wire_number, wire_text
from app.foundation.money import Money

VECTORS = json.loads((Path(__file__).parents[3] / "fixtures/vectors/briefing-text.json").read_text("utf-8"))
CASES = VECTORS["cases"]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}-{CASES.index(case)}")
def test_a_line_says_what_the_vector_says(renderer: Renderer, case: dict) -> None:
    now = datetime.fromisoformat(case["now"])
    text = renderer.line(case["kind"], case["facts"], now, case["time_zone"])
    assert (text.claim, text.why) == (case["text"], case.get("why"))


def test_every_kind_has_a_message_and_a_vector(renderer: Renderer) -> None:
    assert set(kinds()) == {case["kind"] for case in CASES}


def test_every_message_of_the_catalogue_is_a_kind_a_card_or_a_date_word() -> None:
    from fluent.syntax import FluentParser, ast

    source = (Path(__file__).parents[3] / VECTORS["catalogue"]).read_text("utf-8")
    body = FluentParser().parse(source).body
    assert [entry for entry in body if isinstance(entry, ast.Junk)] == []
    messages = {entry.id.name for entry in body if isinstance(entry, ast.Message)}
    known = {message_id(kind) for kind in kinds()} | {f"card-{card}" for card in CARD_ORDER}
    assert {name for name in messages - known if not name.startswith("date-")} == set()
    assert known <= messages


def test_figures_in_bold_open_and_close(renderer: Renderer) -> None:
    for case in CASES:
        assert case["text"].count("**") % 2 == 0, case["kind"]


def test_an_unknown_kind_is_an_error_and_not_an_empty_line(renderer: Renderer) -> None:
    with pytest.raises(UnknownKindError):
        renderer.line("ticket.invented", {}, datetime(2026, 11, 21, tzinfo=UTC), "UTC")


def test_a_message_without_one_of_its_facts_is_an_error(renderer: Renderer) -> None:
    with pytest.raises(ValueError, match=r"usage\.steady"):
        renderer.line("usage.steady", {"name": "Line 2"}, datetime(2026, 11, 21, tzinfo=UTC), "UTC")


def test_missing_facts_knows_what_a_message_derives_from_a_date() -> None:
    facts = {"title": "Leak", "number": "1", "more": 0, "due": date(2026, 11, 15)}
    assert missing_facts("ticket.overdue", facts) == set()
    assert missing_facts("ticket.overdue", {**facts, "due": "15 November"}) == {"due_when", "due_span", "due_on"}
    assert missing_facts("ticket.overdue", {"title": "Leak"}) >= {"number", "more", "due"}


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(113161, "EUR"), "€\u00a01,131.61"),
        (Money(-5, "GBP"), "\u2212£\u00a00.05"),
        (Money(100, "JPY"), "JPY\u00a0100"),
        (Money(10**15, "USD"), "$\u00a010,000,000,000,000.00"),
    ],
)
def test_money_is_written_with_its_exact_amount(money: Money, text: str) -> None:
    assert money_text(money.amount, money.currency) == text


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("  two\n lines\x00 ", "two lines"),
        ("a **bold** claim", "a *bold* claim"),
        ("\u202eright to left", "right to left"),
        ("x" * 300, "x" * 199 + "…"),
        ("word " * 60, ("word " * 39).strip() + "…"),
    ],
)
def test_text_from_outside_becomes_one_plain_line(given: str, wire: str) -> None:
    assert wire_text(given) == wire


def test_numbers_lose_what_no_reader_needs() -> None:
    assert [wire_number(v) for v in (2.0, 0.1234567, -0.0001, 7, 1e300)] == [2, 0.123, 0, 7, 1e300]


def test_facts_have_their_types_on_the_wire() -> None:
    at = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    facts = {"b": date(2026, 11, 9), "a": at, "m": Money(113161, "EUR"), "t": True, "n": 3}
    assert wire_facts(facts) == {
        "a": {"instant": "2026-11-21T06:30:00Z"},
        "b": {"date": "2026-11-09"},
        "m": {"money": ["1131.61", "EUR"]},
        "n": 3,
        "t": True,
    }
