"""Parsing in processes of its own, so that a hostile feed costs a few seconds of a worker and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from app.foundation.killable import WorkerLost, WorkerPool
from app.news.feed import PROBLEMS, FeedDocument, FeedProblem, ParsedEntry, ParsedFeed, ParserCrashed, ParserTimeout


@dataclass
class ParserPool(WorkerPool):
    """A Parser on at most `size` worker processes; further callers wait. Safe to share between threads."""

    module: ClassVar[str] = "app.news.parse_worker"

    def __call__(self, document: FeedDocument, now: datetime) -> ParsedFeed:
        """Raises a FeedProblem; ParserTimeout and ParserCrashed say that the worker had to be given up."""
        head = {"content_type": document.content_type, "url": document.url, "now": now.isoformat()}
        try:
            return _result(self.ask(head, document.body))
        except WorkerLost as lost:
            raise (ParserTimeout if lost.timed_out else ParserCrashed)(lost.detail) from lost


def _result(reply: dict[str, Any]) -> ParsedFeed:
    if "problem" in reply:
        kind = PROBLEMS.get(reply["problem"], FeedProblem)
        raise kind(reply["detail"], tuple(reply.get("links", ())))
    feed = reply["feed"]
    entries = tuple(_entry(entry) for entry in feed["entries"])
    return ParsedFeed(feed["title"], feed["kind"], entries, feed["malformed"])


def _entry(entry: dict[str, Any]) -> ParsedEntry:
    published = entry["published"] and datetime.fromisoformat(entry["published"])
    return ParsedEntry(**{**entry, "published": published, "authors": tuple(entry["authors"])})
