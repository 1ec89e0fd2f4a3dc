"""The sample territory: a maker of industrial pumps and its customers, for trying Doorstep out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.config import Settings
    from app.foundation.db import Database
    from app.sample.feed_server import FeedServer


def load_when_empty(database: Database, settings: Settings) -> list[str]:
    """Load the sample territory when nobody uses the database yet, or bring the one that is there up to today.

    Returns what to tell whoever started the server: nothing when the database holds somebody's own data.
    """
    from app.foundation import clock
    from app.sample import loader, selling
    from app.sample.feed_server import feeds_url

    if loader.is_empty(database):
        done = loader.load(database, clock.now(), feeds_url(settings.sample_feeds_port))
        selling.sell(database, done.org_id, clock.now())
        loader.compose_briefings(database, done.org_id, clock.now())
    elif loader.is_loaded(database):
        loader.catch_up(database, clock.now())
    else:
        return []
    return ["This is the sample territory. Sign in as:", *loader.sign_in_table()]


def serve_feeds(database: Database, settings: Settings) -> FeedServer | None:
    """Serve the sample's news feeds when its territory is in this database; None when it is not, or when the port is
    taken (by another process of ours, which answers the same)."""
    from app.foundation.logs import log
    from app.sample import loader
    from app.sample.feed_server import FeedServer, feeds_url

    if not settings.sample or not loader.is_loaded(database):
        return None
    loader.move_feeds(database, feeds_url(settings.sample_feeds_port))
    try:
        return FeedServer(settings.sample_feeds_port)
    except OSError as fault:
        log.info("sample feeds are not served by this process", port=settings.sample_feeds_port, fault=str(fault))
        return None


def allowed_outbound(settings: Settings) -> list[str]:
    """The address on this machine that feeds may be polled from while the sample is in use."""
    from app.sample.feed_server import HOST

    return [f"{HOST}:{settings.sample_feeds_port}"] if settings.sample else []
