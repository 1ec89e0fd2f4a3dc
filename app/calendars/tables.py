"""Calendars of reps, what takes place in them, what the rep said about it, and the feed of the rep's own visits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant, belongs_to

_JSON = sa.JSON(none_as_null=True)


class Calendar(Tenant, Base):
    """A rep's calendar and how its last poll went. `url` is what is shown of its address.

    `secret` is sealed: the address itself, and the password where there is one. `state` is what a CalDAV server said of
    the collection. A calendar of kind `file` has no address: it grows with every file that is imported into it.
    """

    __tablename__ = "calendar"

    user_id: Mapped[str] = belongs_to("user_account")
    kind: Mapped[str] = mapped_column(sa.String(8))
    name: Mapped[str] = mapped_column(sa.String(200))
    url: Mapped[str | None] = mapped_column(sa.String(500))
    username: Mapped[str | None] = mapped_column(sa.String(200))
    secret: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    etag: Mapped[str | None] = mapped_column(sa.String(500))
    last_modified: Mapped[str | None] = mapped_column(sa.String(100))
    next_poll_at: Mapped[datetime | None] = mapped_column(Instant)
    last_polled_at: Mapped[datetime | None] = mapped_column(Instant)
    expanded_at: Mapped[datetime | None] = mapped_column(Instant)
    http_status: Mapped[int | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    faults: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    failures: Mapped[int] = mapped_column(default=0)
    paused: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    row_version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.CheckConstraint("kind IN ('file', 'url', 'caldav')", name="kind"),
        sa.Index("ix_calendar_user_id", "user_id", "id"),
        sa.Index("ix_calendar_next_poll_at", "next_poll_at"),
        sa.Index("ix_calendar_org_id", "org_id", "id"),
    )


class CalendarEvent(Tenant, Base):
    """An event at one time, the account it was matched with, and the visit that was made of it.

    `recurrence_id` is empty for a single event. `person_ids` are the people of the account among its attendees.
    """

    __tablename__ = "calendar_event"

    user_id: Mapped[str] = belongs_to("user_account")
    calendar_id: Mapped[str] = belongs_to("calendar")
    uid: Mapped[str] = mapped_column(sa.String(200))
    recurrence_id: Mapped[str] = mapped_column(sa.String(20), default="")
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    time_zone: Mapped[str] = mapped_column(sa.String(64))
    all_day: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(sa.String(300), default="")
    place: Mapped[str] = mapped_column(sa.String(300), default="")
    attendees: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    person_ids: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    private: Mapped[bool] = mapped_column(default=False)
    cancelled: Mapped[bool] = mapped_column(default=False)
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(sa.String(64))
    account_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="SET NULL"))
    visit_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("visit.id", ondelete="SET NULL"))
    match: Mapped[str] = mapped_column(sa.String(10), default="none")
    candidates: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    __table_args__ = (
        sa.UniqueConstraint("calendar_id", "uid", "recurrence_id"),
        sa.CheckConstraint("match IN ('matched', 'asked', 'dismissed', 'none')", name="match"),
        sa.Index("ix_calendar_event_user_id_match", "user_id", "match", "starts_at"),
        sa.Index("ix_calendar_event_account_id", "account_id"),
        sa.Index("ix_calendar_event_visit_id", "visit_id"),
        sa.Index("ix_calendar_event_org_id", "org_id", "id"),
    )


class CalendarAnswer(Base):
    """What the rep said a series is about; no account: that it is no visit. It is not asked again."""

    __tablename__ = "calendar_answer"

    calendar_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("calendar.id", ondelete="CASCADE"), primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    account_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"))
    answered_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    __table_args__ = (sa.Index("ix_calendar_answer_account_id", "account_id"),)


class CalendarFeed(Tenant, Base):
    """The address under which a rep's visits are served; only the SHA-256 of its secret part is kept."""

    __tablename__ = "calendar_feed"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), unique=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_read_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (sa.Index("ix_calendar_feed_org_id", "org_id"),)
