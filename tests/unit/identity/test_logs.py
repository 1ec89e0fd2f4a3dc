"""What reaches a log line, whatever is put into it."""

import io
import json
import re
from typing import Any

import pytest
import structlog

from app.foundation import logs


@pytest.fixture(params=["json", "text"])
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Configure logging onto a buffer; gives (log, text of what was written)."""
    before = structlog.get_config()
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    logs.configure("DEBUG", request.param)
    structlog.configure(cache_logger_on_first_use=False)
    yield structlog.get_logger(), out.getvalue
    structlog.configure(**before)


def test_a_line_break_from_outside_starts_no_line_of_its_own(lines: Any) -> None:
    log, written = lines
    log.info("request", path="/x\n2026-01-01 [error] forged\r\x1b[2J\u2028more", method="GET")
    text = re.sub(r"\x1b\[[0-9;]*m", "", written())  # the renderer's own colours
    assert text.count("\n") == 1 and text.endswith("\n")
    assert "\r" not in text and "\x1b" not in text and "\u2028" not in text


def test_secrets_are_hidden_by_name_and_by_shape(lines: Any) -> None:
    log, written = lines
    log.info("x", password="hunter2hunter2", Authorization="Bearer abc", csrf_token="c5rf")
    log.info("x", detail="sent dst_abcdefghijklmnop12345 and __Host-session=abc-DEF_9; to redis://who:s3cret@host/0")
    for secret in ("hunter2", "Bearer abc", "c5rf", "dst_abcdef", "abc-DEF_9", "s3cret"):
        assert secret not in written()
    assert "redis://" in written()


def test_a_traceback_hides_credentials_too(lines: Any) -> None:
    log, written = lines
    try:
        raise RuntimeError("token dst_abcdefghijklmnop12345 refused")
    except RuntimeError:
        log.error("failed", exc_info=True)
    assert "RuntimeError" in written() and "dst_abcdef" not in written()


def test_a_json_line_is_one_object_with_utc_time(lines: Any) -> None:
    log, written = lines
    log.info("request", path="/å\t")
    if written().startswith("{"):
        entry = json.loads(written())
        assert entry["timestamp"].endswith("Z") and entry["level"] == "info" and entry["path"] == "/å\\t"


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("fault", [BrokenPipeError, ValueError("I/O operation on closed file.")])
def test_a_line_that_cannot_be_written_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, form: str, fault: type[Exception] | Exception
) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise fault

    before = structlog.get_config()
    monkeypatch.setattr("sys.stderr", Gone())
    logs.configure("DEBUG", form)
    structlog.configure(cache_logger_on_first_use=False)
    log = structlog.get_logger()
    try:
        for say in (log.debug, log.info, log.warning, log.error, log.critical):
            say("x")
    finally:
        structlog.configure(**before)


def test_a_row_that_postgresql_refused_is_not_in_the_line(lines: Any) -> None:
    log, written = lines
    error = 'null value in column "kind"\nDETAIL:  Failing row contains (1, Ada\nLovelace).\n[SQL: INSERT]'
    log.info("x", exception=error, reason=error)
    assert "Ada" not in written() and "Lovelace" not in written() and "null value in column" in written()
    assert "[SQL: INSERT]" in written()
