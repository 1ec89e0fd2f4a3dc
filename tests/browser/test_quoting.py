"""Quoting on the phone, on the real server: configured and priced with no network, sent when there is one, the same to the cent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import quoting
from tests.browser.conftest import Phone
from tests.browser.server import Server, SignIn
from tests.browser.writing import SAVED, all_sent, an_account, offline, online, stored, until

FRAME = "Framework agreement 12 %"


@pytest.fixture(scope="module")
def _with_catalogue(chromium: Browser, _running: Server, rep: SignIn) -> Iterator[Phone]:
    with quoting.selling(chromium, _running, rep) as phone:
        yield phone


@pytest.fixture
def seller(_with_catalogue: Phone) -> Phone:
    """A phone of the rep that holds the catalogue, in reach, with nothing unsent. The tests share it: each begins a quote of its own."""
    _with_catalogue.context.set_offline(False)
    page = _with_catalogue.open("/unsent")
    page.get_by_role("button", name=re.compile("^(Send|Update) now$")).click()
    all_sent(page)
    return _with_catalogue


def configuring(phone: Phone) -> str:
    """A pump on a new quote of some account, being configured; the quote's path."""
    account = an_account(phone, "Norrvik")
    path = quoting.new_quote(phone.page, account)
    quoting.add(phone.page, "PX process pump")
    expect(phone.page.locator(".sub", has_text="always completable")).to_be_visible()
    return path


def test_offline_an_excluded_option_says_why_is_taken_by_a_swap_and_given_back_by_undo(seller: Phone) -> None:
    page = seller.page
    offline(seller)
    configuring(seller)
    quoting.option(page, "Medium", "Paper pulp").click()
    quoting.group(page, "Seal and bearings")
    single = quoting.option(page, "Shaft seal", "Single, carbon")
    expect(single).to_have_class(re.compile(r"\bout\b"))
    expect(single).to_contain_text("swap 1")
    expect(single).to_be_enabled()
    page.get_by_role("region", name="Shaft seal", exact=True).locator("summary").click()
    expect(page.get_by_role("region", name="Shaft seal", exact=True).locator(".reasons")).to_contain_text("Rule ")
    single.click()
    expect(single).to_have_attribute("aria-pressed", "true")
    said = page.locator(".said")
    expect(said).to_contain_text("Given up: Medium Paper pulp")
    said.get_by_role("button", name="Undo").click()
    expect(single).to_have_attribute("aria-pressed", "false")
    quoting.group(page, "What it pumps")
    expect(quoting.option(page, "Medium", "Paper pulp")).to_have_attribute("aria-pressed", "true")


def test_the_price_at_the_thumb_follows_each_tap_and_opens_into_its_steps(seller: Phone) -> None:
    page = seller.page
    configuring(seller)
    quoting.group(page, "Drive")
    larger = quoting.option(page, "Motor", "7.5 kW")
    expect(larger).to_contain_text(re.compile(r"\+.SEK"))
    before = quoting.price_of(page)
    larger.click()
    expect(page.locator(".price strong")).not_to_have_text(before)
    page.locator(".price").click()
    steps = page.get_by_role("dialog")
    expect(steps).to_contain_text("Motor")
    expect(steps).to_contain_text("Net")


@pytest.mark.parametrize(
    ("room", "feature", "value"),
    [
        # Its examination is a part of the whole price, and a seal comes along.
        ("What it pumps", "Explosion zone", "Zone 1"),
        # A swap, which takes more along than it gives up.
        ("Seal and bearings", "Shaft seal", "Magnetic drive"),
    ],
)
def test_the_figure_beside_a_value_is_what_the_price_moves_by_when_it_is_taken(
    seller: Phone, room: str, feature: str, value: str
) -> None:
    page = seller.page
    configuring(seller)
    quoting.option(page, "Medium", "Paper pulp").click()
    quoting.group(page, room)
    taken = quoting.option(page, feature, value)
    figure = taken.locator(".src").last
    expect(figure).to_have_text(re.compile(r"[+\u2212].SEK"))
    before, by = quoting.amount(quoting.price_of(page)), quoting.amount(figure.inner_text())
    assert by != 0
    taken.click()
    expect(taken).to_have_attribute("aria-pressed", "true")
    until(page, lambda: quoting.amount(quoting.price_of(page)) == before + by, f"{before} moved by {by}")


def priced_quote(phone: Phone, discount: str = "") -> str:
    """A quote with a pump, monitoring and service, priced; its path."""
    path = configuring(phone)
    quoting.finish(phone.page)
    quoting.add(phone.page, "Watch Plus")
    quoting.add(phone.page, "Care Plus")
    if discount:
        give_discount(phone.page, discount)
    return path


def give_discount(page: Page, percent: str) -> None:
    page.locator("summary", has_text="Give a discount").click()
    page.get_by_label("Percent", exact=True).fill(percent)
    page.get_by_label("Reason, as the customer reads it").fill("Third pump this year")


def test_what_the_phone_showed_offline_is_what_the_server_comes_to_line_by_line(seller: Phone) -> None:
    page = seller.page
    offline(seller)
    path = priced_quote(seller, discount="4")
    expect(page.get_by_text("Within your authority (5 %)")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    shown = next(one for one in stored(page, "quote") if one["id"] in path)
    number = page.get_by_role("heading", level=1).inner_text()
    online(seller)
    all_sent(page)
    kept = quoting.quote_at_server(seller, path)
    assert kept["digest"] == shown["digest"]
    assert {name: kept["totals"][name] for name in ("net", "gross", "currency")} == shown["totals"]
    assert f"Quote {kept['number']}" == number
    assert not kept.get("difference")
    assert not kept.get("faults")


def test_a_quote_sent_offline_says_so_keeps_its_number_and_goes_out_on_reconnection(seller: Phone) -> None:
    page = seller.page
    offline(seller)
    path = priced_quote(seller)
    number = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".pill")).to_have_text("Offline · 2 unsent")
    expect(page.get_by_role("region", name="State")).to_contain_text("Sent when online")
    online(seller)
    all_sent(page)
    page.goto(seller.server.url + path)
    expect(page.get_by_role("heading", level=1)).to_have_text(number)
    expect(page.get_by_role("button", name="Share the link").first).to_be_visible()
    kept = quoting.quote_at_server(seller, path)
    assert kept["status"] == "sent"
    assert f"Quote {kept['number']}" == number


def test_a_discount_beyond_the_reps_authority_goes_to_their_manager_who_approves_it(
    seller: Phone, new_phone: Callable[..., Phone]
) -> None:
    page = seller.page
    path = priced_quote(seller, discount="9")
    expect(page.get_by_text("Needs a manager.").first).to_be_visible()
    page.get_by_role("button", name="Ask for approval").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Why, for whoever approves").fill("They also asked Vesta")
    sheet.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("button", name="Waits for approval")).to_be_visible()
    all_sent(page)
    chief = new_phone()
    chief.sign_in(quoting.user_of("manager"))
    quoting.has_catalogue(chief.page)
    chief.page.goto(seller.server.url + path)
    expect(chief.page.get_by_text("They also asked Vesta").first).to_be_visible()
    chief.page.get_by_role("button", name="Approve").click()
    expect(chief.page.get_by_text("Approved. Saved on this phone")).to_be_visible()
    all_sent(chief.page)
    expect(page.get_by_text("Approved, not sent")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("button", name="Share the link").first).to_be_visible()
    assert quoting.quote_at_server(seller, path)["status"] == "sent"


def test_another_price_at_the_server_is_shown_by_both_figures_and_changes_nothing_until_it_is_taken(
    seller: Phone,
) -> None:
    page = seller.page
    account = an_account(seller, "Norrvik")
    offline(seller)
    path = priced_quote(seller)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    shown = next(one for one in stored(page, "quote") if one["id"] in path)
    with quoting.agreed(seller, account, "FA-88", reason=FRAME):
        online(seller)
        all_sent(page)
        page.goto(seller.server.url + path)
        card = page.get_by_role("region", name="Another price")
        expect(card).to_contain_text("The quote is as you left it until you decide")
        expect(card.locator("tbody tr").first).to_be_visible()
        kept = quoting.quote_at_server(seller, path)
        assert kept["difference"]["shown"]["net"] == shown["totals"]["net"] != kept["difference"]["priced"]["net"]
        card.get_by_role("button", name=re.compile("^Take")).click()
        expect(card).to_be_hidden()
        all_sent(page)
        kept = quoting.quote_at_server(seller, path)
        assert not kept.get("difference")
        until(
            page, lambda: figure(page.locator(".wf .sum .amount").last) == kept["totals"]["net"], "the price is theirs"
        )


def figure(amount: Locator) -> str:
    """`SEK 84,310.00` → `84310.00`"""
    return amount.inner_text().split()[-1].replace(",", "")


def test_what_the_server_refuses_comes_back_with_words_and_is_put_right_on_the_quote(seller: Phone) -> None:
    page = seller.page
    account = an_account(seller, "Norrvik")
    offline(seller)
    path = priced_quote(seller)
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".pill")).to_have_text("Offline · 2 unsent")
    with quoting.agreed(seller, account, "FA-88", reason=FRAME):
        online(seller)
        expect(page.locator(".pill")).to_have_text(re.compile("need"))
        page.get_by_role("link", name="Edit").first.click()
        expect(page.get_by_role("region", name="Not accepted").first).to_contain_text("The price is another one now")
        other = page.get_by_role("region", name="Another price")
        expect(other.locator("tbody")).to_contain_text("Watch Plus")
        other.get_by_role("button", name=re.compile("^Take")).click()
        expect(other).to_be_hidden()
        all_sent(page)
        page.get_by_role("button", name=re.compile("^Send")).click()
        expect(page.get_by_role("button", name="Share the link").first).to_be_visible()
        assert quoting.quote_at_server(seller, path)["status"] == "sent"


def test_a_button_that_is_tapped_twice_saves_and_sends_once(seller: Phone) -> None:
    page = seller.page
    offline(seller)
    quoting.new_quote(page, an_account(seller, "Norrvik"))
    quoting.add(page, "Watch Plus")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    expect(page.locator(".pill")).to_have_text("Offline · 1 unsent")
    page.get_by_role("button", name=re.compile("^Send")).dblclick()
    expect(page.get_by_role("region", name="State")).to_contain_text("Sent when online")
    expect(page.locator(".pill")).to_have_text("Offline · 2 unsent")
    online(seller)
    all_sent(page)


def test_a_quote_whose_day_is_past_is_not_sent_until_it_has_another(seller: Phone) -> None:
    page = seller.page
    offline(seller)
    quoting.new_quote(page, an_account(seller, "Norrvik"))
    quoting.add(page, "Watch Plus")
    page.locator("summary", has_text="Details").click()
    page.get_by_label("Another day").fill("2020-01-31")
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".said")).to_contain_text("It would hold until 31 January 2020, which is past.")
    expect(page.get_by_role("region", name="State")).to_have_count(0)
    page.get_by_label("In a month").check()
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("region", name="State")).to_contain_text("Sent when online")


def test_the_catalogue_is_on_the_phone_with_no_network_also_when_the_app_is_opened_anew(seller: Phone) -> None:
    offline(seller)
    seller.page.close()
    seller.page = seller.context.new_page()
    page = seller.open("/quotes")
    expect(page.locator(".sub", has_text="Prices of")).to_be_visible()
    configuring(seller)
    models = {one["key"]: len(one["models"]) for one in stored(page, "catalogue_content")}
    assert models["rosvall"] == 1


def test_guided_questions_set_and_narrow_and_everything_can_be_taken_back(seller: Phone) -> None:
    page = seller.page
    configuring(seller)
    page.get_by_role("button", name="Ask me").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Paper pulp").click()
    flow = sheet.get_by_label("What flow, in m³/h?")
    flow.fill("9000")
    sheet.get_by_role("button", name="Answer: 9000 m³/h").click()
    expect(sheet.get_by_text("Nothing here is made for that much. At most 420 m³/h.")).to_be_visible()
    flow.fill("30")
    flow.press("Enter")
    expect(sheet.get_by_text("Size DN 65 or DN 80")).to_be_visible()
    sheet.get_by_role("button", name="Close", exact=True).click()
    expect(quoting.option(page, "Medium", "Paper pulp")).to_have_attribute("aria-pressed", "true")
    quoting.group(page, "Hydraulics")
    size = page.get_by_role("region", name="Size", exact=True)
    expect(size).to_contain_text("one of 2")
    beyond = quoting.option(page, "Size", "DN 200")
    expect(beyond).to_have_class(re.compile(r"\bout\b"))
    expect(beyond).to_contain_text("You answered DN 65 or DN 80: swap 1")
    page.get_by_role("group", name="Help with configuring").get_by_role("button", name="Undo").click()
    expect(size).to_contain_text("7 possible")


def test_a_question_is_answered_and_the_next_version_is_compared_with_the_first(seller: Phone) -> None:
    page = seller.page
    path = quoting.new_quote(page, an_account(seller, "Norrvik"))
    quoting.add(page, "Watch Plus")
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("button", name="Share the link").first).to_be_visible()
    offer = f"{seller.server.url}/api/v1/offers/{quoting.quote_at_server(seller, path)['link'].split('/')[-1]}"
    asked = seller.context.request.post(f"{offer}:ask", data={"text": "Does it warn by text message?", "line": "l1"})
    assert asked.ok, asked.text()
    question = page.get_by_role("region", name="Questions of the customer")
    expect(question).to_contain_text("Does it warn by text message?")
    question.get_by_label("Your answer").fill("By text message and by mail.")
    question.get_by_role("button", name="Answer").click()
    expect(question).to_contain_text("answered")
    assert "By text message and by mail." in seller.context.request.get(offer).text()

    page.get_by_role("button", name="New version").click()
    expect(page.locator(".sub").first).to_contain_text("Version 2")
    page.get_by_role("link", name=re.compile("^Watch Plus")).click()
    page.get_by_role("button", name="Quantity: more").click()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Quote "))
    expect(page.get_by_role("button", name="Share the link")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("button", name="Share the link").first).to_be_visible()
    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_text("Version 1").first).to_be_visible()
    expect(page.get_by_text("Quantity: 1 → 2")).to_be_visible()


def test_a_running_subscription_grows_by_what_was_paid_for_it_in_the_currency_it_was_paid_in(seller: Phone) -> None:
    page = seller.page
    runs = next(
        one for one in stored(page, "subscription") if one.get("sku") == "WATCH-S" and one["status"] == "active"
    )
    path = quoting.new_quote(page, f"/accounts/{runs['account_id']}")
    has = page.get_by_role("region", name="What they have")
    has.get_by_role("button", name=re.compile("Watch Standard")).click()
    page.get_by_role("dialog").get_by_role("button", name="Make this quote in EUR").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Add to it")).click()
    expect(page.get_by_role("region", name="How this price came about")).to_contain_text(
        "1 piece at the price paid for"
    )
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    shown = next(one for one in stored(page, "quote") if one["id"] in path)
    all_sent(page)
    kept = quoting.quote_at_server(seller, path)
    assert (kept["digest"], kept["totals"]["currency"]) == (shown["digest"], "EUR")
