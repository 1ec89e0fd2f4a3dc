"""Commands for feeds."""

import click
import sqlalchemy as sa

from app.foundation.db import table_of
from app.foundation.outbound_errors import redact_url
from app.news.service import Poller, PollReport
from app.news.tables import Feed

FEEDS = table_of(Feed)


@click.group()
def feeds() -> None:
    """Poll news feeds."""


@feeds.command()
@click.option("--feed", "feed_id", help="Only this feed, by its id.")
@click.pass_context
def poll(context: click.Context, feed_id: str | None) -> None:
    """Poll every enabled feed now, whether its time has come or not."""
    from app.cli import database_of

    database, poller = database_of(context), Poller.from_settings(context.obj)
    query = sa.select(FEEDS.c.id).where(FEEDS.c.enabled).order_by(FEEDS.c.id)
    with database.read() as session:
        feed_ids = session.scalars(query if feed_id is None else query.where(FEEDS.c.id == feed_id)).all()
    if not feed_ids:
        raise click.ClickException("There is no such feed, or it is disabled." if feed_id else "No feed is enabled.")
    for each in feed_ids:
        report = poller.poll(database, each)
        if report is not None:
            click.echo(_line(report))


def _line(report: PollReport) -> str:
    if report.problem is not None:
        outcome = f"{report.problem.slug}: {report.problem.detail}"
    elif report.superseded:
        outcome = "changed meanwhile; nothing stored"
    else:
        outcome = f"{report.new_items} new, {report.changed_items} changed"
    return f"{redact_url(report.url)}  {outcome}"
