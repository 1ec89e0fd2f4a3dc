"""Asking another server for the same document again and again: conditionally, patiently, and with errors as values.

What feeds and calendars have in common. Nothing here touches a database, or knows what the document is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import ClassVar, Generic, TypeVar

from app.foundation.outbound import FetchedResponse, OutboundClient
from app.foundation.outbound_errors import OutboundError

Content = TypeVar("Content")
MAX_URL, MAX_ETAG, MAX_LAST_MODIFIED = 2000, 500, 100
LONGEST_ANNOUNCED = timedelta(days=7)
GONE = 410
SERVER_ERROR, UNEXPECTED = 500, 0  # keys of Refusals: any status from 500 on; any other that has no words of its own
Refusals = Mapping[int, tuple[str, str, str]]  # status → slug, title, advice


@dataclass(frozen=True)
class NamedProblem:
    """Why a poll gave nothing, in words for the person who follows the document."""

    slug: str
    title: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """As it is stored and shown, in the terms of RFC 9457."""
        return {"type": f"/docs/problems/{self.slug}", "title": self.title, "detail": self.detail}


@dataclass
class Unreadable(Exception):
    """A document that is not what was asked for; subclasses name the reason."""

    detail: str = field(default="")

    problem: ClassVar[str]
    title: ClassVar[str]
    advice: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.problem}: {self.detail}"


@dataclass(frozen=True)
class Validators:
    """By what a server knows again what it gave (RFC 9110 § 8.8). Empty where the whole document is wanted."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validators:
        """Those of an answer that can be stored and sent back; others are done without."""
        return cls(_short(headers.get("ETag"), MAX_ETAG), _short(headers.get("Last-Modified"), MAX_LAST_MODIFIED))

    def headers(self) -> dict[str, str]:
        """What a conditional GET says (RFC 9110 § 13.1)."""
        said = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Fetched(Generic[Content]):
    """The document as it is now. `moved_to` is its new address when it has moved for good."""

    status: int
    content: Content
    validators: Validators = field(default=Validators())
    moved_to: str | None = None


@dataclass(frozen=True)
class NotModified:
    """The document is as it was."""

    status: int
    moved_to: str | None = None


@dataclass(frozen=True)
class Failed:
    """No document. `status` is None when there was no answer; `gone` says that there never will be one again."""

    problem: NamedProblem
    status: int | None = None
    retry_after: timedelta | None = None
    gone: bool = False


Outcome = Fetched[Content] | NotModified | Failed


@dataclass(frozen=True)
class Pace:
    """How often to ask: `every` so often after a success, at most `longest` after failures in a row.

    A server's Retry-After is obeyed, up to `longest_asked`.
    """

    every: timedelta
    longest: timedelta
    longest_asked: timedelta

    def next(self, outcome: Outcome[Content], failures: int, now: datetime, chance: random.Random) -> datetime:
        """When to ask again: twice as late after each failure in a row, never earlier than the server asks for.

        A tenth of jitter keeps documents from falling into step.
        """
        wait: timedelta = min(self.every * 2.0 ** min(failures, 10), self.longest) * chance.uniform(0.9, 1.1)
        if isinstance(outcome, Failed) and outcome.retry_after is not None:
            wait = max(wait, min(outcome.retry_after, self.longest_asked))
        return now + wait


@dataclass(frozen=True)
class Question:
    """What to ask for, and what to say of a status that gives nothing."""

    url: str
    validators: Validators
    headers: Mapping[str, str]
    refusals: Refusals


def ask(
    question: Question, client: OutboundClient, read: Callable[[FetchedResponse], Content], now: datetime
) -> Outcome[Content]:
    """One conditional GET; `read` makes the document of an answer 200, or raises Unreadable.

    Whatever goes wrong is an outcome, not an exception.
    """
    status: int | None = None
    try:
        answer = client.get(question.url, {**question.headers, **question.validators.headers()})
        status = answer.status
        if status == 304 and question.validators:
            return NotModified(status, _moved_to(question.url, answer))
        if status != 200:
            return refused(answer, question.refusals, now)
        content = read(answer)
    except (OutboundError, Unreadable) as error:
        return Failed(named(error), status)
    return Fetched(status, content, Validators.of(answer.headers), _moved_to(question.url, answer))


def named(error: OutboundError | Unreadable) -> NamedProblem:
    """An error in words for the person who follows the document."""
    return NamedProblem(error.problem, error.title, f"{error.detail} {error.advice}".strip())


def refused(answer: FetchedResponse, refusals: Refusals, now: datetime) -> Failed:
    """The outcome of a status that gives no document. 410 says that there will be none any more."""
    status = answer.status
    other = SERVER_ERROR if status >= SERVER_ERROR else UNEXPECTED
    slug, title, advice = refusals.get(status) or refusals[other]
    problem = NamedProblem(slug, title, f"The server answered with status {status}. {advice}")
    return Failed(problem, status, retry_after(answer.headers.get("Retry-After"), now), gone=status == GONE)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """A Retry-After header, seconds or HTTP date (RFC 9110 § 10.2.3); None when absent, past or unreadable."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), int(LONGEST_ANNOUNCED.total_seconds())))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta() else None


def _short(header: str | None, limit: int) -> str | None:
    return header if header and len(header) <= limit and header.isascii() and header.isprintable() else None


def _moved_to(asked: str, answer: FetchedResponse) -> str | None:
    """The address after permanent redirects; never from an encrypted one to one that is not."""
    url = answer.permanent_url
    if url is None or url == asked or len(url) > MAX_URL:
        return None
    downgrade = asked.startswith("https:") and not url.startswith("https:")
    return None if downgrade else url
