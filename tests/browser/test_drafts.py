"""Work for an account that was lost meanwhile goes to the manager, who decides; work that the browser removed is told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.measure import AXE, axe_violations
from tests.browser.server import SignIn, sample_users
from tests.browser.writing import all_sent, an_account, at_server, offline, online, save, server


def user(role: str) -> SignIn:
    """The first user of the sample with this role."""
    return next(one for one, its in sample_users() if its == role)


@contextmanager
def moved(administrator: Phone, account: str, email: str) -> Iterator[None]:
    """A colleague of the rep looks after the account for as long as this lasts."""
    account_id = account.split("/")[-1]
    users = {one["email"]: one for one in server(administrator, "/users?limit=200")["data"]}
    rep = users[email]
    colleague = next(one for one in users.values() if one["role"] == "rep" and one["id"] != rep["id"])
    rows = server(administrator, f"/territories?account_id={account_id}&limit=200")["data"]
    (row,) = [one for one in rows if one["user_id"] == rep["id"]]
    fields = {name: row[name] for name in ("account_id", "starts_on")}
    theirs = server(administrator, "/territories", "POST", {**fields, "user_id": colleague["id"]})
    remove(administrator, row)
    try:
        yield
    finally:
        server(administrator, "/territories", "POST", {**fields, "user_id": rep["id"]})
        remove(administrator, theirs)


def remove(administrator: Phone, territory: dict[str, Any]) -> None:
    """Delete a territory."""
    version = f'"{territory["row_version"]}"'
    server(administrator, f"/territories/{territory['id']}", "DELETE", **{"if-match": version})


@pytest.mark.parametrize("decision", ["Enter it", "Dismiss"])
def test_work_for_a_lost_account_is_decided_by_the_manager(
    new_phone: Callable[..., Phone], rep: SignIn, decision: str
) -> None:
    phone, manager, office = new_phone(), new_phone(color_scheme="dark"), new_phone()
    manager.context.add_init_script(path=AXE)
    phone.sign_in(rep)
    manager.sign_in(user("manager"))
    office.sign_in(user("administrator"))
    account = an_account(phone, "Järvsele" if decision == "Dismiss" else "Brännland")
    text = f"They want the larger pump. {decision}"
    page = phone.page
    offline(phone)
    page.goto(f"{phone.server.url}{account}/note")
    page.get_by_label("Note", exact=True).fill(text)
    save(page)
    with moved(office, account, rep.email):
        online(phone)
        expect(page.locator(".pill")).to_have_text("1 needs attention")
        card = page.get_by_role("article", name="Note waits for your manager")
        expect(card).to_contain_text(text)
        card.get_by_role("button", name="Close").click()
        all_sent(page)
        page.goto(phone.server.url + account)
        expect(page.get_by_role("heading", level=1)).to_have_text("No such account")
        desk = manager.open("/unsent")
        draft = desk.get_by_role("article").filter(has_text=text)
        expect(draft).to_contain_text("when the account was not theirs any more")
        assert axe_violations(desk) == []
        draft.get_by_role("button", name=decision).click()
        if decision == "Dismiss":
            draft.get_by_role("button", name="Dismiss for good").click()
        expect(draft).to_have_count(0)
        all_sent(desk)
        written = [(one["author"], one["text"]) for one in at_server(office, "notes", account) if one["text"] == text]
        name = server(phone, "/session")["user"]["name"]
        assert written == ([(name, text)] if decision == "Enter it" else [])


def test_storage_that_was_emptied_is_told_and_what_could_be_saved_is_sent(signed_in: Phone) -> None:
    account = an_account(signed_in, "Norrvik")
    page = signed_in.page
    offline(signed_in)
    page.goto(f"{signed_in.server.url}{account}/note")
    page.get_by_label("Note", exact=True).fill("Written before the storage was emptied.")
    save(page)
    page.goto("about:blank")  # nothing is sent before the storage is gone, when there is a network again
    evicted = {"origin": signed_in.server.url, "storageTypes": "indexeddb"}
    signed_in.context.new_cdp_session(page).send("Storage.clearDataForOrigin", evicted)
    signed_in.context.set_offline(False)
    signed_in.open("/")
    expect(page.locator(".pill")).to_have_text("1 needs attention")
    page.locator(".pill").click()
    expect(page.get_by_role("group", name="Storage was emptied")).to_contain_text(
        "1 entry could be saved and will be sent."
    )
    page.get_by_role("button", name="I have read this").click()
    all_sent(page)
    texts = [one["text"] for one in at_server(signed_in, "notes", account)]
    assert texts.count("Written before the storage was emptied.") == 1
