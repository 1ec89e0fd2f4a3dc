"""The web server: granian with WSGI workers, each with the embedded runner inside."""

import atexit
import sys
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from app import create_app
from app.config import Settings, load_settings
from app.foundation.outbox import EmbeddedRunner


def make_worker_app() -> Flask:
    """The application of one worker process, with its background runner started."""
    from app.wiring import TICKS

    app = create_app(load_settings())
    if app.extensions["doorstep.settings"].embedded_runner:
        runner = EmbeddedRunner(app.extensions["doorstep.database"], TICKS)
        runner.start()
        atexit.register(runner.stop)
    return app


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
    options: dict[str, Any] = {"ssl_cert": _path(tls_cert), "ssl_key": _path(tls_key)} if tls_cert else {}
    Granian(
        "app.server:make_worker_app",
        factory=True,
        address=address,
        port=number,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=1,
        log_access=False,
        respawn_failed_workers=True,
        **options,
    ).serve()


def _path(name: str | None) -> Any:
    from pathlib import Path

    return None if name is None else Path(name)
