"""Every screen of the phone app: how a rep gets there, and when it is filled."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.writing import save


def _sign_in(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_label("Password")).to_be_visible()


def _today(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("a.card[href^='/visits/']").first).to_be_visible()


def _visit(page: Page, url: str) -> None:
    _today(page, url)
    page.locator("a.card[href^='/visits/']").first.click()
    expect(page.locator("section.hero .row").first).to_be_visible()
    _unfold(page)


def _evidence(page: Page, url: str) -> None:
    _visit(page, url)
    page.locator("section.hero button.row").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _account(page: Page, url: str) -> None:
    _visit(page, url)
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    _unfold(page)


def _unfold(page: Page) -> None:
    while (closed := page.locator("main details:not([open]) > summary")).count():
        closed.first.click()


def _accounts(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts")
    expect(page.locator(".hits a").first).to_be_visible()


def _nothing_found(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts?q=zzzz")
    expect(page.get_by_text("Nothing found for")).to_be_visible()


def _me(page: Page, url: str) -> None:
    page.goto(f"{url}/me")
    expect(page.get_by_role("heading", name="Freshness")).to_be_visible()


def _not_found(page: Page, url: str) -> None:
    page.goto(f"{url}/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")


def _task(task: str) -> Callable[[Page, str], None]:
    """A form about the first visit's account."""

    def show(page: Page, url: str) -> None:
        _account(page, url)
        page.goto(f"{page.url}/{task}")
        expect(page.get_by_role("button", name=re.compile("^(Save|Send)$"))).to_be_visible()

    return show


def _menu(page: Page, url: str) -> None:
    _today(page, url)
    page.get_by_role("button", name="Log a visit").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _log(page: Page, url: str) -> None:
    """A report with everything unfolded."""
    _today(page, url)
    page.locator("a.card[href^='/visits/']:has(.matters)").last.click()
    page.get_by_role("link", name="Log visit").click()
    page.get_by_label("Wants a quote").check()
    page.get_by_role("button", name="Somebody new").click()
    page.get_by_role("button", name="Add a promise").click()
    page.get_by_label("Another time").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="Say what you promised")).to_be_visible()


def _person(page: Page, url: str) -> None:
    _account(page, url)
    page.locator("a[href^='/people/']").first.click()
    page.get_by_text("Who said what, when").click()


def _person_task(task: str) -> Callable[[Page, str], None]:
    def show(page: Page, url: str) -> None:
        _person(page, url)
        page.goto(f"{page.url}/{task}")
        expect(page.get_by_role("button", name="Save")).to_be_visible()

    return show


def _talk(page: Page, url: str) -> None:
    """A thread with a message that is unsent, and the next one begun."""
    _task("talk")(page, url)
    page.context.set_offline(True)
    page.get_by_role("button", name="Attach a line of the briefing").click()
    page.get_by_role("list", name="Lines of the briefing").get_by_role("button").first.click()
    page.get_by_label("Message", exact=True).fill("Who has the offer of last spring?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message").last.locator(".unsent")).to_be_attached()
    page.get_by_role("button", name="Mention a colleague").click()


def _unsent(page: Page, url: str) -> None:
    """Something unsent, something begun."""
    _account(page, url)
    page.context.set_offline(True)
    account = page.url
    page.goto(f"{account}/note")
    page.get_by_label("Note", exact=True).fill("They run line 2 until May.")
    save(page)
    page.goto(f"{account}/promise")
    page.get_by_label("What you promise").fill("A price for")
    page.locator(".pill").click()
    expect(page.get_by_role("heading", name="Begun, not saved")).to_be_visible()


def _attention(page: Page, url: str) -> None:
    """A promise that the server refused with what hangs on it, and two versions of one field."""
    _account(page, url)
    account = page.url
    page.context.set_offline(True)
    page.goto(f"{account}/promise")
    page.get_by_label("What you promise").fill("Visit the pump factory")
    page.get_by_label("Another day").fill("2300-01-01")
    save(page)
    page.get_by_role("button", name="Kept: Visit the pump factory").click()
    expect(page.get_by_text("Promise kept")).to_be_visible()
    page.goto(f"{account}/change")
    page.get_by_label("Industry").fill(f"Pulp {secrets.token_hex(2)}")
    save(page)
    expect(page.locator(".pill")).to_have_text("Offline · 3 unsent")
    _change_at_server(page, url, account, f"Paper mill {secrets.token_hex(2)}")
    page.context.set_offline(False)
    page.goto(f"{url}/unsent")
    expect(page.locator(".pill")).to_have_text("2 need attention")
    expect(page.get_by_role("heading", name=re.compile("^Two versions"))).to_be_visible()


def _change_at_server(page: Page, url: str, account: str, industry: str) -> None:
    request = page.context.request
    csrf = request.get(f"{url}/api/v1/session").json()["csrf_token"]
    row = f"{url}/api/v1{account.removeprefix(url)}"
    version = request.get(row).headers["etag"]
    answer = request.patch(row, data={"industry": industry}, headers={"x-csrf-token": csrf, "if-match": version})
    assert answer.ok, answer.text()


def _edit_refused(page: Page, url: str) -> None:
    _attention(page, url)
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("button", name="Send again")).to_be_visible()


def _devices(page: Page, url: str) -> None:
    page.goto(f"{url}/me/devices")
    expect(page.locator("article.hero")).to_contain_text("This device")


def _notices(page: Page, url: str) -> None:
    page.goto(f"{url}/me/notices")
    expect(page.get_by_role("heading", name="What", exact=True)).to_be_visible()
    page.get_by_label("Lines of every kind").uncheck()
    expect(page.get_by_text("Worth offering")).to_be_visible()


# Two customers' names in one line: of such an event the rep is asked.
UNSURE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Doorstep//Tests//EN
BEGIN:VEVENT
UID:unsure-{token}
SUMMARY:Lunch Hestra and Norrvik
DTSTART:{day}T110000Z
DTEND:{day}T120000Z
LOCATION:Gävle
END:VEVENT
BEGIN:VEVENT
UID:broken-{token}
SUMMARY:Nobody knows when
DTSTART:soon
END:VEVENT
END:VCALENDAR
"""


def import_unsure(page: Page, url: str) -> None:
    """Give the rep a calendar with an event that may be two customers', and one that cannot be read."""
    csrf = page.context.request.get(f"{url}/api/v1/session").json()["csrf_token"]
    day = f"{datetime.now(UTC) + timedelta(days=2):%Y%m%d}"
    text = UNSURE.format(token=secrets.token_hex(4), day=day).replace("\n", "\r\n")
    answer = page.context.request.post(
        f"{url}/api/v1/calendars:import",
        data=text.encode(),
        headers={"content-type": "text/calendar", "x-csrf-token": csrf},
    )
    assert answer.ok, answer.text()


def _calendars(page: Page, url: str) -> None:
    import_unsure(page, url)
    page.goto(f"{url}/me/calendars")
    expect(page.get_by_role("link", name=re.compile("^Whose visit is this"))).to_be_visible()
    page.get_by_text("could not be read").first.click()
    page.get_by_label("CalDAV").check()
    again = page.get_by_role("button", name="New address")
    expect(page.get_by_role("button", name="Make an address").or_(again)).to_be_visible()
    if again.is_visible():
        again.click()
        page.get_by_role("button", name="Make a new one").click()
    else:
        page.get_by_role("button", name="Make an address").click()
    expect(page.get_by_role("button", name="Copy")).to_be_visible()


def _matches(page: Page, url: str) -> None:
    import_unsure(page, url)
    page.goto(f"{url}/me/matches")
    page.get_by_role("button", name="Another customer").first.click()
    page.get_by_label("Another customer").fill("a")
    expect(page.locator(".inset .candidate").first).to_be_visible()


def _leaving(page: Page, url: str) -> None:
    _unsent(page, url)
    page.goto(f"{url}/me/leaving")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Delete and sign out")).to_be_visible()


def _choose(page: Page, url: str) -> None:
    page.goto(f"{url}/choose/walk-in")
    expect(page.locator(".hits a").first).to_be_visible()


BEFORE_SIGN_IN = "sign-in"
SCREENS: dict[str, Callable[[Page, str], None]] = {
    BEFORE_SIGN_IN: _sign_in,
    "today": _today,
    "visit": _visit,
    "evidence": _evidence,
    "account": _account,
    "accounts": _accounts,
    "nothing found": _nothing_found,
    "me": _me,
    "not found": _not_found,
    "what to write": _menu,
    "log a visit": _log,
    "choose an account": _choose,
    "plan a visit": _task("plan"),
    "note": _task("note"),
    "promise": _task("promise"),
    "goal": _task("goal"),
    "new person": _task("person"),
    "change account": _task("change"),
    "person": _person,
    "change person": _person_task("change"),
    "consent": _person_task("consent"),
    "talk": _talk,
    "unsent": _unsent,
    "needs attention": _attention,
    "edit what was refused": _edit_refused,
    "devices": _devices,
    "notices": _notices,
    "calendars": _calendars,
    "whose visit": _matches,
    "leaving": _leaving,
}
