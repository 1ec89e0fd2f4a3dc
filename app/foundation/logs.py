"""Structured logs: one line an event, with the request id; secrets never reach a line."""

import logging
import sys
from typing import Any

import structlog

SECRET_KEYS = frozenset({"password", "secret", "token", "authorization", "cookie", "set-cookie", "csrf_token"})


def _hide_secrets(_logger: Any, _method: str, event: Any) -> Any:
    for key in event:
        if key.lower() in SECRET_KEYS:
            event[key] = "[hidden]"
    return event


def configure(level: str = "INFO", form: str = "auto") -> None:
    """Set up logging for the process: `form` is json, text or auto (text on a terminal)."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _hide_secrets,
            structlog.dev.ConsoleRenderer() if text else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


log: Any = structlog.get_logger("doorstep")
