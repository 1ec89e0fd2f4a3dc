"""The commands of the sample territory."""

import click

from app.foundation import clock
from app.sample import loader, selling
from app.sample.feed_server import feeds_url


@click.group()
def sample() -> None:
    """Try Doorstep out: a territory of a maker of industrial pumps."""


@sample.command()
@click.option("--again", is_flag=True, help="Put the sample's rows back as they were when they were first loaded.")
@click.pass_context
def load(context: click.Context, again: bool) -> None:
    """Load the sample territory into an empty database, and say how to sign in."""
    from app.cli import database_of

    database = database_of(context)
    if loader.is_loaded(database) and not again:
        click.echo("The sample territory is loaded already.")
    else:
        try:
            done = loader.load(database, clock.now(), feeds_url(context.obj.sample_feeds_port))
            selling.sell(database, done.org_id, clock.now())
        except loader.SampleError as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo(
            f"Sample territory: {sum(done.created.values())} rows created, {sum(done.changed.values())} changed."
        )
    tell()


@sample.command("sign-ins")
def sign_ins() -> None:
    """Say how to sign in."""
    tell()


def tell() -> None:
    """Print the demo sign-ins."""
    for line in loader.sign_in_table():
        click.echo(line)
