"""Real feeds, served by a real server, fetched and parsed as in production: each comes out as its manifest says.

FEEDS_DIR names another folder with a `manifest.json` of the same form. `fp_entries` and `titles` (the first three) are what
feedparser finds; a file without them is a JSON feed, counted here by Python's own JSON reader.
"""

import json
import os
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from app.foundation.outbound import OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.outbound_errors import OutboundError
from app.news.feed import FeedDocument, FeedProblem, ParsedFeed
from app.news.parser_pool import ParserPool
from tests.conftest import SHARED, shared_data
from tests.support.feed_server import FeedServer

PROBLEMS = {"not-a-feed", "malformed-feed"}


def folder():
    given = os.environ.get("FEEDS_DIR")
    return Path(given) if given else SHARED / "feeds"


@cache
def manifest():
    file = folder() / "manifest.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else []


@pytest.fixture(scope="session")
def outcomes(request):
    """What each file became: a ParsedFeed or the name of a problem. Prints how many of each."""
    if "FEEDS_DIR" not in os.environ:
        shared_data("feeds")
    found = {}
    pool = ParserPool(size=2, timeout=10)
    with FeedServer() as server:
        server.add_folder(folder())
        client = OutboundClient("Doorstep/test", AddressPolicy.parse([f"127.0.0.1:{server.port}"]))
        for entry in manifest():
            found[entry["file"]] = poll(client, pool, server.url(f"/{entry['file']}"))
    pool.close()
    report(request, found)
    return found


def poll(client, pool, url):
    try:
        answer = client.get(url)
        document = FeedDocument(answer.body, answer.headers.get("Content-Type", ""), answer.final_url)
        return pool(document, datetime(2026, 11, 21, tzinfo=UTC))
    except (OutboundError, FeedProblem) as problem:
        return problem.problem


def report(request, found):
    counts = Counter(
        f"feed, {outcome.kind}{', malformed' if outcome.malformed else ''}"
        if isinstance(outcome, ParsedFeed)
        else f"problem, {outcome}"
        for outcome in found.values()
    )
    entries = sum(len(outcome.entries) for outcome in found.values() if isinstance(outcome, ParsedFeed))
    lines = [f"{count:5}  {name}" for name, count in sorted(counts.items())]
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{len(found)} feed files, {entries} entries", *lines, sep="\n")


class Text(HTMLParser):
    """The expected titles are markup where the feed says so; ours are text."""

    def __init__(self):
        super().__init__()
        self.text = ""

    def handle_data(self, data):
        self.text += data


def as_text(title):
    reader = Text()
    reader.feed(title)
    reader.close()
    return reader.text


def same_title(ours, expected):
    """Equal as text, white space and controls apart, up to the length that is kept."""

    def squeezed(text):
        return "".join(character for character in text if character.isprintable() and not character.isspace())

    kept = squeezed(ours.removesuffix("…"))
    candidates = [squeezed(expected), squeezed(as_text(expected))]
    return kept in candidates or (len(ours) == 300 and any(text.startswith(kept) for text in candidates))


def entries_in_json_feed(body):
    """The number of entries by an independent reading; None when the JSON is broken."""
    try:
        return len(json.loads(body)["items"])
    except ValueError:
        return None


def test_there_are_feeds_to_poll():
    if "FEEDS_DIR" not in os.environ:
        shared_data("feeds")
    assert len(manifest()) >= 1


@pytest.mark.parametrize("entry", manifest(), ids=lambda entry: entry["file"])
def test_a_feed_file_is_read_as_its_manifest_says_or_has_a_named_problem(entry, outcomes):
    outcome = outcomes[entry["file"]]
    expected = entry.get("fp_entries")
    if expected is None:
        expected = entries_in_json_feed((folder() / entry["file"]).read_bytes())
    if not isinstance(outcome, ParsedFeed):
        assert outcome in PROBLEMS
        assert not expected, f"{expected} entries were lost to {outcome}"
        return
    assert len(outcome.entries) == expected
    for parsed, title in zip(outcome.entries, entry.get("titles", ()), strict=False):
        assert same_title(parsed.title, title)


def test_every_entry_can_be_stored(outcomes):
    for name, outcome in outcomes.items():
        if not isinstance(outcome, ParsedFeed):
            continue
        guids = [entry.guid for entry in outcome.entries]
        contents = {(entry.guid, entry.title, entry.summary) for entry in outcome.entries}
        assert len(set(guids)) == len(contents), name
        for entry in outcome.entries:
            assert 0 < len(entry.guid) <= 500, name
            assert len(entry.title) <= 300, name
            assert len(entry.summary) <= 600, name
            assert entry.url is None or entry.url.startswith(("http://", "https://")), name
            assert entry.published is None or entry.published.tzinfo is not None, name
            assert (entry.title + entry.summary + entry.guid).encode("utf-8"), name
            assert "\0" not in entry.title + entry.summary + entry.guid + (entry.url or ""), name


def test_every_file_can_be_read_a_second_time_for_nothing(outcomes):
    """A conditional request for each file answers 304 with no body."""
    with FeedServer() as server:
        server.add_folder(folder())
        client = OutboundClient("Doorstep/test", AddressPolicy.parse([f"127.0.0.1:{server.port}"]))
        for name in list(outcomes)[:20]:
            first = client.get(server.url(f"/{name}"))
            again = client.get(server.url(f"/{name}"), {"If-None-Match": first.headers["ETag"]})
            assert (again.status, again.body) == (304, b"")
