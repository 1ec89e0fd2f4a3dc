"""What comes back to the rep: two versions of one field, what the server refused with what hangs on it, work that is left."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Phone
from tests.browser.server import SignIn
from tests.browser.test_leaving import REMAINS
from tests.browser.writing import all_sent, an_account, at_server, offline, online, save, server, until

TOO_FAR = "2300-01-01"


def edit_industry(phone: Phone, account: str, text: str) -> None:
    """Change one field of an account on the phone."""
    page = phone.open(f"{account}/change")
    page.get_by_label("Industry").fill(text)
    save(page)


def clash(phone: Phone, account: str, mine: str, theirs: str) -> Page:
    """Change a field out of reach that changes at the server meanwhile; then come back."""
    offline(phone)
    edit_industry(phone, account, mine)
    row = server(phone, account)
    server(phone, account, "PATCH", {"industry": theirs}, **{"if-match": f'"{row["row_version"]}"'})
    online(phone)
    page = phone.page
    expect(page.locator(".pill")).to_have_text("1 needs attention")
    return page


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_two_versions_of_a_field_are_settled_with_one_tap_also_offline(signed_in: Phone, choice: str) -> None:
    account = an_account(signed_in, "Brännland")
    mine, theirs = f"Dairy, {choice} of mine", f"Dairy, {choice} of theirs"
    page = clash(signed_in, account, mine, theirs)
    offline(signed_in)
    page.reload()
    card = page.get_by_role("article", name="Two versions of Industry")
    expect(card).to_contain_text("You changed industry here and on another device")
    expect(card.locator(".version")).to_contain_text([mine, theirs])
    card.locator(".version").nth(0 if choice == "mine" else 1).click()
    expect(card).to_have_count(0)
    online(signed_in)
    all_sent(page)
    page.goto(signed_in.server.url + account)
    expect(page.locator(".sub")).to_contain_text(mine if choice == "mine" else theirs)
    assert server(signed_in, account)["industry"] == (mine if choice == "mine" else theirs)


def refused(phone: Phone, text: str) -> str:
    """Make a promise that the server refuses, and one entry that hangs on it; returns the account's path."""
    account = an_account(phone, "Norrvik")
    offline(phone)
    page = phone.open(f"{account}/promise")
    page.get_by_label("What you promise").fill(text)
    page.get_by_label("Another day").fill(TOO_FAR)
    save(page)
    page.get_by_role("button", name=f"Kept: {text}").click()
    expect(page.locator(".pill")).to_have_text("Offline · 2 unsent")
    online(phone)
    expect(page.locator(".pill")).to_have_text("1 needs attention")
    return account


def test_a_refused_entry_is_put_right_and_sent_again_with_what_waits_with_it(signed_in: Phone) -> None:
    account = refused(signed_in, "Visit the pump factory")
    page = signed_in.page
    card = page.get_by_role("article", name="Promise was not accepted")
    expect(card.locator(".refused")).to_contain_text("By when:")
    expect(card).to_contain_text("Visit the pump factory")
    expect(card).to_contain_text("Promise kept")  # the child
    card.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Visit the pump factory")
    page.get_by_label("In a month").check()
    page.get_by_role("button", name="Send again").click()
    all_sent(page)
    found = [one for one in at_server(signed_in, "promises", account) if one["text"] == "Visit the pump factory"]
    assert [one["status"] for one in found] == ["kept"]
    expect(page.get_by_role("article", name="Promise was not accepted")).to_have_count(0)


def test_a_refused_entry_is_saved_as_a_file_and_deleted_after_one_question(signed_in: Phone, tmp_path: Path) -> None:
    refused(signed_in, "A trip to the moon")
    page = signed_in.page
    card = page.get_by_role("article", name="Promise was not accepted")
    with page.expect_download() as download:
        card.get_by_role("button", name="Save as a file").click()
    download.value.save_as(tmp_path / "entry.json")
    assert "A trip to the moon" in (tmp_path / "entry.json").read_text("utf-8")
    card.get_by_role("button", name="Delete", exact=True).click()
    card.get_by_role("button", name="Keep").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name="Delete", exact=True).click()
    card.get_by_role("button", name="Delete for good").click()
    expect(card).to_have_count(0)
    all_sent(page)


def test_signing_out_with_unsent_work_says_so_and_offers_it_as_a_file(signed_in: Phone, tmp_path: Path) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    offline(signed_in)
    page.goto(f"{signed_in.server.url}{account}/note")
    page.get_by_label("Note", exact=True).fill("Not sent when I left.")
    save(page)
    signed_in.open("/me")
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_text("1 unsent entry.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert").first).to_contain_text("1 unsent entry would be lost.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save a copy as a file").click()
    download.value.save_as(tmp_path / "unsent.json")
    kept = json.loads((tmp_path / "unsent.json").read_text("utf-8"))
    assert [one["args"]["text"] for one in kept["unsent"]] == ["Not sent when I left."]
    page.get_by_role("button", name="Delete and sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    # The worker looks whether anything is left to send, and makes no database for it.
    until(page, lambda: page.evaluate(REMAINS)["databases"] == [], "the database is gone")


def test_signing_out_in_reach_sends_what_is_unsent_first(signed_in: Phone, rep: SignIn) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    offline(signed_in)
    page.goto(f"{signed_in.server.url}{account}/note")
    page.get_by_label("Note", exact=True).fill("Sent while leaving.")
    save(page)
    signed_in.open("/me/leaving")
    expect(page.get_by_text("1 unsent entry.")).to_be_visible()
    signed_in.context.set_offline(False)
    with page.expect_event("load"):
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    signed_in.sign_in(rep)
    texts = [one["text"] for one in at_server(signed_in, "notes", account)]
    assert texts.count("Sent while leaving.") == 1


def test_the_pill_leads_to_what_is_unsent_from_every_screen(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    for path in ("/", "/accounts", account, f"{account}/note", f"{account}/talk", "/me"):
        signed_in.open(path)
        page.locator(".pill").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sent and unsent")
        expect(page.get_by_text(re.compile("^Nothing. The server has everything"))).to_be_visible()
