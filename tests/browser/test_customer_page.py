"""The customer's page on the real server: read, changed, asked about, accepted or declined, by whoever has the link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import PATIENCE_MS
from tests.browser.conftest import Phone
from tests.browser.measure import AXE, axe_violations
from tests.browser.quoting import Office, compiled, user_of
from tests.browser.server import Server
from tests.browser.test_accessibility import SMALL, WIDE
from tests.support.offering import CATALOGUE, content

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}


class Shop:
    """A seller at a desk, who sends a new offer when asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.office = Office(url, user_of("administrator"))
        headers = {"Content-Type": "application/json"}
        stored = self.office.call("POST", "/catalogs", data=orjson.dumps(CATALOGUE), headers=headers)
        stored = compiled(self.office, stored)
        self.office.call("POST", f"/catalogs/{stored['id']}/activate")
        self.account = self.office.call("GET", "/accounts?limit=1")["data"][0]["id"]

    def offer(self) -> Offer:
        """An offer that was just sent."""
        body = {
            "account_id": self.account, "title": "Bikes for the yard", "valid_until": "2099-12-31", "content": content(),
        }  # fmt: skip
        quote = self.office.call("POST", "/quotes", json=body)
        self.office.call("POST", f"/quotes/{quote['id']}:send", json={"revision": quote["revision"]})
        return Offer(self, quote["id"], self.office.call("GET", f"/quotes/{quote['id']}/link")["path"])


class Offer:
    """An offer that was sent, and the seller's view of it."""

    def __init__(self, shop: Shop, quote_id: str, path: str) -> None:
        self.shop, self.id, self.path = shop, quote_id, path

    def stands(self) -> Any:
        """The quote as the seller reads it."""
        return self.shop.office.call("GET", f"/quotes/{self.id}")


@pytest.fixture(scope="module")
def shop(_running: Server) -> Shop:
    return Shop(_running.url)


@pytest.fixture
def offer(shop: Shop) -> Offer:
    return shop.offer()


@pytest.fixture
def visit(chromium: Browser, offer: Offer) -> Iterator[Callable[..., Page]]:
    """`visit(color_scheme="dark")` opens the offer in a browser that knows nothing; none may have complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = offer.path, **options: Any) -> Page:
        context = chromium.new_context(**{**DESK, "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on(
            "console",
            lambda told: (
                complaints.append(told.text)
                if told.type in ("error", "warning") and "Failed to load resource" not in told.text
                else None
            ),
        )
        context.add_init_script(path=AXE)
        page = context.new_page()
        page.goto(offer.shop.url + path)
        return page

    yield open_page
    assert [context.cookies() for context in contexts if context.cookies()] == []
    for context in contexts:
        context.close()
    assert complaints == []


def line(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


def test_every_price_step_opens_and_adds_up_to_what_is_paid(visit: Callable[..., Page]) -> None:
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bikes for the yard")
    bike = line(page, "Cargo bike")
    bike.get_by_text("How this price came about").click()
    expect(bike.locator(".price-steps li")).to_have_count(7)
    expect(bike.locator(".price-steps li").nth(1)).to_contain_text("Motor: 250 W")
    expect(bike.locator(".price-steps li").nth(1)).to_contain_text("+\u00a0€\u00a01,200.00")
    expect(bike.locator(".price-steps .sum").first).to_contain_text("€\u00a08,600.00")
    bike.get_by_text("Configuration, 3 choices").click()
    expect(bike.get_by_text("30.5 of 40 kg")).to_be_visible()
    clauses = line(page, "Clauses")
    expect(clauses).to_contain_text("When missed, 5 % is credited for each case, up to 50 %.")


def test_changing_what_is_open_moves_the_price_and_takes_along_what_has_to(visit: Callable[..., Page]) -> None:
    page = visit()
    sums = line(page, "What it comes to")
    expect(sums).to_contain_text("€\u00a08,600.00")
    bike = line(page, "Cargo bike")
    never = bike.locator(".pick.out", has_text="900 W")
    expect(never).to_contain_text("The light frame does not carry 900 W.")
    strong = bike.locator("label.pick", has_text="750 W")
    expect(strong).to_contain_text("Strong motors take the large battery. Changes Battery to 900 Wh.")
    expect(strong.locator(".move")).to_have_text("+\u00a0€\u00a01,700.00")
    strong.click()
    expect(sums).to_contain_text("€\u00a010,300.00")
    expect(bike.locator("label.pick", has_text="250 W").locator(".move")).to_have_text("\u2212\u00a0€\u00a01,700.00")
    expect(strong.locator(".move")).to_have_text("chosen")
    expect(sums).to_contain_text("was €\u00a08,600.00")
    changed = line(page, "You changed the offer")
    expect(changed).to_contain_text("Cargo bike: Motor 750 W")
    expect(changed).to_contain_text("Battery changed with it, from 400 Wh to 900 Wh.")
    expect(page.locator("p[role=status]", has_text="Now € 10,300.00 once")).to_be_attached()
    lock = line(page, "Frame lock")
    lock.scroll_into_view_if_needed()
    expect(lock.locator(".move")).to_have_text("With it +\u00a0€\u00a0160.00")
    lock.get_by_label("Take this option").check()
    expect(sums).to_contain_text("€\u00a010,460.00")
    bike.scroll_into_view_if_needed()
    expect(bike.locator(".quantity .move").first).to_have_text("One more +\u00a0€\u00a05,150.00")
    bike.get_by_role("button", name="One more Cargo bike").click()
    expect(sums).to_contain_text("€\u00a015,610.00")
    line(page, "Theft watch").scroll_into_view_if_needed()
    expect(line(page, "Theft watch").locator("label.pick", has_text="One year").locator(".move")).to_have_text(
        "\u2212\u00a0€\u00a01.80 a month"
    )
    line(page, "Theft watch").get_by_label("One year").check()
    expect(sums).to_contain_text("€\u00a016.20")
    for words in ("Frame lock: taken", "Cargo bike: quantity 3", "Theft watch: One year"):
        expect(changed).to_contain_text(words)
    page.get_by_role("button", name="Back to the offer as sent").click()
    expect(sums).to_contain_text("€\u00a08,600.00")
    expect(line(page, "You changed the offer")).to_have_count(0)


def test_a_question_at_a_line_is_answered_there(visit: Callable[..., Page], offer: Offer) -> None:
    page = visit()
    bike = line(page, "Cargo bike")
    bike.get_by_role("button", name="Ask about this line").click()
    bike.get_by_label("Your question about Cargo bike").fill("Is it delivered assembled?")
    bike.get_by_role("button", name="Send").click()
    expect(bike.get_by_text("waiting for an answer")).to_be_visible()
    expect(bike.get_by_role("button", name="Ask about this line")).to_be_focused()
    [question] = offer.stands()["questions"]
    offer.shop.office.call(
        "POST", f"/quotes/{offer.id}/questions/{question['id']}:answer", json={"text": "Yes, ready to ride."}
    )
    page.reload()
    expect(line(page, "Cargo bike").get_by_text("Yes, ready to ride.")).to_be_visible()


def test_an_offer_is_accepted_with_changes_by_keyboard_alone_and_the_pdf_is_there(
    visit: Callable[..., Page], offer: Offer
) -> None:
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    line(page, "Cargo bike").get_by_role("radio", name=re.compile("^250 W")).focus()
    page.keyboard.press("ArrowDown")
    expect(line(page, "You changed the offer")).to_be_visible()
    page.get_by_label("Your name").focus()
    page.keyboard.type("Eva Lindqvist")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Accepted by Eva Lindqvist")).to_be_visible()
    stands = offer.stands()
    assert (stands["status"], stands["version"], stands["decided_by"]) == ("accepted", 2, "Eva Lindqvist")
    expect(page.locator("#decide")).to_have_count(0)
    pdf = page.context.request.get(f"{offer.shop.url}{page.get_by_role('link', name='PDF').get_attribute('href')}")
    assert pdf.ok and pdf.body().startswith(b"%PDF-1.7")


def test_an_offer_is_declined_with_a_reason(visit: Callable[..., Page], offer: Offer) -> None:
    page = visit()
    page.get_by_role("button", name="Decline instead").click()
    reason = page.get_by_label("Why not?")
    expect(reason).to_be_focused()
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("button", name="Decline instead")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Decline", exact=True).click()
    expect(page.get_by_text("Say why, in a few words.")).to_be_visible()
    expect(reason).to_be_focused()
    reason.fill("Delivery is too late for us.")
    page.get_by_role("button", name="Decline", exact=True).click()
    expect(page.get_by_text("Declined.")).to_be_visible()
    assert offer.stands()["decision_reason"] == "Delivery is too late for us."


def test_nobody_is_told_that_the_page_was_read_until_the_customer_says_so(
    visit: Callable[..., Page], offer: Offer
) -> None:
    page = visit()
    switch = page.get_by_label(re.compile("^Tell .* when I look at this offer"))
    expect(switch).not_to_be_checked()
    assert offer.stands()["status"] == "sent"
    switch.check()
    expect(page.get_by_text("They are told when the page is opened.")).to_be_visible()
    assert offer.stands()["status"] == "viewed"


def test_a_page_that_shows_an_older_version_does_not_accept_the_newer(visit: Callable[..., Page], offer: Offer) -> None:
    page = visit()
    page.get_by_label("Your name").fill("Eva")
    revision = offer.stands()["revision"]
    offer.shop.office.call("POST", f"/quotes/{offer.id}:revise", json={"revision": revision})
    page.get_by_role("button", name="Accept this offer").click()
    expect(page.get_by_text("newer version of this offer")).to_be_visible()
    page.reload()
    expect(page.get_by_text("A newer version is being made.")).to_be_visible()
    expect(page.get_by_role("button", name="Accept this offer")).to_have_count(0)


def test_links_that_lead_nowhere_any_more_say_so_in_plain_words(visit: Callable[..., Page], offer: Offer) -> None:
    forged = offer.path[:-3] + ("abc" if not offer.path.endswith("abc") else "abd")
    page = visit(forged)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no offer here")
    offer.shop.office.call("DELETE", f"/quotes/{offer.id}/link")
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_have_text("This offer is no longer open")
    expect(page.get_by_text("took this link back")).to_be_visible()


def test_without_a_network_nothing_is_lost_and_nothing_pretended(visit: Callable[..., Page], offer: Offer) -> None:
    page = visit(**NARROW)
    page.get_by_label("Your name").fill("Eva Lindqvist")
    page.context.set_offline(True)
    stronger = page.locator("label.pick", has_text="750 W")
    stronger.click()
    expect(page.locator(".offer-bar .problem")).to_be_in_viewport()  # where the thumb is, not below all of it
    expect(stronger.get_by_role("radio")).not_to_be_checked()
    page.get_by_role("button", name="Accept this offer").click()
    expect(page.locator("#decide").get_by_text("The server could not be reached.")).to_be_visible()
    assert offer.stands()["status"] == "sent"
    page.context.set_offline(False)
    page.get_by_role("button", name="Accept this offer").click()
    expect(page.get_by_text("Accepted by Eva Lindqvist")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, NARROW], ids=["desk", "phone"])
def test_axe_finds_nothing_and_everything_fits_and_can_be_hit(
    visit: Callable[..., Page], size: dict[str, Any], scheme: str
) -> None:
    page = visit(**size, color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    line(page, "Cargo bike").locator("label.pick", has_text="750 W").click()
    expect(line(page, "You changed the offer")).to_be_visible()
    while (closed := page.locator("details:not([open]) > summary")).count():
        closed.first.click()
    line(page, "Cargo bike").get_by_role("button", name="Ask about this line").click()
    assert axe_violations(page) == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate(WIDE.replace("main *", "body *")) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["viewport"]["width"]
    page.get_by_role("button", name="Decline instead").click()
    expect(page.get_by_label("Why not?")).to_be_visible()
    assert axe_violations(page) == []


def test_on_paper_all_steps_are_open_and_nothing_waits_for_a_tap(visit: Callable[..., Page]) -> None:
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("details[open]")).to_have_count(0)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("details:not([open])")).to_have_count(0)
    expect(page.get_by_text("Motor: 250 W")).to_be_visible()
    for hidden in (".open", ".asking", "#decide", ".offer-files", ".offer-watching"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("details[open]")).to_have_count(0)


KEPT = """async () => {
    const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
    const kept = (await Promise.all(caches_.map((one) => one.keys()))).flat().map((request) => request.url);
    return kept.filter((url) => /customer|[/]q[/]|offers/.test(url));
}"""


def test_a_rep_who_opens_the_link_sees_what_the_customer_sees_and_keeps_nothing_of_it(
    signed_in: Phone, offer: Offer
) -> None:
    page = signed_in.open(offer.path)
    expect(page.get_by_text("What it comes to")).to_be_visible()
    assert page.evaluate(KEPT) == []
