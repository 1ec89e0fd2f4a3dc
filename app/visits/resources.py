"""Visits and notes as resources of the API."""

from datetime import datetime

import sqlalchemy as sa

from app.foundation.fields import Moment, Uuid, choice
from app.foundation.principal import Principal
from app.foundation.problems import FieldError
from app.identity.rules import guard_authorship, guard_own_work
from app.resources.resource import Filter, Resource, Values, equal_ids, equals, register
from app.visits.authorship import sign
from app.visits.schemas import NoteSchema, VisitSchema
from app.visits.tables import Note, Visit


def _starts_from(table: sa.Table, moment: datetime) -> sa.ColumnElement[bool]:
    return table.c.starts_at >= moment


def _starts_before(table: sa.Table, moment: datetime) -> sa.ColumnElement[bool]:
    return table.c.starts_at < moment


def _mine(principal: Principal, values: Values) -> None:
    values.setdefault("user_id", principal.user_id)


def _visit_faults(values: Values) -> list[FieldError]:
    if values["ends_at"] < values["starts_at"]:
        return [FieldError("/ends_at", "Ends before it starts.")]
    return []


VISITS = register(
    Resource(
        name="visits",
        entity="visit",
        model=Visit,
        schema=VisitSchema,
        references={"account_id": "account", "user_id": "user", "attendee_ids": "person"},
        filters={
            "account_id": equals("account_id", Uuid()),
            "user_id": equals("user_id", Uuid()),
            "status": equals("status", choice("planned", "done", "cancelled")),
            "starts_from": Filter(Moment(), _starts_from),
            "starts_before": Filter(Moment(), _starts_before),
        },
        check=_visit_faults,
        prepare=_mine,
        guard=guard_own_work,
    )
)
NOTES = register(
    Resource(
        name="notes",
        entity="note",
        model=Note,
        schema=NoteSchema,
        references={"account_id": "account", "visit_id": "visit", "user_id": "user"},
        filters=equal_ids("account_id", "visit_id", "user_id"),
        complete=sign,
        guard=guard_authorship,
        append_only=True,
    )
)
