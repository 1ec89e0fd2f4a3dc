"""Which blueprints, jobs, ticks and listeners make up the application."""

from typing import Any

import click
from flask_smorest import Api

from app.attachments import jobs as attachment_jobs
from app.briefing import jobs as briefing_jobs
from app.calendars import jobs as calendar_jobs
from app.config import Settings
from app.foundation import changes, pokes
from app.foundation.outbox import Tick
from app.news import jobs as news_jobs
from app.push import jobs as push_jobs
from app.quotes import jobs as quote_jobs
from app.resources import jobs as resource_jobs
from app.sync import jobs as sync_jobs

OPENAPI: dict[str, Any] = {
    "API_TITLE": "Doorstep",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "api/v1/openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": "Know the customer before you knock."},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token (`POST /api/v1/tokens`)."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-session",
                    "description": "A browser session; writes also need `X-CSRF-Token`.",
                },
            }
        },
    },
}


def connect_parts(api: Api, settings: Settings) -> None:
    """Register every capability's doors, under `/api/v1`."""
    from app.attachments.routes import blueprint as attachments
    from app.briefing.routes import blueprint as briefings
    from app.calendars.routes import blueprint as calendars
    from app.customers.routes import blueprint as customers
    from app.identity.routes import blueprint as identity
    from app.jobs.routes import blueprint as jobs
    from app.news.routes import blueprint as news
    from app.products.routes import blueprint as products
    from app.push.routes import blueprint as notices
    from app.quotes.catalog_routes import blueprint as catalogs
    from app.quotes.evaluation_routes import blueprint as evaluation
    from app.quotes.offer_routes import blueprint as offers
    from app.quotes.routes import blueprint as quotes
    from app.sync.pokes_routes import blueprint as live
    from app.sync.routes import blueprint as sync
    from app.threads.routes import blueprint as threads
    from app.tickets.routes import blueprint as tickets
    from app.usage.routes import blueprint as usage
    from app.visits.routes import blueprint as visits

    for blueprint in (
        identity,
        customers,
        products,
        usage,
        tickets,
        news,
        visits,
        threads,
        attachments,
        briefings,
        sync,
        live,
        notices,
        catalogs,
        evaluation,
        quotes,
        offers,
        calendars,
        jobs,
    ):
        api.register_blueprint(blueprint, url_prefix="/api/v1")
    connect_work(settings)


TICKS: tuple[Tick, ...] = (
    *attachment_jobs.TICKS,
    *briefing_jobs.TICKS,
    *calendar_jobs.TICKS,
    *news_jobs.TICKS,
    *push_jobs.TICKS,
    *quote_jobs.TICKS,
    *resource_jobs.TICKS,
    *sync_jobs.TICKS,
)


def connect_work(settings: Settings) -> None:
    """Have changes set off the background work that follows from them, in the web process and in commands alike."""
    changes.subscribe(pokes.touched)
    briefing_jobs.connect()
    calendar_jobs.connect(settings)
    news_jobs.connect(settings)
    push_jobs.connect(settings)
    sync_jobs.connect()


def add_commands(cli: click.Group) -> None:
    """Add every capability's commands to the `doorstep` command."""
    from app.connectors.cli import import_
    from app.cpq.cli import catalog
    from app.identity.cli import users
    from app.jobs.cli import jobs, relay, worker
    from app.news.cli import feeds
    from app.operations.cli import backup_, restore
    from app.quotes.cli import publish
    from app.sample.cli import sample

    catalog.add_command(publish)
    for command in (backup_, restore, users, feeds, sample, import_, catalog, jobs, relay, worker):
        cli.add_command(command)
