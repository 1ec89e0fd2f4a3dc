"""Every screen and sheet of quoting: nothing for axe to find, light and dark; large enough to hit and to read; never too wide.

One walk through all of them, as a rep gets there: each takes a quote that is further on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import quoting
from tests.browser.conftest import Phone
from tests.browser.measure import AXE, axe_violations
from tests.browser.server import SignIn
from tests.browser.test_accessibility import SMALL, SMALL_TEXT, WIDE
from tests.browser.writing import SAVED, an_account

WIDTH: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}


def test_quoting_can_be_read_reached_and_used_by_everybody(new_phone: Callable[..., Phone], rep: SignIn) -> None:
    phone = new_phone(viewport=WIDTH, reduced_motion="reduce")
    phone.context.add_init_script(path=AXE)
    phone.sign_in(rep)
    quoting.sell(phone.server.url)
    quoting.has_catalogue(phone.page)
    found = {name: faults for name in walk(phone) if (faults := faults_of(phone.page))}
    assert found == {}


def faults_of(page: Page) -> dict[str, object]:
    """What is wrong with the screen that is up."""
    found: dict[str, object] = {"text": page.evaluate(SMALL_TEXT)}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found[f"axe {scheme}"] = axe_violations(page)
    page.set_viewport_size(NARROW)
    found |= {"small": page.evaluate(SMALL), "wide": page.evaluate(WIDE)}
    page.set_viewport_size(WIDTH)
    page.emulate_media(color_scheme="light")
    return {name: faults for name, faults in found.items() if faults}


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    while (closed := page.locator("main details:not([open]) > summary")).count():
        closed.first.click()


def sheet(page: Page, button: str) -> Iterator[str]:
    """A sheet that a button opens."""
    page.get_by_role("button", name=button).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield button
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()


def walk(phone: Phone) -> Iterator[str]:
    """Bring up each screen in turn; gives its name."""
    page = phone.page
    path = quoting.new_quote(page, an_account(phone, "Norrvik"))
    yield "empty quote"
    page.get_by_role("link", name="Add a product").click()
    expect(page.get_by_role("heading", name="Watch")).to_be_visible()
    yield "products"
    page.locator("main button.item", has_text="PX process pump").click()
    quoting.option(page, "Medium", "Paper pulp").click()
    quoting.group(page, "Seal and bearings")
    expect(page.locator(".opt.out", has_text="swap 1").first).to_be_visible()
    unfold(page)
    yield "configure"
    quoting.group(page, "Hydraulics")
    expect(page.get_by_role("region", name="Stages")).to_be_visible()
    yield "steppers"
    for button in ("Ask me", "Compare", "Finish for me"):
        yield from sheet(page, button)
    page.locator(".price").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "price of a configuration"
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    quoting.finish(page)
    for product in ("Watch Plus", "Care Plus"):
        quoting.add(page, product)
    unfold(page)
    page.get_by_label("Percent", exact=True).fill("9")
    expect(page.get_by_text("Needs a manager.").first).to_be_visible()
    yield "quote"
    yield from sheet(page, "Ask for approval")
    page.locator(".lines a.name").first.click()
    expect(page.get_by_role("link", name="Configure")).to_be_visible()
    unfold(page)
    yield "line"
    page.goto(phone.server.url + path)
    page.locator(".lines a.name", has_text="Watch Plus").click()
    unfold(page)
    page.get_by_role("button", name="Grow in steps over one year").click()
    expect(page.get_by_role("button", name="Remove step 1")).to_be_visible()
    yield "ramp"
    page.goto(f"{phone.server.url}{path}/customer")
    expect(page.get_by_role("heading", name="What it is")).to_be_visible()
    unfold(page)
    yield "as the customer"
    phone.context.set_offline(True)
    page.goto(phone.server.url + path)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.goto(f"{phone.server.url}{path}/versions")
    expect(page.get_by_text("Versions are kept on the server")).to_be_visible()
    yield "versions, offline"
    page.goto(f"{phone.server.url}/quotes")
    expect(page.get_by_role("heading", name=re.compile("^Being written"))).to_be_visible()
    yield "quotes"
