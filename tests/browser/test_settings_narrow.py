"""Settings on the narrowest phone: nothing lies over another or beyond the edge; a day that has to stay is shown as staying."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Phone
from tests.browser.server import SignIn, sample_rep, sample_users
from tests.browser.test_jobs_screen import park, store

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 568}}
# What a thumb or an eye is to find, which is not inside the screen, or lies over its neighbour in the same field.
CLASHES = """() => {
    const boxes = [...document.querySelectorAll('main input, main button, main a.btn, main b, main .src, main .address')]
        .map((one) => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
    const beyond = boxes.filter(([, box]) => box.left < 0 || box.right > innerWidth).map(([one]) => one.outerHTML.slice(0, 120));
    const inputs = boxes.filter(([one]) => one.matches('input[type=time]'));
    const over = inputs.filter(([one, a]) => inputs.some(([other, b]) =>
        one !== other && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    return [...beyond, ...over.map(([one]) => one.outerHTML.slice(0, 120))];
}"""

__all__ = ["store"]


def narrow(new_phone: Callable[..., Phone], who: SignIn) -> Phone:
    phone = new_phone(**NARROW)
    phone.sign_in(who)
    return phone


def preferences(phone: Phone) -> dict[str, Any]:
    """As the server has them."""
    found: dict[str, Any] = phone.context.request.get(f"{phone.server.url}/api/v1/notice-preferences").json()
    return found


def test_notices_fit_on_the_narrowest_phone(new_phone: Callable[..., Phone]) -> None:
    page = narrow(new_phone, sample_rep()).open("/me/notices")
    expect(page.get_by_role("heading", name="What", exact=True)).to_be_visible()
    assert page.evaluate(CLASHES) == []


def test_a_job_with_a_long_name_fits_on_the_narrowest_phone(new_phone: Callable[..., Phone], store: Any) -> None:
    park(store, "partner.kind_of_which_nobody_here_has_heard_yet")
    (admin,) = [user for user, role in sample_users() if role == "administrator"]
    page = narrow(new_phone, admin).open("/me/jobs")
    shown = page.get_by_role("article").first
    shown.get_by_text("What it is about").click()
    assert page.evaluate(CLASHES) == []
    shown.get_by_role("button", name="Discard").click()
    shown.get_by_role("group").get_by_role("button", name="Discard").click()
    expect(shown).to_have_count(0)


def test_the_last_working_day_stays_and_is_seen_to_stay(signed_in: Phone) -> None:
    page = signed_in.open("/me/notices")
    days = page.get_by_role("group", name="Working days")
    for day in ("Mon", "Tue", "Wed", "Thu"):
        days.get_by_label(day, exact=True).uncheck()
    last = days.get_by_label("Fri", exact=True)
    last.click()
    expect(page.get_by_role("alert").filter(has_text="At least one day stays a working day.")).to_be_visible()
    expect(last).to_be_checked()
    for day in ("Mon", "Tue", "Wed", "Thu"):
        days.get_by_label(day, exact=True).check()
    for _ in range(200):
        if preferences(signed_in)["working_days"] == [1, 2, 3, 4, 5]:
            break
        page.wait_for_timeout(50)
    page.reload()
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
        expect(page.get_by_label(day, exact=True)).to_be_checked()


def test_what_was_not_kept_is_said_where_it_was_tapped(signed_in: Phone) -> None:
    page = signed_in.open("/me/notices")
    mail = page.get_by_label("By e-mail instead")
    expect(mail).to_be_checked()
    mail.scroll_into_view_if_needed()
    signed_in.context.set_offline(True)
    mail.click()
    expect(page.get_by_role("alert").filter(has_text="Not kept")).to_be_in_viewport()
    expect(mail).to_be_checked()
