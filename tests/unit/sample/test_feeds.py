"""The sample's news feeds, over real HTTP."""

from datetime import date

import feedparser
import pytest
import requests

from app.sample import files
from app.sample.feed_server import FeedServer, render

DAY = "2028-02-29"


@pytest.fixture(scope="module")
def server() -> FeedServer:
    with FeedServer() as running:
        yield running


def test_every_feed_of_the_territory_is_served_with_dates_and_no_mark_left(server: FeedServer) -> None:
    for feed in files.rows("feeds"):
        answer = requests.get(f"{server.url}/{DAY}/{feed['file']}", timeout=5)
        assert answer.status_code == 200
        assert b"{{" not in answer.content, feed["key"]


def test_the_healthy_feeds_parse_and_their_stories_are_from_the_last_month(server: FeedServer) -> None:
    parsed = 0
    for feed in files.rows("feeds"):
        if feed["file"].endswith((".json", ".html")) or feed["key"] == "harbour-wire":
            continue
        found = feedparser.parse(requests.get(f"{server.url}/{DAY}/{feed['file']}", timeout=5).content)
        assert not found.bozo, (feed["key"], found.get("bozo_exception"))
        assert found.feed.title == feed["title"]
        for entry in found.entries:
            told = date(*(entry.get("published_parsed") or entry.updated_parsed)[:3])
            assert 0 < (date(2028, 2, 29) - told).days <= 31, entry.title
        parsed += 1
    assert parsed >= 12


def test_swedish_letters_survive_a_feed_in_latin_1(server: FeedServer) -> None:
    body = requests.get(f"{server.url}/{DAY}/pulp.rss", timeout=5).content
    assert b"iso-8859-1" in body
    titles = [entry.title for entry in feedparser.parse(body).entries]
    assert any("port of Gävle" in title for title in titles)


def test_one_feed_is_broken_and_one_is_a_web_page(server: FeedServer) -> None:
    broken = requests.get(f"{server.url}/{DAY}/harbour-wire.rss", timeout=5)
    assert feedparser.parse(broken.content).bozo
    page = requests.get(f"{server.url}/{DAY}/foundry-lane.html", timeout=5)
    assert page.headers["Content-Type"].startswith("text/html")


def test_an_unchanged_feed_is_answered_with_304(server: FeedServer) -> None:
    url = f"{server.url}/{DAY}/flow.rss"
    tag = requests.get(url, timeout=5).headers["ETag"]
    again = requests.get(url, headers={"If-None-Match": tag}, timeout=5)
    assert again.status_code == 304 and not again.content


def test_the_same_address_always_gives_the_same_bytes() -> None:
    first = render(date(2026, 11, 21), "flow.rss")
    render.cache_clear()
    assert first is not None and render(date(2026, 11, 21), "flow.rss") == first
    assert render(date(2026, 11, 22), "flow.rss") != first


@pytest.mark.parametrize(
    "path", ["/", "/flow.rss", "/2026-02-30/flow.rss", "/2026-11-21/..%2Fdata%2Fpeople.ndjson", "/2026-11-21/none.rss"]
)
def test_what_is_no_feed_is_not_found(server: FeedServer, path: str) -> None:
    assert requests.get(server.url + path, timeout=5).status_code == 404
