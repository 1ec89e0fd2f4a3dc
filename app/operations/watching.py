"""Counting and tracing of one process, as the settings say."""

from app.config import Settings
from app.foundation import traces
from app.foundation.metrics import metrics


def watch(settings: Settings, service: str) -> None:
    """Have this process counted and traced; called once it is a process of its own."""
    metrics.configure(settings.metrics_folder)
    traces.configure(settings.otlp_endpoint, percent=settings.trace_percent, service=service)
