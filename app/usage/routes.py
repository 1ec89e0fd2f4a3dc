"""Doors: usage series, their daily values and their events."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from app.identity.access import current_session, requires
from app.resources.idempotency import idempotent
from app.resources.routes import batch_answer, batch_body, doors
from app.resources.schemas import BatchAnswerSchema, IdempotencyKeySchema
from app.usage import service
from app.usage.resources import SERIES
from app.usage.schemas import DailyQuerySchema, DailySchema, UsageDayRowSchema, UsageEventRowSchema

blueprint = Blueprint("usage", __name__, description="How an account uses what it bought.")
doors(blueprint, SERIES)


@blueprint.route("/usage/series/<uuid:series_id>/daily", methods=["GET"])
@blueprint.arguments(DailyQuerySchema(), location="query")
@blueprint.response(200, DailySchema, description="A value for each day on which something was received, by day.")
@requires(SERIES.read_scope)
def read_daily(query: dict[str, Any], series_id: Any) -> dict[str, Any]:
    """Read the daily values of a series."""
    return {"data": service.daily(current_session(), str(series_id), query.get("first"), query.get("last"))}


@blueprint.route("/usage/daily/batch", methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema(), location="headers")
@blueprint.doc(requestBody=batch_body(UsageDayRowSchema()))
@blueprint.response(200, BatchAnswerSchema, description="An answer for each row; good rows went in.")
@requires(SERIES.write_scope)
@idempotent
def write_daily(_headers: dict[str, Any]) -> Response:
    """Create or change daily values.

    Rows are named by `series` and `day`.
    """
    return batch_answer(service.receive_days(current_session()))


@blueprint.route("/usage/events/batch", methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema(), location="headers")
@blueprint.doc(requestBody=batch_body(UsageEventRowSchema()))
@blueprint.response(200, BatchAnswerSchema, description="An answer for each row; good rows went in.")
@requires(SERIES.write_scope)
@idempotent
def write_events(_headers: dict[str, Any]) -> Response:
    """Create or change usage events.

    Rows are named by `series` and `external_id`. Days are rolled up in the account's time zone, as the series says.
    """
    return batch_answer(service.receive_events(current_session()))
