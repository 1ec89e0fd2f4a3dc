"""What every answer has: a request id, security headers, one log line, and problems instead of error pages."""

import time
from typing import Any

import orjson
from flask import Flask, Request, Response, g, request
from flask.json.provider import JSONProvider
from apispec.ext.marshmallow import MarshmallowPlugin
from flask_smorest import Api, Blueprint
from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from app.foundation.fields import FIELD_FORMATS
from app.foundation.ids import new_id
from app.foundation.logs import log
from app.foundation.problems import FieldError, Problem, field_errors
from app.resources import wire
from app.resources.routes import ProblemSchema

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types doorstep",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000; includeSubDomains"


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson, instants in UTC with `Z`."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        return wire.dumps(obj).decode()

    def loads(self, text: str | bytes, **_options: Any) -> Any:
        return orjson.loads(text)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(wire.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


class StrictParser(FlaskParser):
    """Request parsing that refuses what it does not know, in every place but the headers."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "json": "raise", "query": "raise"}

    def load_json(self, req: Request, schema: Any) -> Any:
        if req.mimetype != "application/json":
            raise UnsupportedMediaType("Send application/json.")
        body = req.get_data()
        if not body:
            return missing
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as fault:
            raise BadRequest(f"Malformed JSON: {fault}.") from None

    def load_headers(self, req: Request, schema: Any) -> Any:
        names = {item.data_key or name for name, item in schema.fields.items()}
        return {name: req.headers[name] for name in names if name in req.headers}


Blueprint.ARGUMENTS_PARSER = StrictParser()


def schema_name(schema: Any) -> str:
    """`AccountPatch` for the partial form of `AccountInputSchema`: two shapes need two names."""
    resolved = schema if isinstance(schema, type) else type(schema)
    name = resolved.__name__.removesuffix("Schema")
    if not isinstance(schema, type) and schema.partial is True:
        return f"{name.removesuffix('Input')}Patch"
    return name


class ProblemApi(Api):
    """flask-smorest with problem details for every error."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        plugin = MarshmallowPlugin(schema_name_resolver=schema_name)
        super().__init__(app, spec_kwargs={"marshmallow_plugin": plugin})
        for field, (kind, form) in FIELD_FORMATS.items():
            self.register_field(field, kind, form)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return answer_http_error(error)


def answer_http_error(error: HTTPException) -> Response:
    """A werkzeug error as problem details."""
    data = getattr(error, "data", None) or {}
    headers = dict(data.get("headers") or {})
    if error.code == 405 and getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    status = error.code or 500
    errors = tuple(_pointed(data["messages"])) if "messages" in data else ()
    slug = "-".join(error.name.lower().split())
    detail = "Some values are not valid; see errors." if errors else (error.description or "")
    if status == 422:
        slug, title = "invalid", "Invalid input"
    else:
        title = error.name
    return Problem(status, slug, title, detail, errors, headers).response()


def _pointed(messages: dict[str, Any]) -> list[FieldError]:
    # webargs puts the place first: json, query, headers. The body is the document, so its pointers start at the root.
    found: list[FieldError] = []
    for place, faults in messages.items():
        found += field_errors(faults, "" if place == "json" else f"/{place.rstrip('s')}")
    return found


def install(app: Flask, *, secure_origin: bool) -> None:
    """Hook request ids, headers, logging and error handling into the application."""
    app.json = OrjsonProvider(app)
    headers = {**SECURITY_HEADERS, **({"Strict-Transport-Security": HSTS} if secure_origin else {})}

    @app.before_request
    def number_request() -> None:
        g.request_id = new_id()
        g.started = time.perf_counter()

    @app.after_request
    def finish(answer: Response) -> Response:
        for name, value in headers.items():
            if name not in answer.headers:
                answer.headers[name] = value
        request_id = g.get("request_id")
        if request_id:
            answer.headers["X-Request-Id"] = request_id
        if request.path.startswith("/api/") and "Cache-Control" not in answer.headers:
            answer.headers["Cache-Control"] = "private, no-cache"
        _log_answer(answer)
        return answer

    app.register_error_handler(Problem, lambda problem: problem.response())
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(IntegrityError, _clash)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(Exception, _unexpected)


def _log_answer(answer: Response) -> None:
    level = "info" if request.path not in ("/healthz", "/readyz") else "debug"
    getattr(log, level)(
        "request",
        method=request.method,
        path=request.path,
        status=answer.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        request_id=g.get("request_id"),
    )


def _invalid(error: ValidationError) -> Response:
    return Problem(422, "invalid", "Invalid input", "See errors.", tuple(field_errors(error.messages))).response()


def _stale(_error: StaleDataError) -> Response:
    return Problem(412, "stale", "Changed meanwhile", "Read the row again and repeat your change on that.").response()


def _clash(error: IntegrityError) -> Response:
    log.info("constraint refused a write", error=type(error.orig).__name__, request_id=g.get("request_id"))
    return Problem(409, "conflict", "Conflict", "Another row has the same unique value, or still refers to this.").response()


def _unavailable(_error: OperationalError) -> Response:
    log.error("database unavailable", exc_info=True, request_id=g.get("request_id"))
    return Problem(
        503, "unavailable", "Temporarily unavailable", "The database did not answer; try again.", headers={"Retry-After": "5"}
    ).response()


def _unexpected(_error: Exception) -> Response:
    log.error("unexpected error", exc_info=True, request_id=g.get("request_id"))
    detail = f"We made a mistake and logged it under request {g.get('request_id')}. Nothing was changed."
    return Problem(500, "internal-error", "Internal error", detail).response()
