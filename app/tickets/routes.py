"""Doors: tickets and their history."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from app.identity.access import current_session, requires
from app.resources.idempotency import idempotent
from app.resources.routes import batch_answer, batch_body, doors
from app.resources.schemas import BatchAnswerSchema, IdempotencyKeySchema
from app.tickets import service
from app.tickets.resources import TICKETS
from app.tickets.schemas import HistorySchema, TicketEventRowSchema

blueprint = Blueprint("tickets", __name__, description="Service tickets and their history.")
doors(blueprint, TICKETS)


@blueprint.route("/tickets/<uuid:ticket_id>/events", methods=["GET"])
@blueprint.response(200, HistorySchema, description="Every step, oldest first.")
@requires(TICKETS.read_scope)
def read_history(ticket_id: Any) -> dict[str, Any]:
    """Read the history of a ticket."""
    return {"data": service.history(current_session(), str(ticket_id))}


@blueprint.route("/tickets/events/batch", methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema(), location="headers")
@blueprint.doc(requestBody=batch_body(TicketEventRowSchema()))
@blueprint.response(200, BatchAnswerSchema, description="An answer for each row; good rows went in.")
@requires(TICKETS.write_scope)
@idempotent
def write_histories(_headers: dict[str, Any]) -> Response:
    """Create or change steps in the histories of tickets.

    Rows are named by `ticket` and `external_id`, which also orders steps of one instant. The ticket's status, priority,
    reopenings and times follow its history; what was said of the ticket itself stands until a step says something new.
    """
    return batch_answer(service.receive_events(current_session()))
