"""`doorstep catalog publish`: a catalogue into the database, compiled, and sold from."""

from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.principal import bind_principal, system_principal
from app.foundation.problems import Problem
from app.foundation.tables import Organisation
from app.quotes import catalogs


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", metavar="NAME", help="Whose catalogue it is, when there are several organisations.")
@click.option("--draft", is_flag=True, help="Store and compile it, and leave activating it to somebody else.")
@click.pass_context
def publish(context: click.Context, file: Path, organisation: str | None, draft: bool) -> None:
    """Store a catalogue, compile it, and sell from it. One that is stored already is only compiled and activated."""
    from app.cli import database_of

    database = database_of(context)
    try:
        with database.write() as session:
            principal = system_principal(_organisation(session, organisation))
            bind_principal(session, principal)
            stored = catalogs.store(session, file.read_bytes())
        catalogs.compile_stored(database, stored.id)
        with database.write() as session:
            bind_principal(session, principal)
            if not draft:
                catalogs.activate(session, stored.id)
            told = catalogs.read(session, stored.id)
    except Problem as problem:
        raise click.ClickException(_said(problem)) from None
    state = "ready, not sold from yet" if draft else "sold from now on"
    click.echo(f"{told['name']} {told['version']}: {told['products']} products, {told['bytes']} bytes, {state}.")


def _organisation(session: Session, name: str | None) -> str:
    query = sa.select(Organisation.id, Organisation.name).order_by(Organisation.name)
    found = session.execute(query if name is None else query.where(Organisation.name == name)).all()
    if len(found) == 1:
        return str(found[0].id)
    if not found:
        raise click.ClickException("There is no such organisation." if name else "There is no organisation yet.")
    names = ", ".join(row.name for row in found)
    raise click.ClickException(f"Say which organisation with --organisation: {names}.")


def _said(problem: Problem) -> str:
    places = [f"{fault.pointer or '/'}: {fault.detail}" for fault in problem.errors]
    return "\n".join([problem.detail or problem.title, *places])
