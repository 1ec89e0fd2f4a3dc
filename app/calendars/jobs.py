"""Background work of calendars: a tick that finds those whose time has come, and a job for each of them."""

from __future__ import annotations

from datetime import timedelta

from app.calendars.poller import Poller, due_calendars
from app.config import Settings
from app.foundation import clock, traces
from app.foundation.db import Database
from app.foundation.logs import log
from app.foundation.metrics import metrics
from app.foundation.outbox import SLOW, ClaimedJob, NewJob, Tick, enqueue, task

DUE, POLL = "calendar.due", "calendar.poll"
TICKS = (Tick(DUE, timedelta(minutes=1)),)


def poll_job(org_id: str, calendar_id: str) -> NewJob:
    """The job that polls a calendar; at most one waits."""
    return NewJob(POLL, {"calendar_id": calendar_id}, org_id, f"{POLL}:{calendar_id}")


def connect(settings: Settings) -> None:
    """Have this process poll calendars as its settings say."""
    register(Poller.from_settings(settings))


def register(poller: Poller) -> None:
    """Have this poller do the jobs of this process."""

    @task(DUE)
    def enqueue_due(database: Database, _job: ClaimedJob) -> None:
        with traces.apart(), database.write() as session:
            enqueue(session, [poll_job(org, calendar) for org, calendar in due_calendars(session, clock.now())])

    @task(POLL, lane=SLOW)
    def poll_calendar(database: Database, job: ClaimedJob) -> None:
        report = poller.poll(database, job.payload["calendar_id"])
        if report is None:
            return
        metrics.poll("calendar", report.result)
        traces.note(calendar=report.calendar_id, result=report.result)
        if report.problem is not None:
            log.info("calendar gave nothing", calendar=report.calendar_id, problem=report.problem.slug)
