"""What a rep writes on the phone: kept as it is typed, saved with no network, marked while it is unsent, at the server once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.writing import (
    SAVED,
    UNSENT_MARK,
    all_sent,
    an_account,
    at_server,
    first_visit,
    noted,
    offline,
    online,
    save,
    server,
    stored,
    until,
)


def test_a_visit_logged_offline_survives_a_reload_and_reaches_the_server_once(signed_in: Phone) -> None:
    page = signed_in.page
    visit = first_visit(signed_in)
    offline(signed_in)
    page.get_by_role("link", name="Log visit").click()
    page.get_by_label("Wants a quote").check()
    page.get_by_role("button", name="Somebody new").click()
    page.get_by_label("Name", exact=True).fill("Siv Ekman")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Notes").fill("Line 2 stops in May.\nSiv took over purchasing.")
    page.get_by_label("Next step").fill("Send the report")
    page.get_by_role("button", name="Add a promise").click()
    page.get_by_label("What you promise").fill("Vibration report of line 2")
    page.get_by_label("In a week").check()
    save(page)
    expect(page).to_have_url(re.compile(f"{visit}$"))
    for _ in range(2):  # as saved, and as read back after a reload
        card = page.locator("section", has=page.get_by_role("heading", name=re.compile("^This visit")))
        expect(card).to_contain_text("Wants a quote")
        expect(card).to_contain_text("Siv took over purchasing.")
        expect(card.locator(UNSENT_MARK)).to_have_text("Not sent yet")
        expect(page.get_by_text("Vibration report of line 2")).to_be_visible()
        expect(page.locator(".pill")).to_have_text("Offline · 3 unsent")
        page.reload()
    online(signed_in)
    all_sent(page)
    page.goto(signed_in.server.url + visit)
    expect(page.get_by_text("Siv took over purchasing.").first).to_be_visible()  # the briefing may tell it by now, too
    expect(page.locator(UNSENT_MARK)).to_have_count(0)
    row = server(signed_in, visit)
    assert (row["status"], row["outcome"], row["next_step"]) == ("done", "Wants a quote", "Send the report")
    account = f"/accounts/{row['account_id']}"
    assert [one["text"] for one in at_server(signed_in, "promises", account)].count("Vibration report of line 2") == 1
    siv = [one["id"] for one in at_server(signed_in, "people", account) if one["name"] == "Siv Ekman"]
    assert len(siv) == 1
    assert siv[0] in row["attendee_ids"]


def test_what_is_typed_and_not_saved_is_there_after_leaving_and_after_a_reload(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    page.goto(f"{signed_in.server.url}{account}/note")
    page.get_by_label("Note", exact=True).fill("Half a sentence about the")
    page.get_by_role("link", name=re.compile("Norrvik")).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Half a sentence about the")
    until(page, lambda: noted(page, f"typed {account}/note"), "what was typed is written down")
    page.reload()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Half a sentence about the")
    page.locator(".pill").click()
    expect(page.get_by_role("heading", name="Begun, not saved")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Note about")).click()
    page.get_by_label("Note", exact=True).fill("The whole sentence.")
    save(page)
    page.goto(f"{signed_in.server.url}{account}/note")
    expect(page.get_by_label("Note", exact=True)).to_have_value("")


def test_a_note_with_a_photo_taken_offline_arrives_with_its_bytes(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Hestra")
    offline(signed_in)
    page.get_by_role("button", name="Write down").click()
    page.get_by_role("link", name=re.compile("^Note")).click()
    page.get_by_label("Note", exact=True).fill("The seal as it was found.")
    icon = signed_in.server.build / "icon-512.png"
    page.locator("input[type=file]").set_input_files(str(icon))
    expect(page.get_by_role("img", name="icon-512.jpg")).to_be_visible()
    save(page)
    expect(page.get_by_text("The seal as it was found.")).to_be_visible()
    expect(page.get_by_role("img", name="icon-512.jpg")).to_be_visible()
    online(signed_in)
    all_sent(page)
    page.goto(signed_in.server.url + account)
    picture = page.locator("img[alt='icon-512.jpg']")
    expect(picture).to_be_attached()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(picture).to_have_js_property("naturalWidth", 512)  # from the server
    until(page, lambda: stored(page, "blob") == [], "the server has the photo")
    (row,) = at_server(signed_in, "attachments", account)
    assert row["complete"] is True


def test_a_walk_in_is_planned_and_logged_at_once(signed_in: Phone) -> None:
    page = signed_in.page
    signed_in.open("/")
    page.get_by_role("button", name="Log a visit").click()
    page.get_by_role("link", name=re.compile("^Log a walk-in")).click()
    page.get_by_role("searchbox").fill("brannland")
    expect(page.locator(".hits a")).to_have_count(1)
    page.locator(".hits a").click()
    page.get_by_label("In your own words").fill("Passed by, met Oskar at the gate")
    save(page)
    expect(page.get_by_text("Passed by, met Oskar at the gate")).to_be_visible()
    all_sent(page)
    row = server(signed_in, page.evaluate("location.pathname"))
    assert (row["status"], row["outcome"]) == ("done", "Passed by, met Oskar at the gate")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_a_visit_is_planned_moved_and_cancelled(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    page.get_by_role("button", name="Write down").click()
    page.get_by_role("link", name="Plan a visit").click()
    page.get_by_label("In a week", exact=True).check()
    page.get_by_label("Begins at").fill("13:30")
    page.get_by_label("30 min").check()
    page.get_by_label("What for").fill("Spare parts")
    page.get_by_role("button", name="Somebody new").click()
    page.get_by_label("Name", exact=True).fill("Vera Norberg")  # and no tap on "Add"
    save(page)
    expect(page.locator(".sub")).to_contain_text("13:30")
    expect(page.locator(".sub")).to_contain_text("Vera Norberg")
    visit = page.evaluate("location.pathname")
    page.get_by_role("link", name="Move").click()
    page.get_by_label("Begins at").fill("15:00")
    save(page)
    expect(page.locator(".sub")).to_contain_text("15:00")
    all_sent(page)
    row = server(signed_in, visit)
    assert f"/accounts/{row['account_id']}" == account
    here = datetime.fromisoformat(row["starts_at"]).astimezone(ZoneInfo(row["time_zone"]))
    assert here.strftime("%H:%M") == "15:00"
    assert 6 <= (here - datetime.now(UTC)).total_seconds() / 86_400 <= 8.5
    page.get_by_role("button", name="Cancel visit").click()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_text("This visit was cancelled.")).to_be_visible()
    all_sent(page)
    assert server(signed_in, visit)["status"] == "cancelled"


def make_promise(phone: Phone, account: str, text: str) -> None:
    """Promise something for tomorrow."""
    page = phone.open(f"{account}/promise")
    page.get_by_label("What you promise").fill(text)
    page.get_by_label("Tomorrow").check()
    save(page)


def test_a_promise_kept_by_a_slip_is_taken_back_and_one_kept_for_good_is_entered(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    make_promise(signed_in, account, "Price of a spare rotor")
    signed_in.open("/")
    kept = page.get_by_role("button", name="Kept: Price of a spare rotor")
    kept.dblclick()
    expect(page.get_by_text("Promise kept")).to_be_visible()
    expect(kept).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(kept).to_be_visible()
    all_sent(page)
    assert {one["status"] for one in promises(signed_in, account, "Price of a spare rotor")} == {"open"}
    kept.click()
    expect(page.get_by_text("Promise kept")).to_be_visible()
    page.reload()  # before it could be taken back no more
    all_sent(page)
    expect(kept).to_have_count(0)
    assert [one["status"] for one in promises(signed_in, account, "Price of a spare rotor")] == ["kept"]


def promises(phone: Phone, account: str, text: str) -> list[dict[str, str]]:
    """Those of an account with this text, at the server."""
    return [one for one in at_server(phone, "promises", account) if one["text"] == text]


def test_account_person_consent_and_goal_are_changed_field_by_field(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Hestra")
    before = server(signed_in, account)
    offline(signed_in)
    page.get_by_role("button", name="Write down").click()
    page.get_by_role("link", name=re.compile("^Change the account")).click()
    page.get_by_label("Phone").fill("+46 8 123 456")
    page.get_by_label("Town").fill("Hofors bruk")
    save(page)
    expect(page.get_by_role("link", name="+46 8 123 456")).to_be_visible()
    page.goto(f"{signed_in.server.url}{account}/goal")
    page.get_by_label("What they want to reach").fill("No stop in winter")
    page.get_by_label("In half a year").check()
    save(page)
    page.get_by_role("link", name=re.compile("^No stop in winter")).click()
    page.get_by_label("Reached").check()
    save(page)
    page.get_by_role("link", name=re.compile("^Amina Warsame")).click()
    expect(page.get_by_role("heading", name="Amina Warsame")).to_be_visible()
    person = page.evaluate("location.pathname")
    page.get_by_role("link", name="Change").click()
    page.get_by_label("When", exact=True).fill("before nine")
    save(page)
    expect(page.get_by_text("before nine")).to_be_visible()
    page.get_by_role("link", name="Consent").click()
    page.get_by_label("Text messages").check()
    page.get_by_label("Does not want it").check()
    page.get_by_label("Said at a visit").check()
    save(page)
    expect(page.get_by_text("not wanted").first).to_be_visible()
    online(signed_in)
    all_sent(page)
    after = server(signed_in, account)
    assert (after["phone"], after["address"]["city"]) == ("+46 8 123 456", "Hofors bruk")
    assert after["address"]["street"] == before["address"]["street"]
    assert [one["status"] for one in at_server(signed_in, "goals", account) if one["title"] == "No stop in winter"] == [
        "reached"
    ]
    row = server(signed_in, person)
    assert row["preferred_times"] == "before nine"
    assert {"channel": "sms", "status": "withdrawn", "source": "Said at a visit"}.items() <= row["consent"][-1].items()
    page.goto(signed_in.server.url + person)
    page.get_by_text("Who said what, when").click()
    expect(page.get_by_text("Text messages: not wanted")).to_be_visible()


# Taps the button of the form, and the pill in the very moment in which it is said that it is saved.
ON_AT_ONCE = """() => new Promise((done) => {
    new MutationObserver((_, watching) => {
        if (!document.body.textContent.includes('Saved on this phone')) return;
        watching.disconnect();
        document.querySelector('.pill').click();
        done();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    document.querySelector('.bar button[type=submit]').click();
})"""


def test_who_goes_on_as_soon_as_it_is_said_is_not_taken_back_to_where_the_form_leads(signed_in: Phone) -> None:
    account = an_account(signed_in, "Norrvik")
    offline(signed_in)
    page = signed_in.page
    page.get_by_role("button", name="Write down").click()
    page.get_by_role("link", name=re.compile("^Note")).click()
    page.get_by_label("Note", exact=True).fill("Saved in passing.")
    page.evaluate(ON_AT_ONCE)
    expect(page.locator(".pill")).to_have_text("Offline · 1 unsent")
    page.wait_for_timeout(500)  # nothing is waited for: what must not come has time to
    expect(page).to_have_url(f"{signed_in.server.url}/unsent")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent and unsent")
    page.go_back()
    page.go_back()
    expect(page).to_have_url(signed_in.server.url + account)


# Taps the button of the form, and the pill in the very moment in which the screen is there that the form leads to.
ON_FROM_THERE = """() => new Promise((done) => {
    const form = document.querySelector('.screen');
    new MutationObserver((_, watching) => {
        if (document.querySelector('.screen') === form) return;
        watching.disconnect();
        document.querySelector('.pill').click();
        done();
    }).observe(document.body, { subtree: true, childList: true });
    document.querySelector('.bar button[type=submit]').click();
})"""


def test_who_goes_on_from_where_the_form_led_is_where_the_address_says(signed_in: Phone) -> None:
    account = an_account(signed_in, "Norrvik")
    offline(signed_in)
    page = signed_in.page
    page.get_by_role("button", name="Write down").click()
    page.get_by_role("link", name=re.compile("^Note")).click()
    page.get_by_label("Note", exact=True).fill("Saved in a hurry.")
    page.evaluate(ON_FROM_THERE)
    page.wait_for_timeout(500)  # nothing is waited for: what must not come has time to
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent and unsent")
    expect(page).to_have_url(f"{signed_in.server.url}/unsent")
    page.go_back()
    expect(page).to_have_url(signed_in.server.url + account)
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()


def test_a_form_that_lacks_something_says_what_and_saves_nothing(signed_in: Phone) -> None:
    page = signed_in.page
    account = an_account(signed_in, "Norrvik")
    page.goto(f"{signed_in.server.url}{account}/promise")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_text("Say what you promise. Say by when.")
    expect(page.get_by_label("What you promise")).to_be_focused()
    expect(page.get_by_text(SAVED)).to_have_count(0)
    assert stored(page, "mutation") == []
