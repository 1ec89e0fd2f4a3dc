"""Every screen, light and dark: nothing for axe to find, large enough to hit, and never wider than the phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Phone
from tests.browser.measure import AXE, axe_violations
from tests.browser.screens import BEFORE_SIGN_IN, SCREENS
from tests.browser.server import SignIn
from tests.browser.writing import stored


def show(phone: Phone, screen: str, rep: SignIn) -> Page:
    """Bring a screen up, signed in unless it is the door, and filled."""
    if screen != BEFORE_SIGN_IN:
        phone.sign_in(rep)
    SCREENS[screen](phone.page, phone.server.url)
    return phone.page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing(new_phone: Callable[..., Phone], rep: SignIn, screen: str, scheme: str) -> None:
    phone = new_phone(color_scheme=scheme, reduced_motion="reduce")
    phone.context.add_init_script(path=AXE)
    assert axe_violations(show(phone, screen, rep)) == []


# What a finger aims at, as it sees it: a control, or the label around one; and never smaller than 48 px. Links within a
# running text are as high as their line and are left out by what they are inside of.
SMALL = """() => [...document.querySelectorAll('a, button, summary, input, textarea, select, [role=button]')]
    .filter((one) => one.checkVisibility() && !one.closest('dialog:not([open])'))
    .map((one) => [one.closest('label') && one.matches('[type=radio], [type=checkbox], [type=file]') ? one.closest('label') : one, one])
    .map(([area, one]) => [area.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
    .filter(([box]) => box.width > 0 && (box.height < 47.5 || box.width < 47.5))
    .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""

WIDE = """() => [...document.querySelectorAll('main *, header *, .bar *, .nav *')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 0.5)
    .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("screen", SCREENS)
def test_targets_are_48_px_and_nothing_scrolls_sideways_on_a_narrow_phone(
    new_phone: Callable[..., Phone], rep: SignIn, screen: str
) -> None:
    phone = new_phone(viewport={"width": 320, "height": 640})
    page = show(phone, screen, rep)
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(WIDE) == []


def test_the_longest_e_mail_address_makes_no_page_wider_than_the_phone(
    new_phone: Callable[..., Phone], rep: SignIn
) -> None:
    phone = new_phone(viewport={"width": 320, "height": 640})
    phone.sign_in(rep)
    longest = max(stored(phone.page, "person"), key=lambda one: len(one["email"] or ""))
    page = phone.open(f"/people/{longest['id']}")
    expect(page.get_by_role("link", name=longest["email"])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


SMALL_TEXT = """() => {
const walker = document.createTreeWalker(document.getElementById('app'), NodeFilter.SHOW_TEXT);
const small = new Set();
while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !parent.checkVisibility()) continue;
    if (parseFloat(getComputedStyle(parent).fontSize) >= 16) continue;
    if (parent.closest('.src, .pill, .sign, h2, th, time small, .plot, .chart h3 span')) continue;
    small.add(parent.outerHTML.slice(0, 120));
}
return [...small];
        }"""


@pytest.mark.parametrize("screen", SCREENS)
def test_reading_text_is_16_px_and_only_sources_are_smaller(
    new_phone: Callable[..., Phone], rep: SignIn, screen: str
) -> None:
    page = show(new_phone(), screen, rep)
    assert page.evaluate(SMALL_TEXT) == []


def test_the_layout_does_not_shift_while_the_day_is_opened(new_phone: Callable[..., Phone], rep: SignIn) -> None:
    phone = new_phone()
    phone.sign_in(rep)
    phone.context.add_init_script(
        """addEventListener('DOMContentLoaded', () => { window.shift = 0; });
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });"""
    )
    page = phone.open("/")
    expect(page.locator("a.card").first).to_be_visible()
    page.wait_for_timeout(1500)
    assert page.evaluate("window.shift") < 0.01
