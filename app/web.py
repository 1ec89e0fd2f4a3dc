"""What every answer has: a request id, security headers, one log line, and problems instead of error pages."""

import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
from flask import Flask, Request, Response, g
from flask.json.provider import JSONProvider
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from app.foundation import tenancy, traces
from app.foundation.ids import new_id
from app.foundation.logs import REQUEST_ID, log, request_id, requests
from app.foundation.metrics import ROUTE, metrics
from app.foundation.problems import FieldError, Problem, field_errors
from app.identity.access import CALLER, check_host
from app.resources import wire
from app.resources.bodies import parse_json

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

MAX_QUERY = 8000
MAX_ROW_BODY = 1_000_000
HSTS = "max-age=31536000; includeSubDomains"


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson, instants in UTC with `Z`."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        return wire.dumps(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(wire.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


class BoundedRequest(Request):
    """A request whose body, sent in chunks, is refused when it is larger than it may be; werkzeug would cut it there."""

    def get_data(self, *args: Any, **options: Any) -> Any:
        body = super().get_data(*args, **options)
        most = self.max_content_length
        if self.content_length is None and most is not None and len(body) >= most:
            raise RequestEntityTooLarge(f"A request may have {most} bytes.")
        return body


class StrictParser(FlaskParser):
    """Request parsing that refuses what it does not know, in every place but the headers."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "json": "raise", "query": "raise"}

    def use_args(self, argmap: Any, *args: Any, **kwargs: Any) -> Any:
        """One schema for all requests of a route: making one for each costs more than reading a small body."""
        if isinstance(argmap, type) and issubclass(argmap, Schema):
            argmap = argmap()
        return super().use_args(argmap, *args, **kwargs)

    def load_json(self, req: Request, schema: Any) -> Any:
        if req.mimetype != "application/json":
            raise UnsupportedMediaType("Send application/json.")
        if (req.content_length or 0) > MAX_ROW_BODY:
            raise RequestEntityTooLarge(f"One row may have {MAX_ROW_BODY} bytes.")
        body = req.get_data()
        if len(body) > MAX_ROW_BODY:
            raise RequestEntityTooLarge(f"One row may have {MAX_ROW_BODY} bytes.")
        return parse_json(body) if body else missing

    def load_querystring(self, req: Request, schema: Any) -> Any:
        repeated = {name: ["Give it once."] for name, values in req.args.lists() if len(values) > 1}
        if repeated:
            raise ValidationError(repeated)
        return super().load_querystring(req, schema)

    def load_headers(self, req: Request, schema: Any) -> Any:
        names = {item.data_key or name for name, item in schema.fields.items()}
        return {name: req.headers[name] for name in names if name in req.headers}


Blueprint.ARGUMENTS_PARSER = StrictParser()


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


class Application(Flask):
    """Flask, but sure that no view or hook is a coroutine function: finding out cost a tenth of a small request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


class AnswerHeaders:
    """The outermost layer: numbers the request, adds the headers that every answer has, and logs one line.

    It works on the WSGI header list, which costs a tenth of what the same does on Flask's response objects.
    """

    def __init__(self, application: WSGIApplication, *, secure_origin: bool) -> None:
        self._application = application
        self._secure_origin = secure_origin
        self._always = list(SECURITY_HEADERS.items())
        self._names = frozenset(name.lower() for name in SECURITY_HEADERS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        number = environ[REQUEST_ID] = new_id()
        path = environ.get("PATH_INFO", "")

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            if given.isdisjoint(self._names):
                headers += self._always
            else:
                headers += [item for item in self._always if item[0].lower() not in given]
            headers.append(("X-Request-Id", number))
            if "cache-control" not in given and path.startswith("/api/"):
                headers.append(("Cache-Control", "no-store"))
            if self._secure_origin or environ.get("wsgi.url_scheme") == "https":
                headers.append(("Strict-Transport-Security", HSTS))
            _tell(environ, path, int(status[:3]), time.perf_counter() - started)
            return start_response(status, headers, *error)

        refused = _refusal(environ)
        if refused is not None:
            return refused.response()(environ, start)
        with tenancy.as_nobody():  # until it is known who calls
            if not traces.is_on():
                return self._application(environ, start)
            with traces.continued(environ.get("HTTP_TRACEPARENT"), environ["REQUEST_METHOD"], request=number):
                return self._application(environ, start)


def _refusal(environ: WSGIEnvironment) -> Problem | None:
    """What no route takes, whatever it is for."""
    if len(environ.get("QUERY_STRING", "")) > MAX_QUERY:
        return Problem(414, "query-too-long", "Query too long", f"The query string may have {MAX_QUERY} characters.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        return Problem(
            415,
            "unsupported-content-encoding",
            "Unsupported content encoding",
            "Send the body as it is, without Content-Encoding.",
        )
    return None


def _tell(environ: WSGIEnvironment, path: str, status: int, seconds: float) -> None:
    """One answer: a line in the log, a count, and what its span is called."""
    method = environ["REQUEST_METHOD"]
    quiet = path in ("/healthz", "/readyz")
    requests.tell(
        path, environ[REQUEST_ID], method, status, seconds, environ.get("REMOTE_ADDR"), environ.get(CALLER), quiet=quiet
    )
    route = environ.get(ROUTE) or _route(environ)
    metrics.request(method, route or "none", status, seconds)
    if route and traces.is_on():
        traces.name(f"{method} {route}")


def _route(environ: WSGIEnvironment) -> str | None:
    # Flask leaves its request here: asked at the end, it costs no hook before every view.
    found = environ.get("werkzeug.request")
    rule = getattr(found, "url_rule", None)  # a refused request was given to no application
    return rule.rule if rule is not None else None


def install(app: Flask, *, secure_origin: bool, check_hosts: bool) -> None:
    """Hook request ids, headers, logging and error handling into the application."""
    app.json = OrjsonProvider(app)
    app.request_class = BoundedRequest
    app.wsgi_app = AnswerHeaders(app.wsgi_app, secure_origin=secure_origin)  # type: ignore[method-assign]

    if check_hosts:
        app.before_request(check_host)
    app.register_error_handler(Problem, lambda problem: problem.response())
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(IntegrityError, _clash)
    app.register_error_handler(DataError, _unkeepable)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(PoolTimeout, _unavailable)
    app.register_error_handler(Exception, _unexpected)


def _invalid(error: ValidationError) -> Response:
    return Problem(422, "invalid", "Invalid input", "See errors.", tuple(field_errors(error.messages))).response()


def _stale(_error: StaleDataError) -> Response:
    return Problem(412, "stale", "Changed meanwhile", "Read the row again and repeat your change on that.").response()


def _clash(error: IntegrityError) -> Response:
    log.info("constraint refused a write", error=type(error.orig).__name__, request_id=request_id())
    return Problem(
        409, "conflict", "Conflict", "Another row has the same unique value, or still refers to this."
    ).response()


def _unkeepable(error: DataError) -> Response:
    log.warning("database refused a value", error=type(error.orig).__name__, request_id=request_id())
    return Problem(422, "invalid", "Invalid input", "A value is too long or too large to be kept.").response()


def _unavailable(_error: Exception) -> Response:
    log.error("database unavailable", exc_info=True, request_id=request_id())
    return Problem(
        503,
        "unavailable",
        "Temporarily unavailable",
        "The database did not answer; try again.",
        headers={"Retry-After": "5"},
    ).response()


def _unexpected(_error: Exception) -> Response:
    log.error("unexpected error", exc_info=True, request_id=request_id())
    # What works in steps says in `g.kept` what of them stands.
    detail = f"We made a mistake and logged it under request {request_id()}. {g.get('kept', 'Nothing was changed.')}"
    return Problem(500, "internal-error", "Internal error", detail).response()
