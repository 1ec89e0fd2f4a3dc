"""Commands: backup and restore."""

from pathlib import Path

import click

from app.foundation.db import Database
from app.operations.backup_file import BackupError

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=FILE)
@click.pass_context
def backup_(context: click.Context, file: Path) -> None:
    """Write everything that the database holds to FILE, as of one moment, while the servers run.

    FILE can be restored on SQLite and on PostgreSQL. Whoever can read it can read everything.
    """
    from app.operations.backup import backup

    try:
        made = backup(_database(context), file)
    except BackupError as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{file}: {sum(made.rows.values())} rows of schema {made.schema}, {made.size} bytes.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Lose what the database holds.")
@click.option("--check", "only_check", is_flag=True, help="Only see whether FILE is whole, and what it holds.")
@click.pass_context
def restore(context: click.Context, file: Path, replace: bool, only_check: bool) -> None:
    """Put the backup FILE into the database, which has to be empty unless --replace is given. All of it, or nothing."""
    from app.operations.backup_file import check
    from app.operations.restore import restore as run

    try:
        if only_check:
            head, rows = check(file)
            click.echo(f"{file} is whole: made at {head.made_at} on {head.made_on}, schema {head.schema}.")
        else:
            done = run(_database(context), file, replace=replace)
            rows = done.rows
            click.echo(f"Restored what was there at {done.made_at}.")
    except BackupError as fault:
        raise click.ClickException(str(fault)) from fault
    for name, count in sorted(rows.items()):
        if count:
            click.echo(f"{count:>10} {name}")


def _database(context: click.Context) -> Database:
    from app.cli import database_of

    return database_of(context)
