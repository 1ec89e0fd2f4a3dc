"""The second way: who has no device that takes notices gets mail, by a real SMTP conversation."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import trustme

from app.foundation import changes, clock
from app.foundation.db import Database, table_of
from app.push import jobs
from app.push.mail import Mailer
from app.push.tables import PushDevice
from tests.support.mail_server import MailServer
from tests.support.notices import PUBLIC, Telling, at
from tests.support.phones import Directory
from tests.support.push_service import PushService

DEVICES = table_of(PushDevice)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def rep(
    database: Database, directory: Directory, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Telling]:
    """A rep without a device, and a mail server."""
    monkeypatch.setattr(changes, "_listeners", [jobs.touched])
    mailer = Mailer("127.0.0.1", server.port, "none", sender="Doorstep <doorstep@sales.example>", public_url=PUBLIC)
    with PushService() as service, clock.fixed(at(9, days=-1)):
        rep = Telling(database, directory.orgs["north"], directory.users["rep@north"], service, mailer).open()
        with database.write() as session:
            session.execute(sa.delete(DEVICES))
        yield rep


def arranged(rep: Telling) -> str:
    """A visit on Tuesday at ten, with an urgent ticket to speak of."""
    with clock.fixed(at(9, days=-1)):
        rep.ticket("Seal <leaks> & drips")
        visit = rep.visit(at(10), place="Gefle")
        rep.brief()
    return visit


def test_who_has_no_device_gets_a_letter_an_hour_before(rep: Telling, server: MailServer) -> None:
    visit = arranged(rep)
    rep.pass_time(at(8, 59), at(9, 3))
    ((to, letter),) = server.taken
    (notice,) = rep.notices()
    assert to == ["rep@north.example"] and letter["Subject"] == "10:00 · Norrvik Paper"
    assert letter["Message-ID"] == f"<{notice['id']}@sales.example>" and letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] == f"<{PUBLIC}/me/notices>"
    text, html = (part.get_content() for part in letter.iter_parts())
    assert "Seal <leaks> & drips" in text and f"{PUBLIC}/visits/{visit}" in text and "Place: Gefle" in text
    assert "Seal &lt;leaks&gt; &amp; drips" in html and "<leaks>" not in html
    assert (notice["channel"], notice["state"]) == ("email", "sent")


def test_who_has_a_device_gets_none_until_it_is_gone(rep: Telling, server: MailServer) -> None:
    arranged(rep)
    browser = rep.device()
    rep.work(at(9))
    assert server.taken == [] and len(browser.delivered) == 1
    browser.always = (410, {})
    with clock.fixed(at(9, 5)):
        rep.ticket("Another")
    for minute in range(5, 10):
        rep.work(at(9, minute))
    assert [letter["Subject"] for _, letter in server.taken] == ["10:00 · Norrvik Paper"]


def test_who_wants_no_mail_gets_none(rep: Telling, server: MailServer) -> None:
    rep.prefer(email=False)
    arranged(rep)
    rep.pass_time(at(8, 59), at(9, 3))
    assert server.taken == [] and [notice["state"] for notice in rep.notices()] == ["skipped"]


def test_a_server_that_asks_for_patience_is_asked_again_and_one_that_refuses_is_not(
    rep: Telling, server: MailServer
) -> None:
    arranged(rep)
    server.answers.append("451 greylisted")
    rep.pass_time(at(8, 59), at(9, 4))
    assert len(server.taken) == 1 and [notice["state"] for notice in rep.notices()] == ["sent"]
    with clock.fixed(at(9, 5)):
        rep.ticket("Another")
    server.answers.append("550 no such user")
    rep.pass_time(at(9, 5), at(9, 12))
    assert len(server.taken) == 1
    assert {notice["reason"] for notice in rep.notices(state="failed")} == {"mail-refused"}


def letter(mailer: Mailer) -> Any:
    """What comes of one letter."""
    from app.push.message import Notice, VisitFacts

    visit = VisitFacts("0193d5a0-0000-7000-8000-000000000003", "a", "Norrvik", at(10), at(11), "Europe/Stockholm")
    notice = Notice("0193d5a0-0000-7000-8000-000000000004", visit, None, at(9))
    outcome = mailer.send(notice, "Åsa Öberg\r\nBcc: x@y.example", "rep@north.example", at(9))
    return outcome.fate.value, outcome.problem.slug if outcome.problem else None


def test_it_signs_in_over_tls_and_says_what_went_wrong(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with MailServer(context, "doorstep", "secret") as server:
        mailer = Mailer("127.0.0.1", server.port, "starttls", "doorstep", "secret", ca_file=str(tmp_path / "ca.pem"))
        assert letter(mailer) == ("accepted", None) and server.was_encrypted
        assert server.taken[0][1]["Bcc"] is None
        assert letter(replace(mailer, password="wrong")) == ("later", "mail-sign-in-refused")
        assert letter(replace(mailer, ca_file=None)) == ("later", "mail-server-unreachable")
        port = server.port
    assert letter(Mailer("127.0.0.1", port, "none")) == ("later", "mail-server-unreachable")
    assert "secret" not in repr(mailer)
