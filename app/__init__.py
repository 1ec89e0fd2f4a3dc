"""Doorstep: know the customer before you knock. `create_app` is the only place where the parts are wired."""

from flask import Flask, Response

from app.config import Settings, load_settings


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application for these settings (from the environment when not given)."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    from app import wiring
    from app.briefing import door
    from app.docs.pages import serve_docs
    from app.foundation import logs
    from app.foundation.db import Database
    from app.identity.rates import EXTENSION, make_limiter
    from app.openapi import ProblemApi
    from app.operations import scraping
    from app.pwa import serve_pwa
    from app.sync import pokes_routes
    from app.web import Application, install

    settings = settings or load_settings()
    logs.configure(settings.log_level, settings.log_format)
    app = Application("app", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_body_bytes,
        **wiring.OPENAPI,
    )
    app.extensions["doorstep.settings"] = settings
    app.extensions["doorstep.database"] = Database(settings.database_url, pool_size=settings.database_pool)
    app.extensions[EXTENSION] = make_limiter(settings.rate_limit_storage_url)
    door.install(app)
    install(app, secure_origin=settings.secure_origin, check_hosts=bool(settings.public_url))
    pokes_routes.install(app, app.extensions["doorstep.database"], settings)
    api = ProblemApi(app)
    wiring.connect_parts(api, settings)
    serve_docs(app, api)
    serve_pwa(app)
    if settings.trusted_proxies:
        # Outermost, so that the log, the rate limits and the short way to briefings see whom the proxy speaks for.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    scraping.install(app, settings)

    @app.get("/healthz")
    def healthz() -> Response:
        """Alive: the process answers."""
        return Response("ok\n", content_type="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        """Ready: the database answers and has the schema of this version."""
        from app.schema import at_head

        ready = at_head(app.extensions["doorstep.database"])
        return Response("ready\n" if ready else "not ready\n", 200 if ready else 503, content_type="text/plain")

    return app


__all__ = ["create_app"]
