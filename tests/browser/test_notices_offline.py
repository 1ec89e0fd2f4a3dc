"""Out of reach, the notices screen offers nothing that cannot be done."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.server import SignIn
from tests.browser.writing import offline, online


def test_with_no_network_switching_on_says_what_it_needs(new_phone: Callable[..., Phone], rep: SignIn) -> None:
    phone = new_phone(permissions=["notifications"])
    phone.sign_in(rep)
    page = phone.open("/me/notices")
    switch = page.get_by_role("button", name="Switch on")
    expect(switch).to_be_visible()
    offline(phone)
    page.reload()
    expect(page.get_by_text("Switching it on needs a network")).to_be_visible()
    expect(switch).to_have_count(0)
    online(phone)
    page = phone.open("/me/notices")
    expect(switch).to_be_visible()
