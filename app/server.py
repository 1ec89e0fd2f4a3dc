"""The web server: granian with WSGI workers, each with the embedded runner inside.

Requests run one at a time on the worker's one blocking thread, which is the fastest way there is (docs/scaling.md has the
figures). A stream of pokes would hold that thread for as long as it lives: it is handed to a thread of its own instead,
which sleeps until there is something to send.
"""

import atexit
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.config import Settings, load_settings
from app.foundation.db import Database
from app.foundation.logs import log
from app.foundation.outbox import EmbeddedRunner
from app.operations.watching import watch
from app.schema import goes_around_row_security

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EVENTS = "/api/v1/sync/events"
PROTOCOL = "doorstep.granian_protocol"
HELD_SECONDS = 10.0
# After this many seconds a worker that was told to stop is ended: an answer may be stuck on its way to a lost phone.
STOP_SECONDS = 10


def make_worker_app() -> "WSGIApplication":
    """The application of one worker process, with its background runner started and streams handed to their threads."""
    from app.wiring import TICKS

    app = create_app(load_settings())
    settings: Settings = app.extensions["doorstep.settings"]
    watch(settings, "doorstep-web")
    _warn_of_open_rows(app.extensions["doorstep.database"])
    if not settings.embedded_runner or settings.broker_url:
        return with_streams(app)
    lease = timedelta(seconds=settings.job_lease_seconds)
    runner = EmbeddedRunner(app.extensions["doorstep.database"], TICKS, lease=lease)
    runner.start()
    # Processes that granian starts end without a look at `atexit`.
    Finalize(None, runner.stop, exitpriority=100)
    return with_streams(app, runner.begin_stop)


def _warn_of_open_rows(database: Database) -> None:
    with suppress(DBAPIError):  # a database that does not answer yet is told of by /readyz
        if goes_around_row_security(database):
            log.warning("the database role goes around row-level security; docs/operations.md says how to give it one")


def with_streams(app: Flask, *on_stop: Callable[[], None]) -> "WSGIApplication":
    """The application as a worker of granian serves it, its streams ended when the worker is told to stop."""
    from app.sync.pokes_routes import HUB

    _on_stop(app.extensions[HUB].close, *on_stop)
    _tell_protocol()
    return hand_over(app)


def hand_over(application: "WSGIApplication") -> "WSGIApplication":
    """Have streams of pokes sent from threads of their own."""
    from app.sync.pokes_routes import CAN_HOLD, STREAM

    def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != EVENTS or PROTOCOL not in environ:
            return application(environ, start_response)
        environ[CAN_HOLD] = True
        answered: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            answered[:] = int(status[:3]), headers
            return start_response(status, headers, *error)

        answer = application(environ, start)
        if STREAM not in environ:
            return answer
        held = _Held(answer)
        send = environ[PROTOCOL].response_iter
        try:
            threading.Thread(target=send, args=(*answered, held), name="doorstep-stream", daemon=True).start()
        except RuntimeError:  # no more threads here: the stream is not one of those that are open
            held.close()
            raise
        # The answer has begun when its first part is asked for; granian's own empty answer then comes too late to count.
        held.begun.wait(HELD_SECONDS)
        return []

    return door


class _Held:
    """A body as granian reads it from a thread."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self.begun = threading.Event()
        self._body = body
        self._parts = iter(body)

    def __next__(self) -> bytes:
        self.begun.set()
        return next(self._parts)

    def close(self) -> None:
        """End the body, whoever is done with it first."""
        getattr(self._body, "close", lambda: None)()


def _tell_protocol() -> None:
    """Put granian's handle of the answer into the environment of each request.

    This reaches into granian. Should it change there, requests stay as they are, streams are refused, and phones ask by
    themselves now and then; a test would say so.
    """
    from granian.server import mp

    original: Callable[..., Any] | None = getattr(mp, "_wsgi_call_wrap", None)
    if original is None:
        return

    def wrapped(*given: Any, **named: Any) -> Callable[..., Any]:
        answer = original(*given, **named)

        def run(protocol: Any, scope: dict[str, Any]) -> Any:
            scope[PROTOCOL] = protocol
            return answer(protocol, scope)

        return run

    mp._wsgi_call_wrap = wrapped  # type: ignore[attr-defined]


def _on_stop(*callbacks: Callable[[], None]) -> None:
    """Have each of `callbacks` called once when this process is asked to stop, before granian waits for what is under way.

    Signals are read from the pipe that Python writes each to, beside whatever handler granian sets.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

    def wait() -> None:
        while number := reading.recv(1):
            if number[0] in (signal.SIGTERM, signal.SIGINT):
                break
        for callback in callbacks:
            callback()
        writing.close()

    threading.Thread(target=wait, name="doorstep-stop", daemon=True).start()


def serve(
    settings: Settings,
    *,
    tls_cert: str | None = None,
    tls_key: str | None = None,
    host: str | None = None,
    port: int | None = None,
) -> None:
    """Serve until stopped. TLS takes a certificate chain and its key, both PEM."""
    if (tls_cert is None) != (tls_key is None):
        sys.exit("doorstep serve: give --tls-cert and --tls-key together.")
    address, number = host or settings.host, port or settings.port
    scheme = "https" if tls_cert else "http"
    print(f"Doorstep answers at {scheme}://{address}:{number}", flush=True)
    os.environ.setdefault("DOORSTEP_METRICS_FOLDER", settings.metrics_folder or _folder_of_counts())
    options: dict[str, Any] = {"ssl_cert": _path(tls_cert), "ssl_key": _path(tls_key)} if tls_cert else {}
    Granian(
        "app.server:make_worker_app",
        factory=True,
        address=address,
        port=number,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        workers_kill_timeout=STOP_SECONDS,
        blocking_threads=1,
        # What is under way at once, streams among it; more waits in the system's queue.
        backpressure=settings.live_streams + 512,
        log_access=False,
        respawn_failed_workers=True,
        **options,
    ).serve()


def _folder_of_counts() -> str:
    """A folder that this server's processes share, and that goes with it."""
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="doorstep-metrics-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name


def _path(name: str | None) -> Any:
    from pathlib import Path

    return None if name is None else Path(name)
