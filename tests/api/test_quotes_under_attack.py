"""Quotes and offers as they are abused: by colleagues, customers, and by two who act at the same moment."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation.db import Database
from app.foundation.ids import new_id
from app.identity.tables import TerritoryAssignment
from app.quotes.offer_tables import QuoteLink
from app.quotes.tables import QuoteVersion
from tests.api.test_offers import VALID_UNTIL, Customer, attached, slug
from tests.support.offering import CATALOGUE, Seller, content, set_up_shop
from tests.support.phones import Directory
from tests.support.pushing import Sender, words
from tests.support.selling import sell

AUTHORITY = [
    {"role": "rep", "max_discount_percent": "5"},
    {"role": "manager", "max_discount_percent": "15"},
    {"role": "administrator", "max_discount_percent": "100"},
]


@pytest.fixture
def seller(database: Database, sign_in: Any, directory: Directory) -> Seller:
    return set_up_shop(sign_in("admin@north"), database, directory.orgs["north"])


@pytest.fixture
def rep(seller: Seller, sign_in: Any, directory: Directory) -> Seller:
    """A rep who looks after the account."""
    give(seller, directory, "rep@north")
    return replace(seller, api=sign_in("rep@north"))


def give(seller: Seller, directory: Directory, user: str) -> None:
    territory = {"user_id": directory.users[user], "account_id": seller.account, "starts_on": "2026-01-01"}
    assert seller.api.post("/territories", territory).status_code == 201


def test_a_colleague_does_not_take_back_or_give_out_the_link_of_a_quote(
    rep: Seller, seller: Seller, sign_in: Any, directory: Directory
) -> None:
    quote = rep.quote(VALID_UNTIL)
    rep.send(quote)
    give(seller, directory, "rep2@north")
    colleague = sign_in("rep2@north")
    path = f"/quotes/{quote['id']}/link"
    assert colleague.get(path).status_code == 200
    assert colleague.delete(path).status_code == 403
    assert colleague.post(path, {}).status_code == 403
    assert rep.api.get(path).status_code == 200


def test_an_approval_is_not_stretched_by_what_a_customer_changes(
    app: Any, rep: Seller, seller: Seller, database: Database, directory: Directory
) -> None:
    """The manager gave 10 %; of one bike alone the same amount is 19 %, which takes an administrator."""
    discount = {"id": "d", "kind": "amount", "value": "870.00", "reason": "Friend of the house"}
    document = {**CATALOGUE, "version": "2", "authority": AUTHORITY}
    sell(database, directory.orgs["north"], document)
    quote = rep.quote(VALID_UNTIL, content=content(discounts=[discount], catalogue_version="2"))
    assert {one["role"] for one in quote["price"]["approvals"]} == {"manager"}
    rep.api.post(f"/quotes/{quote['id']}:submit", {"revision": 1, "reason": "They come every year."})
    done = seller.api.post(f"/quotes/{quote['id']}:decide", {"revision": 1, "decision": "approve"})
    assert done.status_code == 200, done.text
    customer = Customer(app, rep.send(rep.read(quote["id"])))
    assert customer.act("evaluate", changes=[]).json["reasons"] == []
    changes = [{"line": "l1", "quantity": "1"}]
    seen = customer.act("evaluate", changes=changes).json
    assert seen["reasons"] == ["The seller has to confirm this price."]
    assert slug(customer.accept(changes=changes, digest=seen["digest"])) == "seller-first"


def test_what_a_seller_left_open_and_the_product_has_not_is_told_and_no_mistake_of_ours(
    app: Any, seller: Seller
) -> None:
    quoted = content()
    quoted["lines"][0]["open"] = ["feature:nope", "feature:", "colour", "quantity", "feature:motor"]
    quoted["lines"][1]["open"] = ["feature:motor", "selected", "term"]
    customer = Customer(app, seller.send(seller.quote(VALID_UNTIL, content=quoted)))
    assert customer.read().status_code == 200
    for change in (
        {"line": "l1", "feature": "nope", "value": "x"},
        {"line": "l1", "feature": "motor", "value": "x"},
        {"line": "l2", "feature": "motor", "value": "w250"},
        {"line": "l2", "selected": False},
        {"line": "l2", "term": "nope"},
        {"line": "l1", "quantity": "9e99"},
        {"line": "l1", "quantity": "NaN"},
    ):
        answer = customer.act("evaluate", changes=[change])
        assert answer.status_code == 422 and answer.json["errors"], (change, answer.text)


def test_the_hash_that_is_accepted_binds_the_title_too(app: Any, seller: Seller) -> None:
    quote = seller.quote(VALID_UNTIL)
    customer = Customer(app, seller.send(quote))
    bound = json.loads(attached(customer.pdf().data)["quote.json"][0])
    assert bound["title"] == "Bikes for the yard"


def test_an_agreement_that_ended_gives_no_price_whatever_day_a_quote_names(seller: Seller) -> None:
    step = {
        "id": "frame", "phase": "contracted", "scope": "line", "reason": "Frame agreement",
        "adjustment": {"type": "percent_discount", "percent": "40"},
    }  # fmt: skip
    agreed = {
        "account_id": seller.account, "number": "RA-1", "name": "Frame", "valid_from": "2026-01-01",
        "valid_to": "2026-02-01", "steps": [step],
    }  # fmt: skip
    assert seller.api.post("/agreements", agreed).status_code == 201
    quote = seller.quote(VALID_UNTIL, content=content(on="2026-01-20"))
    refused = seller.api.post(f"/quotes/{quote['id']}:send", {"revision": 1})
    assert (refused.status_code, slug(refused)) == (409, "price-book-ended")
    assert refused.json["errors"][0]["pointer"] == "/content/on" and "RA-1" in refused.text
    assert seller.send(seller.quote(VALID_UNTIL))


def test_a_change_on_top_of_a_clash_overwrites_nothing_and_is_not_sent(
    rep: Seller, seller: Seller, sign_in: Any, directory: Directory
) -> None:
    """A revision that somebody else made has the number that the phone expected of its own."""
    quote = rep.quote(VALID_UNTIL)
    phone = Sender(rep.api)
    path = f"/quotes/{quote['id']}"
    theirs = content(notes="By the administrator")
    assert seller.api.patch(path, {"content": theirs}, quote["row_version"]).status_code == 200
    mine = [content(notes=f"By the rep, {time}") for time in ("first", "then")]
    first = phone.make("quote.change", {"id": quote["id"], "revision": 1, "fields": {"content": mine[0]}})
    then = phone.make("quote.change", {"id": quote["id"], "revision": 2, "fields": {"content": mine[1]}}, first)
    seen = {**{name: quote["totals"][name] for name in ("net", "gross", "currency")}, "digest": quote["digest"]}
    send = phone.make("quote.send", {"id": quote["id"], "revision": 2, "shown": seen}, first)
    assert words(phone.push(first)) == ["conflict"]
    answers = phone.push(then, send)
    assert words(answers) == ["conflict", "rejected:quote-changed"]
    assert [one["theirs"]["notes"] for one in answers[0]["conflicts"]] == ["By the administrator"]
    stands = rep.read(quote["id"])
    assert (stands["status"], stands["content"]["notes"]) == ("draft", "By the administrator")


def test_a_quote_offered_for_a_lost_account_is_sent_by_a_manager_as_a_whole(
    rep: Seller, seller: Seller, sign_in: Any, directory: Directory, database: Database
) -> None:
    phone = Sender(rep.api)
    quote_id = new_id()
    body = {"account_id": seller.account, "title": "Bikes", "valid_until": VALID_UNTIL, "content": content()}
    made = phone.make("quote.create", {"id": quote_id, **body})
    change = phone.make("quote.change", {"id": quote_id, "revision": 1, "fields": {"title": "Two bikes"}}, made)
    send = phone.make("quote.send", {"id": quote_id, "revision": 2}, made, change)
    with database.write() as session:
        session.execute(sa.delete(TerritoryAssignment))
    kept = ["rejected:territory-lost", "rejected:parent-rejected", "rejected:parent-rejected"]
    assert words(phone.push(made, change, send)) == kept
    give(seller, directory, "manager@north")
    manager = Sender(sign_in("manager@north"))
    manager.pull()
    last = next(row for row in manager.rows["draft"].values() if row["name"] == "quote.send")
    accept = manager.make("draft.decide", {"id": last["id"], "decision": "accept"})
    assert words(manager.push(accept)) == ["applied"]
    stands = seller.read(quote_id)
    assert (stands["status"], stands["title"], stands["author"]) == ("sent", "Two bikes", "Rep")
    assert [answer["result"] for answer in phone.push(made, change, send)] == ["duplicate"] * 3
    assert [one["version"] for one in seller.api.get(f"/quotes/{quote_id}/versions").json["data"]] == [1]


def test_of_a_revision_and_an_acceptance_at_one_moment_one_holds(app: Any, seller: Seller) -> None:
    for _ in range(6):
        quote = seller.quote(VALID_UNTIL)
        customer = Customer(app, seller.send(quote))
        seen = customer.hash()

        def revise(quote_id: str = quote["id"]) -> Any:
            return seller.api.post(f"/quotes/{quote_id}:revise", {"revision": 1})

        def accept(who: Customer = customer, seen: str = seen) -> Any:
            return Customer(app, who.token).accept(hash=seen)

        with ThreadPoolExecutor(2) as pool:
            revised, accepted = (job.result() for job in [pool.submit(revise), pool.submit(accept)])
        stands = seller.read(quote["id"])
        assert sorted((revised.status_code, accepted.status_code)) in ([200, 409], [200, 412]), (revised, accepted)
        assert stands["status"] == ("draft" if revised.status_code == 200 else "accepted")
        versions = seller.api.get(f"/quotes/{quote['id']}/versions").json["data"]
        sent = next(one for one in versions if one["version"] == 1)
        assert sent["outcome"] == ("superseded" if revised.status_code == 200 else "accepted")


def test_a_quote_that_is_sent_by_many_at_once_is_sent_once(seller: Seller, database: Database) -> None:
    quote = seller.quote(VALID_UNTIL)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: seller.api.post(f"/quotes/{quote['id']}:send", {"revision": 1}), range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    with database.read() as session:
        assert session.scalars(sa.select(QuoteVersion.version)).all() == [1]
        assert len(session.scalars(sa.select(QuoteLink.id)).all()) == 1


def test_an_answer_waits_for_what_the_customer_is_doing(app: Any, seller: Seller) -> None:
    quote = seller.quote(VALID_UNTIL)
    customer = Customer(app, seller.send(quote))
    customer.act("tell-views", on=True)
    asked = customer.act("ask", text="When?").json["id"]
    path = f"/quotes/{quote['id']}/questions/{asked}:answer"
    with ThreadPoolExecutor(6) as pool:
        reads = [pool.submit(Customer(app, customer.token).read) for _ in range(8)]
        answers = [pool.submit(seller.api.post, path, {"text": f"In week {week}."}) for week in range(8)]
        assert {job.result().status_code for job in answers} == {204}
        assert {job.result().status_code for job in reads} == {200}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_signature_reads_as_it_is_written(app: Any, seller: Seller) -> None:
    customer = Customer(app, seller.send(seller.quote(VALID_UNTIL)))
    for name in ("Eva\u202etsivqdniL", "Eva\x07", "Eva\n", "Eva\nLindqvist\nfor all of us"):
        refused = customer.accept(name=name)
        assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/name", name
    assert customer.accept(name="Éva O’Brien-Lindqvist 王").status_code == 200
