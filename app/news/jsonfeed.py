"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read leniently: a wrong type is an absent value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.foundation.text import clean, plain, text_of_markup, web_url
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

VERSION_HOST = "jsonfeed.org/version/"


def parse_json_feed(document: FeedDocument, now: datetime) -> ParsedFeed:
    """Raises MalformedFeed when the JSON is broken and NotAFeed when it is no feed."""
    try:
        value = orjson.loads(document.body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise MalformedFeed(f"The JSON is broken at line {error.lineno}, column {error.colno}.") from error
    version = value.get("version") if isinstance(value, dict) else None
    if not isinstance(version, str) or VERSION_HOST not in version:
        raise NotAFeed("It is JSON, but not a JSON Feed: there is no jsonfeed.org version in it.")
    items = value.get("items")
    entries = [
        _entry(item, document.url, now) for item in (items if isinstance(items, list) else []) if isinstance(item, dict)
    ]
    kind = "jsonfeed" + version.partition(VERSION_HOST)[2][:8]
    title = plain(_text(value.get("title")), MAX_TITLE)
    return ParsedFeed(title, kind, with_distinct_guids(entries[:MAX_ENTRIES]), malformed=not isinstance(items, list))


def _entry(item: dict[str, Any], base: str, now: datetime) -> ParsedEntry:
    url = web_url(_text(item.get("url")), base) or web_url(_text(item.get("external_url")), base)
    title = plain(_text(item.get("title")), MAX_TITLE)
    summary = _summary(item)
    published = _text(item.get("date_published")) or _text(item.get("date_modified"))
    return ParsedEntry(
        guid=stable_guid(_text(item.get("id")), url, title, summary),
        url=url,
        title=title,
        summary=summary,
        published=credible_date(_instant(published), now),
        authors=_authors(item),
    )


def _summary(item: dict[str, Any]) -> str:
    summary, text = _text(item.get("summary")), _text(item.get("content_text"))
    if summary:
        return plain(summary, MAX_SUMMARY)
    return clean(text, MAX_SUMMARY) if text else text_of_markup(_text(item.get("content_html")), MAX_SUMMARY)


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    listed = item.get("authors")
    authors = listed if isinstance(listed, list) and listed else [item.get("author")]
    names = [clean(_text(author.get("name")), MAX_TITLE) for author in authors if isinstance(author, dict)]
    return tuple(filter(None, names))


def _text(value: object) -> str:
    """Strings as they are; numbers too, because ids are often numbers; anything else is absent."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
