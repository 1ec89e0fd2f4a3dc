"""Offers: what a customer who has the link reads, changes, asks, accepts and declines, without signing in."""

from __future__ import annotations

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from app.foundation import clock
from app.foundation.db import Database
from app.identity.rates import make_limiter
from app.quotes.offer_tables import Acceptance, LinkKey, QuoteEvent, QuoteLink
from tests.support.offering import Seller, content, set_up_shop
from tests.support.writing import Writer

VALID_UNTIL = "2099-12-31"


class Customer:
    """Whoever has the link, and nothing else."""

    def __init__(self, app: Any, token: str) -> None:
        self.client = app.test_client()
        self.token = token

    def read(self) -> Any:
        return self.client.get(f"/api/v1/offers/{self.token}")

    def act(self, what: str, **body: Any) -> Any:
        return self.client.post(f"/api/v1/offers/{self.token}:{what}", json=body)

    def pdf(self) -> Any:
        return self.client.get(f"/api/v1/offers/{self.token}/document.pdf")

    def accept(self, **changed: Any) -> Any:
        body = {"name": "Eva Lindqvist", "date": today(), "hash": self.hash(), **changed}
        return self.act("accept", **body)

    def hash(self) -> str:
        return str(self.read().json["document"]["hash"])


def today() -> str:
    return clock.now().date().isoformat()


def slug(answer: Any) -> str:
    return str(answer.json["type"].rpartition("/")[2])


@pytest.fixture
def seller(database: Database, sign_in: Any, directory: Any) -> Seller:
    return set_up_shop(sign_in("admin@north"), database, directory.orgs["north"])


@pytest.fixture
def quote(seller: Seller) -> dict[str, Any]:
    return seller.quote(VALID_UNTIL)


@pytest.fixture
def customer(app: Any, seller: Seller, quote: dict[str, Any]) -> Customer:
    return Customer(app, seller.send(quote))


def test_an_offer_is_read_without_signing_in_and_says_every_price_step(customer: Customer) -> None:
    answer = customer.read()
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "noindex" in answer.headers["X-Robots-Tag"]
    offer = answer.json
    document = offer["document"]
    assert (document["seller"]["name"], document["customer"]["name"]) == ("North", "Norrvik Paper")
    assert (document["customer"]["person"], document["valid_until"]) == ("Eva Lindqvist", VALID_UNTIL)
    bike = document["lines"][0]
    steps = bike["parts"][0]["waterfall"]
    assert [step["label"] for step in steps] == ["List price", "Motor: 250 W", "Battery: 400 Wh", "Frame: Light alloy"]
    assert steps[-1]["running"] == bike["parts"][0]["net"] == "8600.00"
    assert document["clauses"][0]["promise"].startswith("Repair within 2 days, in 90 % of cases. When missed, 5 %")
    assert (offer["state"], offer["newer"], offer["tells_views"]) == ("open", False, False)


def test_nothing_that_is_the_sellers_own_is_told(customer: Customer) -> None:
    for text in (customer.read().text, attached(customer.pdf().data)["quote.json"][0].decode()):
        for own in ("1777", "3554", "margin", '"cost"', "approvals", "floors"):
            assert own not in text, own


def attached(pdf: bytes) -> dict[str, list[bytes]]:
    return PdfReader(io.BytesIO(pdf)).attachments


def test_what_is_open_is_said_with_what_is_possible_and_why_not(customer: Customer) -> None:
    controls = customer.read().json["controls"]
    assert set(controls) == {"l1", "l2", "l3"}
    assert (controls["l1"]["quantity"], controls["l1"]["selected"], controls["l3"]["selected"]) == (True, False, True)
    assert [term["term"] for term in controls["l2"]["terms"]] == ["monthly", "year"]
    motor, battery = controls["l1"]["features"]
    assert (motor["name"], battery["name"]) == ("Motor", "Battery")  # the frame was not left open
    values = {value["id"]: value for value in motor["values"]}
    assert {name: value["status"] for name, value in values.items()} == {
        "none": "free", "w250": "chosen", "w750": "swap", "w900": "never",
    }  # fmt: skip
    assert values["w750"]["why"] == ["Strong motors take the large battery."]
    assert values["w750"]["swaps"] == [{"feature": "Battery", "before": "400 Wh", "after": "900 Wh"}]
    assert values["w900"]["why"] == ["The light frame does not carry 900 W."]
    assert {value["id"]: value["status"] for value in battery["values"]}["none"] == "swap"


def test_the_price_moves_with_a_change_and_nothing_is_kept(customer: Customer) -> None:
    before = customer.read().json
    answer = customer.act("evaluate", changes=[{"line": "l1", "quantity": "5"}])
    assert answer.status_code == 200, answer.text
    bike = answer.json["document"]["lines"][0]["parts"][0]
    assert (bike["net"], bike["waterfall"][-1]["label"]) == ("20640.00", "Five bikes and more: 4 %")
    assert answer.json["digest"] != before["digest"]
    assert customer.read().json == before


def test_a_value_that_does_not_go_with_another_takes_it_along(customer: Customer) -> None:
    answer = customer.act("evaluate", changes=[{"line": "l1", "feature": "motor", "value": "w750"}])
    assert answer.json["swaps"] == [{"line": "l1", "feature": "Battery", "before": "400 Wh", "after": "900 Wh"}]
    chosen = {one["id"]: one["value"] for one in answer.json["document"]["lines"][0]["configuration"][0]["features"]}
    assert chosen == {"motor": "w750", "battery": "large", "frame": "light"}
    assert answer.json["document"]["lines"][0]["parts"][0]["net"] == "10300.00"


def test_an_option_is_taken_and_a_term_chosen(customer: Customer) -> None:
    answer = customer.act("evaluate", changes=[{"line": "l3", "selected": True}, {"line": "l2", "term": "year"}])
    document = answer.json["document"]
    assert document["lines"][2]["selected"] is True
    assert (
        document["lines"][1]["term"]["term"] == "year" and "2 months" in document["lines"][1]["term"]["leave"]["text"]
    )
    assert document["totals"]["one_time"]["net"] == "8760.00"
    assert document["totals"]["recurring"]["month"]["net"] == "16.20"


def moved(before: Any, after: Any) -> set[tuple[str, str | None, Decimal]]:
    """By how much the sums of two documents differ."""

    def sums(totals: Any) -> dict[tuple[str, str | None], Decimal]:
        again = {
            (kind, period): Decimal(one["net"])
            for kind in ("recurring", "usage")
            for period, one in totals.get(kind, {}).items()
        }
        return {("one_time", None): Decimal(totals["one_time"]["net"]), **again}

    was, becomes = sums(before["totals"]), sums(after["totals"])
    differ = {due: becomes.get(due, Decimal(0)) - was.get(due, Decimal(0)) for due in was | becomes}
    return {(*due, by) for due, by in differ.items() if by}


CHANGED: list[dict[str, Any]] = [
    {"line": "l1", "quantity": "4"},  # with one more the discount of five begins
    {"line": "l1", "feature": "motor", "value": "none"},
    {"line": "l1", "feature": "battery", "value": "none"},
    {"line": "l2", "term": "year"},
]


@pytest.mark.parametrize("changes", [[], CHANGED], ids=["as sent", "changed"])
def test_what_a_choice_would_cost_is_exactly_what_the_sums_move_by_when_it_is_taken(
    app: Any, customer: Customer, changes: list[dict[str, Any]]
) -> None:
    now = customer.act("evaluate", changes=changes).json
    choices = {"l1": ("feature:motor", "feature:battery", "quantity"), "l2": ("term",), "l3": ("selected",)}
    found = {}
    for line, choice in [(line, choice) for line, of in choices.items() for choice in of]:
        app.extensions["doorstep.rates"] = make_limiter("memory://")
        answer = customer.act("prices", changes=changes, line=line, choice=choice)
        assert answer.status_code == 200, answer.text
        assert answer.json["digest"] == now["digest"]
        kind, _, feature = choice.partition(":")
        others = [one for one in changes if (one["line"], kind in one, one.get("feature", "")) != (line, True, feature)]
        for one in answer.json["values"]:
            change = (
                {"feature": feature, "value": one["value"]} if feature else {kind: choice == "selected" or one["value"]}
            )
            after = customer.act("evaluate", changes=[*others, {"line": line, **change}]).json
            figures = {(move["charge"], move["period"], Decimal(move["net"])) for move in one["moves"]}
            assert figures == moved(now["document"], after["document"]), (choice, one)
            assert one["confirm"] == bool(after["reasons"])
            found[choice, one["value"]] = figures
    # All but what is chosen, and what is never possible.
    of_motor = {"none", "w250", "w750"} - {"none" if changes else "w250"}
    assert {value for choice, value in found if choice == "feature:motor"} == of_motor
    assert len(found) == 8
    if not changes:
        assert found["feature:motor", "w750"] == {("one_time", None, Decimal("1700.00"))}
        assert found["term", "year"] == {("recurring", "month", Decimal("-1.80"))}


def test_prices_are_asked_for_what_is_open_and_of_an_offer_that_is(app: Any, customer: Customer) -> None:
    for wrong, pointer in (
        ({"line": "l1", "choice": "feature:frame"}, "/choice"),
        ({"line": "l1", "choice": "term"}, "/choice"),
        ({"line": "l9", "choice": "term"}, "/line"),
    ):
        answer = customer.act("prices", changes=[], **wrong)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert customer.accept().status_code == 200
    assert customer.act("prices", changes=[], line="l1", choice="quantity").status_code == 409


def test_one_request_for_prices_costs_so_much_and_no_more(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.quotes.offer_prices.MOST_LINES", 3)
    values = customer.act("prices", changes=[], line="l1", choice="feature:battery").json["values"]
    assert len(values) == 2
    monkeypatch.setattr("app.quotes.offer_prices.MOST_LOOKED_AT", 1)
    assert customer.act("prices", changes=[], line="l1", choice="feature:battery").json["values"] == values[:1]


NOT_OPEN: list[tuple[dict[str, Any], str]] = [
    ({"line": "l1", "term": "year"}, "/changes/0/term"),
    ({"line": "l2", "quantity": "9"}, "/changes/0/quantity"),
    ({"line": "l1", "feature": "frame", "value": "steel"}, "/changes/0/feature"),
    ({"line": "l1", "feature": "motor", "value": "w900"}, "/changes/0/value"),
    ({"line": "l1", "feature": "motor", "value": "steam"}, "/changes/0/value"),
    ({"line": "l9", "quantity": "1"}, "/changes/0/line"),
    ({"line": "l1", "selected": False}, "/changes/0/selected"),
    ({"line": "l1", "quantity": "0"}, "/changes/0/quantity"),
    ({"line": "l1", "quantity": "-3"}, "/changes/0/quantity"),
    ({"line": "l1", "quantity": "NaN"}, "/changes/0/quantity"),
    ({"line": "l1", "quantity": "1e999"}, "/changes/0/quantity"),
    ({"line": "l1", "quantity": "1000000000"}, "/changes/0/quantity"),
    ({"line": "l1", "quantity": "1.5"}, "/changes/0/quantity"),
    ({"line": "l2", "term": "for-ever"}, "/changes"),
    ({"line": "l1", "quantity": "2", "term": "year"}, "/changes/0"),
    ({"line": "l1", "price": "1"}, "/changes/0/price"),
]


def test_what_was_not_left_open_stays_as_it_is(app: Any, customer: Customer) -> None:
    for change, pointer in NOT_OPEN:
        app.extensions["doorstep.rates"] = make_limiter("memory://")
        for answer in (
            customer.act("evaluate", changes=[change]),
            customer.accept(changes=[change], digest="0" * 64),
        ):
            assert answer.status_code == 422, answer.text
            assert answer.json["errors"][0]["pointer"].startswith(pointer), answer.text
            assert answer.json["errors"][0]["detail"]
    assert customer.read().json["state"] == "open"


def test_an_acceptance_binds_the_hash_of_the_version_and_the_seller_has_it(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    seen = customer.hash()
    answer = customer.accept()
    assert answer.status_code == 200, answer.text
    assert (answer.json["name"], answer.json["date"]) == ("Eva Lindqvist", today())
    assert (answer.json["hash"], answer.json["version"]) == (seen, 1)
    stands = seller.read(quote["id"])
    assert (stands["status"], stands["decided_by"]) == ("accepted", "Eva Lindqvist")
    offer = customer.read().json
    assert (offer["state"], offer["controls"]) == ("accepted", {})
    assert offer["document"]["acceptance"]["hash"] == seen
    files = attached(customer.pdf().data)
    assert hashlib.sha256(files["quote.json"][0]).hexdigest() == seen
    assert json.loads(files["acceptance.json"][0])["name"] == "Eva Lindqvist"


def test_an_acceptance_sent_twice_is_one_and_another_is_told_of_it(customer: Customer, database: Database) -> None:
    seen = customer.hash()
    first = customer.accept()
    again = customer.accept()
    assert again.status_code == 200 and again.json == first.json
    other = customer.accept(hash="0" * 64, name="Somebody else")
    assert (other.status_code, slug(other)) == (409, "offer-decided") and "Eva Lindqvist" in other.json["detail"]
    declined = customer.act("decline", reason="Changed my mind")
    assert (declined.status_code, slug(declined)) == (409, "offer-decided")
    with database.read() as session:
        assert session.scalars(sa.select(Acceptance.hash)).all() == [seen]


def test_acceptances_at_the_same_moment_are_one(app: Any, customer: Customer, database: Database) -> None:
    seen = customer.hash()
    names = [f"Person {number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda name: Customer(app, customer.token).accept(name=name, hash=seen), names))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["name"] for answer in answers}) == 1
    with database.read() as session:
        assert len(session.scalars(sa.select(Acceptance.id)).all()) == 1
        assert len(session.scalars(sa.select(QuoteEvent.id).where(QuoteEvent.kind == "accepted")).all()) == 1


def test_an_acceptance_with_changes_is_of_a_version_of_its_own_at_the_price_that_was_seen(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    changes = [{"line": "l1", "feature": "motor", "value": "w750"}, {"line": "l3", "selected": True}]
    seen = customer.act("evaluate", changes=changes).json
    base = customer.hash()
    answer = customer.accept(changes=changes, digest=seen["digest"])
    assert answer.status_code == 200, answer.text
    assert answer.json["version"] == 2 and answer.json["hash"] != base
    document = customer.read().json["document"]
    assert (document["version"], document["hash"]) == (2, answer.json["hash"])
    assert document["totals"] == seen["document"]["totals"]
    files = attached(customer.pdf().data)
    assert hashlib.sha256(files["quote.json"][0]).hexdigest() == answer.json["hash"]
    again = customer.accept(changes=changes, digest=seen["digest"], hash=base)
    assert again.status_code == 200 and again.json == answer.json
    stands = seller.read(quote["id"])
    assert (stands["status"], stands["version"], stands["digest"]) == ("accepted", 2, seen["digest"])
    versions = seller.api.get(f"/quotes/{quote['id']}/versions").json["data"]
    assert {one["version"]: one["outcome"] for one in versions} == {1: "superseded", 2: "accepted"}


def test_another_price_than_the_one_seen_is_not_accepted(customer: Customer) -> None:
    changes = [{"line": "l1", "quantity": "3"}]
    answer = customer.accept(changes=changes, digest="0" * 64)
    assert (answer.status_code, slug(answer)) == (409, "price-differs")
    missing = customer.accept(changes=changes)
    assert missing.status_code == 422 and missing.json["errors"][0]["pointer"] == "/digest"
    assert customer.read().json["state"] == "open"


def test_a_change_that_needs_an_approval_goes_to_the_seller_first(
    app: Any, seller: Seller, sign_in: Any, directory: Any
) -> None:
    territory = {"user_id": directory.users["rep@north"], "account_id": seller.account, "starts_on": "2026-01-01"}
    assert seller.api.post("/territories", territory).status_code == 201
    rep = replace(seller, api=sign_in("rep@north"))
    customer = Customer(app, rep.send(rep.quote(VALID_UNTIL)))
    changes = [{"line": "l1", "quantity": "40"}]
    seen = customer.act("evaluate", changes=changes).json
    assert seen["reasons"] == ["The seller has to confirm this price."]
    answer = customer.accept(changes=changes, digest=seen["digest"])
    assert (answer.status_code, slug(answer)) == (409, "seller-first")
    assert "100,000" not in answer.text and "manager" not in answer.text


def test_a_wrong_hash_and_a_wrong_day_are_not_accepted(customer: Customer) -> None:
    wrong = customer.accept(hash="f" * 64)
    assert (wrong.status_code, slug(wrong)) == (409, "newer-version")
    late = customer.accept(date="2020-01-01")
    assert late.status_code == 422 and late.json["errors"][0]["pointer"] == "/date"
    nobody = customer.accept(name="")
    assert nobody.status_code == 422 and nobody.json["errors"][0]["pointer"] == "/name"
    assert customer.read().json["state"] == "open"


def test_a_version_that_the_seller_revises_is_read_and_no_longer_accepted_until_the_next_is_sent(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    old = customer.hash()
    stands = seller.read(quote["id"])
    revised = seller.api.post(f"/quotes/{quote['id']}:revise", {"revision": stands["revision"]})
    assert revised.status_code < 300, revised.text
    offer = customer.read().json
    assert (offer["newer"], offer["document"]["version"], offer["state"]) == (True, 1, "open")
    assert slug(customer.accept()) == "newer-version"
    assert slug(customer.act("decline", reason="No")) == "newer-version"
    assert seller.send(seller.read(quote["id"])) == customer.token
    offer = customer.read().json
    assert (offer["newer"], offer["document"]["version"]) == (False, 2)
    assert slug(customer.accept(hash=old)) == "newer-version"
    assert customer.accept().json["version"] == 2


def test_a_customer_declines_with_a_reason(customer: Customer, seller: Seller, quote: dict[str, Any]) -> None:
    assert customer.act("decline").status_code == 422
    for _ in range(2):
        assert customer.act("decline", reason="Too late for us", name="Eva").status_code == 204
    stands = seller.read(quote["id"])
    assert (stands["status"], stands["decision_reason"], stands["decided_by"]) == ("declined", "Too late for us", "Eva")
    assert customer.read().json["state"] == "declined"
    assert slug(customer.accept()) == "offer-decided"


def test_a_question_at_a_line_reaches_the_seller_and_the_answer_the_customer(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    version = seller.read(quote["id"])["row_version"]
    asked = customer.act("ask", line="l1", text="Is it delivered assembled?")
    assert asked.status_code == 201, asked.text
    stands = seller.read(quote["id"])
    assert stands["row_version"] > version
    assert [(one["line"], one["text"], one["answer"]) for one in stands["questions"]] == [
        ("l1", "Is it delivered assembled?", None)
    ]
    path = f"/quotes/{quote['id']}/questions/{asked.json['id']}:answer"
    assert seller.api.post(path, {"text": "Yes, ready to ride."}).status_code == 204
    question = customer.read().json["questions"][0]
    assert (question["answer"], question["author"]) == ("Yes, ready to ride.", "Admin")
    assert customer.act("ask", line="l9", text="?").status_code == 422


def test_nobody_floods_a_seller_with_questions(customer: Customer) -> None:
    answers = [customer.act("ask", text=f"Question {number}").status_code for number in range(21)]
    assert answers == [201] * 20 + [409]


def test_views_are_told_only_when_the_customer_switched_it_on(
    customer: Customer, seller: Seller, quote: dict[str, Any], database: Database
) -> None:
    customer.read()
    customer.pdf()
    stands = seller.read(quote["id"])
    assert (stands["status"], stands["viewed_at"]) == ("sent", None)
    with database.read() as session:
        assert session.scalars(sa.select(QuoteEvent.id)).all() == []
    assert customer.act("tell-views", on=True).status_code == 204
    stands = seller.read(quote["id"])
    assert stands["status"] == "viewed" and stands["viewed_at"]
    assert customer.act("tell-views", on=False).status_code == 204
    seen = seller.read(quote["id"])["viewed_at"]
    customer.read()
    assert seller.read(quote["id"])["viewed_at"] == seen


def test_what_customers_do_is_in_the_audit_log_without_what_they_wrote(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    customer.act("ask", text="secret-question")
    customer.accept()
    log = seller.api.get("/audit").json["data"]
    actions = [one["action"] for one in log if one["via"] == "link"]
    assert actions == ["quote.accepted", "quote.asked"]
    assert "secret-question" not in str(log) and customer.token not in str(log) and "Eva" not in str(log)


def test_a_rejected_change_leaves_no_version(customer: Customer, seller: Seller, quote: dict[str, Any]) -> None:
    customer.accept(changes=[{"line": "l1", "quantity": "3"}], digest="0" * 64)
    assert len(seller.api.get(f"/quotes/{quote['id']}/versions").json["data"]) == 1


def test_the_content_that_was_sent_is_not_changed_by_evaluating(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    customer.act("evaluate", changes=[{"line": "l1", "quantity": "7"}])
    assert seller.read(quote["id"])["content"]["lines"] == content()["lines"]


def test_keys_and_links_are_of_one_organisation_each(customer: Customer, database: Database) -> None:
    with database.read() as session:
        assert len(session.scalars(sa.select(LinkKey.org_id)).all()) == 1
        link = session.scalars(sa.select(QuoteLink)).one()
        assert customer.token not in (link.id, str(link.__dict__))


def test_a_rep_answers_from_the_phone_and_only_within_the_territory(
    customer: Customer, seller: Seller, sign_in: Any, directory: Any
) -> None:
    asked = customer.act("ask", text="When can it be here?").json["id"]
    territory = {"user_id": directory.users["rep@north"], "account_id": seller.account, "starts_on": "2026-01-01"}
    assert seller.api.post("/territories", territory).status_code == 201
    told = Writer(sign_in("rep2@north")).write("quote.answer", id=asked, text="Never")
    assert told["result"] != "applied"
    assert customer.read().json["questions"][0]["answer"] is None
    Writer(sign_in("rep@north")).does("quote.answer", id=asked, text="In two weeks.")
    question = customer.read().json["questions"][0]
    assert (question["answer"], question["author"]) == ("In two weeks.", "Rep")
