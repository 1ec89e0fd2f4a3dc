"""Structured logs: one line an event, with the request id; secrets never reach a line, nor do line breaks from outside."""

import logging
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from flask import has_request_context, request

REQUEST_ID = "doorstep.request_id"
SECRET_KEYS = frozenset(
    {"password", "current_password", "secret", "token", "authorization", "cookie", "set-cookie", "csrf_token"}
)
HIDDEN = "[hidden]"
# Our own credentials wherever they turn up, links that customers were given, and passwords in URLs
# (redis://user:password@host).
_SECRETS = re.compile(
    r"dst_[A-Za-z0-9_-]{8,}|(?<=__Host-session=)[A-Za-z0-9_-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|(?<=/q/)[A-Za-z0-9_-]{20,}|(?<=/offers/)[A-Za-z0-9_-]{20,}|(?<=/calendars/feed/)[A-Za-z0-9_-]{20,}"
)
# What PostgreSQL adds to a refusal: the values of the row that it refused.
_ROW = re.compile(r"DETAIL:.*?(?=\n\[SQL|\nCONTEXT:|\nHINT:|\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL)
# Control characters would let a request write lines of its own into a text log, or colours into a terminal.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def request_id() -> str | None:
    """The id of the request that is being answered, if one is."""
    return request.environ.get(REQUEST_ID) if has_request_context() else None


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()


def without_rows(error: str) -> str:
    """An error's text, or a traceback, without the values of rows that PostgreSQL put into it."""
    return _ROW.sub(f"DETAIL: {HIDDEN}", error) if "DETAIL:" in error else error


def hide_secrets(_logger: Any, _method: str, event: Any) -> Any:
    """Take credentials out of every value of an event."""
    for key, value in event.items():
        if key.lower() in SECRET_KEYS:
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = _SECRETS.sub(HIDDEN, without_rows(value))
    return event


def escape_controls(_logger: Any, _method: str, event: Any) -> Any:
    """Write control characters as escapes; a traceback of ours keeps its line breaks."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = _CONTROLS.sub(_escaped, value)
    return event


@lru_cache(maxsize=2048)
def _clean(path: str) -> str:
    return _CONTROLS.sub(_escaped, _SECRETS.sub(HIDDEN, path))


_ONE_LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class RequestLog:
    """Writes the one line that each request has.

    It is the hottest line of all: written straight as JSON to the file's descriptor, it costs a tenth of what the pipeline
    below takes. Only the path comes from outside; credentials and control characters in it are treated as everywhere else.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._level = logging.INFO

    def configure(self, level: int, file: TextIO | None) -> None:
        """Write JSON lines to `file`; None sends them through the pipeline, as text."""
        self._level = level
        try:
            self._descriptor = None if file is None else file.fileno()
        except OSError:  # a file in memory
            self._descriptor = None

    def tell(
        self,
        path: str,
        number: str,
        method: str,
        status: int,
        seconds: float,
        address: str | None = None,
        user_id: str | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        """One line of the request with this id; a `quiet` one only when debugging."""
        if (logging.DEBUG if quiet else logging.INFO) < self._level:
            return
        line = {
            "event": "request", "level": "info", "path": _clean(path), "method": method, "status": status,
            "ms": round(seconds * 1000, 1), "address": address, "user_id": user_id, "request_id": number,
        }  # fmt: skip
        if self._descriptor is None:
            del line["event"], line["level"]
            log.info("request", **line)
            return
        line["timestamp"] = datetime.now(UTC)
        with suppress(OSError):  # a full disk, a pipe that nobody reads: the answer is worth more than its line
            os.write(self._descriptor, orjson.dumps(line, default=str, option=_ONE_LINE))


requests = RequestLog()


class _Lines(structlog.PrintLogger):
    """Writes lines, where they can be written: a full disk, or a pipe that nobody reads any more, ends no work."""

    def msg(self, message: str) -> None:
        """Write a line."""
        with suppress(OSError, ValueError):  # the latter: the file is closed
            super().msg(message)

    debug = info = warning = error = critical = msg


def configure(level: str = "INFO", form: str = "auto") -> None:
    """Set up logging for the process: `form` is json, text or auto (text on a terminal)."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    file = sys.stderr
    requests.configure(getattr(logging, level.upper()), None if text else file)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide_secrets,
            escape_controls,
            structlog.dev.ConsoleRenderer() if text else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: _Lines(file),
        cache_logger_on_first_use=True,
    )


log: Any = structlog.get_logger("doorstep")
