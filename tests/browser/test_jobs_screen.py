"""Background work on an administrator's phone: what was given up and why, tried again with one tap, or discarded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from app.foundation import clock
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.outbox import JOBS
from app.foundation.tables import Organisation
from tests.browser.conftest import Phone
from tests.browser.server import Server, SignIn, sample_users
from tests.browser.writing import offline

REASON = "UnreachableError: feeds.nordlake.example did not answer within 20 s"


@pytest.fixture
def store(server: Server) -> Iterator[Database]:
    """The server's own database."""
    database = Database(f"sqlite:///{server.home / 'doorstep.db'}")
    yield database
    database.dispose()


@pytest.fixture
def admin(new_phone: Callable[..., Phone]) -> Phone:
    (who,) = [user for user, role in sample_users() if role == "administrator"]
    phone = new_phone()
    phone.sign_in(who)
    return phone


def park(database: Database, kind: str) -> str:
    """A job of the sample organisation that was given up two hours ago."""
    job_id, now = new_id(), clock.now()
    with database.write() as session:
        values = {
            "id": job_id, "org_id": session.scalar(sa.select(Organisation.id)), "kind": kind, "lane": "slow",
            "payload": {"feed_id": new_id()}, "run_at": now, "attempts": 8, "state": "parked", "last_error": REASON,
            "created_at": now - timedelta(hours=2),
        }  # fmt: skip
        session.execute(sa.insert(JOBS), values)
    return job_id


def test_what_was_given_up_is_seen_with_its_reason_and_tried_again(admin: Phone, store: Database) -> None:
    job_id = park(store, "news.poll")
    page = admin.open("/me")
    page.get_by_role("link", name="Background work").click()
    shown = page.get_by_role("article", name="Fetching a news feed")
    expect(shown).to_contain_text(REASON)
    expect(shown).to_contain_text("tried 8 times")
    expect(page.get_by_text("1 job was given up")).to_be_visible()
    shown.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Nothing was given up")).to_be_visible()
    expect(shown).to_have_count(0)
    with store.read() as session:  # the feed of that id is not there: the job is done, or about to be
        assert session.scalar(sa.select(JOBS.c.state).where(JOBS.c.id == job_id)) in (None, "queued", "running")


def test_what_is_discarded_is_asked_for_once_more(admin: Phone, store: Database) -> None:
    job_id = park(store, "calendar.poll")
    page = admin.open("/me/jobs")
    shown = page.get_by_role("article", name="Reading a calendar")
    shown.get_by_role("button", name="Discard").click()
    shown.get_by_role("button", name="Keep it").click()
    shown.get_by_role("button", name="Discard").click()
    shown.get_by_role("group").get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Nothing was given up")).to_be_visible()
    with store.read() as session:
        assert session.scalar(sa.select(JOBS.c.state).where(JOBS.c.id == job_id)) is None


def test_without_a_network_the_page_says_so(admin: Phone) -> None:
    offline(admin)
    page = admin.open("/me/jobs")
    expect(page.get_by_text("It cannot be reached now.")).to_be_visible()
    admin.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("How it stands")).to_be_visible()


def test_a_rep_is_not_led_there_and_is_refused(signed_in: Phone, rep: SignIn) -> None:
    page = signed_in.open("/me")
    expect(page.get_by_role("link", name="Your devices")).to_be_visible()
    expect(page.get_by_role("link", name="Background work")).to_have_count(0)
    signed_in.open("/me/jobs")
    expect(page.get_by_text("Your role or token lacks the scope jobs:read.")).to_be_visible()
