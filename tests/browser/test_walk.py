"""What a rep does in the morning, online: sign in, look at the day, read a briefing, find an account."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.server import SignIn
from tests.browser.writing import an_account, stored, until


def test_a_wrong_password_is_said_and_nothing_is_kept(phone: Phone, rep: SignIn) -> None:
    page = phone.open("/")
    page.get_by_label("E-mail").fill(rep.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("This e-mail and password do not belong together.")
    assert page.evaluate("localStorage.length") == 0


def test_today_lists_the_visits_with_time_place_and_the_line_that_matters(signed_in: Phone) -> None:
    page = signed_in.page
    visits = page.locator("a.card[href^='/visits/']")
    expect(visits.first).to_be_visible()
    expect(visits.first.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d"))
    expect(visits.first.locator(".matters .sign")).to_be_visible()
    expect(page.get_by_text("figures as of")).to_be_visible()
    times = page.locator("a.card time").evaluate_all("all => all.map(one => one.dateTime)")
    assert times == sorted(times)


def test_what_comes_after_the_cards_of_a_briefing_is_not_there_to_be_tapped_before_they_are(signed_in: Phone) -> None:
    signed_in.context.add_init_script(
        "const idle = []; window.requestIdleCallback = (work) => idle.push(work); window.rest = () => idle.splice(0).map((work) => work())"
    )
    page = signed_in.open("/")
    path = page.locator("a.card[href^='/visits/']:has(.matters)").first.get_attribute("href") or ""
    for address, last in ((path, "a.talk-card"), (an_account(signed_in, "Norrvik"), "a.item[href^='/visits/']")):
        signed_in.open(address)
        expect(page.locator("main section.card").first).to_be_visible()
        expect(page.locator("main section:has(button.row)")).not_to_have_count(0)
        assert (
            page.locator(last).and_(page.locator("section:has(button.row) ~ *, section:has(button.row) ~ * *")).count()
            == 0
        )
        until(
            page,
            lambda last=last: page.evaluate("rest().length") == 0 and page.locator(last).count(),
            "the rest is drawn",
        )


def test_every_line_of_a_briefing_opens_what_it_rests_on(signed_in: Phone) -> None:
    page = signed_in.page
    page.locator("a.card[href^='/visits/']").first.click()
    lines = page.locator("section.hero button.row")
    expect(lines.first).to_be_visible()
    assert 1 <= lines.count() <= 5
    for line in lines.all():
        line.click()
        sheet = page.get_by_role("dialog")
        expect(sheet.get_by_text("Source")).not_to_have_count(0)
        expect(sheet.get_by_text("As of")).not_to_have_count(0)
        sheet.get_by_role("button", name="Close").click()
        expect(sheet).to_be_hidden()
        expect(line).to_be_focused()


def test_a_usage_chart_has_its_sentence_and_a_table_behind_it(signed_in: Phone) -> None:
    page = signed_in.page
    charted = {one["visit_id"] for one in stored(page, "briefing") if any(card.get("charts") for card in one["cards"])}
    visit = min((one for one in stored(page, "visit") if one["id"] in charted), key=lambda one: one["starts_at"])
    signed_in.open(f"/visits/{visit['id']}")
    chart = page.locator(".chart").first
    expect(chart.get_by_role("img", name=re.compile("^Chart: "))).to_be_visible()
    chart.get_by_text("Table", exact=True).click()
    expect(chart.get_by_role("row")).to_have_count(29)


def test_an_account_is_found_by_part_of_its_name_without_its_diacritics(signed_in: Phone) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_role("searchbox").fill("brannland")
    expect(page.locator(".hits a")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Brännland")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Brännland"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("brannland")


def test_a_search_without_result_says_what_was_searched(signed_in: Phone) -> None:
    page = signed_in.open("/accounts?q=zzzz")
    expect(page.get_by_text("Nothing found for “zzzz”")).to_be_visible()


def test_who_asked_not_to_be_called_has_no_call_button(signed_in: Phone) -> None:
    page = signed_in.page
    account_ids = page.evaluate(
        """() => new Promise((done, fail) => {
            const open = indexedDB.open('doorstep');
            open.onerror = fail;
            open.onsuccess = () => {
                const all = open.result.transaction('person').objectStore('person').getAll();
                all.onsuccess = () => {
                    open.result.close();
                    done(all.result.filter((one) => one.consent?.phone === 'withdrawn').map((one) => [one.account_id, one.name]));
                };
            };
        })"""
    )
    assert account_ids, "the sample territory has somebody who asked not to be called"
    account_id, name = account_ids[0]
    signed_in.open(f"/accounts/{account_id}")
    expect(page.get_by_text("Asked not to be").first).to_be_visible()
    expect(page.get_by_role("link", name=f"Call {name}")).to_have_count(0)


def test_the_theme_is_chosen_and_kept(signed_in: Phone) -> None:
    page = signed_in.open("/me")
    page.get_by_label("Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_label("Dark")).to_be_checked()
    expect(page.locator("body")).to_have_css("background-color", "rgb(16, 22, 28)")


def test_figures_of_more_than_a_day_ago_are_said_to_be_out_of_date(
    new_phone: Callable[..., Phone], rep: SignIn
) -> None:
    phone = new_phone()
    phone.sign_in(rep)
    phone.context.set_offline(True)
    phone.page.clock.install(time=phone.page.evaluate("Date.now() + 30 * 3600 * 1000") / 1000)
    page = phone.open("/")
    expect(page.get_by_text("Out of date.")).to_be_visible()


# Nothing was drawn, moved or scrolled for a while.
AT_REST = """() => new Promise((done) => {
    const all = () => [scrollY, document.documentElement.scrollHeight, document.querySelectorAll('*').length].join();
    let [last, still] = [all(), 0];
    const look = () => {
        still = all() === last ? still + 1 : 0;
        last = all();
        if (still >= 30) done(true);
        else requestIdleCallback(() => requestAnimationFrame(look), { timeout: 200 });
    };
    look();
})"""


def test_going_back_returns_to_where_the_list_was_left(signed_in: Phone) -> None:
    with signed_in.page.expect_response("**/api/v1/calendars"):  # with what is unsure in them, Today is complete
        page = signed_in.open("/")
    visit = page.locator("a.card[href^='/visits/']").nth(6).get_attribute("href")
    card = page.locator(f"a.card[href='{visit}']")
    card.scroll_into_view_if_needed()
    until(page, lambda: page.evaluate(AT_REST), "the list is drawn and lies still")
    before = card.bounding_box()
    card.click()
    expect(page.locator("a.back")).to_have_text("Today")  # the list has such a link too, but not this one
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(card).to_be_visible()
    until(page, lambda: page.evaluate(AT_REST), "the list is drawn and lies still")
    after = card.bounding_box()
    assert before and after
    assert abs(after["y"] - before["y"]) < 48, "the same card is about where it was"


def test_the_app_can_be_installed(signed_in: Phone) -> None:
    session = signed_in.context.new_cdp_session(signed_in.page)
    errors = {error["errorId"] for error in session.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert errors <= {"in-incognito"}, "nothing but that a test's browser keeps no profile"
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []


def test_an_address_that_does_not_exist_says_so(signed_in: Phone) -> None:
    page = signed_in.open("/nowhere/at/all")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
