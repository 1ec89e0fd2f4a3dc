"""The second way: who has no device that takes notices gets mail, by a real SMTP conversation."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import trustme
from structlog import BoundLogger, wrap_logger
from structlog.testing import LogCapture

from app.config import Settings
from app.foundation import changes, clock
from app.foundation.db import Database, table_of
from app.foundation.outbound import OutboundClient
from app.foundation.outbound_addresses import AddressPolicy
from app.push import jobs, mail, sending
from app.push.mail import Mailer
from app.push.sending import Office
from app.push.tables import PushDevice
from app.push.web_push import Sender, topic_of
from tests.support.mail_server import MailServer
from tests.support.notices import PATIENCE, PUBLIC, Telling, at
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
    # No line without its source and its date, in either form.
    assert "  Ticket 4812 · Doorstep, 23 November\r\n" in text and "Ticket 4812 · Doorstep, 23 November<" in html
    assert (notice["channel"], notice["state"]) == (f"email:{topic_of(rep.user_id)}", "sent")


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


def test_a_mail_server_that_is_away_for_an_hour_gets_the_evening_notice_when_it_is_back(rep: Telling) -> None:
    assert rep.mailer is not None
    arranged(rep)
    with MailServer() as later:
        port = later.port
    away = replace(rep.mailer, port=port)
    with_mailer(rep, away)
    for minute in range(0, 60, 2):
        rep.work(at(18, minute, days=-1))
    assert {notice["reason"] for notice in rep.notices()} == {"mail-server-unreachable"}
    with MailServer() as back:
        with_mailer(rep, replace(rep.mailer, port=back.port))
        for minute in range(0, 20, 2):
            rep.work(at(19, minute, days=-1))
        assert [letter["Subject"] for _, letter in back.taken] == ["Tomorrow 10:00 · Norrvik Paper"]
        (notice,) = rep.notices()
        assert notice["state"] == "sent" and back.taken[0][1]["Message-ID"] == f"<{notice['id']}@sales.example>"


def with_mailer(rep: Telling, mailer: Mailer) -> None:
    """Send by this one from now on."""
    client = OutboundClient("Doorstep/test", AddressPolicy.parse([rep.service.host]), PATIENCE)
    jobs.register(Office(Sender(client, "mailto:it@north.example"), PUBLIC, mailer))


def test_what_keeps_a_letter_from_leaving_is_in_the_log_without_the_address(
    rep: Telling, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = LogCapture()
    monkeypatch.setattr(sending, "log", wrap_logger(None, processors=[told], wrapper_class=BoundLogger))
    arranged(rep)
    server.answers.append("550 no such user")
    rep.pass_time(at(8, 59), at(9, 1))
    (entry,) = told.entries
    assert (entry["event"], entry["problem"]) == ("mail not taken", "mail-refused")
    assert "rep@north.example" not in str(entry)


def letter(mailer: Mailer) -> Any:
    """What comes of one letter."""
    from app.push.message import Notice, VisitFacts

    visit = VisitFacts("0193d5a0-0000-7000-8000-000000000003", "a", "Norrvik", at(10), at(11), "Europe/Stockholm")
    notice = Notice("0193d5a0-0000-7000-8000-000000000004", visit, None, at(9))
    outcome = mailer.send(notice, "Åsa Öberg\r\nBcc: x@y.example", "rep@north.example", at(9))
    return outcome.fate.value, outcome.problem.slug if outcome.problem else None


def test_letters_without_an_address_to_lead_to_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    told = LogCapture()
    monkeypatch.setattr(mail, "log", wrap_logger(None, processors=[told], wrapper_class=BoundLogger))
    assert Mailer.from_settings(Settings(smtp_host="mail.example", public_url="https://sales.example")) is not None
    assert told.entries == [] and Mailer.from_settings(Settings(smtp_host="mail.example")) is not None
    assert [entry["event"] for entry in told.entries] == ["letters have no address to lead to; set DOORSTEP_PUBLIC_URL"]


def test_no_name_adds_a_header_or_markup_to_a_letter() -> None:
    from app.push.mail import letter_of
    from app.push.message import Notice, VisitFacts

    name = 'Norrvik\r\nBcc: x@y.example\r\n\r\n<script>alert("1")</script>'
    visit = VisitFacts(
        "0193d5a0-0000-7000-8000-000000000003", "a", name, at(10), at(11), "Europe/Stockholm", place=name
    )
    notice = Notice("0193d5a0-0000-7000-8000-000000000004", visit, None, at(9))
    made = letter_of(notice, (name, "rep@north.example"), "doorstep@sales.example", PUBLIC, at(9))
    sent = message_from_bytes(made.as_bytes(), policy=default)
    assert set(sent) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert [address.addr_spec for address in sent["To"].addresses] == ["rep@north.example"]
    _, html = (part.get_content() for part in sent.iter_parts())
    assert "<script" not in html and "&lt;script&gt;" in html


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
