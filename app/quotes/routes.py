"""Doors to quotes and agreements, under `/api/v1`."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.foundation.ids import new_id
from app.identity.access import current_principal, current_session, requires
from app.quotes import answers, schemas, service
from app.quotes.resources import AGREEMENTS
from app.resources import wire
from app.resources.conditional import required_versions
from app.resources.routes import ETAG, IF_NONE_MATCH, PLACE, doors, idempotent, json_answer, stored_answer
from app.resources.schemas import IdempotencyKeySchema, IfMatchSchema, ProblemSchema

READ, WRITE = "quotes:read", "quotes:write"
NO_QUOTE = "No such quote that you can see."
blueprint = Blueprint("quotes", __name__, description="Quotes: made, priced, approved, sent, revised.")
doors(blueprint, AGREEMENTS)


@blueprint.route("/quotes")
class Quotes(MethodView):
    """All quotes."""

    @blueprint.arguments(schemas.QuoteQuerySchema, location="query")
    @blueprint.response(200, schemas.QuotePageSchema, description="A page, the newest quote first.")
    @requires(READ)
    def get(self, query: dict[str, Any]) -> Response:
        """List quotes, without their contents and prices."""
        return json_answer(answers.page(current_session(), query))

    @blueprint.arguments(schemas.QuoteInputSchema)
    @blueprint.arguments(IdempotencyKeySchema, location="headers")
    @blueprint.response(201, schemas.QuoteReadSchema, description="Made and priced.", headers=PLACE)
    @blueprint.alt_response(409, schema=ProblemSchema, description="Another quote has this id.")
    @requires(WRITE)
    @idempotent
    def post(self, body: dict[str, Any], _headers: dict[str, Any]) -> Response:
        """Make a quote.

        It is priced at once. Where `shown` says another price, `difference` tells both until the author accepts it.
        `faults` say what keeps it from being sent, such as a configuration that is not whole.
        """
        quote_id = body.pop("id", None) or new_id()
        service.create_new(current_session(), quote_id, body, current_principal().user_id)
        answer = stored_answer(answers.read(current_session(), quote_id), 201)
        answer.headers["Location"] = f"/api/v1/quotes/{quote_id}"
        return answer


@blueprint.route("/quotes/<uuid:quote_id>")
class OneQuote(MethodView):
    """One quote."""

    @blueprint.doc(parameters=[IF_NONE_MATCH])
    @blueprint.response(200, schemas.QuoteReadSchema, description="The quote as it stands.", headers=ETAG)
    @blueprint.alt_response(304, description="You have this version.", headers=ETAG)
    @blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
    @requires(READ)
    def get(self, quote_id: Any) -> Response:
        """Read a quote with its content and price."""
        return stored_answer(answers.read(current_session(), str(quote_id)))

    @blueprint.arguments(schemas.QuoteChangeSchema)
    @blueprint.arguments(IfMatchSchema, location="headers")
    @blueprint.response(200, schemas.QuoteReadSchema, description="As it is now.", headers=ETAG)
    @blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
    @blueprint.alt_response(409, schema=ProblemSchema, description="It was sent: revise it, or copy it.")
    @blueprint.alt_response(412, schema=ProblemSchema, description="Changed since you read it.")
    @blueprint.alt_response(428, schema=ProblemSchema, description="No `If-Match`.")
    @requires(WRITE)
    def patch(self, body: dict[str, Any], headers: dict[str, Any], quote_id: Any) -> Response:
        """Change a quote that was not sent.

        It is priced again. A change of what it costs makes approvals void.
        """
        shown = body.pop("shown", None)
        expected = required_versions(headers.get("if_match"))
        service.change_expecting(current_session(), str(quote_id), expected, body, shown)
        return _as_it_is(quote_id)


@blueprint.route("/quotes/<uuid:quote_id>/versions")
@blueprint.response(200, schemas.QuoteVersionsSchema, description="The newest first.")
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@requires(READ)
def list_versions(quote_id: Any) -> Response:
    """List the versions of a quote."""
    return json_answer(wire.dumps(answers.versions(current_session(), str(quote_id))))


@blueprint.route("/quotes/<uuid:quote_id>/versions/<int(max=1000):version>")
@blueprint.response(200, schemas.QuoteVersionSchema, description="As it was sent, or as it stands.")
@blueprint.alt_response(
    404, schema=ProblemSchema, description="No such quote that you can see, or no such version of it."
)
@requires(READ)
def read_version(quote_id: Any, version: int) -> Response:
    """Read a version of a quote."""
    return json_answer(wire.dumps(answers.version(current_session(), str(quote_id), version)))


@blueprint.route("/quotes/<uuid:quote_id>:compare")
@blueprint.doc(operationId="compare_versions_of_a_quote")
@blueprint.arguments(schemas.CompareQuerySchema, location="query")
@blueprint.response(200, schemas.ComparisonSchema, description="What differs.")
@blueprint.alt_response(
    404, schema=ProblemSchema, description="No such quote that you can see, or no such version of it."
)
@requires(READ)
def compare_versions(query: dict[str, Any], quote_id: Any) -> Response:
    """Compare two versions of a quote: lines, configurations, steps of the price, totals."""
    return json_answer(wire.dumps(answers.compared(current_session(), str(quote_id), query["a"], query["b"])))


@blueprint.route("/quotes/<uuid:quote_id>:submit", methods=["POST"])
@blueprint.doc(operationId="submit_a_quote")
@blueprint.arguments(schemas.QuoteSubmitSchema)
@blueprint.response(200, schemas.QuoteReadSchema, description="It waits for approval.", headers=ETAG)
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@blueprint.alt_response(
    409, schema=ProblemSchema, description="It needs none, is not whole, or costs something else now."
)
@requires(WRITE)
def submit_quote(body: dict[str, Any], quote_id: Any) -> Response:
    """Ask for the approvals that a quote needs."""
    service.submit(current_session(), str(quote_id), body["revision"], body["reason"])
    return _as_it_is(quote_id)


@blueprint.route("/quotes/<uuid:quote_id>:decide", methods=["POST"])
@blueprint.doc(operationId="decide_about_a_quote")
@blueprint.arguments(schemas.QuoteDecideSchema)
@blueprint.response(200, schemas.QuoteReadSchema, description="As it is now.", headers=ETAG)
@blueprint.alt_response(403, schema=ProblemSchema, description="Not yours to approve.")
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@blueprint.alt_response(409, schema=ProblemSchema, description="It does not wait for approval, or was changed.")
@requires(WRITE)
def decide_quote(body: dict[str, Any], quote_id: Any) -> Response:
    """Approve a quote, or refuse to.

    A manager to whom the author reports gives what managers give; administrators give everything.
    """
    service.decide(current_session(), str(quote_id), body["revision"], body["decision"], body.get("reason"))
    return _as_it_is(quote_id)


@blueprint.route("/quotes/<uuid:quote_id>:send", methods=["POST"])
@blueprint.doc(operationId="send_a_quote")
@blueprint.arguments(schemas.QuoteSendSchema)
@blueprint.response(200, schemas.QuoteReadSchema, description="Sent; `link` is the customer's page.", headers=ETAG)
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@blueprint.alt_response(
    409, schema=ProblemSchema, description="Approval is missing, the price differs, or it is not whole."
)
@requires(WRITE)
def send_quote(body: dict[str, Any], quote_id: Any) -> Response:
    """Send a quote to the customer: this version stays as it is from then on."""
    service.send(current_session(), str(quote_id), body["revision"], body.get("shown"))
    return _as_it_is(quote_id)


@blueprint.route("/quotes/<uuid:quote_id>:revise", methods=["POST"])
@blueprint.doc(operationId="revise_a_quote")
@blueprint.arguments(schemas.QuoteReviseSchema)
@blueprint.response(200, schemas.QuoteReadSchema, description="The next version, a draft.", headers=ETAG)
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@blueprint.alt_response(409, schema=ProblemSchema, description="It was not sent, or it was accepted.")
@requires(WRITE)
def revise_quote(body: dict[str, Any], quote_id: Any) -> Response:
    """Begin the next version of a quote that was sent."""
    given: dict[str, Any] = {name: body[name] for name in ("content", "valid_until") if name in body}
    service.revise(current_session(), str(quote_id), body["revision"], given, body.get("shown"))
    return _as_it_is(quote_id)


@blueprint.route("/quotes/<uuid:quote_id>:withdraw", methods=["POST"])
@blueprint.doc(operationId="withdraw_a_quote")
@blueprint.arguments(schemas.QuoteWithdrawSchema)
@blueprint.response(200, schemas.QuoteReadSchema, description="Withdrawn.", headers=ETAG)
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@blueprint.alt_response(409, schema=ProblemSchema, description="The customer does not have it, or decided.")
@requires(WRITE)
def withdraw_quote(body: dict[str, Any], quote_id: Any) -> Response:
    """Take back a quote that the customer has."""
    service.withdraw(current_session(), str(quote_id), body["reason"])
    return _as_it_is(quote_id)


@blueprint.route("/quotes/<uuid:quote_id>:copy", methods=["POST"])
@blueprint.doc(operationId="copy_a_quote")
@blueprint.arguments(schemas.QuoteCopySchema)
@blueprint.arguments(IdempotencyKeySchema, location="headers")
@blueprint.response(201, schemas.QuoteReadSchema, description="The copy.", headers=PLACE)
@blueprint.alt_response(404, schema=ProblemSchema, description=NO_QUOTE)
@requires(WRITE)
@idempotent
def copy_quote(body: dict[str, Any], _headers: dict[str, Any], quote_id: Any) -> Response:
    """Make a new quote with what is in this one, priced as of today."""
    made = service.copy(current_session(), str(quote_id), body)
    answer = stored_answer(answers.read(current_session(), made), 201)
    answer.headers["Location"] = f"/api/v1/quotes/{made}"
    return answer


def _as_it_is(quote_id: Any) -> Response:
    return stored_answer(answers.read(current_session(), str(quote_id)))
