"""Traces go on through jobs; without a collector they are nothing."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.foundation import traces


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was exported."""
    exporter = InMemorySpanExporter()
    traces.export_to(exporter, at_once=True)
    yield exporter
    traces.stop()


def test_without_a_collector_there_is_no_trace_to_carry() -> None:
    traces.configure("")
    with traces.span("poll", visit="v"):
        traces.note(rows=1)
        assert traces.current_traceparent() is None
    with traces.continued("00-" + "a" * 32 + "-" + "b" * 16 + "-01", "job"):
        assert traces.current_traceparent() is None


def test_what_goes_on_later_is_in_the_same_trace(spans: InMemorySpanExporter) -> None:
    with traces.span("poll"):
        carried = traces.current_traceparent()
    assert carried is not None and len(carried) == 55
    with traces.span("something else"), traces.continued(carried, "job", kind="briefing.rebuild", org_id=None):
        traces.note(visit="v")
    poll, job, other = spans.get_finished_spans()
    assert job.name == "job" and job.parent is not None and poll.context is not None and job.context is not None
    assert (job.context.trace_id, job.parent.span_id) == (poll.context.trace_id, poll.context.span_id)
    assert other.context is not None and other.context.trace_id != poll.context.trace_id
    assert dict(job.attributes or {}) == {"doorstep.kind": "briefing.rebuild", "visit.id": "v"}


def test_what_is_begun_apart_begins_a_trace_of_its_own(spans: InMemorySpanExporter) -> None:
    with traces.span("tick"):
        with traces.apart():
            assert traces.current_traceparent() is None
            with traces.span("poll"):
                pass
        assert traces.current_traceparent() is not None
    poll, tick = spans.get_finished_spans()
    assert poll.parent is None and poll.context is not None and tick.context is not None
    assert poll.context.trace_id != tick.context.trace_id


@pytest.mark.parametrize("carried", [None, "", "00-xyz", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_what_is_no_traceparent_begins_a_trace(spans: InMemorySpanExporter, carried: str | None) -> None:
    with traces.continued(carried, "job"):
        pass
    assert spans.get_finished_spans()[0].parent is None


def test_of_an_error_the_type_is_noted_and_it_goes_on(spans: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), traces.span("send"):
        raise RuntimeError("Ada Lovelace")
    failed = spans.get_finished_spans()[0]
    assert (failed.status.is_ok, failed.status.description, failed.events) == (False, "RuntimeError", ())


def test_a_share_of_the_traces_is_kept_and_a_trace_is_kept_whole() -> None:
    exporter = InMemorySpanExporter()
    traces.export_to(exporter, at_once=True, percent=0)
    with traces.span("poll"):
        carried = traces.current_traceparent()
    with traces.continued(carried, "job"):
        pass
    traces.stop()
    assert carried is not None and not int(carried[-2:], 16) & 1  # the flag "sampled"
    assert not exporter.get_finished_spans()
