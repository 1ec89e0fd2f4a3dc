"""What each capability says of an account, from real rows to the lines of a briefing, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.briefing.render import Renderer
from app.customers.tables import Account, Goal, Opportunity, Person, Promise
from app.products.tables import Product, Subscription
from app.tickets.tables import Ticket, TicketEvent
from app.visits.tables import Note, Visit
from tests.support.briefing_world import NOW, World, ago, day, make_world


@pytest.fixture
def world(database: Any, directory: Any) -> World:
    return make_world(database, directory.orgs["north"], directory.users["rep@north"])


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def steady(days: int, level: float, seed: int = 1) -> list[float]:
    return [round(value, 1) for value in level * np.random.default_rng(seed).normal(1, 0.03, days)]


def test_an_account_of_which_nothing_is_known_says_what_is_missing(world: World) -> None:
    lines = world.lines()
    assert set(lines) >= {
        "person.none_known", "subscription.none_known", "ticket.none_received", "usage.none_connected", "visit.none_yet",
    }  # fmt: skip
    document = world.document()
    assert all(card["lines"] == [] for card in document["cards"])
    assert [e["type"] for e in document["evidence"]] == ["account"]


# --- tickets -------------------------------------------------------------------------------------------------------


def ticket(world: World, number: str, **values: Any) -> str:
    fields = {"subject": f"Ticket {number}", "status": "open", "opened_at": ago(1), "external_ids": {"desk": number}}
    return world.add(Ticket, number=number, **{**fields, **values})


def test_open_tickets_are_counted_by_priority(world: World) -> None:
    for number, priority in enumerate(("urgent", "high", "normal", "normal", "low")):
        ticket(world, str(number), priority=priority)
    ticket(world, "9", status="closed", solved_at=ago(90), closed_at=ago(80))
    lines = world.lines()
    counts = ("open", "urgent", "high", "normal", "low")
    assert [lines["ticket.open"][name] for name in counts] == [5, 1, 1, 2, 1]
    assert lines["ticket.open_urgent"]["title"] == "Ticket 0"
    assert "ticket.none_open" not in lines


def test_a_late_ticket_leads_and_the_rest_are_counted(world: World) -> None:
    ticket(world, "4812", subject="Seal leak", priority="high", due_at=ago(6))
    ticket(world, "4813", due_at=ago(2))
    ticket(world, "4814", due_at=ago(-2))
    document = world.document()
    first = document["cards"][0]["lines"][0]
    assert first["kind"] == "ticket.overdue"
    assert first["facts"] == {
        "due": {"instant": "2026-11-15T08:00:00Z"}, "more": 1, "number": "4812", "title": "Seal leak",
    }  # fmt: skip
    evidence = document["evidence"][first["evidence"][0]]
    assert (evidence["source"], evidence["label"]) == ("desk", "Ticket 4812")


def test_the_only_open_ticket_is_named_and_said_once(world: World) -> None:
    row = ticket(world, "1", subject="Noise", opened_at=ago(3))
    lines = world.lines()
    assert lines["ticket.open"]["title"] == "Noise" and lines["ticket.open"]["open"] == 1
    world.change(Ticket, row, due_at=ago(1), priority="urgent")
    assert {kind for kind in world.lines() if kind.startswith("ticket")} == {"ticket.overdue"}


def test_a_ticket_that_came_back_says_when_from_its_history(world: World) -> None:
    row = ticket(world, "1", reopened_count=1, opened_at=ago(9))
    for hours, status in enumerate(("new", "solved", "open")):
        values = {"at": ago(5) + timedelta(hours=hours), "kind": "status", "value": status}
        with world.database.write() as session:
            session.add(TicketEvent(ticket_id=row, org_id=world.org_id, external_id=str(hours), **values))
    facts = world.lines()["ticket.reopened"]
    assert facts["times"] == 1 and facts["reopened"] == {"instant": "2026-11-16T10:00:00Z"}


def test_a_ticket_ages_by_its_priority(world: World) -> None:
    ticket(world, "1", priority="normal", opened_at=ago(13))
    assert "ticket.ageing" not in world.lines()
    ticket(world, "2", priority="high", opened_at=ago(13))
    assert world.lines()["ticket.ageing"]["number"] == "2"


def test_solved_tickets_are_news_for_a_month_and_calm_after_that(world: World) -> None:
    ticket(world, "1", status="closed", opened_at=ago(9), solved_at=ago(5), closed_at=ago(1))
    assert world.lines()["ticket.solved"]["solved"] == {"instant": "2026-11-16T08:00:00Z"}
    later = world.lines(NOW + timedelta(days=40))
    assert "ticket.solved" not in later
    assert later["ticket.none_open"] == {"moved": {"instant": "2026-11-20T08:00:00Z"}}


# --- usage ---------------------------------------------------------------------------------------------------------


def test_falling_usage_is_said_with_its_day_and_drawn(world: World) -> None:
    world.usage("Line 2", steady(168, 420) + steady(12, 302, 2), entitlement=420.0, entitlement_kind="plan")
    document = world.document()
    line = next(line for card in document["cards"] for line in card["lines"] if line["kind"] == "usage.falling")
    assert line["facts"]["since"] == {"date": "2026-11-09"} and 25 <= line["facts"]["pct"] <= 31
    assert line["facts"]["was"] == pytest.approx(420, rel=0.03)
    (chart,) = next(card for card in document["cards"] if card["kind"] == "usage")["charts"]
    assert chart["from"] == "2026-10-24" and len(chart["values"]) == 28 and chart["plan"] == 420
    assert chart["change"] == {"on": "2026-11-09", "pct": -line["facts"]["pct"]}


def test_a_day_that_is_not_over_is_not_judged(world: World) -> None:
    world.usage("Line 2", [*steady(179, 420), 3.0], last=day(0))
    lines = world.lines()
    assert "usage.steady" in lines and "usage.falling" not in lines


def test_a_silent_source_is_missing_and_not_zero(world: World) -> None:
    world.usage("Meter PX-220", steady(170, 20), last=day(-8), expected_every_hours=24)
    document = world.document()
    card = next(card for card in document["cards"] if card["kind"] == "usage")
    assert [line["kind"] for line in card["missing"]] == ["usage.nothing_received"]
    assert not any(line["kind"].startswith(("usage.falling", "usage.stopped")) for line in card["lines"])
    assert card["charts"][0]["values"][-7:] == [None] * 7


def test_a_source_that_reports_zero_has_stopped(world: World) -> None:
    world.usage("Pump 7", steady(170, 20) + [0.0] * 10)
    assert world.lines()["usage.stopped"]["since"] == {"date": "2026-11-11"}


def test_use_is_held_against_what_was_bought(world: World) -> None:
    world.usage("API calls", steady(100, 470), entitlement=420.0, entitlement_kind="cap", entitlement_period="day")
    world.usage("Monitor", [28.0] * 60, unit="seats", aggregation="max", entitlement=40.0, entitlement_kind="seats")
    lines = world.lines()
    assert 10 <= lines["usage.overage"]["pct"] <= 14
    assert (lines["usage.unused_seats"]["unused"], lines["usage.unused_seats"]["seats"]) == (12, 40)


def test_a_climb_towards_the_plan_says_when(world: World) -> None:
    climb = [300 + n + noise for n, noise in enumerate(steady(90, 1.0))]
    world.usage("Line 3", climb, entitlement=410.0, entitlement_kind="plan")
    assert 1 <= world.lines()["usage.near_plan"]["weeks"] <= 5


def test_little_data_says_so(world: World) -> None:
    world.usage("New meter", steady(10, 20))
    world.usage("Bare meter", [])
    lines = world.lines()
    assert lines["usage.too_few"] == {"days": 10, "name": "New meter"}
    assert lines["usage.never_received"] == {"name": "Bare meter"}


def test_a_source_that_fell_silent_years_ago_is_still_missing(world: World) -> None:
    world.usage("Old meter", steady(30, 20), last=day(-900))
    card = next(card for card in world.document()["cards"] if card["kind"] == "usage")
    assert [line["kind"] for line in card["missing"]] == ["usage.nothing_received"] and "charts" not in card


# --- contracts -----------------------------------------------------------------------------------------------------


def subscription(world: World, **values: Any) -> str:
    product = world.add(Product, sku=f"sku-{len(values)}-{values.get('contract_number')}", name="Service plan Gold")
    return world.add(Subscription, product_id=product, **{"starts_on": day(-700), **values})


def test_notice_comes_before_renewal(world: World) -> None:
    subscription(world, contract_number="C-1", renews_on=day(70), notice_days=60, auto_renew=True)
    facts = world.lines()["subscription.notice_near"]
    assert facts["notice"] == {"date": "2026-12-01"} and facts["renews"] == {"date": "2027-01-30"}
    assert "subscription.renewal_near" in world.lines(NOW + timedelta(days=20))


def test_a_term_that_does_not_renew_itself_ends(world: World) -> None:
    row = subscription(world, ends_on=day(20))
    assert world.lines()["subscription.ends_near"]["contract"] == "without a number"
    world.change(Subscription, row, ends_on=day(-20), status="expired")
    assert world.lines()["subscription.ended"]["ended"] == {"date": "2026-11-01"}
    assert "subscription.ended" not in world.lines(NOW + timedelta(days=90))


def test_a_far_renewal_is_not_mentioned_and_a_cancelled_one_ends(world: World) -> None:
    subscription(world, contract_number="1", renews_on=day(200), auto_renew=True)
    assert not any(kind.startswith("subscription") for kind in world.lines())
    subscription(world, contract_number="2", renews_on=day(30), ends_on=day(30), auto_renew=True, status="cancelled")
    assert "subscription.ends_near" in world.lines()


# --- visits --------------------------------------------------------------------------------------------------------


def visit(world: World, start: datetime, **values: Any) -> str:
    fields = {"starts_at": start, "ends_at": start + timedelta(hours=1), "time_zone": "Europe/Stockholm", **values}
    return world.add(Visit, user_id=world.rep_id, **fields)


def test_what_was_said_last_time_comes_from_the_last_visit_that_was_done(world: World) -> None:
    visit(world, ago(30), status="done", outcome="Old news")
    visit(
        world,
        at(2026, 11, 3, 10),
        status="done",
        outcome="Good talk",
        notes="They want a spare seal.",
        next_step="Send it",
    )
    visit(world, ago(2), status="cancelled", outcome="Never happened")
    lines = world.lines()
    assert lines["visit.last_said"] == {"met": {"date": "2026-11-03"}, "said": "Good talk. They want a spare seal."}
    assert lines["visit.next_step"]["step"] == "Send it"
    assert next(c for c in world.document()["cards"] if c["kind"] == "since")["since"] == "2026-11-03"


def test_a_visit_without_a_note_says_that(world: World) -> None:
    visit(world, ago(3), status="done", notes="  ")
    assert set(world.lines()) >= {"visit.last_met"} and "visit.last_said" not in world.lines()


# --- people, promises, goals, deals --------------------------------------------------------------------------------


def note(world: World, written: datetime, text: str, **values: Any) -> str:
    """A note that Sara wrote."""
    return world.add(Note, account_id=world.account_id, author="Sara", text=text, written_at=written, **values)


def test_notes_since_the_last_visit_are_on_the_card_with_who_and_when(world: World) -> None:
    visit_id = visit(world, at(2026, 11, 3, 9), status="done", notes="Good talk.")
    note(world, at(2026, 10, 1, 9), "Before the visit")
    about = note(world, at(2026, 11, 3, 8), "At the visit", visit_id=visit_id)
    newest = note(world, at(2026, 11, 18, 9), "Ask for the key.\n\n" + "A long story " * 40)
    [since] = [card for card in world.document()["cards"] if card["kind"] == "since"]
    said = [line["facts"] for line in since["lines"] if line["kind"] == "note.written"]
    assert [(facts["by"], facts["text"][:16]) for facts in said] == [
        ("Sara", "Ask for the key."),
        ("Sara", "At the visit"),
    ]
    assert len(said[0]["text"]) <= 280 and said[0]["text"].endswith("…") and said[0]["written"]["instant"]
    evidence = world.document()["evidence"]
    named = {item["id"]: item for item in evidence if item["type"] == "note"}
    assert set(named) == {about, newest} and named[newest]["label"] == "Note by Sara"


def test_the_three_newest_notes_are_shown_also_where_nobody_was_yet_and_old_ones_are_not(world: World) -> None:
    for number in range(1, 6):
        note(world, at(2026, 11, number, 9), f"Day {number}")
    assert [line["facts"]["text"] for line in note_lines(world)] == ["Day 5", "Day 4", "Day 3"]


def test_notes_of_last_year_are_history(world: World) -> None:
    note(world, at(2025, 11, 1, 9), "Long ago")
    assert note_lines(world) == []


def note_lines(world: World) -> list[dict[str, Any]]:
    """The notes on the card."""
    cards = [card for card in world.document()["cards"] if card["kind"] == "since"]
    return [line for card in cards for line in card["lines"] if line["kind"] == "note.written"]


def test_people_who_are_new_who_left_and_who_want_no_calls(world: World) -> None:
    consent = [
        {"channel": "phone", "status": "granted", "recorded_at": "2025-01-01T00:00:00Z", "source": "form"},
        {"channel": "phone", "status": "withdrawn", "recorded_at": "2026-01-01T00:00:00Z", "source": "mail"},
        {"channel": "email", "status": "withdrawn", "recorded_at": "2025-01-01T00:00:00Z", "source": "form"},
        {"channel": "email", "status": "granted", "recorded_at": "2026-01-01T00:00:00Z", "source": "form"},
    ]
    world.add(Person, name="Eva", title="Plant manager", phone="+46 1", email="eva@x.example", consent=consent)
    world.add(Person, name="Jonas", started_on=day(-20))
    world.add(Person, name="Karin", title="Buyer", left_on=day(-10))
    world.add(Person, name="Olle", left_on=day(-400))
    lines = world.lines()
    assert lines["person.new"] == {"name": "Jonas", "started": {"date": "2026-11-01"}, "title": "title not known"}
    assert lines["person.left"]["name"] == "Karin" and lines["person.no_calls"] == {"name": "Eva"}
    assert "person.no_emails" not in lines
    people = {p["name"]: p for c in world.document()["cards"] for p in c.get("people", [])}
    assert set(people) == {"Eva", "Jonas"}
    assert "phone" not in people["Eva"] and people["Eva"]["email"] == "eva@x.example"


def test_promises_are_late_due_or_kept(world: World) -> None:
    eva = world.add(Person, name="Eva")
    made = {"made_on": day(-18), "user_id": world.rep_id}
    world.add(Promise, text="the report", due_on=day(-3), person_id=eva, **made)
    world.add(Promise, text="the spare part", due_on=day(0), **made)
    world.add(Promise, text="the visit", due_on=day(-9), status="kept", kept_on=day(-9), **made)
    lines = world.lines()
    assert lines["promise.overdue"]["to"] == "Eva" and lines["promise.overdue"]["by"] == "Rep"
    assert lines["promise.due"]["to"] == "Norrvik Paper"
    assert lines["promise.kept"]["kept"] == {"date": "2026-11-12"}


def test_a_promise_for_today_is_late_tomorrow_by_the_accounts_own_midnight(world: World) -> None:
    world.add(Promise, text="the report", due_on=day(0), made_on=day(-3))
    assert "promise.due" in world.lines(at(2026, 11, 21, 22, 59))
    assert "promise.overdue" in world.lines(at(2026, 11, 21, 23, 1))


def test_goals_and_deals(world: World) -> None:
    world.add(Goal, title="Fewer stops", target="6 a year", due_on=day(20))
    world.add(Goal, title="Less energy")
    world.add(Goal, title="More tonnes", due_on=day(-2))
    world.add(Opportunity, name="Retrofit", stage="won", closed_on=day(-4), value_minor=113161, value_currency="EUR")
    world.add(Opportunity, name="Line 4", stage="engaging", opened_on=day(-34))
    world.add(Opportunity, name="Long ago", stage="lost", closed_on=day(-400))
    lines = world.lines()
    assert lines["goal.due"]["target"] == "6 a year" and lines["goal.open"]["target"] == "not stated"
    assert lines["goal.overdue"]["title"] == "More tonnes"
    assert lines["opportunity.won"]["value"] == {"money": ["1131.61", "EUR"]}
    assert lines["opportunity.open"]["value"] == "value not known"
    assert "opportunity.lost" not in lines


def test_every_line_of_a_full_briefing_can_be_read(world: World) -> None:
    test_open_tickets_are_counted_by_priority(world)
    test_falling_usage_is_said_with_its_day_and_drawn(world)
    test_goals_and_deals(world)
    world.change(Account, world.account_id, name="**Norr**\u202evik")
    for kind, facts in world.lines().items():
        assert Renderer().line(kind, facts, NOW, "Europe/Stockholm").claim
