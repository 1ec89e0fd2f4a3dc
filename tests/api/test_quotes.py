"""Quotes over the API: made, priced, changed, approved, sent, revised, withdrawn, copied, compared, expired."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.tables import AuditEntry
from app.identity.tables import User
from app.quotes import expiring
from app.quotes.tables import QuoteVersion
from tests.support.phones import Api, Directory
from tests.support.pulling import NOW, Office, held_clock
from tests.support.selling import CATALOGUE, WHOLE, content, discounted, line, pump, sell

UNTIL = "2026-12-31"
USERS = table_of(User)


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    sell(database, directory.orgs["north"])
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def account(office: Office) -> str:
    return office.account("Norrvik", industry="paper", address={"country": "SE"})


@pytest.fixture
def rep(sign_in: Any, account: str) -> Api:
    api: Api = sign_in("rep@north")
    return api


def make(api: Api, account: str, quoted: Any = None, **more: Any) -> Any:
    """A quote that was made."""
    body = {"account_id": account, "title": "Seal kits", "valid_until": UNTIL, "content": quoted or content(), **more}
    answer = api.post("/quotes", body)
    assert answer.status_code == 201, answer.text
    return answer.json


def act(api: Api, quote: Any, action: str, **body: Any) -> Any:
    """What a quote is after an action that is allowed."""
    answer = tried(api, quote, action, **body)
    assert answer.status_code == 200, answer.text
    return answer.json


def tried(api: Api, quote: Any, action: str, **body: Any) -> Any:
    """The answer to an action at the revision that was seen."""
    named = {} if action == "withdraw" else {"revision": quote["revision"]}
    return api.post(f"/quotes/{quote['id']}:{action}", {**named, **body})


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


def shown(quote: Any) -> dict[str, str]:
    """What a device shows that came to the server's price."""
    return {**{name: quote["totals"][name] for name in ("net", "gross", "currency")}, "digest": quote["digest"]}


def test_a_quote_is_priced_when_it_is_made(rep: Api, account: str) -> None:
    quote = make(rep, account)
    assert (quote["status"], quote["version"], quote["revision"]) == ("draft", 1, 1)
    assert (quote["totals"]["net"], quote["totals"]["gross"], quote["totals"]["currency"]) == (
        "301.50",
        "376.88",
        "SEK",
    )
    assert quote["difference"] is None and quote["faults"] == [] and quote["author"] == "Rep"
    assert [row["amount"] for row in quote["price"]["lines"][0]["waterfall"]] == ["301.50"]
    read = rep.get(f"/quotes/{quote['id']}")
    assert read.json == quote and read.headers["ETag"] == '"1"'
    assert rep.get(f"/quotes/{quote['id']}", headers={"If-None-Match": '"1"'}).status_code == 304
    listed = rep.get(f"/quotes?account_id={account}&status=draft").json["data"]
    assert [one["number"] for one in listed] == [quote["number"]] and "content" not in listed[0]


def test_the_number_follows_from_the_id_that_a_device_made(rep: Api, account: str) -> None:
    quote_id = "0193d5a0-0000-7000-8000-00000000000f"
    assert make(rep, account, id=quote_id)["number"] == "2024-0000-000F"
    again = rep.post(
        "/quotes", {"id": quote_id, "account_id": account, "title": "T", "valid_until": UNTIL, "content": content()}
    )
    assert again.status_code == 409 and slug(again) == "id-taken"


def test_a_price_that_was_shown_otherwise_is_told_and_never_changed_silently(rep: Api, account: str) -> None:
    told = {"net": "300.00", "gross": "375.00", "currency": "SEK", "digest": "0" * 64, "lines": {"l1": "300.00"}}
    quote = make(rep, account, shown=told)
    assert quote["difference"] == {
        "shown": {name: told[name] for name in ("net", "gross", "currency", "digest")},
        "priced": {**{name: quote["totals"][name] for name in ("net", "gross", "currency")}, "digest": quote["digest"]},
        "lines": [{"line": "l1", "name": "l1", "shown": "300.00", "priced": "301.50"}],
    }
    refused = tried(rep, quote, "send")
    assert refused.status_code == 409 and slug(refused) == "price-differs" and refused.json["difference"]
    named = rep.patch(f"/quotes/{quote['id']}", {"title": "Another"}, quote["row_version"]).json
    assert named["difference"], "a change of the title accepts no price"
    accepted = rep.patch(f"/quotes/{quote['id']}", {"shown": shown(quote)}, named["row_version"]).json
    assert accepted["difference"] is None and act(rep, accepted, "send")["status"] == "sent"


def test_what_cannot_be_priced_is_pointed_at_and_nothing_is_kept(rep: Api, account: str) -> None:
    cases: list[tuple[Any, str]] = [
        (content(line(quantity="-1")), "/content/lines/0/quantity"),
        (content(line(quantity="NaN")), "/content/lines/0/quantity"),
        (content(line(quantity="1e999")), "/content/lines/0/quantity"),
        (content(line(quantity="1000000001")), "/content/lines/0/quantity"),
        (content(line(sku="NONE")), "/content/lines/0/sku"),
        (content(line(), line("w1", "WATCH", term="never")), "/content/lines/1/term"),
        (content(currency="XXX"), "/content/currency"),
        (content(price_book="none"), "/content/price_book"),
        (content(on="2027-07-01"), "/content/price_book"),
        (content(catalogue_version="9"), "/content/catalogue_version"),
        (
            content(line(sku="PUMP", choices=[{"feature": "wings", "value": "yes"}])),
            "/content/lines/0/choices/0",
        ),
        (
            content(line(sku="PUMP", choices=[{"feature": "motor", "value": "kw99"}])),
            "/content/lines/0/choices/0",
        ),
        (
            content(line(discount={"kind": "percent", "value": "1e999", "reason": "x"})),
            "/content/lines/0/discount",
        ),
        (content(line(more=1)), "/content/lines/0"),
    ]
    for quoted, pointer in cases:
        refused = rep.post("/quotes", {"account_id": account, "title": "T", "valid_until": UNTIL, "content": quoted})
        assert refused.status_code == 422 and refused.content_type == "application/problem+json", refused.text
        assert refused.json["errors"][0]["pointer"].startswith(pointer), (refused.json, pointer)
    for number in (b"NaN", b"1e999", b"Infinity"):
        body = b'{"account_id":"%s","title":"T","valid_until":"2026-12-31","content":%s}' % (account.encode(), number)
        assert rep.post("/quotes", data=body, content_type="application/json").status_code in (400, 422)
    assert rep.get("/quotes").json["data"] == []


def test_a_configuration_that_is_not_whole_or_breaks_rules_is_kept_and_not_sent(rep: Api, account: str) -> None:
    broken = {**WHOLE, "size": "s50", "motor": "kw11"}
    heavy = {"motor": "kw11", "size": "s80", "sensor": "yes", "stages": "3"}
    cases = [
        (line(sku="PUMP", quantity="1"), "/lines/0/configuration", "not configured"),
        (line(sku="PUMP", configuration={"motor": "kw4"}), "/lines/0/configuration/size", "Nothing is chosen"),
        (
            line(sku="PUMP", configuration=broken),
            "/lines/0/configuration",
            "The small size takes no large motor. (M-1)",
        ),
        (line(sku="PUMP", configuration=heavy), "/lines/0/configuration", "Weight: 7 kg too much."),
    ]
    for quoted, pointer, said in cases:
        quote = make(rep, account, content(quoted))
        assert any(fault["pointer"] == pointer and said in fault["detail"] for fault in quote["faults"]), quote[
            "faults"
        ]
        refused = tried(rep, quote, "send")
        assert refused.status_code == 409 and slug(refused) == "quote-incomplete"
        assert refused.json["errors"][0]["pointer"].startswith("/content/lines/0/configuration")
    whole = make(rep, account, content(pump()))
    assert whole["faults"] == [] and whole["totals"]["net"] == "20900.00"
    assert act(rep, whole, "send")["status"] == "sent"


def test_an_empty_quote_is_not_sent(rep: Api, account: str) -> None:
    quote = make(rep, account, {**content(), "lines": []})
    assert slug(tried(rep, quote, "send")) == "quote-incomplete"


def test_a_sent_version_stays_as_it_is_and_a_revision_is_the_next_one(
    rep: Api, account: str, database: Database
) -> None:
    quote = make(rep, account)
    sent = act(rep, quote, "send")
    assert sent["status"] == "sent" and sent["link"].startswith("/q/") and sent["sent_at"]
    changed = rep.patch(f"/quotes/{quote['id']}", {"title": "Other"}, sent["row_version"])
    assert changed.status_code == 409 and slug(changed) == "quote-sent"
    assert slug(tried(rep, sent, "send")) == "quote-sent"
    first = rep.get(f"/quotes/{quote['id']}/versions/1").json
    assert first["outcome"] == "open" and len(first["hash"]) == 64 and first["customer"]["name"] == "Norrvik"
    revised = act(rep, sent, "revise", content=content(line(quantity="4")), valid_until="2027-01-31")
    assert (revised["status"], revised["version"], revised["revision"], revised["sent_at"]) == ("draft", 2, 2, None)
    again = rep.get(f"/quotes/{quote['id']}/versions/1").json
    assert again == {**first, "outcome": "superseded"}
    versions = rep.get(f"/quotes/{quote['id']}/versions").json["data"]
    assert [(one["version"], one["outcome"], bool(one["hash"])) for one in versions] == [
        (2, "draft", False),
        (1, "superseded", True),
    ]
    told = rep.get(f"/quotes/{quote['id']}:compare?a=1&b=2").json
    assert [one["field"] for one in told["fields"]] == ["valid_until"]
    assert told["lines"][0]["fields"] == [{"field": "quantity", "a": "3", "b": "4"}]
    assert {"total": "net", "a": "301.50", "b": "402.00", "change": "100.50"} in told["totals"]
    act(rep, revised, "send")
    with database.read() as session:
        versions_kept = session.execute(sa.select(table_of(QuoteVersion).c.version)).scalars().all()
    assert sorted(versions_kept) == [1, 2]
    assert rep.get(f"/quotes/{quote['id']}/versions/3").status_code == 404


def test_a_discount_beyond_authority_takes_the_authors_manager_with_reasons(
    rep: Api, account: str, sign_in: Any, office: Office
) -> None:
    quote = make(rep, account, discounted("12"))
    assert {one["role"] for one in quote["approvals"]} == {"manager"}
    assert slug(tried(rep, quote, "send")) == "approval-missing"
    asked = act(rep, quote, "submit", reason="They buy every year.")
    assert asked["status"] == "in_approval" and asked["approvals"][0]["asked_why"] == "They buy every year."
    assert slug(tried(rep, asked, "send")) == "approval-missing"
    assert slug(tried(rep, asked, "decide", decision="approve")) == "approval-not-yours"
    manager = sign_in("manager@north")
    unexplained = tried(manager, asked, "decide", decision="refuse")
    assert unexplained.status_code == 422 and unexplained.json["errors"][0]["pointer"] == "/reason"
    refused = act(manager, asked, "decide", decision="refuse", reason="Ten is enough.")
    assert refused["status"] == "refused" and refused["approvals"][0]["decision_reason"] == "Ten is enough."
    again = act(rep, refused, "submit", reason="They ask for twelve.")
    approved = act(manager, again, "decide", decision="approve", reason="Once.")
    assert approved["status"] == "approved" and approved["approvals"][0]["decided_by"] == "Manager"
    assert act(rep, approved, "send")["status"] == "sent"


def test_an_approval_is_of_one_price_alone(rep: Api, account: str, sign_in: Any) -> None:
    quote = act(rep, make(rep, account, discounted("12")), "submit", reason="Please.")
    approved = act(sign_in("manager@north"), quote, "decide", decision="approve")
    path = f"/quotes/{quote['id']}"
    renamed = rep.patch(path, {"title": "Kits"}, approved["row_version"]).json
    assert renamed["status"] == "approved", "a title costs nothing"
    changed = rep.patch(path, {"content": discounted("13")}, renamed["row_version"]).json
    assert changed["status"] == "draft" and "decision" not in changed["approvals"][0]
    assert slug(tried(rep, changed, "send")) == "approval-missing"
    back = rep.patch(path, {"content": discounted("12")}, changed["row_version"]).json
    assert slug(tried(rep, back, "send")) == "approval-missing", "what was approved once is not approved for ever"


def test_only_the_authors_line_and_administrators_approve(
    account: str, office: Office, sign_in: Any, directory: Directory
) -> None:
    office.assign(account, directory.users["rep2@north"])
    other, manager, admin = sign_in("rep2@north"), sign_in("manager@north"), sign_in("admin@north")
    quote = act(other, make(other, account, discounted("12")), "submit", reason="Please.")
    strange = tried(manager, quote, "decide", decision="approve")
    assert slug(strange) in ("approval-not-yours", "not-found"), "not the author's manager"
    assert act(admin, quote, "decide", decision="approve")["status"] == "approved"


def test_more_than_a_manager_may_give_takes_an_administrator(rep: Api, account: str, sign_in: Any) -> None:
    quote = act(rep, make(rep, account, discounted("20")), "submit", reason="Please.")
    assert {one["role"] for one in quote["approvals"]} == {"administrator"}
    assert slug(tried(sign_in("manager@north"), quote, "decide", decision="approve")) == "approval-not-yours"
    assert act(sign_in("admin@north"), quote, "decide", decision="approve")["status"] == "approved"


def test_nobody_approves_their_own_quote_not_even_an_administrator(
    rep: Api, account: str, database: Database, directory: Directory
) -> None:
    asked = act(rep, make(rep, account, discounted("20")), "submit", reason="Please.")
    with database.write() as session:
        mine = sa.update(USERS).where(USERS.c.id == directory.users["rep@north"])
        session.execute(mine.values(role="administrator"))
    refused = tried(rep, asked, "decide", decision="approve")
    assert refused.status_code == 403 and slug(refused) == "approval-not-yours"
    assert rep.get(f"/quotes/{asked['id']}").json["status"] == "in_approval"


def test_a_text_that_spells_an_escape_is_kept_and_a_nul_is_refused(rep: Api, account: str) -> None:
    quote = make(rep, account)
    path = f"/quotes/{quote['id']}"
    spelt = rep.patch(path, {"content": {**quote["content"], "notes": "\\u0000 is written so"}}, quote["row_version"])
    assert spelt.status_code == 200 and spelt.json["content"]["notes"] == "\\u0000 is written so"
    held = {**quote["content"], "notes": "a\x00b"}
    assert rep.patch(path, {"content": held}, spelt.json["row_version"]).status_code == 422


def test_what_needs_no_approval_is_not_submitted(rep: Api, account: str) -> None:
    assert slug(tried(rep, make(rep, account), "submit", reason="x")) == "no-approval-needed"


def test_a_decision_about_another_revision_is_not_taken(rep: Api, account: str) -> None:
    quote = make(rep, account)
    rep.patch(f"/quotes/{quote['id']}", {"title": "Other"}, 1)
    for action, body in (("send", {}), ("submit", {"reason": "x"}), ("revise", {})):
        assert slug(tried(rep, quote, action, **body)) == "quote-changed"
    stale = rep.patch(f"/quotes/{quote['id']}", {"title": "Third"}, 1)
    assert stale.status_code == 412 and slug(stale) == "stale"


def test_a_quote_is_withdrawn_and_can_be_made_anew(rep: Api, account: str) -> None:
    quote = make(rep, account)
    assert slug(tried(rep, quote, "withdraw", reason="x")) == "quote-status"
    act(rep, quote, "send")
    gone = act(rep, quote, "withdraw", reason="A mistake in the quantity.")
    assert (gone["status"], gone["decided_by"], gone["decision_reason"]) == (
        "withdrawn",
        "Rep",
        "A mistake in the quantity.",
    )
    assert rep.get(f"/quotes/{quote['id']}/versions/1").json["outcome"] == "withdrawn"
    assert act(rep, gone, "revise")["version"] == 2


def test_a_copy_is_a_quote_of_its_own_priced_today(rep: Api, account: str, office: Office) -> None:
    quote = act(rep, make(rep, account, content(pump(), line(), on="2026-10-01")), "send")
    other = office.account("Another")
    answer = rep.post(f"/quotes/{quote['id']}:copy", {"account_id": other, "title": "Copy"})
    assert answer.status_code == 201, answer.text
    copied = answer.json
    assert (copied["status"], copied["version"], copied["copied_from"]) == ("draft", 1, quote["id"])
    assert copied["number"] != quote["number"] and copied["account_id"] == other and copied["title"] == "Copy"
    assert copied["content"] == {**quote["content"], "on": "2026-11-21"} and copied["totals"] == quote["totals"]


def test_a_quote_expires_when_its_last_day_is_over_where_the_customer_is(
    rep: Api, account: str, office: Office, database: Database
) -> None:
    quote = act(rep, make(rep, account, valid_until="2026-11-21"), "send")
    draft = make(rep, account, valid_until="2026-11-21")
    # Stockholm is an hour ahead: its day ends at eleven in the evening by the server's clock.
    with clock.fixed(NOW.replace(hour=22, minute=59)):
        assert expiring.expire(database) == 0
    with clock.fixed(NOW.replace(hour=23, minute=1)):
        assert expiring.expire(database) == 1 and expiring.expire(database) == 0
    assert rep.get(f"/quotes/{quote['id']}").json["status"] == "expired"
    assert rep.get(f"/quotes/{draft['id']}").json["status"] == "draft"
    assert rep.get(f"/quotes/{quote['id']}/versions/1").json["outcome"] == "expired"
    with clock.fixed(NOW + timedelta(days=1)):
        late = tried(rep, draft, "send")
        assert late.status_code == 422 and late.json["errors"][0]["pointer"] == "/valid_until"


def test_a_price_book_that_ended_and_a_catalogue_that_was_retired_are_not_sent(
    rep: Api, account: str, sign_in: Any, database: Database, directory: Directory
) -> None:
    quote = make(rep, account, valid_until="2027-12-31")
    with clock.fixed(NOW.replace(year=2027, month=7, day=1)):
        fresh = sign_in("rep@north")
        refused = tried(fresh, quote, "send")
    assert slug(refused) == "price-book-ended" and refused.json["errors"][0]["pointer"] == "/content/price_book"
    admin, rep = sign_in("admin@north"), sign_in("rep@north")
    catalogue = admin.get("/catalogs").json["data"][0]
    assert admin.post(f"/catalogs/{catalogue['id']}/retire").json["status"] == "retired"
    assert slug(tried(rep, quote, "send")) == "catalogue-retired"
    sell(database, directory.orgs["north"], {**CATALOGUE, "version": "2"}, active=False)
    unsold = rep.post(
        "/quotes",
        {"account_id": account, "title": "T", "valid_until": UNTIL, "content": content(catalogue_version="2")},
    )
    assert unsold.status_code == 422 and "not active" in unsold.json["errors"][0]["detail"]


def test_an_agreement_changes_the_price_and_its_end_is_told_before_sending(
    rep: Api, account: str, sign_in: Any
) -> None:
    step = {
        "id": "frame", "phase": "contracted", "scope": "line", "reason": "Frame agreement",
        "adjustment": {"type": "percent_discount", "percent": "10"},
    }  # fmt: skip
    agreed = {"account_id": account, "number": "RA-1", "name": "Frame", "valid_from": "2026-01-01", "steps": [step]}
    assert rep.post("/agreements", agreed).status_code == 403
    admin = sign_in("admin@north")
    bad = admin.post("/agreements", {**agreed, "steps": [{**step, "adjustment": {"type": "gift"}}]})
    assert bad.status_code == 422 and bad.json["errors"][0]["pointer"].startswith("/steps/0")
    made = admin.post("/agreements", agreed)
    assert made.status_code == 201, made.text
    quote = make(rep, account)
    assert quote["totals"]["net"] == "271.35"
    assert "Frame agreement (agreement RA-1)" in [row["label"] for row in quote["price"]["lines"][0]["waterfall"]]
    admin.patch(f"/agreements/{made.json['id']}", {"valid_to": "2026-11-01"}, 1)
    refused = tried(rep, quote, "send")
    assert slug(refused) == "price-differs" and refused.json["difference"]["priced"]["net"] == "301.50"


def test_quotes_are_seen_and_written_only_within_the_territory(
    rep: Api, account: str, office: Office, sign_in: Any
) -> None:
    quote = make(rep, account)
    strangers = [sign_in("rep2@north"), sign_in("rep@south"), sign_in("admin@south")]
    for stranger in strangers:
        assert stranger.get("/quotes").json["data"] == []
        assert stranger.get(f"/quotes/{quote['id']}").status_code == 404
        assert stranger.get(f"/quotes/{quote['id']}/versions").status_code == 404
        assert tried(stranger, quote, "send").status_code == 404
        body = {"account_id": account, "title": "T", "valid_until": UNTIL, "content": content()}
        assert stranger.post("/quotes", body).status_code == 422
    assert sign_in("manager@north").get(f"/quotes/{quote['id']}").status_code == 200


def test_a_colleague_who_sees_the_account_reads_a_quote_and_does_not_write_it(
    rep: Api, account: str, office: Office, sign_in: Any, directory: Directory
) -> None:
    quote = make(rep, account)
    office.assign(account, directory.users["rep2@north"])
    colleague = sign_in("rep2@north")
    assert colleague.get(f"/quotes/{quote['id']}").status_code == 200
    assert colleague.patch(f"/quotes/{quote['id']}", {"title": "Mine"}, 1).status_code == 403
    assert tried(colleague, quote, "send").status_code == 403


def test_everything_that_happens_to_a_quote_is_in_the_audit_log(
    rep: Api, account: str, sign_in: Any, database: Database
) -> None:
    quote = act(rep, make(rep, account, discounted("12")), "submit", reason="Please.")
    approved = act(sign_in("manager@north"), quote, "decide", decision="approve")
    sent = act(rep, approved, "send")
    act(rep, act(rep, sent, "revise"), "submit", reason="Again.")
    with database.read() as session:
        query = sa.select(AuditEntry.action).where(AuditEntry.entity == "quote", AuditEntry.row_id == quote["id"])
        actions = session.scalars(query.order_by(AuditEntry.id)).all()
    assert actions == [
        "create", "quote.submitted", "quote.approved", "quote.sent", "quote_link.made", "quote.revised", "quote.submitted",
    ]  # fmt: skip


def test_pages_follow_each_other_from_the_newest(rep: Api, account: str) -> None:
    numbers = [make(rep, account)["number"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = rep.get(f"/quotes?limit=2{f'&cursor={cursor}' if cursor else ''}").json
        seen += [one["number"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert seen == numbers[::-1]


def test_a_person_and_a_visit_are_those_of_the_account(rep: Api, account: str, office: Office) -> None:
    from app.customers.tables import Person

    other = office.account("Another")
    here, there = new_id(), new_id()
    office.add(Person, id=here, account_id=account, name="Eva")
    office.add(Person, id=there, account_id=other, name="Bo")
    assert make(rep, account, person_id=here)["person_id"] == here
    body = {"account_id": account, "title": "T", "valid_until": UNTIL, "content": content()}
    for person in (there, str(uuid.uuid4())):
        refused = rep.post("/quotes", {**body, "person_id": person})
        assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/person_id"
