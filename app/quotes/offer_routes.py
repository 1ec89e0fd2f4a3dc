"""What a customer who follows a link can see and do; no sign-in. And the seller's side: the link, answers, the PDF."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Response, g
from flask.views import MethodView
from flask_smorest import Blueprint

from app.foundation import changes, tenancy
from app.foundation.problems import Problem
from app.identity.access import current_session, database, refuse_other_sites, requires
from app.identity.rates import caller_network, check_failures, count_failure, spend
from app.quotes import offer_links, offer_prices, offer_view, offers
from app.quotes.offer_schemas import (
    AcceptedSchema,
    LinkSchema,
    OfferAcceptSchema,
    OfferAskSchema,
    OfferDeclineSchema,
    OfferEvaluateSchema,
    OfferPricesAskSchema,
    OfferPricesSchema,
    OfferQuestionSchema,
    OfferSchema,
    OfferTellViewsSchema,
    QuestionAnswerSchema,
)
from app.quotes.offer_sight import held_quote, seen_question, seen_quote
from app.resources import wire
from app.resources.routes import json_answer
from app.resources.schemas import ProblemSchema

P = ParamSpec("P")
R = TypeVar("R")

FORGERIES_AN_HOUR = 60
# What requests of one network are counted as, and how many of it a minute.
READS, WRITES, PRICES = ("offer", 120), ("offer write", 30), ("offer prices", 120)
PDF = "application/pdf"
BINARY = {"schema": {"type": "string", "format": "binary"}}
# Whoever has the address has the offer: it is nowhere kept, found or passed on.
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
# A PDF is shown by the browser's own reader, which runs nothing of it.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"

blueprint = Blueprint("offers", __name__, description="Quotes as customers read, change, accept or decline them.")


def by_link(counted: tuple[str, int] = READS) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run a view for whoever has the link, inside one transaction; requests and tries at tokens are counted by network."""
    name, most = counted

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            network = caller_network()
            check_failures("offer", network, FORGERIES_AN_HOUR)
            refuse_other_sites()
            spend(name, network, most)
            try:
                # Whose offer it is, the token tells; from there on the transaction is that organisation's.
                with tenancy.as_system(), database().write() if counted is WRITES else database().read() as session:
                    g.session = session
                    return view(*args, **kwargs)
            except Problem as problem:
                if problem.slug == "offer-not-found":
                    count_failure("offer", network, FORGERIES_AN_HOUR)
                problem.headers.update(PRIVATE)
                raise

        return guarded

    return decorate


def _private(answer: Response) -> Response:
    answer.headers.update(PRIVATE)
    return answer


def _file(name: str, data: bytes) -> Response:
    headers = {**PRIVATE, "Content-Disposition": f'inline; filename="{name}"', "Content-Security-Policy": PDF_POLICY}
    return Response(data, headers=headers, content_type=PDF)


def _answers(view: Any) -> Any:
    """What every door to an offer may answer besides."""
    gone = blueprint.alt_response(410, schema=ProblemSchema, description="It expired, or was withdrawn or taken back.")
    missing = blueprint.alt_response(404, schema=ProblemSchema, description="No offer is under this address.")
    often = blueprint.alt_response(429, schema=ProblemSchema, description="Too many requests of this network.")
    return gone(missing(often(view)))


@blueprint.route("/offers/<string:token>", tags=["offers"])
class OfferView(MethodView):
    @blueprint.response(200, OfferSchema, description="The newest version that was sent.")
    @_answers
    def get(self, token: str) -> Response:
        """Read an offer. Nobody is told, unless the customer switched that on."""
        answer = _read(token)
        if answer["tells_views"]:
            with tenancy.as_system(), database().write() as session:
                offers.note_view(session, token)
        return _private(json_answer(wire.dumps(answer)))


@by_link()
def _read(token: str) -> dict[str, Any]:
    return offers.read(current_session(), token)


@blueprint.route("/offers/<string:token>/document.pdf", tags=["offers"])
class OfferPdfView(MethodView):
    @blueprint.response(200, description="PDF/A-3a and PDF/UA-1, with the version's data attached as JSON.")
    @blueprint.doc(responses={"200": {"content": {PDF: BINARY}}})
    @_answers
    @by_link()
    def get(self, token: str) -> Response:
        """Read an offer as a document; an accepted one says who accepted it."""
        return _file(*offers.pdf(current_session(), token))


@blueprint.route("/offers/<string:token>:evaluate", methods=["POST"], tags=["offers"])
@blueprint.arguments(OfferEvaluateSchema)
@blueprint.response(200, OfferSchema, description="The offer as it would be; nothing is kept.")
@blueprint.alt_response(409, schema=ProblemSchema, description="It was accepted or declined.")
@_answers
@by_link()
def evaluate_offer(body: dict[str, Any], token: str) -> Response:
    """See what changes within what is open would cost, and what else would change with them."""
    return _private(json_answer(wire.dumps(offers.evaluate(current_session(), token, body["changes"]))))


@blueprint.route("/offers/<string:token>:prices", methods=["POST"], tags=["offers"])
@blueprint.arguments(OfferPricesAskSchema)
@blueprint.response(
    200, OfferPricesSchema, description="What each other value would move the sums by; nothing is kept."
)
@blueprint.alt_response(409, schema=ProblemSchema, description="It was accepted or declined.")
@_answers
@by_link(PRICES)
def price_choices_of_offer(body: dict[str, Any], token: str) -> Response:
    """See what each value of something that is open would cost, before one is taken."""
    found = offer_prices.read(current_session(), token, body["changes"], body["line"], body["choice"])
    return _private(json_answer(wire.dumps(found)))


@blueprint.route("/offers/<string:token>:ask", methods=["POST"], tags=["offers"])
@blueprint.arguments(OfferAskSchema)
@blueprint.response(201, OfferQuestionSchema, description="The seller has the question.")
@blueprint.alt_response(409, schema=ProblemSchema, description="Too many questions wait for an answer.")
@_answers
@by_link(WRITES)
def ask_about_offer(body: dict[str, Any], token: str) -> Response:
    """Ask the seller a question."""
    question = offers.ask(current_session(), token, body.get("line"), body["text"])
    answer = _private(json_answer(wire.dumps(question)))
    answer.status_code = 201
    return answer


@blueprint.route("/offers/<string:token>:accept", methods=["POST"], tags=["offers"])
@blueprint.arguments(OfferAcceptSchema)
@blueprint.response(200, AcceptedSchema, description="Accepted. The same sent again is the same acceptance.")
@blueprint.alt_response(
    409, schema=ProblemSchema, description="There is a newer version, another price, or a decision already."
)
@_answers
@by_link(WRITES)
def accept_offer(body: dict[str, Any], token: str) -> Response:
    """Accept the version that was read, with what was changed in it."""
    signed = offers.Signed(body["name"], body["date"], body["hash"], body.get("changes", ()), body.get("digest"))
    return _private(json_answer(wire.dumps(offers.accept(current_session(), token, signed))))


@blueprint.route("/offers/<string:token>:decline", methods=["POST"], tags=["offers"])
@blueprint.arguments(OfferDeclineSchema)
@blueprint.response(204, description="Declined; the seller is told why.")
@blueprint.alt_response(409, schema=ProblemSchema, description="It was decided already.")
@_answers
@by_link(WRITES)
def decline_offer(body: dict[str, Any], token: str) -> Response:
    """Decline an offer."""
    offers.decline(current_session(), token, body.get("name"), body["reason"])
    return _private(Response(status=204))


@blueprint.route("/offers/<string:token>:tell-views", methods=["POST"], tags=["offers"])
@blueprint.arguments(OfferTellViewsSchema)
@blueprint.response(204, description="Done.")
@_answers
@by_link(WRITES)
def tell_views_of_offer(body: dict[str, Any], token: str) -> Response:
    """Say whether the seller is told when the offer is looked at; they are not unless this is on."""
    offers.tell_views(current_session(), token, body["on"])
    return _private(Response(status=204))


@blueprint.route("/quotes/<uuid:quote_id>/link", tags=["quotes"])
class LinkView(MethodView):
    @blueprint.response(200, LinkSchema, description="The link that customers can follow now.")
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such quote that you can see, or it has no link.")
    @requires("quotes:read")
    def get(self, quote_id: Any) -> Response:
        """Read the link of a quote."""
        session = current_session()
        link = offer_links.live_link(session, seen_quote(session, str(quote_id)))
        if link is None:
            raise Problem(404, "not-found", "Not found", "The quote has no link; make one.")
        return json_answer(wire.dumps(offer_links.as_json(session, link)))

    @blueprint.response(200, LinkSchema, description="The quote's link, made when it had none.")
    @blueprint.alt_response(403, schema=ProblemSchema, description="It is the work of somebody outside of your team.")
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such quote that you can see.")
    @blueprint.alt_response(409, schema=ProblemSchema, description="The quote was not sent.")
    @requires("quotes:write")
    def post(self, quote_id: Any) -> Response:
        """Make a link under which the customer finds the quote."""
        session = current_session()
        quote = held_quote(session, str(quote_id))
        if offer_view.newest_version(session, quote) is None:
            raise Problem(409, "not-sent", "Not sent yet", "Send the quote; then customers can be given a link to it.")
        return json_answer(wire.dumps(offer_links.as_json(session, offer_links.ensure(session, quote))))

    @blueprint.response(204, description="No link leads to the quote any more.")
    @blueprint.alt_response(403, schema=ProblemSchema, description="It is the work of somebody outside of your team.")
    @blueprint.alt_response(404, schema=ProblemSchema, description="No such quote that you can see.")
    @requires("quotes:write")
    def delete(self, quote_id: Any) -> Response:
        """Take back every link of a quote."""
        session = current_session()
        with changes.held(session):
            offer_links.revoke(session, held_quote(session, str(quote_id)))
        return Response(status=204)


@blueprint.route("/quotes/<uuid:quote_id>/versions/<int:version>/document.pdf", tags=["quotes"])
class VersionPdfView(MethodView):
    @blueprint.response(200, description="PDF/A-3a and PDF/UA-1, with the version's data attached as JSON.")
    @blueprint.doc(responses={"200": {"content": {PDF: BINARY}}})
    @blueprint.alt_response(
        404, schema=ProblemSchema, description="No such quote that you can see, or no such version."
    )
    @requires("quotes:read")
    def get(self, quote_id: Any, version: int) -> Response:
        """Read a sent version of a quote as a document."""
        session = current_session()
        quote = seen_quote(session, str(quote_id))
        return _file(*offers.version_pdf(session, quote, offers.version_of(session, quote, version)))


@blueprint.route("/quotes/<uuid:quote_id>/questions/<uuid:question_id>:answer", methods=["POST"], tags=["quotes"])
@blueprint.arguments(QuestionAnswerSchema)
@blueprint.response(204, description="The customer sees the answer on the page.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such question on a quote that you can see.")
@requires("quotes:write")
def answer_question(body: dict[str, Any], quote_id: Any, question_id: Any) -> Response:
    """Answer what a customer asked."""
    session = current_session()
    offers.answer(session, seen_question(session, str(question_id), str(quote_id)), body["text"])
    return Response(status=204)
