"""Doors to configuring and pricing of which nothing is kept, under `/api/v1`."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from app.identity.access import current_session, requires_to_ask
from app.quotes import catalog_schemas as schemas
from app.quotes import evaluating
from app.resources import wire
from app.resources.routes import ProblemSchema, json_answer

READ = "catalogs:read"
CONFIGURATION = {
    "named": {"key": "rosvall", "version": "2026.2"},
    "product": "PX",
    "choices": [{"feature": "medium", "value": "pulp"}],
}
_LIST = {"type": "per_unit", "amount": "219000"}
_STEP = {"id": "list", "phase": "list", "scope": "unit", "adjustment": _LIST, "reason": "List price"}
_LINE = {"id": "l1", "sku": "PX", "name": "Pump", "charge": "one_time", "quantity": "3", "tax_class": "standard"}
PRICE = {"request": {"currency": "SEK", "on": "2026-11-21", "lines": [{**_LINE, "steps": [_STEP]}]}}
blueprint = Blueprint("evaluation", __name__, description="Configuring and pricing without keeping anything.")


@blueprint.route("/configurations:evaluate", methods=["POST"])
@blueprint.doc(operationId="evaluate_a_configuration")
@blueprint.arguments(schemas.ConfigurationRequestSchema, example=CONFIGURATION)
@blueprint.response(200, schemas.ConfigurationAnswerSchema, description="What is possible after these choices.")
@blueprint.alt_response(
    404, schema=ProblemSchema, description="No such catalogue, or no such configurable product in it."
)
@blueprint.alt_response(
    409, schema=ProblemSchema, description="No configuration has the value, or it is not compiled yet."
)
@requires_to_ask(READ)
def evaluate_configuration(body: dict[str, Any]) -> Response:
    """Say what is possible after some choices.

    The exact valid values of every feature; what would have to be given up for a value; a completion. Nothing is kept.
    """
    return json_answer(wire.dumps(evaluating.configuration(current_session(), body)))


@blueprint.route("/prices:evaluate", methods=["POST"])
@blueprint.doc(operationId="evaluate_a_price")
@blueprint.arguments(schemas.PriceRequestSchema, example=PRICE)
@blueprint.response(200, schemas.PriceAnswerSchema, description="Every step from list to net.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such catalogue.")
@requires_to_ask(READ)
def evaluate_price(body: dict[str, Any]) -> Response:
    """Price a request of the engine, or the content of a quote.

    Amounts are decimal strings. Nothing is kept.
    """
    return json_answer(wire.dumps(evaluating.price(current_session(), body)))
