"""WebDAV as CalDAV needs it: questions and answers in XML (RFC 4918, RFC 4791), nothing of the network. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from lxml import etree

DAV, CALDAV, SERVER = "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/"
NAMESPACES = {"d": DAV, "c": CALDAV, "cs": SERVER}
XML = 'application/xml; charset="utf-8"'
_DECLARED = f'xmlns:d="{DAV}" xmlns:c="{CALDAV}" xmlns:cs="{SERVER}"'


class NotDav(Exception):
    """The answer is no WebDAV multistatus."""


@dataclass(frozen=True)
class Collection:
    """A calendar on a server: absolute address, name, and its tag, which changes with anything in it."""

    url: str
    name: str
    ctag: str
    is_calendar: bool
    takes_events: bool


@dataclass(frozen=True)
class Member:
    """One calendar object: absolute address, ETag, and its text when it was asked for."""

    url: str
    etag: str
    data: str = ""


def propfind(*names: str) -> bytes:
    """The body of a PROPFIND for these properties, such as `d:displayname` (RFC 4918 § 9.1)."""
    wanted = "".join(f"<{name}/>" for name in names)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><d:propfind {_DECLARED}><d:prop>{wanted}</d:prop></d:propfind>'.encode()
    )


def query(starts_at: datetime, ends_at: datetime) -> bytes:
    """A calendar-query for the ETags of events that touch a time (RFC 4791 § 7.8). Times are aware UTC."""
    span = f'start="{starts_at:%Y%m%dT%H%M%SZ}" end="{ends_at:%Y%m%dT%H%M%SZ}"'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><c:calendar-query {_DECLARED}><d:prop><d:getetag/></d:prop><c:filter>'
        f'<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range {span}/></c:comp-filter>'
        "</c:comp-filter></c:filter></c:calendar-query>"
    ).encode()


def multiget(urls: Iterable[str]) -> bytes:
    """A calendar-multiget of these objects, with their text (RFC 4791 § 7.9)."""
    root = etree.Element(f"{{{CALDAV}}}calendar-multiget", nsmap=NAMESPACES)
    properties = etree.SubElement(root, f"{{{DAV}}}prop")
    etree.SubElement(properties, f"{{{DAV}}}getetag")
    etree.SubElement(properties, f"{{{CALDAV}}}calendar-data")
    for url in urls:
        etree.SubElement(root, f"{{{DAV}}}href").text = urlsplit(url).path
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def hrefs(body: bytes, base: str, prop: str) -> list[str]:
    """The absolute addresses in a property of a multistatus, such as `d:current-user-principal` (RFC 5397)."""
    found = _parsed(body).xpath(f"//d:propstat[{_GOOD}]/d:prop/{prop}/d:href", namespaces=NAMESPACES)
    return [absolute(base, node.text) for node in found if node.text and node.text.strip()]


def collections(body: bytes, base: str) -> list[Collection]:
    """The collections that a multistatus tells of."""
    return [_collection(answer, base) for answer in _answers(body)]


def members(body: bytes, base: str) -> list[Member]:
    """The calendar objects that a multistatus tells of; those that are gone are left out."""
    found = []
    for answer in _answers(body):
        etag = _text(answer, f"d:propstat[{_GOOD}]/d:prop/d:getetag")
        data = _text(answer, f"d:propstat[{_GOOD}]/d:prop/c:calendar-data")
        if etag or data:
            found.append(Member(absolute(base, _text(answer, "d:href")), etag, data))
    return found


_GOOD = 'contains(d:status, " 200") or not(d:status)'


def _collection(answer: etree._Element, base: str) -> Collection:
    prop = f"d:propstat[{_GOOD}]/d:prop"
    named = answer.xpath(f"{prop}/c:supported-calendar-component-set/c:comp/@name", namespaces=NAMESPACES)
    return Collection(
        url=absolute(base, _text(answer, "d:href")),
        name=_text(answer, f"{prop}/d:displayname"),
        # Without a tag of its own a collection has one by its synchronisation (RFC 6578 § 4).
        ctag=_text(answer, f"{prop}/cs:getctag") or _text(answer, f"{prop}/d:sync-token"),
        is_calendar=bool(answer.xpath(f"{prop}/d:resourcetype/c:calendar", namespaces=NAMESPACES)),
        takes_events=not named or any(str(name).upper() == "VEVENT" for name in named),
    )


def _answers(body: bytes) -> list[etree._Element]:
    return list(_parsed(body).xpath("/d:multistatus/d:response", namespaces=NAMESPACES))


def _parsed(body: bytes) -> etree._Element:
    """The document element of a multistatus. No entities, no network, no huge trees. Raises NotDav."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotDav("It is not XML.") from error
    if root.tag != f"{{{DAV}}}multistatus":
        raise NotDav("It is not a WebDAV answer.")
    return root


def _text(node: etree._Element, path: str) -> str:
    found = node.xpath(path, namespaces=NAMESPACES)
    return "".join(found[0].itertext()).strip() if found else ""


def absolute(base: str, href: str) -> str:
    """An absolute address in one spelling: servers escape paths in different ways, and the same server in two.

    Raises NotDav for what is no address.
    """
    try:
        parts = urlsplit(urljoin(base, href.strip()))
    except ValueError as error:
        raise NotDav("An address in its answer cannot be read.") from error
    return urlunsplit(parts._replace(path=quote(unquote(parts.path), safe="/@:~!$&'()*+,;="), fragment=""))
