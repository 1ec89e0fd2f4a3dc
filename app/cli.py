"""The `doorstep` command."""

import os
from typing import Any

import click

from app.config import Settings, SettingsError, load_settings
from app.foundation import tenancy
from app.foundation.db import Database


@click.group()
@click.pass_context
def cli(context: click.Context) -> None:
    """Doorstep: know the customer before you knock."""
    from app.wiring import connect_work

    try:
        context.obj = load_settings()
    except SettingsError as fault:
        raise click.ClickException(str(fault)) from fault
    connect_work(context.obj)


def database_of(context: click.Context) -> Database:
    """The database of the settings."""
    settings: Settings = context.obj
    return Database(settings.database_url, pool_size=settings.database_pool)


@cli.command()
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database schema forward to this version."""
    _migrate(context.obj)
    click.echo("The database is up to date.")


def _migrate(settings: Settings) -> None:
    """As the owner of the tables, who then lets the application's role use them; an installation's first time makes its key."""
    from app.push.keys import vapid_keys
    from app.schema import grant
    from app.schema import migrate as run

    owner = Database(settings.migration_url or settings.database_url, pool_size=settings.database_pool)
    run(owner)
    vapid_keys(owner)  # before the first backup, so that every backup has it
    role = Database(settings.database_url).url.username
    if settings.migration_url and role and role != owner.url.username:
        grant(owner, role)
    owner.dispose()


@cli.command()
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="Certificate chain (PEM).")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Its private key (PEM).")
@click.option("--host", help="Address to listen on (DOORSTEP_HOST).")
@click.option("--port", type=int, help="Port to listen on (DOORSTEP_PORT).")
@click.pass_context
def serve(context: click.Context, /, **options: Any) -> None:
    """Serve the API and the phone app, with the background runner inside."""
    from app.server import serve as run

    run(context.obj, **options)


@cli.command()
@click.pass_context
def start(context: click.Context) -> None:
    """Migrate, load the sample territory into an empty database, and serve."""
    from app.foundation import logs
    from app.sample import allowed_outbound, load_when_empty, serve_feeds
    from app.sample.loader import is_loaded
    from app.server import serve as serve_forever

    settings: Settings = context.obj
    logs.configure(settings.log_level, settings.log_format)
    _migrate(settings)
    database = database_of(context)
    if settings.sample:
        for line in load_when_empty(database, settings):
            click.echo(line)
    _feeds = serve_feeds(database, settings)
    if is_loaded(database):
        # The worker processes read their settings from the environment; only this demo lets them poll this machine.
        allowed = [settings.outbound_allow, *allowed_outbound(settings)]
        os.environ["DOORSTEP_OUTBOUND_ALLOW"] = ",".join(filter(None, allowed))
    database.dispose()
    serve_forever(settings)


def main() -> None:
    """Entry point."""
    from app.wiring import add_commands

    add_commands(cli)
    # A command is the operator's: it works for the whole installation.
    with tenancy.as_system():
        cli()


if __name__ == "__main__":
    main()
