"""OpenTelemetry traces: one visit can be followed from the calendar that named it to the lock screen that showed it.

A request or a poll begins a trace; a job carries the trace of the transaction that wrote it (W3C `traceparent`,
https://www.w3.org/TR/trace-context/) and goes on with it, in whatever process it runs. Work that is done for many at once,
or long afterwards, is in a trace of its own; so whatever happens to a visit is a span with the attribute `visit.id`, by
which it is found in all of them. Where no collector is set, nothing here costs more than a comparison, and no library is
loaded.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

Attribute = str | int | float | bool
_NOTHING: AbstractContextManager[None] = nullcontext()
TRACES_PATH = "/v1/traces"
NAMES = {"visit": "visit.id"}


class _Tracing:
    """Where this process sends its spans; None: nowhere."""

    def __init__(self) -> None:
        self.tracer: Tracer | None = None
        self.stop: Any = None


_tracing = _Tracing()


def configure(endpoint: str, *, percent: int = 100, service: str = "doorstep") -> None:
    """Send this process's spans to the collector at `endpoint` (OTLP over HTTP); an empty one sends none.

    Call it once in each process, after it was forked or spawned: the sender is a thread. `percent` of the traces that
    begin here are kept; one that goes on from elsewhere keeps what was decided there.
    """
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    address = endpoint if endpoint.endswith(TRACES_PATH) else endpoint.rstrip("/") + TRACES_PATH
    export_to(OTLPSpanExporter(endpoint=address), percent=percent, service=service)


def export_to(exporter: SpanExporter, *, percent: int = 100, service: str = "doorstep", at_once: bool = False) -> None:
    """Send this process's spans to an exporter, in batches or `at_once`."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    stop()
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), sampler=ParentBasedTraceIdRatio(percent / 100)
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter) if at_once else BatchSpanProcessor(exporter))
    _tracing.tracer = provider.get_tracer("doorstep")
    _tracing.stop = provider.shutdown
    atexit.register(stop)


def stop() -> None:
    """Send what is left and trace no more."""
    ending, _tracing.tracer, _tracing.stop = _tracing.stop, None, None
    if ending is not None:
        ending()


def is_on() -> bool:
    """Whether spans of this process are sent anywhere."""
    return _tracing.tracer is not None


def current_traceparent() -> str | None:
    """The running span as a W3C `traceparent` (55 characters), for what will go on with it later; None when there is none."""
    if _tracing.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def span(name: str, **attributes: Attribute | None) -> AbstractContextManager[None]:
    """A span within the running one; attributes that are None are left out, and `visit` is written as `visit.id`.

    Of an exception that leaves the block the span notes the type alone: messages may tell of people.
    """
    tracer = _tracing.tracer
    if tracer is None:
        return _NOTHING
    return _started(tracer, name, None, attributes)


@contextmanager
def apart() -> Iterator[None]:
    """What is begun or enqueued in the block has only its moment in common: each begins a trace of its own."""
    if _tracing.tracer is None:
        yield
        return
    from opentelemetry.context import Context, attach, detach

    token = attach(Context())
    try:
        yield
    finally:
        detach(token)


def mark(name: str, **attributes: Attribute | None) -> None:
    """Something happened, within the running span, that took no time worth telling."""
    if _tracing.tracer is not None:
        with span(name, **attributes):
            pass


def continued(traceparent: str | None, name: str, **attributes: Attribute | None) -> AbstractContextManager[None]:
    """A span that goes on with the trace of `traceparent`, or begins one where that is None or not a `traceparent`."""
    tracer = _tracing.tracer
    if tracer is None:
        return _NOTHING
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    # A context of its own: the thread that runs the job may be within another span.
    context = Context()
    if traceparent:
        context = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, context)
    return _started(tracer, name, context, attributes)


def name(text: str) -> None:
    """Rename the running span, once it is known what it is about."""
    if _tracing.tracer is None:
        return
    from opentelemetry.trace import get_current_span

    get_current_span().update_name(text)


def note(**attributes: Attribute | None) -> None:
    """Add attributes to the running span: `visit`, `notice`, `calendar`, counts; never people's data or secrets."""
    if _tracing.tracer is None:
        return
    from opentelemetry.trace import get_current_span

    get_current_span().set_attributes(_given(attributes))


@contextmanager
def _started(
    tracer: Tracer, name: str, context: Context | None, attributes: Mapping[str, Attribute | None]
) -> Iterator[None]:
    from opentelemetry.trace import StatusCode

    running = tracer.start_as_current_span(
        name, context, attributes=_given(attributes), record_exception=False, set_status_on_exception=False
    )
    with running as started:
        try:
            yield
        except Exception as error:
            started.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def _given(attributes: Mapping[str, Attribute | None]) -> dict[str, Attribute]:
    return {NAMES.get(name, f"doorstep.{name}"): value for name, value in attributes.items() if value is not None}
