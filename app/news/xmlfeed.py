"""RSS, RDF, Atom and CDF through feedparser, which reads nearly anything, slowly."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from xml.sax import SAXParseException

import feedparser

from app.foundation.text import clean, looks_like_markup, plain, text_of_markup, web_url
from app.news.feed import (
    MAX_ENTRIES,
    FeedDocument,
    MalformedFeed,
    NotAFeed,
    ParsedEntry,
    ParsedFeed,
    with_distinct_guids,
)
from app.news.text import MAX_SUMMARY, MAX_TITLE, credible_date, stable_guid

KINDS = {
    "rss090": "rss0.90",
    "rss091n": "rss0.91",
    "rss091u": "rss0.91",
    "rss092": "rss0.92",
    "rss093": "rss0.93",
    "rss094": "rss0.94",
    "rss10": "rss1.0",
    "rss20": "rss2.0",
    "rss": "rss",
    "atom01": "atom0.1",
    "atom02": "atom0.2",
    "atom03": "atom0.3",
    "atom10": "atom1.0",
    "atom": "atom",
    "cdf": "cdf",
}
DATES = ("published_parsed", "updated_parsed", "created_parsed")
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def parse_xml_feed(document: FeedDocument, root: str, now: datetime) -> ParsedFeed:
    """Read a document whose root element is `root`.

    Raises NotAFeed when nothing in it is a feed and MalformedFeed when it is broken before its first entry.
    """
    found: Any = feedparser.parse(
        document.body,
        response_headers={
            "content-type": media_type(document)
        },  # no location: a guid is not to follow the feed when it moves
        sanitize_html=False,  # everything becomes plain text here
        resolve_relative_uris=False,
    )
    kind = KINDS.get(found.version, found.version) or ("cdf" if root.lower() == "channel" else "")
    malformed = isinstance(found.get("bozo_exception"), SAXParseException)
    if not kind and not found.entries:
        raise NotAFeed(f"Its root element is <{clean(root, 40)}>, not that of a feed.")
    if malformed and not found.entries:
        raise MalformedFeed(f"The XML is broken: {_reason(found.bozo_exception)}. No entry could be read.")
    entries = with_distinct_guids(_entry(entry, document.url, now) for entry in found.entries[:MAX_ENTRIES])
    return ParsedFeed(_title(found.feed), kind or "xml", entries, malformed)


def media_type(document: FeedDocument) -> str:
    """The media type to tell feedparser: application/xml, with the header's charset when that is to be believed.

    The media type itself is left out: servers label feeds as anything. A charset in the header outranks the XML
    declaration (RFC 7303), except that non-ASCII bytes that are valid UTF-8 are UTF-8 unless both of them agree.
    """
    header = Message()
    header["Content-Type"] = document.content_type or "application/xml"
    charset = header.get_param("charset")
    if not isinstance(charset, str) or not charset.strip():
        return "application/xml"
    declared = _DECLARED.search(document.body[:512])
    agreed = declared is not None and declared.group(1).lower() == charset.strip().lower().encode("ascii", "replace")
    if not agreed and _is_utf8(document.body):
        return "application/xml; charset=utf-8"
    return f"application/xml; charset={charset.strip()}"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not body.isascii()


def _reason(error: SAXParseException) -> str:
    return f"{clean(error.getMessage(), 100)} in line {error.getLineNumber()}"


def _entry(entry: Any, base: str, now: datetime) -> ParsedEntry:
    url = web_url(entry.get("link"), base)
    title, summary = _title(entry), _summary(entry)
    published = next(filter(None, (_instant(dict.get(entry, date)) for date in DATES)), None)
    source = entry.get("source") or {}
    return ParsedEntry(
        guid=stable_guid(entry.get("id"), url, title, summary),
        url=url,
        title=title,
        summary=summary,
        published=credible_date(published, now),
        authors=_authors(entry),
        publisher=plain(str(source.get("title") or ""), MAX_TITLE) or None,
    )


def _title(element: Any) -> str:
    """The title as plain text, unescaped once: only what the feed declares or what shows itself as markup is markup."""
    text = str(element.get("title") or "")
    declared = str((element.get("title_detail") or {}).get("type") or "")
    markup = "html" in declared and looks_like_markup(text)
    return text_of_markup(text, MAX_TITLE) if markup else clean(text, MAX_TITLE)


def _summary(entry: Any) -> str:
    if entry.get("summary"):
        return plain(str(entry["summary"]), MAX_SUMMARY)
    contents = entry.get("content") or [{}]
    return plain(str(contents[0].get("value") or ""), MAX_SUMMARY)


def _authors(entry: Any) -> tuple[str, ...]:
    names = [clean(str(author.get("name") or ""), MAX_TITLE) for author in entry.get("authors") or ()]
    return tuple(dict.fromkeys(filter(None, names)))


def _instant(parsed: Any) -> datetime | None:
    """feedparser's struct_time, which is UTC, as an instant."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None
