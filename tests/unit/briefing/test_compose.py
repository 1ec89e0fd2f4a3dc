"""What a briefing promises, whatever is said about an account and in whatever order it arrives."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.briefing.compose import CARD_ORDER, Briefing, Visit, compose
from app.briefing.render import Renderer, kinds
from app.briefing.signal import Audience, Chart, Evidence, Item, Person, Signal, SignalError, Subject

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ACCOUNT = Subject("account", "a-1", "Norrvik Paper")


def evidence(record: str, when: datetime = NOW, type_: str = "ticket") -> Evidence:
    return Evidence(type_, record, "desk", when, f"{type_} {record}")


def custom(text: str, weight: float = 0.5, subject: Subject = ACCOUNT, kind: str = "custom.service", **kw) -> Signal:
    fields = {"evidence": (evidence(text),), "observed_at": NOW, **kw}
    return Signal(kind=kind, subject=subject, facts={"text": text}, weight=weight, reason="test", **fields)


def overdue(number: str, weight: float = 0.9, days: int = 6) -> Signal:
    facts = {"title": f"Leak {number}", "number": number, "due": date(2026, 11, 15), "more": 0}
    at = NOW - timedelta(days=days)
    subject = Subject("ticket", number, f"Leak {number}")
    return Signal("ticket.overdue", subject, facts, (evidence(number),), weight, "late", at)


def met(day: int) -> Signal:
    at = datetime(2026, 11, day, 11, tzinfo=UTC)
    return Signal(
        "visit.last_said", Subject("visit", f"v{day}", "Visit"), {"met": at.date(), "said": "Soon."},
        (evidence(f"v{day}", at, "visit"),), 0.45, "", at,
    )  # fmt: skip


def newcomer(person: str, at: datetime, **kw) -> Signal:
    facts = {"name": person, "title": "Buyer", "started": at.date()}
    subject, records = Subject("person", person, person), (evidence(person, at, "person"),)
    return Signal("person.new", subject, facts, records, 0.4, "", at, **kw)


def brief(*items: Item, visit: Visit | None = None) -> Briefing:
    return compose("b-1", "a-1", items, NOW, visit)


def cards(briefing: Briefing) -> dict[str, dict]:
    return {card["kind"]: card for card in orjson.loads(briefing.content)["cards"]}


def lines_of(document: dict) -> list[dict]:
    found = []
    for card in document["cards"]:
        found += card["lines"] + card.get("missing", [])
        found += [line for person in card.get("people", []) for line in person["lines"]]
    return found


# --- by example ----------------------------------------------------------------------------------------------------


def test_a_signal_without_evidence_cannot_be_made() -> None:
    with pytest.raises(SignalError, match="no evidence"):
        custom("Hearsay", evidence=())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_signal_with_a_figure_that_is_not_finite_cannot_be_made(bad: float) -> None:
    with pytest.raises(SignalError, match="finite"):
        Signal("usage.steady", ACCOUNT, {"level": bad}, (evidence("1"),), 0.1, "", NOW)
    with pytest.raises(SignalError, match="weight"):
        custom("x", weight=bad)


def test_cards_stand_in_the_order_of_the_design_and_only_where_there_is_something_to_say() -> None:
    briefing = brief(custom("n", kind="custom.news"), custom("s"), met(3), Person("p", "Eva"))
    assert list(cards(briefing)) == ["before", "people", "since", "service", "news"]
    assert cards(brief()) == {}


def test_before_you_go_in_has_five_lines_and_not_five_of_one_kind() -> None:
    late = [overdue(str(n), weight=0.9 + n / 100) for n in range(9)]
    others = [custom("c", 0.4, kind="custom.news"), custom("d", 0.35, kind="custom.usage"), met(3)]
    lines = cards(brief(*late, *others))["before"]["lines"]
    kinds_shown = [line["kind"] for line in lines]
    assert kinds_shown == ["ticket.overdue", "ticket.overdue", "visit.last_said", "custom.news", "custom.usage"]
    assert [line["facts"]["number"] for line in lines[:2]] == ["8", "7"]


def test_before_you_go_in_does_not_say_the_same_subject_twice() -> None:
    again = replace(custom("It came back", 0.8), subject=Subject("ticket", "7", "Leak 7"))
    lines = cards(brief(overdue("7"), again))["before"]["lines"]
    assert [line["kind"] for line in lines] == ["ticket.overdue"]


def test_before_you_go_in_does_not_rest_two_lines_on_one_record() -> None:
    note = evidence("v1", type_="visit")
    agreed = custom("Send the report", 0.5, evidence=(note,), subject=Subject("visit", "v1", "Visit"))
    promised = custom(
        "The report is due", 0.8, evidence=(evidence("p1"), note), subject=Subject("promise", "p1", "Report")
    )
    document = cards(brief(agreed, promised))
    assert [line["facts"]["text"] for line in document["before"]["lines"]] == ["The report is due"]
    assert len(document["service"]["lines"]) == 2


def test_a_light_line_stays_on_its_own_card() -> None:
    shown = cards(brief(custom("steady as ever", 0.1)))
    assert list(shown) == ["service"]


def test_what_has_expired_is_not_said() -> None:
    assert cards(brief(custom("old", expires_at=NOW))) == {}
    assert "service" in cards(brief(custom("fresh", expires_at=NOW + timedelta(seconds=1))))


def test_a_line_that_needs_a_withdrawn_consent_is_not_said_and_the_number_is_not_shown() -> None:
    eva = Person("p-1", "Eva", phone="+46 26 555 01 20", email="eva@norrvik.example", channel="phone")
    line = custom("Call Eva about the stop", audience=Audience("p-1", "phone"))
    agreed = cards(brief(line, eva))
    assert agreed["service"]["lines"] and agreed["people"]["people"][0]["phone"] == eva.phone
    withdrawn = cards(brief(line, replace(eva, withdrawn=frozenset({"phone"}))))
    assert "service" not in withdrawn
    person = withdrawn["people"]["people"][0]
    assert "phone" not in person and "channel" not in person and person["email"] == eva.email


def test_since_you_last_met_counts_from_the_last_done_visit() -> None:
    before, after = NOW - timedelta(days=20), NOW - timedelta(days=2)
    card = cards(brief(met(3), met(1), newcomer("Jonas", after), newcomer("Karin", before)))["since"]
    assert card["since"] == "2026-11-03"
    assert [line["facts"].get("name") for line in card["lines"] if line["kind"] == "person.new"] == ["Jonas"]


def test_without_a_meeting_nothing_is_said_to_have_happened_since() -> None:
    assert "since" not in cards(brief(newcomer("Jonas", NOW)))


def test_the_same_claim_from_two_sources_is_one_line_with_both_records() -> None:
    one = custom("Credit limit reached", evidence=(evidence("erp-1"),))
    two = custom("Credit limit reached", evidence=(evidence("bank-1"),), weight=0.7)
    document = orjson.loads(brief(one, two).content)
    (line,) = document["cards"][1]["lines"]
    assert {document["evidence"][i]["id"] for i in line["evidence"]} == {"erp-1", "bank-1"} and line["weight"] == 0.7


def test_a_record_is_in_the_evidence_once_at_its_newest() -> None:
    older, newer = evidence("1", NOW - timedelta(days=2)), evidence("1", NOW)
    document = orjson.loads(brief(custom("a", evidence=(older,)), custom("b", evidence=(newer,))).content)
    assert [e["as_of"] for e in document["evidence"]] == ["2026-11-21T08:00:00Z"]


def test_missing_data_is_listed_as_missing_and_not_as_a_figure() -> None:
    silent = Signal("usage.none_connected", ACCOUNT, {}, (evidence("a-1", type_="account"),), 0.2, "", NOW)
    card = cards(brief(silent))["usage"]
    assert card["lines"] == [] and [line["kind"] for line in card["missing"]] == ["usage.none_connected"]


def test_people_who_will_be_there_come_first_and_what_concerns_them_weighs_more() -> None:
    people = [Person("p-1", "Zoe", role="decision_maker"), Person("p-2", "Adam", role="user"), Person("p-3", "Bo")]
    card = cards(brief(*people, newcomer("p-3", NOW), visit=Visit("v", ("p-3", "p-2"))))["people"]
    assert [person["id"] for person in card["people"]] == ["p-3", "p-2", "p-1"]
    assert card["people"][0]["lines"][0]["weight"] == 0.5


def test_a_kind_or_a_fact_that_the_catalogue_lacks_is_reported_and_left_out() -> None:
    unknown = Signal("acme.surprise", ACCOUNT, {}, (evidence("1"),), 0.9, "", NOW)
    incomplete = Signal("usage.steady", ACCOUNT, {"name": "Line 2"}, (evidence("1"),), 0.9, "", NOW)
    briefing = brief(unknown, incomplete)
    assert cards(briefing) == {}
    assert [r.kind for r in briefing.rejected] == ["acme.surprise", "usage.steady"]
    assert "level" in briefing.rejected[1].reason


def test_a_chart_keeps_days_without_data_empty() -> None:
    values = [1.23456, None, float("nan"), 0.0]
    chart = Chart("s-1", "Line 2", "h", date(2026, 11, 18), values, evidence("s-1", type_="usage_series"))
    (drawn,) = cards(brief(chart))["usage"]["charts"]
    assert drawn["values"] == [1.235, None, None, 0]
    assert cards(brief(replace(chart, values=[None, None]))) == {}


def test_the_version_changes_with_the_content_and_not_with_the_hour() -> None:
    items = [overdue("7"), met(3)]
    first = compose("b-1", "a-1", items, NOW)
    assert compose("b-1", "a-1", items, NOW + timedelta(hours=5)).version == first.version
    assert compose("b-1", "a-1", [*items, overdue("8")], NOW).version != first.version


# --- whatever arrives ----------------------------------------------------------------------------------------------

texts = st.text(max_size=40)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
records = st.builds(
    Evidence, st.sampled_from(["ticket", "visit"]), st.sampled_from("abcd"), st.sampled_from(["desk", "crm"]), instants,
    texts,
)  # fmt: skip
subjects = st.builds(Subject, st.sampled_from(["account", "ticket", "person"]), st.sampled_from("abcd"), texts)
some_evidence = st.lists(records, min_size=1, max_size=3).map(tuple)


audiences = st.builds(Audience, st.sampled_from("abcd"), st.sampled_from(["phone", "email"]))


def _signal(kind: str, facts: dict) -> st.SearchStrategy[Signal]:
    return st.builds(
        Signal, st.just(kind), subjects, st.fixed_dictionaries(facts), some_evidence, st.floats(0, 1), texts, instants,
        st.none() | instants, st.none() | audiences,
    )  # fmt: skip


figures = st.integers(0, 10**9) | st.floats(-1e12, 1e12)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
signals = st.one_of(
    _signal("ticket.overdue", {"title": texts, "number": texts, "due": days, "more": st.integers(0, 9)}),
    _signal(
        "usage.falling", {"name": texts, "pct": figures, "since": days, "level": figures, "was": figures, "unit": texts}
    ),
    _signal("usage.nothing_received", {"name": texts, "last": instants, "every": st.integers(0, 99)}),
    _signal("visit.last_said", {"met": days, "said": texts}),
    _signal("person.new", {"name": texts, "title": texts, "started": days}),
    _signal("custom.news", {"text": texts}),
    _signal("invented.kind", {}),
)
people = st.builds(
    Person, st.sampled_from("abcd"), texts, texts, st.sampled_from(["user", "decision_maker", "chief"]), texts, texts,
    st.sampled_from(["", "phone"]), texts, st.frozensets(st.sampled_from(["phone", "email"])),
)  # fmt: skip
charts = st.builds(
    Chart, st.sampled_from("wxyz"), texts, texts, days, st.lists(st.none() | st.floats(allow_nan=True), max_size=28),
    records, st.none() | st.floats(), st.none() | days, st.none() | st.integers(-100, 999), st.floats(0, 1),
)  # fmt: skip
# A person or a series is one record: the same id does not come with two different contents.
everything = st.tuples(
    st.lists(signals, max_size=25),
    st.lists(people, max_size=4, unique_by=lambda p: p.id),
    st.lists(charts, max_size=4, unique_by=lambda c: c.series_id),
).map(lambda parts: [*parts[0], *parts[1], *parts[2]])
visits = st.none() | st.builds(Visit, st.just("v"), st.lists(st.sampled_from("abcd"), max_size=3).map(tuple))


@settings(max_examples=150, deadline=None)
@given(everything, visits, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(items: list[Item], visit: Visit | None, shuffler: random.Random) -> None:
    shuffled = items.copy()
    shuffler.shuffle(shuffled)
    assert compose("b", "a", shuffled, NOW, visit) == compose("b", "a", items, NOW, visit)


@settings(max_examples=150, deadline=None)
@given(everything, visits)
def test_every_briefing_keeps_the_rules_of_the_house(items: list[Item], visit: Visit | None) -> None:
    document = orjson.loads(compose("b", "a", items, NOW, visit).content)
    order = [card["kind"] for card in document["cards"]]
    assert order == [name for name in CARD_ORDER if name in order]
    before = next((card["lines"] for card in document["cards"] if card["kind"] == "before"), [])
    assert len(before) <= 5
    assert all([line["kind"] for line in before].count(line["kind"]) <= 2 for line in before)
    indexes = [i for line in lines_of(document) for i in line["evidence"]]
    indexes += [chart["evidence"] for card in document["cards"] for chart in card.get("charts", [])]
    assert set(indexes) == set(range(len(document["evidence"])))
    assert all(line["evidence"] for line in lines_of(document))
    for card in document["cards"]:
        assert any(card.get(part) for part in ("lines", "missing", "people", "charts"))


@settings(max_examples=100, deadline=None)
@given(everything)
def test_every_line_of_every_briefing_can_be_read(items: list[Item]) -> None:
    renderer = Renderer()
    for line in lines_of(orjson.loads(compose("b", "a", items, NOW).content)):
        assert line["kind"] in kinds()
        assert renderer.line(line["kind"], line["facts"], NOW, "Europe/Stockholm").claim.count("**") % 2 == 0
