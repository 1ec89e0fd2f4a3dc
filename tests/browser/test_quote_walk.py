"""The whole of it in one walk: configured and quoted at the table with no network, sent on reconnection, accepted by the
customer in another browser, and the accepted document is there.
"""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, expect

from tests.browser import PATIENCE_MS, quoting
from tests.browser.conftest import Phone
from tests.browser.measure import PHONE
from tests.browser.writing import all_sent, an_account, offline, online


def test_a_rep_quotes_offline_the_customer_accepts_in_another_browser_and_the_accepted_pdf_is_there(
    signed_in: Phone, chromium: Browser
) -> None:
    page = signed_in.page
    quoting.sell(signed_in.server.url)
    quoting.has_catalogue(page)

    # At the customer's table, with no signal.
    account = an_account(signed_in, "Norrvik")
    offline(signed_in)
    path = quoting.new_quote(page, account)
    quoting.add(page, "PX process pump")
    quoting.option(page, "Medium", "Paper pulp").click()
    quoting.group(page, "Drive")
    quoting.option(page, "Motor", "11 kW").click()
    expect(quoting.option(page, "Motor", "11 kW")).to_have_attribute("aria-pressed", "true")
    quoting.finish(page)
    quoting.add(page, "Watch Plus")
    page.get_by_role("link", name=re.compile("^Watch Plus")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Watch Plus")
    page.get_by_label("How many").check()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Quote "))
    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Quote ")
    net = page.locator(".wf .sum .amount").last.inner_text()
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".pill")).to_have_text("Offline · 2 unsent")

    # Back on the road.
    online(signed_in)
    all_sent(page)
    kept = quoting.quote_at_server(signed_in, path)
    assert (kept["status"], kept["number"]) == ("sent", number)
    assert figures(net) == kept["totals"]["net"]

    # The customer, elsewhere, with nothing but the link.
    elsewhere = chromium.new_context(**PHONE)
    customer = elsewhere.new_page()
    customer.set_default_timeout(PATIENCE_MS)
    customer.goto(signed_in.server.url + kept["link"])
    expect(customer.get_by_text(number).first).to_be_visible()
    expect(customer.get_by_text("11 kW").first).to_be_attached()
    customer.get_by_role("button", name="One more Watch Plus").click()
    expect(customer.get_by_role("heading", name="You changed the offer")).to_be_visible()
    customer.get_by_label("Your name").fill("Eva Lindqvist")
    customer.get_by_role("button", name="Accept with changes").click()
    expect(customer.get_by_text("Accepted").first).to_be_visible()
    pdf = elsewhere.request.get(f"{signed_in.server.url}/api/v1/offers/{kept['link'].split('/')[-1]}/document.pdf")
    assert pdf.ok and pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF-")
    elsewhere.close()

    # The rep is told, and has the document of what was accepted.
    page.goto(signed_in.server.url + path)
    expect(page.get_by_text(re.compile("^Accepted by Eva Lindqvist"))).to_be_visible()
    done = quoting.quote_at_server(signed_in, path)
    accepted = f"{signed_in.server.url}/api/v1/quotes/{done['id']}/versions/{done['version']}/document.pdf"
    document = signed_in.context.request.get(accepted)
    assert document.ok and document.body().startswith(b"%PDF-")
    assert done["status"] == "accepted"
    [watch] = [line for line in done["content"]["lines"] if line["sku"] == "WATCH-P"]
    assert watch["quantity"] == "2", json.dumps(done["content"])


def figures(shown: str) -> str:
    """`SEK 84,310.00` → `84310.00`"""
    return shown.split()[-1].split("\u00a0")[-1].replace(",", "")
