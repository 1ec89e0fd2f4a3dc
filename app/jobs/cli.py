"""Commands for background jobs: those of every organisation, and the installation's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import tenancy
from app.foundation.outbox import JOBS
from app.foundation.principal import bind_principal, system_principal
from app.foundation.problems import Problem
from app.jobs import service

ALL = JOBS.c.state.in_(service.STATES)


@click.group()
def jobs() -> None:
    """List background jobs, see why one was parked, try it again, discard it."""


@jobs.command("list")
@click.option("--state", type=click.Choice(service.STATES), help="All when left out.")
@click.option("--kind", help="For example news.poll.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.pass_context
def list_jobs(context: click.Context, state: str | None, kind: str | None, limit: int) -> None:
    """List jobs, the newest first: id, state, lane, tries, when due, kind, the last error; then how many there are."""
    with _reading(context) as session:
        for job in service.find(session, limit=limit, state=state, kind=kind, condition=ALL):
            columns = (job["id"], job["state"], job["lane"], job["attempts"], _text(job["run_at"]), job["kind"])
            error = (job["last_error"] or "").partition("\n")[0][:100]
            click.echo("\t".join(str(column) for column in (*columns, error)).rstrip())
        for count in service.counts(session, ALL):
            click.echo(f"{count['jobs']} {count['state']} in {count['lane']}", err=True)


@jobs.command()
@click.argument("job_id")
@click.pass_context
def show(context: click.Context, job_id: str) -> None:
    """Show everything about a job but its secrets, as JSON."""
    with _reading(context) as session, _problems():
        job = service.get(session, _id(job_id), ALL)
    click.echo(orjson.dumps(job, option=orjson.OPT_INDENT_2).decode())


@jobs.command()
@click.argument("job_ids", nargs=-1)
@click.option("--parked", is_flag=True, help="All that were parked.")
@click.pass_context
def retry(context: click.Context, job_ids: tuple[str, ...], parked: bool) -> None:
    """Have jobs tried at once, with all their tries before them again."""
    _each(context, job_ids, service.retry, parked=parked)
    click.echo("They are due now.")


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True)
@click.pass_context
def discard(context: click.Context, job_ids: tuple[str, ...]) -> None:
    """Delete jobs, so that they are never done."""
    _each(context, job_ids, service.discard)
    click.echo("They are gone.")


def _each(context: click.Context, job_ids: tuple[str, ...], act: Any, *, parked: bool = False) -> None:
    from app.cli import database_of

    if not job_ids and not parked:
        raise click.ClickException("Say which: ids, or --parked for all that were parked.")
    with tenancy.as_system(), database_of(context).write() as session, _problems():
        if parked:
            job_ids = (*job_ids, *session.scalars(sa.select(JOBS.c.id).where(JOBS.c.state == "parked")))
        for job_id in job_ids:
            job = service.get(session, _id(job_id), ALL)
            if job["org_id"] is not None:
                bind_principal(session, system_principal(job["org_id"]))
            act(session, job_id, ALL)


@contextmanager
def _reading(context: click.Context) -> Iterator[Session]:
    from app.cli import database_of

    with tenancy.as_system(), database_of(context).read() as session:
        yield session


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem


def _id(given: str) -> str:
    try:
        return str(UUID(given))
    except ValueError:
        raise click.ClickException(f"{given!r} is not the id of a job.") from None


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
