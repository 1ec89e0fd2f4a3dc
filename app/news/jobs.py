"""Background work of the news: a tick that finds feeds whose time has come, and a job for each of them."""

from __future__ import annotations

from datetime import timedelta

from app.config import Settings
from app.foundation import clock, traces
from app.foundation.db import Database
from app.foundation.logs import log
from app.foundation.metrics import metrics
from app.foundation.outbox import SLOW, ClaimedJob, NewJob, Tick, enqueue, task
from app.news import service
from app.news.service import Poller

DUE, POLL = "news.due", "news.poll"
TICKS = (Tick(DUE, timedelta(minutes=1)),)


def connect(settings: Settings) -> None:
    """Have this process poll feeds as its settings say."""
    register(Poller.from_settings(settings))


def register(poller: Poller) -> None:
    """Have this poller do the jobs of this process."""

    @task(DUE)
    def enqueue_due(database: Database, _job: ClaimedJob) -> None:
        poller.rematch_where_names_changed(database)
        with traces.apart(), database.write() as session:
            due = service.due_feeds(session, clock.now())
            enqueue(session, [NewJob(POLL, {"feed_id": feed}, org, f"{POLL}:{feed}") for org, feed in due])

    @task(POLL, lane=SLOW)
    def poll_feed(database: Database, job: ClaimedJob) -> None:
        report = poller.poll(database, job.payload["feed_id"])
        if report is None:
            return
        changed = "changed" if report.new_items or report.changed_items else "unchanged"
        metrics.poll("feed", changed if report.problem is None else "failed")
        if report.problem is not None:
            log.info("feed gave nothing", feed=report.feed_id, problem=report.problem.slug)
