"""Signing out leaves nothing; updating loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Phone
from tests.browser.server import Server, SignIn, sample_reps
from tests.browser.writing import until

REMAINS = """async () => ({
    databases: (await indexedDB.databases()).map((one) => one.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    keys: Object.keys(localStorage),
})"""


def sign_out(page: Page) -> None:
    page.get_by_role("link", name="Me", exact=True).click()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def only_left(page: Page, keys: list[str]) -> None:
    """Wait until nothing remains of the app but `keys`: the form shows before all is removed."""
    nothing = {"databases": [], "caches": [], "workers": 0, "keys": keys}
    until(
        page, lambda: page.evaluate(REMAINS) == nothing, lambda: f"nothing remains but {keys}: {page.evaluate(REMAINS)}"
    )


def session_ended(page: Page) -> None:
    """Wait until this page, which may be loaded anew just now, has no session any more."""
    status = "fetch('/api/v1/session').then((answer) => answer.status)"
    until(page, lambda: page.evaluate(status) == 401, "the session has ended at the server")


def test_signing_out_removes_everything_and_ends_the_session(signed_in: Phone) -> None:
    page = signed_in.page
    with page.expect_event("load"):
        sign_out(page)
    expect(page.get_by_label("Password")).to_be_visible()
    only_left(page, [])
    session_ended(page)


def test_signing_out_with_no_network_empties_the_phone_and_tells_the_server_later(signed_in: Phone) -> None:
    page = signed_in.page
    signed_in.context.set_offline(True)
    sign_out(page)
    only_left(page, ["doorstep.sign-out-owed"])
    signed_in.context.set_offline(False)
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.goto(signed_in.server.url, wait_until="commit")  # it is loaded once more when the server was told
    only_left(page, [])
    session_ended(page)


ROWS = """() => new Promise((done, fail) => {
    const open = indexedDB.open('doorstep');
    open.onerror = fail;
    open.onsuccess = () => {
        const read = open.result.transaction(['me', 'account']);
        const [me, accounts] = ['me', 'account'].map((name) => read.objectStore(name).getAll());
        read.oncomplete = () => {
            open.result.close();
            done({ me: me.result.map((row) => row.email), accounts: accounts.result.map((row) => row.name).sort() });
        };
    };
})"""


def test_another_rep_signing_in_on_the_phone_finds_nothing_of_the_one_before(signed_in: Phone, rep: SignIn) -> None:
    page = signed_in.page
    before = page.evaluate(ROWS)
    signed_in.context.clear_cookies()
    signed_in.open("/")
    expect(page.locator(".pill")).to_have_text("Sign in again")
    other = sample_reps()[1]
    page.locator(".pill").click()
    page.get_by_label("E-mail").fill(other.email)
    page.get_by_label("Password").fill(other.password)
    page.get_by_role("button", name="Sign in again").click()
    expect(page.locator(".pill")).to_have_text(re.compile("^All sent"))
    after = page.evaluate(ROWS)
    assert (before["me"], after["me"]) == ([rep.email], [other.email])
    assert after["accounts"], "the other rep has accounts"
    assert after["accounts"] != before["accounts"]


def test_one_tab_signing_out_empties_the_other(signed_in: Phone) -> None:
    other = signed_in.context.new_page()
    other.goto(f"{signed_in.server.url}/")
    expect(other.get_by_text("figures as of")).to_be_visible()
    sign_out(signed_in.page)
    expect(other.get_by_label("Password")).to_be_visible()


@pytest.fixture
def changed_build(server: Server) -> Iterator[None]:
    """A newer build at the server: another worker and another page."""
    files = {name: (server.build / name).read_text("utf-8") for name in ("worker.js", "index.html")}
    newer = re.sub(r"shell-[0-9a-f]{12}", "shell-000000000000", files["worker.js"])
    assert newer != files["worker.js"]
    (server.build / "worker.js").write_text(newer, "utf-8")
    page = files["index.html"].replace("<body>", '<body data-build="newer">')
    (server.build / "index.html").write_text(page, "utf-8")
    yield
    for name, content in files.items():
        (server.build / name).write_text(content, "utf-8")


def test_a_newer_version_waits_until_the_rep_takes_it(signed_in: Phone, changed_build: None) -> None:
    page = signed_in.open("/")
    expect(page.get_by_text("A new version is ready.")).to_be_visible()
    expect(page.locator("body")).not_to_have_attribute("data-build", "newer")
    page.reload()
    expect(page.locator("body")).not_to_have_attribute("data-build", "newer")
    page.get_by_role("button", name="Update").click()
    expect(page.locator("body")).to_have_attribute("data-build", "newer")
    expect(page.get_by_text("A new version is ready.")).to_be_hidden()
    until(page, lambda: page.evaluate("caches.keys()") == ["shell-000000000000"], "the old shell is gone")
    signed_in.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("figures as of")).to_be_visible()
