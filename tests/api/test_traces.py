"""One trace leads from a request to the work that follows from it, in whatever process that is done."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.calendars import jobs as calendar_jobs
from app.calendars.expand_pool import shared
from app.calendars.poller import Poller
from app.foundation import clock, traces
from app.foundation.db import Database
from app.foundation.outbound import OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.foundation.outbox import JOBS, NewJob, claim_by_id, drain, enqueue, finish
from app.foundation.outbox_running import Result, attempt
from app.foundation.vault import Vault
from tests.conftest import settings_for
from tests.support.calendars import Rep, calendar, event
from tests.support.feed_server import FeedServer, document
from tests.support.notices import Telling, at
from tests.support.phones import Directory
from tests.support.pulling import Office
from tests.support.push_service import PushService


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was sent to the collector."""
    exporter = InMemorySpanExporter()
    traces.export_to(exporter, at_once=True)
    yield exporter
    traces.stop()


def test_the_briefing_that_a_change_sets_off_is_rebuilt_in_the_trace_of_the_request(
    database: Database, sign_in: Any, directory: Any, spans: InMemorySpanExporter
) -> None:
    account = Office(database, directory.orgs["north"], directory.users["rep@north"]).account("Norrvik Paper")
    drain(database)
    rep = sign_in("rep@north")
    spans.clear()
    outside = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    promise = {"account_id": account, "text": "the report", "due_on": "2030-01-02", "made_on": "2020-01-01"}
    assert rep.post("/promises", promise, headers={"traceparent": outside}).status_code == 201
    drain(database)
    request, *jobs = spans.get_finished_spans()
    assert request.name == "POST /api/v1/promises"
    assert "job briefing.rebuild" in {job.name for job in jobs}
    assert {format(one.context.trace_id, "032x") for one in (request, *jobs) if one.context} == {"a" * 32}
    told = " ".join(f"{one.name} {dict(one.attributes or {})}" for one in (request, *jobs))
    assert account not in request.name and "the report" not in told and "Norrvik" not in told


def by_its_id(database: Database) -> None:
    """Do what is due as a worker does that is told of each job by its id, in whatever process it is."""
    waiting = sa.select(JOBS.c.id).where(JOBS.c.state == "queued", JOBS.c.run_at <= clock.now()).order_by(JOBS.c.id)
    while True:
        with database.read() as session:
            ids = list(session.scalars(waiting))
        if not ids:
            return
        for job_id in ids:
            job = claim_by_id(database, job_id)
            assert job is not None and attempt(database, job) is Result.DONE
            finish(database, [job])


@pytest.fixture
def told(database: Database, directory: Directory, sign_in: Any) -> Iterator[tuple[Rep, Telling, FeedServer]]:
    """A rep with an account and a phone, whose calendars and push service are on this machine."""
    rep = Rep(sign_in("rep@north"))
    with PushService() as service, FeedServer() as files:
        telling = Telling(database, directory.orgs["north"], directory.users["rep@north"], service)
        with clock.fixed(at(9)):
            telling.open()
            rep.person(telling.account_id, "anna@norrvik.example")
        client = OutboundClient("Doorstep/test", AddressPolicy.parse([f"127.0.0.1:{files.port}"]))
        vault = Vault.from_settings(settings_for(database))
        calendar_jobs.register(Poller(client, shared(), vault, random.Random(1)))
        yield rep, telling, files


def about(spans: InMemorySpanExporter, visit_id: str) -> list[ReadableSpan]:
    """The spans that a search for a visit finds, in order of time."""
    found = [one for one in spans.get_finished_spans() if (one.attributes or {}).get("visit.id") == visit_id]
    return sorted(found, key=lambda one: one.start_time or 0)


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return format(span.context.trace_id, "032x")


def ancestors(spans: InMemorySpanExporter, span: ReadableSpan) -> list[str]:
    """The names of the spans that one is within, the nearest first."""
    known = {one.context.span_id: one for one in spans.get_finished_spans() if one.context is not None}
    names = []
    while span.parent is not None:
        span = known[span.parent.span_id]
        names.append(span.name)
    return names


@pytest.mark.parametrize("work", [drain, by_its_id], ids=["embedded", "by id"])
def test_one_visit_is_followed_from_the_calendar_to_the_lock_screen(
    database: Database, told: tuple[Rep, Telling, FeedServer], spans: InMemorySpanExporter, work: Callable[..., Any]
) -> None:
    rep, telling, files = told
    guest = "ATTENDEE:mailto:anna@norrvik.example"
    today, later = at(10, 5), at(10, 5, days=3)
    body = calendar(event("today", today, guest), event("later", later, guest))
    url = files.add("/anna.ics", document(body, "text/calendar"))

    def at_once(moment: datetime) -> None:
        with clock.fixed(moment):
            work(database)

    at_once(at(9))
    spans.clear()
    with clock.fixed(at(9)):
        assert rep.api.post("/calendars", {"kind": "url", "url": url}).status_code == 201
    (request,) = spans.get_finished_spans()
    with database.read() as session:
        carried = session.scalar(sa.select(JOBS.c.trace).where(JOBS.c.kind == calendar_jobs.POLL))
    assert carried is not None and carried.split("-")[1] == trace_of(request)
    at_once(at(9))
    near, far = (visit["id"] for visit in rep.visits())
    assert telling.new() == []
    at_once(at(9, 5))
    assert [message.shown["tag"] for message in telling.new()] == [near]

    way = about(spans, near)
    assert [one.name for one in way] == ["visit planned", "briefing composed", "notice planned", "notice sent"]
    assert {trace_of(one) for one in way} == {trace_of(request)}
    planned, composed, plan, sent = (ancestors(spans, one) for one in way)
    poll = ["calendar stored", "job calendar.poll", "POST /api/v1/calendars"]
    assert planned == poll
    assert composed == ["job briefing.rebuild", *poll]
    assert plan == ["job notice.plan", *poll]
    assert sent == ["job notice.due", "job notice.plan", *poll]
    assert (way[-1].attributes or {})["doorstep.result"] == "accepted"

    assert [one.name for one in about(spans, far)] == ["visit planned", "briefing composed"]
    telling.pass_time(later - timedelta(minutes=75), later - timedelta(minutes=59), timedelta(minutes=5))
    names = [one.name for one in about(spans, far)]
    assert names[-1] == "notice sent" and "notice planned" in names
    assert trace_of(about(spans, far)[0]) == trace_of(request) != trace_of(about(spans, far)[-1])
    said = " ".join(f"{one.name} {dict(one.attributes or {})}" for one in spans.get_finished_spans())
    assert "Norrvik" not in said and "anna" not in said and "Meeting" not in said


def test_calendars_that_are_due_at_once_are_each_polled_in_a_trace_of_its_own(
    database: Database, told: tuple[Rep, Telling, FeedServer], spans: InMemorySpanExporter
) -> None:
    rep, _telling, files = told
    with clock.fixed(at(9)):
        for number in range(2):
            url = files.add(f"/{number}.ics", document(calendar(), "text/calendar"))
            assert rep.api.post("/calendars", {"kind": "url", "url": url}).status_code == 201
        drain(database)
    spans.clear()
    with clock.fixed(at(9, 30)), database.write() as session:
        enqueue(session, [NewJob(calendar_jobs.DUE, {})])
    with clock.fixed(at(9, 30)):
        drain(database)
    polls = [one for one in spans.get_finished_spans() if one.name == "job calendar.poll"]
    assert len({trace_of(one) for one in polls}) == len(polls) == 2
