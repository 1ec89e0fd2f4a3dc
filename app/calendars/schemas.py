"""Wire shapes of calendars, their events, and the feed of one's own visits."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from app.calendars.addresses import caldav_server, https, without_caldav
from app.calendars.service import MAX_CALENDARS
from app.foundation.fields import Moment, Text, Truth, Uuid, Whole, choice
from app.foundation.outbound import check_url
from app.foundation.outbound_errors import InvalidUrl
from app.resources.resource import CURSOR, QueryInt

MATCHES = ("matched", "asked", "dismissed", "none")


def _web_address(url: str) -> None:
    try:
        check_url(https(url))
    except InvalidUrl as problem:
        raise ValidationError(f"{problem.detail} {problem.advice}") from problem
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise ValidationError("Leave user name and password out of the address; they have fields of their own.")


class _AddressSchema(Schema):
    name = Text(200, metadata={"description": "The calendar's own name, when it is left out."})
    url = Text(
        2000,
        validate=[_web_address],
        metadata={
            "description": "Where it is: `https://`, or `webcal://` as calendars publish it. Kept sealed.",
            "example": "https://calendar.example/anna.ics",
        },
    )
    username = Text(200, metadata={"description": "Who signs in there, if anybody has to."})
    password = Text(500, load_only=True, metadata={"description": "Kept sealed and never shown."})


class CalendarInputSchema(_AddressSchema):
    """A calendar to follow."""

    kind = choice("url", "caldav", required=True, metadata={"description": "An iCalendar address, or a CalDAV server."})
    url = Text(
        2000,
        required=True,
        validate=[_web_address],
        metadata={
            "description": "`https://`, or `webcal://` as calendars publish it; of a CalDAV server, its own address, the "
            "user's, the calendar's, or a mail address whose domain tells where its calendars are. Kept sealed.",
            "example": "webcal://calendar.example/anna.ics",
        },
    )

    @pre_load
    def _as_people_type(self, given: Any, **_: Any) -> Any:
        """A mail address is a place and a user name; some services are known by another name than their server's."""
        if not isinstance(given, dict) or given.get("kind") != "caldav" or not isinstance(given.get("url"), str):
            return given
        if why := without_caldav(given["url"]):
            raise ValidationError(why, "url")
        found = caldav_server(given["url"])
        if found is None:
            return given
        user = {"username": given["url"].strip()} if "@" in given["url"] else {}
        return {**user, **given, "url": found}


class CalendarChangeSchema(_AddressSchema):
    """What to change of a calendar. With another host, user name and password are given again."""

    paused = Truth()


class CalendarProblemSchema(Schema):
    """What is wrong with a calendar, in the terms of RFC 9457."""

    type = fields.String(required=True, metadata={"example": "/docs/problems/calendar-not-found"})
    title = fields.String(required=True)
    detail = fields.String(required=True)


class CalendarChoiceSchema(Schema):
    """A calendar that was found under an address which names none."""

    url = fields.String(required=True, metadata={"example": "https://dav.example/calendars/anna/work/"})
    name = fields.String(required=True, metadata={"example": "Work"})
    followed = Truth(required=True, metadata={"description": "Whether you follow it already."})


class CalendarFaultSchema(CalendarProblemSchema):
    """What is wrong with one event of a calendar."""

    event = fields.String(
        required=True, metadata={"description": "The words of the event; empty when it is private or has none."}
    )


class CalendarSchema(Schema):
    """A calendar of yours and how its last poll went. Nobody else sees it."""

    id = Uuid(required=True)
    kind = choice("file", "url", "caldav", required=True)
    name = fields.String(required=True)
    url = fields.String(
        required=True, allow_none=True, metadata={"description": "Its host; the rest may be a secret and is not shown."}
    )
    username = fields.String(required=True, allow_none=True)
    paused = Truth(required=True)
    asked = Whole(required=True, metadata={"description": "Series that wait for your answer."})
    last_polled_at = Moment(required=True, allow_none=True)
    next_poll_at = Moment(required=True, allow_none=True)
    http_status = Whole(required=True, allow_none=True)
    problem = fields.Nested(CalendarProblemSchema, required=True, allow_none=True)
    faults = fields.List(
        fields.Nested(CalendarFaultSchema),
        required=True,
        metadata={"description": "Events that could not be read; the others were."},
    )
    choices = fields.List(
        fields.Nested(CalendarChoiceSchema),
        required=True,
        metadata={"description": "With `calendar-ambiguous`: what is there, for `POST /calendars/{id}:choose`."},
    )
    failures = Whole(required=True, metadata={"description": "Polls in a row that gave nothing."})
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    row_version = Whole(1, required=True, metadata={"description": "Grows with every change; the ETag."})


class CalendarChoosingSchema(Schema):
    """Which of the calendars that were found under an address to follow."""

    urls = fields.List(
        Text(2000), required=True, validate=[validate.Length(1, MAX_CALENDARS)],
        metadata={"description": "`url`s of `choices`.", "example": ["https://dav.example/calendars/anna/work/"]},
    )  # fmt: skip


class CalendarListSchema(Schema):
    """Calendars of yours."""

    data = fields.List(fields.Nested(CalendarSchema), required=True)


class CalendarImportQuerySchema(Schema):
    """Into which calendar of yours a file goes."""

    name = Text(200, load_default="Imported files", metadata={"description": "Made when you have none of this name."})


class InvitedSchema(Schema):
    """Somebody who is invited."""

    email = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"example": "accepted"})


class MatchReasonSchema(Schema):
    """Why an account may be meant."""

    kind = choice("attendee", "former_attendee", "domain", "place", "name", required=True)
    value = fields.String(required=True, metadata={"example": "anna@norrvik.example"})
    weight = fields.Float(required=True)


class MatchCandidateSchema(Schema):
    """An account that an event may be about."""

    account_id = Uuid(required=True)
    account_name = fields.String(required=True)
    score = fields.Float(required=True, validate=validate.Range(0, 1))
    reasons = fields.List(fields.Nested(MatchReasonSchema), required=True)


class CalendarEventSchema(Schema):
    """An event of one of your calendars. A private one has no words, no place and no people."""

    id = Uuid(required=True)
    calendar_id = Uuid(required=True)
    series = Truth(required=True, metadata={"description": "Whether it recurs: an answer then holds for all of it."})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    time_zone = fields.String(required=True, metadata={"example": "Europe/Stockholm"})
    all_day = Truth(required=True)
    summary = fields.String(required=True)
    place = fields.String(required=True)
    attendees = fields.List(fields.Nested(InvitedSchema), required=True)
    private = Truth(required=True)
    cancelled = Truth(required=True)
    match = choice(*MATCHES, required=True)
    account_id = Uuid(required=True, allow_none=True)
    account_name = fields.String(required=True, allow_none=True)
    visit_id = Uuid(required=True, allow_none=True)
    candidates = fields.List(
        fields.Nested(MatchCandidateSchema), required=True, metadata={"description": "The likeliest first."}
    )


class CalendarEventQuerySchema(Schema):
    """Which events."""

    limit = QueryInt(1, 200, load_default=50, metadata={"description": "Events on a page."})
    cursor = Text(60, metadata={"description": "`next_cursor` of the page before.", "pattern": f"^{CURSOR}$"})
    match = choice(*MATCHES)
    calendar_id = Uuid()
    starts_from = Moment()


class CalendarEventPageSchema(Schema):
    """Events in order of time."""

    data = fields.List(fields.Nested(CalendarEventSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MatchAnswerSchema(Schema):
    """What an event is about: an account, or null when it is no visit."""

    account_id = Uuid(required=True, allow_none=True)


class VisitFeedSchema(Schema):
    """The address at which your visits are served as a calendar, without the address itself."""

    created_at = Moment(required=True, allow_none=True, metadata={"description": "Null: there is none."})
    last_read_at = Moment(required=True, allow_none=True)


class NewVisitFeedSchema(VisitFeedSchema):
    """A new address. It is shown this once."""

    address = fields.String(required=True, metadata={"example": "https://sales.example/api/v1/calendars/feed/….ics"})
