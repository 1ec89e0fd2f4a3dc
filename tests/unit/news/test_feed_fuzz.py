"""Whatever bytes come, a feed comes out or a named problem, and what comes out can be stored and shown."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from app.foundation.text import clean, text_of_markup, web_url
from app.news.feed import FeedDocument, FeedProblem
from app.news.parse import parse_feed
from app.news.text import MAX_SUMMARY, MAX_TITLE
from tests.support.feed_server import rss

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ATOM = (
    b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id>"
    b"<title type='html'>A &amp;amp; B</title><updated>2026-11-20T10:00:00Z</updated><link href='/1'/></entry></feed>"
)
JSON = (
    b'{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1","url":"/1","title":"A & B",'
    b'"content_html":"<p>x</p>","date_published":"2026-11-20T10:00:00Z"}]}'
)


@st.composite
def damaged(draw):
    """A valid document with a few pieces cut out, put in or doubled."""
    body = bytearray(draw(st.sampled_from([ATOM, JSON, rss("A &amp; B", "C")])))
    for _ in range(draw(st.integers(1, 4))):
        place, length = draw(st.integers(0, len(body))), draw(st.integers(0, 12))
        piece = draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"<", b"&", b"]]>", b"\x00", b'"', b"<!--", b"{}"]))
        )
        body[place : place + length] = piece * draw(st.integers(1, 3))
    return bytes(body)


@settings(max_examples=300, deadline=None)
@given(st.one_of(damaged(), st.binary(max_size=200)), st.sampled_from(["", "text/xml", "text/xml; charset=x", "é;;="]))
def test_any_bytes_give_a_feed_or_a_named_problem(body, content_type):
    try:
        feed = parse_feed(FeedDocument(body, content_type, "https://news.example/feed"), NOW)
    except FeedProblem:
        return
    for entry in feed.entries:
        assert entry.guid
        assert len(entry.title) <= MAX_TITLE and len(entry.summary) <= MAX_SUMMARY
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
        assert entry.published is None or entry.published <= NOW
        for text in (entry.guid, entry.title, entry.summary, entry.url or "", *entry.authors):
            assert text.encode("utf-8") is not None and "\0" not in text


@given(st.text(), st.integers(1, 400))
def test_clean_text_is_one_line_that_can_be_stored(text, limit):
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not set(shown) & {chr(code) for code in (*range(32), *range(127, 160))}
    assert clean(shown, limit) == shown


@given(st.text(alphabet="<>/!-&;#abscript=\"' \n", max_size=200))
def test_markup_of_any_kind_becomes_text(markup):
    assert len(text_of_markup(markup, 100)) <= 100


@given(st.text(max_size=60), st.sampled_from(["", "https://news.example/a/b"]))
def test_any_link_is_a_web_address_or_nothing(link, base):
    url = web_url(link, base)
    assert url is None or url.startswith(("http://", "https://"))
