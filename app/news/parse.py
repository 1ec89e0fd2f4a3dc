"""Which format a fetched document has, and its feed.

`parse_feed` is pure but not to be trusted with time or memory: call it through `parser_pool.ParserPool`.
"""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

from app.foundation.text import web_url
from app.news.feed import FeedDocument, MalformedFeed, NotAFeed, ParsedFeed
from app.news.jsonfeed import parse_json_feed
from app.news.xmlfeed import parse_xml_feed

MAX_UNPACKED = 16 * 1024 * 1024
MAX_LINKS = 5
HEAD_BYTES = 64 * 1024
PAGE_BYTES = 1024 * 1024
WEB_PAGE_ROOTS = frozenset({"html", "head", "body"})
FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json"}
)
# Byte order marks and the first two characters of XML in encodings that ASCII patterns do not see through.
WIDE_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FEED_ELEMENT = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")
_ELEMENT = re.compile(r"<([A-Za-z_][\w:.-]{0,80})")


def parse_feed(document: FeedDocument, now: datetime) -> ParsedFeed:
    """The feed in a document of any supported format, gzip or not. Raises NotAFeed or MalformedFeed."""
    document = _unpacked(document)
    start = document.body[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise NotAFeed("The document is empty.")
    if start[:1] in b"{[":
        return parse_json_feed(document, now)
    root = root_element(document.body)
    if root is None:
        raise NotAFeed("There is no XML element and no JSON in it.")
    if root.lower() not in WEB_PAGE_ROOTS:
        return parse_xml_feed(document, root, now)
    if _FEED_ELEMENT.search(document.body):  # some servers wrap a feed in a page
        with suppress(NotAFeed):
            return parse_xml_feed(document, root, now)
    raise _web_page(document)


def root_element(body: bytes) -> str | None:
    """The name of the first element of an XML or HTML document, whatever its encoding; None when there is none."""
    encoding = next((name for mark, name in WIDE_ENCODINGS if body.startswith(mark)), "latin-1")
    head = body[:HEAD_BYTES].decode(encoding, "replace")
    element = _ELEMENT.search(_COMMENT.sub("", head))
    return element.group(1) if element else None


def _unpacked(document: FeedDocument) -> FeedDocument:
    """Undo gzip that the server did not declare, as with a stored `feed.xml.gz`."""
    if not document.body.startswith(b"\x1f\x8b"):
        return document
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(document.body, MAX_UNPACKED)
    except zlib.error as error:
        raise MalformedFeed("The gzip data are broken.") from error
    if unpacker.unconsumed_tail:
        raise MalformedFeed(f"The document is more than {MAX_UNPACKED} bytes when unpacked.")
    return replace(document, body=body)


def _web_page(document: FeedDocument) -> NotAFeed:
    """What to say of a web page: the feeds that it announces, when it does."""
    reader = _LinkReader(document.url)
    reader.feed(document.body[:PAGE_BYTES].decode("utf-8", "replace"))
    links = tuple(dict.fromkeys(reader.links))[:MAX_LINKS]
    hint = f" It announces a feed at {', '.join(links)}." if links else ""
    return NotAFeed(f"It is a web page.{hint}", links)


class _LinkReader(HTMLParser):
    """Finds `<link rel="alternate" type="…feed type…" href="…">` (RSS autodiscovery)."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag != "link" or "alternate" not in values.get("rel", "").lower().split():
            return
        media = values.get("type", "").partition(";")[0].strip().lower()
        url = web_url(values.get("href"), self._base)
        if media in FEED_TYPES and url:
            self.links.append(url)
