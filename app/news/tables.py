"""Feeds, the items read from them, and which account each item speaks of."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant, Versioned


class Feed(Versioned, Base):
    """A news feed for one account or for a topic, with how its last poll went."""

    __tablename__ = "feed"

    account_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"))
    topic: Mapped[str | None] = mapped_column(sa.String(100))
    url: Mapped[str] = mapped_column(sa.String(2000))
    title: Mapped[str | None] = mapped_column(sa.String(300))
    enabled: Mapped[bool] = mapped_column(default=True)
    etag: Mapped[str | None] = mapped_column(sa.String(500))
    last_modified: Mapped[str | None] = mapped_column(sa.String(100))
    polled_at: Mapped[datetime | None] = mapped_column(Instant)
    next_poll_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    http_status: Mapped[int | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    failures: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.Index("ix_feed_org_id_account_id", "org_id", "account_id"),
        sa.Index("ix_feed_org_id_updated_at_id", "org_id", "updated_at", "id"),
        sa.Index("ix_feed_enabled_next_poll_at", "enabled", "next_poll_at"),
    )


class NewsItem(Tenant, Base):
    """One entry of a feed; `(feed_id, guid)` is the same entry however often it is read."""

    __tablename__ = "news_item"

    feed_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("feed.id", ondelete="CASCADE"))
    guid: Mapped[str] = mapped_column(sa.String(500))
    url: Mapped[str | None] = mapped_column(sa.String(2000))
    title: Mapped[str] = mapped_column(sa.String(500))
    summary: Mapped[str | None] = mapped_column(sa.Text)
    publisher: Mapped[str | None] = mapped_column(sa.String(200))
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    fetched_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    __table_args__ = (
        sa.UniqueConstraint("feed_id", "guid"),
        sa.Index("ix_news_item_org_id_published_at", "org_id", "published_at"),
    )


class Mention(Base):
    """A news item speaks of an account: by its own name, by a competitor's, or because its feed is the account's."""

    __tablename__ = "mention"

    account_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("news_item.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    relation: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    matched: Mapped[str] = mapped_column(sa.String(200))
