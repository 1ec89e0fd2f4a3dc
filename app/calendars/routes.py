"""Doors: calendars, their events, and the feed of one's own visits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Response, g, request
from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from app.calendars import choices, feed, polling, schemas, service, storing
from app.calendars.ahead import FEW, store_ahead
from app.calendars.expand_pool import shared
from app.calendars.ical import CalendarDocument, CalendarProblem, ParsedCalendar
from app.foundation import clock
from app.foundation.principal import Principal, bind_principal
from app.foundation.problems import Problem
from app.foundation.tenancy import as_organisation, as_system
from app.foundation.vault import Vault
from app.identity.access import current_principal, current_session, database, requires, requires_to_ask, settings
from app.identity.rates import caller_network, check_failures, count_failure, spend
from app.resources.conditional import has_version, wanted_versions
from app.resources.idempotency import idempotent
from app.resources.listing import cursor_text, read_cursor
from app.resources.routes import ETAG, PLACE, json_answer
from app.resources.schemas import IdempotencyKeySchema, OptionalIfMatchSchema, ProblemSchema
from app.resources.wire import dumps

P = ParamSpec("P")
R = TypeVar("R")
Row = dict[str, Any]

ICALENDAR = "text/calendar"
READ, WRITE = "calendars:read", "calendars:write"
POLLS_A_MINUTE, IMPORTS_A_MINUTE, READS_A_MINUTE, FORGERIES_AN_HOUR = 6, 20, 60, 60
PRIVATE = {"Cache-Control": "private, max-age=0, must-revalidate", "X-Robots-Tag": "noindex, nofollow"}
FILE = {"schema": {"type": "string", "format": "binary"}, "example": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}
_SHAPE, _EVENT = schemas.CalendarSchema(), schemas.CalendarEventSchema()

blueprint = Blueprint("calendars", __name__, description="Calendars whose events become visits, and visits as one.")


def _answer(row: Row, status: int = 200) -> Response:
    answer = json_answer(dumps(_SHAPE.dump(row)), status)
    answer.headers["ETag"] = f'"{row["row_version"]}"'
    if status == 201:
        answer.headers["Location"] = f"/api/v1/calendars/{row['id']}"
    return answer


def _vault() -> Vault:
    return Vault.from_settings(settings())


@blueprint.route("/calendars", tags=["calendars"])
class CalendarsView(MethodView):
    @blueprint.response(200, schemas.CalendarListSchema, description="All of them, the oldest first.")
    @requires(READ)
    def get(self) -> Response:
        """List your calendars."""
        return json_answer(dumps({"data": [_SHAPE.dump(row) for row in service.mine(current_session())]}))

    @blueprint.arguments(schemas.CalendarInputSchema())
    @blueprint.arguments(IdempotencyKeySchema(), location="headers")
    @blueprint.response(201, schemas.CalendarSchema, description="Followed; it is read within moments.", headers=PLACE)
    @blueprint.alt_response(409, schema=ProblemSchema, description="You follow it already, or as many as you may.")
    @requires(WRITE)
    @idempotent
    def post(self, body: Row, _headers: Row) -> Response:
        """Follow a calendar.

        Its events of a week back and ninety days ahead are matched with your accounts. Those that are surely about one
        become visits; what is unsure is asked (`GET /calendar-events?match=asked`).
        """
        return _answer(service.subscribe(current_session(), _vault(), settings().outbound_allow, body), 201)


@blueprint.route("/calendars/<uuid:calendar_id>", tags=["calendars"])
class CalendarView(MethodView):
    @blueprint.response(200, schemas.CalendarSchema, description="The calendar.", headers=ETAG)
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such calendar of yours.")
    @requires(READ)
    def get(self, calendar_id: Any) -> Response:
        """Read a calendar."""
        return _answer(service.read(current_session(), str(calendar_id)))

    @blueprint.arguments(schemas.CalendarChangeSchema())
    @blueprint.arguments(OptionalIfMatchSchema(), location="headers")
    @blueprint.response(200, schemas.CalendarSchema, description="As it is now.", headers=ETAG)
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such calendar of yours.")
    @blueprint.alt_response(409, schema=ProblemSchema, description="A calendar of files has no address.")
    @blueprint.alt_response(412, schema=ProblemSchema, description="Changed since you read it.")
    @requires(WRITE)
    def patch(self, body: Row, headers: Row, calendar_id: Any) -> Response:
        """Change a calendar: its name, its address, or whether it is paused."""
        expected = wanted_versions(headers.get("if_match"))
        allowed = settings().outbound_allow
        return _answer(service.change(current_session(), _vault(), allowed, str(calendar_id), expected, body))

    @blueprint.response(204, description="Followed no more. Visits that were made of its events stay.")
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such calendar of yours.")
    @requires(WRITE)
    def delete(self, calendar_id: Any) -> None:
        """Stop following a calendar."""
        service.delete(current_session(), str(calendar_id))


@blueprint.route("/calendars/<uuid:calendar_id>:poll", methods=["POST"], tags=["calendars"])
@blueprint.response(202, schemas.CalendarSchema, description="It is read within moments.", headers=ETAG)
@blueprint.alt_response(404, schema=ProblemSchema, description="No such calendar of yours.")
@blueprint.alt_response(409, schema=ProblemSchema, description="It is paused.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Asked too often.")
@requires(WRITE)
def poll_calendar(calendar_id: Any) -> Response:
    """Have a calendar read now."""
    spend("calendar poll", f"{current_principal().user_id} {calendar_id}", POLLS_A_MINUTE)
    return _answer(service.poll_soon(current_session(), str(calendar_id)), 202)


@blueprint.route("/calendars/<uuid:calendar_id>:choose", methods=["POST"], tags=["calendars"])
@blueprint.arguments(schemas.CalendarChoosingSchema())
@blueprint.response(200, schemas.CalendarListSchema, description="Those that are followed now.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such calendar of yours.")
@blueprint.alt_response(409, schema=ProblemSchema, description="There is nothing to choose, or no room for so many.")
@requires(WRITE)
def choose_calendars(body: Row, calendar_id: Any) -> Response:
    """Choose which of the calendars under a CalDAV address to follow.

    The first one takes the place of the address, further ones are followed beside it, with the same sign-in.
    """
    rows = choices.choose(current_session(), _vault(), str(calendar_id), body["urls"])
    return json_answer(dumps({"data": [_SHAPE.dump(row) for row in rows]}))


@blueprint.route("/calendars:import", methods=["POST"], tags=["calendars"])
@blueprint.arguments(schemas.CalendarImportQuerySchema(), location="query")
@blueprint.doc(requestBody={"required": True, "content": {ICALENDAR: FILE}})
@blueprint.response(200, schemas.CalendarSchema, description="Taken in, beside what was imported before.", headers=ETAG)
@blueprint.alt_response(201, schema=schemas.CalendarSchema, description="Taken in, into a new calendar.", headers=PLACE)
@blueprint.alt_response(409, schema=ProblemSchema, description="You have as many calendars as you may.")
@blueprint.alt_response(413, schema=ProblemSchema, description="The file is too large.")
@blueprint.alt_response(415, schema=ProblemSchema, description="Not `text/calendar`.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Too many files within a minute.")
@requires_to_ask(WRITE)
def import_calendar(query: Row) -> Response:
    """Import a calendar file.

    The same file again changes nothing; an event that was imported before is changed or cancelled as the file says.
    """
    if request.mimetype != ICALENDAR:
        raise Problem(415, "unsupported-media-type", "Unsupported media type", f"Send {ICALENDAR}.")
    principal, session = current_principal(), current_session()
    spend("calendar import", principal.user_id, IMPORTS_A_MINUTE)
    zone = storing.owner_of(session, principal.user_id).time_zone
    session.rollback()  # reading the file takes its time, in which nobody is kept waiting
    parsed = _expanded(request.get_data(), zone)
    opened = False
    if len(parsed.occurrences) >= FEW:
        with _writing(principal) as writing:
            calendar, opened = service.open_file(writing, query["name"])
        g.kept = "Events that were taken in by then stay; import the file again for the others."
        store_ahead(database(), principal, calendar, parsed)
    with _writing(principal) as writing:
        row, new = service.take_in(writing, query["name"], parsed)
    return _answer(row, 201 if new or opened else 200)


@contextmanager
def _writing(principal: Principal) -> Iterator[Session]:
    with database().write() as session:
        bind_principal(session, principal)
        yield session


def _expanded(body: bytes, zone: str) -> ParsedCalendar:
    if len(body) > settings().calendar_max_bytes:
        detail = f"A calendar may have {settings().calendar_max_bytes / 1_000_000:.3g} MB. Export fewer days of it."
        raise Problem(413, "request-entity-too-large", "Request Entity Too Large", detail)
    try:
        return shared()(CalendarDocument(body, *polling.window(clock.now(), polling.FILE_AHEAD), zone))
    except CalendarProblem as problem:
        raise Problem(422, problem.problem, problem.title, f"{problem.detail} {problem.advice}".strip()) from problem


@blueprint.route("/calendar-events", methods=["GET"], tags=["calendar events"])
@blueprint.arguments(schemas.CalendarEventQuerySchema(), location="query")
@blueprint.response(200, schemas.CalendarEventPageSchema, description="A page, in order of time.")
@requires(READ)
def list_calendar_events(query: Row) -> Response:
    """List events of your calendars.

    With `match=asked` those that wait for your answer: of each series the next one alone.
    """
    if "cursor" in query:
        query["after"] = read_cursor(query["cursor"])
    rows, more = service.events(current_session(), query)
    place = cursor_text(*service.cursor_of(rows[-1])) if more else None
    return json_answer(dumps({"data": [_EVENT.dump(row) for row in rows], "next_cursor": place}))


@blueprint.route("/calendar-events/<uuid:event_id>:match", methods=["POST"], tags=["calendar events"])
@blueprint.arguments(schemas.MatchAnswerSchema())
@blueprint.response(200, schemas.CalendarEventSchema, description="As it is now.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such event of yours.")
@blueprint.alt_response(409, schema=ProblemSchema, description="A private event makes no visit.")
@requires(WRITE)
def answer_match(body: Row, event_id: Any) -> Response:
    """Say what an event is about.

    An account makes it a visit, and so every event of its series, now and later; null makes it none. It is not asked
    again.
    """
    return json_answer(dumps(_EVENT.dump(service.answer(current_session(), str(event_id), body["account_id"]))))


@blueprint.route("/calendar-feed", tags=["calendar feed"])
class VisitFeedView(MethodView):
    @blueprint.response(200, schemas.VisitFeedSchema, description="Whether there is an address, and when it was read.")
    @requires(READ)
    def get(self) -> Response:
        """Read about the address of your visits as a calendar."""
        return json_answer(dumps(schemas.VisitFeedSchema().dump(feed.status(current_session()))))

    @blueprint.response(201, schemas.NewVisitFeedSchema, description="The new address, shown this once.")
    @requires(WRITE)
    def post(self) -> Response:
        """Make an address for your visits as a calendar; the one before is worthless from then on."""
        session = current_session()
        address = f"{_site()}/api/v1/calendars/feed/{feed.renew(session)}.ics"
        given = {**feed.status(session), "address": address}
        answer = json_answer(dumps(schemas.NewVisitFeedSchema().dump(given)), 201)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.response(204, description="Nothing is under the address any more.")
    @requires(WRITE)
    def delete(self) -> None:
        """Take the address of your visits back."""
        feed.revoke(current_session())


def by_address(view: Callable[P, R]) -> Callable[P, R]:
    """Run a view for whoever has the address; tries at addresses are counted by network."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        network = caller_network()
        check_failures("calendar feed", network, FORGERIES_AN_HOUR)
        spend("calendar feed", network, READS_A_MINUTE)
        try:
            return view(*args, **kwargs)
        except Problem as problem:
            if problem.slug == "feed-address-unknown":
                count_failure("calendar feed", network, FORGERIES_AN_HOUR)
            problem.headers.update(PRIVATE)
            raise

    return guarded


@blueprint.route("/calendars/feed/<string:secret>.ics", methods=["GET"], tags=["calendar feed"])
@blueprint.response(200, description="The calendar.", headers=ETAG)
@blueprint.doc(responses={"200": {"content": {ICALENDAR: {"schema": {"type": "string"}}}}})
@blueprint.alt_response(304, description="You have it.")
@blueprint.alt_response(404, schema=ProblemSchema, description="Nothing is under this address.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Too many requests of this network.")
@by_address
def read_visit_feed(secret: str) -> Response:
    """Read somebody's visits as a calendar, by its address."""
    with as_system(), database().read() as session:
        reader = feed.reader_of(session, secret)
    with as_organisation(reader.principal.org_id):
        with database().read() as session:
            rows = feed.visits_of(session, reader.principal)
        if reader.stale:
            with database().write() as session:
                feed.note_read(session, reader.feed_id)
    site = _site()
    headers = {**PRIVATE, "ETag": feed.etag_of(rows, site)}
    if has_version(request.headers.get("If-None-Match"), headers["ETag"]):
        return Response(status=304, headers=headers)
    return Response(feed.render(rows, reader.name, site), headers=headers, content_type=f"{ICALENDAR}; charset=utf-8")


def _site() -> str:
    return (settings().public_url or request.host_url).rstrip("/")
