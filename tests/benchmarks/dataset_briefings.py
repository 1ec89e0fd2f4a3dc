"""Briefings of the large organisation: as many signals as an ordinary account has, put together by the real composer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.briefing import compose
from app.briefing.signal import Chart, Evidence, Fact, Item, Person, Signal, Subject

Row = dict[str, Any]

RECORDS = {
    "usage": "usage_series",
    "ticket": "ticket",
    "subscription": "subscription",
    "promise": "promise",
    "visit": "visit",
    "news": "news_item",
}
NEWS = (
    "{name} builds a new line and looks for sixty people",
    "{name} cuts energy use by seven per cent",
    "New plant manager at {name}",
    "{name} moves orders to its other site",
)


@dataclass(frozen=True)
class Told:
    """An account with what belongs to it, at a moment. `new_id` makes ids, `dice` is the seeded chance."""

    account: Row
    people: Sequence[Row]
    tickets: Sequence[Row]
    subscriptions: Sequence[Row]
    promise: Row
    visits: Sequence[Row]
    moment: datetime
    new_id: Callable[[], str]
    dice: random.Random


def briefings(told: Told) -> Iterator[Row]:
    """Rows of the account's briefing, and of one for each planned visit of the next week."""
    items = list(items_of(told))
    week = told.moment + timedelta(days=7)
    ahead = [v for v in told.visits if v["status"] == "planned" and v["starts_at"] < week]
    for visit in [None, *ahead]:
        made = compose.Visit(visit["id"], (told.people[0]["id"],)) if visit else None
        briefing = compose.compose(told.new_id(), told.account["id"], items, told.moment, made)
        if briefing.rejected:
            raise ValueError(f"the catalogue cannot say what the bench signals say: {briefing.rejected}")
        yield {
            "id": briefing.id,
            "org_id": told.account["org_id"],
            "account_id": told.account["id"],
            "visit_id": briefing.visit_id,
            "body": briefing.content,
            "version": briefing.version,
            "row_version": 1,
            "as_of": briefing.as_of,
            "composed_at": told.moment,
        }


def items_of(told: Told) -> Iterator[Item]:
    """What an ordinary account has to say: people, a chart, and about ten signals."""
    dice, moment, people = told.dice, told.moment, told.people
    for person in people:
        yield Person(
            person["id"], person["name"], person["title"], person["role"], person["phone"], person["email"],
            person["preferred_channel"] or "", person["preferred_times"] or "",
        )  # fmt: skip
    series_id = told.new_id()
    first_day, level = moment.date() - timedelta(days=28), dice.randrange(80, 600)
    values = [round(level * dice.gauss(1, 0.03)) for _ in range(28)]
    meter = Evidence("usage_series", series_id, "Meters", moment - timedelta(hours=1), "Running hours")
    yield Chart(series_id, "Running hours, all pumps", "h", first_day, values, meter, plan=float(level + 20))
    promise, last_visit = told.promise, told.visits[0]
    usage: dict[str, Fact] = {"name": "Running hours, all pumps", "level": level, "unit": "h"}
    if falls := dice.random() < 0.3:
        usage |= {"pct": dice.randrange(11, 40), "since": first_day + timedelta(days=16), "was": level + 80}
    claims: list[tuple[str, Row, str, dict[str, Fact], float]] = [
        ("usage.falling" if falls else "usage.steady", {"id": series_id}, "Meters", usage, 0.5),
        *(_ticket_signal(ticket) for ticket in told.tickets),
        *(_contract_signal(sub) for sub in told.subscriptions if sub["renews_on"] < moment.date() + timedelta(days=90)),
        (
            "promise.due",
            promise,
            "Visit note",
            {
                "to": people[0]["name"],
                "text": promise["text"],
                "due": promise["due_on"],
                "by": "Rep",
                "made": promise["made_on"],
            },
            0.6,
        ),
        (
            "visit.last_said",
            last_visit,
            "Visit note",
            {"met": last_visit["starts_at"], "said": last_visit["notes"]},
            0.3,
        ),
        (
            "visit.next_step",
            last_visit,
            "Visit note",
            {"met": last_visit["starts_at"], "step": last_visit["next_step"]},
            0.35,
        ),
    ]
    for number in range(dice.randrange(0, 3)):
        title = dice.choice(NEWS).format(name=told.account["name"])
        published = moment - timedelta(days=number + 1)
        story: dict[str, Fact] = {"title": title, "publishers": 1, "publisher": "Process North", "published": published}
        claims.append(("news.mention", {"id": told.new_id()}, "Process North", story, 0.3))
    for kind, row, source, facts, weight in claims:
        told_at = moment - timedelta(minutes=dice.randrange(60, 20_000))
        record = RECORDS[kind.partition(".")[0]]
        evidence = Evidence(record, row["id"], source, told_at, str(facts.get("title", record)))
        yield Signal(
            kind, Subject(record, row["id"], told.account["name"]), facts, (evidence,), weight, "bench", told_at
        )


def _ticket_signal(ticket: Row) -> tuple[str, Row, str, dict[str, Fact], float]:
    about: dict[str, Fact] = {"title": ticket["subject"], "number": ticket["number"]}
    if ticket["solved_at"]:
        return "ticket.solved", ticket, "Service desk", about | {"count": 1, "solved": ticket["solved_at"]}, 0.35
    return "ticket.overdue", ticket, "Service desk", about | {"due": ticket["due_at"], "more": 0}, 0.8


def _contract_signal(sub: Row) -> tuple[str, Row, str, dict[str, Fact], float]:
    terms: dict[str, Fact] = {"product": "Watch Plus", "renews": sub["renews_on"], "contract": sub["contract_number"]}
    return "subscription.renewal_near", sub, "ERP", terms | {"quantity": sub["quantity"]}, 0.4
