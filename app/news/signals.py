"""What the news says on a briefing: who was named, what competitors did, and which feeds have gone silent."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import Context, Evidence, Fact, Item, Signal, Subject, source_name
from app.foundation.db import table_of
from app.news.mentions import Relation
from app.news.names import words_of
from app.news.tables import Feed, Mention, NewsItem

FEEDS, ITEMS, MENTIONS = map(table_of, (Feed, NewsItem, Mention))

FRESH = timedelta(days=30)
HALF_LIFE_DAYS = 10.0
MOST_OF_A_KIND = 4
MOST_EVIDENCE = 5
FAILURES_TO_SAY = 3
KINDS = {
    Relation.SELF.value: ("news.mention", 0.6),
    Relation.COMPETITOR.value: ("news.competitor", 0.5),
    Relation.TOPIC.value: ("news.topic", 0.3),
}


@dataclass(frozen=True, slots=True)
class Story:
    """Items with the same headline, newest first: one line, however many publishers carried it."""

    relation: str
    items: tuple[Mapping[str, Any], ...]

    @property
    def newest(self) -> Mapping[str, Any]:
        return self.items[0]

    @property
    def publishers(self) -> int:
        return len({item["publisher"] for item in self.items})


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """Fresh news of the accounts asked for, and what keeps news from coming."""
    by_account: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _recent_mentions(session, context):
        by_account[row["account_id"]].append(row)
    for account_id, rows in by_account.items():
        for story in _most_telling(_stories(rows), context.now):
            yield account_id, _story_signal(story, context.now)
    yield from _silent_feeds(session, context)


def weight(relation: str, age: timedelta, publishers: int) -> float:
    """Full weight on the day, half of it ten days later; a little more when several publishers carry it."""
    _, base = KINDS[relation]
    # Whole days, so that a briefing does not change by the hour for a weight alone.
    days = max(age // timedelta(days=1), 0)
    spread = min(0.05 * (publishers - 1), 0.15)
    return round((base + spread) * math.pow(0.5, days / HALF_LIFE_DAYS), 3)


def _recent_mentions(session: Session, context: Context) -> Sequence[Mapping[str, Any]]:
    columns = (
        MENTIONS.c.account_id, MENTIONS.c.relation, MENTIONS.c.matched, ITEMS.c.id, ITEMS.c.url, ITEMS.c.title,
        ITEMS.c.publisher, ITEMS.c.published_at, ITEMS.c.feed_id, FEEDS.c.title.label("feed_title"),
    )  # fmt: skip
    query = (
        sa.select(*columns)
        .join(ITEMS, ITEMS.c.id == MENTIONS.c.item_id)
        .join(FEEDS, FEEDS.c.id == ITEMS.c.feed_id)
        .where(
            MENTIONS.c.org_id == context.org_id,
            MENTIONS.c.account_id.in_(context.account_ids),
            ITEMS.c.published_at > context.now - FRESH,
            ITEMS.c.published_at <= context.now,
        )
        .order_by(ITEMS.c.published_at.desc(), ITEMS.c.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _stories(rows: Iterable[Mapping[str, Any]]) -> list[Story]:
    """Group items, newest first, by headline and by why they are shown; a competitor's story also by competitor."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        headline = tuple(word.folded for word in words_of(row["title"])) or (row["id"],)
        whom = row["matched"] if row["relation"] == Relation.COMPETITOR else ""
        groups[row["relation"], whom, headline].append(row)
    return [Story(relation, tuple(items)) for (relation, _, _), items in groups.items()]


def _most_telling(stories: Iterable[Story], now: datetime) -> Iterator[Story]:
    """Of each kind the heaviest few; the rest would only lengthen the card."""
    shown: dict[str, int] = defaultdict(int)
    for story in sorted(stories, key=lambda s: (-_weight_of(s, now), s.newest["id"])):
        shown[story.relation] += 1
        if shown[story.relation] <= MOST_OF_A_KIND:
            yield story


def _weight_of(story: Story, now: datetime) -> float:
    return weight(story.relation, now - story.newest["published_at"], story.publishers)


def _story_signal(story: Story, now: datetime) -> Signal:
    newest = story.newest
    kind, _ = KINDS[story.relation]
    facts: dict[str, Fact] = {
        "title": newest["title"],
        "publishers": story.publishers,
        "publisher": _publisher(newest),
        "published": newest["published_at"],
    }
    if story.relation == Relation.COMPETITOR:
        facts["competitor"] = newest["matched"]
    if story.relation == Relation.TOPIC:
        facts["topic"] = newest["feed_title"] or _publisher(newest)
    days = (now - newest["published_at"]).days
    reason = f"{days} days old, {story.publishers} publishers"
    evidence = tuple(_evidence(item) for item in story.items[:MOST_EVIDENCE])
    subject = Subject("news_item", newest["id"], newest["title"])
    observed = newest["published_at"]
    return Signal(kind, subject, facts, evidence, _weight_of(story, now), reason, observed, observed + FRESH)


def _publisher(item: Mapping[str, Any]) -> str:
    return str(item["publisher"] or item["feed_title"] or "publisher not stated")


def _evidence(item: Mapping[str, Any]) -> Evidence:
    return Evidence("news_item", item["id"], _publisher(item), item["published_at"], item["title"], item["url"])


def _silent_feeds(session: Session, context: Context) -> Iterator[tuple[str, Signal]]:
    """Feeds of an account that give nothing any more, and accounts for which no feed is followed at all."""
    concerned = sa.or_(FEEDS.c.account_id.in_(context.account_ids), FEEDS.c.account_id.is_(None))
    query = sa.select(FEEDS).where(FEEDS.c.org_id == context.org_id, concerned).order_by(FEEDS.c.id)
    rows = [dict(row) for row in session.execute(query).mappings()]
    failing = [row for row in rows if row["account_id"] is not None and _fails(row)]
    last = _last_received(session, [row["id"] for row in failing])
    for row in failing:
        yield row["account_id"], _failing(row, last.get(row["id"], row["created_at"]))
    followed = {row["account_id"] for row in rows if row["enabled"] or row["problem"]}
    if None in followed:  # a topic feed is watched for every account's name
        return
    for account_id, account in context.accounts.items():
        if account_id not in followed:
            evidence = account.evidence
            signal = Signal(
                "news.none_followed", account.subject, {}, (evidence,), 0.1, "nothing to read", evidence.as_of
            )
            yield account_id, signal


def _fails(row: Mapping[str, Any]) -> bool:
    return row["problem"] is not None and (row["failures"] >= FAILURES_TO_SAY or not row["enabled"])


def _last_received(session: Session, feed_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these feeds last brought something new."""
    if not feed_ids:
        return {}
    last = sa.func.max(ITEMS.c.fetched_at).label("last")
    query = sa.select(ITEMS.c.feed_id, last).where(ITEMS.c.feed_id.in_(feed_ids)).group_by(ITEMS.c.feed_id)
    return {row.feed_id: row.last for row in session.execute(query)}


def _failing(row: Mapping[str, Any], last: datetime) -> Signal:
    name = row["title"] or row["url"]
    polled = row["polled_at"] or row["updated_at"]
    facts: dict[str, Fact] = {"feed": name, "last": last, "problem": row["problem"]["title"] + "."}
    evidence = Evidence("feed", row["id"], source_name(row["external_ids"]), polled, name, row["url"])
    reason = f"{row['failures']} polls in a row gave nothing"
    return Signal("news.feed_failing", Subject("feed", row["id"], name), facts, (evidence,), 0.2, reason, polled)
