"""Everything that can go wrong on an outbound request, each with a stable name.

An error says which problem it is (`problem`, used as the last part of a problem type), where it happened (`where`, a
URL with credentials and query values removed), what happened (`detail`) and what a person can do about it (`advice`).
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

SAFE_QUERY_MARK = "…"


def redact_url(url: str) -> str:
    """The URL without user, password, query values and fragment, fit for a log or for a screen.

    A secret may sit in the userinfo or in any query value (`?key=…`), so both go; host and path stay readable.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return "(unreadable URL)"
    if ":" in host:
        host = f"[{host}]"
    netloc = f"{host}:{port}" if port else host
    query = f"?{SAFE_QUERY_MARK}" if parts.query else ""
    return f"{parts.scheme}://{netloc}{parts.path}{query}"


class OutboundError(Exception):
    """A request that was not made, or whose answer was not taken. Subclasses name the reason."""

    problem: ClassVar[str] = "outbound-failed"
    title: ClassVar[str] = "The other server could not be read"
    advice: ClassVar[str] = "Try again later."

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{self.problem}: {detail} ({redact_url(where)})")
        self.where = redact_url(where)
        self.detail = detail


class InvalidUrl(OutboundError):
    problem = "invalid-url"
    title = "The address is not a web address"
    advice = "Use a full address that begins with https:// or http:// and names a host."


class AddressForbidden(OutboundError):
    problem = "address-forbidden"
    title = "The address is inside a private network"
    advice = "Use a public address, or have an administrator name the host in DOORSTEP_OUTBOUND_ALLOW."


class DnsProblem(OutboundError):
    problem = "host-not-found"
    title = "The host name does not resolve"
    advice = "Check the spelling of the host name."


class ConnectionProblem(OutboundError):
    problem = "connection-failed"
    title = "The other server does not answer"
    advice = "Check that the server is running and reachable from the internet."


class TlsProblem(OutboundError):
    problem = "tls-failed"
    title = "The other server's certificate is not valid"
    advice = "The owner of the server has to renew or correct its certificate."


class ReadTimeout(OutboundError):
    problem = "read-timeout"
    title = "The other server stopped answering"
    advice = "Try again later."


class DeadlineExceeded(OutboundError):
    problem = "deadline-exceeded"
    title = "The answer took too long"
    advice = "The server sends too slowly; try again later or use a smaller document."


class TooLarge(OutboundError):
    problem = "too-large"
    title = "The answer is too large"
    advice = "Use a document with fewer entries."


class BadResponse(OutboundError):
    problem = "bad-response"
    title = "The answer is not valid HTTP"
    advice = "The owner of the server has to correct its answer."


class TruncatedResponse(BadResponse):
    problem = "truncated-response"
    title = "The answer ended too early"
    advice = "Try again later."


class RedirectRefused(OutboundError):
    problem = "redirect-refused"
    title = "A redirect was not followed"
    advice = "Use the final address itself."


class TooManyRedirects(RedirectRefused):
    problem = "too-many-redirects"
    title = "The address redirects in circles"
