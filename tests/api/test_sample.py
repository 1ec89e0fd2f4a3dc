"""The sample territory in a database: whole, the same when loaded again, and with every story in it, on whatever day."""

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
import sqlalchemy as sa

from app.briefing.tables import StoredBriefing
from app.customers.tables import Account, Person, Promise
from app.foundation import clock, outbox
from app.foundation.db import Database
from app.foundation.tables import Organisation
from app.identity.tables import User
from app.news.service import Poller, PollReport
from app.news.tables import Feed, Mention, NewsItem
from app.products.tables import Subscription
from app.sample import allowed_outbound, load_when_empty, loader, serve_feeds
from app.sample.feed_server import FeedServer
from app.tables import metadata
from app.threads.tables import Message
from app.tickets.tables import Ticket, TicketEvent
from app.usage.entitlement import Entitlement, overage, unused_seats
from app.usage.silence import is_silent
from app.usage.tables import UsageDaily, UsageSeries
from app.usage.trend import Direction, Values, daily_grid, trend
from app.visits.tables import Note, Visit
from tests.conftest import make_application, settings_for
from tests.support.phones import Api

FEEDS = "http://127.0.0.1:8001"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
SATURDAY = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
DAYS = {
    "a Tuesday morning": datetime(2026, 11, 24, 6, 10, tzinfo=UTC),
    "a Sunday": datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    "the change to summer time": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    "the change to winter time": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "a 29th of February": datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    "New Year's Eve": datetime(2026, 12, 31, 22, 30, tzinfo=UTC),
}


@pytest.fixture(scope="module", params=DAYS.values(), ids=DAYS.keys())
def loaded_on(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, datetime]]:
    """A database in which the territory was loaded on that day; tests only read it."""
    path = tmp_path_factory.mktemp("sample") / "loaded.db"
    path.write_bytes(request.getfixturevalue("_migrated_sqlite").read_bytes())
    database = Database(f"sqlite:///{path}")
    with clock.fixed(request.param):
        loader.load(database, request.param, FEEDS)
    yield database, request.param
    database.dispose()


def rows_of(database: Database) -> dict[str, str]:
    """A digest of every table but the log of who wrote."""
    with database.read() as session:
        return {
            table.name: hashlib.sha256(
                repr(sorted(map(repr, session.execute(sa.select(table)).all()))).encode()
            ).hexdigest()
            for table in metadata.sorted_tables
            if table.name not in ("audit_entry", "job")
        }


def values_of(database: Database, name: str, account: str) -> tuple[Values, date, UsageSeries]:
    """Daily values up to the day before loading, the first of their days, and the series."""
    with database.read() as session:
        series = session.scalars(
            sa.select(UsageSeries).join(Account, Account.id == UsageSeries.account_id)
            .where(Account.name == account, UsageSeries.name == name)
        ).one()  # fmt: skip
        told = session.execute(
            sa.select(UsageDaily.day, UsageDaily.value)
            .where(UsageDaily.series_id == series.id)
            .order_by(UsageDaily.day)
        ).all()
        first, last = told[0].day, session.scalars(sa.select(sa.func.max(UsageDaily.day))).one()
        return daily_grid([row.day for row in told], [row.value for row in told], first, last), first, series


def test_colleagues_have_written_and_talked_under_their_own_names(loaded_on: tuple[Database, datetime]) -> None:
    database, loaded_at = loaded_on
    with database.read() as session:
        names = {user.id: user.name for user in session.scalars(sa.select(User))}
        notes, messages = session.scalars(sa.select(Note)).all(), session.scalars(sa.select(Message)).all()
    for row in (*notes, *messages):
        assert row.author == names[row.user_id] and row.written_at <= loaded_at
    assert {name for row in messages for name in row.mentions} <= set(names)
    assert sum(bool(row.mentions) for row in messages) >= 6 and any(row.visit_id for row in messages)


def test_the_whole_territory_is_loaded_with_under_five_seconds_of_work(database: Database) -> None:
    started = time.process_time()  # not the wall clock: other work on the machine is not ours
    done = loader.load(database, SATURDAY, FEEDS)
    assert time.process_time() - started < 5
    assert done.created == {
        "user": 6,
        "product": 18,
        "account": 80,
        "territory": 81,
        "person": 209,
        "subscription": 179,
        "usage_series": 71,
        "ticket": done.created["ticket"],
        "visit": done.created["visit"],
        "note": 9,
        "message": 8,
        "goal": 83,
        "promise": done.created["promise"],
        "feed": 21,
    }
    assert done.created["ticket"] > 90 and done.created["visit"] > 170 and done.created["promise"] > 45
    with database.read() as session:
        assert session.scalars(sa.select(sa.func.count()).select_from(UsageDaily)).one() > 12_000
        assert session.scalars(sa.select(sa.func.count()).select_from(TicketEvent)).one() > 350


def test_loading_again_a_week_later_changes_nothing(database: Database) -> None:
    loader.load(database, SATURDAY, FEEDS)
    before = rows_of(database)
    with clock.fixed(SATURDAY + timedelta(days=7)):
        again = loader.load(database, SATURDAY + timedelta(days=7), FEEDS)
    assert not any(again.created.values()) and not any(again.changed.values())
    assert rows_of(database) == before


def test_what_someone_changed_or_deleted_is_as_it_was_after_loading_again(database: Database) -> None:
    loader.load(database, SATURDAY, FEEDS)
    with database.write() as session:
        session.execute(sa.update(Account).where(Account.name == "Norrvik Paper").values(phone="wrong"))
    again = loader.load(database, SATURDAY, FEEDS)
    assert again.changed["account"] == 1 and sum(again.created.values()) == 0


def test_a_demo_that_is_kept_for_a_week_goes_on_measuring(database: Database) -> None:
    loader.load(database, SATURDAY, FEEDS)
    assert loader.catch_up(database, SATURDAY + timedelta(hours=2)) == 0
    later = SATURDAY + timedelta(days=9)
    with clock.fixed(later):
        load_when_empty(database, settings_for(database))
    with database.read() as session:
        received = session.execute(sa.select(UsageSeries.name, UsageSeries.last_received_at)).all()
        newest = session.scalars(sa.select(sa.func.max(UsageDaily.day))).one()
    silent = [name for name, at in received if at is None or is_silent(at, 24, later)]
    assert newest == later.date() - timedelta(days=1)
    assert len(silent) == 4 and "Pumped water, Stugsund station" in silent
    values, first, _series = values_of(database, "Running hours, line 2", "Norrvik Paper")
    judged = trend(values, first)
    assert judged.direction is Direction.FALLING and judged.since == date(2026, 11, 9)


def test_a_database_that_somebody_uses_is_left_alone(database: Database) -> None:
    with database.write() as session:
        session.add(Organisation(name="Somebody else"))
    with pytest.raises(loader.SampleError, match="in use"):
        loader.load(database, SATURDAY, FEEDS)
    assert load_when_empty(database, settings_for(database)) == []
    with database.read() as session:
        assert session.scalars(sa.select(sa.func.count()).select_from(Account)).one() == 0


def test_the_demo_users_sign_in_and_each_rep_sees_their_own_accounts(database: Database) -> None:
    told = load_when_empty(database, settings_for(database))
    app = make_application(database)
    seen: dict[str, set[str]] = {}
    for one in loader.sign_ins():
        assert any(one.email in line and one.password in line for line in told)
        client = Api.signed_in(app, one.email, one.password)
        seen[one.email] = {row["name"] for row in client.get("/accounts?limit=200").json["data"]}
        if one.role == "rep":
            account = client.get("/accounts").json["data"][0]["id"]
            assert client.get(f"/accounts/{account}/briefing").status_code == 200, "composed before anyone signs in"
    reps = [seen[one.email] for one in loader.sign_ins() if one.role == "rep"]
    assert sum(map(len, reps)) == 80 and len(set.union(*reps)) == 80
    assert all(len(names) >= 24 for names in reps)
    assert len(seen["henrik@rosvall-pumps.example"]) == 80
    assert "Norrvik Paper" in seen["elin@rosvall-pumps.example"]


def test_today_always_has_visits_and_other_planned_days_are_working_days(loaded_on: tuple[Database, datetime]) -> None:
    database, now = loaded_on
    today = now.astimezone(STOCKHOLM).date()
    with database.read() as session:
        visits = session.scalars(sa.select(Visit).where(Visit.status == "planned")).all()
        done = session.scalars(sa.select(Visit).where(Visit.status == "done")).all()
    per_rep: dict[str, int] = {}
    for visit in visits:
        starts = visit.starts_at.astimezone(ZoneInfo(visit.time_zone))
        assert 7 <= starts.hour < 18 and visit.ends_at > visit.starts_at
        assert starts.date() == today or (starts.date() > today and starts.weekday() < 5)
        if starts.date() == today:
            per_rep[visit.user_id] = per_rep.get(visit.user_id, 0) + 1
    assert len(per_rep) == 3 and all(3 <= count <= 5 for count in per_rep.values())
    assert all(visit.ends_at < now and visit.starts_at.weekday() < 5 for visit in done)


def test_nothing_that_has_happened_lies_ahead(loaded_on: tuple[Database, datetime]) -> None:
    database, now = loaded_on
    with database.read() as session:
        for column in (
            Ticket.opened_at, Ticket.solved_at, TicketEvent.at, UsageDaily.observed_at, UsageSeries.last_received_at,
            Visit.done_at, Account.updated_at, Promise.updated_at,
        ):  # fmt: skip
            latest = session.scalars(sa.select(sa.func.max(column))).one()
            assert latest <= now, column
        assert session.scalars(sa.select(sa.func.max(Promise.made_on))).one() < now.astimezone(STOCKHOLM).date()


def test_one_customer_uses_28_per_cent_less_since_twelve_days(loaded_on: tuple[Database, datetime]) -> None:
    database, now = loaded_on
    values, first, _series = values_of(database, "Running hours, line 2", "Norrvik Paper")
    judged = trend(values, first)
    assert judged.direction is Direction.FALLING and judged.change is not None
    assert round(100 * judged.change) == -28
    assert judged.since == now.astimezone(STOCKHOLM).date() - timedelta(days=12)


def test_one_customer_is_about_a_third_above_plan_and_rising(loaded_on: tuple[Database, datetime]) -> None:
    database, _now = loaded_on
    values, first, series = values_of(database, "Monitoring readings", "Brännland Dairy")
    last = first + timedelta(days=values.size - 1)
    over = overage(values, last, Entitlement(series.entitlement or 0, "plan", "day"))
    assert over is not None and 0.25 < over.excess < 0.4
    assert trend(values, first).direction is Direction.RISING


def test_one_customer_is_silent_for_a_week(loaded_on: tuple[Database, datetime]) -> None:
    database, now = loaded_on
    values, first, series = values_of(database, "Pumped water, Stugsund station", "Ljusvattnet")
    assert trend(values, first).direction is Direction.SILENT
    assert np.isnan(values[-7:]).all() and not np.isnan(values[-8])
    assert series.last_received_at is not None and is_silent(series.last_received_at, 24, now)


def test_one_customer_pays_for_seats_that_nobody_uses(loaded_on: tuple[Database, datetime]) -> None:
    database, _now = loaded_on
    values, first, series = values_of(database, "Rosvall Watch", "Dalstrand Kartong")
    seats = unused_seats(values, first + timedelta(days=values.size - 1), Entitlement(series.entitlement or 0, "seats"))
    assert seats is not None and 10 <= seats.unused <= 16


def test_most_series_are_steady_and_some_customers_are_not_connected(loaded_on: tuple[Database, datetime]) -> None:
    database, _now = loaded_on
    with database.read() as session:
        names = session.execute(
            sa.select(UsageSeries.name, Account.name).join(Account, Account.id == UsageSeries.account_id)
        ).all()
        without = session.scalars(
            sa.select(sa.func.count()).select_from(Account).where(Account.id.not_in(sa.select(UsageSeries.account_id)))
        ).one()
    directions = [trend(*values_of(database, series, account)[:2]).direction for series, account in names]
    assert 0.6 < directions.count(Direction.STEADY) / len(directions) < 0.85
    assert directions.count(Direction.FALLING) >= 4 and directions.count(Direction.RISING) >= 6
    assert without >= 10


def test_every_other_story_is_there(loaded_on: tuple[Database, datetime]) -> None:
    database, now = loaded_on
    today = now.astimezone(STOCKHOLM).date()

    def some(query: sa.Select[Any]) -> bool:
        with database.read() as session:
            return session.execute(query.limit(1)).first() is not None

    open_tickets = sa.select(Ticket).where(Ticket.status == "open")
    stories: dict[str, Callable[[], sa.Select[Any]]] = {
        "urgent and late": lambda: open_tickets.where(Ticket.priority == "urgent", Ticket.due_at < now),
        "reopened twice": lambda: open_tickets.where(Ticket.reopened_count == 2),
        "waiting for two months": lambda: sa.select(Ticket).where(
            Ticket.status == "on_hold", Ticket.opened_at < now - timedelta(days=60)
        ),
        "just solved": lambda: sa.select(Ticket).where(
            Ticket.status == "solved", Ticket.solved_at > now - timedelta(days=4)
        ),
        "a promise for today": lambda: sa.select(Promise).where(Promise.due_on == today, Promise.status == "open"),
        "a promise that is late": lambda: sa.select(Promise).where(Promise.due_on < today, Promise.status == "open"),
        "a promise kept": lambda: sa.select(Promise).where(Promise.status == "kept", Promise.kept_on < today),
        "a renewal within a month": lambda: sa.select(Subscription).where(
            Subscription.renews_on.between(today, today + timedelta(days=30))
        ),
        "a contract that ran out": lambda: sa.select(Subscription).where(
            Subscription.status == "expired", Subscription.ends_on < today
        ),
        "somebody new": lambda: sa.select(Person).where(Person.started_on > today - timedelta(days=14)),
        "somebody who left": lambda: sa.select(Person).where(Person.left_on > today - timedelta(days=30)),
        "a prospect": lambda: sa.select(Account).where(Account.status == "prospect"),
        "a customer lost": lambda: sa.select(Account).where(Account.status == "former"),
    }
    for story, query in stories.items():
        assert some(query()), story
    with database.read() as session:
        consents = session.scalars(sa.select(Person.consent)).all()
    refused = [entry for consent in consents for entry in consent if entry["status"] == "withdrawn"]
    assert any(entry["channel"] == "phone" for entry in refused)


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


def poll_all(database: Database, server: FeedServer) -> dict[str, PollReport]:
    """Poll every feed through the outbound client, which is allowed this one address on this machine; by title."""
    settings = settings_for(database, sample_feeds_port=server.port)
    allowed = ",".join(allowed_outbound(settings))
    poller = Poller.from_settings(settings_for(database, outbound_allow=allowed))
    with database.read() as session:
        feeds = session.execute(sa.select(Feed.id, Feed.title)).all()
    reports = {title: poller.poll(database, feed_id) for feed_id, title in feeds}
    return {title: report for title, report in reports.items() if report is not None}


def test_every_feed_is_polled_as_any_other_and_the_two_troubled_ones_say_why(
    database: Database, feed_server: FeedServer
) -> None:
    with clock.fixed(SATURDAY):
        loader.load(database, SATURDAY, feed_server.url)
        reports = poll_all(database, feed_server)
    problems = {title: report.problem.slug for title, report in reports.items() if report.problem}
    assert problems == {"Harbour Wire": "malformed-feed", "Foundry Lane Gazette": "not-a-feed"}
    assert len(reports) == 21 and all(report.new_items for title, report in reports.items() if title not in problems)
    with database.read() as session:
        told = session.execute(
            sa.select(Account.name, Mention.relation, NewsItem.publisher, NewsItem.title)
            .join(Mention, Mention.account_id == Account.id)
            .join(NewsItem, NewsItem.id == Mention.item_id)
        ).all()
    competitor = [row for row in told if row[:2] == ("Norrvik Paper", "competitor")]
    assert len({row.publisher for row in competitor}) == 3 and len({row.title for row in competitor}) == 1
    about = {name for name, relation, _publisher, _title in told if relation == "self"}
    assert len(about) >= 25
    assert {"Hestra Energi", "Meriholma Shipyard", "Norrstrand Värme", "Kokemäki Peroxide"} <= about


def test_the_briefing_of_the_first_visit_says_what_a_rep_must_know(database: Database, feed_server: FeedServer) -> None:
    make_application(database)
    with clock.fixed(SATURDAY):
        loader.load(database, SATURDAY, feed_server.url)
        poll_all(database, feed_server)
        outbox.drain(database)
        with database.read() as session:
            body = session.scalars(
                sa.select(StoredBriefing.body).join(Account, Account.id == StoredBriefing.account_id)
                .where(Account.name == "Norrvik Paper", StoredBriefing.visit_id.is_(None))
            ).one()  # fmt: skip
            count = session.scalars(sa.select(sa.func.count()).select_from(StoredBriefing)).one()
    assert count >= 80 + 30
    briefing = orjson.loads(body)
    before = briefing["cards"][0]
    assert before["kind"] == "before" and len(before["lines"]) == 5
    assert [line["kind"] for line in before["lines"]][:4] == [
        "ticket.overdue",
        "promise.due",
        "usage.falling",
        "news.competitor",
    ]
    assert before["lines"][2]["facts"]["pct"] == 28
    assert {briefing["evidence"][index]["source"] for line in before["lines"] for index in line["evidence"]} >= {
        "Service desk",
        "CRM",
        "Rosvall Watch",
    }
    chart = next(card for card in briefing["cards"] if card["kind"] == "usage")["charts"][0]
    assert chart["plan"] == 420 and chart["change"]["pct"] == -28 and len(chart["values"]) == 28


def test_feeds_are_served_where_the_settings_say_and_move_with_them(database: Database) -> None:
    with FeedServer() as other:
        free = other.port
    settings = settings_for(database, sample_feeds_port=free)
    assert serve_feeds(database, settings) is None
    loader.load(database, SATURDAY, FEEDS)
    server = serve_feeds(database, settings)
    assert server is not None and server.port == free
    with server:
        with database.read() as session:
            urls = session.scalars(sa.select(Feed.url)).all()
        assert len(urls) == 21 and all(url.startswith(f"{server.url}/2026-11-21/") for url in urls)
        assert loader.move_feeds(database, server.url) == 0
        assert serve_feeds(database, settings) is None, "the port is taken by another process of ours"
