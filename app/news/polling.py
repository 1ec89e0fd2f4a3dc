"""One poll of one feed: what came of it, and when to come again. Nothing here touches a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.foundation import polling
from app.foundation.outbound import FetchedResponse, OutboundClient
from app.foundation.polling import GONE, SERVER_ERROR, UNEXPECTED, Pace, Question, Refusals, Validators
from app.news.feed import FeedDocument, ParsedFeed, Parser

PACE = Pace(timedelta(minutes=30), longest=timedelta(days=1), longest_asked=timedelta(days=7))
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
REFUSALS: Refusals = {
    401: ("feed-forbidden", "The feed needs a password", "Use an address that is open to everyone."),
    403: ("feed-forbidden", "The feed is not open to us", "Ask the owner of the feed for access."),
    404: ("feed-not-found", "There is no feed at this address", "Check the address."),
    GONE: ("feed-gone", "The feed is gone", "It is gone for good, so it is no longer polled. Follow another one."),
    429: ("feed-rate-limited", "The feed's server wants to be asked less often", "It is asked again later."),
    SERVER_ERROR: ("feed-server-error", "The feed's server has a fault", "It is asked again later."),
    UNEXPECTED: ("feed-unexpected-status", "The feed's server gave no feed", "Check the address."),
}
Outcome = polling.Outcome[ParsedFeed]


def poll(url: str, validators: Validators, client: OutboundClient, parser: Parser, now: datetime) -> Outcome:
    """Fetch and parse one feed. Whatever goes wrong is an outcome, not an exception."""

    def read(answer: FetchedResponse) -> ParsedFeed:
        return parser(FeedDocument(answer.body, answer.headers.get("Content-Type", ""), answer.final_url), now)

    return polling.ask(Question(url, validators, {"Accept": ACCEPT}, REFUSALS), client, read, now)
