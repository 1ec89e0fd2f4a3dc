"""Quotes on phones: pushed exactly once, priced again when they arrive, pulled with what they are quoted from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation.db import Database
from app.foundation.ids import new_id
from app.identity.tables import TerritoryAssignment
from app.quotes.resources import QUOTES
from app.quotes.tables import Quote
from tests.support.phones import Directory
from tests.support.pulling import NOW, TODAY, Office, held_clock
from tests.support.pushing import Sender, words
from tests.support.selling import content, discounted, line, sell

UNTIL = "2026-12-31"


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def catalogue(database: Database, directory: Directory) -> str:
    return sell(database, directory.orgs["north"])


@pytest.fixture
def office(database: Database, directory: Directory, catalogue: str) -> Office:
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def account(office: Office) -> str:
    return office.account("Norrvik")


@pytest.fixture
def phone(sign_in: Any, account: str) -> Sender:
    return Sender(sign_in("rep@north"))


def create(phone: Sender, account: str, quoted: Any = None, **more: Any) -> tuple[str, dict[str, Any]]:
    """The id of a quote, and the mutation that makes it."""
    quote_id = new_id()
    body = {"account_id": account, "title": "Seal kits", "valid_until": UNTIL, "content": quoted or content()}
    return quote_id, phone.make("quote.create", {"id": quote_id, **body, **more})


def pulled(phone: Sender, quote_id: str) -> dict[str, Any]:
    phone.pull()
    row: dict[str, Any] = phone.rows["quote"][quote_id]
    return row


def test_a_quote_made_offline_is_sent_and_what_is_sent_again_is_done_once(phone: Sender, account: str) -> None:
    quote_id, made = create(phone, account)
    changed = {"id": quote_id, "revision": 1, "fields": {"title": "Four kits", "content": content(line(quantity="4"))}}
    queue = [
        made,
        phone.make("quote.change", changed, made),
        phone.make("quote.send", {"id": quote_id, "revision": 2}, made),
    ]
    assert words(phone.push(*queue)) == ["applied"] * 3
    assert {answer["result"] for answer in phone.push(*queue)} == {"duplicate"}
    row = pulled(phone, quote_id)
    assert (row["status"], row["version"], row["revision"], row["title"]) == ("sent", 1, 2, "Four kits")
    assert row["totals"]["net"] == "402.00" and row["link"].startswith("/q/") and "difference" not in row


def test_a_phone_holds_what_it_quotes_from(
    phone: Sender, account: str, sign_in: Any, catalogue: str, database: Database
) -> None:
    step = {
        "id": "f", "phase": "contracted", "scope": "line", "reason": "Frame",
        "adjustment": {"type": "percent_discount", "percent": "10"},
    }  # fmt: skip
    admin = sign_in("admin@north")
    agreed = {"account_id": account, "number": "RA-1", "name": "Frame", "valid_from": "2026-01-01", "steps": [step]}
    agreement = admin.post("/agreements", agreed).json
    phone.pull()
    (row,) = phone.rows["catalogue"].values()
    assert {name: row[name] for name in ("id", "key", "version", "name")} == {
        "id": catalogue, "key": "small", "version": "1", "name": "Small pumps",
    }  # fmt: skip
    told = phone.api.get(f"/catalogs/{catalogue}/content")
    assert told.headers["ETag"] == f'"{row["hash"]}"' and row["bytes"] > 0
    assert phone.rows["agreement"][agreement["id"]]["steps"] == [step]
    admin.post(f"/catalogs/{catalogue}/retire")
    phone.pull()
    assert phone.rows["catalogue"] == {}


def test_a_price_that_the_phone_showed_otherwise_is_told_until_it_is_accepted(phone: Sender, account: str) -> None:
    shown = {"net": "300.00", "gross": "375.00", "currency": "SEK", "digest": "0" * 64}
    quote_id, made = create(phone, account, shown=shown)
    send = phone.make("quote.send", {"id": quote_id, "revision": 1, "shown": shown}, made)
    assert words(phone.push(made, send)) == ["applied", "rejected:price-differs"]
    row = pulled(phone, quote_id)
    assert row["status"] == "draft" and row["difference"]["shown"] == shown
    priced = row["difference"]["priced"]
    accept = phone.make("quote.change", {"id": quote_id, "revision": 1, "fields": {}, "shown": priced})
    send = phone.make("quote.send", {"id": quote_id, "revision": 2, "shown": priced}, accept)
    assert words(phone.push(accept, send)) == ["applied", "applied"]
    assert "difference" not in pulled(phone, quote_id)


def test_a_change_based_on_another_revision_is_a_conflict_with_both_sides(
    phone: Sender, account: str, sign_in: Any
) -> None:
    quote_id, made = create(phone, account)
    phone.push(made)
    manager = sign_in("manager@north")
    path = f"/quotes/{quote_id}"
    manager.patch(path, {"title": "By the manager"}, manager.get(path).json["row_version"])
    late = {"id": quote_id, "revision": 1, "fields": {"title": "By the rep", "valid_until": UNTIL}}
    (answer,) = phone.push(phone.make("quote.change", late))
    assert answer["result"] == "conflict"
    (clash,) = answer["conflicts"]
    assert (clash["entity"], clash["field"], clash["mine"], clash["theirs"]) == (
        "quote", "title", "By the rep", "By the manager",
    )  # fmt: skip
    assert clash["by"]["name"] == "Manager"
    assert pulled(phone, quote_id)["title"] == "By the manager"


def test_approval_goes_by_phones_too(phone: Sender, account: str, sign_in: Any) -> None:
    quote_id, made = create(phone, account, discounted("12"))
    submit = phone.make("quote.submit", {"id": quote_id, "revision": 1, "reason": "They buy every year."}, made)
    send = phone.make("quote.send", {"id": quote_id, "revision": 1}, submit)
    assert words(phone.push(made, submit, send)) == ["applied", "applied", "rejected:approval-missing"]
    manager = Sender(sign_in("manager@north"))
    waiting = pulled(manager, quote_id)
    assert waiting["status"] == "in_approval" and waiting["approvals"][0]["asked_why"] == "They buy every year."
    decided = {"id": quote_id, "revision": 1, "decision": "approve", "reason": "Fine."}
    assert words(manager.push(manager.make("quote.decide", decided))) == ["applied"]
    row = pulled(phone, quote_id)
    assert row["status"] == "approved" and row["approvals"][0]["decision"] == "approve"
    assert words(phone.push(phone.make("quote.send", {"id": quote_id, "revision": 1}))) == ["applied"]
    withdraw = phone.make("quote.withdraw", {"id": quote_id, "reason": "Wrong customer."})
    revise = phone.make("quote.revise", {"id": quote_id, "revision": 1, "content": content()}, withdraw)
    assert words(phone.push(withdraw, revise)) == ["applied", "applied"]
    assert (pulled(phone, quote_id)["version"], pulled(phone, quote_id)["revision"]) == (2, 2)


def test_what_cannot_be_priced_needs_attention_and_points_into_the_arguments(phone: Sender, account: str) -> None:
    for quoted, pointer in (
        (content(line(sku="NONE")), "/content/lines/0/sku"),
        (content(line(quantity="-1")), "/content/lines/0/quantity"),
        (content(line(quantity="NaN")), "/args/content/lines/0/quantity"),
    ):
        _, made = create(phone, account, quoted)
        (answer,) = phone.push(made)
        assert answer["result"] == "rejected" and answer["problem"]["errors"][0]["pointer"] == pointer, answer


def test_a_quote_for_an_account_that_left_the_territory_is_kept_for_the_manager(
    phone: Sender, office: Office, sign_in: Any, directory: Directory
) -> None:
    lost = office.account("Gone", of=None)
    office.assign(lost, ends_on=TODAY - timedelta(days=1))
    office.assign(lost, directory.users["manager@north"])
    quote_id, made = create(phone, lost)
    change = phone.make("quote.change", {"id": quote_id, "revision": 1, "fields": {"title": "Kits"}}, made)
    assert words(phone.push(made, change)) == ["rejected:territory-lost", "rejected:parent-rejected"]
    manager = Sender(sign_in("manager@north"))
    manager.pull()
    drafts = sorted(manager.rows["draft"].values(), key=lambda row: str(row["name"]))
    assert [row["name"] for row in drafts] == ["quote.change", "quote.create"]
    accept = manager.make("draft.decide", {"id": drafts[0]["id"], "decision": "accept"})
    assert words(manager.push(accept)) == ["applied"]
    row = pulled(manager, quote_id)
    assert (row["title"], row["author"], row["user_id"]) == ("Kits", "Rep", directory.users["rep@north"])


def test_quotes_leave_the_phone_with_their_account_and_after_a_year(
    phone: Sender, account: str, office: Office, database: Database
) -> None:
    first, made = create(phone, account)
    other = office.account("Another")
    second, also = create(phone, other)
    phone.push(made, also)
    phone.pull()
    assert set(phone.rows["quote"]) == {first, second}
    with database.write() as session:
        old = sa.update(QUOTES.table).where(QUOTES.table.c.id == first)
        session.execute(old.values(updated_at=NOW - timedelta(days=366), row_version=7))
    phone.pull()
    assert set(phone.rows["quote"]) == {second}
    with database.write() as session:
        session.execute(sa.delete(TerritoryAssignment).where(TerritoryAssignment.account_id == other))
    phone.pull()
    assert phone.rows["quote"] == {}


def test_ids_of_others_quotes_are_taken(phone: Sender, account: str, database: Database, office: Office) -> None:
    other = office.account("Another")
    quote_id, made = create(phone, account)
    body = {"id": quote_id, "account_id": other, "title": "T", "valid_until": UNTIL, "content": content()}
    assert words(phone.push(made, phone.make("quote.create", body))) == ["applied", "rejected:id-taken"]
    with database.read() as session:
        assert session.scalars(sa.select(Quote.account_id)).all() == [account]
