"""Links to offers: unguessable, revocable, expiring; whoever tries others is told nothing, and less and less often."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database
from app.quotes import offer_links, offer_routes
from app.quotes.offer_tables import LinkKey, QuoteLink
from tests.api.test_offers import VALID_UNTIL, Customer, slug
from tests.support.offering import Seller, set_up_shop


@pytest.fixture
def seller(database: Database, sign_in: Any, directory: Any) -> Seller:
    return set_up_shop(sign_in("admin@north"), database, directory.orgs["north"])


@pytest.fixture
def quote(seller: Seller) -> dict[str, Any]:
    return seller.quote(VALID_UNTIL)


@pytest.fixture
def customer(app: Any, seller: Seller, quote: dict[str, Any]) -> Customer:
    return Customer(app, seller.send(quote))


def forged(token: str) -> dict[str, str]:
    raw = base64.urlsafe_b64decode(token + "==")

    def told(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return {
        "one bit of the secret": told(raw[:-1] + bytes([raw[-1] ^ 1])),
        "one bit of the id": told(bytes([raw[0] ^ 1]) + raw[1:]),
        "an id that is none": told(uuid.UUID(int=7).bytes + raw[16:]),
        "no secret": told(raw[:16] + bytes(24)),
        "cut": token[:-1],
        "longer": token + "A",
        "spelled otherwise": token[:-1] + last[(last.index(token[-1]) + 1) % 64],
        "padded": token + "==",
        "no base64": "!" * len(token),
        "not ASCII": "é" * len(token),
        "empty": "%20",
        "huge": "A" * 5000,
    }


def test_whatever_is_no_token_of_ours_is_answered_alike(customer: Customer) -> None:
    texts = set()
    for what, token in forged(customer.token).items():
        for answer in (Customer.read(other := Customer(customer.client.application, token)), other.act("accept")):
            if answer.status_code == 422:
                continue  # the body is read before the link is looked at
            assert answer.status_code == 404, what
            texts.add(answer.text)
    assert len(texts) == 1 and "No offer is under this address" in texts.pop()


def test_a_token_has_192_bits_that_the_database_alone_does_not_spell_out(
    customer: Customer, database: Database
) -> None:
    assert len(base64.urlsafe_b64decode(customer.token + "==")) * 8 - 128 == 192
    with database.read() as session:
        link = session.scalars(sa.select(QuoteLink)).one()
        assert base64.urlsafe_b64decode(customer.token + "==")[:16] == uuid.UUID(link.id).bytes
        session.execute(sa.select(LinkKey.secret)).scalar_one()


def test_a_link_whose_key_changed_is_forged(customer: Customer, database: Database) -> None:
    with database.write() as session:
        session.execute(sa.update(LinkKey).values(secret=b"x" * 32))
    assert customer.read().status_code == 404


def test_a_revoked_link_says_so_and_a_new_one_is_another(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    path = f"/quotes/{quote['id']}/link"
    assert seller.read(quote["id"])["link"] == f"/q/{customer.token}"
    assert seller.api.delete(path).status_code == 204
    for answer in (customer.read(), customer.pdf(), customer.act("ask", text="Why?")):
        assert (answer.status_code, slug(answer)) == (410, "offer-gone")
        assert "took this link back" in answer.json["detail"]
    assert seller.read(quote["id"])["link"] is None
    assert seller.api.get(path).status_code == 404
    made = seller.api.post(path).json
    assert made["token"] != customer.token and made["path"] == f"/q/{made['token']}"
    assert seller.api.post(path).json["token"] == made["token"]
    assert Customer(customer.client.application, made["token"]).read().status_code == 200


def test_a_link_ends_with_the_day_until_which_the_quote_is_valid_where_the_customer_is(
    customer: Customer, seller: Seller, quote: dict[str, Any], database: Database
) -> None:
    link = seller.api.get(f"/quotes/{quote['id']}/link").json
    assert link["expires_at"] == "2099-12-31T23:00:00Z"  # midnight in Stockholm
    with database.write() as session:
        session.execute(sa.update(QuoteLink).values(expires_at=clock.now() - timedelta(seconds=1)))
    for answer in (customer.read(), customer.pdf(), customer.act("decline", reason="No")):
        assert (answer.status_code, slug(answer)) == (410, "offer-gone")
        assert "was open until 31 December 2099" in answer.json["detail"]


def test_what_was_accepted_can_be_read_when_the_offer_would_be_over(
    customer: Customer, seller: Seller, database: Database
) -> None:
    assert customer.accept().status_code == 200
    with database.read() as session:
        kept = session.scalars(sa.select(QuoteLink.expires_at)).one()
    assert kept >= clock.now() + offer_links.READABLE_AFTER_ACCEPTANCE - timedelta(minutes=1)
    assert customer.pdf().status_code == 200


def test_a_withdrawn_offer_says_so(customer: Customer, seller: Seller, quote: dict[str, Any]) -> None:
    answer = seller.api.post(f"/quotes/{quote['id']}:withdraw", {"reason": "Wrong price"})
    assert answer.status_code < 300, answer.text
    gone = customer.read()
    assert gone.status_code == 410 and "withdrew" in gone.json["detail"] and "Wrong price" not in gone.text


def test_a_quote_that_was_not_sent_has_no_link(seller: Seller, quote: dict[str, Any]) -> None:
    answer = seller.api.post(f"/quotes/{quote['id']}/link")
    assert (answer.status_code, slug(answer)) == (409, "not-sent")


def test_a_stranger_reaches_neither_link_nor_document_nor_questions(
    customer: Customer, quote: dict[str, Any], sign_in: Any
) -> None:
    asked = customer.act("ask", text="Anybody?").json
    stranger, colleague = sign_in("admin@south"), sign_in("rep@north")
    for other in (stranger, colleague):
        base = f"/quotes/{quote['id']}"
        assert other.get(f"{base}/link").status_code == 404
        assert other.post(f"{base}/link").status_code == 404
        assert other.delete(f"{base}/link").status_code == 404
        assert other.get(f"{base}/versions/1/document.pdf").status_code == 404
        assert other.post(f"{base}/questions/{asked['id']}:answer", {"text": "No"}).status_code == 404
    assert customer.read().json["questions"][0]["answer"] is None


def test_the_seller_reads_a_sent_version_as_a_document(
    customer: Customer, seller: Seller, quote: dict[str, Any]
) -> None:
    answer = seller.api.get(f"/quotes/{quote['id']}/versions/1/document.pdf")
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    assert answer.data == customer.pdf().data and answer.data.startswith(b"%PDF-1.7")
    assert f"{quote['number']}-v1.pdf" in answer.headers["Content-Disposition"]
    assert seller.api.get(f"/quotes/{quote['id']}/versions/2/document.pdf").status_code == 404


def test_a_network_that_tries_tokens_is_soon_refused_and_others_are_not(app: Any, customer: Customer) -> None:
    stranger = Customer(app, "A" * len(customer.token))
    answers = [stranger.read().status_code for _ in range(offer_routes.FORGERIES_AN_HOUR + 1)]
    assert answers == [404] * offer_routes.FORGERIES_AN_HOUR + [429]
    elsewhere = app.test_client().get(f"/api/v1/offers/{customer.token}", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 200


def test_a_page_of_another_site_accepts_nothing(customer: Customer) -> None:
    answer = customer.client.post(
        f"/api/v1/offers/{customer.token}:decline", json={"reason": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert customer.read().json["state"] == "open"


def test_the_page_is_nobodys_to_keep_find_or_frame(app: Any, customer: Customer) -> None:
    page = customer.client.get(f"/q/{customer.token}")
    assert page.status_code == 200 and page.mimetype == "text/html"
    assert page.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in page.headers
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["X-Robots-Tag"] == "noindex, nofollow"
    policy = page.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "trusted-types 'none'"):
        assert part in policy
    assert "worker-src" not in policy and "unsafe" not in policy
    assert customer.token not in page.text
    assert customer.client.get("/customer.html", headers={"Accept": "text/html"}).text != page.text


def test_a_token_is_in_no_log_line(customer: Customer, capfd: pytest.CaptureFixture[str]) -> None:
    customer.client.get(f"/q/{customer.token}")
    customer.read()
    logged = capfd.readouterr().err
    assert customer.token not in logged
