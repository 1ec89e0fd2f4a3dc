"""A notice by e-mail, for those whom no device can reach: text and simple HTML, by the installation's SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from urllib.parse import urlsplit

from app.config import Settings
from app.foundation.logs import log
from app.push.message import Notice, address_of, sourced, words
from app.push.problems import NamedProblem
from app.push.web_push import Fate, Outcome

PATIENCE = 15.0
RETRY = timedelta(minutes=1)
PREFERENCES = "/me/notices"
# Lines, each with its source.
Said = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Mailer:
    """An SMTP server. `tls` is `starttls`, `tls` (from the first byte) or `none`; without a user nobody signs in."""

    host: str
    port: int = 587
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "doorstep@localhost"
    public_url: str = ""
    ca_file: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Mailer | None:
        """The server of DOORSTEP_SMTP_HOST; None when there is none. Raises ValueError for an unknown DOORSTEP_SMTP_TLS."""
        if not settings.smtp_host:
            return None
        if settings.smtp_tls not in ("starttls", "tls", "none"):
            raise ValueError(f"DOORSTEP_SMTP_TLS: {settings.smtp_tls!r} is unknown; use starttls, tls or none.")
        if not settings.public_url:
            log.warning("letters have no address to lead to; set DOORSTEP_PUBLIC_URL")
        host = urlsplit(settings.public_url).hostname or "localhost"
        return cls(
            settings.smtp_host, settings.smtp_port, settings.smtp_tls, settings.smtp_user, settings.smtp_password,
            settings.smtp_from or f"doorstep@{host}", settings.public_url,
        )  # fmt: skip

    def send(self, notice: Notice, name: str, email: str, now: datetime) -> Outcome:
        """Send. Whatever goes wrong is an outcome, not an exception."""
        letter = letter_of(notice, (name, email), self.sender, self.public_url, now)
        try:
            with self._connected() as server:
                server.send_message(letter, from_addr=parseaddr(self.sender)[1], to_addrs=[email])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return _refused(code)
        except smtplib.SMTPAuthenticationError:
            return Outcome(Fate.LATER, _NO_SIGN_IN, RETRY)
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            return Outcome(Fate.LATER, _unreachable(f"{type(error).__name__}: {str(error)[:200]}"), RETRY)
        return Outcome(Fate.ACCEPTED)

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=self._context())
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            if self.tls == "starttls":
                server.starttls(context=self._context())
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


def letter_of(notice: Notice, to: tuple[str, str], sender: str, public_url: str, now: datetime) -> EmailMessage:
    """The e-mail of a notice. Its id is the notice's, so that one that is sent twice is one (RFC 5322 § 3.6.4)."""
    message, base = words(notice), public_url.rstrip("/")
    title, said = message.title, sourced(notice) or [(message.otherwise, "")]
    place = notice.visit.place if not notice.change.cancelled else None
    link, preferences = address_of(notice.visit.id, base), f"{base}{PREFERENCES}"
    name, address = to
    letter = EmailMessage(policy=SMTP)
    letter["Subject"] = title
    letter["From"] = sender
    letter["To"] = str(Address(" ".join(name.split()), addr_spec=address))
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{notice.id}@{urlsplit(base).hostname or 'localhost'}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["List-Unsubscribe"] = f"<{preferences}>"
    letter.set_content(_text(title, said, place, link, preferences))
    letter.add_alternative(_html(title, said, place, link, preferences), subtype="html")
    return letter


def _text(title: str, said: Said, place: str | None, link: str, preferences: str) -> str:
    lines = [f"- {line}\n  {source}" if source else f"- {line}" for line, source in said]
    where = [f"Place: {place}", ""] if place else []
    return "\n".join([title, "", *lines, "", *where, link, "", f"When and how you are told: {preferences}", ""])


def _html(title: str, said: Said, place: str | None, link: str, preferences: str) -> str:
    """In the app's colours; each line with its source below it. Styles stand where they hold: mail programs drop sheets."""
    rows = "".join(
        f'<p style="margin:0;padding:10px 0;border-top:1px solid #e4dfd6">{escape(line)}'
        + (f'<br><span style="font-size:13px;color:#55616d">{escape(source)}</span></p>' if source else "</p>")
        for line, source in said
    )
    where = f'<p style="margin:0 0 14px;color:#55616d">{escape(place)}</p>' if place else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title></head>"
        '<body style="margin:0;padding:16px 12px;background:#faf8f4">'
        '<div style="max-width:560px;margin:0 auto;padding:18px 20px;background:#fff;border:1px solid #e4dfd6;'
        "border-radius:16px;font:16px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:#17212b\">"
        f'<h1 style="margin:0 0 6px;font-size:21px;line-height:1.25">{escape(title)}</h1>{where}{rows}'
        f'<p style="margin:14px 0 0"><a href="{escape(link)}" style="display:block;padding:13px 16px;border-radius:12px;'
        'background:#0d5c63;color:#fff;font-weight:600;text-align:center;text-decoration:none">Open the briefing</a></p>'
        f'<p style="margin:14px 0 0;font-size:13px"><a href="{escape(preferences)}" style="color:#55616d">'
        "When and how you are told</a></p></div></body></html>\n"
    )


def _refused(code: int) -> Outcome:
    if 400 <= code < 500:
        return Outcome(Fate.LATER, _unreachable(f"It answered with {code}."), RETRY)
    detail = f"The mail server answered with {code}. Check the address of the user."
    return Outcome(Fate.REFUSED, NamedProblem("mail-refused", "The e-mail was refused", detail))


def _unreachable(why: str) -> NamedProblem:
    detail = f"{why} It is tried again within minutes."
    return NamedProblem("mail-server-unreachable", "The mail server does not take mail now", detail)


_NO_SIGN_IN = NamedProblem(
    "mail-sign-in-refused",
    "The mail server refused our sign-in",
    "Check DOORSTEP_SMTP_USER and DOORSTEP_SMTP_PASSWORD.",
)
