"""One poll of one feed: what came of it, and when to come again. Nothing here touches a database."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from app.foundation.outbound import FetchedResponse, OutboundClient
from app.foundation.outbound_errors import OutboundError
from app.news.feed import FeedDocument, FeedProblem, ParsedFeed, Parser

POLL_EVERY = timedelta(minutes=30)
LONGEST_WAIT = timedelta(days=1)
LONGEST_RETRY_AFTER = timedelta(days=7)
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
MAX_URL, MAX_ETAG, MAX_LAST_MODIFIED = 2000, 500, 100
GONE = 410


@dataclass(frozen=True)
class PollRequest:
    """What is known of a feed before a poll. Validators are empty when the whole feed is wanted."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class NamedProblem:
    """Why a poll gave nothing, in words for the person who follows the feed."""

    slug: str
    title: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"type": f"/docs/problems/{self.slug}", "title": self.title, "detail": self.detail}


@dataclass(frozen=True)
class Fetched:
    """The feed as it is now. `moved_to` is its new address when it has moved for good."""

    status: int
    feed: ParsedFeed
    etag: str | None
    last_modified: str | None
    moved_to: str | None


@dataclass(frozen=True)
class NotModified:
    """The feed is as it was."""

    status: int
    moved_to: str | None


@dataclass(frozen=True)
class Failed:
    """No feed. `status` is None when there was no answer; `gone` says that there never will be one again."""

    problem: NamedProblem
    status: int | None = None
    retry_after: timedelta | None = None
    gone: bool = False


Outcome = Fetched | NotModified | Failed


def poll(request: PollRequest, client: OutboundClient, parser: Parser, now: datetime) -> Outcome:
    """Fetch and parse one feed. Whatever goes wrong is an outcome, not an exception."""
    status: int | None = None
    try:
        answer = client.get(request.url, _request_headers(request))
        status = answer.status
        if status == 304 and (request.etag or request.last_modified):
            return NotModified(status, _moved_to(request, answer))
        if status != 200:
            return _refused(answer, now)
        document = FeedDocument(answer.body, answer.headers.get("Content-Type", ""), answer.final_url)
        feed = parser(document, now)
    except OutboundError as error:
        return Failed(NamedProblem(error.problem, error.title, f"{error.detail} {error.advice}"), status)
    except FeedProblem as error:
        return Failed(NamedProblem(error.problem, error.title, f"{error.detail} {error.advice}"), status)
    return Fetched(
        status,
        feed,
        _short(answer.headers.get("ETag"), MAX_ETAG),
        _short(answer.headers.get("Last-Modified"), MAX_LAST_MODIFIED),
        _moved_to(request, answer),
    )


def next_poll(outcome: Outcome, failures: int, now: datetime, chance: random.Random) -> datetime:
    """When to poll again: half an hour after a success, twice as long after each failure in a row, at most a day.

    A tenth of jitter keeps feeds from falling into step; a server's Retry-After is obeyed, up to a week.
    """
    wait: timedelta = min(POLL_EVERY * 2.0 ** min(failures, 10), LONGEST_WAIT) * chance.uniform(0.9, 1.1)
    if isinstance(outcome, Failed) and outcome.retry_after is not None:
        wait = max(wait, min(outcome.retry_after, LONGEST_RETRY_AFTER))
    return now + wait


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """A Retry-After header, seconds or HTTP date (RFC 9110 § 10.2.3); None when absent, past or unreadable."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), int(LONGEST_RETRY_AFTER.total_seconds())))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta() else None


def _request_headers(request: PollRequest) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    return headers


def _short(header: str | None, limit: int) -> str | None:
    """A validator that can be stored and sent back; others are done without."""
    return header if header and len(header) <= limit and header.isascii() and header.isprintable() else None


def _moved_to(request: PollRequest, answer: FetchedResponse) -> str | None:
    """The address after permanent redirects; never from an encrypted one to one that is not."""
    url = answer.permanent_url
    if url is None or url == request.url or len(url) > MAX_URL:
        return None
    downgrade = request.url.startswith("https:") and not url.startswith("https:")
    return None if downgrade else url


def _refused(answer: FetchedResponse, now: datetime) -> Failed:
    """The outcome of a status other than 200."""
    status = answer.status
    if status == GONE:
        detail = "The server says that the feed is gone for good (410), so it is no longer polled. Follow another one."
        return Failed(NamedProblem("feed-gone", "The feed is gone", detail), status, gone=True)
    slug, title, advice = {
        401: ("feed-forbidden", "The feed needs a password", "Use an address that is open to everyone."),
        403: ("feed-forbidden", "The feed is not open to us", "Ask the owner of the feed for access."),
        404: ("feed-not-found", "There is no feed at this address", "Check the address."),
        429: ("feed-rate-limited", "The feed's server wants to be asked less often", "It is asked again later."),
    }.get(status) or (
        ("feed-server-error", "The feed's server has a fault", "It is asked again later.")
        if status >= 500
        else ("feed-unexpected-status", "The feed's server gave no feed", "Check the address.")
    )
    problem = NamedProblem(slug, title, f"The server answered with status {status}. {advice}")
    return Failed(problem, status, retry_after(answer.headers.get("Retry-After"), now))
