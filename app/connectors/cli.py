"""The command that imports a file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.connectors import importer, mapping
from app.connectors.counts import Counts, Report
from app.connectors.errors import ImportFault
from app.connectors.targets import KINDS

SOME_REJECTED = 3


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)), metavar="KIND")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="FILE")
@click.option("--map", "mapping_file", required=True, metavar="MAPPING.yaml", help="Which column is which field.")
@click.option("--dry-run", is_flag=True, help="Write nothing, and tell what would happen.")
@click.option("--organisation", metavar="NAME", help="Whose rows they are, when there are several organisations.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where bad rows go.")
@click.option("--shift-days", type=int, metavar="N", help="Move every date by N days.")
@click.option(
    "--anchor",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Move every date so that DATE of the file is this week.",
)
@click.pass_context
def import_(context: click.Context, /, kind: str, file: str, mapping_file: str, **options: Any) -> None:
    """Import FILE (`-` is standard input): CSV, TSV or NDJSON, also compressed by gzip.

    KIND is accounts, people, products, subscriptions, usage, tickets, visits, opportunities, goals, promises, users or
    territories. Good rows go in, bad rows go to the rejects file with line and reason, and the exit status is then 3.
    Importing a file again changes nothing.
    """
    from app.cli import database_of
    from app.schema import at_head

    anchor: datetime | None = options["anchor"]
    dry_run: bool = options["dry_run"]
    rejects = options["rejects"] or Path(f"{_stem(file)}.rejects.csv")
    try:
        found = mapping.load(_mapping_path(mapping_file), kind)
        found = importer.with_shift(found, options["shift_days"], anchor.date() if anchor else None)
        database = database_of(context)
        if not at_head(database):
            raise ImportFault("The database has not this version's tables; run `doorstep migrate` first.")
        job = importer.Job(file, found, options["organisation"], rejects, dry_run)
        with _progress(file) as show:
            report = importer.run(database, job, show)
    except ImportFault as fault:
        raise click.ClickException(str(fault)) from fault
    tell(report, kind, rejects, dry_run=dry_run)
    if report.rows.rejected:
        sys.exit(SOME_REJECTED)


def _mapping_path(name: str) -> Path:
    """A mapping file, or the name of one that is shipped (`territory-accounts`)."""
    path = Path(name)
    shipped = Path(str(resources.files("app.connectors"))) / "mappings" / f"{name}.yaml"
    if path.exists() or "/" in name or not shipped.exists():
        return path
    return shipped


def _stem(file: str) -> str:
    return "import" if file == "-" else Path(file).name.split(".")[0]


@contextmanager
def _progress(file: str) -> Iterator[importer.Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(Path(file).name, total=None, rows="")

        def show(done: int, size: int | None, counts: Counts) -> None:
            bar.update(task, completed=done, total=size, rows=f"{counts.total:,} rows, {counts.rejected:,} rejected")

        yield show


def tell(report: Report, kind: str, rejects: Path, *, dry_run: bool) -> None:
    """Print the outcome."""
    if report.days:
        click.echo(f"Dates are moved by {report.days} days.")
    click.echo(
        f"{'Dry run, nothing is written. ' if dry_run else ''}{report.rows.total:,} rows of {kind}: {_sentence(report.rows)}."
    )
    if report.owners_name:
        click.echo(f"Their {report.owners_name}: {_sentence(report.owners)}.")
    if report.rows.rejected:
        for reject in report.rejects:
            click.echo(f"  line {reject.line}: {reject.reason}", err=True)
        more = report.rows.rejected - len(report.rejects)
        click.echo(f"{f'  and {more:,} more; ' if more else '  '}all of them are in {rejects}", err=True)


def _sentence(counts: Counts) -> str:
    told = [
        f"{number:,} {name}"
        for name, number in counts.as_dict().items()
        if number or name not in ("rejected", "skipped")
    ]
    return ", ".join(told)
