"""The door of Prometheus: what this machine's processes counted, and what waits in the database."""

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, request
from sqlalchemy.exc import DBAPIError

from app.config import Settings
from app.foundation import clock, tenancy
from app.foundation.db import Database, table_of
from app.foundation.metrics import CONTENT_TYPE, metrics
from app.foundation.tables import Job

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

JOBS = table_of(Job)
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("X-Forwarded-For", "Forwarded", "Via")
PATH = "/metrics"


def install(app: Flask, settings: Settings) -> None:
    """Give the application its door, for whoever has the token; without one, for this machine alone."""

    @app.get(PATH)
    def scrape() -> Response:
        """What Prometheus reads."""
        if not _may_read(settings):
            abort(404)
        metrics.configure(settings.metrics_folder)
        database = cast(Database, current_app.extensions["doorstep.database"])
        return Response(metrics.exposition(_waiting(database)), content_type=CONTENT_TYPE)


def _may_read(settings: Settings) -> bool:
    if settings.metrics_token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), settings.metrics_token.encode())
    # A proxy on this machine asks from here too, for whoever asked it.
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in FORWARDED)


def _waiting(database: Database) -> "Iterator[Metric]":
    """Jobs by lane and state, and how late the oldest that is due is; without them when the database does not answer."""
    from prometheus_client.core import GaugeMetricFamily

    up = GaugeMetricFamily("doorstep_database_up", "1 when the database answered this scrape.")
    jobs = GaugeMetricFamily("doorstep_jobs", "Jobs that are kept, by lane and state.", labels=("lane", "state"))
    late = GaugeMetricFamily(
        "doorstep_oldest_due_job_seconds", "How long ago the oldest job that waits was due.", labels=("lane",)
    )
    try:
        for lane, state, count, oldest in _by_lane(database):
            jobs.add_metric([lane, state], count)
            if state == "queued":
                late.add_metric([lane], max(0.0, (clock.now() - oldest).total_seconds()))
        up.add_metric([], 1)
    except DBAPIError:
        up.add_metric([], 0)
    yield from (up, jobs, late)


def _by_lane(database: Database) -> Any:
    columns = (JOBS.c.lane, JOBS.c.state)
    query = (
        sa.select(*columns, sa.func.count(), sa.type_coerce(sa.func.min(JOBS.c.run_at), JOBS.c.run_at.type))
        .where(JOBS.c.state != "done")
        .group_by(*columns)
    )
    with tenancy.as_system(), database.read() as session:
        return session.execute(query).all()
