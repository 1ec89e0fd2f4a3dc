"""What a feed is to us once it is parsed, whatever its format, and what can be wrong with one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Protocol

from app.foundation.polling import Unreadable
from app.news.text import content_guid

MAX_ENTRIES = 500


@dataclass(frozen=True)
class FeedDocument:
    """A fetched document: its bytes, its Content-Type header ("" when there was none) and the URL it came from."""

    body: bytes
    content_type: str
    url: str


@dataclass(frozen=True)
class ParsedEntry:
    """One entry as plain text: no markup, no control characters, bounded lengths.

    `guid` is never empty, stable between polls and, in one feed, stands for one entry. `published` is aware UTC, None
    when absent or not credible. `publisher` is set when the entry names a source other than the feed.
    """

    guid: str
    url: str | None
    title: str
    summary: str
    published: datetime | None
    authors: tuple[str, ...] = ()
    publisher: str | None = None


@dataclass(frozen=True)
class ParsedFeed:
    """A feed and its first `MAX_ENTRIES` entries, in document order.

    `kind` is `rss2.0`, `atom1.0`, `jsonfeed1.1`, …; `malformed` says that the document broke its format's rules and
    was read as far as possible.
    """

    title: str
    kind: str
    entries: tuple[ParsedEntry, ...]
    malformed: bool = False


def with_distinct_guids(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Entries that share a guid but say different things get guids that follow from what they say.

    Feeds without ids often give all their entries the same link.
    """
    entries = tuple(entries)
    uses = Counter(entry.guid for entry in entries)
    return tuple(
        entry if uses[entry.guid] == 1 else replace(entry, guid=content_guid(entry.guid, entry.title, entry.summary))
        for entry in entries
    )


class Parser(Protocol):
    """Reads a document as a feed, or raises a FeedProblem."""

    def __call__(self, document: FeedDocument, now: datetime) -> ParsedFeed:
        """`now` (aware) bounds credible publication dates."""
        ...


@dataclass
class FeedProblem(Unreadable):
    """A document that gives no feed; subclasses name the reason. `links` are feeds that the document points to."""

    links: tuple[str, ...] = field(default=())

    problem: ClassVar[str] = "unreadable-feed"
    title: ClassVar[str] = "The feed could not be read"
    advice: ClassVar[str] = "The owner of the feed has to correct it."


class NotAFeed(FeedProblem):
    problem = "not-a-feed"
    title = "The address does not lead to a feed"
    advice = "Use the address of an RSS, Atom or JSON feed."


class MalformedFeed(FeedProblem):
    problem = "malformed-feed"
    title = "The feed is broken"


class ParserTimeout(FeedProblem):
    problem = "parser-timeout"
    title = "Reading the feed took too long"


class ParserCrashed(FeedProblem):
    problem = "parser-crashed"
    title = "Reading the feed failed"


PROBLEMS: dict[str, type[FeedProblem]] = {
    kind.problem: kind for kind in (FeedProblem, NotAFeed, MalformedFeed, ParserTimeout, ParserCrashed)
}
