"""One trace leads from a request to the work that follows from it, in whatever process that is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.foundation import traces
from app.foundation.db import Database
from app.foundation.outbox import drain
from tests.support.pulling import Office


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
