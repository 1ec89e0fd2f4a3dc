"""What people type for where their calendar is, made an address. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_BARE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?(/\S*)?", re.IGNORECASE)
_CALDAV = frozenset({"webcal", "webcals", "caldav", "caldavs", "dav", "davs"})

# Services whose CalDAV server cannot be found from the name that people know them by, as each documents it.
_SERVERS = {
    "https://caldav.icloud.com": "icloud.com me.com mac.com",
    "https://caldav.fastmail.com": "fastmail.com fastmail.fm app.fastmail.com",
    "https://caldav.calendar.yahoo.com": "yahoo.com calendar.yahoo.com",
    "https://caldav.aol.com": "aol.com",
    "https://caldav.gmx.net": "gmx.net gmx.de gmx.at gmx.ch",
    "https://caldav.web.de": "web.de",
    "https://dav.mailbox.org": "mailbox.org",
    "https://posteo.de:8443": "posteo.de posteo.net",
}
SERVERS = {name: server for server, names in _SERVERS.items() for name in names.split()}
_GOOGLE = (
    "Google lets nobody in with a password here. Follow the calendar by its address instead: in Google Calendar, Settings, "
    "your calendar, Integrate calendar, “Secret address in iCal format”."
)
_MICROSOFT = (
    "Outlook has no CalDAV. Follow the calendar by its address instead: in Outlook on the web, Settings, Calendar, Shared "
    "calendars, Publish a calendar, the ICS link."
)
_WITHOUT = {
    _GOOGLE: "gmail.com googlemail.com google.com calendar.google.com apidata.googleusercontent.com",
    _MICROSOFT: "outlook.com hotmail.com live.com office365.com outlook.office365.com outlook.office.com outlook.live.com",
}
WITHOUT_CALDAV = {name: why for why, names in _WITHOUT.items() for name in names.split()}


def https(url: str) -> str:
    """`webcal://` is what calendars call https (and whoever meant http is led there by a redirect, or asks for it).

    So are `caldav://` and `dav://`, and what begins with the name of a host: nobody types `https://` with a thumb.
    """
    scheme, mark, rest = url.strip().partition("://")
    if mark:
        return f"https://{rest}" if scheme.lower() in _CALDAV else url.strip()
    return f"https://{scheme}" if _BARE.fullmatch(scheme) else scheme


def caldav_server(text: str) -> str | None:
    """Where the calendars of a mail address or of a service that is known by another name may be found; None for others.

    A mail address stands for its domain's well-known address (RFC 6764 § 6).
    """
    name, at, domain = text.strip().rpartition("@")
    if name and at and "/" not in text and _BARE.fullmatch(domain):
        return SERVERS.get(domain.lower()) or f"https://{domain}/.well-known/caldav"
    parts = _parts(text)
    return SERVERS.get(_host(text)) if parts is not None and parts.path in ("", "/") else None


def without_caldav(text: str) -> str | None:
    """Why nothing is followed there by CalDAV, and what to do instead; None for other services."""
    host = text.strip().rpartition("@")[2].lower() if "/" not in text and "@" in text else _host(text)
    return WITHOUT_CALDAV.get(host)


def _host(text: str) -> str:
    parts = _parts(text)
    return ((parts.hostname if parts else None) or "").removeprefix("www.")


def _parts(text: str) -> SplitResult | None:
    try:
        return urlsplit(https(text))
    except ValueError:
        return None
