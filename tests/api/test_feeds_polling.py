"""Feeds from the API to the briefing: polled over real connections, with every outcome kept and shown."""

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from app.briefing.signal import AccountRef, Context, Evidence
from app.customers.tables import Account
from app.foundation import changes, clock, outbox, tenancy
from app.foundation.db import Database, table_of
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.news import jobs, signals
from app.news.parser_pool import ParserPool
from app.news.service import Poller, start_anew
from app.news.tables import Feed, Mention, NewsItem
from tests.support.feed_server import FeedServer, bomb, document, drip, raw, redirect, rss, status, truncated

FEEDS, ITEMS, MENTIONS, ACCOUNTS = map(table_of, (Feed, NewsItem, Mention, Account))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIMITS = Limits(connect_timeout=5, read_timeout=5, deadline=5, max_bytes=1024 * 1024)


@pytest.fixture
def server() -> Any:
    with FeedServer() as running:
        yield running


@pytest.fixture(scope="module")
def parser() -> Any:
    pool = ParserPool(size=1, timeout=20)
    yield pool
    pool.close()


@pytest.fixture
def poller(server: FeedServer, parser: ParserPool) -> Poller:
    client = OutboundClient("Doorstep/test", AddressPolicy.parse([f"127.0.0.1:{server.port}"]), LIMITS)
    return Poller(client, parser, random.Random(1))


@pytest.fixture
def north(database: Database, directory: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    north = North(database, directory.orgs["north"])
    monkeypatch.setattr(changes, "_listeners", [lambda _session, _org_id, accounts: north.touched.update(accounts)])
    return north


class North:
    """An organisation with accounts and feeds, and what is stored of them."""

    def __init__(self, database: Database, org_id: str) -> None:
        self.database, self.org_id = database, org_id
        self.touched: set[str] = set()

    def account(self, name: str, aliases: tuple[str, ...] = (), competitors: tuple[str, ...] = ()) -> str:
        account = Account(org_id=self.org_id, name=name, aliases=list(aliases), competitors=list(competitors))
        with self.database.write() as session:
            session.add(account)
        return account.id

    def feed(self, url: str, account_id: str | None = None, **more: Any) -> str:
        topic = None if account_id else "Pulp and paper"
        feed = Feed(org_id=self.org_id, url=url, account_id=account_id, topic=topic, **more)
        with self.database.write() as session:
            session.add(feed)
        return feed.id

    def rows(self, table: sa.Table, **where: Any) -> list[dict[str, Any]]:
        query = sa.select(table).where(*(table.c[name] == value for name, value in where.items()))
        with self.database.read() as session:
            return [dict(row) for row in session.execute(query).mappings()]

    def stored(self, feed_id: str) -> dict[str, Any]:
        (row,) = self.rows(FEEDS, id=feed_id)
        return row

    def mentions(self, account_id: str) -> set[tuple[str, str]]:
        """(headline, relation) of everything that mentions an account."""
        titles = {row["id"]: row["title"] for row in self.rows(ITEMS)}
        return {(titles[row["item_id"]], row["relation"]) for row in self.rows(MENTIONS, account_id=account_id)}

    def changed(self) -> set[str]:
        """Accounts whose briefing is to be composed anew since this was last asked."""
        touched, self.touched = self.touched, set()
        return touched

    def signals(self, account_id: str, now: datetime = NOW) -> list[Any]:
        evidence = Evidence("account", account_id, "Doorstep", now, "account")
        context = Context(self.org_id, {account_id: AccountRef(account_id, "account", "UTC", evidence)}, now)
        with self.database.read() as session:
            return [signal for _, signal in signals.signals(session, context)]


def dated(*items: tuple[str, datetime]) -> bytes:
    """A feed whose items have these titles and dates."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{title}</guid><title>{title}</title><link>https://news.example/{n}</link>"
        f"<pubDate>{at.strftime('%a, %d %b %Y %H:%M:%S GMT')}</pubDate></item>"
        for n, (title, at) in enumerate(items)
    )
    return f"<rss version='2.0'><channel><title>Gefle Post</title>{entries}</channel></rss>".encode()


# -- what is stored ----------------------------------------------------------------------------------------------------


def test_a_poll_stores_items_and_whom_they_mention(north: North, server: FeedServer, poller: Poller) -> None:
    norrvik = north.account("Norrvik Paper AB", competitors=("Vesta",))
    vesta = north.account("Vesta Pumps", aliases=("Vesta",))
    body = rss("Norrvik Paper orders second line", "Vesta opens service", "Rain tomorrow")
    report = poller.poll(north.database, north.feed(server.add("/f", document(body))))
    assert report is not None and (report.problem, report.new_items) == (None, 3)
    assert north.mentions(norrvik) == {
        ("Norrvik Paper orders second line", "self"),
        ("Vesta opens service", "competitor"),
    }
    assert north.mentions(vesta) == {("Vesta opens service", "self")}
    assert north.changed() == {norrvik, vesta}


def test_an_accounts_own_feed_is_about_the_account_even_where_it_is_not_named(
    north: North, server: FeedServer, poller: Poller
) -> None:
    norrvik = north.account("Norrvik Paper AB")
    poller.poll(north.database, north.feed(server.add("/f", document(rss("Norrvik Paper grows", "New line"))), norrvik))
    assert north.mentions(norrvik) == {("Norrvik Paper grows", "self"), ("New line", "topic")}


def test_a_second_poll_costs_a_304_and_changes_nothing(north: North, server: FeedServer, poller: Poller) -> None:
    norrvik = north.account("Norrvik Paper")
    feed_id = north.feed(server.add("/f", document(rss("Norrvik Paper grows"))))
    poller.poll(north.database, feed_id)
    before, _ = north.rows(ITEMS), north.changed()
    report = poller.poll(north.database, feed_id)
    feed = north.stored(feed_id)
    assert report is not None and report.new_items == 0
    assert (feed["http_status"], feed["failures"], feed["problem"]) == (304, 0, None)
    assert server.seen[1].headers["If-None-Match"] == feed["etag"]
    assert north.rows(ITEMS) == before
    assert north.mentions(norrvik) == {("Norrvik Paper grows", "self")}
    assert north.changed() == set()


def test_the_same_items_again_are_stored_once_and_a_changed_headline_is_changed(
    north: North, server: FeedServer, poller: Poller
) -> None:
    norrvik = north.account("Norrvik Paper")
    feed_id = north.feed(server.add("/f", raw(rss("Norrvik Paper grows", "Rain"))))
    poller.poll(north.database, feed_id)
    assert poller.poll(north.database, feed_id).new_items == 0  # type: ignore[union-attr]
    assert north.changed() == {norrvik}
    server.add("/f", raw(rss("Mill grows", "Rain")))
    report = poller.poll(north.database, feed_id)
    assert report is not None and (report.new_items, report.changed_items) == (0, 1)
    assert {row["title"] for row in north.rows(ITEMS)} == {"Mill grows", "Rain"}
    assert north.mentions(norrvik) == set()
    assert north.changed() == {norrvik}


def test_an_undated_item_is_dated_only_when_it_turns_up_later(north: North, server: FeedServer, poller: Poller) -> None:
    feed_id = north.feed(server.add("/f", raw(rss("Old"))))
    with clock.fixed(NOW):
        poller.poll(north.database, feed_id)
    server.add("/f", raw(rss("Old", "New")))
    with clock.fixed(NOW + timedelta(hours=1)):
        poller.poll(north.database, feed_id)
    dates = {row["title"]: row["published_at"] for row in north.rows(ITEMS)}
    assert dates == {"Old": None, "New": NOW + timedelta(hours=1)}


def test_an_item_without_any_words_is_not_kept(north: North, server: FeedServer, poller: Poller) -> None:
    items = (
        "<item><guid>1</guid><link>https://news.example/1</link></item><item><description>Words</description></item>"
    )
    feed_id = north.feed(server.add("/f", raw(rss(items=items))))
    poller.poll(north.database, feed_id)
    assert [row["title"] for row in north.rows(ITEMS)] == ["Words"]


def test_a_date_ahead_of_us_does_not_move_with_every_poll(north: North, server: FeedServer, poller: Poller) -> None:
    feed_id = north.feed(server.add("/f", raw(dated(("Ahead", NOW + timedelta(hours=5))))))
    for hours in range(3):
        with clock.fixed(NOW + timedelta(hours=hours)):
            report = poller.poll(north.database, feed_id)
            assert report is not None and report.changed_items == 0
    assert [row["published_at"] for row in north.rows(ITEMS)] == [NOW]


def test_names_that_change_later_are_found_in_news_that_came_before(
    north: North, server: FeedServer, poller: Poller
) -> None:
    norrvik = north.account("Norrvik Paper")
    with clock.fixed(NOW):
        poller.poll(north.database, north.feed(server.add("/f", raw(dated(("Gefle Mill burns", NOW))))))
        assert poller.rematch_where_names_changed(north.database) == 0
        with north.database.write() as session:
            session.execute(sa.update(ACCOUNTS).values(aliases=["Gefle Mill"], updated_at=NOW + timedelta(seconds=1)))
        assert poller.rematch_where_names_changed(north.database) == 1
        assert poller.rematch_where_names_changed(north.database) == 0
    assert north.mentions(norrvik) == {("Gefle Mill burns", "self")}
    assert north.changed() == {norrvik}


def test_a_feed_that_was_changed_during_its_poll_is_not_overwritten(
    north: North, server: FeedServer, poller: Poller
) -> None:
    elsewhere = server.url("/elsewhere")

    def change_meanwhile(handler: Any) -> None:
        with tenancy.as_system(), north.database.write() as session:
            session.execute(sa.update(FEEDS).values(url=elsewhere, row_version=FEEDS.c.row_version + 1))
        document(rss("Late"))(handler)

    feed_id = north.feed(server.add("/f", change_meanwhile))
    report = poller.poll(north.database, feed_id)
    assert report is not None and report.superseded
    assert north.stored(feed_id)["url"] == elsewhere
    assert north.rows(ITEMS) == []


def test_a_disabled_or_deleted_feed_is_not_polled(north: North, server: FeedServer, poller: Poller) -> None:
    feed_id = north.feed(server.add("/f", document(rss("One"))), enabled=False)
    assert poller.poll(north.database, feed_id) is None
    assert poller.poll(north.database, north.org_id) is None
    assert server.seen == []


# -- what goes wrong ---------------------------------------------------------------------------------------------------

BAD_FEEDS = {
    "address-forbidden": lambda: redirect("http://169.254.169.254/latest/meta-data/"),
    "too-large": lambda: bomb(300),
    "deadline-exceeded": lambda: drip(b"<rss>" + b" " * 1000, 1.0),
    "not-a-feed": lambda: raw(b"<!DOCTYPE html><html><body>Hello</body></html>", Content_Type="text/html"),
    "malformed-feed": lambda: raw(b"<rss version='2.0'><channel><title>Cut o"),
    "truncated-response": lambda: truncated(rss("One")),
    "too-many-redirects": lambda: redirect("/feed"),
    "feed-not-found": lambda: status(404),
    "feed-forbidden": lambda: status(403),
    "feed-server-error": lambda: status(503),
    "feed-rate-limited": lambda: status(429),
    "feed-unexpected-status": lambda: status(204),
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # how it is stored is tested on both above
@pytest.mark.parametrize("problem", BAD_FEEDS)
def test_a_bad_feed_leaves_a_named_problem_that_the_rep_can_read_and_loses_nothing(
    problem: str, sign_in: Any, north: North, server: FeedServer, poller: Poller
) -> None:
    admin = sign_in("admin@north")
    account_id = admin.post("/accounts", {"name": "Norrvik Paper"}).json["id"]
    url = server.add("/feed", document(rss("Norrvik Paper grows")))
    feed = admin.post("/feeds", {"url": url, "account_id": account_id}).json
    poller.poll(north.database, feed["id"])
    server.add("/feed", BAD_FEEDS[problem]())

    started = time.monotonic()
    report = poller.poll(north.database, feed["id"])
    assert time.monotonic() - started < 60, "what comes a byte a second would take a quarter of an hour"

    assert report is not None and report.problem is not None and report.problem.slug == problem
    (shown,) = admin.get("/feeds").json["data"]
    assert shown["problem"]["type"] == f"/docs/problems/{problem}"
    assert shown["problem"]["title"] and shown["problem"]["detail"].endswith(".")
    assert (shown["failures"], shown["enabled"], shown["title"]) == (1, True, "Example news")
    assert north.mentions(account_id) == {("Norrvik Paper grows", "self")}

    server.add("/feed", document(rss("Norrvik Paper grows", "Norrvik Paper hires")))
    poller.poll(north.database, feed["id"])
    (shown,) = admin.get("/feeds").json["data"]
    assert (shown["problem"], shown["failures"], shown["http_status"]) == (None, 0, 200)
    assert len(north.mentions(account_id)) == 2


def test_failures_back_off_and_a_success_forgets_them(north: North, server: FeedServer, poller: Poller) -> None:
    feed_id = north.feed(server.add("/f", status(500)))
    waits = []
    with clock.fixed(NOW):
        for _ in range(9):
            poller.poll(north.database, feed_id)
            waits.append(north.stored(feed_id)["next_poll_at"] - NOW)
        server.add("/f", document(rss("One")))
        poller.poll(north.database, feed_id)
    assert timedelta(minutes=54) <= waits[0] <= timedelta(minutes=66)
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))
    assert max(waits) <= timedelta(hours=26.4)
    assert north.stored(feed_id)["next_poll_at"] - NOW <= timedelta(minutes=33)


@pytest.mark.parametrize("header", ["21600", "Sat, 21 Nov 2026 18:00:00 GMT"])
def test_retry_after_is_obeyed(north: North, server: FeedServer, poller: Poller, header: str) -> None:
    feed_id = north.feed(server.add("/f", status(429, Retry_After=header)))
    with clock.fixed(NOW):
        poller.poll(north.database, feed_id)
    assert north.stored(feed_id)["next_poll_at"] == NOW + timedelta(hours=6)


def test_a_feed_that_is_gone_is_no_longer_polled_and_says_so(north: North, server: FeedServer, poller: Poller) -> None:
    feed_id = north.feed(server.add("/f", status(410)))
    poller.poll(north.database, feed_id)
    feed = north.stored(feed_id)
    assert not feed["enabled"]
    assert feed["problem"]["type"] == "/docs/problems/feed-gone"
    assert poller.poll(north.database, feed_id) is None


def test_a_feed_that_moved_for_good_is_followed_to_its_new_address(
    north: North, server: FeedServer, poller: Poller
) -> None:
    new = server.add("/new", document(rss("One")))
    for code, url in ((301, new), (308, new), (302, server.url("/old"))):
        feed_id = north.feed(server.add("/old", redirect(new, code)))
        poller.poll(north.database, feed_id)
        assert north.stored(feed_id)["url"] == url


def test_a_move_to_something_that_is_no_feed_moves_nothing(north: North, server: FeedServer, poller: Poller) -> None:
    page = server.add("/page", raw(b"<html></html>", Content_Type="text/html"))
    feed_id = north.feed(server.add("/old", redirect(page, 301)))
    poller.poll(north.database, feed_id)
    assert north.stored(feed_id)["url"] == server.url("/old")


# -- by whom and when --------------------------------------------------------------------------------------------------


def test_the_tick_polls_what_is_due_and_each_feed_in_a_job_of_its_own(
    north: North, server: FeedServer, poller: Poller
) -> None:
    jobs.register(poller)
    for number in range(3):
        north.feed(server.add(f"/{number}", document(rss(f"Title {number}"))), next_poll_at=NOW)
    north.feed(server.add("/later", document(rss("Later"))), next_poll_at=NOW + timedelta(hours=1))
    broken = north.feed(server.add("/broken", status(500)), next_poll_at=NOW)
    with clock.fixed(NOW + timedelta(minutes=1)):
        outbox.write_ticks(north.database, jobs.TICKS)
        outbox.drain(north.database)
        outbox.write_ticks(north.database, jobs.TICKS)
        outbox.drain(north.database)
    assert sorted(request.path for request in server.seen) == ["/0", "/1", "/2", "/broken"]
    assert {row["title"] for row in north.rows(ITEMS)} == {"Title 0", "Title 1", "Title 2"}
    assert north.stored(broken)["failures"] == 1


def test_a_changed_address_is_polled_anew_and_without_the_old_validators(
    sign_in: Any, north: North, server: FeedServer, poller: Poller
) -> None:
    admin = sign_in("admin@north")
    feed = admin.post("/feeds", {"url": server.add("/old", document(rss("One"))), "topic": "Pulp"}).json
    poller.poll(north.database, feed["id"])
    feed = admin.get(f"/feeds/{feed['id']}").json
    new = server.add("/new", document(rss("Two")))
    answer = admin.patch(f"/feeds/{feed['id']}", {"url": new}, feed["row_version"])
    assert answer.status_code == 200, answer.text
    assert answer.json["next_poll_at"] <= answer.json["updated_at"]
    poller.poll(north.database, feed["id"])
    assert "If-None-Match" not in server.requests_for("/new")[0].headers
    assert [row["title"] for row in north.rows(ITEMS)] == ["Two"]


def test_starting_anew_forgets_failures(north: North, server: FeedServer, poller: Poller) -> None:
    feed_id = north.feed(server.add("/f", status(500)))
    poller.poll(north.database, feed_id)
    with north.database.write() as session:
        start_anew(session, feed_id)
    feed = north.stored(feed_id)
    assert (feed["failures"], feed["problem"], feed["http_status"]) == (0, None, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"url": "ftp://news.example/f"}, "/url"),
        ({"url": "not an address"}, "/url"),
        ({"url": "https://user:secret@news.example/f"}, "/url"),
        ({"url": "https://news.example/f", "topic": "A", "account_id": True}, "/account_id"),
        ({"url": "https://news.example/f"}, "/account_id"),
        ({"url": "https://news.example/f", "topic": "A", "failures": 3}, "/failures"),
        ({"topic": "A"}, "/url"),
    ],
)
def test_a_feed_that_makes_no_sense_is_refused(sign_in: Any, given: dict[str, Any], pointer: str) -> None:
    answer = sign_in("admin@north").post("/feeds", given)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json["errors"]}
    assert "secret" not in answer.text


def test_a_rep_follows_feeds_of_their_accounts_and_no_topics(sign_in: Any) -> None:
    rep = sign_in("rep@north")
    account_id = rep.post("/accounts", {"name": "Norrvik Paper"}).json["id"]
    assert rep.post("/feeds", {"url": "https://news.example/f", "account_id": account_id}).status_code == 201
    assert rep.post("/feeds", {"url": "https://news.example/f", "topic": "Pulp"}).status_code == 422
    assert sign_in("rep2@north").get("/feeds").json["data"] == []
    assert sign_in("admin@south").get("/feeds").json["data"] == []


# -- on a briefing -----------------------------------------------------------------------------------------------------


def test_news_says_what_who_and_when_and_the_older_the_less(north: North, server: FeedServer, poller: Poller) -> None:
    norrvik = north.account("Norrvik Paper AB", competitors=("Vesta",))
    body = dated(
        ("Norrvik Paper orders second line", NOW - timedelta(days=1)),
        ("Norrvik Paper hires", NOW - timedelta(days=20)),
        ("Norrvik Paper was founded", NOW - timedelta(days=31)),
        ("Vesta opens service", NOW - timedelta(days=2)),
    )
    with clock.fixed(NOW):
        poller.poll(north.database, north.feed(server.add("/f", document(body)), norrvik))
    found = {signal.facts["title"]: signal for signal in north.signals(norrvik)}
    assert set(found) == {"Norrvik Paper orders second line", "Norrvik Paper hires", "Vesta opens service"}
    first, old, vesta = (found[t] for t in sorted(found, key=lambda title: (title[0] == "V", title.find("hires"))))
    assert (first.kind, vesta.kind) == ("news.mention", "news.competitor")
    assert vesta.facts["competitor"] == "Vesta"
    assert first.facts["publisher"] == "Gefle Post" and first.facts["publishers"] == 1
    assert first.facts["published"] == first.observed_at == NOW - timedelta(days=1)
    assert first.expires_at == NOW + timedelta(days=29)
    assert first.weight > vesta.weight > old.weight
    (evidence,) = first.evidence
    assert (evidence.type, evidence.source, evidence.url) == ("news_item", "Gefle Post", "https://news.example/0")


def test_one_story_of_several_publishers_is_one_line(north: North, server: FeedServer, poller: Poller) -> None:
    norrvik = north.account("Norrvik Paper")
    for number, publisher in enumerate(("Gefle Post", "Paper Week")):
        body = dated(("Norrvik Paper grows", NOW - timedelta(hours=number))).replace(b"Gefle Post", publisher.encode())
        with clock.fixed(NOW):
            poller.poll(north.database, north.feed(server.add(f"/{number}", document(body))))
    (signal,) = north.signals(norrvik)
    assert signal.facts["publishers"] == 2
    assert {evidence.source for evidence in signal.evidence} == {"Gefle Post", "Paper Week"}


def test_a_feed_that_keeps_failing_is_said_and_so_is_having_none(
    north: North, server: FeedServer, poller: Poller
) -> None:
    followed, alone = north.account("Norrvik Paper"), north.account("Vesta")
    feed_id = north.feed(server.add("/f", document(dated(("Rain", NOW)))), followed)
    with clock.fixed(NOW):
        poller.poll(north.database, feed_id)
    server.add("/f", raw(b"<html></html>"))
    for hour in range(1, 4):
        assert "news.feed_failing" not in {signal.kind for signal in north.signals(followed)}
        with clock.fixed(NOW + timedelta(hours=hour)):
            poller.poll(north.database, feed_id)
    (failing,) = [signal for signal in north.signals(followed) if signal.kind == "news.feed_failing"]
    assert failing.facts["feed"] == "Gefle Post" and failing.facts["last"] == NOW
    assert failing.facts["problem"] == "The address does not lead to a feed."
    assert [signal.kind for signal in north.signals(alone)] == ["news.none_followed"]
