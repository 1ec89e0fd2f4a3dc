"""Commands for background jobs, those of every organisation and the installation's own; the relay and the workers."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.config import Settings
from app.foundation import logs, tenancy
from app.foundation.outbox import JOBS, LANES
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


@click.command()
@click.pass_context
def relay(context: click.Context) -> None:
    """Hand due jobs to the workers, through the broker of DOORSTEP_BROKER_URL; writes the periodic ones, too."""
    from app.cli import database_of
    from app.jobs.celery_app import make_celery
    from app.jobs.relay import Relay
    from app.wiring import TICKS

    settings = _with_broker(context)
    resend = timedelta(seconds=settings.job_lease_seconds / 4)
    running = Relay(database_of(context), make_celery(settings), TICKS, resend)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()


@click.command()
@click.option("--lane", "lanes", type=click.Choice(LANES), multiple=True, help="May be given several times; else all.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes for each lane."
)
@click.pass_context
def worker(context: click.Context, lanes: tuple[str, ...], concurrency: int) -> None:
    """Do what relays hand out: a Celery worker, with processes of its own for each lane."""
    from app.jobs.worker import work, work_apart

    settings = _with_broker(context)
    if len(set(lanes)) == 1:
        work(settings, lanes[0], concurrency)
    else:
        context.exit(work_apart(sorted(set(lanes)) or LANES, concurrency))


def _with_broker(context: click.Context) -> Settings:
    settings: Settings = context.obj
    if not settings.broker_url:
        raise click.ClickException(
            "DOORSTEP_BROKER_URL is empty, so the web process runs the jobs itself. Say where the broker is, for example "
            "redis://127.0.0.1:6379/0, to the web processes, relays and workers alike."
        )
    logs.configure(settings.log_level, settings.log_format)
    return settings
