"""What becomes of a feed document, format by format and fault by fault."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from app.news.feed import FeedDocument, MalformedFeed, NotAFeed
from app.news.parse import parse_feed

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BASE = "https://news.example/feeds/all.xml"


def parse(body, content_type="application/xml", url=BASE):
    return parse_feed(FeedDocument(body if isinstance(body, bytes) else body.encode(), content_type, url), NOW)


def rss(item, channel=""):
    return f"<rss version='2.0'><channel><title>News</title>{channel}<item>{item}</item></channel></rss>"


def atom(entry):
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title>"
        f"<entry><id>urn:1</id><title>One</title>{entry}</entry></feed>"
    )


def only(feed):
    (entry,) = feed.entries
    return entry


def test_an_rss_item_keeps_what_matters():
    feed = parse(
        rss(
            "<title>Pump maker grows</title><link>https://news.example/1</link><guid>g1</guid>"
            "<pubDate>Fri, 20 Nov 2026 09:30:00 +0100</pubDate><author>ann@example.com (Ann Lee)</author>"
            "<description>&lt;p&gt;Sales &lt;b&gt;rose&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Margins too.&lt;/p&gt;</description>"
            "<source url='https://wire.example/'>The Wire</source>"
        )
    )
    entry = only(feed)
    assert (feed.title, feed.kind, feed.malformed) == ("News", "rss2.0", False)
    assert (entry.guid, entry.url, entry.title) == ("g1", "https://news.example/1", "Pump maker grows")
    assert entry.summary == "Sales rose. Margins too."
    assert entry.published == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert entry.authors == ("Ann Lee",)
    assert entry.publisher == "The Wire"


def test_a_json_feed_is_read():
    feed = parse(
        b"""{"version":"https://jsonfeed.org/version/1.1","title":"News","items":[
        {"id":7,"url":"/one","title":"One","content_html":"<p>Text <script>alert(1)</script>here</p>",
         "date_published":"2026-11-20T10:00:00+02:00","authors":[{"name":"Ann"},{"name":"Bo"}]},
        {"id":"8","external_url":"https://other.example/","summary":"Short","title":null,"author":"wrong type"},
        "not an object"]}""",
        "application/feed+json",
    )
    first, second = feed.entries
    assert feed.kind == "jsonfeed1.1"
    assert (first.guid, first.url, first.title, first.summary) == ("7", "https://news.example/one", "One", "Text here")
    assert first.published == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert first.authors == ("Ann", "Bo")
    assert (second.url, second.summary, second.title) == ("https://other.example/", "Short", "")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", NotAFeed),
        (b"  \n ", NotAFeed),
        (b"just words", NotAFeed),
        (b"<!-- only a comment -->", NotAFeed),
        (b"<catalogue><book/></catalogue>", NotAFeed),
        (b"<html><body>Hello</body></html>", NotAFeed),
        (b"{}", NotAFeed),
        (b"[1, 2]", NotAFeed),
        (b'{"version": 1, "items": []}', NotAFeed),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', MalformedFeed),
        (b"<rss version='2.0'><channel><item", MalformedFeed),
        (b"\x1f\x8b\x08 not gzip", MalformedFeed),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), NotAFeed),
        (b"\xff\xfe\x00\x00", NotAFeed),
    ],
)
def test_what_is_no_feed_is_a_named_problem(body, problem):
    with pytest.raises(problem):
        parse(body)


def test_a_web_page_names_the_feeds_that_it_announces():
    page = b"""<!DOCTYPE html><html><head>
      <link rel="alternate" type="application/rss+xml" href="/feed">
      <link rel="ALTERNATE home" type="application/atom+xml; charset=utf-8" href="https://other.example/atom">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
      <link rel="alternate" hreflang="de" href="/de"></head></html>"""
    with pytest.raises(NotAFeed) as caught:
        parse(page, "text/html", "https://news.example/")
    assert caught.value.links == ("https://news.example/feed", "https://other.example/atom")
    assert "https://news.example/feed" in caught.value.detail


def test_a_feed_inside_a_page_is_still_a_feed():
    assert len(parse(f"<!DOCTYPE html><html><body>{rss('<title>One</title>')}</body></html>").entries) == 1


def test_an_undeclared_gzip_is_unpacked():
    assert only(parse(gzip.compress(rss("<title>One</title>").encode()))).title == "One"


def test_a_gzip_that_never_ends_is_refused():
    with pytest.raises(MalformedFeed, match="when unpacked"):
        parse(gzip.compress(b" " * 20_000_000))


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("AT&amp;T grows", "AT&T grows"),
        ("AT&amp;amp;T grows", "AT&T grows"),
        ("<![CDATA[<b>Bold</b> move]]>", "Bold move"),
        ("&lt;b&gt;Bold&lt;/b&gt; move", "Bold move"),
        ("5 &lt; 6", "5 < 6"),
        ("If a &amp;lt; b then", "If a < b then"),
        ("  two\n\tlines ", "two lines"),
        ("bell\u007f \u202eevil", "bell evil"),
        ("x" * 400, "x" * 299 + "…"),
        ("Ünïcode “quotes”", "Ünïcode “quotes”"),
    ],
)
def test_an_rss_title_is_plain_text_unescaped_once(title, shown):
    assert only(parse(rss(f"<title>{title}</title><guid>1</guid>"))).title == shown


def test_an_atom_text_title_is_taken_literally():
    feed = parse(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title type='text'>Use &lt;br&gt; &amp;amp;</title></entry></feed>"
    )
    assert only(feed).title == "Use <br> &amp;"


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<script>alert(1)</script>Text<style>p{}</style>", "Text"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("a<br/>b", "a b"),
        ("no<b>th</b>ing", "nothing"),
        ("&lt;script&gt; is a tag", "<script> is a tag"),
        ("<p>unclosed <img src=x onerror=alert(1)", "unclosed"),
        ("<iframe>hidden</iframe>seen", "seen"),
    ],
)
def test_a_summary_is_text_without_markup(markup, shown):
    assert only(parse(rss(f"<guid>1</guid><description><![CDATA[{markup}]]></description>"))).summary == shown


def test_a_summary_is_bounded():
    entry = only(parse(rss(f"<guid>1</guid><description>{'word ' * 50_000}</description>")))
    assert len(entry.summary) <= 600
    assert entry.summary.endswith("…")


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://news.example/1", "https://news.example/1"),
        ("/1", "https://news.example/1"),
        ("1?a=b&amp;c=d", "https://news.example/feeds/1?a=b&c=d"),
        ("//cdn.example/1", "https://cdn.example/1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("https://news.example/" + "x" * 3000, None),
        ("http://[broken", None),
    ],
)
def test_only_web_addresses_are_kept(link, kept):
    assert only(parse(rss(f"<guid isPermaLink='false'>1</guid><link>{link}</link>"))).url == kept


@pytest.mark.parametrize(
    ("date", "kept"),
    [
        ("Fri, 20 Nov 2026 08:30:00 GMT", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("2026-11-20T08:30:00.123+02:00", datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 18:00:00 GMT", NOW),  # a wrong time zone
        ("Mon, 01 Mar 2027 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("Tue, 31 Feb 2026 99:99:99 GMT", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_only_credible_dates_are_kept(date, kept):
    assert only(parse(rss(f"<guid>1</guid><pubDate>{date}</pubDate>"))).published == kept


def test_an_item_without_an_id_is_known_by_its_link():
    assert only(parse(rss("<title>One</title><link>https://news.example/1</link>"))).guid == "https://news.example/1"


def test_items_that_share_a_link_stay_apart_and_keep_their_guids():
    items = "<title>A</title><link>/x</link></item><item><title>B</title><link>/x</link>"
    first, second = parse(rss(items)).entries
    assert first.guid != second.guid
    assert [entry.guid for entry in parse(rss(items)).entries] == [first.guid, second.guid]


def test_an_item_with_nothing_but_text_has_a_guid_of_its_text():
    first = only(parse(rss("<description>One</description>")))
    second = only(parse(rss("<description>Two</description>")))
    assert first.guid.startswith("sha256:")
    assert first.guid != second.guid


def test_a_guid_that_is_too_long_to_store_is_hashed():
    assert only(parse(rss(f"<guid>{'x' * 1000}</guid>"))).guid.startswith("sha256:")


def test_at_most_500_entries_are_taken():
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(600))
    assert len(parse(f"<rss version='2.0'><channel>{items}</channel></rss>").entries) == 500


@pytest.mark.parametrize(
    ("content_type", "declared", "encoding"),
    [
        ("text/xml", "", "utf-8"),
        ("text/xml; charset=iso-8859-1", "", "utf-8"),  # a server's default, not the feed's encoding
        ("text/xml; charset=iso-8859-1", "utf-8", "utf-8"),
        ("text/xml; charset=iso-8859-1", "iso-8859-1", "iso-8859-1"),
        ("text/xml; charset=iso-8859-1", "", "iso-8859-1"),
        ("text/xml; charset=no-such-charset", "utf-8", "utf-8"),
        ("text/html", "windows-1252", "windows-1252"),
        ("application/octet-stream", "utf-16", "utf-16"),
        ("", "gb2312", "gb2312"),
        ('text/xml; charset="utf-8"', "", "utf-8"),
    ],
)
def test_the_encoding_is_found_although_headers_lie(content_type, declared, encoding):
    title = "中文" if encoding == "gb2312" else "Käse für Zoë"
    prolog = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    body = (prolog + rss(f"<title>{title}</title><guid>1</guid>")).encode(encoding)
    assert only(parse(body, content_type)).title == title


def test_lone_surrogates_in_json_cannot_reach_the_database():
    body = b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"a\\u0000b \\ud83d\\ude00"}]}'
    assert only(parse(body)).title == "a b 😀"


def test_an_atom_entry_links_to_its_page():
    entry = only(
        parse(
            atom(
                "<link rel='self' href='/api/1'/><link rel='alternate' href='/1'/><updated>2026-11-20T00:00:00Z</updated>"
            )
        )
    )
    assert entry.url == "https://news.example/1"
    assert entry.published == NOW.replace(hour=0) - timedelta(days=1)


def test_external_entities_are_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    body = f"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file://{secret}'>]>" + rss("<title>&x;</title><guid>1</guid>")
    try:
        shown = [entry.title for entry in parse(body).entries]
    except MalformedFeed:
        shown = []
    assert "hunter2" not in "".join(shown)


def test_entities_that_multiply_do_not_multiply():
    entities = "<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    body = f"<!DOCTYPE rss [{entities}]>" + rss("<title>&a11;</title><guid>1</guid>")
    try:
        shown = "".join(entry.title for entry in parse(body).entries)
    except MalformedFeed:
        shown = ""
    assert len(shown) <= 300
