"""Parsing in worker processes: real ones, really killed."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from app.news.feed import FeedDocument, NotAFeed, ParserCrashed, ParserTimeout
from app.news.parser_pool import ParserPool
from tests.support.feed_server import rss

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def pool():
    pool = ParserPool(size=2, timeout=20)
    yield pool
    pool.close()


def document(body):
    return FeedDocument(body, "application/xml", "https://news.example/feed")


def slow_document():
    """60 kB of empty lines before the root: feedparser looks for entities in them in quadratic time, some 16 seconds."""
    return document(b"<?xml version='1.0'?>" + b"\n" * 60_000 + rss("One"))


def hungry_document():
    """A feed that needs far more memory than a small worker has."""
    return document(rss(*["word " * 2000] * 3000))


def test_a_feed_comes_back_as_the_parser_made_it(pool):
    feed = pool(document(rss("One", "Two")), NOW)
    assert [entry.title for entry in feed.entries] == ["One", "Two"]
    assert feed.entries[0].guid == "item-0"


def test_dates_and_links_survive_the_way_back(pool):
    body = b"<rss version='2.0'><channel><item><guid>1</guid><pubDate>Fri, 20 Nov 2026 08:30:00 GMT</pubDate></item></channel></rss>"
    (entry,) = pool(document(body), NOW).entries
    assert entry.published == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    page = b"<html><link rel='alternate' type='application/rss+xml' href='/feed'></html>"
    with pytest.raises(NotAFeed) as caught:
        pool(document(page), NOW)
    assert caught.value.links == ("https://news.example/feed",)


def test_a_parse_that_does_not_end_is_killed_and_the_next_one_works():
    pool = ParserPool(size=1, timeout=3.0)
    start = time.monotonic()
    with pytest.raises(ParserTimeout):
        pool(slow_document(), NOW)
    assert 2.9 < time.monotonic() - start < 12
    assert pool(document(rss("One")), NOW).entries[0].title == "One"
    pool.close()


def test_a_parse_that_needs_too_much_memory_costs_only_itself():
    pool = ParserPool(size=1, timeout=20, memory=128)
    with pytest.raises(ParserCrashed):
        pool(hungry_document(), NOW)
    assert pool(document(rss("One")), NOW).entries[0].title == "One"
    pool.close()


def test_a_worker_that_was_killed_meanwhile_is_replaced(pool):
    pool(document(rss("One")), NOW)
    worker = pool._idle.get()
    worker.process.kill()
    worker.process.wait()
    pool._idle.put(worker)
    assert pool(document(rss("Two")), NOW).entries[0].title == "Two"


def test_many_threads_share_a_few_workers(pool):
    with ThreadPoolExecutor(8) as threads:
        feeds = list(threads.map(lambda number: pool(document(rss(f"Title {number}")), NOW), range(60)))
    assert [feed.entries[0].title for feed in feeds] == [f"Title {number}" for number in range(60)]
    assert pool._idle.qsize() == 2


def test_a_worker_is_told_no_secrets(monkeypatch, pool):
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", "postgresql://user:hunter2@db/x")
    pool(document(rss("One")), NOW)
    worker = pool._idle.get()
    try:
        environment = open(f"/proc/{worker.process.pid}/environ", "rb").read()  # noqa: SIM115
    except OSError:
        pytest.skip("this system shows no environment of a process")
    finally:
        pool._idle.put(worker)
    assert b"hunter2" not in environment


def test_workers_end_with_the_pool(pool):
    pool(document(rss("One")), NOW)
    worker = pool._idle.get()
    pool._idle.put(worker)
    pool.close()
    assert worker.process.poll() is not None
    assert threading.active_count() < 20
    with pytest.raises(ProcessLookupError):
        os.kill(worker.process.pid, 0)
