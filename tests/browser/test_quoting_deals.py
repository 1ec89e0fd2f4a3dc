"""What makes a deal more than a list of products: steps, use, options, sets; a quote handed over, copied and withdrawn."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pypdf import PdfReader

from app.cpq.catalogue import read_catalogue
from app.cpq.compile import compile_product
from tests.browser import quoting
from tests.browser.conftest import Phone
from tests.browser.server import Server, SignIn
from tests.browser.writing import SAVED, all_sent, an_account, stored, until
from tests.support.compiled_models import CLOSED


@pytest.fixture(scope="module")
def phone_of_module(chromium: Browser, _running: Server, rep: SignIn) -> Iterator[Phone]:
    with quoting.selling(chromium, _running, rep) as phone:
        phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield phone


@pytest.fixture
def seller(phone_of_module: Phone, server: Server) -> Phone:
    """The tests share a phone; each begins a quote of its own."""
    return phone_of_module


@pytest.fixture(scope="module")
def customer(phone_of_module: Phone) -> str:
    """The path of the account that is quoted to."""
    return an_account(phone_of_module, "Norrvik")


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def of_line(page: Page, product: str) -> Locator:
    """What the quote says of a line."""
    return section(page, "Lines").get_by_role("listitem").filter(has=page.get_by_role("link", name=product))


def open_line(page: Page, product: str) -> None:
    of_line(page, product).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(product)


def done(page: Page) -> None:
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Quote "))


def saved(phone: Phone, path: str) -> dict[str, Any]:
    """The quote at the server, once it is saved there: priced the same as on the phone."""
    page = phone.page
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    shown = next(one for one in stored(page, "quote") if one["id"] in path)
    all_sent(page)
    kept = quoting.quote_at_server(phone, path)
    assert kept["digest"] == shown["digest"]
    assert not kept.get("difference")
    return kept


def sent(phone: Phone, path: str) -> dict[str, Any]:
    """The quote at the server, once it is sent."""
    page = phone.page
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("button", name="Share the link").first).to_be_visible()
    return quoting.quote_at_server(phone, path)


def net(page: Page) -> str:
    """The sum without tax."""
    return section(page, "How this price came about").locator(".sum .amount").last.inner_text()


def sums_to(page: Page, product: str) -> str:
    """What a line comes to, which the sum is once both are drawn."""
    amount = of_line(page, product).first.locator(".amount")
    until(
        page, lambda: quoting.amount(amount.inner_text()) == quoting.amount(net(page)), f"the sum is that of {product}"
    )
    return net(page)


def test_a_quantity_that_grows_in_steps_shows_each_price_and_sums_only_what_is_due_first(
    seller: Phone, customer: str
) -> None:
    page = seller.page
    path = quoting.new_quote(page, customer)
    quoting.add(page, "Watch Plus")
    open_line(page, "Watch Plus")
    page.locator("summary", has_text="Beginning, end and ramp").click()
    expect(page.get_by_text("Month to month has no steps")).to_be_visible()
    page.get_by_role("button", name="Grow in steps over one year").click()
    page.get_by_role("button", name="How many after 6 months: more").click()
    steps = section(page, "How this price came about")
    expect(steps).to_contain_text("To begin with: 1 each month, for 6 months")
    expect(steps).to_contain_text("From month 7: 3 each month, for 6 months")
    expect(page.locator(".price")).to_contain_text("from month 7")
    done(page)
    expect(of_line(page, "Watch Plus")).to_contain_text("in steps: 1, 3 after 6 months")
    sums_to(page, "Watch Plus")
    kept = saved(seller, path)
    assert [step["quantity"] for step in kept["content"]["lines"][0]["ramp"]] == ["1", "3"]


def test_a_shorter_term_takes_away_the_steps_after_its_end_says_so_and_gives_them_back(
    seller: Phone, customer: str
) -> None:
    page = seller.page
    quoting.new_quote(page, customer)
    quoting.add(page, "Watch Plus")
    open_line(page, "Watch Plus")
    page.locator("summary", has_text="Beginning, end and ramp").click()
    page.get_by_role("button", name="Grow in steps over one year").click()
    done(page)
    term = section(page, "Term of Watch Plus")
    term.get_by_text("What leaving early costs").click()
    expect(term.locator("tbody tr").last).to_contain_text("12 months")  # after which it has ended
    term.get_by_role("button", name=re.compile("^Month to month")).click()
    said = page.locator(".said")
    expect(said).to_contain_text("Steps after the end of this term are gone")
    expect(of_line(page, "Watch Plus")).not_to_contain_text("in steps")
    said.get_by_role("button", name="Undo").click()
    expect(of_line(page, "Watch Plus")).to_contain_text("in steps: 1, 2 after 6 months")
    expect(term.get_by_role("button", name=re.compile("^One year"))).to_have_attribute("aria-pressed", "true")


def test_the_use_that_is_expected_is_priced_tier_by_tier(seller: Phone, customer: str) -> None:
    page = seller.page
    path = quoting.new_quote(page, customer)
    quoting.add(page, "Watch readings")
    open_line(page, "Watch readings")
    page.get_by_label("Expected use, million readings").fill("twenty")
    expect(page.get_by_text("Write a figure.")).to_be_visible()
    page.get_by_label("Expected use, million readings").fill("20")
    steps = section(page, "How this price came about")
    expect(steps).to_contain_text("Usage, 20 million readings stated a month")
    expect(steps).to_contain_text("5 at SEK\u00a00.00: SEK\u00a00.00")
    expect(steps).to_contain_text("15 at SEK\u00a021.66: SEK\u00a0324.90")
    done(page)
    assert saved(seller, path)["content"]["lines"][0]["usage"] == {"quantity": "20"}


def test_a_set_costs_what_is_in_it_and_its_options_are_beside_the_sum(seller: Phone, customer: str) -> None:
    page = seller.page
    path = quoting.new_quote(page, customer)
    quoting.add(page, "Spares for two years")
    expect(of_line(page, "Spares for two years").first).to_contain_text("a set")
    sums_to(page, "Spares for two years")
    expect(of_line(page, "Spare impeller")).to_contain_text("not in the sum")
    steps = section(page, "How this price came about")
    steps.locator("summary", has_text="Bearing set").click()
    expect(steps).to_contain_text("Spares for two years: a tenth less")
    saved(seller, path)


def test_an_optional_line_is_not_in_the_sum_until_the_customer_takes_it(
    seller: Phone, customer: str, chromium: Browser
) -> None:
    page = seller.page
    path = quoting.new_quote(page, customer)
    for product in ("Watch Plus", "Care Plus"):
        quoting.add(page, product)
        expect(of_line(page, product)).to_be_visible()
    both = net(page)
    open_line(page, "Care Plus")
    page.get_by_label("It is optional").check()
    expect(page.get_by_label("Chosen to begin with")).not_to_be_checked()
    done(page)
    expect(of_line(page, "Care Plus")).to_contain_text("not in the sum")
    assert sums_to(page, "Watch Plus") != both
    link = sent(seller, path)["link"]
    with quoting.elsewhere(chromium) as context:
        offer = context.new_page()
        offer.goto(seller.server.url + link)
        sums = section(offer, "What it comes to")
        expect(sums).to_contain_text("Monthly")
        expect(sums).not_to_contain_text("Yearly")
        section(offer, "Care Plus").get_by_label("Take this option").check()
        expect(sums).to_contain_text("Yearly")


def test_a_quote_is_shared_withdrawn_with_a_reason_and_copied_under_a_number_of_its_own(
    seller: Phone, customer: str, chromium: Browser
) -> None:
    page = seller.page
    path = quoting.new_quote(page, customer)
    quoting.add(page, "Watch Plus")
    kept = sent(seller, path)
    page.get_by_role("button", name="Share the link").first.click()
    expect(page.get_by_text("The link is copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == seller.server.url + kept["link"]
    with quoting.elsewhere(chromium) as context:
        offer = context.new_page()
        offer.goto(address)
        expect(offer.get_by_text(kept["number"]).first).to_be_visible()

        page.get_by_role("button", name="Withdraw").click()
        sheet = page.get_by_role("dialog")
        sheet.get_by_role("button", name="Withdraw").click()
        expect(sheet.get_by_text("Say why in a few words.")).to_be_visible()
        sheet.get_by_label("Why, for colleagues").fill("Wrong plant")
        sheet.get_by_role("button", name="Withdraw").click()
        expect(section(page, "State")).to_contain_text("Withdrawn: “Wrong plant”")
        all_sent(page)
        offer.reload()
        expect(offer.get_by_role("heading", level=1)).to_have_text("This offer is no longer open")

    number = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Copy").click()
    copy = page.get_by_role("heading", level=1)
    expect(copy).to_have_text(re.compile(rf"^(?!{number}$)Quote \d{{4}}-"))
    expect(of_line(page, "Watch Plus")).to_be_visible()
    copied = saved(seller, page.evaluate("location.pathname"))
    assert copied["number"] != kept["number"]
    assert copied["status"] == "draft"
    assert copied["content"]["lines"] == kept["content"]["lines"]
    assert quoting.quote_at_server(seller, path)["status"] == "withdrawn"


def test_a_price_step_without_a_reason_is_called_by_its_kind_on_the_phone_the_page_and_paper(
    seller: Phone, chromium: Browser
) -> None:
    page = seller.page
    account = an_account(seller, "Dalstrand")
    with quoting.agreed(seller, account, "FA-91", id="x7-internal"):
        path = quoting.new_quote(page, account)
        quoting.add(page, "Watch Plus")
        words = "Discount, 12 % (agreement FA-91)"
        steps = section(page, "How this price came about")
        expect(steps).to_contain_text(words)
        expect(steps).not_to_contain_text("x7-internal")
        link = sent(seller, path)["link"]
        with quoting.elsewhere(chromium) as context:
            offer = context.new_page()
            offer.goto(seller.server.url + link)
            offer.get_by_text("How this price came about").click()
            expect(section(offer, "Watch Plus")).to_contain_text(words)
            expect(offer.get_by_text("x7-internal")).to_have_count(0)
            token = link.split("/")[-1]
            pdf = context.request.get(f"{seller.server.url}/api/v1/offers/{token}/document.pdf").body()
        paper = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages)
        assert words in re.sub(r"\s+", " ", paper)
        assert "x7-internal" not in paper


def pump_by_sat() -> str:
    """The model of the sample pump as SAT serves it, base64."""
    catalogue = read_catalogue(quoting.CATALOGUE.read_text("utf-8"))
    pump = next(product for product in catalogue.configurable if product.sku == "PX")
    compiled = compile_product(catalogue, pump, CLOSED)
    assert compiled.artefact.engine == "sat"
    return base64.b64encode(compiled.data).decode()


def test_a_model_that_sat_serves_says_that_it_is_slower_and_answers_all_the_same(
    new_phone: Callable[..., Phone], rep: SignIn, customer: str
) -> None:
    phone = new_phone()

    def by_sat(route: Route) -> None:
        content = route.fetch().json()
        content["models"]["PX"] = pump_by_sat()
        route.fulfill(json=content)

    phone.context.route("**/api/v1/catalogs/*/content", by_sat)
    phone.sign_in(rep)
    quoting.has_catalogue(phone.page)
    page = phone.page
    quoting.new_quote(page, customer)
    quoting.add(page, "PX process pump")
    expect(page.get_by_text("A very large model.")).to_be_visible()
    expect(page.locator(".sub", has_text="ways not counted")).to_be_visible()
    quoting.option(page, "Medium", "Paper pulp").click()
    expect(quoting.option(page, "Medium", "Paper pulp")).to_have_attribute("aria-pressed", "true")
    quoting.group(page, "Seal and bearings")
    single = quoting.option(page, "Shaft seal", "Single, carbon")
    expect(single).to_contain_text("swap 1")
    single.click()
    expect(page.locator(".said")).to_contain_text("Given up: Medium Paper pulp")
