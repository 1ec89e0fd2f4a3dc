"""Polling feeds and keeping what they say: fetch and parse first, then one short transaction that stores it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.config import Settings
from app.customers.tables import Account
from app.foundation import changes, clock
from app.foundation.db import Database, table_of, upsert, write_unless_changed
from app.foundation.ids import new_id
from app.foundation.outbound import Limits, OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.polling import Failed, Fetched, NamedProblem, NotModified, Validators
from app.foundation.text import clean
from app.news import polling
from app.news.feed import ParsedEntry, ParsedFeed, Parser
from app.news.mentions import NameIndexCache, Relation, WatchedName, mentions_of
from app.news.parser_pool import ParserPool
from app.news.polling import Outcome
from app.news.tables import Feed, Mention, NewsItem

FEEDS, ITEMS, MENTIONS, ACCOUNTS = map(table_of, (Feed, NewsItem, Mention, Account))

USER_AGENT = "Doorstep/0.1 (news for field sales)"
DUE_AT_ONCE = 500
FRESH = timedelta(days=30)
CHUNK = 400
MATCHED, PUBLISHER, TITLE_FROM_SUMMARY = 200, 200, 120
MentionKey = tuple[str, str, str]  # item, account, relation
WATCHED_COLUMNS = ("url", "title", "summary", "publisher", "published_at")


@dataclass(frozen=True)
class PollReport:
    """What one poll did. `superseded`: the feed was changed or deleted meanwhile, so nothing was stored."""

    feed_id: str
    url: str
    problem: NamedProblem | None = None
    new_items: int = 0
    changed_items: int = 0
    superseded: bool = False


@dataclass(frozen=True)
class MentionChanges:
    """Accounts that the items in question mention or mentioned, and those of them that gained or lost a mention."""

    concerned: set[str]
    changed: set[str]


@dataclass
class Poller:
    """Polls feeds with one client and one parser. Safe to share between threads."""

    client: OutboundClient
    parser: Parser
    chance: random.Random = field(default_factory=random.SystemRandom)
    _names: dict[str, NameIndexCache] = field(default_factory=dict)
    _matched_with: dict[str, tuple[WatchedName, ...]] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: Settings) -> Poller:
        """A poller with the installation's outbound limits. Raises ValueError for a bad DOORSTEP_OUTBOUND_ALLOW."""
        limits = Limits(deadline=settings.outbound_deadline_seconds, max_bytes=settings.outbound_max_bytes)
        policy = AddressPolicy.parse(settings.outbound_allow.split(","))
        return cls(OutboundClient(USER_AGENT, policy, limits), ParserPool())

    def poll(self, database: Database, feed_id: str) -> PollReport | None:
        """Poll a feed and store what it says; None when there is no such feed, or it is disabled.

        What goes wrong with the feed is stored with it and is in the report; only the database raises here.
        """
        now = clock.now()
        with database.read() as session:
            feed = session.execute(sa.select(FEEDS).where(FEEDS.c.id == feed_id, FEEDS.c.enabled)).mappings().first()
        if feed is None:
            return None
        validators = Validators(feed["etag"], feed["last_modified"])
        outcome = polling.poll(feed["url"], validators, self.client, self.parser, now)
        with database.write() as session:
            return self._store(session, dict(feed), outcome, now)

    def _store(self, session: Session, feed: dict[str, Any], outcome: Outcome, now: datetime) -> PollReport:
        failures = feed["failures"] + 1 if isinstance(outcome, Failed) else 0
        state = _next_state(feed, outcome) | {
            "polled_at": now,
            "failures": failures,
            "next_poll_at": polling.PACE.next(outcome, failures, now, self.chance),
        }
        if not write_unless_changed(session, FEEDS, feed, state, now):
            return PollReport(feed["id"], feed["url"], superseded=True)
        touched: set[str | None] = set()
        if (feed["problem"] is None) != (state["problem"] is None):
            touched.add(feed["account_id"])
        new, changed = 0, 0
        if isinstance(outcome, Fetched):
            first = feed["polled_at"] is None
            rows = _item_rows(feed, outcome.content, now, dated=not first)
            stored, new, changed = _store_items(session, feed["id"], rows)
            touched |= self._match(session, feed["org_id"], stored).concerned
        changes.touch(session, feed["org_id"], touched)
        problem = outcome.problem if isinstance(outcome, Failed) else None
        return PollReport(feed["id"], feed["url"], problem, new, changed)

    def _match(self, session: Session, org_id: str, items: Sequence[dict[str, Any]]) -> MentionChanges:
        """Store whom these items mention."""
        index = self._index(session, org_id)
        feed_ids = {item["feed_id"] for item in items}
        query = sa.select(FEEDS.c.id, FEEDS.c.account_id).where(FEEDS.c.id.in_(feed_ids))
        owners = {row.id: row.account_id for row in session.execute(query)}
        wanted = {
            (item["id"], mention.account_id, mention.relation.value): mention.matched[:MATCHED]
            for item in items
            for mention in mentions_of(index, item["title"], item["summary"] or "", owners.get(item["feed_id"]))
        }
        return _replace_mentions(session, org_id, [item["id"] for item in items], wanted)

    def _index(self, session: Session, org_id: str) -> Any:
        cache = self._names.setdefault(org_id, NameIndexCache())
        return cache.get(_names_version(session, org_id), lambda: _watched_names(session, org_id))

    def rematch_where_names_changed(self, database: Database) -> int:
        """Match recent items anew in organisations whose account names changed since this process last looked.

        Returns the number of accounts whose news changed.
        """
        with database.read() as session:
            org_ids = session.scalars(sa.select(FEEDS.c.org_id).distinct()).all()
            for org_id in org_ids:
                self._index(session, org_id)
        stale = [org_id for org_id in org_ids if self._names[org_id].names != self._matched_with.get(org_id)]
        return sum(self._rematch(database, org_id) for org_id in stale)

    def _rematch(self, database: Database, org_id: str) -> int:
        with database.write() as session:
            columns = (ITEMS.c.id, ITEMS.c.feed_id, ITEMS.c.title, ITEMS.c.summary)
            recent = sa.select(*columns).where(ITEMS.c.org_id == org_id, ITEMS.c.published_at >= clock.now() - FRESH)
            items = [dict(row) for row in session.execute(recent).mappings()]
            touched: set[str] = set()
            for start in range(0, len(items), CHUNK):
                touched |= self._match(session, org_id, items[start : start + CHUNK]).changed
            changes.touch(session, org_id, touched)
            self._index(session, org_id)
            self._matched_with[org_id] = self._names[org_id].names
            return len(touched)


def due_feeds(session: Session, now: datetime, limit: int = DUE_AT_ONCE) -> list[tuple[str, str]]:
    """(organisation id, feed id) of feeds whose time has come, the longest waiting first."""
    query = sa.select(FEEDS.c.org_id, FEEDS.c.id).where(FEEDS.c.enabled, FEEDS.c.next_poll_at <= now)
    return [(row.org_id, row.id) for row in session.execute(query.order_by(FEEDS.c.next_poll_at).limit(limit))]


def start_anew(session: Session, feed_id: str) -> None:
    """Forget how a feed fared, and have it polled at the next tick."""
    forgotten = {"etag": None, "last_modified": None, "http_status": None, "problem": None, "failures": 0}
    session.execute(sa.update(FEEDS).where(FEEDS.c.id == feed_id).values(**forgotten, next_poll_at=clock.now()))


def _next_state(feed: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """The columns of a feed that follow from an outcome alone."""
    if isinstance(outcome, Failed):
        state: dict[str, Any] = {"http_status": outcome.status, "problem": outcome.problem.as_dict()}
        return state | ({"enabled": False} if outcome.gone else {})
    state = {"http_status": outcome.status, "problem": None, "url": outcome.moved_to or feed["url"]}
    if isinstance(outcome, NotModified):
        return state
    title = feed["title"] or outcome.content.title or None
    return state | asdict(outcome.validators) | {"title": title}


def _item_rows(feed: dict[str, Any], parsed: ParsedFeed, now: datetime, *, dated: bool) -> list[dict[str, Any]]:
    """Entries that have words in them as rows, one a guid.

    An entry without a credible date that turns up later (`dated`) was published about now; at the first poll nothing is
    known of its age, and nothing is made up.
    """
    rows: dict[str, dict[str, Any]] = {}
    for entry in parsed.entries:
        if not entry.title and not entry.summary:
            continue
        rows.setdefault(
            entry.guid,
            {
                "feed_id": feed["id"],
                "org_id": feed["org_id"],
                "guid": entry.guid,
                "url": entry.url,
                "title": entry.title or clean(entry.summary, TITLE_FROM_SUMMARY),
                "summary": entry.summary or None,
                "publisher": _publisher(entry, parsed.title or feed["title"], feed["url"]),
                "published_at": entry.published,
                "fetched_at": now,
                "seen_at": now if dated else None,
            },
        )
    return list(rows.values())


def _publisher(entry: ParsedEntry, feed_title: str | None, feed_url: str) -> str:
    return (entry.publisher or feed_title or urlsplit(feed_url).hostname or "")[:PUBLISHER]


def _store_items(session: Session, feed_id: str, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int, int]:
    """Write new and changed items; returns them with their ids, and how many are new and changed."""
    known = {}
    columns = [ITEMS.c.id, ITEMS.c.guid, *(ITEMS.c[name] for name in WATCHED_COLUMNS)]
    for chunk in _chunks([row["guid"] for row in rows]):
        query = sa.select(*columns).where(ITEMS.c.feed_id == feed_id, ITEMS.c.guid.in_(chunk))
        known.update({row["guid"]: row for row in session.execute(query).mappings()})
    fresh, altered = [], []
    for row in rows:
        seen_at, old = row.pop("seen_at"), known.get(row["guid"])
        if old is None:
            row["published_at"] = row["published_at"] or seen_at
        elif row["published_at"] in (None, row["fetched_at"]):  # not stated, or still ahead and cut to now
            row["published_at"] = old["published_at"] or row["published_at"]
        if old is None:
            fresh.append(row | {"id": new_id()})
        elif any(old[name] != row[name] for name in WATCHED_COLUMNS):
            altered.append(row | {"id": old["id"]})
    written = fresh + altered
    if written:
        insert = upsert(session, ITEMS)
        updates = {name: insert.excluded[name] for name in WATCHED_COLUMNS}
        session.execute(insert.on_conflict_do_update(index_elements=["feed_id", "guid"], set_=updates), written)
    return written, len(fresh), len(altered)


def _replace_mentions(
    session: Session, org_id: str, item_ids: list[str], wanted: dict[MentionKey, str]
) -> MentionChanges:
    """Make the mentions of these items as wanted."""
    present: dict[MentionKey, str] = {}
    for chunk in _chunks(item_ids):
        columns = (MENTIONS.c.item_id, MENTIONS.c.account_id, MENTIONS.c.relation, MENTIONS.c.matched)
        for row in session.execute(sa.select(*columns).where(MENTIONS.c.item_id.in_(chunk))):
            present[row.item_id, row.account_id, row.relation] = row.matched
    gone = [key for key in present if key not in wanted]
    for item_id, account_id, relation in gone:
        which = (MENTIONS.c.item_id == item_id, MENTIONS.c.account_id == account_id, MENTIONS.c.relation == relation)
        session.execute(sa.delete(MENTIONS).where(*which))
    new = [key for key, matched in wanted.items() if present.get(key) != matched]
    if new:
        names = ("item_id", "account_id", "relation")
        rows = [dict(zip(names, key, strict=True)) | {"org_id": org_id, "matched": wanted[key]} for key in new]
        insert = upsert(session, MENTIONS)
        updated = {"matched": insert.excluded.matched}
        keys = ["account_id", "item_id", "relation"]
        session.execute(insert.on_conflict_do_update(index_elements=keys, set_=updated), rows)
    concerned = {account_id for _, account_id, _ in present.keys() | wanted.keys()}
    return MentionChanges(concerned, {account_id for _, account_id, _ in (*gone, *new)})


def _names_version(session: Session, org_id: str) -> tuple[Any, ...]:
    query = sa.select(sa.func.count(), sa.func.max(ACCOUNTS.c.updated_at)).where(ACCOUNTS.c.org_id == org_id)
    return tuple(session.execute(query).one())


def _watched_names(session: Session, org_id: str) -> list[WatchedName]:
    """Names, aliases and watched competitors of every account of an organisation."""
    query = sa.select(ACCOUNTS.c.id, ACCOUNTS.c.name, ACCOUNTS.c.aliases, ACCOUNTS.c.competitors)
    names = []
    for row in session.execute(query.where(ACCOUNTS.c.org_id == org_id).order_by(ACCOUNTS.c.id)):
        own = [row.name, *(row.aliases or ())]
        names += [WatchedName(row.id, Relation.SELF, name) for name in own]
        names += [WatchedName(row.id, Relation.COMPETITOR, name) for name in row.competitors or ()]
    return names


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
