"""Text and addresses out of documents that anyone may have written: feeds, calendars."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

MAX_URL = 2000
MAX_MARKUP = 50_000  # characters of markup that are looked at to find a summary

# Controls (C0, C1, delete), bidirectional overrides, and the byte order mark: never part of a headline.
_UNWANTED = dict.fromkeys((*range(32), *range(127, 160)), " ") | {0x202D: None, 0x202E: None, 0xFEFF: None}
_MARKUP = re.compile(r"</\w|<\w+[^<>]{0,500}/?>|&#?\w{1,31};")
_HIDDEN = frozenset({"script", "style", "head", "template", "noscript", "iframe", "object", "svg", "math"})
_OPEN_TAG = re.compile(r"<[A-Za-z/!?]")
_INLINE_TAGS = "a abbr b bdi bdo cite code em font i kbd mark q s small span strong sub sup tt u var wbr"
_INLINE = frozenset(_INLINE_TAGS.split())


def clean(text: str, limit: int) -> str:
    """One line of storable text: white space collapsed, controls and lone surrogates gone, at most `limit` long."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    text = " ".join(text.translate(_UNWANTED).split())
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…"


def looks_like_markup(text: str) -> bool:
    """Whether text that is declared plain has tags or entities in it."""
    return _MARKUP.search(text[:MAX_MARKUP]) is not None


def text_of_markup(markup: str, limit: int) -> str:
    """The text that a reader of the markup would see, entities unescaped once."""
    reader = _TextReader(limit)
    reader.feed(markup[:MAX_MARKUP])
    if not _OPEN_TAG.match(reader.rawdata):  # a tag that never ends is not text
        reader.close()
    return clean("".join(reader.pieces), limit)


def plain(text: str, limit: int) -> str:
    """Text of a field that may hold either plain text or markup."""
    return text_of_markup(text, limit) if looks_like_markup(text) else clean(text, limit)


class _TextReader(HTMLParser):
    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._room = limit * 2  # white space still collapses
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden and self._room > 0:
            self.pieces.append(data[: self._room])
            self._room -= len(data)

    def _break(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")


def web_url(link: str | None, base: str) -> str | None:
    """`link` made absolute, None unless it is an http or https address of bearable length."""
    if not link or not link.strip():
        return None
    try:
        url = urljoin(base, link.strip().replace(" ", "%20"))
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or len(url) > MAX_URL:
        return None
    return url if clean(url, MAX_URL) == url else None
